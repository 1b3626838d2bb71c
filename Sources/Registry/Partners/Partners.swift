public import UnionTicket
import TicketSeal

/// The partners of the bonus programme, each with a key of its own under which its pseudonyms are made
/// and its mapping is sealed.
public struct Partners: Sendable {
    let register: Register

    /// The partners of this register.
    public init(_ register: Register) { self.register = register }

    /// What a contract says as far as the register acts on it.
    public struct Terms: Sendable, Equatable {
        /// Short name, 1 to 32 characters; for commands, folders and API clients.
        public var name: String
        /// For people.
        public var title: String
        /// Whom a consent `bonusTransfer` must name.
        public var recipient: String
        /// From which age on a member's own consent is enough.
        public var minimumAge: Int
        /// What rows hold beside pseudonym and status.
        public var columns: PartnerRow.Columns
        /// Working days from the cause of a revocation until the partner has it.
        public var deadlineDays: Int
        /// The whole configuration, YAML.
        public var configuration: String
        /// The certificate that packages are encrypted for, PEM or DER.
        public var certificate: [UInt8]
        /// The certificate that the partner's files are signed with, PEM or DER.
        public var signer: [UInt8]

        /// What a contract says.
        public init(
            name: String,
            title: String,
            recipient: String,
            minimumAge: Int,
            columns: PartnerRow.Columns,
            deadlineDays: Int,
            configuration: String,
            certificate: [UInt8],
            signer: [UInt8]
        ) {
            (self.name, self.title, self.recipient) = (name, title, recipient)
            (self.minimumAge, self.columns) = (minimumAge, columns)
            (self.deadlineDays, self.configuration) = (deadlineDays, configuration)
            (self.certificate, self.signer) = (certificate, signer)
        }
    }

    /// A partner as the register keeps it.
    public struct Partner: Sendable {
        /// Row of the partner.
        public let id: Int64
        /// What the contract says.
        public let terms: Terms
        /// The newest package; 0 before the first.
        public let sequence: Int
        /// How many rows the partner has after that package.
        public let setCount: Int
        /// SHA-256 that both sides compare after that package.
        public let setHash: [UInt8]
        /// Whether the next package must be a base.
        public let mustBase: Bool
        /// When it was added.
        public let createdAt: Instant

        let key: PartnerKey
        let fullFrom: Int64?
        let set: SetHash
        /// How many of the set's rows are suspended; the others are active.
        let setSuspended: Int
    }

    /// Adds a partner, or takes a changed configuration of a known one.
    ///
    /// Where the change touches who is exported or what rows hold, everybody is judged anew and the
    /// next package is a base. Once rows were made, the recipient stays: people consented to it and to
    /// nobody else, and another one must not know them by the same pseudonyms.
    ///
    /// - Returns: Whether the partner is new, and other partners that also get numbers: those could
    ///   join their sets, which is recorded.
    /// - Throws: ``RegisterError``: the recipient is another partner's, or another than rows were made
    ///   for.
    public func add(
        _ terms: Terms,
        by user: SignedInUser
    ) throws -> (isNew: Bool, joinable: [String]) {
        try user.requireEverywhere(.managePartners)
        return try register.write { session in
            let known = try find(terms.name, in: session)
            try requireOwnRecipient(terms, known?.id, in: session)
            if let known {
                try requireSameRecipient(terms, known, in: session)
                try change(known, to: terms, in: session)
            } else {
                try insert(terms, by: user, in: session)
            }
            let joinable =
                terms.columns.contains(.number)
                ? try list(in: session).filter {
                    $0.terms.name != terms.name && $0.terms.columns.contains(.number)
                }.map(\.terms.name) : []
            let detail = joinable.isEmpty ? "" : "numbers also: \(joinable.joined(separator: ","))"
            try log(
                known == nil ? "partner.add" : "partner.change",
                terms.name,
                detail,
                user,
                session
            )
            return (known == nil, joinable)
        }
    }

    /// All partners by name.
    public func list(by user: SignedInUser) throws -> [Partner] {
        try user.require(.managePartners)
        return try register.read { try list(in: $0) }
    }

