import TicketSeal
import UnionTicket

/// People who work in a browser: a session each, kept in the register, so that any process of the
/// service knows it and none outlives a disabled account.
///
/// The token is random and stands in the browser only; the register keeps a keyed hash of it.
public struct DeskSessions: Sendable {
    let register: Register

    /// The sessions of this register.
    public init(_ register: Register) { self.register = register }

    /// Seconds without a request after which a session is over.
    public static let idle: Int64 = 15 * 60
    /// Seconds after which any session is over.
    public static let longest: Int64 = 8 * 3600
    /// How stale the time of the last request may be, so that reading seldom writes.
    private static let grain: Int64 = 30

    /// Signs a person in with their own passphrase.
    ///
    /// An unknown name costs as much time as a known one. Whether the name is unknown, the passphrase
    /// wrong, or the account locked or disabled, is not told: whoever guesses from afar learns nothing.
    ///
    /// - Returns: The token of a new session, or nil.
    /// - Throws: ``RegisterError`` when the register cannot be asked.
    public func open(_ name: String, passphrase: String) throws -> String? {
        guard let user = try UserDirectory(register).signInFromAfar(name, passphrase: passphrase)
        else { return nil }
        let token = Base64URL.text(SecureRandom.bytes(32))
        let now = register.now().seconds
        try register.write { session in
            try session.execute(
                "DELETE FROM desk_session WHERE seen_at < $1 OR opened_at < $2",
                [.integer(now - Self.idle), .integer(now - Self.longest)]
            )
            try session.execute(
                "INSERT INTO desk_session (hash, user_id, opened_at, seen_at) VALUES ($1, $2, $3, $4)",
                [.blob(hash(token)), .integer(user.id), .integer(now), .integer(now)]
            )
            try AuditLog(register).record("desk.signIn", "user/\(name)", by: user, in: session)
        }
        return token
    }

    /// The person of a session, with the role and scope the account has now.
    ///
    /// - Returns: nil when the session is unknown or over, or the account disabled.
    public func find(_ token: String) throws -> SignedInUser? {
        let hash = hash(token)
        let now = register.now().seconds
        let found = try register.read { session in
            try session.first(
                "SELECT user_id, opened_at, seen_at FROM desk_session WHERE hash = $1",
                [.blob(hash)]
            ) { (user: $0.integer(0), opened: $0.integer(1), seen: $0.integer(2)) }.map {
                (row: try UserDirectory.row($0.user, in: session), opened: $0.opened, seen: $0.seen)
            }
        }
        guard let found, let row = found.row, !row.isDisabled, now - found.seen <= Self.idle,
            now - found.opened <= Self.longest
        else { return nil }
        if now - found.seen >= Self.grain {
            try register.write { session in
                try session.execute(
                    "UPDATE desk_session SET seen_at = $1 WHERE hash = $2 AND seen_at < $1",
                    [.integer(now), .blob(hash)]
                )
            }
        }
        return row.user
    }

    /// Ends a session; an unknown one is over already.
    public func close(_ token: String) throws {
        guard let user = try find(token) else { return }
        try register.write { session in
            try session.execute("DELETE FROM desk_session WHERE hash = $1", [.blob(hash(token))])
            try AuditLog(register)
                .record("desk.signOut", "user/\(user.name)", by: user, in: session)
        }
    }

    private func hash(_ token: String) -> [UInt8] {
        register.serviceTag(Array(token.utf8), for: "desk session")
    }
}

extension UserDirectory {
    /// Signs in whoever knows the passphrase, and tells nobody else why not; nil is no.
    func signInFromAfar(_ name: String, passphrase: String) throws -> SignedInUser? {
        let found = try register.read { session in
            (
                row: try Self.row(name, in: session), limit: try Self.lockAfter(session),
                other: try session.first(
                    "SELECT sealed_key FROM app_user ORDER BY id LIMIT 1",
                    []
                ) { $0.blob(0) }
            )
        }
        guard let row = found.row, !row.isDisabled, row.failures < found.limit else {
            // Stretched all the same: time tells as much as words.
            let sealed = found.row?.sealedKey ?? found.other ?? []
            _ = try? SealedFile.open(sealed, passphrase: passphrase, purpose: .userKey)
            return nil
        }
        do { return try signIn(name, passphrase: passphrase) } catch let error as RegisterError {
            guard error.code == .notSignedIn else { throw error }
            return nil
        }
    }

    /// The account in this row.
    static func row(_ id: Int64, in session: any DatabaseSession) throws -> Row? {
        try session.first("\(columns) WHERE id = $1", [.integer(id)], account)
    }
}
