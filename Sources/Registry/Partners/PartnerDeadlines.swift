public import UnionTicket

/// When revocations must have reached a partner, and which are late (152-ФЗ, privacy.md L3).
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
        return try register.read { session in
            let sent = try session.all(
                """
                SELECT p.name, k.sequence, k.revoked + k.merged, k.deadline FROM partner_package k
                JOIN partner p ON p.id = k.partner_id
                WHERE k.deadline IS NOT NULL AND k.state NOT IN ('applied', 'superseded')
                """
            ) { row in
                Self.item(row, Int(row.integer(1)), CalendarDate(day: Int(row.integer(3))), today)
            }
            let waiting = try session.all(
                """
                SELECT p.name, min(r.since), count(*), p.deadline_days FROM partner_row r
                JOIN partner p ON p.id = r.partner_id AND r.sequence = p.sequence + 1
                WHERE r.status IN ('revoked', 'merged') GROUP BY p.name, p.deadline_days
                """
            ) { row in
                let day = Self.day(since: row.integer(1), days: Int(row.integer(3)))
                return Self.item(row, nil, day, today)
            }
            return (sent + waiting).sorted { $0.deadline < $1.deadline }
        }
    }

    /// The last of so many working days after the day a reason arose.
    static func day(since day: Int64, days: Int) -> CalendarDate {
        WorkingDays.russian.day(days, after: CalendarDate(day: Int(day)))
    }

    private static func item(
        _ row: any DatabaseRow,
        _ package: Int?,
        _ deadline: CalendarDate,
        _ today: CalendarDate
    ) -> Item {
        Item(
            partner: row.text(0),
            package: package,
            revocations: Int(row.integer(2)),
            deadline: deadline,
            isOverdue: deadline < today
        )
    }
}