    /// One partner.
    ///
    /// - Throws: ``RegisterError`` when there is none of this name.
    public func partner(_ name: String, by user: SignedInUser) throws -> Partner {
        try user.require(.managePartners)
        return try register.read { try partner(name, in: $0) }
    }

    /// The moment by which the register goes.
    public var now: Instant { register.now() }

    /// Where a partner's files are kept.
    public func folder(of partner: String) -> String {
        register.directory.path + "/partners/" + partner
    }
}

extension Partners {
    private static let columns = """
        SELECT id, name, title, recipient, minimum_age, columns, deadline_days, configuration,
            certificate, signer, sequence, set_count, must_base, created_at, sealed_key, full_from,
            set_state, set_suspended FROM partner
        """

    func partner(_ name: String, in session: any DatabaseSession) throws -> Partner {
        guard let found = try find(name, in: session) else {
            throw RegisterError(
                .notFound,
                "Партнёра «\(name)» нет. Список: profbilet partner list.",
                "There is no partner \(name). See: profbilet partner list."
            )
        }
        return found
    }

    func list(in session: any DatabaseSession) throws -> [Partner] {
        try session.all("\(Self.columns) ORDER BY name", [], partner(of:))
    }

    func log(
        _ action: String,
        _ partner: String,
        _ detail: String,
        _ user: SignedInUser,
        _ session: any DatabaseSession
    ) throws {
        try AuditLog(register).record(
            action,
            "partner/\(partner)",
            detail,
            by: user,
            in: session
        )
    }

    private func find(_ name: String, in session: any DatabaseSession) throws -> Partner? {
        try session.first("\(Self.columns) WHERE name = $1", [.text(name)], partner(of:))
    }

    private func partner(of row: any DatabaseRow) throws -> Partner {
        let (id, name) = (row.integer(0), row.text(1))
        guard
            let secret = try? register.secrets.partners.open(row.blob(14), for: Array(name.utf8)),
            let set = SetHash(state: row.blob(16))
        else {
            throw RegisterError(
                .damaged,
                "Ключ партнёра «\(name)» не открывается главным ключом. Восстановите реестр.",
                "The key of partner \(name) does not open with the master key. Restore the register."
            )
        }
        return Partner(
            id: id,
            terms: Terms(
                name: name,
                title: row.text(2),
                recipient: row.text(3),
                minimumAge: Int(row.integer(4)),
                columns: PartnerRow.Columns(rawValue: Int(row.integer(5))),
                deadlineDays: Int(row.integer(6)),
                configuration: row.text(7),
                certificate: row.blob(8),
                signer: row.blob(9)
            ),
            sequence: Int(row.integer(10)),
            setCount: Int(row.integer(11)),
            setHash: set.value,
            mustBase: row.integer(12) != 0,
            createdAt: Instant(seconds: row.integer(13)),
            key: PartnerKey(secret),
            fullFrom: row.optionalInteger(15),
            set: set,
            setSuspended: Int(row.integer(17))
        )
    }

    private func insert(
        _ terms: Terms,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let sealed = try register.secrets.partners.seal(
            FieldSeal.randomKey(),
            for: Array(terms.name.utf8)
        )
        try session.execute(
            """
            INSERT INTO partner (id, name, title, recipient, minimum_age, columns, deadline_days,
                configuration, certificate, signer, sealed_key, set_state, set_count, sequence,
                full_from, must_base, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, 1, $13, $14)
            """,
            [
                .integer(try Counter.partner.take(in: session)), .text(terms.name),
                .text(terms.title), .text(terms.recipient), .int(terms.minimumAge),
                .int(terms.columns.rawValue), .int(terms.deadlineDays),
                .text(terms.configuration), .blob(terms.certificate), .blob(terms.signer),
                .blob(sealed), .blob(SetHash().state), .integer(register.now().seconds),
                .integer(user.id),
            ]
        )
        try session.execute("INSERT INTO partner_watch (id) VALUES (1) ON CONFLICT DO NOTHING")
    }

