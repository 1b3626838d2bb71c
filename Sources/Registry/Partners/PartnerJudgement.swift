import TicketSeal
import UnionTicket

/// Brings a partner's next package up to date with the register: judges whoever changed since, and
/// writes the rows that the package will hold.
///
/// Everything happens in short transactions, so a register in use goes on meanwhile, and one that was
/// cut short is simply continued.
struct PartnerJudgement {
    let register: Register

    /// Members judged in one transaction.
    private static let together = 16_384

    /// Judges everything that waits.
    ///
    /// - Returns: How many members were judged.
    @discardableResult
    func run(_ name: String) throws -> Int {
        try register.write { try Self.distribute(in: $0) }
        var judged = 0
        var isFresh = true
        while let (members, full) = try next(name, isFresh: isFresh) {
            isFresh = false
            try register.write { session in
                let partner = try Partners(register).partner(name, in: session)
                try judge(members, for: partner, in: session)
                for part in members.map(SQLValue.integer).parts(of: 256) {
                    try session.execute(
                        """
                        DELETE FROM partner_pending
                        WHERE partner_id = \(partner.id) AND member_id IN (\(part.placeholders))
                        """,
                        part.padded
                    )
                }
                if let full {
                    try session.execute(
                        "UPDATE partner SET full_from = $1 WHERE id = $2",
                        [.optional(full.next), .integer(partner.id)]
                    )
                }
            }
            judged += members.count
        }
        return judged
    }

    /// Judges one member at once, inside the caller's transaction.
    func judge(
        _ member: Int64,
        for partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws {
        try judge([member], for: partner, in: session)
    }

    /// Notes that a member may look different to every partner.
    static func mark(_ member: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO partner_pending (partner_id, member_id) SELECT id, $1 FROM partner
            WHERE 1 = 1 ON CONFLICT DO NOTHING
            """,
            [.integer(member)]
        )
    }

    /// Gives what the triggers noted to every partner.
    static func distribute(in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO partner_pending (partner_id, member_id)
            SELECT p.id, x.member_id FROM partner p
            CROSS JOIN (SELECT DISTINCT member_id FROM partner_change) x
            WHERE EXISTS (SELECT 1 FROM consent c JOIN consent_text t ON t.id = c.text_id
                WHERE c.member_id = x.member_id AND t.purpose = 'bonusTransfer'
                AND t.recipient = p.recipient)
            ON CONFLICT DO NOTHING
            """
        )
        try session.execute("DELETE FROM partner_change")
    }

    /// The next members to judge: those of the first full pass, else those who changed or are due.
    private func next(
        _ name: String,
        isFresh: Bool
    ) throws -> (members: [Int64], full: (next: Int64?, isFull: Bool)?)? {
        try register.write { session in
            let partner = try Partners(register).partner(name, in: session)
            let id = partner.id
            if isFresh { try takeDue(partner, in: session) }
            if let from = partner.fullFrom {
                let members = try everybody(from: from, partner, in: session)
                let isLast = members.count < Self.together
                return (members, (isLast ? nil : members[members.count - 1] + 1, true))
            }
            let members = try session.all(
                """
                SELECT member_id FROM partner_pending WHERE partner_id = $1 ORDER BY member_id
                LIMIT \(Self.together)
                """,
                [.integer(id)]
            ) { $0.integer(0) }
            return members.isEmpty ? nil : (members, nil)
        }
    }

