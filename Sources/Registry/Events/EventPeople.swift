import TicketSeal
public import UnionTicket

extension EventBook {
    /// How one row of a list of delegates ended.
    public struct RowResult: Sendable, Equatable {
        /// Line of the file.
        public let line: Int
        /// Added, updated, unchanged or error.
        public let outcome: RowOutcome
        /// What was found.
        public let issues: [RowIssue]
    }

    /// One participant with the name, for papers and snapshots.
    public struct Participant: Sendable {
        /// The person's name at this event, 16 bytes.
        public let pseudonym: [UInt8]
        /// Row of the member; nil for a guest who is none.
        public let member: Int64?
        /// Name in full: family name, first name, patronymic.
        public let name: String
        /// The mandate.
        public let mandate: Mandate
        /// Whether the person is no member any more.
        public let hasLeft: Bool
        /// The organisation represented.
        public let organisation: OrganisationCode
        /// Its name.
        public let organisationName: String
    }

    /// Takes a list of delegates in one transaction; every row gets a result.
    public func take(
        _ rows: [(line: Int, draft: DelegateDraft?, issues: [RowIssue])],
        event: Int64,
        by user: SignedInUser
    ) throws -> [RowResult] {
        try user.require(.manageEvents)
        return try register.write { session in
            _ = try self.event(event, in: session)
            let results = try rows.map { row in
                guard let draft = row.draft else {
                    return RowResult(line: row.line, outcome: .error, issues: row.issues)
                }
                do {
                    let outcome = try take(draft, event, by: user, in: session)
                    return RowResult(line: row.line, outcome: outcome, issues: row.issues)
                } catch let refusal as RowRefusal {
                    let issues = row.issues + [refusal.issue]
                    return RowResult(line: row.line, outcome: .error, issues: issues)
                }
            }
            let taken = results.count { $0.outcome == .added || $0.outcome == .updated }
            try log("event.delegates", event, "rows \(taken)", by: user, in: session)
            return results
        }
    }

    private struct RowRefusal: Error {
        let issue: RowIssue

        init(_ code: String, _ field: String, _ russian: String, _ english: String) {
            issue = RowIssue(
                field: field,
                column: nil,
                code: code,
                severity: .error,
                message: Bilingual(russian, english)
            )
        }
    }

    private struct Stored {
        let pseudonym: [UInt8]
        let mandate: Int64
        let participation: String
        let state: MandateState?
        let isSubstitute: Bool
        let organisation: Int64
    }

