import TicketSeal
public import UnionTicket

/// The people who work with the register: role, scope and a signing key under each one's own
/// passphrase.
public struct UserDirectory: Sendable {
    let register: Register

    /// The users of this register.
    public init(_ register: Register) { self.register = register }

    /// What a list of users shows.
    public struct Account: Sendable, Equatable {
        /// The account's name.
        public let name: String
        /// What the person may do.
        public let role: Role
        /// Whose subtree the person may touch.
        public let scope: OrganisationCode
        /// First bytes of the signing key's thumbprint, hexadecimal.
        public let kid: String
        /// Wrong passphrases since the last right one.
        public let failures: Int
        /// Whether too many wrong passphrases locked the account.
        public let isLocked: Bool
        /// Since when the account is disabled.
        public let disabledAt: Instant?
    }

    /// Wrong passphrases in a row that lock an account, unless the register says otherwise.
    public static let defaultLockAfter = 5

    /// Signs a person in; counts wrong passphrases and locks the account after the limit.
    ///
    /// - Throws: ``RegisterError`` with code `notSignedIn`; the text never says which part was wrong
    ///   unless the account is locked or disabled.
    public func signIn(_ name: String, passphrase: String) throws -> SignedInUser {
        try signInWithKey(name, passphrase: passphrase).user
    }

    /// Signs a person in and hands out their signing key for approvals.
    func signInWithKey(
        _ name: String,
        passphrase: String
    ) throws -> (user: SignedInUser, key: SigningKey) {
        let found = try register.read { session in
            (row: try Self.row(name, in: session), limit: try Self.lockAfter(session))
        }
        guard let row = found.row else { throw Self.wrong }
        if row.isDisabled {
            throw RegisterError(
                .notSignedIn,
                "Учётная запись «\(name)» отключена. Обратитесь к администратору.",
                "The account \(name) is disabled. Ask an administrator."
            )
        }
        if row.failures >= found.limit { throw Self.locked(name) }
        guard
            let secret = try? SealedFile.open(
                row.sealedKey,
                passphrase: passphrase,
                purpose: .userKey
            ),
            let key = SigningKey(algorithm: .edDSA, privateBytes: secret)
        else {
            try countFailure(row.user)
            if row.failures + 1 >= found.limit { throw Self.locked(name) }
            throw Self.wrong
        }
        if row.failures > 0 {
            try register.write { session in
                try session.execute(
                    "UPDATE app_user SET failures = 0 WHERE id = $1",
                    [.integer(row.user.id)]
                )
            }
        }
        return (row.user, key)
    }

