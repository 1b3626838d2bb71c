import TicketSeal
public import UnionTicket

/// Gives approved orders their numbers, coordinates and signed payloads, in one transaction.
///
/// Everything is fixed here; whoever prints later only reads it. Each issuance leaves a signed
/// manifest chained to the one before, from which a restored register learns what was printed.
public struct TicketIssuance: Sendable {
    let register: Register

    /// The issuing of this register.
    public init(_ register: Register) { self.register = register }

    /// What cannot be changed once it stands on plastic.
    public struct Terms: Sendable {
        /// End of validity of the cards.
        public var expiresAt: Instant
        /// Upper-case URL in front of the digits, or empty.
        public var urlPrefix: String
        /// Only orders of this subtree; nil for the whole union.
        public var organisation: OrganisationCode?
        /// At most so many cards.
        public var limit: Int
        /// Exactly the orders of this planned batch, in its order.
        var batch: Int64?

        /// Terms of one issuance.
        public init(
            expiresAt: Instant,
            urlPrefix: String,
            organisation: OrganisationCode? = nil,
            limit: Int = 1_000_000
        ) {
            self.expiresAt = expiresAt
            self.urlPrefix = urlPrefix
            self.organisation = organisation
            self.limit = limit
        }
    }

    /// What the last step of the transaction is told.
    struct Issued {
        let sequence: Int64
        let firstCarrier: Int64
    }

    /// What one issuance did.
    public struct Report: Sendable, Equatable {
        /// Its number, counted from 1.
        public let sequence: Int64
        /// Cards numbered and signed.
        public let cards: Int
        /// Orders passed over, with the reason.
        public let skipped: [Int64]
        /// Folder with the signed manifest and the list of tickets.
        public let folder: String
    }

    /// One card on its way into the tables.
    struct Card: Sendable {
        let order: Int64
        let member: Int64
        let region: UInt8
        let isNewTicket: Bool
        let carrier: CarrierNumber
        let coordinate: StatusCoordinate
        /// The signed payload, sealed for the register.
        let payload: [UInt8]
    }

    /// Cards that go into the tables together.
    struct Part: Sendable {
        /// In the order of their rows.
        let cards: [Card]
        /// Those with a new number, by number.
        let fresh: [Card]
        /// Their lines of `tickets.csv`.
        let lines: [UInt8]
    }

    /// Cards in the first part: until it is signed there is nothing to store.
    private static let firstPart = 2048
    /// Cards a part at most: the more, the nearer to each other lie their places in the indexes.
    private static let part = 16_384

