public import UnionTicket
import TicketSeal

/// One-time codes with which a member lets a partner join its participant to a ticket.
///
/// 14 random digits (46 bits), kept as keyed hashes, good for one partner and one member. A wrong code
/// spends the member's open code, never locks the member: a new one can always be made.
public struct PartnerCodes: Sendable {
    let register: Register

    /// The codes of this register.
    public init(_ register: Register) { self.register = register }

    /// How long a code is good, seconds.
    public static let life: Int64 = 14 * 86_400
    /// Wrong codes that spend an open one.
    static let attempts = 5

    /// Makes a code in place of the member's open one.
    ///
    /// - Parameters:
    ///   - reference: АИС identifier, `#row` or ticket number.
    ///   - partner: The partner's short name.
    ///   - user: Who makes it.
    /// - Returns: The code in groups of four, shown once, and when it ends.
    /// - Throws: ``RegisterError``: no such member or partner, or the member has no ticket.
    public func create(
        for reference: String,
        partner: String,
        by user: SignedInUser
    ) throws -> (code: String, expiresAt: Instant) {
        try user.require(.manageCodes)
        return try register.write { session in
            let known = try Partners(register).partner(partner, in: session)
            let member = try MemberFile(register).row(reference, by: user, in: session)
            guard try MemberFile(register).ticket(of: member, in: session) != nil else {
                throw RegisterError(
                    .refused,
                    "У человека ещё нет номера билета: сначала закажите карту.",
                    "The person has no ticket number yet: order a card first."
                )
            }
            try session.execute(
                """
                UPDATE partner_code SET state = 'revoked'
                WHERE partner_id = $1 AND member_id = $2 AND state = 'open'
                """,
                [.integer(known.id), .integer(member)]
            )
            let code = Self.draw()
            let expiresAt = register.now() + Self.life
            try session.execute(
                """
                INSERT INTO partner_code (hash, partner_id, member_id, state, created_at,
                    created_by, expires_at) VALUES ($1, $2, $3, 'open', $4, $5, $6)
                """,
                [
                    .blob(hash(code, known.id)), .integer(known.id), .integer(member),
                    .integer(register.now().seconds), .integer(user.id),
                    .integer(expiresAt.seconds),
                ]
            )
            try AuditLog(register).record(
                "partner.code",
                "member/\(member)",
                partner,
                by: user,
                in: session
            )
            return (Self.printed(code), expiresAt)
        }
    }

    /// The member of an open code, without using it up.
    func holder(
        _ code: String,
        _ partner: Int64,
        in session: any DatabaseSession
    ) throws -> Int64? {
        guard let digits = Self.digits(code) else { return nil }
        return try session.first(
            """
            SELECT member_id FROM partner_code
            WHERE hash = $1 AND partner_id = $2 AND state = 'open' AND expires_at > $3
            """,
            [
                .blob(hash(digits, partner)), .integer(partner),
                .integer(register.now().seconds),
            ]
        ) { $0.integer(0) }
    }

    /// Uses a member's open code up.
    func use(of member: Int64, _ partner: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            """
            UPDATE partner_code SET state = 'used'
            WHERE partner_id = $1 AND member_id = $2 AND state = 'open'
            """,
            [.integer(partner), .integer(member)]
        )
    }

    /// Notes a wrong code for a member's ticket.
    func fail(of member: Int64, _ partner: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            """
            UPDATE partner_code SET failures = failures + 1,
                state = CASE WHEN failures + 1 >= \(Self.attempts) THEN 'spent' ELSE state END
            WHERE partner_id = $1 AND member_id = $2 AND state = 'open'
            """,
            [.integer(partner), .integer(member)]
        )
    }

    private func hash(_ digits: String, _ partner: Int64) -> [UInt8] {
        register.secrets.partnerCodes.bytes(Array("\(partner)/\(digits)".utf8))
    }

    private static func draw() -> String {
        var generator = SystemRandomNumberGenerator()
        return padded(Int.random(in: 0..<100_000_000_000_000, using: &generator), 14)
    }

    private static func printed(_ digits: String) -> String {
        let all = Array(digits)
        return stride(from: 0, to: all.count, by: 4)
            .map { String(all[$0..<min($0 + 4, all.count)]) }.joined(separator: " ")
    }

    /// The 14 digits that a person typed; spaces and hyphens are dropped.
    private static func digits(_ text: String) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let digits = text.filter { $0 != " " && $0 != "-" && $0 != "\u{A0}" }
        let isCode =
            digits.utf8.count == 14 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isCode ? digits : nil
    }
}