    /// Adds a person; the passphrase seals a new signing key, or the given one.
    ///
    /// - Throws: ``RegisterError``: the name is taken, or the key belongs to another account: one
    ///   person under two names on one key is refused.
    public func add(
        _ name: String,
        role: Role,
        scope: OrganisationCode,
        passphrase: String,
        sealedKey: [UInt8]? = nil,
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.manageUsers)
        try insert(name, role: role, scope: scope, passphrase: passphrase, sealedKey: sealedKey) {
            ($0, user)
        }
    }

    /// The sealed signing key of an account, for taking it to another register.
    public func exportKey(of name: String, by user: SignedInUser) throws -> [UInt8] {
        if user.name != name { try user.requireEverywhere(.manageUsers) }
        return try register.write { session in
            guard let row = try Self.row(name, in: session) else { throw Self.unknown(name) }
            try AuditLog(register).record("user.exportKey", "user/\(name)", by: user, in: session)
            return row.sealedKey
        }
    }

    /// Ends an account's rights; its rows stay.
    public func disable(_ name: String, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageUsers)
        try change(name, "user.disable", by: user) { row, session in
            try requireOtherAdministrator(than: row, in: session)
            try session.execute(
                "UPDATE app_user SET disabled_at = $1 WHERE id = $2",
                [.integer(register.now().seconds), .integer(row.user.id)]
            )
        }
    }

    /// Ends a lock-out or a disablement.
    public func enable(_ name: String, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageUsers)
        try change(name, "user.enable", by: user) { row, session in
            try session.execute(
                "UPDATE app_user SET disabled_at = NULL, failures = 0 WHERE id = $1",
                [.integer(row.user.id)]
            )
        }
    }

    /// Gives an account another role and scope.
    public func setRole(
        _ name: String,
        role: Role,
        scope: OrganisationCode,
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.manageUsers)
        try change(name, "user.role", "\(role.rawValue) \(scope)", by: user) { row, session in
            if role != .administrator || scope != .centralCouncil {
                try requireOtherAdministrator(than: row, in: session)
            }
            try session.execute(
                "UPDATE app_user SET role = $1, scope = $2 WHERE id = $3",
                [.text(role.rawValue), .integer(scope.ordinal), .integer(row.user.id)]
            )
        }
    }

    /// All accounts by name.
    public func list(by user: SignedInUser) throws -> [Account] {
        if !user.permits(.readAudit) { try user.require(.manageUsers) }
        return try register.read { session in
            let limit = try Self.lockAfter(session)
            return try session.all("\(Self.columns) ORDER BY name", []) { row in
                let found = try Self.account(row)
                return Account(
                    name: found.user.name,
                    role: found.user.role,
                    scope: found.user.scope,
                    kid: Hex.text(row.blob(7)),
                    failures: found.failures,
                    isLocked: found.failures >= limit,
                    disabledAt: row.optionalInteger(6).map(Instant.init(seconds:))
                )
            }
        }
    }

    /// The very first account, made with the register itself.
    func addFirst(_ name: String, passphrase: String) throws {
        try insert(
            name,
            role: .administrator,
            scope: .centralCouncil,
            passphrase: passphrase,
            sealedKey: nil
        ) { ($0, $0) }
    }
}

extension UserDirectory {
    struct Row {
        let user: SignedInUser
        let sealedKey: [UInt8]
        let failures: Int
        let isDisabled: Bool
    }

    static let columns = """
        SELECT id, name, role, scope, sealed_key, failures, disabled_at, public_key FROM app_user
        """

    static func row(_ name: String, in session: any DatabaseSession) throws -> Row? {
        try session.first("\(columns) WHERE name = $1", [.text(name)], account)
    }

    static func account(_ row: any DatabaseRow) throws -> Row {
        guard let role = Role(rawValue: row.text(2)),
            let scope = OrganisationCode(ordinal: row.integer(3))
        else { throw DatabaseError(.corrupt, reason: "app_user") }
        return Row(
            user: SignedInUser(id: row.integer(0), name: row.text(1), role: role, scope: scope),
            sealedKey: row.blob(4),
            failures: Int(row.integer(5)),
            isDisabled: !row.isNull(6)
        )
    }

    static func lockAfter(_ session: any DatabaseSession) throws -> Int {
        try Setting.lockAfter.value(in: session).flatMap(Int.init) ?? defaultLockAfter
    }

    private func countFailure(_ user: SignedInUser) throws {
        try register.write { session in
            try session.execute(
                "UPDATE app_user SET failures = failures + 1 WHERE id = $1",
                [.integer(user.id)]
            )
            try AuditLog(register).record(
                "user.wrongPassphrase",
                "user/\(user.name)",
                by: user,
                in: session
            )
        }
        try AuditLog(register).countersignHead()
    }

    /// Whoever gives others their roles must stay: an administrator of the whole union.
    private func requireOtherAdministrator(
        than row: Row,
        in session: any DatabaseSession
    ) throws {
        guard row.user.role == .administrator, row.user.scope == .centralCouncil else { return }
        let others = try session.first(
            """
            SELECT count(*) FROM app_user
            WHERE role = 'administrator' AND scope = $1 AND disabled_at IS NULL AND id <> $2
            """,
            [.integer(OrganisationCode.centralCouncil.ordinal), .integer(row.user.id)]
        ) { $0.integer(0) }
        guard others == 0 else { return }
        throw RegisterError(
            .refused,
            "Это последний администратор всего Профсоюза. Сначала добавьте другого: profbilet user "
                + "add.",
            "This is the last administrator of the whole union. First add another: profbilet user add."
        )
    }