    private func take(
        _ draft: DelegateDraft,
        _ event: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> RowOutcome {
        let member = try draft.reference.map { try find($0, by: user, in: session) }
        let guest = member == nil ? draft.guestName : nil
        let hash = guest.map { register.secrets.name.integer(Array($0.lowercased().utf8)) }
        let known = try stored(event, member: member?.id, guest: hash, in: session)
        let mandate = try mandate(draft, known, event, in: session)
        let organisation = draft.organisation ?? member?.place ?? .centralCouncil
        if let known {
            return try update(known, draft, mandate, organisation, event, in: session)
        }
        try requireFree(mandate, draft, event, in: session)
        let pseudonym = SecureRandom.bytes(16)
        try session.execute(
            """
            INSERT INTO event_person (event_id, pseudonym, member_id, guest_hash, sealed_guest,
                mandate, participation, state, is_substitute, organisation)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .integer(event), .blob(pseudonym), .optional(member?.id), .optional(hash),
                try guest.map {
                    .blob(try register.secrets.events.seal(Array($0.utf8), for: pseudonym))
                } ?? .null,
                .integer(mandate), .text(draft.participation.rawValue),
                .text(draft.state.rawValue), .int(draft.substitutes == nil ? 0 : 1),
                .integer(organisation.ordinal),
            ]
        )
        try noteSubstitution(draft, event, in: session)
        return .added
    }

    private func find(
        _ reference: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (id: Int64, place: OrganisationCode) {
        guard let id = try? MemberFile(register).find(reference, in: session) else {
            throw RowRefusal(
                "member_unknown",
                "aisId",
                "Члена Профсоюза с таким ИД АИС или номером билета нет в реестре.",
                "No member has this АИС identifier or ticket number."
            )
        }
        let place = try MemberFile(register).organisation(of: id, in: session)
        guard user.scope.contains(place) else {
            throw RowRefusal(
                "outside_scope",
                "aisId",
                "Организация члена вне вашей области.",
                "The member's organisation is outside your scope."
            )
        }
        return (id, place)
    }

    private func stored(
        _ event: Int64,
        member: Int64?,
        guest: Int64?,
        in session: any DatabaseSession
    ) throws -> Stored? {
        try session.first(
            """
            SELECT pseudonym, mandate, participation, state, is_substitute, organisation
            FROM event_person WHERE event_id = $1 AND (member_id = $2 OR guest_hash = $3)
            """,
            [.integer(event), .optional(member), .optional(guest)]
        ) {
            Stored(
                pseudonym: $0.blob(0),
                mandate: $0.integer(1),
                participation: $0.text(2),
                state: MandateState(rawValue: $0.text(3)),
                isSubstitute: $0.integer(4) != 0,
                organisation: $0.integer(5)
            )
        }
    }

    /// The mandate's number: the one written, the one replaced, the one held, or the next free.
    private func mandate(
        _ draft: DelegateDraft,
        _ known: Stored?,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws -> Int64 {
        if let number = draft.substitutes ?? draft.mandate { return Int64(number) }
        if let known { return known.mandate }
        return try session.first(
            "SELECT coalesce(max(mandate), 0) + 1 FROM event_person WHERE event_id = $1",
            [.integer(event)]
        ) { $0.integer(0) } ?? 1
    }

    private func requireFree(
        _ mandate: Int64,
        _ draft: DelegateDraft,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws {
        let isSubstitute = draft.substitutes != nil
        let holders = try session.all(
            """
            SELECT is_substitute FROM event_person
            WHERE event_id = $1 AND mandate = $2 AND state <> 'withdrawn'
            """,
            [.integer(event), .integer(mandate)]
        ) { $0.integer(0) != 0 }
        if isSubstitute, !holders.contains(false) {
            throw RowRefusal(
                "mandate_unknown",
                "substitutes",
                "Нет делегата с замещаемым мандатом.",
                "No delegate has the mandate to stand in for."
            )
        }
        if holders.contains(isSubstitute) {
            throw RowRefusal(
                "mandate_taken",
                "mandate",
                "Этот номер мандата уже занят другим участником.",
                "Another participant has this mandate's number."
            )
        }
    }

    private func update(
        _ known: Stored,
        _ draft: DelegateDraft,
        _ mandate: Int64,
        _ organisation: OrganisationCode,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws -> RowOutcome {
        let place = draft.organisation == nil ? known.organisation : organisation.ordinal
        if known.state == draft.state, known.mandate == mandate, known.organisation == place,
            known.participation == draft.participation.rawValue,
            known.isSubstitute == (draft.substitutes != nil)
        {
            return .unchanged
        }
        guard let state = known.state,
            state == draft.state || state.successors.contains(draft.state)
        else {
            throw RowRefusal(
                "mandate_state_illegal",
                "state",
                "Такой переход состояния мандата недопустим.",
                "The mandate's state may not change so."
            )
        }
        if known.mandate != mandate || known.isSubstitute != (draft.substitutes != nil) {
            try requireFree(mandate, draft, event, in: session)
        }
        try session.execute(
            """
            UPDATE event_person SET mandate = $1, participation = $2, state = $3,
                is_substitute = $4, organisation = $5 WHERE event_id = $6 AND pseudonym = $7
            """,
            [
                .integer(mandate), .text(draft.participation.rawValue),
                .text(draft.state.rawValue), .int(draft.substitutes == nil ? 0 : 1),
                .integer(place), .integer(event), .blob(known.pseudonym),
            ]
        )
        try noteSubstitution(draft, event, in: session)
        return .updated
    }

    /// A delegate somebody stands in for is marked so.
    private func noteSubstitution(
        _ draft: DelegateDraft,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws {
        guard let number = draft.substitutes, draft.state.admits else { return }
        try session.execute(
            """
            UPDATE event_person SET state = 'substitutedBy' WHERE event_id = $1 AND mandate = $2
                AND is_substitute = 0 AND state = 'confirmed'
            """,
            [.integer(event), .int(number)]
        )
    }
}
