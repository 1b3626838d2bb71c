public import UnionTicket

/// What each region's cards cost, who bears it, and what was paid back.
public struct Settlement: Sendable {
    let register: Register

    /// The settlement of this register.
    public init(_ register: Register) { self.register = register }

    /// One region's account at the end of a day.
    public struct Row: Sendable, Equatable {
        /// The region.
        public let region: OrganisationCode
        /// Its name.
        public let name: String
        /// Cards made and charged.
        public var cards = 0
        /// Of them reissues: everything but first cards.
        public var reissues = 0
        /// What they cost.
        public var cost = Kopecks.zero
        /// The Central Council's part.
        public var centralCouncil = Kopecks.zero
        /// The region's part.
        public var regionShare = Kopecks.zero
        /// The primaries' part.
        public var primaryShare = Kopecks.zero
        /// What the plant bears.
        public var manufacturer = Kopecks.zero
        /// Paid back, line «Членские профсоюзные взносы».
        public var paid = Kopecks.zero

        /// What is due to the Central Council.
        public var due: Kopecks { regionShare + primaryShare }
        /// Still owed; negative where more was paid.
        public var balance: Kopecks { due - paid }
    }

    /// One movement of a region's account.
    public struct Movement: Sendable, Equatable {
        /// The entry's number.
        public let entry: Int64
        /// The day it counts for.
        public let day: CalendarDate
        /// The day it was entered, in Moscow.
        public let enteredOn: CalendarDate
        /// What it is.
        public let kind: MoneyEntryKind
        /// The batch, where it is about one.
        public let batch: Int64?
        /// The payment document.
        public let document: String?
        /// Cards charged.
        public let cards: Int
        /// What the region came to owe.
        public let debit: Kopecks
        /// What it paid.
        public let credit: Kopecks
    }

    /// Accounts at the end of `day`, today at the latest: one region's, or all that have cards or
    /// payments.
    public func rows(
        _ region: OrganisationCode? = nil,
        asOf day: CalendarDate,
        by user: SignedInUser
    ) throws -> [Row] {
        try require(region, by: user)
        try register.requirePast(day)
        return try register.read { session in
            if let region { _ = try OrganisationTree(register).requireKnown(region, in: session) }
            var rows: [Int64: Row] = [:]
            try session.query(
                """
                SELECT l.region, l.account, l.reason, sum(l.amount), sum(l.cards), o.name
                FROM money_line l JOIN money_entry e ON e.id = l.entry_id
                LEFT JOIN organisation o ON o.code = l.region * 10010000
                WHERE e.entry_day <= $1 AND l.region BETWEEN $2 AND $3
                AND e.kind <> 'spoilage'
                GROUP BY l.region, l.account, l.reason, o.name
                """,
                [
                    .int(day.day), .int(region?.region ?? 1), .int(region?.region ?? 99),
                ]
            ) { row in
                let number = row.integer(0)
                guard let code = OrganisationCode(ordinal: number * 10_010_000) else { return }
                var found = rows[number] ?? Row(region: code, name: row.text(5))
                found.add(row)
                rows[number] = found
            }
            if let region, rows.isEmpty {
                let name = try OrganisationTree(register).requireKnown(region, in: session).name
                return [Row(region: region, name: name)]
            }
            return rows.values.sorted { $0.region < $1.region }
        }
    }

    /// The movements of a region's account within days, and what it owed before them.
    public func movements(
        of region: OrganisationCode,
        from first: CalendarDate,
        to last: CalendarDate,
        by user: SignedInUser
    ) throws -> (opening: Kopecks, movements: [Movement]) {
        try require(region, by: user)
        try register.requirePast(last)
        return try register.read { session in
            _ = try OrganisationTree(register).requireKnown(region, in: session)
            var opening = Kopecks.zero
            var movements: [Movement] = []
            try session.query(
                """
                SELECT e.id, e.entry_day, e.kind, e.batch_id, e.document,
                    sum(CASE WHEN l.account = 'manufacturer' THEN l.cards ELSE 0 END),
                    sum(CASE WHEN l.account IN ('regionShare', 'primaryShare')
                        THEN l.amount ELSE 0 END),
                    sum(CASE WHEN l.account = 'paidBack' THEN -l.amount ELSE 0 END), e.at
                FROM money_line l JOIN money_entry e ON e.id = l.entry_id
                WHERE l.region = $1 AND e.entry_day <= $2 AND e.kind <> 'spoilage'
                GROUP BY e.id, e.entry_day, e.kind, e.batch_id, e.document, e.at
                ORDER BY e.entry_day, e.id
                """,
                [.int(region.region), .int(last.day)]
            ) { row in
                guard let movement = Self.movement(row) else { return }
                if movement.day < first {
                    opening = opening + movement.debit - movement.credit
                } else {
                    movements.append(movement)
                }
            }
            return (opening, movements)
        }
    }

