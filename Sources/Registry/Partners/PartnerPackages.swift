public import UnionTicket
import TicketSeal

/// The packages of one partner: what each holds, and how far it came.
///
/// A package's rows are fixed in one transaction; its file is made of them afterwards, any number of
/// times with the same bytes.
public struct PartnerPackages: Sendable {
    let register: Register

    /// The packages of this register's partners.
    public init(_ register: Register) { self.register = register }

    /// Everything, or what changed.
    public enum Kind: String, Sendable, CaseIterable {
        /// The whole set.
        case base
        /// What changed since the package before; may be nothing.
        case delta
    }

    /// One package.
    public struct Package: Sendable, Equatable {
        /// The partner's short name.
        public let partner: String
        /// 1, 2, 3 … for each partner.
        public let sequence: Int
        /// Everything or changes.
        public let kind: Kind
        /// How far it came.
        public let state: PartnerPackageState
        /// When its rows were fixed.
        public let createdAt: Instant
        /// Rows by status, in the order of ``PartnerStatus``; of a base the revoked stand in no row.
        public let counts: [PartnerStatus: Int]
        /// Rows of the partner's whole set after it.
        public let setCount: Int
        /// SHA-256 that stands for that set.
        public let setHash: [UInt8]
        /// The last day on which its revocations must be applied; nil without any.
        public let deadline: CalendarDate?
        /// SHA-256 of its manifest; nil while its file is not written.
        public let manifest: [UInt8]?
        /// SHA-256 of its data.
        public let data: [UInt8]?
        /// When it was put into the outbox.
        public let sentAt: Instant?
        /// When the partner had it.
        public let receivedAt: Instant?
        /// When the partner had applied it.
        public let appliedAt: Instant?
        /// What the partner found wrong.
        public let fault: PartnerFault?
        /// How often it was sent again.
        public let resends: Int

        /// Its name in files: `000017`.
        public var name: String { padded(sequence, 6) }
    }

    /// Judges what changed and fixes the rows of the next package.
    ///
    /// - Parameters:
    ///   - partner: The partner's short name.
    ///   - kind: nil for what is due: a base first and where the contract changed, else a delta.
    ///   - user: Who does it.
    /// - Returns: The package; one that was fixed and not written before comes back as it is.
    /// - Throws: ``RegisterError``: an earlier package is to be sent again first.
    public func prepare(
        _ partner: String,
        kind: Kind? = nil,
        by user: SignedInUser
    ) throws -> Package {
        try user.requireEverywhere(.managePartners)
        let waiting = try register.read { session in
            let known = try Partners(register).partner(partner, in: session)
            return try packages(known, "state = 'prepared'", in: session).first
        }
        if let waiting { return waiting }
        try PartnerJudgement(register: register).run(partner)
        return try register.write { session in
            let known = try Partners(register).partner(partner, in: session)
            let chosen = kind ?? (known.mustBase ? .base : .delta)
            try requireNoGap(known, chosen, in: session)
            return try fix(known, chosen, by: user, in: session)
        }
    }

    /// Notes that a package's file is in the outbox.
    ///
    /// - Parameters:
    ///   - package: The package.
    ///   - manifest: SHA-256 of its manifest.
    ///   - data: SHA-256 of its data.
    ///   - file: SHA-256 of the encrypted file; every file that was ever written is kept, so that a
    ///     leaked one is known again.
    ///   - user: Who does it.
    /// - Throws: ``RegisterError`` when an earlier file of it had other bytes: a person in it was
    ///   erased since, and only a new base helps.
    public func sent(
        _ package: Package,
        manifest: [UInt8],
        data: [UInt8],
        file: [UInt8],
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.managePartners)
        try register.write { session in
            let known = try Partners(register).partner(package.partner, in: session)
            let stored = try self.package(package.sequence, of: known, in: session)
            if let before = stored.manifest, before != manifest { throw Self.changed(package) }
            let isAgain = stored.state != .prepared
            let canGoBack = stored.state == .rejected || stored.state == .received
            try session.execute(
                """
                UPDATE partner_package SET manifest = $1, data = $2, sent_at = $3, state = $4,
                    code = NULL, resends = resends + $5 WHERE partner_id = $6 AND sequence = $7
                """,
                [
                    .blob(manifest), .blob(data), .integer(register.now().seconds),
                    .text(
                        (isAgain && !canGoBack ? stored.state : PartnerPackageState.sent).rawValue
                    ),
                    .int(isAgain ? 1 : 0), .integer(known.id), .int(package.sequence),
                ]
            )
            try session.execute(
                """
                INSERT INTO partner_file (sha256, partner_id, sequence, at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (sha256) DO NOTHING
                """,
                [
                    .blob(file), .integer(known.id), .int(package.sequence),
                    .integer(register.now().seconds),
                ]
            )
            try Partners(register).log(
                isAgain ? "partner.resend" : "partner.send",
                package.partner,
                "\(package.kind.rawValue) \(package.sequence)",
                user,
                session
            )
        }
    }

    /// All packages of a partner, oldest first.
    public func list(_ partner: String, by user: SignedInUser) throws -> [Package] {
        try user.require(.managePartners)
        return try register.read { session in
            try packages(try Partners(register).partner(partner, in: session), "1 = 1", in: session)
        }
    }

    /// One package.
    public func package(
        _ sequence: Int,
        of partner: String,
        by user: SignedInUser
    ) throws -> Package {
        try user.require(.managePartners)
        return try register.read { session in
            try package(
                sequence,
                of: try Partners(register).partner(partner, in: session),
                in: session
            )
        }
    }

    /// The manifest hash of the package before, as the chain needs it.
    public func previous(of package: Package) throws -> [UInt8]? {
        try register.read { session in
            try session.first(
                """
                SELECT k.manifest FROM partner_package k JOIN partner p ON p.id = k.partner_id
                WHERE p.name = $1 AND k.sequence = $2
                """,
                [.text(package.partner), .int(package.sequence - 1)]
            ) { $0.optionalBlob(0) } ?? nil
        }
    }

    /// The keys that sign packages.
    public func key(_ secrets: SigningSecrets) throws -> BatchBook.SigningKeyHandle {
        try BatchBook(register).packageKey(secrets)
    }

    /// The register's identifier, which stands in manifests.
    public func registerId() throws -> String {
        try register.read { try Setting.registerId.value(in: $0) ?? "" }
    }
}

