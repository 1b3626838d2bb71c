import TicketSeal
public import UnionTicket

extension BatchBook {
    /// One card of an approved batch, as it is built.
    public struct Card: Sendable {
        /// Its place in the run, from 1.
        public let sequence: Int
        /// Where it goes.
        public let organisation: OrganisationCode
        /// Number of its parcel.
        public let parcel: Int
        /// What is printed.
        public let record: PrintedRecord
        /// The carrier's printed name.
        public let carrier: CarrierNumber
        /// The signed payload.
        public let payload: [UInt8]
    }

    /// Cards of an approved batch from `first` on, at most `count`.
    ///
    /// - Throws: ``RegisterError`` when the register was changed behind the program's back.
    public func cards(_ batch: Batch, from first: Int, count: Int) throws -> [Card] {
        guard let firstCarrier = batch.firstCarrier else { throw Self.noStep(batch, .built) }
        let rows = try register.read { session in
            // Read once and in order: a cache would only grow with the run.
            try session.setCache(megabytes: 4)
            return try session.all(
                """
                SELECT b.seq, b.sealed, c.number, c.issue, c.list, c.idx, c.payload, c.order_id,
                    c.state
                FROM batch_card b JOIN carrier c ON c.id = \(firstCarrier - 1) + b.seq
                WHERE b.batch_id = $1 AND b.seq >= $2 AND b.seq < $3 ORDER BY b.seq
                """,
                [.integer(batch.id), .int(first), .int(first + count)]
            ) { row in
                (
                    seq: Int(row.integer(0)), sealed: row.blob(1), number: row.integer(2),
                    issue: row.integer(3), list: row.integer(4), index: row.integer(5),
                    payload: row.blob(6), order: row.integer(7)
                )
            }
        }
        guard rows.count == max(0, min(count, batch.cards - first + 1)) else {
            throw Self.damaged(batch.name)
        }
        return try rows.map { row in
            let fixed = try self.row(row.sealed, batch.id, row.seq)
            guard fixed.order == row.order,
                let ticket = TicketNumber(value: UInt64(row.number)),
                let carrier = CarrierNumber(ticket: ticket, issue: UInt8(row.issue)),
                let coordinate = StatusCoordinate(
                    list: UInt32(row.list),
                    index: UInt32(row.index)
                ),
                let payload = try? register.secrets.payloads.open(
                    row.payload,
                    for: TicketIssuance.binding(coordinate)
                )
            else { throw Self.damaged(batch.name) }
            return Card(
                sequence: row.seq,
                organisation: fixed.organisation,
                parcel: fixed.parcel,
                record: fixed.record,
                carrier: carrier,
                payload: payload
            )
        }
    }

    /// The key that signs packages, and its identifier.
    public func packageKey(_ secrets: SigningSecrets) throws -> SigningKeyHandle {
        try register.read { session in
            try register.requireReclaimed(session)
            return SigningKeyHandle(
                key: try KeyRing(register).active(.package, secrets: secrets, in: session).key,
                identity: try secrets.packageIdentity(for: register)
            )
        }
    }

    /// A key that only signs manifests.
    public struct SigningKeyHandle: Sendable {
        let key: SigningKey
        let identity: PackageIdentity

        /// The detached CMS signature of a manifest.
        public func signCMS(manifest: [UInt8]) throws -> [UInt8] { try identity.sign(manifest) }

        /// The certificate that goes with it, PEM.
        public var certificate: String { identity.pem }

        /// The detached COSE signature of a manifest.
        public func sign(manifest: [UInt8]) throws -> [UInt8] {
            try Manifest.signature(of: manifest, with: key)
        }
    }

    /// The identifier of the key that signed the batch's payloads, hexadecimal.
    public func payloadKid(_ batch: Batch) throws -> String {
        try register.read { session in
            try session.first(
                "SELECT kid FROM issuance WHERE sequence = $1",
                [.integer(batch.issuance ?? 0)]
            ) { Hex.text($0.blob(0)) } ?? ""
        }
    }

    /// Refuses unless the user may make packages of the whole union's cards.
    public func requireIssuer(_ user: SignedInUser) throws {
        try user.requireEverywhere(.issueTickets)
    }

    /// How many cards a `cards-NNN.pdf` holds at most.
    public static var cardsPerPart: Int { 5_000 }

    /// Where batches are kept.
    public var folder: String { register.directory.path + "/batches" }

    /// The name of the batch's own file with these bytes, if one has them.
    public func ownFile(of id: Int64, sha256: [UInt8], size: Int) throws -> String? {
        try KnownFiles(register).batchFile(.init(sha256: sha256, size: size), of: id)?.name
    }

    /// The moment by which the register goes.
    public var now: Instant { register.now() }

    /// The trust bundle as signed, for verifying packages.
    public func trustBundle() throws -> [UInt8] { try KeyRing(register).bundle() }
}

extension BatchBook {
    /// Batches before one of them, the newest first.
    ///
    /// - Parameters:
    ///   - before: Only batches of a smaller number; nil begins with the newest.
    ///   - limit: How many at most.
    ///   - user: Who asks: somebody who reads reports, or takes batches on.
    /// - Returns: At most `limit` batches.
    /// - Throws: ``RegisterError``.
    public func page(before: Int64?, limit: Int, by user: SignedInUser) throws -> [Batch] {
        if !user.permits(.acceptBatches) { try user.require(.readReports) }
        return try register.read { session in
            try session.all(
                "\(Self.columns) WHERE b.id < $1 ORDER BY b.id DESC LIMIT $2",
                [.integer(before ?? .max), .int(limit)],
                Self.batch
            ).compactMap(\.self)
        }
    }

    /// Notes that a manufacturer fetched its package.
    public func noteDownload(_ id: Int64, by user: SignedInUser) throws {
        try user.require(.acceptBatches)
        try register.write {
            try AuditLog(register).record("batch.package", "batch/\(id)", "", by: user, in: $0)
        }
    }
}
