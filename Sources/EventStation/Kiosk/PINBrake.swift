import Synchronization

/// Slows guessing of PINs and passphrases: five wrong ones in a row close the way for half a minute,
/// each further one for twice as long, a quarter of an hour at most.
///
/// A try counts as wrong from its beginning until it is known to be right, so that a hundred requests
/// at once are a hundred tries.
final class PINBrake: Sendable {
    private struct State {
        var failures = 0
        var closedUntil = Duration.zero
    }

    private static let free = 5
    private static let longest = Duration.seconds(900)
    private let state = Mutex(State())

    /// Asks for one try.
    ///
    /// - Parameter now: Time since the server's start.
    /// - Returns: Nil when the try may go on, else how long to wait.
    func begin(at now: Duration) -> Duration? {
        state.withLock { state in
            guard now >= state.closedUntil else { return state.closedUntil - now }
            state.failures += 1
            if state.failures >= Self.free {
                let doublings = min(state.failures - Self.free, 5)
                let pause = Duration.seconds(30 << doublings)
                state.closedUntil = now + min(pause, Self.longest)
            }
            return nil
        }
    }

    /// Tells that the last try was right.
    func succeeded() {
        state.withLock { $0 = State() }
    }
}
