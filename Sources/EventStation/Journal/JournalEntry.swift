import TicketSeal
public import UnionTicket

/// One line of a station's journal: what was shown, what was said, what was done.
///
/// It holds no raw scan, no signature, no phone's key, no name and no number.
public struct JournalEntry: Equatable, Sendable {
    /// What happened.
    public enum Kind: String, Sendable, CaseIterable {
        /// Somebody was scanned.
        case scan
        /// The operator or a supervisor admitted whom a scan had not.
        case admission
        /// An entry is taken back.
        case annulment
        /// Other stations' entries were taken in; ``known`` says up to where.
        case sync
        /// The quorum was fixed before a vote.
        case freeze
        /// The station takes no more people.
        case close
        /// An operator opened the closed station again.
        case reopen
        /// Anything else worth keeping: a search by name, a self-test, a new snapshot.
        case note
    }

    /// How far another station's journal is known.
    public struct Known: Hashable, Sendable {
        /// The last sequence number.
        public var sequence: UInt64
        /// What that station's clock read when it handed its journal over, milliseconds.
        public var clock: Int64
        /// Whether it had closed.
        public var isClosed: Bool

        /// A watermark.
        public init(sequence: UInt64, clock: Int64, isClosed: Bool = false) {
            self.sequence = sequence
            self.clock = clock
            self.isClosed = isClosed
        }
    }

    /// The station's name.
    public var station: String
    /// Counts the station's entries, from 1.
    public var sequence: UInt64
    /// Where it stands in the order of all stations.
    public var time: HybridTime
    /// What the station's clock read, milliseconds.
    public var clock: Int64
    /// How far off the clock was at the last contact, milliseconds.
    public var offset: Int64 = 0
    /// How sure that is, milliseconds.
    public var uncertainty: Int64 = 0
    /// What happened.
    public var kind: Kind
    /// The physical scan; what an annulment names.
    public var nonce: String
    /// Which way the gate worked.
    public var mode: ScanMode = .entry
    /// What the operator saw.
    public var outcome: ScanOutcome?
    /// What it rested on.
    public var evidence: Evidence?
    /// Who it was, where known.
    public var person: Pseudonym?
    /// Which carrier.
    public var coordinate: StatusCoordinate?
    /// When a phone says its screen was shown.
    public var shownAt: Instant?
    /// A chip's name in journals.
    public var chip: [UInt8]?
    /// The chip's counter at that read.
    public var counter: UInt32?
    /// Whether the person passed.
    public var passed = false
    /// Whether the person would not have passed without a supervisor.
    public var isForced = false
    /// Whether a supervisor acted.
    public var bySupervisor = false
    /// Why, where somebody had to say so.
    public var reason = ""
    /// Who worked at the station.
    public var operatorName = ""
    /// What a `sync` knows of other stations.
    public var known: [String: Known] = [:]

    /// An entry of a station.
    public init(
        station: String,
        sequence: UInt64,
        time: HybridTime,
        clock: Int64,
        kind: Kind,
        nonce: String
    ) {
        self.station = station
        self.sequence = sequence
        self.time = time
        self.clock = clock
        self.kind = kind
        self.nonce = nonce
    }

    /// The clock with its known error taken off, milliseconds.
    public var correctedClock: Int64 { clock - offset }

    /// Whether the person came in by this entry.
    public var isEntry: Bool { passed && mode == .entry && person != nil }

    /// Whether the person went out by this entry.
    public var isExit: Bool { passed && mode == .exit && person != nil }
}