    /// Numbers and signs every approved order that the terms select.
    ///
    /// - Throws: ``RegisterError``: the register awaits reclaiming, there is no usable `plastic` or
    ///   `package` key, the key may not sign so far ahead, or nothing is approved. Then nothing was allotted.
    public func issue(
        _ terms: Terms,
        secrets: SigningSecrets,
        by user: SignedInUser,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Report {
        try issue(terms, secrets: secrets, by: user, progress: progress) { _, _ in }
    }

    /// The same, with a last step in its transaction.
    func issue(
        _ terms: Terms,
        secrets: SigningSecrets,
        by user: SignedInUser,
        progress: (Int, Int) -> Void,
        finally: (any DatabaseSession, Issued) throws -> Void
    ) throws -> Report {
        try user.require(.issueTickets, at: terms.organisation)
        try check(terms)
        try register.read { try register.requireReclaimed($0) }
        // What an issuance before this one could not write, whatever comes of this one.
        _ = try IssuanceManifest(register).writePending(secrets: secrets)
        let issued = try register.write { session in
            try register.requireReclaimed(session)
            // Without it no manifest could follow, and printed numbers would be known to nobody.
            _ = try KeyRing(register).active(.package, secrets: secrets, in: session)
            let (key, stored) = try KeyRing(register).active(
                .plastic,
                secrets: secrets,
                in: session
            )
            try check(terms, against: stored)
            // Numbers and slots are random: their indexes are touched everywhere at once.
            try session.setCache(megabytes: 512)
            defer { try? session.setCache(megabytes: nil) }
            let plan = try IssuancePlan(terms, by: user, in: session)
            guard !plan.orders.isEmpty else {
                throw Self.nothing(passing: plan.skipped)
            }
            let sequence = try Counter.issuance.take(in: session)
            try session.execute(
                """
                INSERT INTO issuance (sequence, at, user_id, kid, expires_at, url_prefix, cards)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .integer(sequence), .integer(register.now().seconds), .integer(user.id),
                    .blob(stored.key.kid), .integer(terms.expiresAt.seconds),
                    .text(terms.urlPrefix), .int(plan.orders.count),
                ]
            )
            let allotment = TicketAllotment(register, plan.orders, terms, key)
            // Signed on the other core while the cards before them are stored.
            let signing = Ahead { try allotment.next(from: Self.firstPart, to: Self.part) }
            defer { signing.stop() }
            var done = 0
            var list = IssuedLine.header
            list.reserveCapacity(plan.orders.count * 96)
            while let part = try signing.next() {
                try store(part, terms, stored.key.kid, sequence, in: session)
                list += part.lines
                done += part.cards.count
                progress(done, plan.orders.count)
            }
            try allotment.finish(in: session)
            let firstCarrier = try Counter.carrier.last(in: session) - Int64(done) + 1
            try finally(session, Issued(sequence: sequence, firstCarrier: firstCarrier))
            try AuditLog(register).record(
                "ticket.issue",
                "issuance/\(sequence)",
                "cards \(done)",
                by: user,
                in: session
            )
            return (sequence: sequence, cards: done, skipped: plan.skipped, list: list)
        }
        let folder = try IssuanceManifest(register).writePending(
            [issued.sequence: issued.list],
            secrets: secrets
        )
        return Report(
            sequence: issued.sequence,
            cards: issued.cards,
            skipped: issued.skipped,
            folder: folder ?? register.directory.issuances
        )
    }

    private static func nothing(passing skipped: [Int64]) -> RegisterError {
        guard !skipped.isEmpty else {
            return RegisterError(
                .refused,
                "Нет одобренных заявок: profbilet order list --state approved.",
                "No order is approved: profbilet order list --state approved."
            )
        }
        let orders = skipped.prefix(20).map { "\($0)" }.joined(separator: ", ")
        return RegisterError(
            .refused,
            "Ни по одной одобренной заявке карту выпустить нельзя: член Профсоюза выбыл или его "
                + "карта уже изготавливается (\(orders)). Отмените заявки: profbilet order cancel.",
            "No approved order can be issued: the member has left or has a card in production "
                + "(\(orders)). Cancel the orders: profbilet order cancel."
        )
    }

    private func check(_ terms: Terms) throws {
        guard terms.urlPrefix.isEmpty || TicketText.isValidPrefix(terms.urlPrefix) else {
            throw RegisterError(
                .badInput,
                "Адрес в QR: заглавные латинские буквы, до 45 знаков, не цифра в конце, "
                    + "например HTTPS://EPB.EXAMPLE.RU/C/",
                "The URL of the QR: upper case, up to 45 characters, no digit at the end, "
                    + "for example HTTPS://EPB.EXAMPLE.RU/C/"
            )
        }
        guard terms.expiresAt > register.now() else {
            throw RegisterError(
                .badInput,
                "Срок действия уже прошёл. Укажите дату в будущем.",
                "The end of validity has passed. Give a date in the future."
            )
        }
    }

    private func check(_ terms: Terms, against key: KeyRing.Stored) throws {
        if let longest = key.longestExpiry, terms.expiresAt > longest {
            throw RegisterError(
                .keyUnusable,
                "Ключ \(key.listed.kid) подписывает сроки не позже "
                    + "\(longest.moscowDate.russian). Сократите срок или смените ключ.",
                "The key \(key.listed.kid) signs no validity past \(longest.moscowDate.iso). "
                    + "Shorten it or rotate the key."
            )
        }
    }

    private func store(
        _ part: Part,
        _ terms: Terms,
        _ kid: [UInt8],
        _ sequence: Int64,
        in session: any DatabaseSession
    ) throws {
        let (cards, fresh) = (part.cards, part.fresh)
        let at = register.now().seconds
        try session.load(
            "ticket_number",
            ["number", "region", "state", "member_id", "at"],
            count: fresh.count
        ) {
            $1.put(Int64(fresh[$0].carrier.ticket.value))
            $1.put(Int64(fresh[$0].region))
            $1.put("assigned")
            $1.put(fresh[$0].member)
            $1.put(at)
        }
        let first = try Counter.carrier.take(cards.count, in: session)
        try session.load("carrier", Self.carrierColumns, count: cards.count) { index, row in
            let card = cards[index]
            row.put(first + Int64(index))
            row.put(Int64(card.region))
            row.put(card.member)
            row.put(CarrierKind.plastic.rawValue)
            row.put(Int64(card.carrier.ticket.value))
            row.put(Int64(card.carrier.issue))
            row.put(CarrierState.allocated.rawValue)
            row.put(Int64(card.coordinate.list))
            row.put(Int64(card.coordinate.index))
            row.put(Int64(CarrierState.allocated.published.rawValue))
            row.put(terms.expiresAt.seconds)
            row.put(kid)
            row.put(card.payload)
            row.put(sequence)
            row.put(card.order)
        }
        // Who did it, when and why stands in the issuance, once for all its orders.
        let runs = Self.runs(of: cards.map(\.order))
        for run in runs.long {
            try session.execute(
                "UPDATE card_order SET state = 'batched', issuance = $1 WHERE id BETWEEN $2 AND $3",
                [.integer(sequence), .integer(run.lowerBound), .integer(run.upperBound)]
            )
        }
        for part in runs.single.map(SQLValue.integer).parts(of: 256) {
            try session.execute(
                """
                UPDATE card_order SET state = 'batched', issuance = \(sequence)
                WHERE id IN (\(part.placeholders))
                """,
                part.padded
            )
        }
    }

    /// Numbers that follow one another without a gap, and the others.
    private static func runs(of orders: [Int64]) -> (long: [ClosedRange<Int64>], single: [Int64]) {
        var (long, single): ([ClosedRange<Int64>], [Int64]) = ([], [])
        var rest = orders.sorted()[...]
        while let first = rest.first {
            let length =
                zip(rest.indices, rest).first { $1 - first != Int64($0 - rest.startIndex) }
                .map { $0.0 - rest.startIndex } ?? rest.count
            let run = rest.prefix(length)
            if length < 64 { single += run } else { long.append(first...run[run.endIndex - 1]) }
            rest = rest.dropFirst(length)
        }
        return (long, single)
    }

    private static let carrierColumns = [
        "id", "region", "member_id", "kind", "number", "issue", "state", "list", "idx",
        "published", "expires_at", "kid", "payload", "issuance", "order_id",
    ]

    /// What a sealed payload is bound to.
    static func binding(_ coordinate: StatusCoordinate) -> [UInt8] {
        var bytes = Array("payload/".utf8)
        bytes.append(bigEndian: Int64(coordinate.list))
        bytes.append(bigEndian: Int64(coordinate.index))
        return bytes
    }
}
