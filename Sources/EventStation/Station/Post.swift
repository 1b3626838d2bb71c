import TicketSeal
import UnionTicket

/// A station at work: what it knows, and the next entry of its journal.
///
/// A scan is answered in two steps, so that nothing is shown that is not kept: ``answer(_:_:_:)`` says
/// what would be and writes the entry, the caller makes it durable, ``commit(_:)`` remembers it.
public struct Post: Sendable {
    /// The station's name.
    public let name: String
    /// What the station knows of everybody.
    public private(set) var gathering: Gathering
    let door: Door
    private var time = HybridTime(milliseconds: 0)
    private var lastClock: Int64?
    private var recent: [ShownCode: Recent] = [:]
    /// The station's own entries that used a phone's screen up, by the screen.
    private var screens: [StationMemory.Screen: UInt64] = [:]

    private struct Recent {
        let mode: ScanMode
        let nonce: String
        let clock: Int64
        let answer: Answer
    }

    /// How long the same code is the same scan, milliseconds.
    public static let sameScan: Int64 = 2_000
    /// How long a phone shows one screen, milliseconds.
    public static let display: Int64 = 30_000

    /// A station that has seen nobody.
    public init(_ name: String, _ snapshot: EventSnapshot) {
        self.name = name
        gathering = Gathering(snapshot)
        door = Door(snapshot, at: name)
    }

    /// What the station's clock reads.
    public struct Reading: Equatable, Sendable {
        /// Milliseconds since 1970.
        public var clock: Int64
        /// How far off it was at the last contact, milliseconds; nil without one.
        public var offset: Int64?
        /// How sure that is, milliseconds.
        public var uncertainty: Int64
        /// What the clock must have reached, milliseconds: the station's start and the time since.
        public var floor: Int64?

        /// A reading.
        public init(
            clock: Int64,
            offset: Int64? = nil,
            uncertainty: Int64 = 1_000,
            floor: Int64? = nil
        ) {
            self.clock = clock
            self.offset = offset
            self.uncertainty = uncertainty
            self.floor = floor
        }
    }

    /// Who stands at the station and what they do about a scan.
    public struct Hand: Equatable, Sendable {
        /// The operator's name.
        public var operatorName = ""
        /// Whether a document was looked at, so that a scan that needs it admits at once.
        public var hasCheckedDocument = false
        /// Whether a supervisor admits, whatever the row says.
        public var forces = false
        /// Why.
        public var reason = ""
        /// Which of several people it is.
        public var chosen: Int?

        /// Nobody in particular.
        public init() {}
    }

    /// The answer to a scan.
    public struct Answer: Sendable {
        /// What was decided.
        public var decision: Decision
        /// The entry to keep; nil when this is the same physical scan as one before.
        public var entry: JournalEntry?
        /// The scan's; of the same physical scan as one before, that one's.
        public var nonce: String
        /// Whether the person passes.
        public var passes: Bool
        /// Whether the person would not pass without a supervisor.
        public var isForced: Bool
        /// What the operator did about it.
        var hand = Hand()
    }

    /// Decides a scan and writes its entry, without keeping it.
    ///
    /// - Parameters:
    ///   - scan: What was shown.
    ///   - reading: The clock.
    ///   - hand: What the operator does about it.
    /// - Returns: The answer, with the entry to make durable.
    public func answer(_ scan: Scan, _ reading: Reading, _ hand: Hand = Hand()) -> Answer {
        if let same = sameScan(scan, reading, hand) { return same }
        var decision =
            isClosed
            ? Decision(.stationClosed, Evidence(.none))
            : door.decide(scan, gathering.memory, clock(at: reading))
        if let same = sameScreen(scan, decision, reading, hand) { return same }
        if let chosen = hand.chosen, decision.candidates.contains(chosen) {
            decision.person = chosen
            decision.pseudonym = gathering.snapshot.person(chosen).pseudonym
        }
        return answer(scan, decision, reading, hand)
    }

    /// Whether the station has closed: it lets nobody in or out until it is opened again.
    var isClosed: Bool { gathering.journals.isClosed(name) }