    private func change(
        _ known: Partner,
        to terms: Terms,
        in session: any DatabaseSession
    ) throws {
        let (old, new) = (known.terms, terms)
        let isSame =
            old.columns == new.columns && old.minimumAge == new.minimumAge
            && old.recipient == new.recipient
        try session.execute(
            """
            UPDATE partner SET title = $1, recipient = $2, minimum_age = $3, columns = $4,
                deadline_days = $5, configuration = $6, certificate = $7, signer = $8,
                full_from = $9, must_base = $10 WHERE id = $11
            """,
            [
                .text(new.title), .text(new.recipient), .int(new.minimumAge),
                .int(new.columns.rawValue), .int(new.deadlineDays), .text(new.configuration),
                .blob(new.certificate), .blob(new.signer),
                isSame ? .optional(known.fullFrom) : .integer(0),
                .int(isSame && !known.mustBase ? 0 : 1), .integer(known.id),
            ]
        )
    }

    private func requireOwnRecipient(
        _ terms: Terms,
        _ id: Int64?,
        in session: any DatabaseSession
    ) throws {
        let other = try session.first(
            "SELECT name FROM partner WHERE recipient = $1 AND id <> $2",
            [.text(terms.recipient), .integer(id ?? 0)]
        ) { $0.text(0) }
        if let other {
            throw RegisterError(
                .refused,
                "Согласия «\(terms.recipient)» относятся к партнёру «\(other)»: у каждого своё.",
                "Consents to \(terms.recipient) belong to partner \(other): each has its own."
            )
        }
    }
}

extension Partners {
    /// Whoever was told of to one recipient was told of by consent to it: for another recipient there is
    /// another contract, with pseudonyms of its own (privacy.md L2, L6).
    private func requireSameRecipient(
        _ terms: Terms,
        _ known: Partner,
        in session: any DatabaseSession
    ) throws {
        guard terms.recipient != known.terms.recipient else { return }
        let isTold = try session.first(
            "SELECT 1 FROM partner_row WHERE partner_id = $1 LIMIT 1",
            [.integer(known.id)]
        ) { _ in true }
        guard isTold != nil else { return }
        let (name, old, new) = (terms.name, known.terms.recipient, terms.recipient)
        throw RegisterError(
            .refused,
            "Партнёру «\(name)» уже передавали людей по согласиям «\(old)»: получателя не меняют. "
                + "Для «\(new)» заведите договор с другим name: profbilet partner add.",
            "Partner \(name) was told of people by consents to \(old): the recipient stays. For "
                + "\(new) add a contract of another name: profbilet partner add."
        )
    }
}

/// The secrets of one partner: what makes its pseudonyms and what seals its mapping.
struct PartnerKey: Sendable {
    private let pseudonyms: BlindIndex
    private let links: FieldSeal

    init(_ secret: [UInt8]) {
        pseudonyms = BlindIndex(key: KeyDerivation.hkdf(secret, info: "profbilet/partner/id/1"))
        links = FieldSeal(key: KeyDerivation.hkdf(secret, info: "profbilet/partner/link/1"))
    }

    /// The first half of HMAC-SHA256 over the member's row under the partner's key.
    func pseudonym(of member: Int64) -> [UInt8] {
        var message = Array("member/".utf8)
        message.append(bigEndian: member)
        return Array(pseudonyms.bytes(message).prefix(16))
    }

    func seal(_ member: Int64, for pseudonym: [UInt8]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: member)
        return try links.seal(bytes, for: pseudonym)
    }

    func open(_ sealed: [UInt8], of pseudonym: [UInt8]) throws -> Int64 {
        guard let bytes = try? links.open(sealed, for: pseudonym), bytes.count == 8 else {
            throw RegisterError(
                .damaged,
                "Связь псевдонима с участником изменена в обход программы. Восстановите реестр.",
                "The link of a pseudonym was changed behind the program's back. Restore the register."
            )
        }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}

extension Partners.Partner {
    /// The member behind one of this partner's pseudonyms; nil where it has none.
    func member(behind pseudonym: [UInt8], in session: any DatabaseSession) throws -> Int64? {
        try session.first(
            "SELECT sealed_member FROM partner_link WHERE partner_id = $1 AND pseudonym = $2",
            [.integer(id), .blob(pseudonym)]
        ) { $0.blob(0) }.map { try key.open($0, of: pseudonym) }
    }
}