    private static func movement(_ row: any DatabaseRow) -> Movement? {
        guard let kind = MoneyEntryKind(rawValue: row.text(2)) else { return nil }
        return Movement(
            entry: row.integer(0),
            day: CalendarDate(day: Int(row.integer(1))),
            enteredOn: Instant(seconds: row.integer(8)).moscowDate,
            kind: kind,
            batch: row.optionalInteger(3),
            document: row.optionalText(4),
            cards: Int(row.integer(5)),
            debit: Kopecks(row.integer(6)),
            credit: Kopecks(row.integer(7))
        )
    }

    private func require(_ region: OrganisationCode?, by user: SignedInUser) throws {
        guard let region else { return try user.requireEverywhere(.readReports) }
        guard region.level == .regional else {
            throw RegisterError(
                .badInput,
                "Взаиморасчёты ведутся по региональным организациям: код RR, а не \(region).",
                "Settlement is by regional organisation: a code RR, not \(region)."
            )
        }
        try user.require(.readReports, at: region)
    }

    /// The plant's account of one batch.
    public struct PlantRow: Sendable, Equatable {
        /// The batch.
        public let batch: Int64
        /// Name of its price tier.
        public let tier: String
        /// Price of a card.
        public let price: Kopecks
        /// Cards charged.
        public var cards = 0
        /// Paid in advance.
        public var prepaid = Kopecks.zero
        /// What the accepted cards cost, and those claimed from the plant.
        public var accepted = Kopecks.zero
        /// Cards spoiled at the plant, made wrong or never delivered.
        public var spoiled = 0
        /// What the plant owes for them and has not paid back.
        public var claim = Kopecks.zero

        /// What the plant holds of the union's money; negative where the union owes.
        public var balance: Kopecks { prepaid - accepted + claim }
    }

    /// The plant's accounts, a batch each, at the end of `day`.
    public func plant(asOf day: CalendarDate, by user: SignedInUser) throws -> [PlantRow] {
        try user.requireEverywhere(.readReports)
        try register.requirePast(day)
        return try register.read { session in
            var rows: [Int64: PlantRow] = [:]
            try session.query(
                """
                SELECT e.batch_id, e.kind, l.account, sum(l.amount), sum(l.cards), b.price_tier,
                    b.price
                FROM money_line l JOIN money_entry e ON e.id = l.entry_id
                JOIN batch b ON b.id = e.batch_id
                WHERE e.entry_day <= $1 AND l.account IN ('manufacturer', 'spoilageClaim')
                GROUP BY e.batch_id, e.kind, l.account, b.price_tier, b.price
                """,
                [.int(day.day)]
            ) { row in
                let id = row.integer(0)
                var found =
                    rows[id]
                    ?? PlantRow(batch: id, tier: row.text(5), price: Kopecks(row.integer(6)))
                found.add(row)
                rows[id] = found
            }
            return rows.values.sorted { $0.batch < $1.batch }
        }
    }
}

extension Settlement.Row {
    fileprivate mutating func add(_ row: any DatabaseRow) {
        let amount = Kopecks(row.integer(3))
        switch MoneyAccount(rawValue: row.text(1)) {
        case .manufacturer:
            cards += Int(row.integer(4))
            if row.text(2) != OrderReason.first.rawValue { reissues += Int(row.integer(4)) }
            cost = cost - amount
        case .centralShare: centralCouncil = centralCouncil + amount
        case .regionShare: regionShare = regionShare + amount
        case .primaryShare: primaryShare = primaryShare + amount
        case .spoilageClaim: manufacturer = manufacturer + amount
        case .paidBack: paid = paid - amount
        case .bank, nil: break
        }
    }
}

extension Settlement.PlantRow {
    fileprivate mutating func add(_ row: any DatabaseRow) {
        let (amount, cards) = (Kopecks(row.integer(3)), Int(row.integer(4)))
        switch (MoneyAccount(rawValue: row.text(2)), MoneyEntryKind(rawValue: row.text(1))) {
        case (.manufacturer, .acceptance):
            self.cards += cards
            accepted = accepted - amount
        case (.manufacturer, .spoilage): accepted = accepted - amount
        case (.manufacturer, _): prepaid = prepaid + amount
        case (.spoilageClaim, _):
            spoiled += cards
            claim = claim + amount
        default: break
        }
    }
}

extension Settlement.Row {
    /// An account without movements.
    public init(region: OrganisationCode, name: String) {
        (self.region, self.name) = (region, name)
    }

    /// Both accounts together, under the first one's name.
    public static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.cards += right.cards
        sum.reissues += right.reissues
        sum.cost = sum.cost + right.cost
        sum.centralCouncil = sum.centralCouncil + right.centralCouncil
        sum.regionShare = sum.regionShare + right.regionShare
        sum.primaryShare = sum.primaryShare + right.primaryShare
        sum.manufacturer = sum.manufacturer + right.manufacturer
        sum.paid = sum.paid + right.paid
        return sum
    }
}
