public import UnionTicket

/// What a station's clock says, and whether it can be right.
public struct StationClock: Equatable, Sendable {
    /// What the clock reads.
    public var raw: Instant
    /// The clock of the station's own last journal entry.
    public var lastEntry: Instant?
    /// How far off the clock was at the last contact, seconds; nil without one.
    public var offset: Int64?
    /// How far off a clock may be.
    public static let tolerance: Int64 = 5 * 60

    /// A clock that reads `raw`.
    public init(raw: Instant, lastEntry: Instant? = nil, offset: Int64? = nil) {
        self.raw = raw
        self.lastEntry = lastEntry
        self.offset = offset
    }

    /// The moment to judge by: never before the station's own last entry.
    public var now: Instant { max(raw, lastEntry ?? raw) }

    /// Whether the clock cannot be right.
    public func isSuspect(_ snapshot: EventSnapshot) -> Bool {
        raw < snapshot.bundleIssuedAt || lastEntry.map { raw < $0 } ?? false
            || (offset?.magnitude ?? 0) > UInt64(Self.tolerance)
    }
}
