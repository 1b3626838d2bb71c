import UnionTicket

/// Ceremonies of keys need two persons wherever there are two who may hold them (privacy.md, security).
enum FourEyes {
    /// Refuses a ceremony that nobody but its author confirms, though somebody else could.
    ///
    /// - Throws: ``RegisterError`` without a second person, with the same one twice, or with one who
    ///   may not hold keys.
    static func require(
        _ second: SignedInUser?,
        beside user: SignedInUser,
        for subject: String,
        of register: Register,
        in session: any DatabaseSession
    ) throws {
        if let second {
            guard second.id != user.id else {
                throw RegisterError(
                    .refused,
                    "Второй человек — не вы: укажите другого администратора в --second-user.",
                    "The second person is not yourself: name another administrator with --second-user."
                )
            }
            try second.requireEverywhere(.manageKeys)
            try AuditLog(register).record("keys.confirm", subject, "", by: second, in: session)
            return
        }
        let holders = Role.allCases.filter { $0.permits(.manageKeys) }
        let other = try session.first(
            """
            SELECT name FROM app_user WHERE id <> $1 AND disabled_at IS NULL AND scope = $2
            AND (\(RegisterSchema.oneOf("role", holders))) ORDER BY id
            """,
            [.integer(user.id), .integer(OrganisationCode.centralCouncil.ordinal)]
        ) { $0.text(0) }
        guard let other else { return }
        throw RegisterError(
            .refused,
            "Ключи меняют и отзывают вдвоём: укажите второго администратора, --second-user "
                + "«\(other)» (его парольная фраза — PROFBILET_SECOND_PASSPHRASE). Ничего не изменено.",
            "Keys are replaced and ended by two persons: name a second administrator, --second-user "
                + "\(other) (their passphrase is PROFBILET_SECOND_PASSPHRASE). Nothing was changed."
        )
    }
}
