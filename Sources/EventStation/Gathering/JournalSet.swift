import UnionTicket

/// Entries of any number of stations: what a merge is the union of.
///
/// Each station's entries are without a gap from its first; which of two entries was made knowing of
/// the other follows from the stations' `sync` entries, never from clocks.
public struct JournalSet: Sendable {
    private var logs: [String: [JournalEntry]] = [:]
    private var syncs: [String: [EntryPlace]] = [:]
    private var byNonce: [String: [EntryPlace]] = [:]
    private var annulments: [String: [EntryPlace]] = [:]
    private var forked: Set<EntryPlace> = []
    private var closed: Set<String> = []

    /// How long after an entry it may be annulled, on that entry's own clock: 15 minutes.
    public static let annulmentTime: Int64 = 15 * 60 * 1000

    /// No entries.
    public init() {}

    /// The stations that have written.
    public var stations: [String] { logs.keys.sorted() }

    /// How many entries there are.
    public var count: Int { logs.values.reduce(0) { $0 + $1.count } }

    /// Entries that came twice with other content: the station's key is in two places.
    public var forks: [EntryPlace] { forked.sorted() }

    /// A station's entries.
    public func entries(of station: String) -> [JournalEntry] { logs[station] ?? [] }

    /// The last sequence number of a station, or 0.
    public func last(of station: String) -> UInt64 { UInt64(logs[station]?.count ?? 0) }

    /// One entry.
    public subscript(place: EntryPlace) -> JournalEntry? {
        guard let log = logs[place.station], place.sequence > 0, place.sequence <= log.count else {
            return nil
        }
        return log[Int(place.sequence) - 1]
    }

    /// The entries of one physical scan.
    public func entries(nonce: String) -> [JournalEntry] {
        (byNonce[nonce] ?? []).compactMap { self[$0] }
    }

    /// Adds the next entry of its station; one that is there already changes nothing.
    ///
    /// - Returns: Whether it was new; false too where entries before it are missing.
    mutating func insert(_ entry: JournalEntry) -> Bool {
        guard entry.sequence == last(of: entry.station) + 1 else {
            if let held = self[entry.place], held != entry { forked.insert(entry.place) }
            return false
        }
        logs[entry.station, default: []].append(entry)
        switch entry.kind {
        case .sync: syncs[entry.station, default: []].append(entry.place)
        case .annulment: annulments[entry.nonce, default: []].append(entry.place)
        case .scan, .admission: byNonce[entry.nonce, default: []].append(entry.place)
        case .close: closed.insert(entry.station)
        case .reopen: closed.remove(entry.station)
        case .freeze, .note: break
        }
        // Whoever lets people through or takes a scan back is not closed, whatever was said before.
        if entry.passed || entry.kind == .annulment { closed.remove(entry.station) }
        return true
    }

    /// Whether a station has closed and was not opened again; refused scans and notes change nothing.
    public func isClosed(_ station: String) -> Bool { closed.contains(station) }

    /// What a station knew of the others when it made an entry: its last `sync` before it.
    func sync(before place: EntryPlace) -> JournalEntry? {
        guard let list = syncs[place.station] else { return nil }
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].sequence <= place.sequence { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : self[list[low - 1]]
    }

    /// Whether the second entry was made knowing of the first.
    func precedes(_ first: JournalEntry, _ second: JournalEntry) -> Bool {
        if first.station == second.station { return first.sequence < second.sequence }
        let known = sync(before: second.place)?.known[first.station]?.sequence ?? 0
        return known >= first.sequence
    }

    /// Whether the second entry was made after the first for certain: knowing of it, or later by more
    /// than both clocks can be wrong.
    func surelyPrecedes(_ first: JournalEntry, _ second: JournalEntry) -> Bool {
        if precedes(first, second) { return true }
        if precedes(second, first) { return false }
        return second.correctedClock - first.correctedClock
            > first.uncertainty + second.uncertainty
    }

    /// Whether an entry was taken back.
    ///
    /// Within 15 minutes on the entry's own clock, at the same station or by a supervisor who had seen
    /// it, with a reason; what any clock said to the annulment itself does not matter.
    public func isAnnulled(_ entry: JournalEntry) -> Bool {
        (annulments[entry.nonce] ?? []).contains { place in
            self[place].map { annuls($0, entry) } ?? false
        }
    }

    /// Whether an annulment holds against an entry.
    func annuls(_ annulment: JournalEntry, _ entry: JournalEntry) -> Bool {
        guard !annulment.reason.isEmpty, entry.kind != .annulment else { return false }
        if annulment.station == entry.station {
            return annulment.clock - entry.clock <= Self.annulmentTime
        }
        guard annulment.bySupervisor, let sync = sync(before: annulment.place),
            let known = sync.known[entry.station], known.sequence >= entry.sequence
        else { return false }
        let now = known.clock + (annulment.clock - sync.clock)
        return now - entry.clock <= Self.annulmentTime
    }

    /// Everything in the one order that every station finds: by knowledge, then by time, then by
    /// station.
    public func ordered(_ places: [EntryPlace]) -> [JournalEntry] {
        var rest = places.compactMap { self[$0] }.sorted {
            ($0.time, $0.station, $0.sequence) < ($1.time, $1.station, $1.sequence)
        }
        guard isDisordered(rest) else { return rest }
        var ordered: [JournalEntry] = []
        while !rest.isEmpty {
            let next = rest.indices.first { index in
                !rest.contains { $0.place != rest[index].place && precedes($0, rest[index]) }
            }
            ordered.append(rest.remove(at: next ?? 0))
        }
        return ordered
    }

    /// A clock far off can put an entry before one it was made knowing of.
    private func isDisordered(_ entries: [JournalEntry]) -> Bool {
        for (index, entry) in entries.enumerated() {
            for later in entries[(index + 1)...] where precedes(later, entry) { return true }
        }
        return false
    }

    /// The marks of a station's last `sync`, each clock moved on by what the station's own clock has
    /// run since: what the others' clocks read now.
    func marks(before place: EntryPlace, at clock: Int64) -> [String: JournalEntry.Known] {
        guard let sync = sync(before: place) else { return [:] }
        return sync.known.mapValues { mark in
            var mark = mark
            mark.clock += max(0, clock - sync.clock)
            return mark
        }
    }

    /// What a journal handed over by `station` tells of everybody: for the receiver's `sync` entry.
    public func known(of station: String, clock: Int64) -> [String: JournalEntry.Known] {
        let last = last(of: station)
        guard last > 0 else { return [:] }
        let end = EntryPlace(station: station, sequence: last)
        var known = marks(before: end, at: clock)
        known[station] = JournalEntry.Known(
            sequence: last,
            clock: clock,
            isClosed: isClosed(station)
        )
        return known
    }
}
