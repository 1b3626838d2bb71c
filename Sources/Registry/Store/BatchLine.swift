import Dispatch
import Glibc
import Synchronization

/// Calls that come at the same time, worked off together: a transaction costs more than what most of
/// them do in it.
///
/// Whoever comes while a batch is at work waits for the next, so batches grow with the load. They also
/// begin a moment apart: without it a middling load would cost nearly a transaction a call and keep the
/// machine as busy as a high one. A call that comes after a pause waits for nobody.
final class BatchLine<Request: Sendable, Answer: Sendable>: Sendable {
    /// One caller's place in the line.
    struct Place: Sendable {
        let request: Request
        /// Called once; the caller goes on with it.
        let answer: @Sendable (Result<Answer, any Error>) -> Void
    }

    private struct State {
        var waiting: [Place] = []
        var isAtWork = false
        /// When the last batch began.
        var began: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let most: Int
    private let capacity: Int
    private let apart: Duration
    private let work: @Sendable ([Place]) -> Void

    /// A line without anybody in it.
    ///
    /// - Parameters:
    ///   - label: Names the thread.
    ///   - most: Calls in one batch, so that others come between.
    ///   - capacity: Calls that may wait; more are turned down.
    ///   - apart: Time from the beginning of one batch to that of the next.
    ///   - work: Answers every place of a batch, at once or later.
    init(
        _ label: String,
        most: Int,
        capacity: Int,
        apart: Duration,
        work: @escaping @Sendable ([Place]) -> Void
    ) {
        queue = DispatchQueue(label: label)
        (self.most, self.capacity, self.apart, self.work) = (most, capacity, apart, work)
    }

    /// Waits for the answer on the caller's thread.
    ///
    /// - Throws: What the work threw, or ``RegisterError`` when too many wait.
    func call(_ request: Request) throws -> Answer {
        let found = Mutex<Result<Answer, any Error>?>(nil)
        let bell = DispatchSemaphore(value: 0)
        submit(
            Place(request: request) { result in
                found.withLock { $0 = result }
                bell.signal()
            }
        )
        bell.wait()
        guard let result = found.withLock({ $0 }) else { throw Self.full }
        return try result.get()
    }

    /// Waits for the answer without a thread.
    ///
    /// - Throws: What the work threw, or ``RegisterError`` when too many wait.
    func call(_ request: Request) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            submit(Place(request: request) { continuation.resume(with: $0) })
        }
    }

    private func submit(_ place: Place) {
        let (isFull, starts) = state.withLock { state in
            guard state.waiting.count < capacity else { return (true, false) }
            state.waiting.append(place)
            defer { state.isAtWork = true }
            return (false, !state.isAtWork)
        }
        if isFull { return place.answer(.failure(Self.full)) }
        if starts { queue.async { self.run() } }
    }

    private func run() {
        repeat { rest() } while next().map(work) != nil
    }

    private func rest() {
        guard let began = state.withLock(\.began) else { return }
        let rest = began + apart - .now
        if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
    }

    private func next() -> [Place]? {
        state.withLock { state in
            state.began = .now
            let batch = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(batch.count)
            state.isAtWork = !batch.isEmpty
            return batch.isEmpty ? nil : batch
        }
    }

    private static var full: RegisterError {
        RegisterError(
            .busy,
            "Реестр перегружен: слишком много запросов ждёт. Повторите позже.",
            "The register is overloaded: too many requests wait. Repeat later."
        )
    }
}
