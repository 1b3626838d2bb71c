import UnionTicket

/// Consents as a ledger: one row per purpose and answer; a withdrawal closes a row, nothing is
/// deleted.
final class ConsentLedger {
    /// The texts in use, a handful.
    private var texts: [(purpose: ConsentPurpose, recipient: String, id: Int64)] = []

    /// Consents answered on paper and typed into rosters; text versions come with their import.
    private static let form = "roster"

    init(in session: any DatabaseSession) throws {
        try session.query(
            "SELECT id, purpose, recipient FROM consent_text WHERE form = $1",
            [.text(Self.form)]
        ) {
            guard let purpose = ConsentPurpose(rawValue: $0.text(1)) else { return }
            texts.append((purpose, $0.text(2), $0.integer(0)))
        }
    }

    /// Stores the given consents of new members.
    func load(
        _ members: [(id: Int64, prepared: PreparedDraft)],
        import importId: Int64,
        at: Int64,
        in session: any DatabaseSession
    ) throws {
        var rows: [(member: Int64, text: Int64, region: Int64, day: Int64)] = []
        rows.reserveCapacity(4 * members.count)
        let today = Int64(Instant(seconds: at).moscowDate.day)
        for (id, prepared) in members {
            let region = Int64(prepared.draft.organisation.region)
            for consent in prepared.draft.consents where consent.isGiven {
                let day = consent.date.map { Int64($0.day) } ?? today
                rows.append((id, try text(of: consent, in: session), region, day))
            }
        }
        try session.load(
            "consent",
            ["member_id", "text_id", "import_id", "region", "given_on"],
            count: rows.count
        ) {
            $1.put(rows[$0].member)
            $1.put(rows[$0].text)
            $1.put(importId)
            $1.put(rows[$0].region)
            $1.put(rows[$0].day)
        }
    }

    /// Records a known member's answers where they differ from what holds now.
    ///
    /// - Returns: Whether anything changed.
    func record(
        _ consents: [Consent],
        of member: Int64,
        region: UInt8,
        import importId: Int64,
        at: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        let today = Int64(Instant(seconds: at).moscowDate.day)
        let standing = try Self.standing(of: member, in: session)
        var isChanged = false
        for consent in consents {
            let holds = standing.contains {
                $0.purpose == consent.purpose && $0.recipient == consent.recipient
            }
            guard holds != consent.isGiven else { continue }
            let text = try text(of: consent, in: session)
            isChanged = true
            if consent.isGiven {
                try session.execute(
                    """
                    INSERT INTO consent (member_id, text_id, import_id, region, given_on)
                    VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (member_id, text_id, import_id) DO UPDATE SET withdrawn_on = NULL
                    """,
                    [
                        .integer(member), .integer(text), .integer(importId), .int(region),
                        .integer(consent.date.map { Int64($0.day) } ?? today),
                    ]
                )
            } else {
                try session.execute(
                    """
                    UPDATE consent SET withdrawn_on = $1
                    WHERE member_id = $2 AND withdrawn_on IS NULL AND text_id IN
                        (SELECT id FROM consent_text WHERE purpose = $3 AND recipient = $4)
                    """,
                    [
                        .integer(today), .integer(member), .text(consent.purpose.rawValue),
                        .text(consent.recipient),
                    ]
                )
            }
        }
        return isChanged
    }

    /// The consents that hold now.
    static func standing(
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> [(purpose: ConsentPurpose, recipient: String, givenOn: CalendarDate)] {
        try session.all(
            """
            SELECT t.purpose, t.recipient, c.given_on FROM consent c
            JOIN consent_text t ON t.id = c.text_id
            WHERE c.member_id = $1 AND c.withdrawn_on IS NULL ORDER BY t.purpose, t.recipient
            """,
            [.integer(member)]
        ) { row -> (ConsentPurpose, String, CalendarDate)? in
            guard let purpose = ConsentPurpose(rawValue: row.text(0)) else { return nil }
            return (purpose, row.text(1), CalendarDate(day: Int(row.integer(2))))
        }.compactMap(\.self)
    }

    private func text(of consent: Consent, in session: any DatabaseSession) throws -> Int64 {
        for text in texts
        where text.purpose == consent.purpose && text.recipient == consent.recipient {
            return text.id
        }
        let id = try Counter.consentText.take(in: session)
        try session.execute(
            """
            INSERT INTO consent_text (id, purpose, recipient, controller, version_hash, form)
            VALUES ($1, $2, $3, 'union', '', $4)
            """,
            [
                .integer(id), .text(consent.purpose.rawValue), .text(consent.recipient),
                .text(Self.form),
            ]
        )
        texts.append((consent.purpose, consent.recipient, id))
        return id
    }
}
