public import UnionTicket

/// The API clients of a register and their keys.
///
/// A key is shown once and kept as a keyed hash; a revoked client is refused from the next request
/// on, whichever process revoked it.
public struct APIClients: Sendable {
    let register: Register

    /// The clients of this register.
    public init(_ register: Register) { self.register = register }

    /// What a new client is made with.
    public struct Draft: Sendable {
        /// Its name, 1 to 64 characters.
        public var name: String
        /// What it is.
        public var role: ClientRole
        /// The organisation whose subtree it may touch.
        public var scope: OrganisationCode
        /// Whose it is within its role.
        public var speaksFor: String
        /// SHA-256 of the only client certificate it may come with.
        public var certificate: [UInt8]?

        /// A draft of a client.
        public init(
            name: String,
            role: ClientRole,
            scope: OrganisationCode = .centralCouncil,
            speaksFor: String = "",
            certificate: [UInt8]? = nil
        ) {
            self.name = name
            self.role = role
            self.scope = scope
            self.speaksFor = speaksFor
            self.certificate = certificate
        }
    }

    /// One key of a client, without its secret.
    public struct Key: Sendable, Equatable {
        /// The public part.
        public let id: String
        /// Since when it is good.
        public let createdAt: Instant
        /// Until when; nil for the present key.
        public let endsAt: Instant?
    }

    /// What a list of clients shows.
    public struct Listed: Sendable, Equatable {
        /// The client.
        public let client: APIClient
        /// Its keys, oldest first.
        public let keys: [Key]
        /// Since when it is refused.
        public let revokedAt: Instant?
        /// A restore brought it back: it is refused until it is confirmed.
        public let isUnconfirmed: Bool
    }

    /// Makes a client with its first key.
    ///
    /// - Returns: The key's text, which nobody can read again.
    /// - Throws: ``RegisterError``: not allowed, the name is taken or unusable, or a partner's client
    ///   names no partner of this register.
    public func create(_ draft: Draft, by user: SignedInUser) throws -> String {
        try user.requireEverywhere(.manageClients)
        return try register.write { try create(draft, by: user, in: $0).key }
    }

