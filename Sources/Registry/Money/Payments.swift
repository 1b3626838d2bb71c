public import UnionTicket

extension Ledger {
    /// A payment document.
    public struct Payment: Sendable {
        /// How much.
        public var amount: Kopecks
        /// Number of the payment order (платёжное поручение).
        public var document: String
        /// The day the money moved.
        public var day: CalendarDate

        /// A payment.
        ///
        /// Blanks around and between the words of the document's number make no other document.
        public init(amount: Kopecks, document: String, day: CalendarDate) {
            (self.amount, self.day) = (amount, day)
            self.document = document.split(separator: " ").joined(separator: " ")
        }
    }

    /// Records what a region paid back, line «Членские профсоюзные взносы».
    ///
    /// - Returns: The number of the entry.
    /// - Throws: ``RegisterError`` for an unknown region, an amount that is not above zero, a day to
    ///   come, or a document of this region that is recorded already.
    public func pay(
        _ payment: Payment,
        from region: OrganisationCode,
        by user: SignedInUser
    ) throws -> Int64 {
        try user.requireEverywhere(.manageMoney)
        try check(payment)
        return try register.write { session in
            guard region.level == .regional else {
                throw RegisterError(
                    .badInput,
                    "Платит региональная организация: код RR, а не \(region).",
                    "A regional organisation pays: a code RR, not \(region)."
                )
            }
            _ = try OrganisationTree(register).requireKnown(region, in: session)
            let known = try session.first(
                """
                SELECT e.id FROM money_entry e WHERE e.kind = 'payment' AND e.region = $1
                AND e.document = $2 AND \(Self.stands)
                """,
                [.int(region.region), .text(payment.document)]
            ) { $0.integer(0) }
            if let known { throw Self.repeated(payment.document, known) }
            let head = Head(
                kind: .payment,
                day: payment.day,
                region: Int64(region.region),
                document: payment.document
            )
            let lines = [
                LedgerLine(account: .bank, region: Int64(region.region), amount: payment.amount),
                LedgerLine(
                    account: .paidBack,
                    region: Int64(region.region),
                    amount: -payment.amount
                ),
            ]
            return try record(head, lines, "money.pay", by: user, in: session)
        }
    }

    /// Records what the Central Council paid the plant for a batch, or the plant paid back.
    ///
    /// - Returns: The number of the entry.
    /// - Throws: ``RegisterError`` as for a region's payment; an unknown batch; a refund of more than
    ///   the plant owes for spoilage on its day or on any later one.
    public func pay(
        _ payment: Payment,
        batch: Int64,
        isRefund: Bool = false,
        by user: SignedInUser
    ) throws -> Int64 {
        try user.requireEverywhere(.manageMoney)
        try check(payment)
        let kind = isRefund ? MoneyEntryKind.refund : .prepayment
        return try register.write { session in
            _ = try BatchBook(register).batch(batch, in: session)
            if isRefund { try requireClaim(payment, batch, in: session) }
            let known = try session.first(
                """
                SELECT e.id FROM money_entry e WHERE e.kind = $1 AND e.batch_id = $2
                AND e.document = $3 AND \(Self.stands)
                """,
                [.text(kind.rawValue), .integer(batch), .text(payment.document)]
            ) { $0.integer(0) }
            if let known { throw Self.repeated(payment.document, known) }
            let head = Head(
                kind: kind,
                day: payment.day,
                batch: batch,
                document: payment.document
            )
            let amount = isRefund ? payment.amount : -payment.amount
            let lines = [
                LedgerLine(account: .bank, amount: amount),
                LedgerLine(account: isRefund ? .spoilageClaim : .manufacturer, amount: -amount),
            ]
            return try record(head, lines, "money.\(kind.rawValue)", by: user, in: session)
        }
    }

    private func record(
        _ head: Head,
        _ lines: [LedgerLine],
        _ action: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        guard let id = try post(head, lines, by: user, in: session) else {
            throw DatabaseError(.misuse, reason: "money_line")
        }
        try AuditLog(register).record(action, "entry/\(id)", "", by: user, in: session)
        return id
    }

