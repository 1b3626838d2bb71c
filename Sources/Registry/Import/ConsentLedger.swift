import UnionTicket

/// Consents as a ledger: one row per purpose and answer; a withdrawal closes a row, nothing is
/// deleted.
final class ConsentLedger {
    struct Text {
        let purpose: ConsentPurpose
        let recipient: String
        let id: Int64
        let years: Int?
    }

    /// The texts that new consents are given to, one for a purpose and recipient.
    private var texts: [Text] = []

    /// The form of consents whose text nobody registered.
    private static let form = "roster"

    /// A ledger that gives consents to the chosen versions, else to the newest of each purpose.
    ///
    /// `chosen` has hashes of registered texts or their beginnings, at least six digits.
    init(choosing chosen: [ConsentPurpose: String] = [:], in session: any DatabaseSession) throws {
        let known = try session.all(
            """
            SELECT id, purpose, recipient, years, version_hash, form FROM consent_text
            WHERE added_at IS NOT NULL OR form = $1 ORDER BY added_at IS NULL, id DESC
            """,
            [.text(Self.form)]
        ) { row -> (text: Text, hash: String)? in
            ConsentPurpose(rawValue: row.text(1)).map {
                let years = row.optionalInteger(3).map(Int.init)
                let text = Text(
                    purpose: $0,
                    recipient: row.text(2),
                    id: row.integer(0),
                    years: years
                )
                return (text, row.text(4))
            }
        }.compactMap(\.self)
        for (purpose, hash) in chosen {
            let found = known.filter {
                $0.text.purpose == purpose && hash.count >= 6
                    && $0.hash.hasPrefix(hash.lowercased())
            }
            guard found.count == 1, let text = found.first?.text else {
                throw Self.noText(purpose, hash)
            }
            texts.append(text)
        }
        for (text, _) in known {
            let isServed = texts.contains {
                $0.purpose == text.purpose && $0.recipient == text.recipient
            }
            if !isServed { texts.append(text) }
        }
    }

    private static func noText(_ purpose: ConsentPurpose, _ hash: String) -> RegisterError {
        RegisterError(
            .notFound,
            "Нет одного текста согласия «\(purpose.rawValue)» с хешем \(hash): profbilet consent "
                + "text list.",
            "There is no single consent text \(purpose.rawValue) with the hash \(hash): profbilet "
                + "consent text list."
        )
    }

