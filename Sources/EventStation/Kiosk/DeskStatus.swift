public import UnionTicket

/// What the page's panels show.
public struct DeskStatus: Equatable, Sendable, Encodable {
    /// What the station decides by when it has no network.
    public enum Offline: String, Sendable, CaseIterable, Codable {
        /// The event's signed snapshot: persons, mandates, names, all status lists.
        case eventSnapshot = "event_snapshot"
        /// Signatures and status lists only.
        case cardOnly = "card_only"
    }

    /// Whether the station's clock can be trusted.
    public enum Clock: String, Sendable, CaseIterable, Codable {
        /// Agrees with the last contact.
        case good
        /// Never compared with another clock.
        case unchecked
        /// Cannot be right.
        case suspect
    }

    /// One reader or scanner.
    public struct Reader: Equatable, Sendable, Encodable {
        /// How a device is doing.
        public enum State: String, Sendable, CaseIterable, Codable {
            /// Waits for a card.
            case ready
            /// Reads one.
            case busy
            /// Unplugged, or its service is down.
            case away
        }

        /// As the driver calls it.
        public let name: String
        /// How it is doing.
        public let state: State

        /// A device in a state.
        public init(name: String, state: State) {
            self.name = name
            self.state = state
        }
    }

    /// How many scans ended how, at this station.
    public struct Counts: Equatable, Sendable, Encodable {
        /// Persons inside by the merged journal, at any station.
        public let inside: Int
        /// Admitted here.
        public let admitted: Int
        /// Refused here.
        public let refused: Int

        /// Counts of a station.
        public init(inside: Int, admitted: Int, refused: Int) {
            self.inside = inside
            self.admitted = admitted
            self.refused = refused
        }
    }

    /// The event's title.
    public var event: String
    /// The station's name.
    public var station: String
    /// Which way the gate works.
    public var mode: ScanMode
    /// Whether the station is closed: it lets nobody through until somebody opens it again.
    public var isClosed: Bool
    /// What the station decides by.
    public var offline: Offline
    /// The station's time.
    public var now: Instant
    /// Whether that time can be trusted.
    public var clock: Clock
    /// When the snapshot was made; nil in card-only mode.
    public var snapshotAt: Instant?
    /// When the oldest status list was signed; nil when there is none.
    public var statusListsAt: Instant?
    /// Whether the oldest list is past its time to live.
    public var statusListsAreStale: Bool
    /// When the lease ends; nil without one.
    public var leaseEndsAt: Instant?
    /// Who has the shift; nil when nobody: then every admission by hand asks for a PIN.
    public var shift: String?
    /// Scans so far.
    public var counts: Counts
    /// Nil where the event has none.
    public var quorum: DeskQuorum?
    /// Readers and scanners the desk drives itself.
    public var readers: [Reader]
    /// The newest first, twenty at most.
    public var lastScans: [DeskVerdict]
    /// What the operator must know at once: a full disk, a fork of the journal.
    public var alarms: [Bilingual]

    /// The state of a station.
    ///
    /// - Parameters:
    ///   - event: Its title.
    ///   - station: The station's name.
    ///   - mode: Which way the gate works.
    ///   - isClosed: Whether the station is closed.
    ///   - offline: What the station decides by.
    ///   - now: The station's time.
    ///   - clock: Whether that time can be trusted.
    ///   - snapshotAt: When the snapshot was made.
    ///   - statusListsAt: When the oldest status list was signed.
    ///   - statusListsAreStale: Whether it is past its time to live.
    ///   - leaseEndsAt: When the lease ends.
    ///   - shift: Who has the shift.
    ///   - counts: Scans so far.
    ///   - quorum: The quorum, where there is one.
    ///   - readers: Devices.
    ///   - lastScans: The newest first.
    ///   - alarms: What the operator must know at once.
    public init(
        event: String,
        station: String,
        mode: ScanMode,
        isClosed: Bool = false,
        offline: Offline,
        now: Instant,
        clock: Clock,
        snapshotAt: Instant? = nil,
        statusListsAt: Instant? = nil,
        statusListsAreStale: Bool = false,
        leaseEndsAt: Instant? = nil,
        shift: String? = nil,
        counts: Counts,
        quorum: DeskQuorum? = nil,
        readers: [Reader] = [],
        lastScans: [DeskVerdict] = [],
        alarms: [Bilingual] = []
    ) {
        self.event = event
        self.station = station
        self.mode = mode
        self.isClosed = isClosed
        self.offline = offline
        self.now = now
        self.clock = clock
        self.snapshotAt = snapshotAt
        self.statusListsAt = statusListsAt
        self.statusListsAreStale = statusListsAreStale
        self.leaseEndsAt = leaseEndsAt
        self.shift = shift
        self.counts = counts
        self.quorum = quorum
        self.readers = readers
        self.lastScans = lastScans
        self.alarms = alarms
    }
}

/// The quorum as an interval: minimum ≤ truth ≤ maximum.
public struct DeskQuorum: Equatable, Sendable, Encodable {
    /// What the operator must hear about.
    public enum Alert: String, Sendable, CaseIterable, Codable {
        /// A few exits more and it is gone.
        case thinMargin = "thin_margin"
        /// It held before and does not any more.
        case lost
    }

    /// The fewest that may be present.
    public let minimum: Int
    /// The most that may be present.
    public let maximum: Int
    /// The smallest number that meets the threshold.
    public let threshold: Int
    /// The base the threshold is taken of: the gauge's full length.
    public let base: Int
    /// What can be said.
    public let verdict: QuorumVerdict
    /// Stations that keep it from being asserted.
    public let blocking: [String]
    /// What the operator must hear about.
    public let alert: Alert?
    /// When it was last fixed before a vote.
    public let frozenAt: Instant?

    /// A quorum.
    ///
    /// - Parameters:
    ///   - minimum: The fewest that may be present.
    ///   - maximum: The most that may be present.
    ///   - threshold: The smallest number that meets the threshold.
    ///   - base: What the threshold is taken of.
    ///   - verdict: What can be said.
    ///   - blocking: Stations that keep it from being asserted.
    ///   - alert: What the operator must hear about.
    ///   - frozenAt: When it was last fixed.
    public init(
        minimum: Int,
        maximum: Int,
        threshold: Int,
        base: Int,
        verdict: QuorumVerdict,
        blocking: [String] = [],
        alert: Alert? = nil,
        frozenAt: Instant? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.threshold = threshold
        self.base = base
        self.verdict = verdict
        self.blocking = blocking
        self.alert = alert
        self.frozenAt = frozenAt
    }
}