    /// Everybody who consented once; whoever was exported is among them.
    private func everybody(
        from first: Int64,
        _ partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> [Int64] {
        let evaluation = try PartnerEvaluation(
            register,
            partner.terms,
            on: register.now().moscowDate,
            in: session
        )
        return try session.all(
            """
            SELECT DISTINCT member_id FROM consent
            WHERE member_id >= $1 AND text_id IN (\(evaluation.textList))
            ORDER BY member_id LIMIT \(Self.together)
            """,
            [.integer(first)]
        ) { $0.integer(0) }
    }

    private func takeDue(_ partner: Partners.Partner, in session: any DatabaseSession) throws {
        let today = SQLValue.int(register.now().moscowDate.day)
        try session.execute(
            """
            INSERT INTO partner_pending (partner_id, member_id)
            SELECT partner_id, member_id FROM partner_due WHERE partner_id = $1 AND day <= $2
            ON CONFLICT DO NOTHING
            """,
            [.integer(partner.id), today]
        )
        try session.execute(
            "DELETE FROM partner_due WHERE partner_id = $1 AND day <= $2",
            [.integer(partner.id), today]
        )
    }
}

// What becomes of a verdict.
extension PartnerJudgement {
    private func judge(
        _ members: [Int64],
        for partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws {
        let evaluation = try PartnerEvaluation(
            register,
            partner.terms,
            on: register.now().moscowDate,
            in: session
        )
        // What was merged into somebody is told by how that one stands.
        let merged = try MemberMerge.absorbed(by: members, in: session)
        let judged = merged.isEmpty ? members : Set(members + merged).sorted()
        var draft = Draft(partner: partner, at: register.now())
        for start in stride(from: 0, to: judged.count, by: 256) {
            let slice = Array(judged[start..<min(start + 256, judged.count)])
            let verdicts = try evaluation.verdicts(on: slice, in: session)
            let names = slice.map { ($0, partner.key.pseudonym(of: $0)) }
            let versions = try versions(of: names.map(\.1), partner, in: session)
            let held = Set(
                names.filter { versions[$0.1]?.sent?.isMember == true }.map(\.0)
            )
            let endings = try evaluation.endings(
                of: verdicts.filter { $0.value.content == nil && held.contains($0.key) },
                in: session
            )
            for (member, pseudonym) in names {
                guard var verdict = verdicts[member] else { continue }
                verdict.since = endings[member]
                if let into = verdict.mergedInto, versions[pseudonym]?.sent?.isMember == true {
                    let heir = try evaluation.verdicts(on: [into], in: session)[into]
                    if heir?.content == nil { verdict.mergedInto = nil }
                }
                try draft.take(member, pseudonym, verdict, versions[pseudonym])
            }
        }
        try store(draft, in: session)
    }

    /// The last row that was sent and the one that waits.
    struct Versions {
        var sent: Row?
        var waiting: Row?
    }

    struct Row {
        let status: PartnerStatus
        let content: PartnerEvaluation.Content
        /// The pseudonym of the account that this one goes on as.
        let into: [UInt8]?
        var isMember: Bool { status.isMember }
    }

    func versions(
        of pseudonyms: [[UInt8]],
        _ partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> [[UInt8]: Versions] {
        var found: [[UInt8]: Versions] = [:]
        guard let part = pseudonyms.map(SQLValue.blob).parts(of: 256).first else { return found }
        try session.query(
            """
            SELECT pseudonym, sequence, status, number, valid_until, carriers, region, merged_into
            FROM partner_row
            WHERE pseudonym IN (\(part.placeholders)) AND partner_id = \(partner.id)
            ORDER BY pseudonym, sequence
            """,
            part.padded
        ) { row in
            guard let status = PartnerStatus(rawValue: row.text(2)) else { return }
            let version = Row(
                status: status,
                content: PartnerEvaluation.Content(
                    status: status,
                    number: row.optionalInteger(3),
                    validUntil: row.integer(4),
                    carriers: row.integer(5),
                    region: row.integer(6)
                ),
                into: row.optionalBlob(7)
            )
            if row.integer(1) > Int64(partner.sequence) {
                found[row.blob(0), default: Versions()].waiting = version
            } else {
                found[row.blob(0), default: Versions()].sent = version
            }
        }
        return found
    }

    /// What a chunk of verdicts changes.
    private struct Draft {
        let partner: Partners.Partner
        let at: Instant
        var rows:
            [(pseudonym: [UInt8], content: PartnerEvaluation.Content, since: Int64, into: [UInt8]?)] =
                []
        var links: [(pseudonym: [UInt8], sealed: [UInt8])] = []
        var dropped: [[UInt8]] = []
        var forgotten: [[UInt8]] = []
        var due: [(day: Int64, member: Int64)] = []

        mutating func take(
            _ member: Int64,
            _ pseudonym: [UInt8],
            _ verdict: PartnerEvaluation.Verdict,
            _ versions: Versions?
        ) throws {
            let today = Int64(at.moscowDate.day)
            if let day = verdict.due { due.append((day, member)) }
            guard let content = verdict.content else {
                return try end(member, pseudonym, verdict, versions, today)
            }
            if versions == nil {
                links.append((pseudonym, try partner.key.seal(member, for: pseudonym)))
            }
            if versions?.sent?.content == content {
                if versions?.waiting != nil { dropped.append(pseudonym) }
            } else if versions?.waiting?.content != content {
                rows.append((pseudonym, content, today, nil))
            }
        }

        /// Nothing may be said of the member any more.
        private mutating func end(
            _ member: Int64,
            _ pseudonym: [UInt8],
            _ verdict: PartnerEvaluation.Verdict,
            _ versions: Versions?,
            _ today: Int64
        ) throws {
            guard let versions else { return }
            guard versions.sent?.isMember == true else {
                if versions.waiting != nil { dropped.append(pseudonym) }
                if verdict.isErased { forgotten.append(pseudonym) }
                return
            }
            if verdict.isErased { due.append((today + 1, member)) }
            let status: PartnerStatus = verdict.mergedInto == nil ? .revoked : .merged
            let into = verdict.mergedInto.map(partner.key.pseudonym(of:))
            guard versions.waiting?.status != status || versions.waiting?.into != into else {
                return
            }
            let content = PartnerEvaluation.Content(
                status: status,
                number: nil,
                validUntil: 0,
                carriers: 0,
                region: 0
            )
            let since = min(verdict.since ?? today, today)
            rows.append((pseudonym, content, since, into))
        }
    }

    private func store(_ draft: Draft, in session: any DatabaseSession) throws {
        let partner = SQLValue.integer(draft.partner.id)
        let sequence = SQLValue.int(draft.partner.sequence + 1)
        let (rows, at) = (
            draft.rows.sorted { $0.pseudonym.lexicographicallyPrecedes($1.pseudonym) },
            draft.at.seconds
        )
        for link in draft.links {
            try session.execute(
                """
                INSERT INTO partner_link (partner_id, pseudonym, sealed_member)
                VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
                """,
                [partner, .blob(link.pseudonym), .blob(link.sealed)]
            )
        }
        for row in rows {
            try session.execute(
                """
                INSERT INTO partner_row (partner_id, pseudonym, sequence, status, number,
                    valid_until, carriers, region, changed_at, since, merged_into)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                ON CONFLICT (partner_id, pseudonym, sequence) DO UPDATE SET
                    status = excluded.status, number = excluded.number,
                    valid_until = excluded.valid_until, carriers = excluded.carriers,
                    region = excluded.region, changed_at = excluded.changed_at,
                    since = excluded.since, merged_into = excluded.merged_into
                """,
                [
                    partner, .blob(row.pseudonym), sequence, .text(row.content.status.rawValue),
                    .optional(row.content.number), .integer(row.content.validUntil),
                    .integer(row.content.carriers), .integer(row.content.region), .integer(at),
                    .integer(row.since), row.into.map(SQLValue.blob) ?? .null,
                ]
            )
        }
        for pseudonym in draft.dropped {
            try session.execute(
                """
                DELETE FROM partner_row
                WHERE partner_id = $1 AND pseudonym = $2 AND sequence = $3
                """,
                [partner, .blob(pseudonym), sequence]
            )
        }
        for pseudonym in draft.forgotten {
            try session.execute(
                "DELETE FROM partner_link WHERE partner_id = $1 AND pseudonym = $2",
                [partner, .blob(pseudonym)]
            )
            try session.execute(
                """
                UPDATE partner_row SET number = NULL
                WHERE partner_id = $1 AND pseudonym = $2 AND number IS NOT NULL
                """,
                [partner, .blob(pseudonym)]
            )
        }
        for due in draft.due {
            try session.execute(
                """
                INSERT INTO partner_due (partner_id, day, member_id) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING
                """,
                [partner, .integer(due.day), .integer(due.member)]
            )
        }
    }
}
