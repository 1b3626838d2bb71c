import Dispatch
import Registry
import Synchronization
import UnionTicket

/// Runs the steps of batches that take minutes, one at a time, beside the requests.
///
/// A step that ends with the process is begun again by the next request: every step can be killed at any
/// moment and goes on.
final class BatchWorkshop: Sendable {
    /// What became of a step.
    struct Work: Sendable {
        let step: String
        let startedAt: Instant
        var done = 0
        var total = 0
        var state = State.running
        var failure: Bilingual?

        enum State: String { case running, done, failed }

        var json: JSON {
            [
                "step": .text(step), "state": .text(state.rawValue),
                "startedAt": .text(startedAt.rfc3339), "done": .int(done), "total": .int(total),
                "failure": failure.map { ["ru": .text($0.russian), "en": .text($0.english)] }
                    ?? .null,
            ]
        }
    }

    private let works = Mutex<[Int64: Work]>([:])
    private let queue = DispatchQueue(label: "profbilet.batches", qos: .utility)

    /// The last step of a batch since the service began; nil when there was none.
    func work(on batch: Int64) -> Work? { works.withLock { $0[batch] } }

    /// Begins a step, unless this very step runs already.
    ///
    /// - Throws: 409 while another step runs.
    func begin(
        _ step: String,
        of batch: Int64,
        at now: Instant,
        _ body: @escaping @Sendable (_ progress: (Int, Int) -> Void) throws -> Void
    ) throws(Problem) -> Work {
        let fresh = Work(step: step, startedAt: now)
        let running: (batch: Int64, work: Work)? = works.withLock { works in
            if let other = works.first(where: { $0.value.state == .running }) {
                return (other.key, other.value)
            }
            works[batch] = fresh
            return nil
        }
        if let running {
            if running.batch == batch, running.work.step == step { return running.work }
            throw Problem(
                409,
                "at_work",
                "Идёт работа с партией \(running.batch) (\(running.work.step)). Повторите позже.",
                "Batch \(running.batch) is at work (\(running.work.step)). Repeat later.",
                retryAfter: 10
            )
        }
        queue.async { [self] in
            do {
                try body { done, total in
                    works.withLock { works in
                        works[batch]?.done = done
                        works[batch]?.total = total
                    }
                }
                works.withLock { $0[batch]?.state = .done }
            } catch {
                works.withLock { works in
                    works[batch]?.state = .failed
                    works[batch]?.failure =
                        (error as? RegisterError)?.message ?? Problem(error).message
                }
            }
        }
        return fresh
    }
}