    /// What the station's clock says, and whether it can be right.
    func clock(at reading: Reading) -> StationClock {
        StationClock(
            raw: Instant(seconds: Self.floor(reading.clock)),
            lastEntry: lastClock.map { Instant(seconds: Self.floor($0)) },
            offset: reading.offset.map { $0 / 1000 },
            floor: reading.floor.map { Instant(seconds: Self.floor($0)) }
        )
    }

    private func answer(
        _ scan: Scan,
        _ decision: Decision,
        _ reading: Reading,
        _ hand: Hand
    ) -> Answer {
        let passesAlone = passes(decision, scan.mode, hand)
        let isForced =
            !passesAlone && hand.forces && !hand.reason.isEmpty
            && canForce(decision, scan.mode)
        var entry = next(.scan, nonce: scan.nonce, reading)
        entry.mode = scan.mode
        entry.outcome = decision.outcome
        entry.evidence = decision.evidence
        entry.person = decision.pseudonym
        entry.coordinate = decision.coordinate
        entry.shownAt = decision.screen?.shownAt
        entry.chip = decision.chip?.name
        entry.counter = decision.chip?.counter
        entry.passed = passesAlone || isForced
        entry.isForced = isForced
        entry.bySupervisor = hand.forces
        entry.reason = hand.reason
        entry.operatorName = hand.operatorName
        return Answer(
            decision: decision,
            entry: entry,
            nonce: entry.nonce,
            passes: entry.passed || decision.outcome == .activated,
            isForced: isForced,
            hand: hand
        )
    }

    private func passes(_ decision: Decision, _ mode: ScanMode, _ hand: Hand) -> Bool {
        guard decision.pseudonym != nil, mode != .handOut else { return false }
        switch decision.outcome.admission {
        case .yes: return true
        case .afterCheck, .choice: return hand.hasCheckedDocument
        case .no, .supervisor: return false
        }
    }

    /// Nobody is admitted whom nobody knows: what is not genuine tells of no person.
    private func canForce(_ decision: Decision, _ mode: ScanMode) -> Bool {
        mode != .handOut && decision.pseudonym != nil && decision.outcome.canBeForced
    }

    /// The answer given before, when this is the same physical scan.
    ///
    /// A refused scan that somebody now decides otherwise is a new one, and so is one whose entry was
    /// taken back.
    private func sameScan(_ scan: Scan, _ reading: Reading, _ hand: Hand) -> Answer? {
        if !scan.nonce.isEmpty, let first = entries(nonce: scan.nonce).first {
            return sameNonce(first, hand)
        }
        guard scan.joinsRecent, let code = ShownCode(scan.showing), let recent = recent[code],
            recent.mode == scan.mode, recent.answer.passes || recent.answer.hand == hand,
            !isAnnulled(recent.nonce),
            isClosed || recent.answer.decision.outcome != .stationClosed,
            (0..<Self.sameScan).contains(reading.clock - recent.clock)
        else { return nil }
        var answer = recent.answer
        answer.entry = nil
        return answer
    }

    /// One nonce is one admission, which an annulment uses up for good.
    private func sameNonce(_ first: JournalEntry, _ hand: Hand) -> Answer? {
        guard hasPassed(first) else {
            let isNowChecked =
                hand.hasCheckedDocument && first.person != nil
                && first.outcome?.admission == .afterCheck
            return hand.forces || isNowChecked ? nil : repeated(first)
        }
        return repeated(first)
    }

    /// A second read of the screen that this station has read within its display period.
    ///
    /// The journal knows the screen by its carrier and its time, so neither another text of it, nor
    /// another signature of the same second, nor a new start makes it another scan.
    private func sameScreen(
        _ scan: Scan,
        _ decision: Decision,
        _ reading: Reading,
        _ hand: Hand
    ) -> Answer? {
        guard scan.joinsRecent, [.replayedVirtual, .staleVirtual].contains(decision.outcome),
            let sequence = decision.screen.flatMap({ screens[$0] }),
            let first = gathering.journals[EntryPlace(station: name, sequence: sequence)],
            first.mode == scan.mode, hasPassed(first) || !hand.forces, !isAnnulled(first.nonce),
            (0..<Self.display).contains(reading.clock - first.clock)
        else { return nil }
        var same = repeated(first)
        (same.decision.name, same.decision.ticket) = (decision.name, decision.ticket)
        same.decision.person = decision.person
        return same
    }

