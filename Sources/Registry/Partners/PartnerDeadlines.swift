public import UnionTicket

/// When revocations must have reached a partner, and which are late (152-ФЗ, privacy.md L3).
///
/// Those that nobody exported yet are judged as they stand, without writing anything.
public struct PartnerDeadlines: Sendable {
    let register: Register

    /// The deadlines of this register's partners.
    public init(_ register: Register) { self.register = register }

    /// Revocations that a partner has not applied yet.
    public struct Item: Sendable, Equatable {
        /// The partner.
        public let partner: String
        /// The package that holds them; nil while they wait for one.
        public let package: Int?
        /// How many.
        public let revocations: Int
        /// The last day on which they must be applied.
        public let deadline: CalendarDate
        /// Whether that day is over.
        public let isOverdue: Bool
    }

    /// Everything that is not applied yet, the earliest deadline first.
    public func open(by user: SignedInUser) throws -> [Item] {
        try user.require(.managePartners)
        return try open()
    }

    /// How many revocations are late: a health check fails on any.
    public func overdue() throws -> Int {
        try open().filter(\.isOverdue).map(\.revocations).reduce(0, +)
    }

    private func open() throws -> [Item] {
        let today = register.now().moscowDate
        let calendar = try register.workingDays()
        return try register.read { session in
            let sent = try session.all(
                """
                SELECT p.name, k.sequence, k.revoked + k.merged + \(Self.replaced), k.deadline
                FROM partner_package k JOIN partner p ON p.id = k.partner_id
                WHERE k.deadline IS NOT NULL AND k.state NOT IN ('applied', 'superseded')
                """
            ) { row in
                Item(
                    partner: row.text(0),
                    package: Int(row.integer(1)),
                    // A base has no row of those whom it leaves out.
                    revocations: max(1, Int(row.integer(2))),
                    deadline: CalendarDate(day: Int(row.integer(3))),
                    today: today
                )
            }
            let waiting = try Partners(register).list(in: session).flatMap {
                try self.waiting($0, calendar, today, in: session)
            }
            return (sent + waiting).sorted {
                ($0.deadline, $0.partner, $0.package ?? .max)
                    < ($1.deadline, $1.partner, $1.package ?? .max)
            }
        }
    }

    /// Revocations in the packages that the base `k` took the place of: with it they are applied.
    private static let replaced = """
        CASE WHEN k.kind = 'delta' THEN 0 ELSE COALESCE((
            SELECT sum(s.revoked + s.merged) FROM partner_package s
            WHERE s.partner_id = k.partner_id AND s.state = 'superseded' AND s.sequence < k.sequence
            AND NOT EXISTS (SELECT 1 FROM partner_package a WHERE a.partner_id = k.partner_id
                AND a.state = 'applied' AND a.sequence > s.sequence)), 0) END
        """

    /// What no package holds yet, by deadline.
    private func waiting(
        _ partner: Partners.Partner,
        _ calendar: WorkingDays,
        _ today: CalendarDate,
        in session: any DatabaseSession
    ) throws -> [Item] {
        guard partner.sequence > 0 else { return [] }
        var counts: [CalendarDate: Int] = [:]
        let found = try PartnerJudgement(register: register).waiting(for: partner, in: session)
        for (since, count) in found {
            let day = Self.day(since: since, days: partner.terms.deadlineDays, calendar)
            counts[day, default: 0] += count
        }
        return counts.map { day, count in
            Item(
                partner: partner.terms.name,
                package: nil,
                revocations: count,
                deadline: day,
                today: today
            )
        }
    }

    /// The last of so many working days after the day a reason arose.
    static func day(since day: Int64, days: Int, _ calendar: WorkingDays) -> CalendarDate {
        calendar.day(days, after: CalendarDate(day: Int(day)))
    }
}

extension PartnerDeadlines.Item {
    fileprivate init(
        partner: String,
        package: Int?,
        revocations: Int,
        deadline: CalendarDate,
        today: CalendarDate
    ) {
        self.init(
            partner: partner,
            package: package,
            revocations: revocations,
            deadline: deadline,
            isOverdue: deadline < today
        )
    }
}
