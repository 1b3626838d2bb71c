import UnionTicket

/// What members were before they changed, so that a past date can be counted as it was.
struct MemberPast {
    let register: Register

    /// Keeps a member's place, category and standing as they are now, before they change.
    func keep(_ member: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO member_past (seq, region, member_id, until, organisation, category, state)
            SELECT $1, region, id, $2, organisation, category, state FROM member WHERE id = $3
            """,
            [
                .integer(try Counter.memberPast.take(in: session)),
                .integer(register.now().seconds), .integer(member),
            ]
        )
    }
}
