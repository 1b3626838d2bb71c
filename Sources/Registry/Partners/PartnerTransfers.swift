import TicketSeal
import UnionTicket

/// What partners were told of one member: the rows of the packages themselves are the record of each
/// transfer (privacy.md L2).
struct PartnerTransfers {
    let register: Register

    /// One row of one package that left.
    struct Transfer: Equatable {
        let partner: String
        let title: String
        let sequence: Int
        let at: Instant
        let status: PartnerStatus
        /// What the contract has rows of members hold.
        let columns: PartnerRow.Columns
    }

    /// Every transfer of a member's row, oldest first; a base repeats what stood before it.
    func all(of member: Int64, in session: any DatabaseSession) throws -> [Transfer] {
        var found: [Transfer] = []
        for partner in try Partners(register).list(in: session) {
            let name = SQLValue.blob(partner.key.pseudonym(of: member))
            try session.query(
                """
                SELECT k.sequence, coalesce(k.sent_at, k.created_at), r.status
                FROM partner_package k JOIN partner_row r
                    ON r.partner_id = k.partner_id AND r.pseudonym = $1 AND r.sequence =
                    (SELECT max(x.sequence) FROM partner_row x WHERE x.partner_id = k.partner_id
                    AND x.pseudonym = $2 AND x.sequence <= k.sequence)
                WHERE k.partner_id = $3 AND k.state <> 'prepared'
                    AND (r.sequence = k.sequence OR (k.kind = 'base'
                    AND r.status IN ('active', 'suspended')))
                ORDER BY k.sequence
                """,
                [name, name, .integer(partner.id)]
            ) { row in
                guard let status = PartnerStatus(rawValue: row.text(2)) else { return }
                found.append(
                    Transfer(
                        partner: partner.terms.name,
                        title: partner.terms.title,
                        sequence: Int(row.integer(0)),
                        at: Instant(seconds: row.integer(1)),
                        status: status,
                        columns: partner.terms.columns
                    )
                )
            }
        }
        return found.sorted { ($0.at, $0.sequence) < ($1.at, $1.sequence) }
    }

    /// Whether a consent's recipient was given the member and has not applied a revocation since.
    func isHeld(
        by recipient: String,
        _ member: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        let partner = try Partners(register).list(in: session).first {
            $0.terms.recipient == recipient
        }
        guard let partner else { return false }
        let wasSent = try session.first(
            """
            SELECT 1 FROM partner_row WHERE partner_id = $1 AND pseudonym = $2 AND sequence <= $3
            LIMIT 1
            """,
            [
                .integer(partner.id), .blob(partner.key.pseudonym(of: member)),
                .int(partner.sequence),
            ]
        ) { _ in true }
        return try wasSent != nil && dropped(among: [member], by: partner, in: session).isEmpty
    }

    /// Those of the members whom the partner does not hold any more: the last row that was sent of them
    /// revokes, and a package that holds it, or made it unnecessary, is applied.
    ///
    /// Asked by the members and not by the links of pseudonyms: an erased member's link is destroyed
    /// before the partner answers.
    func dropped(
        among members: [Int64],
        by partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> Set<Int64> {
        let names = Dictionary(
            members.map { (partner.key.pseudonym(of: $0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var found: Set<Int64> = []
        for part in names.keys.map(SQLValue.blob).parts(of: 256) {
            try session.query(
                """
                SELECT r.pseudonym FROM partner_row r
                WHERE r.pseudonym IN (\(part.placeholders)) AND r.partner_id = \(partner.id)
                AND r.status IN ('revoked', 'merged') AND r.sequence =
                    (SELECT max(x.sequence) FROM partner_row x WHERE x.partner_id = r.partner_id
                    AND x.pseudonym = r.pseudonym AND x.sequence <= \(partner.sequence))
                AND EXISTS (SELECT 1 FROM partner_package k WHERE k.partner_id = r.partner_id
                    AND k.sequence >= r.sequence AND k.state = 'applied')
                """,
                part.padded
            ) { row in
                if let member = names[row.blob(0)] { found.insert(member) }
            }
        }
        return found
    }
}
