public import UnionTicket

/// The double-entry ledger: append-only, and the database refuses an entry that does not balance.
public struct Ledger: Sendable {
    let register: Register

    /// The ledger of this register.
    public init(_ register: Register) { self.register = register }

    /// One entry with what it moved.
    public struct Entry: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// The day it counts for, in Moscow: of a payment its document's, of a reversal that of the entry
        /// it takes back.
        public let day: CalendarDate
        /// When it was entered.
        public let at: Instant
        /// What it is.
        public let kind: MoneyEntryKind
        /// Which batch, where it is about one.
        public let batch: Int64?
        /// Which region, where it is about one.
        public let region: Int?
        /// The payment document.
        public let document: String?
        /// The entry it takes back.
        public let reverses: Int64?
        /// Who entered it.
        public let user: String
    }

    /// What an entry is, without its lines.
    struct Head {
        var kind: MoneyEntryKind
        var day: CalendarDate
        var batch: Int64?
        var region: Int64?
        var document: String?
        var note = ""
        var reverses: Int64?
    }

    /// Writes one entry in the caller's transaction: its lines, then the entry that closes them.
    @discardableResult
    func post(
        _ head: Head,
        _ lines: [LedgerLine],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64? {
        guard !lines.isEmpty else { return nil }
        let id = try Counter.moneyEntry.take(in: session)
        try session.load(
            "money_line",
            ["entry_id", "number", "account", "region", "reason", "cards", "amount"],
            count: lines.count
        ) { index, row in
            let line = lines[index]
            row.put(id)
            row.put(Int64(index + 1))
            row.put(line.account.rawValue)
            row.put(line.region)
            row.put(line.reason)
            row.put(Int64(line.cards))
            row.put(line.amount.value)
        }
        try session.execute(
            """
            INSERT INTO money_entry (id, at, entry_day, kind, user_id, batch_id, region, document,
                note, reverses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .integer(id), .integer(register.now().seconds), .int(head.day.day),
                .text(head.kind.rawValue), .integer(user.id), .optional(head.batch),
                .optional(head.region), .optional(head.document), .text(head.note),
                .optional(head.reverses),
            ]
        )
        return id
    }

    /// Charges the cards of a report by the price and the shares that its batch's first one fixed.
    func post(
        _ charges: CardCharges,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let (terms, shares) = try pricing(of: charges.batch, in: session)
        let day = register.now().moscowDate
        var head = Head(kind: .acceptance, day: day, batch: charges.batch)
        try post(head, charges.lines(terms, shares), by: user, in: session)
        head.kind = .spoilage
        try post(head, charges.claims(terms), by: user, in: session)
    }

    private func pricing(
        of batch: Int64,
        in session: any DatabaseSession
    ) throws -> (AcceptanceTerms, CostShares) {
        let shares = try session.first(
            """
            SELECT s.central_council, s.region, s.primary_organisation
            FROM batch b JOIN cost_share s ON s.since = b.shares_since WHERE b.id = $1
            """,
            [.integer(batch)],
            CostSharing.shares
        )
        guard let terms = try BatchBook(register).terms(batch, in: session),
            let known = shares ?? nil
        else { throw DatabaseError(.corrupt, reason: "batch.shares_since") }
        return (terms, known)
    }

    /// Takes an entry back by one that mirrors it; both stay.
    ///
    /// The mirror counts for the same day: what was entered by mistake stands in no balance then, and
    /// entered anew it counts once on every day.
    ///
    /// - Returns: The number of the new entry.
    /// - Throws: ``RegisterError`` when there is none of this number, it follows from a report, or it
    ///   was taken back already.
    public func reverse(_ id: Int64, reason: String, by user: SignedInUser) throws -> Int64 {
        try user.requireEverywhere(.manageMoney)
        let reason = try Ground.require(reason)
        return try register.write { session in
            let entry = try session.first("\(Self.columns) WHERE e.id = $1", [.integer(id)]) {
                Self.entry($0)
            }
            guard let entry = entry ?? nil else {
                throw RegisterError(
                    .notFound,
                    "Нет проводки \(id): profbilet settlement entries.",
                    "There is no entry \(id): profbilet settlement entries."
                )
            }
            guard entry.kind != .reversal else {
                throw RegisterError(
                    .refused,
                    "Проводка \(id) сама сторнирует проводку \(entry.reverses ?? 0): её не сторнируют. "
                        + "Внесите платёж заново.",
                    "Entry \(id) itself takes back entry \(entry.reverses ?? 0) and is not taken back. "
                        + "Enter the payment anew."
                )
            }
            guard [.payment, .prepayment, .refund].contains(entry.kind) else {
                throw RegisterError(
                    .refused,
                    "Проводка \(id) следует из отчёта изготовителя: её исправит исправленный отчёт.",
                    "Entry \(id) follows from a manufacturer's report: a corrected report corrects it."
                )
            }
            let known = try session.first(
                "SELECT id FROM money_entry WHERE reverses = $1",
                [.integer(id)]
            ) { $0.integer(0) }
            if let known {
                throw RegisterError(
                    .refused,
                    "Проводка \(id) уже сторнирована проводкой \(known).",
                    "Entry \(id) was taken back by entry \(known) already."
                )
            }
            let lines = try self.lines(of: id, in: session).map { line in
                var line = line
                line.amount = -line.amount
                line.cards = -line.cards
                return line
            }
            let head = Head(
                kind: .reversal,
                day: entry.day,
                batch: entry.batch,
                region: entry.region.map { Int64($0) },
                document: entry.document,
                note: reason,
                reverses: id
            )
            guard let made = try post(head, lines, by: user, in: session) else {
                throw DatabaseError(.corrupt, reason: "money_line")
            }
            try AuditLog(register).record(
                "money.reverse",
                "entry/\(made)",
                "entry/\(id)",
                by: user,
                in: session
            )
            return made
        }
    }

    /// Entries, the newest first.
    public func entries(limit: Int = 1000, by user: SignedInUser) throws -> [Entry] {
        try user.requireEverywhere(.readReports)
        return try register.read { session in
            try session.all(
                "\(Self.columns) ORDER BY e.id DESC LIMIT $1",
                [.int(limit)],
                Self.entry
            ).compactMap(\.self)
        }
    }

    /// What every account holds in the whole, and whether debit and credit agree to the kopeck.
    public func balances(by user: SignedInUser) throws -> [MoneyAccount: Kopecks] {
        try user.requireEverywhere(.readReports)
        return try register.read { session in
            var sums: [MoneyAccount: Kopecks] = [:]
            try session.query(
                "SELECT account, sum(amount) FROM money_line GROUP BY account",
                []
            ) { row in
                if let account = MoneyAccount(rawValue: row.text(0)) {
                    sums[account] = Kopecks(row.integer(1))
                }
            }
            return sums
        }
    }
}

extension Ledger {
    private static let columns = """
        SELECT e.id, e.entry_day, e.kind, e.batch_id, e.region, e.document, e.reverses, u.name, e.at
        FROM money_entry e JOIN app_user u ON u.id = e.user_id
        """

    private static func entry(_ row: any DatabaseRow) -> Entry? {
        guard let kind = MoneyEntryKind(rawValue: row.text(2)) else { return nil }
        return Entry(
            id: row.integer(0),
            day: CalendarDate(day: Int(row.integer(1))),
            at: Instant(seconds: row.integer(8)),
            kind: kind,
            batch: row.optionalInteger(3),
            region: row.optionalInteger(4).map { Int($0) },
            document: row.optionalText(5),
            reverses: row.optionalInteger(6),
            user: row.text(7)
        )
    }

    private func lines(
        of id: Int64,
        in session: any DatabaseSession
    ) throws -> [LedgerLine] {
        try session.all(
            """
            SELECT account, region, reason, cards, amount FROM money_line
            WHERE entry_id = $1 ORDER BY number
            """,
            [.integer(id)]
        ) { row -> LedgerLine? in
            MoneyAccount(rawValue: row.text(0)).map {
                LedgerLine(
                    account: $0,
                    region: row.integer(1),
                    reason: row.text(2),
                    cards: Int(row.integer(3)),
                    amount: Kopecks(row.integer(4))
                )
            }
        }.compactMap(\.self)
    }
}