    private func change(
        _ name: String,
        _ action: String,
        _ detail: String = "",
        by user: SignedInUser,
        _ body: (Row, any DatabaseSession) throws -> Void
    ) throws {
        try register.write { session in
            guard let row = try Self.row(name, in: session) else { throw Self.unknown(name) }
            try body(row, session)
            try AuditLog(register).record(action, "user/\(name)", detail, by: user, in: session)
        }
    }

    private func insert(
        _ name: String,
        role: Role,
        scope: OrganisationCode,
        passphrase: String,
        sealedKey: [UInt8]?,
        _ actors: (SignedInUser) -> (SignedInUser, SignedInUser)
    ) throws {
        let key: SigningKey
        if let sealedKey {
            key = try Self.opened(sealedKey, passphrase: passphrase)
        } else {
            key = SigningKey.generate(.edDSA)
        }
        try Passphrase.require(passphrase)
        let sealed = try register.scheme.stretching { try key.sealed(passphrase, .userKey) }
        try register.write { session in
            let id = try Counter.user.take(in: session)
            let added = SignedInUser(id: id, name: name, role: role, scope: scope)
            do {
                try session.execute(
                    """
                    INSERT INTO app_user (id, name, role, scope, public_key, sealed_key, created_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7)
                    """,
                    [
                        .integer(id), .text(name), .text(role.rawValue), .integer(scope.ordinal),
                        .blob(key.publicKey.thumbprint), .blob(sealed),
                        .integer(register.now().seconds),
                    ]
                )
            } catch let failure as DatabaseError where failure.code == .constraint {
                throw Self.taken(name, failure)
            }
            try AuditLog(register).record(
                "user.add",
                "user/\(name)",
                "\(role.rawValue) \(scope)",
                by: actors(added).1,
                in: session
            )
        }
    }

    private static func opened(_ sealed: [UInt8], passphrase: String) throws -> SigningKey {
        let secret = try? SealedFile.open(sealed, passphrase: passphrase, purpose: .userKey)
        guard let secret, let key = SigningKey(algorithm: .edDSA, privateBytes: secret) else {
            throw RegisterError(
                .wrongPassphrase,
                "Ключ пользователя не открывается этой парольной фразой.",
                "The user's key does not open with this passphrase."
            )
        }
        return key
    }

    private static var wrong: RegisterError {
        RegisterError(
            .notSignedIn,
            "Неверное имя пользователя или парольная фраза. Проверьте --user (PROFBILET_USER) и фразу; "
                + "забытую заменяет администратор: user disable, затем user add с другим именем.",
            "Wrong user name or passphrase. Check --user (PROFBILET_USER) and the phrase; an "
                + "administrator replaces a forgotten one: user disable, then user add by another name."
        )
    }

    private static func locked(_ name: String) -> RegisterError {
        RegisterError(
            .notSignedIn,
            "Учётная запись «\(name)» заблокирована после неверных парольных фраз. "
                + "Администратор снимает блокировку: profbilet user enable \(name).",
            "The account \(name) is locked after wrong passphrases. "
                + "An administrator unlocks it: profbilet user enable \(name)."
        )
    }

    private static func unknown(_ name: String) -> RegisterError {
        RegisterError(
            .notFound,
            "Нет пользователя «\(name)». Список: profbilet user list.",
            "There is no user \(name). See: profbilet user list."
        )
    }

    private static func taken(_ name: String, _ failure: DatabaseError) -> RegisterError {
        if (failure.constraint ?? failure.reason).contains("public_key") {
            return RegisterError(
                .refused,
                "Этот ключ уже принадлежит другой учётной записи: один человек — одно имя.",
                "This key already belongs to another account: one person, one name."
            )
        }
        return RegisterError(
            .refused,
            "Имя «\(name)» занято или недопустимо (1–64 знака).",
            "The name \(name) is taken or not allowed (1–64 characters)."
        )
    }
}

/// What a passphrase must at least be.
enum Passphrase {
    static func require(_ passphrase: String) throws {
        guard passphrase.unicodeScalars.count >= 8 else {
            throw RegisterError(
                .badInput,
                "Парольная фраза короче 8 знаков. Задайте более длинную.",
                "The passphrase is shorter than 8 characters. Choose a longer one."
            )
        }
    }
}
