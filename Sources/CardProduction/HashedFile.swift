import CardLayout
import Foundation
import TicketSeal

/// A new file that knows its size and SHA-256 when it is finished.
final class HashedFile {
    let path: String
    private let handle: FileHandle
    private var digest = SHA256Digest()
    private var buffer: [UInt8] = []
    private var written = 0

    init(path: String) throws {
        self.path = path
        try? FileManager.default.removeItem(atPath: path)
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            ), let handle = FileHandle(forWritingAtPath: path)
        else { throw FileFailure(path) }
        self.handle = handle
    }

    func add(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count > 1 << 18 { try flush() }
    }

    func finish() throws -> Manifest.File {
        try flush()
        do { try handle.close() } catch { throw FileFailure(path) }
        return Manifest.File(
            name: URL(filePath: path).lastPathComponent,
            bytes: written,
            sha256: Hex.text(digest.value)
        )
    }

    private func flush() throws {
        do { try handle.write(contentsOf: buffer) } catch { throw FileFailure(path) }
        digest.add(buffer)
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Size and SHA-256 of a file that stands.
    static func hash(_ path: String) throws -> (bytes: Int, sha256: String) {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw FileFailure(path) }
        defer { try? handle.close() }
        var digest = SHA256Digest()
        var count = 0
        while true {
            let chunk: Data
            do { chunk = try handle.read(upToCount: 1 << 20) ?? Data() } catch {
                throw FileFailure(path)
            }
            guard !chunk.isEmpty else { break }
            digest.add(Array(chunk))
            count += chunk.count
        }
        return (count, Hex.text(digest.value))
    }

    /// Puts everything written so far on the disk, once for all files of a package.
    ///
    /// A call a file would cost more than the package.
    static func synchronise() { sync() }

    /// Writes a whole small file.
    static func write(_ bytes: [UInt8], to path: String) throws -> Manifest.File {
        let file = try HashedFile(path: path)
        try file.add(bytes)
        return try file.finish()
    }
}

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
