import Foundation
public import TicketSeal
public import UnionTicket

/// The purpose keys, the root key and the trust bundle that tells the world of them.
///
/// Private keys lie in one sealed file; what each may do and its state lie in the register. Publish
/// before use, retire on time: a new key is `next` for a while, then active.
public struct KeyRing: Sendable {
    let register: Register

    /// The keys of this register.
    public init(_ register: Register) { self.register = register }

    /// What a list of keys shows.
    public struct Key: Sendable, Equatable {
        /// First four bytes of the thumbprint, hexadecimal.
        public let kid: String
        /// What it signs.
        public let purpose: KeyPurpose
        /// Where it is in its life.
        public let state: KeyState
        /// When it was made.
        public let createdAt: Instant
        /// Since when it signs.
        public let activeFrom: Instant?
        /// The last instant until which a payload of it may be valid.
        public let longestExpiry: Instant?
        /// Label of the token that keeps the private part; nil when the sealed file does.
        public let token: String?
    }

    /// How long a key is published before it signs.
    public static let lead: Int64 = 24 * 3600
    /// How long a trust bundle is good.
    public static let bundleLife: Int64 = 400 * 86_400

    /// All keys, by purpose and age.
    public func list(by user: SignedInUser) throws -> [Key] {
        try user.require(.manageKeys)
        return try register.read { session in try keys(in: session).map(\.listed) }
    }

    /// Ends a key's life in order (retired) or at once (revoked).
    ///
    /// Where there is another administrator, they confirm it as `second`.
    public func end(
        _ kid: String,
        as state: KeyState,
        at instant: Instant? = nil,
        root: SigningKey,
        by user: SignedInUser,
        second: SignedInUser? = nil
    ) throws -> Key {
        try user.requireEverywhere(.manageKeys)
        return try register.write { session in
            try FourEyes.require(
                second,
                beside: user,
                for: "key/\(kid)",
                of: register,
                in: session
            )
            guard let bytes = Hex.bytes(kid),
                let key = try keys(in: session).first(where: { $0.key.kid == bytes })
            else {
                throw RegisterError(
                    .notFound,
                    "Нет ключа \(kid): profbilet keys list.",
                    "There is no key \(kid): profbilet keys list."
                )
            }
            guard state == .revoked ? key.state != .revoked : key.state == .verifyOnly else {
                throw Self.cannotEnd(kid, key.purpose, key.state)
            }
            if let instant, instant > register.now() {
                throw RegisterError(
                    .badInput,
                    "Время \(instant.moscowDate.russian) ещё не наступило: ключ отзывают с прошлого или "
                        + "нынешнего времени.",
                    "The time \(instant.moscowDate.iso) is still to come: a key is ended as of now or "
                        + "earlier."
                )
            }
            let column = state == .revoked ? "revoked_at" : "retired_at"
            try session.execute(
                "UPDATE signing_key SET state = $1, \(column) = $2 WHERE kid = $3",
                [
                    .text(state.rawValue), .integer((instant ?? register.now()).seconds),
                    .blob(bytes),
                ]
            )
            return try finish("keys.\(state.rawValue)", kid, root, by: user, in: session)
        }
    }

    private static func cannotEnd(
        _ kid: String,
        _ purpose: KeyPurpose,
        _ state: KeyState
    ) -> RegisterError {
        let words =
            switch state {
            case .revoked, .retired:
                Bilingual(
                    "Ключ \(kid) уже \(state == .revoked ? "отозван" : "выведен"): делать нечего.",
                    "The key \(kid) is \(state.rawValue) already: there is nothing to do."
                )
            case .next:
                Bilingual(
                    "Ключ \(kid) ещё ничего не подписывал: выводить нечего. Если он не нужен, "
                        + "отзовите его: profbilet keys revoke \(kid)",
                    "The key \(kid) has signed nothing yet: there is nothing to retire. If it is not "
                        + "wanted, revoke it: profbilet keys revoke \(kid)"
                )
            case .active, .verifyOnly:
                Bilingual(
                    "Ключом \(kid) подписывают. Сначала смените его: profbilet keys rotate "
                        + "\(purpose.rawValue)",
                    "The key \(kid) is signing. Replace it first: profbilet keys rotate "
                        + "\(purpose.rawValue)"
                )
            }
        return RegisterError(.refused, words.russian, words.english)
    }

