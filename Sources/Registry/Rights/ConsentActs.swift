import TicketSeal
import UnionTicket

// What lies behind a consent that was given by itself, not by a list.
extension ConsentDesk {
    /// Enters a consent as a row of its own, through an act, so that whatever was given and withdrawn
    /// before stays as it was; what is still open of the withdrawal ends.
    ///
    /// - Returns: The act's number.
    func enter(
        _ given: Given,
        to text: ConsentLedger.Text,
        on day: CalendarDate,
        of member: Int64,
        region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let act = try note(
            given,
            isGiven: true,
            day,
            of: member,
            region: region,
            by: user,
            in: session
        )
        guard
            try ConsentLedger
                .insert(text, by: -act, on: day, of: member, region: region, in: session)
        else { throw DatabaseError(.constraint, reason: "consent of act \(act)") }
        try ConsentWithdrawals(register)
            .end(given.purpose, given.recipient, of: member, by: user, in: session)
        if given.purpose == .bonusTransfer || given.purpose == .register {
            try PartnerJudgement.mark(member, in: session)
        }
        try AuditLog(register).record(
            "consent.give",
            "member/\(member)",
            "\(given.purpose.rawValue) \(given.recipient) \(day.iso)",
            by: user,
            in: session
        )
        return act
    }

    /// Notes who gave or withdrew what, and on which day.
    ///
    /// - Returns: The act's number.
    func note(
        _ given: Given,
        isGiven: Bool,
        _ day: CalendarDate,
        of member: Int64,
        region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let id = try Counter.consentAct.take(in: session)
        let name = given.signer
        guard name.utf8.count <= 400 else {
            throw RegisterError(
                .badInput,
                "Имя представителя длиннее 200 знаков.",
                "The representative's name is longer than 200 characters."
            )
        }
        let sealed =
            try name.isEmpty
            ? nil : MemberVault(register: register).seal(note: name, member: member)
        try session.execute(
            """
            INSERT INTO consent_act (id, region, member_id, purpose, recipient, kind, day, at,
                user_id, sealed_representative) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .integer(id), .int(region), .integer(member), .text(given.purpose.rawValue),
                .text(given.recipient), .text(isGiven ? "given" : "withdrawn"), .int(day.day),
                .integer(register.now().seconds), .integer(user.id),
                sealed.map(SQLValue.blob) ?? .null,
            ]
        )
        return id
    }

    /// A member's acts, oldest first.
    func acts(of member: Int64, in session: any DatabaseSession) throws -> [Act] {
        let vault = MemberVault(register: register)
        let rows = try session.all(
            """
            SELECT a.purpose, a.recipient, a.kind, a.day, a.at, u.name, a.sealed_representative
            FROM consent_act a JOIN app_user u ON u.id = a.user_id
            WHERE a.member_id = $1 ORDER BY a.id
            """,
            [.integer(member)]
        ) { row in
            (
                row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4), row.text(5),
                row.optionalBlob(6)
            )
        }
        return try rows.compactMap { row in
            guard let purpose = ConsentPurpose(rawValue: row.0) else { return nil }
            return Act(
                purpose: purpose,
                recipient: row.1,
                isGiven: row.2 == "given",
                day: CalendarDate(day: Int(row.3)),
                at: Instant(seconds: row.4),
                user: row.5,
                representative: try row.6.map { try vault.open(note: $0, member: member) }
            )
        }
    }
}
