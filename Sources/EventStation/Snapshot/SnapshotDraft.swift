public import TicketSeal
public import UnionTicket

/// A snapshot in the making: people and carriers are added, then it is signed.
public struct SnapshotDraft {
    /// A carrier with what finds it and what opens its person's name.
    public struct CarrierLine: Sendable {
        var carrier: EventCarrier
        /// The digits on it: ticket number and carrier number, or the number of the old scheme.
        var numbers: [String]
        /// ``CarrierSecret``; nil for a card that brings none.
        var secret: [UInt8]?

        /// A carrier of a person.
        public init(_ carrier: EventCarrier, numbers: [String], secret: [UInt8]?) {
            self.carrier = carrier
            self.numbers = numbers
            self.secret = secret
        }
    }

    private let salt = FieldSeal.randomKey()
    private let hashes: BlindIndex
    private var tables = SnapshotTables()
    private var lines: [CarrierLine] = []
    private var nameKeys: [[UInt8]] = []
    private var issued: IssuedNumbers

    /// An empty draft.
    ///
    /// - Parameter issuedCount: How many numbers ``addIssued(number:)`` will be told.
    public init(issuedCount: Int) {
        hashes = BlindIndex(key: salt)
        issued = IssuedNumbers(count: issuedCount)
    }

    /// Adds a person with the name that will be sealed.
    ///
    /// - Returns: The person's place, for the carriers.
    public mutating func add(_ person: EventPerson, name: String) throws -> Int {
        let key = FieldSeal.randomKey()
        let sealed = try SealedName.seal(name, of: person.pseudonym, key: key)
        tables.persons.append(person.row(name: tables.names.count, sealed.count))
        tables.names.append(contentsOf: sealed)
        nameKeys.append(key)
        return nameKeys.count - 1
    }

    /// Adds a carrier of a person added before.
    public mutating func add(_ line: CarrierLine) {
        precondition(nameKeys.indices.contains(line.carrier.person), "the person comes first")
        lines.append(line)
    }

    /// Notes that a number was issued, to whomever.
    public mutating func addIssued(number text: String) {
        issued.insert(hashes.bytes(Array("number/".utf8) + text.utf8))
    }

    /// What stands around the tables.
    public struct Frame: Sendable {
        /// Number of the snapshot, from 1.
        public var sequence: UInt64
        /// What the event decided about itself.
        public var rules: EventRules
        /// What the snapshot is for.
        public var mode: EventSnapshot.Mode
        /// Now.
        public var issuedAt: Instant
        /// Until when it admits.
        public var leaseEnd: Instant
        /// The trust bundle as signed.
        public var bundle: [UInt8]
        /// The status lists as published (CWT).
        public var statusLists: [[UInt8]]
        /// The event's stations.
        public var gates: [Gate]
        /// What unlocks the supervisor's name index; nil leaves it out.
        public var supervisorPassphrase: String?

        /// The frame of a snapshot.
        public init(
            sequence: UInt64,
            rules: EventRules,
            mode: EventSnapshot.Mode = .event,
            issuedAt: Instant,
            leaseEnd: Instant,
            bundle: [UInt8],
            statusLists: [[UInt8]],
            gates: [Gate],
            supervisorPassphrase: String? = nil
        ) {
            self.sequence = sequence
            self.rules = rules
            self.mode = mode
            self.issuedAt = issuedAt
            self.leaseEnd = leaseEnd
            self.bundle = bundle
            self.statusLists = statusLists
            self.gates = gates
            self.supervisorPassphrase = supervisorPassphrase
        }
    }

    /// Signs the snapshot with the `snapshot` key.
    public consuming func seal(_ frame: Frame, with key: SigningKey) throws -> [UInt8] {
        try fillCarriers()
        var entries: [CBOR.Entry] = [
            (1, .unsigned(frame.sequence)), (2, frame.rules.item), (3, .bytes(salt)),
            (4, .integer(frame.leaseEnd.seconds)), (5, .bytes(frame.bundle)),
            (6, .integer(frame.issuedAt.seconds)),
            (7, .array(frame.statusLists.map(CBOR.bytes))), (13, .bytes(issued.bytes)),
            (14, .array(frame.gates.map(\.item))), (17, .text(frame.mode.rawValue)),
        ].map { CBOR.Entry(.integer($0.0), $0.1) }
        entries += tables.entries
        if let passphrase = frame.supervisorPassphrase {
            let index = try SealedFile.seal(
                nameKeys.flatMap(\.self),
                passphrase: passphrase,
                purpose: .nameIndex
            )
            entries.append(CBOR.Entry(.integer(15), .bytes(index)))
        }
        return try COSESign1.seal(
            CBOR.map(entries).encoded,
            with: key,
            header: [
                CBOR.Entry(.integer(4), .bytes(key.publicKey.kid)),
                CBOR.Entry(.integer(16), .text(EventSnapshot.type)),
            ]
        )
    }

    private mutating func fillCarriers() throws {
        var rows: [(row: [UInt8], line: CarrierLine)] = []
        for line in lines { rows.append((line.carrier.row(key: try wrapped(line)), line)) }
        rows.sort { $0.row[0..<8].lexicographicallyPrecedes($1.row[0..<8]) }
        var numbers: [[UInt8]] = []
        var uids: [[UInt8]] = []
        for (place, entry) in rows.enumerated() {
            tables.carriers.append(entry.row)
            numbers += entry.line.numbers.map { key("number/", Array($0.utf8), place) }
            if let uid = entry.line.carrier.uid { uids.append(key("uid/", uid, place)) }
        }
        for row in numbers.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            tables.numbers.append(row)
        }
        for row in uids.sorted(by: { $0.lexicographicallyPrecedes($1) }) { tables.uids.append(row) }
    }

    private func wrapped(_ line: CarrierLine) throws -> [UInt8]? {
        guard let coordinate = line.carrier.coordinate, let secret = line.secret else { return nil }
        return try SealedName.wrap(
            nameKeys[line.carrier.person],
            for: coordinate,
            secret: secret,
            salt: salt
        )
    }

    private func key(_ kind: String, _ value: [UInt8], _ place: Int) -> [UInt8] {
        var row = Array(hashes.bytes(Array(kind.utf8) + value).prefix(SnapshotTables.hashLength))
        row.append(UInt64(place), length: 4)
        return row
    }
}
