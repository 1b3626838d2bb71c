public import UnionTicket

/// What a station's journal says of people, carriers and chips; `decide` asks nothing else of the past.
public struct StationMemory: Sendable {
    /// Where and when a person came in.
    public struct Entry: Hashable, Sendable, Encodable {
        /// The clock of the station that let the person in.
        public var at: Instant
        /// The station.
        public var station: String

        /// An entry.
        public init(at: Instant, station: String) {
            self.at = at
            self.station = station
        }
    }

    /// A phone's screen: it may be used once.
    public struct Screen: Hashable, Sendable {
        /// The carrier.
        public var coordinate: StatusCoordinate
        /// When the phone says it was shown.
        public var shownAt: Instant

        /// A screen.
        public init(coordinate: StatusCoordinate, shownAt: Instant) {
            self.coordinate = coordinate
            self.shownAt = shownAt
        }
    }

    /// Who is inside, since when and where.
    public var inside: [Pseudonym: Entry] = [:]
    /// Who has ever been let in.
    public var admitted: Set<Pseudonym> = []
    /// The screens that were used.
    public var screens: Set<Screen> = []
    /// The last counter of each chip, by ``EventSnapshot/hash(uid:)``.
    public var counters: [[UInt8]: UInt32] = [:]
    /// Carriers that were handed out at this event.
    public var activated: Set<StatusCoordinate> = []

    /// The memory of a station that has seen nobody.
    public init() {}
}
