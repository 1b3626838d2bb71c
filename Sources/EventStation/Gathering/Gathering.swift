import UnionTicket

/// Who is inside: derived from journals alone, the same on every station that has the same entries.
public struct Gathering: Sendable {
    /// What the event knows.
    public let snapshot: EventSnapshot
    /// All entries.
    public private(set) var journals = JournalSet()
    /// What `decide` asks of the past.
    public private(set) var memory = StationMemory()
    private var moves: [Pseudonym: [EntryPlace]] = [:]
    private var states: [Pseudonym: PersonPresence] = [:]
    private var handOuts: [StatusCoordinate: Set<EntryPlace>] = [:]
    private var count: MandateCount
    /// The gates that are limited to organisations.
    private let limits: [String: Gate]

    /// Nobody yet.
    public init(_ snapshot: EventSnapshot) {
        self.snapshot = snapshot
        count = MandateCount(snapshot)
        let limited = snapshot.gates.filter { !$0.organisations.isEmpty }
        limits = Dictionary(limited.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Adds an entry; one that is there already, or whose station's earlier entries are missing, changes
    /// nothing.
    ///
    /// - Returns: Whether it was added.
    @discardableResult
    public mutating func add(_ entry: JournalEntry) -> Bool { add(CollectionOfOne(entry)) == 1 }

    /// Adds entries in their order; where people are is worked out once, after the last.
    ///
    /// - Returns: How many were new.
    @discardableResult
    public mutating func add(_ entries: some Sequence<JournalEntry>) -> Int {
        var added = 0
        var moved: Set<Pseudonym> = []
        for entry in entries where journals.insert(entry) {
            added += 1
            remember(entry)
            if entry.kind == .annulment {
                for annulled in journals.entries(nonce: entry.nonce) { withdraw(annulled, &moved) }
            } else if let person = entry.person, entry.isEntry || entry.isExit {
                if entry.isExit, !serves(person, at: entry.station) {
                    count.distrust(entry.station)
                }
                moves[person, default: []].append(entry.place)
                moved.insert(person)
            }
        }
        for person in moved { follow(person) }
        return added
    }

    private mutating func remember(_ entry: JournalEntry) {
        guard entry.kind == .scan, let outcome = entry.outcome else { return }
        if let coordinate = entry.coordinate, let shown = entry.shownAt, outcome.usesScreen {
            memory.screens.insert(.init(coordinate: coordinate, shownAt: shown))
        }
        if let chip = entry.chip, let counter = entry.counter, outcome != .clonedChip {
            memory.counters[chip] = max(memory.counters[chip] ?? 0, counter)
        }
        if outcome == .activated { followHandOut(entry) }
    }

    /// A carrier given out twice stays given out when one of the two is taken back.
    private mutating func followHandOut(_ entry: JournalEntry) {
        guard let coordinate = entry.coordinate else { return }
        if journals.isAnnulled(entry) {
            handOuts[coordinate]?.remove(entry.place)
        } else {
            handOuts[coordinate, default: []].insert(entry.place)
        }
        if handOuts[coordinate]?.isEmpty ?? true {
            memory.activated.remove(coordinate)
        } else {
            memory.activated.insert(coordinate)
        }
    }

    private mutating func withdraw(_ entry: JournalEntry, _ moved: inout Set<Pseudonym>) {
        guard journals.isAnnulled(entry) else { return }
        if entry.outcome == .activated { followHandOut(entry) }
        if let person = entry.person { moved.insert(person) }
    }

    private mutating func follow(_ person: Pseudonym) {
        let state = PersonPresence(moves[person] ?? [], journals)
        states[person] = state
        count.put(person, state)
        memory.inside[person] = state.isInside ? state.entry.flatMap(entry(at:)) : nil
        if state.wasAdmitted {
            memory.admitted.insert(person)
        } else {
            memory.admitted.remove(person)
        }
    }

    private func entry(at place: EntryPlace) -> StationMemory.Entry? {
        journals[place].map {
            StationMemory.Entry(
                at: Instant(seconds: $0.correctedClock / 1000),
                station: $0.station
            )
        }
    }

    /// Whether a station's gate is there for a person; one without limits is there for everybody.
    func serves(_ person: Pseudonym, at station: String) -> Bool {
        guard let gate = limits[station] else { return true }
        return count.organisation(of: person).map(gate.serves) ?? true
    }

    /// Where a person is.
    public func presence(of person: Pseudonym) -> PersonPresence { states[person] ?? .init() }

    /// Everybody who has ever passed, in the order of their pseudonyms.
    public var people: [Pseudonym] { states.keys.sorted() }

    /// How many people are inside, guests included.
    public var insideCount: Int { memory.inside.count }

    /// Admissions that only merging showed to be second ones.
    public var duplicates: [PersonPresence.Duplicate] {
        states.values.flatMap(\.duplicates).sorted { $0.repeated < $1.repeated }
    }

    /// The last entries taken in by a `sync` whose time was more than five minutes ahead of it and
    /// was not adopted.
    public var leaps: [EntryPlace] {
        let found = journals.stations.flatMap { station in
            journals.entries(of: station).filter { $0.kind == .sync }.flatMap(leaps)
        }
        return Set(found).sorted()
    }

    private func leaps(_ sync: JournalEntry) -> [EntryPlace] {
        sync.known.map { EntryPlace(station: $0.key, sequence: $0.value.sequence) }.filter {
            guard let last = journals[$0] else { return false }
            return last.time.milliseconds > sync.correctedClock + HybridTime.leap
        }
    }

    /// What can be said of the quorum while these stations have not been heard of.
    public func quorum(unheard gates: [Gate]) -> QuorumReport { count.report(unheard: gates) }
}

extension ScanOutcome {
    /// Whether a scan with this outcome used a phone's screen up.
    var usesScreen: Bool {
        switch self {
        case .unreadable, .unknownFormat, .malformed, .clockSuspect, .snapshotTooOld, .unknownKey,
            .revokedKey, .forged, .unboundVirtual, .staleVirtual, .replayedVirtual, .internal,
            .stationClosed:
            false
        default: true
        }
    }
}