    /// How many carriers a key's end puts out of force: signed by it, not expired, not blocked.
    public func carriers(signedBy kid: String, by user: SignedInUser) throws -> Int {
        try user.require(.manageKeys)
        guard let bytes = Hex.bytes(kid) else { return 0 }
        return try register.read { session in
            try session.first(
                "SELECT count(*) FROM carrier WHERE kid = $1 AND expires_at > $2 AND published <> 1",
                [.blob(bytes), .integer(register.now().seconds)]
            ) { Int($0.integer(0)) } ?? 0
        }
    }

    /// The newest trust bundle as signed by the root.
    public func bundle() throws -> [UInt8] {
        let bytes = try register.read { session in
            try session.first("SELECT bytes FROM trust_bundle ORDER BY sequence DESC LIMIT 1") {
                $0.blob(0)
            }
        }
        guard let bytes else { throw Self.noBundle }
        return bytes
    }

    /// The public keys that third parties may rely on.
    public func published(by user: SignedInUser) throws -> [VerificationKey] {
        try user.require(.manageKeys)
        return try register.read { session in try publicKeys(in: session) }
    }

    /// The same, for whoever publishes: a retired or revoked key refuses all that it signed.
    func publicKeys(in session: any DatabaseSession) throws -> [VerificationKey] {
        try keys(in: session).filter { $0.state != .retired && $0.state != .revoked }.map(\.key)
    }

    /// Signs a new bundle of the present keys and lists.
    public func renewBundle(root: SigningKey, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageKeys)
        try register.write { session in
            try sign(root, in: session)
            try AuditLog(register).record("keys.bundle", "bundle", "", by: user, in: session)
        }
    }

    static var noBundle: RegisterError {
        RegisterError(
            .keyUnusable,
            "Пакет доверия не подписан: profbilet keys export --renew.",
            "No trust bundle was signed: profbilet keys export --renew."
        )
    }
}

extension KeyRing {
    struct Stored {
        let key: VerificationKey
        let purpose: KeyPurpose
        let state: KeyState
        let createdAt: Instant
        let activeFrom: Instant?
        let revokedAt: Instant?
        let longestExpiry: Instant?
        let token: String?

        var listed: Key {
            Key(
                kid: Hex.text(key.kid),
                purpose: purpose,
                state: state,
                createdAt: createdAt,
                activeFrom: activeFrom,
                longestExpiry: longestExpiry,
                token: token
            )
        }
    }

    func keys(in session: any DatabaseSession) throws -> [Stored] {
        try session.all(
            """
            SELECT public_key, algorithm, purpose, state, created_at, active_from, revoked_at,
                longest_expiry, token FROM signing_key ORDER BY purpose, created_at
            """
        ) { row -> Stored? in
            guard let algorithm = COSEAlgorithm(name: row.text(1)),
                let key = VerificationKey(algorithm: algorithm, publicBytes: row.blob(0)),
                let purpose = KeyPurpose(rawValue: row.text(2)),
                let state = KeyState(rawValue: row.text(3))
            else { return nil }
            return Stored(
                key: key,
                purpose: purpose,
                state: state,
                createdAt: Instant(seconds: row.integer(4)),
                activeFrom: row.optionalInteger(5).map(Instant.init(seconds:)),
                revokedAt: row.optionalInteger(6).map(Instant.init(seconds:)),
                longestExpiry: row.optionalInteger(7).map(Instant.init(seconds:)),
                token: row.optionalText(8)
            )
        }.compactMap(\.self)
    }

