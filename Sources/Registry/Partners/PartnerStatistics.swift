import UnionTicket
import TicketSeal

/// What partners report back: aggregates by region and month, money in kopecks; never a person's
/// purchases.
public struct PartnerStatistics: Sendable {
    let register: Register

    /// The statistics in this register.
    public init(_ register: Register) { self.register = register }

    /// The figures of one region in one month, or their sum.
    public struct Figures: Sendable, Equatable {
        /// Who takes part at the end of the month.
        public var participants: Int64 = 0
        /// Of them through the partner's application.
        public var throughApp: Int64 = 0
        /// Purchases in the month.
        public var purchases: Int64 = 0
        /// What was paid, kopecks.
        public var turnover: Int64 = 0
        /// What was returned, kopecks.
        public var cashback: Int64 = 0

        /// Nothing yet.
        public init() {}

        /// The figures of one region.
        public init(
            participants: Int64,
            throughApp: Int64,
            purchases: Int64,
            turnover: Int64,
            cashback: Int64
        ) {
            (self.participants, self.throughApp) = (participants, throughApp)
            (self.purchases, self.turnover, self.cashback) = (purchases, turnover, cashback)
        }

        /// Region by region.
        public static func + (left: Self, right: Self) -> Self {
            Self(
                participants: left.participants + right.participants,
                throughApp: left.throughApp + right.throughApp,
                purchases: left.purchases + right.purchases,
                turnover: left.turnover + right.turnover,
                cashback: left.cashback + right.cashback
            )
        }

        /// The share through the application in hundredths of a percent, rounded half up.
        public var appShare: Int64 {
            participants == 0 ? 0 : (throughApp * 20_000 + participants) / (2 * participants)
        }
    }

    /// One report of a partner.
    public struct Report: Sendable, Equatable {
        /// The month.
        public var period: Period
        /// 1, 2, 3 …; a later one takes the place of earlier ones.
        public var revision: Int
        /// The figures by region code.
        public var regions: [UInt8: Figures]

        /// A report.
        public init(period: Period, revision: Int, regions: [UInt8: Figures]) {
            (self.period, self.revision, self.regions) = (period, revision, regions)
        }

        /// The sum over the regions.
        public var total: Figures { regions.values.reduce(Figures(), +) }
    }

    /// Takes a report in one transaction.
    ///
    /// - Parameters:
    ///   - report: Its figures, each judged already.
    ///   - partner: The partner's short name.
    ///   - bytes: The file; its hash is kept.
    ///   - user: Who hands it in.
    /// - Returns: False when the same figures were taken as this revision before.
    /// - Throws: ``RegisterError``: a month that is not over, other figures of the same revision, or
    ///   a revision older than the newest.
    @discardableResult
    public func take(
        _ report: Report,
        from partner: String,
        bytes: [UInt8],
        by user: SignedInUser
    ) throws -> Bool {
        try user.requireEverywhere(.managePartners)
        return try take(report, partner, bytes, user)
    }

    /// The newest report of every month in a range, oldest first.
    public func reports(
        _ range: ClosedRange<Period>,
        of partner: String,
        by user: SignedInUser
    ) throws -> [Report] {
        if !user.role.permits(.readReports) { try user.require(.managePartners) }
        return try register.read { session in
            let known = try Partners(register).partner(partner, in: session)
            return try reports(range, known.id, in: session)
        }
    }

    /// Sums of a range of months: purchases and money of all of them, people as of the last.
    public static func summary(of reports: [Report]) -> Figures {
        var sum = reports.map(\.total).reduce(Figures(), +)
        let last = reports.max { $0.period < $1.period }?.total ?? Figures()
        (sum.participants, sum.throughApp) = (last.participants, last.throughApp)
        return sum
    }

    /// One difference between a partner's figures and the register's.
    public struct Difference: Sendable, Equatable {
        /// What differs.
        public enum Kind: String, Sendable {
            /// More or fewer participants than rows the partner held at the end of the month.
            case participants
            /// A region that the union does not have.
            case unknownRegion
            /// A region with rows and no figures.
            case missingRegion
        }

        /// The month.
        public let period: Period
        /// The region.
        public let region: UInt8
        /// What differs.
        public let kind: Kind
        /// What the partner reports.
        public let reported: Int64
        /// What the register counts.
        public let counted: Int64
    }

    /// Compares a month's newest report with the rows the partner held at its end.
    ///
    /// - Returns: The differences by region; empty when all agrees.
    public func reconcile(
        _ period: Period,
        of partner: String,
        by user: SignedInUser
    ) throws -> [Difference] {
        try user.require(.managePartners)
        return try register.read { session in
            let known = try Partners(register).partner(partner, in: session)
            guard let report = try reports(period...period, known.id, in: session).first else {
                throw RegisterError(
                    .notFound,
                    "За \(period.text) статистики нет: profbilet partner import-statistics.",
                    "There are no statistics of \(period.text): profbilet partner "
                        + "import-statistics."
                )
            }
            let counted = try counts(known, at: period.end, in: session)
            let regions = try Set(
                session.all("SELECT DISTINCT region FROM organisation") { UInt8($0.integer(0)) }
            )
            return Self.differences(report, counted, regions)
        }
    }
}

