import UnionTicket

// Which records were merged away, and what they go on as.
extension MemberMerge {
    /// The records that merged-away ones go on as, at the end of all merges; those that stand for
    /// themselves are not among the keys.
    static func heirs(
        of members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: Int64] {
        var found: [Int64: Int64] = [:]
        for part in members.map(SQLValue.integer).parts(of: 256) {
            let condition = "WHERE member_id IN (\(part.placeholders))"
            try heirs(condition, part.padded, in: session) { found[$0] = $1 }
        }
        return found
    }

    /// The heirs of all records that were ever merged away; there are few.
    static func heirs(in session: any DatabaseSession) throws -> [Int64: Int64] {
        var found: [Int64: Int64] = [:]
        try heirs("", [], in: session) { found[$0] = $1 }
        return found
    }

    private static func heirs(
        _ condition: String,
        _ arguments: [SQLValue],
        in session: any DatabaseSession,
        _ each: (Int64, Int64) -> Void
    ) throws {
        try session.query(
            """
            WITH RECURSIVE chain (member_id, heir) AS (
                SELECT member_id, into_member FROM member_merge \(condition)
                UNION SELECT l.member_id, g.into_member FROM chain l
                    JOIN member_merge g ON g.member_id = l.heir
            )
            SELECT l.member_id, l.heir FROM chain l
            WHERE NOT EXISTS (SELECT 1 FROM member_merge g WHERE g.member_id = l.heir)
            """,
            arguments
        ) { each($0.integer(0), $0.integer(1)) }
    }

    /// All records that were merged into any of these, at once or by way of others.
    static func absorbed(
        by members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64] {
        var found: Set<Int64> = []
        for part in members.map(SQLValue.integer).parts(of: 256) {
            try session.query(
                """
                WITH RECURSIVE merged (id) AS (
                    SELECT member_id FROM member_merge WHERE into_member IN (\(part.placeholders))
                    UNION SELECT g.member_id FROM merged r
                        JOIN member_merge g ON g.into_member = r.id
                )
                SELECT id FROM merged
                """,
                part.padded
            ) { found.insert($0.integer(0)) }
        }
        return found.sorted()
    }

    /// The records merged into this one whose data the register still holds.
    static func held(
        under member: Int64,
        in session: any DatabaseSession
    ) throws -> [Int64] {
        try absorbed(by: [member], in: session).filter { id in
            try session.first(
                "SELECT 1 FROM member WHERE id = $1 AND fingerprint <> 0",
                [.integer(id)]
            ) { _ in true } ?? false
        }
    }

    /// Whether the bearer of an АИС identifier was merged into another record: it stays with that one.
    static func isMergedAway(
        bearerOf aisId: String,
        in session: any DatabaseSession
    ) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM member m JOIN member_merge g ON g.member_id = m.id WHERE m.ais_id = $1
            """,
            [.text(aisId)]
        ) { _ in true } ?? false
    }

    /// Why nothing is done with a record that was merged away.
    static func refusal(heir: Int64) -> Bilingual {
        Bilingual(
            "запись объединена с записью #\(heir): действует она, укажите #\(heir)",
            "the record was merged into #\(heir), which goes on: name #\(heir)"
        )
    }
}
