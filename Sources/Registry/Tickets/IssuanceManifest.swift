import TicketSeal
public import UnionTicket

/// The signed records of what was issued: `issuances/NNNNNN/` with `tickets.csv`, `manifest.json`
/// and its signature.
///
/// They are made of what the register holds, so one that a crash left out is written later with the
/// same bytes.
public struct IssuanceManifest: Sendable {
    let register: Register

    /// The records of this register.
    public init(_ register: Register) { self.register = register }

    /// Writes every record still missing; returns the folder of the newest.
    ///
    /// `lists` are lists of tickets by issuance that the caller still has from storing them; the others
    /// are read from the register and are the same.
    func writePending(_ lists: [Int64: [UInt8]] = [:], secrets: SigningSecrets) throws -> String? {
        let pending = try register.read { session in
            try session.all(
                "SELECT sequence FROM issuance WHERE manifest IS NULL ORDER BY sequence"
            ) { $0.integer(0) }
        }
        return try pending.map { try write($0, lists[$0], secrets: secrets) }.last
    }

    /// Writes what a crash or a full disk left out; where no key can sign now it stays for later, and the
    /// next issuance says so.
    func mend(secrets: SigningSecrets) throws {
        do { _ = try writePending(secrets: secrets) } catch let error as RegisterError
            where error.code == .keyUnusable
        {} catch is PKCS11Error {}
    }

    private func write(
        _ sequence: Int64,
        _ known: [UInt8]?,
        secrets: SigningSecrets
    ) throws -> String {
        let folder = register.directory.issuances + "/" + Self.name(sequence)
        let (manifest, key, list) = try register.read { session in
            let list = try known ?? tickets(sequence, in: session)
            let issuance = try session.first(
                "SELECT at, kid, cards FROM issuance WHERE sequence = $1",
                [.integer(sequence)]
            ) { (at: $0.integer(0), kid: $0.blob(1), cards: $0.integer(2)) }
            guard let issuance else { throw DatabaseError(.corrupt, reason: "issuance") }
            let previous = try session.first(
                "SELECT manifest FROM issuance WHERE sequence = $1",
                [.integer(sequence - 1)]
            ) { Hex.text($0.blob(0)) }
            let manifest = Manifest(
                kind: "issuance",
                id: Self.name(sequence),
                sequence: Int(sequence),
                previous: previous,
                created: Instant(seconds: issuance.at),
                files: [
                    Manifest.File(
                        name: "tickets.csv",
                        bytes: list.count,
                        sha256: Hex.text(SHA256Digest.of(list))
                    )
                ],
                counts: ["cards": Int(issuance.cards)],
                kids: [Hex.text(issuance.kid)],
                extra: ["register": try Setting.registerId.value(in: session) ?? ""]
            )
            let key = try KeyRing(register).active(.package, secrets: secrets, in: session).key
            return (manifest, key, list)
        }
        let bytes = try manifest.encoded()
        try Files.makeDirectory(folder)
        try Files.write(list, to: folder + "/tickets.csv")
        try Files.write(
            try Manifest.signature(of: bytes, with: key),
            to: folder + "/manifest.json.cose"
        )
        try Files.write(bytes, to: folder + "/manifest.json")
        try register.write { session in
            try session.execute(
                "UPDATE issuance SET manifest = $1 WHERE sequence = $2",
                [.blob(SHA256Digest.of(bytes)), .integer(sequence)]
            )
        }
        return folder
    }

    private func tickets(_ sequence: Int64, in session: any DatabaseSession) throws -> [UInt8] {
        var text = IssuedLine.header
        var lastKid: (bytes: [UInt8], hex: [UInt8]) = ([], [])
        try session.query(
            """
            SELECT number, issue, list, idx, expires_at, kid, order_id, member_id FROM carrier
            WHERE issuance = $1 ORDER BY id
            """,
            [.integer(sequence)]
        ) { row in
            guard let ticket = TicketNumber(value: UInt64(row.integer(0))) else {
                throw DatabaseError(.corrupt, reason: "carrier")
            }
            let kid = row.blob(5)
            if kid != lastKid.bytes { lastKid = (kid, Array(Hex.text(kid).utf8)) }
            IssuedLine(
                ticket: ticket,
                issue: row.integer(1),
                list: row.integer(2),
                index: row.integer(3),
                expiresAt: row.integer(4),
                kid: lastKid.hex,
                order: row.integer(6),
                member: row.integer(7)
            ).append(to: &text)
        }
        return text
    }

    /// One signed payload as text with its carrier, for integrators and for the press.
    public struct Payload: Sendable {
        /// The carrier's printed name.
        public let carrier: CarrierNumber
        /// The COSE bytes.
        public let bytes: [UInt8]
        /// What the QR holds.
        public let text: String
    }

    /// The payloads of one issuance in its order, for whose scope holds all its cards; reading them is
    /// logged.
    public func payloads(
        _ sequence: Int64,
        by user: SignedInUser,
        each: (Payload) throws -> Void
    ) throws {
        try user.require(.issueTickets)
        try register.write { session in
            for place in try places(of: sequence, in: session) {
                try user.require(.issueTickets, at: place)
            }
            try AuditLog(register).record(
                "ticket.payloads",
                "issuance/\(sequence)",
                "",
                by: user,
                in: session
            )
        }
        try register.read { session in
            let prefix = try session.first(
                "SELECT url_prefix FROM issuance WHERE sequence = $1",
                [.integer(sequence)]
            ) { $0.text(0) }
            guard let prefix else {
                throw RegisterError(
                    .notFound,
                    "Нет выпуска \(sequence).",
                    "There is no issuance \(sequence)."
                )
            }
            try session.query(
                """
                SELECT number, issue, list, idx, payload FROM carrier WHERE issuance = $1
                ORDER BY id
                """,
                [.integer(sequence)]
            ) { row in
                try each(try payload(row, prefix))
            }
        }
    }

    /// Whose cards an issuance holds; a card of which no order tells is the whole union's.
    private func places(
        of sequence: Int64,
        in session: any DatabaseSession
    ) throws -> [OrganisationCode] {
        try session.all(
            """
            SELECT DISTINCT o.organisation FROM carrier c LEFT JOIN card_order o ON o.id = c.order_id
            WHERE c.issuance = $1
            """,
            [.integer(sequence)]
        ) { $0.optionalInteger(0).flatMap(OrganisationCode.init(ordinal:)) ?? .centralCouncil }
    }

    private func payload(_ row: any DatabaseRow, _ prefix: String) throws -> Payload {
        guard let ticket = TicketNumber(value: UInt64(row.integer(0))),
            let carrier = CarrierNumber(ticket: ticket, issue: UInt8(row.integer(1))),
            let coordinate = StatusCoordinate(
                list: UInt32(row.integer(2)),
                index: UInt32(row.integer(3))
            ),
            let bytes = try? register.secrets.payloads.open(
                row.blob(4),
                for: TicketIssuance.binding(coordinate)
            )
        else {
            throw RegisterError(
                .damaged,
                "Подписанные данные носителя изменены в обход программы. Восстановите реестр.",
                "A carrier's payload was changed behind the program's back. Restore the register."
            )
        }
        return Payload(
            carrier: carrier,
            bytes: bytes,
            text: prefix + DigitText.encode(bytes)
        )
    }

    static func name(_ sequence: Int64) -> String { padded(Int(sequence), 6) }
}
