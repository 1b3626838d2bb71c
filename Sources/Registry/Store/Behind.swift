import Dispatch
import Synchronization

/// Does one piece of work after the other on another core while the caller goes on.
///
/// One piece waits at most, so memory stays flat. `@unchecked Sendable` because only the caller's
/// thread knows whether something is under way.
final class Behind: @unchecked Sendable {
    private let worker = DispatchQueue(label: "profbilet.behind")
    private let failure = Mutex<(any Error)?>(nil)
    private var isUnderWay = false

    /// Takes the next piece once the last one is done.
    ///
    /// Until ``wait()`` has returned, what `work` touches belongs to it.
    ///
    /// - Throws: Why an earlier piece failed; then this one is not begun.
    func run(_ work: @escaping () throws -> Void) throws {
        try wait()
        isUnderWay = true
        nonisolated(unsafe) let work = work
        worker.async { [self] in
            do { try unsafe work() } catch { failure.withLock { $0 = error } }
        }
    }

    /// Returns when all work is done, or throws why a piece of it failed.
    func wait() throws {
        guard isUnderWay else { return }
        worker.sync {}
        isUnderWay = false
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Waits for what is under way; nothing of it runs afterwards.
    func stop() { worker.sync {} }
}
