public import TicketSeal
public import UnionTicket

extension EventBook {
    /// One carrier of a participant with what its snapshot needs.
    public struct RollCarrier: Sendable {
        /// Row of the member.
        public let member: Int64
        /// What it is.
        public let kind: CarrierKind
        /// Where it is in its life.
        public let state: CarrierState
        /// Its identity; nil for a card of the old scheme.
        public let coordinate: StatusCoordinate?
        /// Its printed name; nil for a card of the old scheme.
        public let number: CarrierNumber?
        /// The number of the old scheme.
        public let legacyNumber: String?
        /// The issued payload, which opens the person's name.
        public let payload: [UInt8]?
        /// The chip's UID, where the plant reported it.
        public let uid: [UInt8]?
    }

    /// All participants with their names, by mandate; the reading is logged.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - reason: What for, for the log.
    ///   - user: Who reads.
    /// - Returns: Everybody, withdrawn mandates included.
    /// - Throws: ``RegisterError``.
    public func participants(
        of event: Int64,
        reason: String,
        by user: SignedInUser
    ) throws -> [Participant] {
        try user.require(.manageEvents)
        let rows = try register.write { session in
            _ = try self.event(event, in: session)
            try log("event.names", event, reason, by: user, in: session)
            return try session.all(
                """
                SELECT p.pseudonym, p.member_id, p.sealed_guest, p.mandate, p.participation, p.state,
                    p.is_substitute, p.organisation, o.name, m.state, m.sealed
                FROM event_person p LEFT JOIN organisation o ON o.code = p.organisation
                LEFT JOIN member m ON m.id = p.member_id
                WHERE p.event_id = $1 ORDER BY p.mandate, p.is_substitute, p.pseudonym
                """,
                [.integer(event)],
                RollRow.init
            )
        }
        let vault = MemberVault(register: register)
        return try rows.map { try participant($0, vault) }
    }

    private struct RollRow {
        let pseudonym: [UInt8]
        let member: Int64?
        let guest: [UInt8]
        let mandate: Mandate?
        let organisation: OrganisationCode?
        let organisationName: String
        let hasLeft: Bool
        let sealed: [UInt8]

        init(_ row: any DatabaseRow) {
            pseudonym = row.blob(0)
            member = row.optionalInteger(1)
            guest = row.blob(2)
            if let participation = Participation(rawValue: row.text(4)),
                let state = MandateState(rawValue: row.text(5))
            {
                mandate = Mandate(
                    number: UInt32(clamping: row.integer(3)),
                    participation: participation,
                    state: state,
                    isSubstitute: row.integer(6) != 0
                )
            } else {
                mandate = nil
            }
            organisation = OrganisationCode(ordinal: row.integer(7))
            organisationName = row.text(8)
            let status = MemberStatus(rawValue: row.text(9))
            hasLeft = member != nil && status != .active && status != .suspended
            sealed = row.blob(10)
        }
    }

    private func participant(_ row: RollRow, _ vault: MemberVault) throws -> Participant {
        guard let mandate = row.mandate, let organisation = row.organisation else {
            throw RegisterError(DatabaseError(.corrupt, reason: "event_person"))
        }
        let name: String
        if let member = row.member {
            let fields = try vault.open(row.sealed, member: member)
            name = [fields.name.last, fields.name.first, fields.name.patronymic ?? ""]
                .filter { !$0.isEmpty }.joined(separator: " ")
        } else {
            guard let bytes = try? register.secrets.events.open(row.guest, for: row.pseudonym)
            else {
                throw RegisterError(DatabaseError(.corrupt, reason: "event_person"))
            }
            name = String(decoding: bytes, as: UTF8.self)
        }
        return Participant(
            pseudonym: row.pseudonym,
            member: row.member,
            name: name,
            mandate: mandate,
            hasLeft: row.hasLeft,
            organisation: organisation,
            organisationName: row.organisationName
        )
    }

