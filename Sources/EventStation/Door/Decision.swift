public import UnionTicket

/// What `decide` says of one scan.
public struct Decision: Equatable, Sendable {
    /// The outcome.
    public var outcome: ScanOutcome
    /// What it rests on.
    public var evidence: Evidence
    /// The person's place in the snapshot, where known.
    public var person: Int?
    /// The person's name at the event, where known.
    public var pseudonym: Pseudonym?
    /// The carrier's identity, where it has one.
    public var coordinate: StatusCoordinate?
    /// The ticket that was shown, to be compared with the printed number.
    public var ticket: TicketNumber?
    /// What a phone's screen was.
    public var screen: StationMemory.Screen?
    /// The chip's name in journals and its counter.
    public var chip: (name: [UInt8], counter: UInt32)?
    /// People who bear the same number of the old scheme.
    public var candidates: [Int] = []
    /// The first entry of a person who is inside already.
    public var firstEntry: StationMemory.Entry?
    /// How old the status list is, seconds, where one was asked.
    public var statusAge: Int64?
    /// What an exit passed over: an expired or blocked carrier may leave.
    public var passedOver: ScanOutcome?
    /// Whether the event admits the person, but not at this gate, which is limited to others'
    /// organisations.
    public var isOfOtherGate = false
    /// The name that the evidence opened.
    public var name: String?

    init(_ outcome: ScanOutcome, _ evidence: Evidence) {
        self.outcome = outcome
        self.evidence = evidence
    }

    /// Whether the scan lets the person in or out by itself.
    public var isAdmission: Bool { outcome.admission == .yes && outcome != .activated }

    /// Decisions are the same when they say the same of the same person and carrier.
    public static func == (left: Self, right: Self) -> Bool {
        left.outcome == right.outcome && left.evidence == right.evidence
            && left.person == right.person && left.coordinate == right.coordinate
            && left.candidates == right.candidates && left.firstEntry == right.firstEntry
    }
}