    /// Stores the given consents of new members.
    func load(
        _ members: [(id: Int64, prepared: PreparedDraft)],
        import importId: Int64,
        at: Int64,
        in session: any DatabaseSession
    ) throws {
        var rows: [(member: Int64, text: Int64, region: Int64, day: Int64, until: Int64?)] = []
        rows.reserveCapacity(4 * members.count)
        let today = Int64(Instant(seconds: at).moscowDate.day)
        for (id, prepared) in members {
            let region = Int64(prepared.draft.organisation.region)
            for consent in prepared.draft.consents where consent.isGiven {
                let day = consent.date.map { Int64($0.day) } ?? today
                let text = try text(of: consent, in: session)
                rows.append((id, text.id, region, day, text.until(from: day)))
            }
        }
        try session.load(
            "consent",
            ["member_id", "text_id", "import_id", "region", "given_on", "until"],
            count: rows.count
        ) {
            $1.put(rows[$0].member)
            $1.put(rows[$0].text)
            $1.put(importId)
            $1.put(rows[$0].region)
            $1.put(rows[$0].day)
            if let until = rows[$0].until { $1.put(until) } else { $1.putNull() }
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
        by user: SignedInUser,
        withdrawals: ConsentWithdrawals,
        in session: any DatabaseSession
    ) throws -> Bool {
        let today = Int64(Instant(seconds: at).moscowDate.day)
        let standing = try Self.standing(of: member, on: today, in: session)
        var isChanged = false
        for consent in consents {
            let holds = standing.contains {
                $0.purpose == consent.purpose && $0.recipient == consent.recipient
            }
            guard holds != consent.isGiven else { continue }
            if consent.isGiven {
                let isLate = try isOutdated(consent, of: member, in: session)
                if try isLate || isStopped(consent, consents, of: member, in: session) { continue }
            }
            let text = try text(of: consent, in: session)
            isChanged = true
            if consent.purpose == .bonusTransfer {
                try PartnerJudgement.mark(member, in: session)
            }
            if consent.isGiven {
                try withdrawals.end(
                    consent.purpose,
                    consent.recipient,
                    of: member,
                    by: user,
                    in: session
                )
                try give(
                    consent,
                    to: text,
                    on: consent.date ?? CalendarDate(day: Int(today)),
                    of: member,
                    region: region,
                    import: importId,
                    by: user,
                    ConsentDesk(withdrawals.register),
                    in: session
                )
            } else {
                try withdrawals.begin(
                    .init(
                        purpose: consent.purpose,
                        recipient: consent.recipient,
                        on: CalendarDate(day: Int(today))
                    ),
                    of: member,
                    region: region,
                    by: user,
                    in: session
                )
            }
        }
        return isChanged
    }

    /// Enters a consent as a row of its own, by its list; what that list gave before, as when a row of it
    /// is decided later, stays as it was, and an act gives the newer one.
    private func give(
        _ consent: Consent,
        to text: Text,
        on day: CalendarDate,
        of member: Int64,
        region: UInt8,
        import importId: Int64,
        by user: SignedInUser,
        _ desk: ConsentDesk,
        in session: any DatabaseSession
    ) throws {
        func insert(_ origin: Int64) throws -> Bool {
            try Self.insert(text, by: origin, on: day, of: member, region: region, in: session)
        }
        guard try !insert(importId) else { return }
        let act = try desk.note(
            .init(consent.purpose, recipient: consent.recipient),
            isGiven: true,
            day,
            of: member,
            region: region,
            by: user,
            in: session
        )
        _ = try insert(-act)
    }

    /// Enters a consent by its origin: a list by its number, an act by its negated one.
    ///
    /// - Returns: False when that origin gave it before; then that stays as it is.
    static func insert(
        _ text: Text,
        by origin: Int64,
        on day: CalendarDate,
        of member: Int64,
        region: UInt8,
        in session: any DatabaseSession
    ) throws -> Bool {
        try session.execute(
            """
            INSERT INTO consent (member_id, text_id, import_id, region, given_on, until)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (member_id, text_id, import_id) DO NOTHING
            """,
            [
                .integer(member), .integer(text.id), .integer(origin), .int(region),
                .int(day.day), .optional(text.until(from: Int64(day.day))),
            ]
        ) > 0
    }

    /// Whether the member took back the consent to the keeping of the record, and these answers,
    /// older than that, do not bring it back.
    func isOver(
        of member: Int64,
        _ answers: [Consent],
        at: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        guard let answer = answers.first(where: { $0.purpose == .register && $0.isGiven }),
            try isOutdated(answer, of: member, in: session)
        else { return false }
        let today = Int64(Instant(seconds: at).moscowDate.day)
        return try !Self.standing(of: member, on: today, in: session)
            .contains { $0.purpose == .register }
    }

    /// Whether nothing else may be consented to: the consent to the keeping of the record is withdrawn,
    /// and the same answers do not give it again.
    private func isStopped(
        _ consent: Consent,
        _ answers: [Consent],
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        guard consent.purpose != .register,
            try ConsentWithdrawals.stopsAll(of: member, in: session)
        else { return false }
        guard let answer = answers.first(where: { $0.purpose == .register && $0.isGiven }) else {
            return true
        }
        return try isOutdated(answer, of: member, in: session)
    }

    /// Whether a withdrawal came after this answer: a list that was made before it, or that gives no
    /// date against a withdrawal on paper, does not bring the consent back.
    private func isOutdated(
        _ consent: Consent,
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        if let day = consent.date {
            let last = try Self.lastWithdrawal(
                consent.purpose,
                consent.recipient,
                of: member,
                in: session
            )
            return last.map { day <= $0 } ?? false
        }
        return try session.first(
            """
            SELECT 1 FROM consent_act WHERE member_id = $1 AND purpose = $2 AND recipient = $3
                AND kind = 'withdrawn'
            """,
            [.integer(member), .text(consent.purpose.rawValue), .text(consent.recipient)]
        ) { _ in true } ?? false
    }

    /// The day on which a purpose was last withdrawn.
    static func lastWithdrawal(
        _ purpose: ConsentPurpose,
        _ recipient: String,
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> CalendarDate? {
        try session.first(
            """
            SELECT max(c.withdrawn_on) FROM consent c JOIN consent_text t ON t.id = c.text_id
            WHERE c.member_id = $1 AND t.purpose = $2 AND t.recipient = $3
            """,
            [.integer(member), .text(purpose.rawValue), .text(recipient)]
        ) { $0.optionalInteger(0).map { CalendarDate(day: Int($0)) } } ?? nil
    }

    /// The condition of a consent `c` that holds on a day: none does while the consent to the keeping of
    /// the record is withdrawn.
    static func holds(on day: Int64) -> String {
        """
        c.withdrawn_on IS NULL AND (c.until IS NULL OR c.until >= \(day))
            AND NOT \(ConsentWithdrawals.stopsAll(of: "c.member_id"))
        """
    }

    /// The consents that hold on a day.
    static func standing(
        of member: Int64,
        on day: Int64,
        in session: any DatabaseSession
    ) throws -> [(purpose: ConsentPurpose, recipient: String, givenOn: CalendarDate)] {
        try session.all(
            """
            SELECT t.purpose, t.recipient, max(c.given_on) FROM consent c
            JOIN consent_text t ON t.id = c.text_id
            WHERE c.member_id = $1 AND \(holds(on: day))
            GROUP BY t.purpose, t.recipient ORDER BY t.purpose, t.recipient
            """,
            [.integer(member)]
        ) { row -> (ConsentPurpose, String, CalendarDate)? in
            guard let purpose = ConsentPurpose(rawValue: row.text(0)) else { return nil }
            return (purpose, row.text(1), CalendarDate(day: Int(row.integer(2))))
        }.compactMap(\.self)
    }

    /// Everything a member ever answered with yes, oldest first; or what one act at the desk gave.
    static func history(
        of member: Int64,
        act: Int64? = nil,
        in session: any DatabaseSession
    ) throws -> [MemberFile.GivenConsent] {
        func date(_ row: any DatabaseRow, _ column: Int) -> CalendarDate? {
            row.optionalInteger(column).map { CalendarDate(day: Int($0)) }
        }
        return try session.all(
            """
            SELECT t.purpose, t.recipient, t.version_hash, t.form, c.given_on, c.until,
                c.withdrawn_on
            FROM consent c JOIN consent_text t ON t.id = c.text_id
            WHERE c.member_id = $1\(act.map { " AND c.import_id = \(-$0)" } ?? "")
            ORDER BY c.given_on, t.purpose
            """,
            [.integer(member)]
        ) { row -> MemberFile.GivenConsent? in
            guard let purpose = ConsentPurpose(rawValue: row.text(0)) else { return nil }
            return MemberFile.GivenConsent(
                purpose: purpose,
                recipient: row.text(1),
                hash: row.text(2).isEmpty ? nil : row.text(2),
                form: row.text(3),
                givenOn: CalendarDate(day: Int(row.integer(4))),
                until: date(row, 5),
                withdrawnOn: date(row, 6)
            )
        }.compactMap(\.self)
    }

    private func text(of consent: Consent, in session: any DatabaseSession) throws -> Text {
        for text in texts
        where text.purpose == consent.purpose && text.recipient == consent.recipient {
            return text
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
        let text = Text(
            purpose: consent.purpose,
            recipient: consent.recipient,
            id: id,
            years: nil
        )
        texts.append(text)
        return text
    }
}

extension ConsentLedger.Text {
    /// The last day of a consent given on `day`; nil until withdrawn.
    func until(from day: Int64) -> Int64? {
        years.map { Int64(CalendarDate(day: Int(day)).adding(years: $0).day) - 1 }
    }
}
