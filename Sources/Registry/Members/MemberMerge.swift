import UnionTicket

/// Two records of one person become one: what the union wants of the second record goes to the first.
public struct MemberMerge: Sendable {
    let register: Register

    /// Merges in this register.
    public init(_ register: Register) { self.register = register }

    /// Ends a record that turned out to be somebody else's second one.
    ///
    /// Its open orders are cancelled, its carriers withdrawn, and its number stays with it, for a
    /// number never changes hands. Consents stay where they were given. Partners that know both get a
    /// `merge` row. The record becomes no member again: rows of rosters that mean it are taken for the
    /// one that goes on, whose dossier, erasure and withdrawal of the keeping of the record cover it.
    ///
    /// - Parameters:
    ///   - duplicate: The record that ends: АИС identifier, `#row` or ticket number.
    ///   - member: The record that goes on.
    ///   - reason: On what ground; goes to the audit log, so no name may stand in it.
    ///   - user: Who does it.
    /// - Throws: ``RegisterError``: name and birth date differ, it is one record, or one of them was
    ///   merged or erased before.
    public func merge(
        _ duplicate: String,
        into member: String,
        reason: String,
        by user: SignedInUser
    ) throws {
        try user.require(.resolveConflicts)
        try user.require(.changeMembers)
        try register.write { session in
            let file = MemberFile(register)
            let (old, new) = (
                try file.find(duplicate, in: session), try file.find(member, in: session)
            )
            for id in [old, new] {
                try user.require(.changeMembers, at: try file.organisation(of: id, in: session))
            }
            try requireSamePerson(old, new, in: session)
            let state =
                try session.first(
                    "SELECT state FROM member WHERE id = $1",
                    [.integer(old)]
                ) { MemberStatus(rawValue: $0.text(0)) } ?? nil
            if let state, state.successors.contains(.left) {
                try file.change(old, to: .left, reason: "merged", by: user, in: session)
            }
            try session.execute(
                """
                INSERT INTO member_merge (member_id, into_member, at, user_id)
                VALUES ($1, $2, $3, $4)
                """,
                [
                    .integer(old), .integer(new), .integer(register.now().seconds),
                    .integer(user.id),
                ]
            )
            for id in [old, new] { try PartnerJudgement.mark(id, in: session) }
            try AuditLog(register).record(
                "member.merge",
                "member/\(old)",
                "into \(new): \(reason)",
                by: user,
                in: session
            )
        }
    }

    private func requireSamePerson(
        _ old: Int64,
        _ new: Int64,
        in session: any DatabaseSession
    ) throws {
        let hashes = try session.all(
            "SELECT name_hash, birth_hash FROM member WHERE id IN ($1, $2) AND fingerprint <> 0",
            [.integer(old), .integer(new)]
        ) { [$0.integer(0), $0.integer(1)] }
        let merged = try session.first(
            "SELECT 1 FROM member_merge WHERE member_id IN ($1, $2)",
            [.integer(old), .integer(new)]
        ) { $0.integer(0) }
        guard old != new, hashes.count == 2, hashes[0] == hashes[1], merged == nil else {
            throw RegisterError(
                .refused,
                "Это не две записи одного человека: имя и дата рождения должны совпадать, и ни одна "
                    + "запись не объединена раньше. Исправьте данные списком.",
                "These are not two records of one person: name and birth date must agree, and "
                    + "neither may be merged already. Mend the data by a roster."
            )
        }
    }
}
