import NIOPosix
import Synchronization

/// The threads that blocking work runs on: register calls, files, tokens.
///
/// Bounded: past `queue` waiting jobs, or when a job waited too long, the request is turned down with
/// 503 before anything of it happened.
final class BlockingPool: Sendable {
    private let pool: NIOThreadPool
    private let capacity: Int
    private let patience: Duration
    private let waiting = Atomic<Int>(0)

    /// A pool that starts at once.
    ///
    /// - Parameters:
    ///   - threads: How many jobs run at the same time.
    ///   - queue: How many more may wait or run.
    ///   - patience: How long a job may wait for a thread.
    init(threads: Int, queue: Int, patience: Duration = .seconds(5)) {
        pool = NIOThreadPool(numberOfThreads: threads)
        capacity = threads + queue
        self.patience = patience
        pool.start()
    }

    /// Jobs that wait or run.
    var load: Int { waiting.load(ordering: .relaxed) }

    /// Runs `work` on a thread of the pool.
    ///
    /// - Throws: ``Problem/overloaded``, or what `work` throws.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws
        -> Result
    {
        guard waiting.add(1, ordering: .relaxed).newValue <= capacity else {
            waiting.subtract(1, ordering: .relaxed)
            throw Problem.overloaded
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        let asked = ContinuousClock.now
        let patience = patience
        return try await pool.runIfActive {
            guard ContinuousClock.now - asked <= patience else { throw Problem.overloaded }
            return try work()
        }
    }

    /// Waits for what runs and ends the threads.
    func stop() async { try? await pool.shutdownGracefully() }
}