    /// The same inside another operation, which has checked the right to it.
    func create(
        _ draft: Draft,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (id: Int64, key: String) {
        guard draft.name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }),
            (1...64).contains(draft.name.unicodeScalars.count), draft.speaksFor.utf8.count <= 128
        else { throw Self.badName }
        if draft.role == .partner {
            guard !draft.speaksFor.isEmpty else { throw Self.noPartner }
            _ = try Partners(register).partner(draft.speaksFor, in: session)
        }
        let taken = try session.first(
            "SELECT revoked_at FROM api_client WHERE name = $1",
            [.text(draft.name)]
        ) { !$0.isNull(0) }
        if let taken { throw Self.taken(draft.name, isRevoked: taken) }
        try requireKnown(draft, in: session)
        let id = try Counter.apiClient.take(in: session)
        try session.execute(
            """
            INSERT INTO api_client (id, name, role, scope, speaks_for, certificate, created_at,
                created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .integer(id), .text(draft.name), .text(draft.role.rawValue),
                .integer(draft.scope.ordinal), .text(draft.speaksFor),
                draft.certificate.map(SQLValue.blob) ?? .null,
                .integer(register.now().seconds), .integer(user.id),
            ]
        )
        let key = try addKey(to: id, in: session)
        let detail = "\(draft.role.rawValue) \(draft.scope) \(key.id)"
        try AuditLog(register)
            .record("client.create", "client/\(draft.name)", detail, by: user, in: session)
        return (id, key.text)
    }

    /// Gives a client a new key; its older keys stay good for `overlap` seconds.
    ///
    /// - Returns: The new key's text.
    public func rotate(
        _ name: String,
        overlap: Int64 = 24 * 3600,
        by user: SignedInUser
    ) throws -> String {
        try user.requireEverywhere(.manageClients)
        return try register.write { session in
            let listed = try live(name, in: session)
            let end = register.now().seconds + max(0, overlap)
            try session.execute(
                """
                UPDATE api_key SET ends_at = $1
                WHERE client_id = $2 AND (ends_at IS NULL OR ends_at > $3)
                """,
                [.integer(end), .integer(listed.client.id), .integer(end)]
            )
            let key = try addKey(to: listed.client.id, in: session)
            try AuditLog(register)
                .record("client.rotate", "client/\(name)", key.id, by: user, in: session)
            return key.text
        }
    }

    /// Refuses a client and all its keys from now on, for good.
    public func revoke(_ name: String, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageClients)
        try register.write { session in
            let listed = try live(name, in: session)
            try session.execute(
                "UPDATE api_client SET revoked_at = $1 WHERE id = $2",
                [.integer(register.now().seconds), .integer(listed.client.id)]
            )
            try AuditLog(register)
                .record("client.revoke", "client/\(name)", "", by: user, in: session)
        }
    }

    /// All clients by name.
    public func list(by user: SignedInUser) throws -> [Listed] {
        if !user.permits(.readAudit) { try user.require(.manageClients) }
        return try register.read { try listed(in: $0, "", []) }
    }

    /// The client that shows this key now.
    ///
    /// - Parameters:
    ///   - key: The text of the header.
    ///   - certificate: SHA-256 of the certificate the connection came with.
    /// - Returns: Nil for unknown, ended, revoked, unconfirmed and malformed keys alike.
    /// - Throws: ``RegisterError`` when the register cannot be asked.
    public func find(key: some StringProtocol, certificate: [UInt8]? = nil) throws -> APIClient? {
        guard let shown = Shown(key, certificate, register) else { return nil }
        return try register.read { try find(shown, in: $0) }
    }

    /// A key as a request shows it.
    fileprivate struct Shown: Sendable, Hashable {
        let id: String
        let hash: [UInt8]
        let certificate: [UInt8]?

        init?(_ key: some StringProtocol, _ certificate: [UInt8]?, _ register: Register) {
            guard let key = ClientKey(key) else { return nil }
            (id, hash, self.certificate) = (key.id, key.hash(register.secrets), certificate)
        }
    }

    fileprivate func find(
        _ shown: Shown,
        in session: any DatabaseSession
    ) throws -> APIClient? {
        let found = try session.first(
            """
            SELECT c.id, c.name, c.role, c.scope, c.speaks_for, c.certificate, k.hash
            FROM api_key k JOIN api_client c ON c.id = k.client_id
            WHERE k.id = $1 AND c.revoked_at IS NULL AND (k.ends_at IS NULL OR k.ends_at > $2)
                AND NOT \(Self.awaits)
            """,
            [.text(shown.id), .integer(register.now().seconds)]
        ) { (client: try Self.client($0), hash: $0.blob(6)) }
        guard let found, isSame(found.hash, shown.hash) else { return nil }
        if let bound = found.client.certificate, bound != shown.certificate { return nil }
        return found.client
    }
}

/// Finds the clients of requests; those that come at the same time are looked up in one snapshot.
public final class ClientDoor: Sendable {
    private let register: Register
    private let line: BatchLine<APIClients.Shown, APIClient?>

    /// The door of a service over this register; one serves the whole process.
    public init(_ register: Register) {
        self.register = register
        line = BatchLine(
            "profbilet.clients",
            most: 256,
            capacity: 4_096,
            enough: 16,
            apart: .milliseconds(2)
        ) { batch in
            let clients = APIClients(register)
            do {
                let found = try register.read { session in
                    // An app is one client for all its phones.
                    var known: [APIClients.Shown: Result<APIClient?, any Error>] = [:]
                    return batch.map { place in
                        if let before = known[place.request] { return before }
                        let result = Register.outcome {
                            try clients.find(place.request, in: session)
                        }
                        known[place.request] = result
                        return result
                    }
                }
                for (place, result) in zip(batch, found) { place.answer(result) }
            } catch {
                for place in batch { place.answer(.failure(error)) }
            }
        }
    }

    /// The client that shows this key now; see ``APIClients/find(key:certificate:)``.
    public func find(
        key: some StringProtocol,
        certificate: [UInt8]? = nil
    ) async throws -> APIClient? {
        guard let shown = APIClients.Shown(key, certificate, register) else { return nil }
        return try await line.call(shown)
    }
}

extension APIClients {
    /// A client of an organisation that nobody knows could never do anything.
    private func requireKnown(_ draft: Draft, in session: any DatabaseSession) throws {
        let reach = draft.scope.subtree
        let isKnown = try session.first(
            "SELECT 1 FROM organisation WHERE code BETWEEN $1 AND $2",
            [.integer(reach.lowerBound), .integer(reach.upperBound)]
        ) { $0.integer(0) }
        guard draft.scope == .centralCouncil || isKnown != nil else {
            throw RegisterError(
                .badInput,
                "Организации \(draft.scope) нет в реестре: сначала profbilet organisation import.",
                "Organisation \(draft.scope) is not in the register: first profbilet organisation import."
            )
        }
    }

    private func addKey(to client: Int64, in session: any DatabaseSession) throws -> ClientKey {
        let key = ClientKey.draw()
        try session.execute(
            "INSERT INTO api_key (id, client_id, hash, created_at) VALUES ($1, $2, $3, $4)",
            [
                .text(key.id), .integer(client), .blob(key.hash(register.secrets)),
                .integer(register.now().seconds),
            ]
        )
        return key
    }

    func live(_ name: String, in session: any DatabaseSession) throws -> Listed {
        guard let found = try listed(in: session, "WHERE name = $1", [.text(name)]).first else {
            throw RegisterError(
                .notFound,
                "Нет клиента «\(name)». Список: profbilet client list.",
                "There is no client \(name). See: profbilet client list."
            )
        }
        guard found.revokedAt == nil else {
            throw RegisterError(
                .refused,
                "Клиент «\(name)» отозван навсегда. Создайте нового: profbilet client create.",
                "The client \(name) is revoked for good. Make another: profbilet client create."
            )
        }
        return found
    }

    private func listed(
        in session: any DatabaseSession,
        _ condition: String,
        _ arguments: [SQLValue]
    ) throws -> [Listed] {
        let clients = try session.all(
            """
            SELECT id, name, role, scope, speaks_for, certificate, revoked_at,
                CASE WHEN \(Self.awaits) THEN 1 ELSE 0 END
            FROM api_client c \(condition) ORDER BY name
            """,
            arguments
        ) {
            (
                try Self.client($0), $0.optionalInteger(6).map(Instant.init(seconds:)),
                $0.integer(7) != 0
            )
        }
        return try clients.map { client, revokedAt, isUnconfirmed in
            let keys = try session.all(
                """
                SELECT id, created_at, ends_at FROM api_key WHERE client_id = $1
                ORDER BY created_at, id
                """,
                [.integer(client.id)]
            ) {
                Key(
                    id: $0.text(0),
                    createdAt: Instant(seconds: $0.integer(1)),
                    endsAt: $0.optionalInteger(2).map(Instant.init(seconds:))
                )
            }
            return Listed(
                client: client,
                keys: keys,
                revokedAt: revokedAt,
                isUnconfirmed: isUnconfirmed && revokedAt == nil
            )
        }
    }

    private static func client(_ row: any DatabaseRow) throws -> APIClient {
        guard let role = ClientRole(rawValue: row.text(2)),
            let scope = OrganisationCode(ordinal: row.integer(3))
        else { throw DatabaseError(.corrupt, reason: "api_client") }
        return APIClient(
            id: row.integer(0),
            name: row.text(1),
            role: role,
            scope: scope,
            speaksFor: row.text(4),
            certificate: row.optionalBlob(5)
        )
    }

    private static var noPartner: RegisterError {
        RegisterError(
            .badInput,
            "Клиент партнёра говорит за одного партнёра: --for КОД (profbilet partner list).",
            "A partner's client speaks for one partner: --for NAME (profbilet partner list)."
        )
    }

    private static var badName: RegisterError {
        RegisterError(
            .badInput,
            "Имя клиента: от 1 до 64 знаков без пробелов.",
            "A client's name has 1 to 64 characters without spaces."
        )
    }

    private static func taken(_ name: String, isRevoked: Bool) -> RegisterError {
        if isRevoked {
            return RegisterError(
                .refused,
                "Имя «\(name)» носит отозванный клиент, и в журнале оно значит его. Назовите нового "
                    + "иначе.",
                "The name \(name) is a revoked client's, and means that one in the log. Give the new "
                    + "one another."
            )
        }
        return RegisterError(
            .refused,
            "Имя «\(name)» занято. Новый ключ: profbilet client rotate.",
            "The name \(name) is taken. For a new key: profbilet client rotate."
        )
    }
}
