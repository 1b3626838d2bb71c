public import TicketSeal
public import UnionTicket

/// Everything one event's stations know, in one signed file (station.md § Offline).
///
/// Names are sealed (``SealedName``), numbers are keyed hashes, people are pseudonyms: without the
/// cards and the supervisor's passphrase it discloses nobody.
public struct EventSnapshot: Sendable {
    /// What a station may be sure of.
    public enum Mode: String, Sendable, CaseIterable {
        /// People, mandates, carriers, status lists.
        case event
        /// Signatures and status lists only.
        case cardsOnly
    }

    /// Counts up with every snapshot of the event.
    public let sequence: UInt64
    /// What the event decided about itself.
    public let rules: EventRules
    /// What it holds.
    public let mode: Mode
    /// When it was made.
    public let issuedAt: Instant
    /// From this second on it admits nobody.
    public let leaseEnd: Instant
    /// The trust bundle as signed.
    public let bundle: [UInt8]
    /// From this second on the bundle is of no use.
    public let bundleEnd: Instant
    /// When the bundle was made: no clock that is before it can be right.
    public let bundleIssuedAt: Instant
    /// The event's stations.
    public let gates: [Gate]
    /// Judges payloads by the bundle's keys.
    public let judge: TicketJudge
    var statuses: [UInt32: StatusListToken]
    let salt: [UInt8]
    let tables: SnapshotTables
    let issued: IssuedNumbers
    /// The keys of all names under the supervisor's passphrase.
    let nameIndex: [UInt8]
    let hashes: BlindIndex

    private var persons: RowTable { tables.persons }
    private var carriers: RowTable { tables.carriers }

    /// How many people the event knows.
    public var personCount: Int { persons.count }
    /// How many carriers of theirs there are.
    public var carrierCount: Int { carriers.count }
    /// The numbers of the status lists it holds.
    public var statusLists: [UInt32] { statuses.keys.sorted() }

    /// Takes status lists that were published since; an older one than held is left.
    ///
    /// - Returns: How many lists were newer.
    /// - Throws: ``Refusal`` of the first list that is none of the bundle's.
    public mutating func take(_ lists: [[UInt8]]) throws(Refusal) -> Int {
        let bundle: TrustBundle
        do { bundle = try TrustBundle(unjudged: self.bundle) } catch { throw .malformed }
        var newer = 0
        for (list, token) in try Self.statuses(lists.map(CBOR.bytes), bundle, at: nil)
        where token.sequence > statuses[list]?.sequence ?? 0 {
            statuses[list] = token
            newer += 1
        }
        return newer
    }

    /// The person at a place.
    ///
    /// - Precondition: `place` is below ``personCount``; rows were checked when the file was opened.
    public func person(_ place: Int) -> EventPerson {
        guard let person = EventPerson(persons, place) else {
            preconditionFailure("rows are checked when a snapshot is opened")
        }
        return person
    }

    /// The carrier at a place.
    func carrier(_ place: Int) -> EventCarrier {
        guard let carrier = EventCarrier(carriers, place) else {
            preconditionFailure("rows are checked when a snapshot is opened")
        }
        return carrier
    }

    /// The place of the carrier with this identity.
    func carrierPlace(_ coordinate: StatusCoordinate) -> Int? {
        var key: [UInt8] = []
        key.append(UInt64(coordinate.list), length: 4)
        key.append(UInt64(coordinate.index), length: 4)
        return carriers.rows(from: key).first
    }

    /// The carriers whose number, ticket number or number of the old scheme this is.
    func carrierPlaces(number text: String) -> [Int] {
        let key = Array(hash(number: text).prefix(Self.hashLength))
        return tables.numbers.rows(from: key).compactMap { row in
            let place = Int(tables.numbers.integer(row, Self.hashLength, 4))
            return place < carriers.count ? place : nil
        }
    }

    /// The carrier whose chip has this UID.
    func carrierPlace(uid: [UInt8]) -> Int? {
        let key = Array(hash(uid: uid).prefix(Self.hashLength))
        let row = tables.uids.rows(from: key).first
        return row.map { Int(tables.uids.integer($0, Self.hashLength, 4)) }
            .flatMap { $0 < carriers.count ? $0 : nil }
    }

    /// All carriers of one person.
    func carriers(of person: Int) -> [EventCarrier] {
        (0..<carriers.count).lazy.filter { carriers.integer($0, 8, 4) == UInt64(person) }
            .map(carrier)
    }

    /// Whether such a ticket number or number of the old scheme was ever issued.
    func wasIssued(number text: String) -> Bool { issued.contains(hash(number: text)) }

    /// A chip's name in journals, which hold no UIDs.
    func hash(uid: [UInt8]) -> [UInt8] { hashes.bytes(Array("uid/".utf8) + uid) }

    func hash(number text: String) -> [UInt8] { hashes.bytes(Array("number/".utf8) + text.utf8) }

    /// The name that a carrier's secret opens.
    ///
    /// - Returns: Nil when the snapshot does not know the carrier or the secret is another's.
    public func name(_ coordinate: StatusCoordinate, secret: [UInt8]) -> String? {
        carrierPlace(coordinate).flatMap { name(carrier: $0, coordinate, secret: secret) }
    }

    /// The same for the carrier at a place that was found before.
    func name(carrier place: Int, _ coordinate: StatusCoordinate, secret: [UInt8]) -> String? {
        let wrapped = Array(
            carriers.slice(place, EventCarrier.keyOffset, SealedName.wrappedLength)
        )
        let key = SealedName.unwrap(wrapped, for: coordinate, secret: secret, salt: hashes)
        return key.flatMap { name(of: Int(carriers.integer(place, 8, 4)), key: $0) }
    }

    /// The name of a person under its own key.
    func name(of person: Int, key: [UInt8]) -> String? {
        let place = Int(persons.integer(person, EventPerson.nameOffset, 4))
        let length = Int(persons.integer(person, EventPerson.nameOffset + 4, 4))
        guard length > 0, place + length <= tables.names.count else { return nil }
        return SealedName.open(
            Array(tables.names[place..<place + length]),
            of: self.person(person).pseudonym,
            key: key
        )
    }

    static let hashLength = SnapshotTables.hashLength
}
