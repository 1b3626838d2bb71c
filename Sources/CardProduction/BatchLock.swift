import CardLayout
import Foundation

/// A lock that one process holds while it works on a batch.
final class BatchLock {
    private let descriptor: Int32

    /// - Throws: ``ProductionError`` that names who holds it.
    init(path: String, batch: String) throws {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 128)
            let count = unsafe read(descriptor, &buffer, buffer.count)
            close(descriptor)
            let holder = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            throw ProductionError(
                "Партию \(batch) уже собирает \(holder). Дождитесь его конца.",
                "Batch \(batch) is being built by \(holder). Wait until it ends.",
                isBusy: true
            )
        }
        ftruncate(descriptor, 0)
        let holder = Array("процесс/process \(getpid())".utf8)
        _ = unsafe write(descriptor, holder, holder.count)
    }

    deinit { close(descriptor) }
}