    private func entries(nonce: String) -> [JournalEntry] {
        gathering.journals.entries(nonce: nonce).filter { $0.station == name }
    }

    private func hasPassed(_ first: JournalEntry) -> Bool {
        entries(nonce: first.nonce).contains(where: \.passed)
    }

    private func isAnnulled(_ nonce: String) -> Bool {
        entries(nonce: nonce).contains(where: gathering.journals.isAnnulled)
    }

    /// The answer that was given to the scan of an entry, with what was done about it since.
    private func repeated(_ first: JournalEntry) -> Answer {
        let entry = entries(nonce: first.nonce).first(where: \.passed) ?? first
        var decision = Decision(entry.outcome ?? .internal, entry.evidence ?? Evidence(.none))
        decision.pseudonym = entry.person
        decision.coordinate = entry.coordinate
        return Answer(
            decision: decision,
            entry: nil,
            nonce: entry.nonce,
            passes: entry.passed && !gathering.journals.isAnnulled(entry),
            isForced: entry.isForced
        )
    }

    /// The next entry of this station, not kept yet.
    public func next(
        _ kind: JournalEntry.Kind,
        nonce: String,
        _ reading: Reading
    ) -> JournalEntry {
        let sequence = gathering.journals.last(of: name) + 1
        let corrected = reading.clock - (reading.offset ?? 0)
        var entry = JournalEntry(
            station: name,
            sequence: sequence,
            time: time.next(at: corrected),
            clock: reading.clock,
            kind: kind,
            nonce: nonce.isEmpty ? "\(name)-\(sequence)" : nonce
        )
        entry.offset = reading.offset ?? 0
        entry.uncertainty = reading.uncertainty
        return entry
    }

    /// Remembers an entry that is durable now.
    ///
    /// - Parameters:
    ///   - entry: The entry of an answer, or one read from the station's own journal.
    ///   - scan: The scan it answers, for the rule of two seconds.
    ///   - answer: The answer.
    public mutating func commit(
        _ entry: JournalEntry,
        of scan: Scan? = nil,
        _ answer: Answer? = nil
    ) {
        guard gathering.add(entry) else { return }
        time = max(time, entry.time)
        lastClock = max(lastClock ?? entry.clock, entry.clock)
        note(screenOf: entry)
        guard let scan, let answer, scan.joinsRecent, let code = ShownCode(scan.showing) else {
            return
        }
        recent = recent.filter { entry.clock - $0.value.clock < Self.sameScan }
        recent[code] = Recent(
            mode: scan.mode,
            nonce: entry.nonce,
            clock: entry.clock,
            answer: answer
        )
    }

    private mutating func note(screenOf entry: JournalEntry) {
        guard entry.kind == .scan, entry.outcome?.usesScreen == true, let shown = entry.shownAt,
            let coordinate = entry.coordinate
        else { return }
        let screen = StationMemory.Screen(coordinate: coordinate, shownAt: shown)
        if screens[screen] == nil { screens[screen] = entry.sequence }
    }

    /// Takes in what other stations handed over.
    ///
    /// - Returns: How many entries were new.
    public mutating func take(_ entries: [JournalEntry], at reading: Reading) -> Int {
        let taken = gathering.add(entries)
        let corrected = reading.clock - (reading.offset ?? 0)
        for entry in entries where entry.sequence <= gathering.journals.last(of: entry.station) {
            time = time.adopting(entry.time, at: corrected)
        }
        return taken
    }

    private static func floor(_ milliseconds: Int64) -> Int64 {
        Int64((Double(milliseconds) / 1000).rounded(.down))
    }
}
