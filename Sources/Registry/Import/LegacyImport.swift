public import UnionTicket

/// Makes carriers of the cards printed before this system: unsigned, counted, replaced one day.
public struct LegacyImport: Sendable {
    let register: Register

    /// An importer of this register.
    public init(_ register: Register) { self.register = register }

    /// How one row ended.
    public struct RowResult: Sendable, Equatable {
        /// Line of the file.
        public let line: Int
        /// Added, unchanged or error.
        public let outcome: RowOutcome
        /// What was found.
        public let issues: [RowIssue]
    }

    /// Takes a list of legacy cards in one transaction; every row gets a result.
    public func run(
        _ rows: [(line: Int, draft: LegacyTicketDraft?, issues: [RowIssue])],
        by user: SignedInUser
    ) throws -> [RowResult] {
        try user.require(.importRoster)
        return try register.write { session in
            var entered: [Entered] = []
            let results = try rows.map { row in
                guard let draft = row.draft else {
                    return RowResult(line: row.line, outcome: .error, issues: row.issues)
                }
                let (outcome, issue) = try take(draft, by: user, &entered, in: session)
                return RowResult(
                    line: row.line,
                    outcome: outcome,
                    issues: row.issues + (issue.map { [$0] } ?? [])
                )
            }
            try note(entered, by: user, in: session)
            let added = results.count { [.added, .updated].contains($0.outcome) }
            try AuditLog(register).record(
                "legacy.import",
                "carriers/\(added)",
                "rows \(results.count)",
                by: user,
                in: session
            )
            return results
        }
    }

    /// A card on its way into the history.
    private struct Entered {
        let carrier: Int64
        let region: UInt8
        let state: CarrierState
    }

    /// Writes the first line of the new carriers' histories: they come from outside the register.
    private func note(
        _ entered: [Entered],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let first = try Counter.carrierEvent.take(entered.count, in: session)
        let at = register.now().seconds
        try session.load(
            "carrier_event",
            [
                "seq", "region", "carrier_id", "at", "user_id", "from_state", "to_state", "reason",
                "client",
            ],
            count: entered.count
        ) { index, row in
            row.put(first + Int64(index))
            row.put(Int64(entered[index].region))
            row.put(entered[index].carrier)
            row.put(at)
            row.put(user.id)
            row.put("")
            row.put(entered[index].state.rawValue)
            row.put("legacy import")
            if let client = user.client { row.put(client) } else { row.putNull() }
        }
    }

    private func take(
        _ draft: LegacyTicketDraft,
        by user: SignedInUser,
        _ entered: inout [Entered],
        in session: any DatabaseSession
    ) throws -> (RowOutcome, RowIssue?) {
        let member = try session.first(
            "SELECT id, organisation FROM member WHERE ais_id = $1",
            [.text(draft.aisId)]
        ) { (id: $0.integer(0), place: OrganisationCode(ordinal: $0.integer(1))) }
        guard let member, let place = member.place else {
            return (
                .error,
                Self.issue(
                    "member_unknown",
                    "Члена Профсоюза с таким ИД АИС нет в реестре.",
                    "No member has this АИС identifier."
                )
            )
        }
        guard user.scope.contains(place) else {
            return (
                .error,
                Self.issue(
                    "outside_scope",
                    "Организация члена вне вашей области.",
                    "The member's organisation is outside your scope."
                )
            )
        }
        if let known = try meet(draft, of: member.id, by: user, in: session) { return known }
        return try enter(draft, of: member.id, place, &entered, in: session)
    }

    /// What a row does to a card that is known already; nil when it is a new one.
    private func meet(
        _ draft: LegacyTicketDraft,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (RowOutcome, RowIssue?)? {
        let known = try session.first(
            """
            SELECT id, state, handed_out_on FROM carrier WHERE kind = 'legacyPlastic'
            AND legacy_number = $1 AND legacy_issuer = $2 AND member_id = $3
            """,
            [.text(draft.number), .text(draft.issuer), .integer(member)]
        ) { (id: $0.integer(0), state: $0.text(1), handedOutOn: $0.optionalInteger(2)) }
        guard let known else { return nil }
        guard let day = draft.handedOutOn, known.handedOutOn != Int64(day.day) else {
            return (.unchanged, nil)
        }
        // A card that lay waiting was handed out since; a day once written stands.
        guard known.state == CarrierState.atPrimary.rawValue else {
            return (.unchanged, known.handedOutOn == nil ? nil : Self.otherDay)
        }
        try CarrierMoves(register: register, user: user, session: session).move(
            [known.id...known.id],
            from: .atPrimary,
            to: .active,
            reason: "legacy import",
            setting: "handed_out_on = \(day.day)"
        )
        return (.updated, nil)
    }

    private func enter(
        _ draft: LegacyTicketDraft,
        of member: Int64,
        _ place: OrganisationCode,
        _ entered: inout [Entered],
        in session: any DatabaseSession
    ) throws -> (RowOutcome, RowIssue?) {
        let other = try session.first(
            """
            SELECT id FROM carrier WHERE kind = 'legacyPlastic' AND legacy_number = $1
            AND legacy_issuer = $2
            """,
            [.text(draft.number), .text(draft.issuer)]
        ) { $0.integer(0) }
        let id = try Counter.carrier.take(in: session)
        let state: CarrierState = draft.handedOutOn == nil ? .atPrimary : .active
        try session.execute(
            """
            INSERT INTO carrier (id, region, member_id, kind, state, published, legacy_number,
                legacy_issuer, produced_on, handed_out_on)
            VALUES ($1, $2, $3, 'legacyPlastic', $4, 0, $5, $6, $7, $8)
            """,
            [
                .integer(id), .int(place.region), .integer(member), .text(state.rawValue),
                .text(draft.number), .text(draft.issuer),
                .optional(draft.producedOn.map { Int64($0.day) }),
                .optional(draft.handedOutOn.map { Int64($0.day) }),
            ]
        )
        entered.append(Entered(carrier: id, region: place.region, state: state))
        return (.added, other == nil ? nil : Self.shared)
    }

    /// Old numbers are not unique: the card is entered, and blocking asks which of them is meant.
    private static let shared = RowIssue(
        field: "number",
        column: nil,
        code: "legacy_number_shared",
        severity: .warning,
        message: Bilingual(
            "Карта того же издателя с тем же номером записана и за другим членом Профсоюза: сверьте "
                + "обе записи.",
            "A card of the same issuer and number is recorded for another member too: compare both."
        )
    )

    private static let otherDay = RowIssue(
        field: "handedOutOn",
        column: nil,
        code: "legacy_day_differs",
        severity: .warning,
        message: Bilingual(
            "Карта уже записана с другой датой выдачи: она не изменена, сверьте обе.",
            "The card is recorded with another day of hand-out: it stands, compare both."
        )
    )

    private static func issue(_ code: String, _ russian: String, _ english: String) -> RowIssue {
        RowIssue(
            field: "aisId",
            column: nil,
            code: code,
            severity: .error,
            message: Bilingual(russian, english)
        )
    }
}