extension PartnerPackages {
    private static let columns = """
        SELECT sequence, kind, state, created_at, active, suspended, revoked, merged, set_count,
            set_hash, deadline, manifest, data, sent_at, received_at, applied_at, code, resends
        FROM partner_package
        """

    func packages(
        _ partner: Partners.Partner,
        _ condition: String,
        in session: any DatabaseSession
    ) throws -> [Package] {
        try session.all(
            "\(Self.columns) WHERE partner_id = $1 AND \(condition) ORDER BY sequence",
            [.integer(partner.id)]
        ) { Self.package($0, partner.terms.name) }
    }

    func package(
        _ sequence: Int,
        of partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> Package {
        guard
            let found = try packages(partner, "sequence = \(sequence)", in: session).first
        else {
            throw RegisterError(
                .notFound,
                "У партнёра «\(partner.terms.name)» нет пакета \(sequence); последний — "
                    + "\(partner.sequence).",
                "Partner \(partner.terms.name) has no package \(sequence); the last is "
                    + "\(partner.sequence)."
            )
        }
        return found
    }

    private static func package(_ row: any DatabaseRow, _ partner: String) -> Package {
        func moment(_ column: Int) -> Instant? {
            row.optionalInteger(column).map(Instant.init(seconds:))
        }
        return Package(
            partner: partner,
            sequence: Int(row.integer(0)),
            kind: Kind(rawValue: row.text(1)) ?? .delta,
            state: PartnerPackageState(rawValue: row.text(2)) ?? .prepared,
            createdAt: Instant(seconds: row.integer(3)),
            counts: [
                .active: Int(row.integer(4)), .suspended: Int(row.integer(5)),
                .revoked: Int(row.integer(6)), .merged: Int(row.integer(7)),
            ],
            setCount: Int(row.integer(8)),
            setHash: row.blob(9),
            deadline: row.optionalInteger(10).map { CalendarDate(day: Int($0)) },
            manifest: row.optionalBlob(11),
            data: row.optionalBlob(12),
            sentAt: moment(13),
            receivedAt: moment(14),
            appliedAt: moment(15),
            fault: row.optionalText(16).flatMap(PartnerFault.init),
            resends: Int(row.integer(17))
        )
    }

    /// A gap on the partner's side stops later deltas; a base closes every gap.
    private func requireNoGap(
        _ partner: Partners.Partner,
        _ kind: Kind,
        in session: any DatabaseSession
    ) throws {
        if kind == .delta, partner.mustBase {
            throw RegisterError(
                .refused,
                "Сначала нужен полный пакет: profbilet partner export \(partner.terms.name) --base.",
                "A base is needed first: profbilet partner export \(partner.terms.name) --base."
            )
        }
        let rejected = try packages(partner, "state = 'rejected'", in: session).first
        if kind == .delta, let rejected {
            throw RegisterError(
                .refused,
                "Партнёр не принял пакет \(rejected.sequence): сначала profbilet partner resend "
                    + "\(partner.terms.name) \(rejected.sequence), или полный пакет --base.",
                "The partner could not take package \(rejected.sequence): first profbilet partner "
                    + "resend \(partner.terms.name) \(rejected.sequence), or a new --base."
            )
        }
    }

    static func changed(_ package: Package) -> RegisterError {
        RegisterError(
            .refused,
            "Пакет \(package.sequence) уже не собрать прежним: данные человека в нём уничтожены. "
                + "Выпустите полный: profbilet partner export \(package.partner) --base.",
            "Package \(package.sequence) cannot be made again: a person in it was erased. Make a "
                + "base: profbilet partner export \(package.partner) --base."
        )
    }
}
