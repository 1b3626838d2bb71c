public import UnionTicket

/// What a station's clock says, and whether it can be right.
public struct StationClock: Equatable, Sendable {
    /// What the clock reads.
    public var raw: Instant
    /// The clock of the station's own last journal entry.
    public var lastEntry: Instant?
    /// How far off the clock was at the last contact, seconds; nil without one.
    public var offset: Int64?
    /// What the clock must have reached by the time that has passed since the station's start, by the
    /// computer's clock that nobody can set.
    public var floor: Instant?
    /// How far off a clock may be.
    public static let tolerance: Int64 = 5 * 60

    /// A clock that reads `raw`.
    public init(
        raw: Instant,
        lastEntry: Instant? = nil,
        offset: Int64? = nil,
        floor: Instant? = nil
    ) {
        self.raw = raw
        self.lastEntry = lastEntry
        self.offset = offset
        self.floor = floor
    }

    /// The moment to judge by: never before the station's own last entry, nor before the time that has
    /// passed since its start.
    public var now: Instant { max(raw, lastEntry ?? raw, floor ?? raw) }

    /// The moment by which a phone's screen is judged: the clock without its known error.
    var corrected: Instant { offset.map { raw + -$0 } ?? now }

    /// Whether the clock cannot be right.
    public func isSuspect(_ snapshot: EventSnapshot) -> Bool {
        raw < snapshot.bundleIssuedAt || lastEntry.map { raw < $0 } ?? false
            || (offset?.magnitude ?? 0) > UInt64(Self.tolerance)
            || (offset == nil && floor.map { raw + Self.tolerance < $0 } ?? false)
    }
}
