/// Where one person is, as far as all known journals tell.
public struct PersonPresence: Equatable, Sendable {
    /// Whether the person is inside by the one order of all entries.
    public var isInside = false
    /// Whether no order that the clocks allow has the person outside.
    public var isSurelyInside = false
    /// Whether some order that the clocks allow has the person inside.
    public var mayBeInside = false
    /// The entry that let the person in; the earliest counts.
    public var entry: EntryPlace?
    /// Whether the person was ever let in.
    public var wasAdmitted = false
    /// Admissions of a person who was inside, at other stations.
    public var duplicates: [Duplicate] = []

    /// A second admission that only merging could see.
    public struct Duplicate: Hashable, Sendable {
        /// The admission that counts.
        public let canonical: EntryPlace
        /// The one that does not.
        public let repeated: EntryPlace
    }

    /// Nobody.
    public init() {}

    /// Where a person is after these moves.
    ///
    /// - Parameters:
    ///   - places: The entries that let the person in or out.
    ///   - journals: All journals.
    init(_ places: [EntryPlace], _ journals: JournalSet) {
        let moves = journals.ordered(places).filter { !journals.isAnnulled($0) }
        for move in moves { follow(move, journals) }
        let last = moves.filter { move in
            !moves.contains { $0.place != move.place && journals.surelyPrecedes(move, $0) }
        }
        // Clocks that contradict each other leave no last move: anything is possible then.
        mayBeInside = last.contains(where: \.isEntry) || (last.isEmpty && !moves.isEmpty)
        isSurelyInside = !last.isEmpty && last.allSatisfy(\.isEntry)
    }

    private mutating func follow(_ move: JournalEntry, _ journals: JournalSet) {
        guard move.isEntry else {
            isInside = false
            entry = nil
            return
        }
        wasAdmitted = true
        guard let entry, isInside else {
            isInside = true
            self.entry = move.place
            return
        }
        // One scan that reached two journals is one admission.
        guard entry.station != move.station, journals[entry]?.nonce != move.nonce else { return }
        duplicates.append(Duplicate(canonical: entry, repeated: move.place))
    }
}
