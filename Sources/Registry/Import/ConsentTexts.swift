public import UnionTicket
import TicketSeal

/// The registered texts that members sign: what a consent was given to, word for word.
///
/// A text is known by the SHA-256 of its file. A changed text is another version; consents stay with
/// the version they were given to.
public struct ConsentTexts: Sendable {
    let register: Register

    /// The texts of this register.
    public init(_ register: Register) { self.register = register }

    /// How a consent is given.
    public enum Form: String, Sendable, CaseIterable {
        /// A signed sheet.
        case paper
        /// In the app or the member's cabinet.
        case electronic
    }

    /// One version of a text.
    public struct Text: Sendable, Equatable {
        /// What it is for.
        public let purpose: ConsentPurpose
        /// The partner, for `bonusTransfer`.
        public let recipient: String
        /// SHA-256 of its bytes, hexadecimal.
        public let hash: String
        /// How it is given.
        public let form: Form
        /// For how many years it is given; nil until withdrawn.
        public let years: Int?
        /// When it was registered.
        public let addedAt: Instant
        /// Consents that were given to it and not withdrawn.
        public let consents: Int
    }

    /// What a text is registered with.
    public struct Draft: Sendable {
        /// What it is for.
        public var purpose: ConsentPurpose
        /// The bytes of the text's file.
        public var body: [UInt8]
        /// How it is given.
        public var form = Form.paper
        /// For how many years it is given; nil until withdrawn.
        public var years: Int?
        /// The partner, for `bonusTransfer`.
        public var recipient = "profcards"

        /// A text for one purpose, given on paper until withdrawn unless said otherwise.
        public init(_ purpose: ConsentPurpose, body: [UInt8]) {
            (self.purpose, self.body) = (purpose, body)
        }
    }

    static let limit = 1 << 20

    /// Registers a text; the newest of a purpose is the one that imports take.
    ///
    /// - Parameters:
    ///   - draft: Purpose, text, form and period.
    ///   - user: Who does it.
    /// - Returns: The text's hash.
    /// - Throws: ``RegisterError``: the text is empty, too long or registered already.
    public func add(_ draft: Draft, by user: SignedInUser) throws -> String {
        try user.requireEverywhere(.importRoster)
        guard (1...Self.limit).contains(draft.body.count), draft.years.map({ $0 > 0 }) ?? true
        else {
            throw RegisterError(
                .badInput,
                "Текст согласия пуст или больше 1 МиБ, либо срок меньше года.",
                "The consent text is empty or larger than 1 MiB, or its period is below a year."
            )
        }
        let hash = Hex.text(SHA256Digest.of(draft.body))
        let recipient = draft.purpose == .bonusTransfer ? draft.recipient : ""
        try register.write { session in
            try requireNew(draft, recipient, hash, in: session)
            let id = try Counter.consentText.take(in: session)
            try session.execute(
                """
                INSERT INTO consent_text (id, purpose, recipient, controller, version_hash, form,
                    body, years, added_at)
                VALUES ($1, $2, $3, 'union', $4, $5, $6, $7, $8)
                """,
                [
                    .integer(id), .text(draft.purpose.rawValue), .text(recipient), .text(hash),
                    .text(draft.form.rawValue), .blob(draft.body),
                    .optional(draft.years.map(Int64.init)), .integer(register.now().seconds),
                ]
            )
            try AuditLog(register).record(
                "consent.text",
                "text/\(id)",
                "\(draft.purpose.rawValue) \(hash)",
                by: user,
                in: session
            )
        }
        return hash
    }

    /// All registered texts, by purpose and age.
    public func list(by user: SignedInUser) throws -> [Text] {
        try user.require(.readMembers)
        return try register.read { session in
            try session.all(
                """
                SELECT t.purpose, t.recipient, t.version_hash, t.form, t.years, t.added_at,
                    (SELECT count(*) FROM consent c
                     WHERE c.text_id = t.id AND c.withdrawn_on IS NULL)
                FROM consent_text t WHERE t.added_at IS NOT NULL ORDER BY t.purpose, t.id
                """
            ) { row -> Text? in
                guard let purpose = ConsentPurpose(rawValue: row.text(0)),
                    let form = Form(rawValue: row.text(3))
                else { return nil }
                return Text(
                    purpose: purpose,
                    recipient: row.text(1),
                    hash: row.text(2),
                    form: form,
                    years: row.optionalInteger(4).map(Int.init),
                    addedAt: Instant(seconds: row.integer(5)),
                    consents: Int(row.integer(6))
                )
            }.compactMap(\.self)
        }
    }

    private func requireNew(
        _ draft: Draft,
        _ recipient: String,
        _ hash: String,
        in session: any DatabaseSession
    ) throws {
        let known = try session.first(
            """
            SELECT 1 FROM consent_text
            WHERE purpose = $1 AND recipient = $2 AND version_hash = $3 AND form = $4
            """,
            [
                .text(draft.purpose.rawValue), .text(recipient), .text(hash),
                .text(draft.form.rawValue),
            ]
        ) { $0.integer(0) }
        guard known == nil else {
            throw RegisterError(
                .refused,
                "Этот текст уже зарегистрирован: profbilet consent text list.",
                "This text is registered already: profbilet consent text list."
            )
        }
    }
}