    /// The plant pays back what is claimed of it for spoilage, and no more: at the end of the refund's
    /// day and of every later one what it owes is not below zero.
    private func requireClaim(
        _ payment: Payment,
        _ batch: Int64,
        in session: any DatabaseSession
    ) throws {
        let first =
            try session.first(
                """
                SELECT min(e.entry_day) FROM money_line l JOIN money_entry e ON e.id = l.entry_id
                WHERE e.batch_id = $1 AND l.account = 'spoilageClaim' AND l.amount > 0
                """,
                [.integer(batch)]
            ) { $0.optionalInteger(0) } ?? nil
        if let day = first.map({ CalendarDate(day: Int($0)) }), payment.day < day {
            throw RegisterError(
                .refused,
                "Завод стал должен за брак партии \(batch) только \(day.russian): возврат "
                    + "\(payment.day.russian) раньше. Проверьте дату.",
                "The plant owes for spoilage of batch \(batch) since \(day.iso) only: a refund of "
                    + "\(payment.day.iso) is earlier. Check the day."
            )
        }
        let least = try leastClaim(batch, since: payment.day, in: session)
        guard payment.amount <= least.claim else {
            throw RegisterError(
                .refused,
                "За брак партии \(batch) завод на \(least.day.russian) должен "
                    + "\(least.claim.roubles) руб.: больше вернуть нельзя. Проверьте дату и сумму: "
                    + "profbilet settlement plant --as-of \(least.day.russian).",
                "For spoilage of batch \(batch) the plant owes \(least.claim.decimal) roubles on "
                    + "\(least.day.iso): no more is paid back. Check the day and the amount: "
                    + "profbilet settlement plant --as-of \(least.day.iso)."
            )
        }
    }

    /// The least that the plant owes for spoilage at the end of a day or of any later one, and when.
    private func leastClaim(
        _ batch: Int64,
        since day: CalendarDate,
        in session: any DatabaseSession
    ) throws -> (day: CalendarDate, claim: Kopecks) {
        let changes = try session.all(
            """
            SELECT e.entry_day, sum(l.amount) FROM money_line l
            JOIN money_entry e ON e.id = l.entry_id
            WHERE e.batch_id = $1 AND l.account = 'spoilageClaim'
            GROUP BY e.entry_day ORDER BY e.entry_day
            """,
            [.integer(batch)]
        ) { (day: CalendarDate(day: Int($0.integer(0))), amount: Kopecks($0.integer(1))) }
        let open = changes.prefix { $0.day <= day }.reduce(Kopecks.zero) { $0 + $1.amount }
        var (claim, least) = (open, (day: day, claim: open))
        for change in changes where change.day > day {
            claim = claim + change.amount
            if claim < least.claim { least = (change.day, claim) }
        }
        return least
    }

    private func check(_ payment: Payment) throws {
        guard payment.amount > .zero else {
            throw RegisterError(
                .badInput,
                "Сумма платежа должна быть больше нуля.",
                "The amount of a payment must be above zero."
            )
        }
        guard (1...64).contains(payment.document.unicodeScalars.count),
            payment.document.contains(where: { !$0.isWhitespace })
        else {
            throw RegisterError(
                .badInput,
                "Номер платёжного документа: от 1 до 64 знаков.",
                "The number of the payment document has 1 to 64 characters."
            )
        }
        guard
            payment.document.unicodeScalars.allSatisfy({
                ![.control, .lineSeparator, .paragraphSeparator, .format, .unassigned]
                    .contains($0.properties.generalCategory)
            })
        else {
            throw RegisterError(
                .badInput,
                "В номере платёжного документа есть непечатаемый знак: наберите номер заново.",
                "The number of the payment document has a character that cannot be printed: type the "
                    + "number again."
            )
        }
        guard payment.day.day > 0 else {
            throw RegisterError(
                .badInput,
                "Дата платежа \(payment.day.russian) слишком давняя: проверьте год.",
                "The day of the payment, \(payment.day.iso), is too long ago: check the year."
            )
        }
        guard payment.day <= register.now().moscowDate else {
            throw RegisterError(
                .badInput,
                "Дата платежа \(payment.day.russian) ещё не наступила.",
                "The day of the payment, \(payment.day.iso), is still to come."
            )
        }
    }

    /// An entry `e` that was not taken back.
    private static let stands = """
        NOT EXISTS (SELECT 1 FROM money_entry r WHERE r.reverses = e.id)
        """

    private static func repeated(_ document: String, _ entry: Int64) -> RegisterError {
        RegisterError(
            .refused,
            "Платёж по документу \(document) уже учтён проводкой \(entry). Если это другой платёж, "
                + "укажите номер с годом, например \(document)/2027; ошибочный сначала сторнируйте: "
                + "profbilet settlement reverse \(entry).",
            "The payment by document \(document) is recorded already, entry \(entry). If it is "
                + "another one, give the number with its year, for example \(document)/2027; take a "
                + "mistaken one back first: profbilet settlement reverse \(entry)."
        )
    }
}
