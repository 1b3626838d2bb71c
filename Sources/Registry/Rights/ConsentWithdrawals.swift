import TicketSeal
public import UnionTicket

/// Withdrawn consents: what stops at once, what is still to be done, and by which working day
/// (privacy.md L3; 152-ФЗ, article 21, parts 5 and 5.1).
public struct ConsentWithdrawals: Sendable {
    let register: Register

    /// The withdrawals of this register.
    public init(_ register: Register) { self.register = register }

    /// One withdrawal and its deadline.
    public struct Withdrawal: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// Row of the member.
        public let member: Int64
        /// What was withdrawn.
        public let purpose: ConsentPurpose
        /// The partner, for `bonusTransfer`.
        public let recipient: String
        /// The day of the withdrawal.
        public let withdrawnOn: CalendarDate
        /// The last day by which processing must have ended.
        public let dueOn: CalendarDate
        /// When processing ended; nil while something is left to do.
        public let doneAt: Instant?
        /// How it ended.
        public let how: String?

        /// Whether the deadline has passed with something left to do.
        public func isOverdue(on day: CalendarDate) -> Bool { doneAt == nil && dueOn < day }
    }

    /// What a member withdraws.
    struct Request {
        let purpose: ConsentPurpose
        let recipient: String
        let on: CalendarDate

        init(purpose: ConsentPurpose, recipient: String, on day: CalendarDate) {
            (self.purpose, self.recipient, on) = (purpose, recipient, day)
        }
    }

    /// Working days to stop in, unless the register says otherwise (152-ФЗ, article 21, part 5.1).
    public static let defaultDays = 10

    /// The law's outer bound in calendar days (152-ФЗ, article 21, part 5).
    static let calendarBound = 30

    /// Withdrawals with something left to do, the most urgent first.
    ///
    /// - Parameters:
    ///   - isOverdueOnly: Only those whose day has passed.
    ///   - user: Who asks; sees the members of their scope.
    /// - Returns: The open withdrawals.
    /// - Throws: ``RegisterError`` when the user may not.
    public func deadlines(
        isOverdueOnly: Bool = false,
        by user: SignedInUser
    ) throws -> [Withdrawal] {
        if !user.role.permits(.readAudit) { try user.require(.recordConsents) }
        let range = user.scope.subtree
        let today = register.now().moscowDate
        return try register.read { session in
            try session.all(
                """
                \(Self.columns) WHERE w.done_at IS NULL AND w.due_on < $1
                    AND m.organisation BETWEEN $2 AND $3 ORDER BY w.due_on, w.id
                """,
                [
                    .int(isOverdueOnly ? today.day : Int(Int32.max)),
                    .integer(range.lowerBound), .integer(range.upperBound),
                ],
                Self.withdrawal
            ).compactMap(\.self)
        }
    }

    /// How many deadlines have passed with something left to do; a health check fails on any.
    public func overdueCount() throws -> Int {
        let today = register.now().moscowDate.day
        return try register.read { session in
            try session.first(
                "SELECT count(*) FROM consent_withdrawal WHERE done_at IS NULL AND due_on < $1",
                [.int(today)]
            ) { Int($0.integer(0)) } ?? 0
        }
    }

    /// Notes that processing has ended where that happens outside the register, as by a letter.
    ///
    /// - Throws: ``RegisterError``: there is no such withdrawal, or the register itself still does
    ///   what was withdrawn.
    public func settle(_ id: Int64, how: String, by user: SignedInUser) throws {
        try user.require(.recordConsents)
        try register.write { session in
            let found = try session.first(
                "\(Self.columns) WHERE w.id = $1",
                [.integer(id)],
                Self.withdrawal
            )
            guard let withdrawal = found ?? nil else { throw Self.unknown(id) }
            try user.require(
                .recordConsents,
                at: try MemberFile(register).organisation(of: withdrawal.member, in: session)
            )
            guard withdrawal.doneAt == nil else { return }
            if withdrawal.purpose == .register { throw Self.eraseFirst }
            try settle(withdrawal.id, how, by: user, in: session)
            try AuditLog(register).record(
                "consent.settle",
                "member/\(withdrawal.member)",
                "\(withdrawal.purpose.rawValue) \(id)",
                by: user,
                in: session
            )
        }
    }

    /// Working days to stop a purpose in.
    public func days(_ purpose: ConsentPurpose) throws -> Int {
        try register.read { try days(purpose, in: $0) }
    }

    /// Sets the working days to stop a purpose in.
    ///
    /// - Throws: ``RegisterError`` when the user may not, or the law allows less.
    public func setDays(
        _ days: Int,
        for purpose: ConsentPurpose,
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.changeMembers)
        guard (1...Self.defaultDays).contains(days) else {
            throw RegisterError(
                .badInput,
                "Срок — от 1 до \(Self.defaultDays) рабочих дней (152-ФЗ, ст. 21, ч. 5.1).",
                "The term is 1 to \(Self.defaultDays) working days (152-ФЗ, article 21, part 5.1)."
            )
        }
        try register.write { session in
            try session.execute(
                """
                INSERT INTO setting (name, value) VALUES ($1, $2)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """,
                [.text(Self.setting(purpose)), .text("\(days)")]
            )
            try AuditLog(register).record(
                "consent.days",
                "purpose/\(purpose.rawValue)",
                "\(days)",
                by: user,
                in: session
            )
        }
    }
}

