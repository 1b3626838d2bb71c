/// Which entry of which station: the name of an entry among all journals.
public struct EntryPlace: Hashable, Sendable, Comparable {
    /// The station.
    public let station: String
    /// The station's own count.
    public let sequence: UInt64

    /// By station, then by sequence.
    public static func < (left: Self, right: Self) -> Bool {
        (left.station, left.sequence) < (right.station, right.sequence)
    }
}

extension JournalEntry {
    /// Where the entry stands.
    public var place: EntryPlace { EntryPlace(station: station, sequence: sequence) }
}