    func insert(
        _ key: VerificationKey,
        _ purpose: KeyPurpose,
        token: PKCS11Token.Place? = nil,
        state: KeyState,
        in session: any DatabaseSession
    ) throws {
        let now = register.now()
        let years: Int64 = purpose == .plastic ? 11 : 1
        try session.execute(
            """
            INSERT INTO signing_key (thumbprint, kid, purpose, public_key, algorithm, state,
                created_at, active_from, longest_expiry, token)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .blob(key.thumbprint), .blob(key.kid), .text(purpose.rawValue),
                .blob(key.publicBytes), .text(key.algorithm.name), .text(state.rawValue),
                .integer(now.seconds), state == .active ? .integer(now.seconds) : .null,
                .integer((now + years * 366 * 86_400).seconds),
                token.map { .text($0.label) } ?? .null,
            ]
        )
    }

    func activate(
        _ kid: String,
        _ purpose: KeyPurpose,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            "UPDATE signing_key SET state = 'verifyOnly' WHERE purpose = $1 AND state = 'active'",
            [.text(purpose.rawValue)]
        )
        try session.execute(
            "UPDATE signing_key SET state = 'active', active_from = $1 WHERE kid = $2",
            [.integer(register.now().seconds), .blob(Hex.bytes(kid) ?? [])]
        )
    }

    func finish(
        _ action: String,
        _ kid: String,
        _ root: SigningKey,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Key {
        try sign(root, in: session)
        try AuditLog(register).record(action, "key/\(kid)", "", by: user, in: session)
        guard let key = try keys(in: session).first(where: { $0.listed.kid == kid }) else {
            throw DatabaseError(.corrupt, reason: "signing_key")
        }
        return key.listed
    }

    /// The thumbprints of the present and the next root, when `root` is one of them.
    @discardableResult
    func requireRoot(
        _ root: SigningKey,
        in session: any DatabaseSession
    ) throws -> [[UInt8]] {
        let pinned = try Setting.rootThumbprints.value(in: session) ?? ""
        let thumbprints = pinned.split(separator: ",").compactMap { Hex.bytes($0) }
        guard thumbprints.contains(root.publicKey.thumbprint) else {
            throw RegisterError(
                .keyUnusable,
                "Это не корневой ключ данного реестра. Если замену корня прервали, завершите её: "
                    + "profbilet keys rotate root.",
                "This is not the root key of this register. If a replacement of the root was cut "
                    + "short, complete it: profbilet keys rotate root."
            )
        }
        return thumbprints
    }

    /// Signs the present keys and lists into the next bundle.
    func sign(_ root: SigningKey, in session: any DatabaseSession) throws {
        try register.requireReclaimed(session)
        let thumbprints = try requireRoot(root, in: session)
        let sequence = try Counter.trustBundle.take(in: session)
        let now = register.now()
        let base = try Setting.listBase.value(in: session) ?? ""
        let lists = try session.all("SELECT list FROM status_list ORDER BY list") {
            UInt32($0.integer(0))
        }
        // Every region's first lists are named before they are needed: a new list must not wait for
        // the root key.
        let named = Set((1...99).map(UInt32.init) + lists + lists.map { $0 + 100 })
        let bundle = TrustBundle(
            sequence: UInt64(sequence),
            issuedAt: now,
            expiresAt: now + Self.bundleLife,
            keys: try keys(in: session).map(trusted),
            lists: named.sorted().map { (list: $0, uri: base + "\($0)") },
            roots: thumbprints
        )
        try session.execute(
            "INSERT INTO trust_bundle (sequence, issued_at, bytes) VALUES ($1, $2, $3)",
            [.integer(sequence), .integer(now.seconds), .blob(try bundle.seal(with: root))]
        )
    }

    private func trusted(_ stored: Stored) -> TrustedKey {
        let issues: ClosedRange<UInt8> =
            switch stored.purpose {
            case .plastic: 1...9
            case .virtual: 0...0
            default: 0...9
            }
        return TrustedKey(
            key: stored.key,
            purpose: stored.purpose,
            schemes: [register.scheme],
            issues: issues,
            longestExpiry: stored.longestExpiry,
            state: stored.state,
            createdAt: stored.createdAt,
            activeFrom: stored.activeFrom,
            revokedAt: stored.revokedAt
        )
    }

    /// The active key of a purpose with its private part.
    ///
    /// - Throws: ``RegisterError`` `keyUnusable`: there is none, its private part is missing, or it is
    ///   past the last expiry it may give.
    func active(
        _ purpose: KeyPurpose,
        secrets: SigningSecrets,
        in session: any DatabaseSession
    ) throws -> (key: SigningKey, stored: Stored) {
        let stored = try keys(in: session).first { $0.purpose == purpose && $0.state == .active }
        guard let stored else {
            throw RegisterError(
                .keyUnusable,
                "Нет действующего ключа «\(purpose.rawValue)»: profbilet keys rotate "
                    + "\(purpose.rawValue) --now.",
                "There is no active key \(purpose.rawValue): profbilet keys rotate "
                    + "\(purpose.rawValue) --now."
            )
        }
        try requireInDate(stored)
        guard let key = try secrets.key(stored.key.kid) else {
            let (kid, path) = (stored.listed.kid, register.directory.signingKeysFile)
            throw RegisterError(
                .keyUnusable,
                "Действующего ключа «\(purpose.rawValue)» \(kid) нет в файле \(path). Верните файл из "
                    + "копии или смените ключ: profbilet keys rotate \(purpose.rawValue) --now.",
                "The active key \(purpose.rawValue), \(kid), is not in the file \(path). Restore the "
                    + "file, or replace the key: profbilet keys rotate \(purpose.rawValue) --now."
            )
        }
        return (key, stored)
    }
}
