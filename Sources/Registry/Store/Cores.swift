import Dispatch
import Synchronization

/// Spreads pure work over the cores and waits for it.
enum Cores {
    static let count = 2

    /// `body` of 0 ..< `count`, in order; the first error of any of them.
    static func map<Value: Sendable>(
        _ count: Int,
        _ body: @Sendable (Int) throws -> Value
    ) throws -> [Value] {
        guard count > 64 else { return try (0..<count).map(body) }
        let parts = Mutex<[Int: Result<[Value], any Error>]>([:])
        let size = (count + Self.count - 1) / Self.count
        DispatchQueue.concurrentPerform(iterations: Self.count) { part in
            let range = min(part * size, count)..<min((part + 1) * size, count)
            let result = Result { try range.map(body) }
            parts.withLock { $0[part] = result }
        }
        return try parts.withLock { results in
            try (0..<Self.count).flatMap { try results[$0]?.get() ?? [] }
        }
    }
}
