import Dispatch
import Glibc
import Synchronization

/// Calls that come at the same time, worked off together: a transaction costs more than what most of
/// them do in it.
///
/// Whoever comes while a batch is at work waits for the next, so batches grow with the load. Small ones
/// also begin a moment apart: without it a middling load would cost nearly a transaction a call and
/// keep the machine as busy as a high one. A call that comes after a pause waits for nobody.
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
        /// The next batch waits for its moment, or until enough have come.
        var isResting = false
        /// When the last batch began.
        var began: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let most: Int
    private let capacity: Int
    private let enough: Int
    private let apart: Duration
    private let bell = DispatchSemaphore(value: 0)
    private let work: @Sendable ([Place]) -> Void

    /// A line without anybody in it.
    ///
    /// - Parameters:
    ///   - label: Names the thread.
    ///   - most: Calls in one batch, so that others come between.
    ///   - capacity: Calls that may wait; more are turned down.
    ///   - enough: Calls for which a batch begins at once.
    ///   - apart: Time from the beginning of one smaller batch to that of the next.
    ///   - work: Answers every place of a batch, at once or later.
    init(
        _ label: String,
        most: Int,
        capacity: Int,
        enough: Int,
        apart: Duration,
        work: @escaping @Sendable ([Place]) -> Void
    ) {
        queue = DispatchQueue(label: label)
        (self.most, self.capacity, self.enough) = (most, capacity, enough)
        (self.apart, self.work) = (apart, work)
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
        let (isFull, starts, rings) = state.withLock { state in
            guard state.waiting.count < capacity else { return (true, false, false) }
            state.waiting.append(place)
            defer { state.isAtWork = true }
            return (false, !state.isAtWork, state.isResting && state.waiting.count == enough)
        }
        if isFull { return place.answer(.failure(Self.full)) }
        if starts { queue.async { self.run() } }
        if rings { bell.signal() }
    }

    private func run() {
        repeat { rest() } while next().map(work) != nil
    }

    private func rest() {
        let rest = state.withLock { state in
            guard let began = state.began, state.waiting.count < enough else {
                return Duration.zero
            }
            let rest = began + apart - .now
            state.isResting = rest > .zero
            return rest
        }
        guard rest > .zero else { return }
        // A bell that rings too late only has the next small batch begin early.
        _ = bell.wait(timeout: .now() + .microseconds(Int(rest / .microseconds(1))))
        state.withLock { $0.isResting = false }
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
