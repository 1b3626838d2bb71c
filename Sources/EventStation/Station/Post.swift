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
    private let door: Door
    private var time = HybridTime(milliseconds: 0)
    private var lastClock: Int64?
    private var recent: [String: Recent] = [:]

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
    ///   - scan: What was shown; an empty nonce asks for the rule that the same code within two
    ///     seconds is the same scan.
    ///   - reading: The clock.
    ///   - hand: What the operator does about it.
    /// - Returns: The answer, with the entry to make durable.
    public func answer(_ scan: Scan, _ reading: Reading, _ hand: Hand = Hand()) -> Answer {
        if let same = sameScan(scan, reading, hand) { return same }
        var decision = door.decide(scan, gathering.memory, clock(at: reading))
        if let chosen = hand.chosen, decision.candidates.contains(chosen) {
            decision.person = chosen
            decision.pseudonym = gathering.snapshot.person(chosen).pseudonym
        }
        return answer(scan, decision, reading, hand)
    }

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
        guard scan.nonce.isEmpty else { return sameNonce(scan.nonce, hand) }
        guard let key = Self.key(scan), let recent = recent[key], recent.mode == scan.mode,
            recent.answer.passes || recent.answer.hand == hand, !isAnnulled(recent.nonce)
        else { return nil }
        let limit = recent.answer.decision.screen == nil ? Self.sameScan : Self.display
        guard (0..<limit).contains(reading.clock - recent.clock) else { return nil }
        var answer = recent.answer
        answer.entry = nil
        return answer
    }

    private func sameNonce(_ nonce: String, _ hand: Hand) -> Answer? {
        let entries = gathering.journals.entries(nonce: nonce).filter { $0.station == name }
        guard let first = entries.first else { return nil }
        let passed = entries.first(where: \.passed)
        if passed == nil, hand.forces { return nil }
        return repeated(passed ?? first)
    }

    private func isAnnulled(_ nonce: String) -> Bool {
        gathering.journals.entries(nonce: nonce).contains {
            $0.station == name && gathering.journals.isAnnulled($0)
        }
    }

    private func repeated(_ entry: JournalEntry) -> Answer {
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

    /// What makes two scans the same code: the text or the chip.
    private static func key(_ scan: Scan) -> String? {
        switch scan.showing {
        case .text(let text, _): text
        case .chip(let chip): chip.fault == nil ? "\(chip)" : nil
        case .broken: nil
        }
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
        guard let scan, let answer, scan.nonce.isEmpty, let key = Self.key(scan) else { return }
        recent = recent.filter { entry.clock - $0.value.clock < Self.display }
        recent[key] = Recent(
            mode: scan.mode,
            nonce: entry.nonce,
            clock: entry.clock,
            answer: answer
        )
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