    /// Every carrier of every participant, and every number of the old scheme they bear.
    public func carriers(of event: Int64, by user: SignedInUser) throws -> [RollCarrier] {
        try user.require(.manageEvents)
        let rows = try register.read { session in
            try session.all(
                """
                SELECT c.member_id, c.kind, c.state, c.list, c.idx, c.number, c.issue,
                    c.legacy_number, c.payload, h.uid
                FROM event_person p JOIN carrier c ON c.member_id = p.member_id
                LEFT JOIN carrier_chip h ON h.carrier_id = c.id
                WHERE p.event_id = $1 ORDER BY c.id
                """,
                [.integer(event)],
                carrier
            )
        }
        return rows.compactMap(\.self)
    }

    private func carrier(_ row: any DatabaseRow) -> RollCarrier? {
        guard let kind = CarrierKind(rawValue: row.text(1)),
            let state = CarrierState(rawValue: row.text(2))
        else { return nil }
        let coordinate =
            row.isNull(3)
            ? nil
            : StatusCoordinate(list: UInt32(row.integer(3)), index: UInt32(row.integer(4)))
        let ticket = TicketNumber(value: UInt64(clamping: row.integer(5)))
        return RollCarrier(
            member: row.integer(0),
            kind: kind,
            state: state,
            coordinate: coordinate,
            number: ticket.flatMap {
                CarrierNumber(ticket: $0, issue: UInt8(clamping: row.integer(6)))
            },
            legacyNumber: row.optionalText(7),
            payload: coordinate.flatMap {
                try? register.secrets.payloads.open(
                    row.blob(8),
                    for: TicketIssuance.binding($0)
                )
            },
            uid: row.optionalBlob(9)
        )
    }

    /// How many numbers were ever issued, and each of them as text; numbers of the old scheme too.
    public func issuedNumbers(
        by user: SignedInUser,
        count: (Int) throws -> Void,
        each: (String) throws -> Void
    ) throws {
        try user.require(.manageEvents)
        try register.read { session in
            let counts = try ["ticket_number", "carrier"].map { table in
                try session.first("SELECT count(*) FROM \(table)") { Int($0.integer(0)) } ?? 0
            }
            try count(counts.reduce(0, +))
            try session.query("SELECT number FROM ticket_number WHERE state <> 'reserved'", []) {
                try each(String($0.integer(0)))
            }
            try session.query(
                "SELECT legacy_number FROM carrier WHERE legacy_number IS NOT NULL",
                []
            ) { try each($0.text(0)) }
        }
    }

    /// The trust bundle and the published status lists (CWT).
    ///
    /// - Parameter areListsNeeded: False where only the bundle matters.
    /// - Returns: The bundle and the lists.
    /// - Throws: ``RegisterError`` where a list was never published, is not published since it changed,
    ///   is dated in the future, or its key was retired or revoked.
    public func published(
        areListsNeeded: Bool = true
    ) throws -> (bundle: [UInt8], lists: [[UInt8]]) {
        guard areListsNeeded else { return (try KeyRing(register).bundle(), []) }
        let lists = try register.read { session in
            try StatusPublisher(register).lists(in: session)
        }
        guard lists.allSatisfy({ !$0.cwt.isEmpty && !$0.isChanged }) else {
            throw RegisterError(
                .refused,
                "Списки статусов не опубликованы после изменений: "
                    + "profbilet status publish КАТАЛОГ.",
                "The status lists are not published since the last change: "
                    + "profbilet status publish DIR."
            )
        }
        // Whoever opens the snapshot would refuse them, and with them the snapshot.
        let ahead = lists.filter(\.isOfFuture).map(\.number)
        guard ahead.isEmpty else {
            let words = StatusPublisher.future(ahead)
            throw RegisterError(.refused, words.russian, words.english)
        }
        let lost = lists.filter(\.hasLostKey).map(\.number)
        guard lost.isEmpty else {
            let words = StatusPublisher.lostKey(lost)
            throw RegisterError(.refused, words.russian, words.english)
        }
        return (try KeyRing(register).bundle(), lists.map(\.cwt))
    }

    /// The key that signs snapshots.
    public func snapshotKey(_ secrets: SigningSecrets) throws -> SigningKey {
        try register.read { session in
            try register.requireReclaimed(session)
            return try KeyRing(register).active(.snapshot, secrets: secrets, in: session).key
        }
    }
}
