import Dispatch
import Synchronization

/// Makes the next value on another core while the caller works on the last one.
///
/// One value is made ahead, so memory stays flat; stages may stand in line. `make` is called by one
/// thread at a time. `@unchecked Sendable` because `isOver` belongs to the caller's thread and the
/// slot changes hands by the semaphore.
final class Ahead<Value: Sendable>: @unchecked Sendable {
    private let make: @Sendable () throws -> Value?
    private let worker = DispatchQueue(label: "profbilet.ahead")
    private let ready = DispatchSemaphore(value: 0)
    private let slot = Mutex<Result<Value?, any Error>?>(nil)
    private var isOver = false

    /// Starts at once; `make` returns nil at the end.
    init(_ make: @escaping @Sendable () throws -> Value?) {
        self.make = make
        start()
    }

    /// The next value, or nil at the end; an error ends the line too.
    func next() throws -> Value? {
        if isOver { return nil }
        ready.wait()
        let result = slot.withLock { slot in
            defer { slot = nil }
            return slot
        }
        guard let value = try result?.get() else {
            isOver = true
            return nil
        }
        start()
        return value
    }

    /// Waits for the value in the making; nothing of this line runs afterwards.
    func stop() { worker.sync {} }

    private func start() {
        worker.async { [self] in
            let result = Result { try make() }
            slot.withLock { $0 = result }
            ready.signal()
        }
    }
}