extension PartnerStatistics {
    /// The same for a client that is bound to this partner.
    func take(
        _ report: Report,
        _ partner: String,
        _ bytes: [UInt8],
        _ user: SignedInUser
    ) throws -> Bool {
        try register.write { session in
            let known = try Partners(register).partner(partner, in: session)
            guard report.period.end < register.now() else {
                throw RegisterError(
                    .badInput,
                    "Месяц \(report.period.text) ещё не кончился: отчёт принимается после него.",
                    "The month \(report.period.text) is not over: its report is taken afterwards."
                )
            }
            let newest = try session.all(
                """
                SELECT revision FROM partner_statistics
                WHERE partner_id = $1 AND period = $2 ORDER BY revision DESC
                """,
                [.integer(known.id), .int(report.period.index)]
            ) { Int($0.integer(0)) }
            if newest.first == report.revision,
                try figures(report, known.id, in: session) == report.regions
            {
                return false
            }
            if let last = newest.first, report.revision <= last {
                throw RegisterError(
                    .refused,
                    "За \(report.period.text) уже принята редакция \(last) с другими "
                        + "данными. Пришлите редакцию \(last + 1).",
                    "Revision \(last) of \(report.period.text) was taken with other "
                        + "figures. Send revision \(last + 1)."
                )
            }
            try insert(report, known.id, SHA256Digest.of(bytes), user, in: session)
            try Partners(register).log(
                "partner.statistics",
                partner,
                "\(report.period.text) revision \(report.revision)",
                user,
                session
            )
            return true
        }
    }

    /// What was taken as this revision of a month.
    private func figures(
        _ report: Report,
        _ partner: Int64,
        in session: any DatabaseSession
    ) throws -> [UInt8: Figures] {
        var found: [UInt8: Figures] = [:]
        try session.query(
            """
            SELECT region, participants, through_app, purchases, turnover, cashback
            FROM partner_statistics_row
            WHERE partner_id = $1 AND period = $2 AND revision = $3
            """,
            [.integer(partner), .int(report.period.index), .int(report.revision)]
        ) { found[UInt8($0.integer(0))] = Figures($0, from: 1) }
        return found
    }

    private func insert(
        _ report: Report,
        _ partner: Int64,
        _ hash: [UInt8],
        _ user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            INSERT INTO partner_statistics (partner_id, period, revision, sha256, at, user_id)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .integer(partner), .int(report.period.index), .int(report.revision), .blob(hash),
                .integer(register.now().seconds), .integer(user.id),
            ]
        )
        let rows = report.regions.sorted { $0.key < $1.key }
        try session.load(
            "partner_statistics_row",
            [
                "partner_id", "period", "revision", "region", "participants", "through_app",
                "purchases", "turnover", "cashback",
            ],
            count: rows.count
        ) { index, row in
            let (region, figures) = rows[index]
            row.put(partner)
            row.put(Int64(report.period.index))
            row.put(Int64(report.revision))
            row.put(Int64(region))
            row.put(figures.participants)
            row.put(figures.throughApp)
            row.put(figures.purchases)
            row.put(figures.turnover)
            row.put(figures.cashback)
        }
    }

    private func reports(
        _ range: ClosedRange<Period>,
        _ partner: Int64,
        in session: any DatabaseSession
    ) throws -> [Report] {
        var found: [Report] = []
        try session.query(
            """
            SELECT r.period, r.revision, r.region, r.participants, r.through_app, r.purchases,
                r.turnover, r.cashback FROM partner_statistics_row r
            WHERE r.partner_id = $1 AND r.period BETWEEN $2 AND $3 AND r.revision =
                (SELECT max(s.revision) FROM partner_statistics s
                WHERE s.partner_id = r.partner_id AND s.period = r.period)
            ORDER BY r.period, r.region
            """,
            [.integer(partner), .int(range.lowerBound.index), .int(range.upperBound.index)]
        ) { row in
            let period = Period(index: Int(row.integer(0)))
            if found.last?.period != period {
                found.append(
                    Report(period: period, revision: Int(row.integer(1)), regions: [:])
                )
            }
            found[found.count - 1].regions[UInt8(row.integer(2))] = Figures(row, from: 3)
        }
        return found
    }

    /// Rows of the partner's set by region after the last package up to a moment.
    private func counts(
        _ partner: Partners.Partner,
        at instant: Instant,
        in session: any DatabaseSession
    ) throws -> [UInt8: Int64] {
        let sequence = try session.first(
            """
            SELECT max(sequence) FROM partner_package
            WHERE partner_id = $1 AND created_at <= $2 AND state <> 'prepared'
            """,
            [.integer(partner.id), .integer(instant.seconds)]
        ) { Int($0.integer(0)) }
        var found: [UInt8: Int64] = [:]
        guard let sequence, sequence > 0 else { return found }
        try PartnerPackages(register).set(
            partner,
            sequence,
            { if $0.status.isMember { found[$0.region, default: 0] += 1 } },
            in: session
        )
        return found
    }

    private static func differences(
        _ report: Report,
        _ counted: [UInt8: Int64],
        _ regions: Set<UInt8>
    ) -> [Difference] {
        Set(report.regions.keys).union(counted.keys).sorted().compactMap { region in
            let reported = report.regions[region]?.participants
            let count = counted[region] ?? 0
            let kind: Difference.Kind
            if !regions.contains(region) {
                kind = .unknownRegion
            } else if reported == nil {
                kind = .missingRegion
            } else if reported != count {
                kind = .participants
            } else {
                return nil
            }
            return Difference(
                period: report.period,
                region: region,
                kind: kind,
                reported: reported ?? 0,
                counted: count
            )
        }
    }
}

extension PartnerStatistics.Figures {
    fileprivate init(_ row: any DatabaseRow, from column: Int) {
        self.init(
            participants: row.integer(column),
            throughApp: row.integer(column + 1),
            purchases: row.integer(column + 2),
            turnover: row.integer(column + 3),
            cashback: row.integer(column + 4)
        )
    }
}
