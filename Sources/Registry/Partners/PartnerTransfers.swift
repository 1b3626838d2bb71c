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
        let withNumber: Bool
    }

    /// Every transfer of a member's row, oldest first; a base repeats what stood before it.
    func all(of member: Int64, in session: any DatabaseSession) throws -> [Transfer] {
        var found: [Transfer] = []
        for partner in try Partners(register).list(in: session) {
            let name = SQLValue.blob(partner.key.pseudonym(of: member))
            try session.query(
                """
                SELECT k.sequence, coalesce(k.sent_at, k.created_at), r.status, r.number
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
                        withNumber: !row.isNull(3)
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
        let name = SQLValue.blob(partner.key.pseudonym(of: member))
        let last = try session.first(
            """
            SELECT r.status, (SELECT count(*) FROM partner_package k
                WHERE k.partner_id = r.partner_id AND k.sequence >= r.sequence
                AND k.state = 'applied')
            FROM partner_row r WHERE r.partner_id = $1 AND r.pseudonym = $2 AND r.sequence <= $3
            ORDER BY r.sequence DESC LIMIT 1
            """,
            [.integer(partner.id), name, .int(partner.sequence)]
        ) { (status: PartnerStatus(rawValue: $0.text(0)), applied: $0.integer(1)) }
        guard let last, let status = last.status else { return false }
        return status.isMember || last.applied == 0
    }

    /// The members whose revocations became applied with a package: those of earlier packages that a
    /// base made unnecessary are among them.
    func revoked(
        by sequence: Int,
        _ partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> [Int64] {
        try session.all(
            """
            SELECT l.pseudonym, l.sealed_member FROM partner_row r JOIN partner_link l
                ON l.partner_id = r.partner_id AND l.pseudonym = r.pseudonym
            WHERE r.partner_id = $1 AND r.sequence <= $2 AND r.status IN ('revoked', 'merged')
                AND r.sequence > (SELECT coalesce(max(k.sequence), 0) FROM partner_package k
                WHERE k.partner_id = r.partner_id AND k.sequence < $3 AND k.state = 'applied')
            """,
            [.integer(partner.id), .int(sequence), .int(sequence)]
        ) { row in try partner.key.open(row.blob(1), of: row.blob(0)) }
    }
}
