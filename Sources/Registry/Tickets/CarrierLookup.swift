import UnionTicket

// How carriers are found: by number, by place on a list, by row, by member.
extension CarrierFile {
    static let columns = """
        SELECT id, kind, number, issue, legacy_number, state, list, idx, expires_at, member_id,
            legacy_issuer
        FROM carrier
        """

    /// That a carrier bears the ticket number `$1`: each kind has an index of its own.
    static let numbered = """
        ((kind = 'plastic' AND number = $1) OR (kind = 'virtual' AND number = $1))
        """

    /// That a carrier is the ticket number `$1`'s: it bears the number, or it is a card of the old scheme
    /// in the hands of whoever has the number now.
    static let ofTicket = """
        (\(numbered) OR (kind = 'legacyPlastic' AND member_id =
            (SELECT t.member_id FROM ticket_number t WHERE t.number = $1 AND t.state = 'assigned')))
        """

    static func carrier(_ row: any DatabaseRow) -> Carrier? {
        guard let kind = CarrierKind(rawValue: row.text(1)),
            let state = CarrierState(rawValue: row.text(5))
        else { return nil }
        let number = row.optionalInteger(2).flatMap { TicketNumber(value: UInt64($0)) }
        return Carrier(
            id: row.integer(0),
            kind: kind,
            number: number.flatMap { CarrierNumber(ticket: $0, issue: UInt8(row.integer(3))) },
            legacyNumber: row.optionalText(4),
            legacyIssuer: row.optionalText(10),
            state: state,
            coordinate: row.isNull(6)
                ? nil
                : StatusCoordinate(list: UInt32(row.integer(6)), index: UInt32(row.integer(7))),
            expiresAt: row.optionalInteger(8).map(Instant.init(seconds:)),
            member: row.optionalInteger(9)
        )
    }

    func find(
        _ reference: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Carrier] {
        let found = try select(reference, in: session)
        guard !found.isEmpty else { throw Self.unknown(to: user) }
        for member in Set(found.compactMap(\.member)) {
            let place = try MemberFile(register).organisation(of: member, in: session)
            guard user.scope.contains(place) else { throw Self.unknown(to: user) }
        }
        // Whose carrier is known to a manifest only, nobody can say: it is the whole union's.
        guard user.scope == .centralCouncil || found.allSatisfy({ $0.member != nil }) else {
            throw Self.unknown(to: user)
        }
        return found
    }

    /// The same for a change: an old number that several cards bear names none of them.
    func findOne(
        _ reference: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Carrier] {
        let found = try find(reference, by: user, in: session)
        guard reference.hasPrefix("L:"), found.count > 1 else { return found }
        let rows = found.map { "#\($0.id)" }.joined(separator: ", ")
        throw RegisterError(
            .refused,
            "Этот старый номер — на нескольких картах (\(rows)). Назовите одну: carrier show, "
                + "затем #строка.",
            "Several cards bear this old number (\(rows)). Name one: carrier show, then #row."
        )
    }

    /// Whether the card was numbered for a batch.
    func isInBatch(_ carrier: Carrier, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM carrier c JOIN batch b ON b.issuance = c.issuance WHERE c.id = $1
            """,
            [.integer(carrier.id)]
        ) { $0.integer(0) } != nil
    }

    /// One refusal for the unknown and for what is elsewhere, for whoever has a part of the union only.
    static func unknown(to user: SignedInUser) -> RegisterError {
        guard user.scope != .centralCouncil else { return unknown }
        return RegisterError(
            .forbidden,
            "В вашей области такого носителя нет. Проверьте номер по карте.",
            "Within your scope there is no such carrier. Check the number on the card."
        )
    }

    private static let noPlace = RegisterError(
        .badInput,
        "Такого места в списках статусов не бывает: список — до \(UInt32.max), место — от 0 до "
            + "\(StatusCoordinate.slots - 1).",
        "Status lists have no such place: a list is at most \(UInt32.max), a slot from 0 to "
            + "\(StatusCoordinate.slots - 1)."
    )

    private func select(
        _ reference: String,
        in session: any DatabaseSession
    ) throws -> [Carrier] {
        func carriers(_ condition: String, _ arguments: [SQLValue]) throws -> [Carrier] {
            try session.all(
                "\(Self.columns) WHERE \(condition) ORDER BY id",
                arguments,
                Self.carrier
            )
            .compactMap(\.self)
        }
        if reference.hasPrefix("L:") {
            return try carriers("legacy_number = $1", [.text(String(reference.dropFirst(2)))])
        }
        if reference.hasPrefix("#"), let id = Int64(reference.dropFirst()) {
            return try carriers("id = $1", [.integer(id)])
        }
        let parts = reference.split(separator: "/")
        if parts.count == 2, parts.joined().allSatisfy(\.isWholeNumber) {
            guard let list = UInt32(parts[0]), let index = UInt32(parts[1]),
                let place = StatusCoordinate(list: list, index: index)
            else { throw Self.noPlace }
            return try carriers(
                "list = $1 AND idx = $2",
                [.int(place.list), .int(place.index)]
            )
        }
        switch TypedNumber(reference) {
        case .ticket(let ticket): return try carriers(Self.ofTicket, [.int(ticket.value)])
        case .carrier(let carrier):
            return try carriers(
                "\(Self.numbered) AND issue = $2",
                [.int(carrier.ticket.value), .int(carrier.issue)]
            )
        case .refused(let refusal): throw TicketSearch.error(refusal)
        }
    }

    /// The carrier of a row.
    func carrier(_ id: Int64, in session: any DatabaseSession) throws -> Carrier? {
        try session.first("\(Self.columns) WHERE id = $1", [.integer(id)], Self.carrier) ?? nil
    }

    func carriers(of member: Int64, in session: any DatabaseSession) throws -> [Carrier] {
        try session.all(
            "\(Self.columns) WHERE member_id = $1 ORDER BY id",
            [.integer(member)],
            Self.carrier
        ).compactMap(\.self)
    }

    static var unknown: RegisterError {
        RegisterError(
            .notFound,
            "Такого носителя в реестре нет. Проверьте номер по карте.",
            "The register has no such carrier. Check the number on the card."
        )
    }
}