extension ConsentWithdrawals {
    /// The condition that somebody's consent to the keeping of the record is withdrawn and was not given
    /// again: whatever other consents say, nothing is processed then (privacy.md L3).
    ///
    /// - Parameter member: The column, or the number, of the member's row.
    /// - Returns: The condition, for SQL.
    static func stopsAll(of member: String) -> String {
        """
        EXISTS (SELECT 1 FROM consent_withdrawal w WHERE w.member_id = \(member)
            AND w.purpose = 'register' AND w.done_at IS NULL)
        """
    }

    /// Whether somebody's consent to the keeping of the record is withdrawn and was not given again.
    static func stopsAll(of member: Int64, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            "SELECT CASE WHEN \(stopsAll(of: "\(member)")) THEN 1 ELSE 0 END"
        ) { $0.integer(0) } == 1
    }

    /// Ends what is still open of a purpose that the member has consented to again; who consents to the
    /// keeping of the record does so for all that were merged into it.
    func end(
        _ purpose: ConsentPurpose,
        _ recipient: String,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let merged = purpose == .register ? try MemberMerge.held(under: member, in: session) : []
        for record in [member] + merged {
            try settle(
                "purpose = '\(purpose.rawValue)' AND recipient = $5 AND member_id = $4",
                [.integer(record), .text(recipient)],
                "given again",
                by: user,
                in: session
            )
        }
    }

    /// Ends what an erasure ends: what the register itself held.
    ///
    /// What a manufacturer or a partner still holds stays due, until the batch is closed with the plant's
    /// act, or the partner has acknowledged the revocation.
    func settleErased(
        _ member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        for withdrawal in try Self.history(of: member, in: session)
        where withdrawal.doneAt == nil {
            guard try !isHeldOutside(withdrawal, in: session) else { continue }
            try settle(withdrawal.id, "data destroyed", by: user, in: session)
        }
    }

    /// Ends the open withdrawals towards one partner of those members whom it has dropped.
    func settle(
        partner: String,
        of dropped: ([Int64]) throws -> Set<Int64>,
        how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let open = try session.all(
            """
            SELECT id, member_id FROM consent_withdrawal
            WHERE purpose = 'bonusTransfer' AND recipient = $1 AND done_at IS NULL
            """,
            [.text(partner)]
        ) { (id: $0.integer(0), member: $0.integer(1)) }
        guard !open.isEmpty else { return }
        let members = try dropped(open.map(\.member))
        for item in open where members.contains(item.member) {
            try settle(item.id, how, by: user, in: session)
        }
    }

    /// Everything a member ever withdrew, oldest first.
    static func history(
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> [Withdrawal] {
        try session.all(
            "\(columns) WHERE w.member_id = $1 ORDER BY w.id",
            [.integer(member)],
            withdrawal
        ).compactMap(\.self)
    }

    func settle(
        _ id: Int64,
        _ how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try settle("id = $4", [.integer(id)], how, by: user, in: session)
    }

    private func settle(
        _ condition: String,
        _ values: [SQLValue],
        _ how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            UPDATE consent_withdrawal SET done_at = $1, done_by = $2, done_how = $3
            WHERE \(condition) AND done_at IS NULL
            """,
            [.integer(register.now().seconds), .integer(user.id), .text(how)] + values
        )
    }

    func days(
        _ purpose: ConsentPurpose,
        in session: any DatabaseSession
    ) throws -> Int {
        let set = try session.first(
            "SELECT value FROM setting WHERE name = $1",
            [.text(Self.setting(purpose))]
        ) { $0.text(0) }
        return set.flatMap { Int($0) } ?? Self.defaultDays
    }

    private static func setting(_ purpose: ConsentPurpose) -> String {
        "consent.days.\(purpose.rawValue)"
    }

    func reread(_ id: Int64, in session: any DatabaseSession) throws -> Withdrawal {
        let found = try session.first(
            "\(Self.columns) WHERE w.id = $1",
            [.integer(id)],
            Self.withdrawal
        )
        guard let found = found ?? nil else {
            throw DatabaseError(.corrupt, reason: "consent_withdrawal")
        }
        return found
    }

    private static let columns = """
        SELECT w.id, w.member_id, w.purpose, w.recipient, w.withdrawn_on, w.due_on, w.done_at,
            w.done_how
        FROM consent_withdrawal w JOIN member m ON m.id = w.member_id
        """

    private static func withdrawal(_ row: any DatabaseRow) -> Withdrawal? {
        guard let purpose = ConsentPurpose(rawValue: row.text(2)) else { return nil }
        return Withdrawal(
            id: row.integer(0),
            member: row.integer(1),
            purpose: purpose,
            recipient: row.text(3),
            withdrawnOn: CalendarDate(day: Int(row.integer(4))),
            dueOn: CalendarDate(day: Int(row.integer(5))),
            doneAt: row.optionalInteger(6).map(Instant.init(seconds:)),
            how: row.optionalText(7)
        )
    }

    private static func unknown(_ id: Int64) -> RegisterError {
        RegisterError(
            .notFound,
            "Отзыва № \(id) нет: profbilet consent deadlines.",
            "There is no withdrawal \(id): profbilet consent deadlines."
        )
    }

    private static var eraseFirst: RegisterError {
        RegisterError(
            .refused,
            "Обработка учётной записи прекращается уничтожением данных: profbilet erase.",
            "Keeping a record ends with the destruction of its data: profbilet erase."
        )
    }
}
