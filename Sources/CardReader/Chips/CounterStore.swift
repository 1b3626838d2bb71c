import Synchronization

/// Remembers the last read counter of each chip, so that an old message is known as old.
///
/// A message is only fresh where all who verify share one store; a station's own store still finds a
/// counter that goes back.
public protocol CounterStore: Sendable {
    /// Whether all stations that verify these chips use this very store.
    var isShared: Bool { get }

    /// Takes a counter that a right MAC covered, in one step with the comparison.
    ///
    /// - Parameters:
    ///   - counter: The chip's read counter.
    ///   - uid: The chip's UID.
    /// - Returns: How it stands to the last one; a counter that is not greater changes nothing.
    func take(_ counter: UInt32, of uid: [UInt8]) -> CounterStanding
}

/// How a read counter stands to the last one known.
public enum CounterStanding: String, Sendable, CaseIterable {
    /// Nothing was known of the chip.
    case firstSeen = "first_seen"
    /// Greater than the last.
    case advanced
    /// The last one again, or less: a copy of an earlier message.
    case wentBack = "went_back"
}

/// Counters for as long as the process lives.
public final class MemoryCounterStore: CounterStore {
    /// Whether all who verify use this very store.
    public let isShared: Bool
    private let last = Mutex<[[UInt8]: UInt32]>([:])

    /// An empty store.
    public init(isShared: Bool = false) { self.isShared = isShared }

    /// Compares and remembers.
    public func take(_ counter: UInt32, of uid: [UInt8]) -> CounterStanding {
        last.withLock { last in
            guard let known = last[uid] else {
                last[uid] = counter
                return .firstSeen
            }
            guard counter > known else { return .wentBack }
            last[uid] = counter
            return .advanced
        }
    }
}
