public import UnionTicket

/// How the price of cards is shared between Central Council, regions and primaries, and since when.
public struct CostSharing: Sendable {
    let register: Register

    /// The sharing of this register.
    public init(_ register: Register) { self.register = register }

    /// Shares with the first day they hold for.
    public struct Period: Sendable, Equatable {
        /// The first day; nil for the shares that hold from the beginning.
        public let since: CalendarDate?
        /// The shares.
        public let shares: CostShares
    }

    /// All shares, the first ones first.
    public func periods(by user: SignedInUser) throws -> [Period] {
        try user.require(.readReports)
        return try register.read { session in
            try session.all(
                """
                SELECT central_council, region, primary_organisation, since FROM cost_share
                ORDER BY since
                """
            ) { row -> Period? in
                let day = Int(row.integer(3))
                return Self.shares(row).map {
                    Period(since: day == 0 ? nil : CalendarDate(day: day), shares: $0)
                }
            }.compactMap(\.self)
        }
    }

    /// Sets the shares for batches first accepted from a day on.
    ///
    /// - Throws: ``RegisterError`` when shares of that day or a later one are set already, or batches
    ///   were accepted by others from that day on: what is posted is not changed.
    public func set(_ shares: CostShares, since day: CalendarDate, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageMoney)
        try register.write { session in
            let latest = try session.first("SELECT max(since) FROM cost_share") { $0.integer(0) }
            guard day.day > Int(latest ?? 0) else {
                throw RegisterError(
                    .refused,
                    "Доли с \(CalendarDate(day: Int(latest ?? 0)).russian) уже заданы: новые начинаются "
                        + "позже.",
                    "Shares from \(CalendarDate(day: Int(latest ?? 0)).iso) are set already: new ones "
                        + "begin later."
                )
            }
            let posted =
                try session.first(
                    "SELECT max(entry_day) FROM money_entry WHERE kind IN ('acceptance', 'spoilage')"
                ) { $0.optionalInteger(0) } ?? nil
            if let posted, day.day <= Int(posted) {
                throw RegisterError(
                    .refused,
                    "Карты начислены по прежним долям по \(CalendarDate(day: Int(posted)).russian): "
                        + "новые доли начинаются позже.",
                    "Cards were charged by the old shares up to \(CalendarDate(day: Int(posted)).iso): "
                        + "new shares begin later."
                )
            }
            try session.execute(
                """
                INSERT INTO cost_share (since, central_council, region, primary_organisation, at,
                    user_id) VALUES ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .int(day.day), .int(shares.centralCouncil), .int(shares.region),
                    .int(shares.primary), .integer(register.now().seconds), .integer(user.id),
                ]
            )
            try AuditLog(register).record(
                "money.shares",
                "since/\(day.iso)",
                "\(shares.centralCouncil)/\(shares.region)/\(shares.primary)",
                by: user,
                in: session
            )
        }
    }

    static func shares(_ row: any DatabaseRow) -> CostShares? {
        CostShares(
            centralCouncil: Int(row.integer(0)),
            region: Int(row.integer(1)),
            primary: Int(row.integer(2))
        )
    }
}
