public import Registry
import TicketSeal
public import UnionTicket

extension EventOffice {
    /// What is to be in a snapshot.
    public struct SnapshotOrder: Sendable {
        /// How long it admits, seconds.
        public var lease: Int64
        /// What unlocks the supervisor's name index; nil leaves it out.
        public var supervisorPassphrase: String?
        /// With people, or cards only.
        public var mode: EventSnapshot.Mode

        /// An order.
        public init(
            lease: Int64,
            supervisorPassphrase: String? = nil,
            mode: EventSnapshot.Mode = .event
        ) {
            self.lease = lease
            self.supervisorPassphrase = supervisorPassphrase
            self.mode = mode
        }
    }

    /// What a snapshot turned out to hold.
    public struct SnapshotReport: Sendable {
        /// The file's bytes.
        public let bytes: [UInt8]
        /// Its number.
        public let sequence: UInt64
        /// People in it.
        public let people: Int
        /// Their carriers.
        public let carriers: Int
        /// People without any carrier: they come with a document only.
        public let withoutCarrier: Int
        /// Until when it admits.
        public let leaseEnd: Instant
    }

    /// Makes and signs the event's next snapshot.
    ///
    /// - Throws: ``RegisterError`` when the status lists are not published or a key is missing.
    public func snapshot(
        _ order: SnapshotOrder,
        secrets: SigningSecrets
    ) throws -> SnapshotReport {
        let published = try book.published()
        let key = try book.snapshotKey(secrets)
        var draft = SnapshotDraft(issuedCount: 0)
        try book.issuedNumbers(
            by: user,
            count: { draft = SnapshotDraft(issuedCount: $0) },
            each: { draft.addIssued(number: $0) }
        )
        let counts = order.mode == .event ? try fill(&draft) : (people: 0, carriers: 0, bare: 0)
        let sequence = try book.nextSnapshot(of: event.id)
        let end = book.now + order.lease
        let bytes = try draft.seal(
            SnapshotDraft.Frame(
                sequence: sequence,
                rules: rules,
                mode: order.mode,
                issuedAt: book.now,
                leaseEnd: end,
                bundle: published.bundle,
                statusLists: published.lists,
                gates: try gates(),
                supervisorPassphrase: order.supervisorPassphrase
            ),
            with: key
        )
        // What cannot be opened again must not leave the house.
        _ = try EventSnapshot(opening: bytes)
        try book.store(snapshot: sequence, bytes, of: event.id)
        try book.note(
            snapshot: sequence,
            sha256: SHA256Digest.of(bytes),
            leaseEnd: end,
            of: event.id,
            by: user
        )
        return SnapshotReport(
            bytes: bytes,
            sequence: sequence,
            people: counts.people,
            carriers: counts.carriers,
            withoutCarrier: counts.bare,
            leaseEnd: end
        )
    }

    private func fill(
        _ draft: inout SnapshotDraft
    ) throws -> (people: Int, carriers: Int, bare: Int) {
        var places: [Int64: Int] = [:]
        var people = 0
        for participant in try book.participants(of: event.id, reason: "snapshot", by: user) {
            guard let pseudonym = Pseudonym(participant.pseudonym) else { continue }
            let person = EventPerson(
                pseudonym: pseudonym,
                mandate: participant.mandate,
                hasLeft: participant.hasLeft,
                organisation: participant.organisation
            )
            let place = try draft.add(person, name: participant.name)
            if let member = participant.member { places[member] = place }
            people += 1
        }
        var withCarrier: Set<Int64> = []
        let carriers = try book.carriers(of: event.id, by: user)
        for carrier in carriers {
            guard let place = places[carrier.member] else { continue }
            draft.add(Self.line(carrier, place))
            withCarrier.insert(carrier.member)
        }
        return (people, carriers.count, people - withCarrier.count)
    }

    private static func line(
        _ carrier: EventBook.RollCarrier,
        _ place: Int
    ) -> SnapshotDraft.CarrierLine {
        var numbers: [String] = []
        if let number = carrier.number { numbers = [number.ticket.digits, number.digits] }
        if let legacy = carrier.legacyNumber { numbers.append(legacy) }
        return SnapshotDraft.CarrierLine(
            EventCarrier(
                coordinate: carrier.coordinate,
                person: place,
                kind: carrier.kind,
                state: carrier.state,
                uid: carrier.uid
            ),
            numbers: numbers,
            secret: carrier.payload.flatMap(CarrierSecret.of(payload:))
        )
    }
}
