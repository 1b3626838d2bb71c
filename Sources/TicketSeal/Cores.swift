import Dispatch
import Synchronization

/// Spreads work over the cores in equal shares and waits for it.
package enum Cores {
    /// How many shares there are.
    package static let count = 2

    /// The results of `body` for each share of 0 ..< `total`, joined in order; the first error of any.
    ///
    /// One share each, so that the result does not depend on which core was faster.
    package static func map<Value: Sendable>(
        _ total: Int,
        atLeast smallest: Int = 1,
        _ body: @Sendable (_ share: Int, Range<Int>) throws -> [Value]
    ) throws -> [Value] {
        let shares = total < Self.count * smallest ? 1 : Self.count
        let size = (total + shares - 1) / shares
        let results = Mutex<[Int: Result<[Value], any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: shares) { share in
            let range = min(share * size, total)..<min((share + 1) * size, total)
            let result = Result { range.isEmpty ? [] : try body(share, range) }
            results.withLock { $0[share] = result }
        }
        return try results.withLock { results in
            try (0..<shares).flatMap { try results[$0]?.get() ?? [] }
        }
    }

    /// Begins `body` on another core; the result waits for its end and gives what came of it.
    package static func beside<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) -> () throws -> Value {
        // whoever asks waits for the work first, so nobody sees this
        let result = Mutex<Result<Value, any Error>>(.failure(CancellationError()))
        let queue = DispatchQueue(label: "profbilet.beside")
        queue.async {
            let made = Result { try body() }
            result.withLock { $0 = made }
        }
        return {
            queue.sync {}
            return try result.withLock { $0 }.get()
        }
    }
}
