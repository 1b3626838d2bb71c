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
    /// Ends the consents of a purpose, stops at once what the register itself does with them, and
    /// notes what is left with its deadline.
    ///
    /// - Returns: The withdrawals; several where `register` takes all other purposes with it.
    @discardableResult
    func begin(
        _ request: Request,
        of member: Int64,
        region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Withdrawal] {
        var requests = [request]
        if request.purpose == .register {
            // Nothing can be processed of whose record may not be kept.
            let standing = try ConsentLedger.standing(
                of: member,
                on: Int64(request.on.day),
                in: session
            )
            requests += standing.filter { $0.purpose != .register }.map {
                Request(purpose: $0.purpose, recipient: $0.recipient, on: request.on)
            }
        }
        return try requests.map {
            try close($0, of: member, in: session)
            let id = try note($0, of: member, region: region, in: session)
            if let how = try stop($0, of: member, by: user, in: session) {
                try settle(id, how, by: user, in: session)
            }
            return try reread(id, in: session)
        }
    }

    /// Ends what is still open of somebody, as an erasure does.
    func settleAll(
        of member: Int64,
        how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try settle("member_id = $4", .integer(member), how, by: user, in: session)
    }

    /// Ends the open withdrawals towards one partner, once it has acknowledged that it dropped the
    /// members.
    func settle(
        partner: String,
        of members: () throws -> [Int64],
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
        let dropped = Set(try members())
        for item in open where dropped.contains(item.member) {
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

    private func close(
        _ request: Request,
        of member: Int64,
        in session: any DatabaseSession
    ) throws {
        if request.purpose == .bonusTransfer { try PartnerJudgement.mark(member, in: session) }
        try session.execute(
            """
            UPDATE consent SET withdrawn_on = $1
            WHERE member_id = $2 AND withdrawn_on IS NULL AND text_id IN
                (SELECT id FROM consent_text WHERE purpose = $3 AND recipient = $4)
            """,
            [
                .int(request.on.day), .integer(member), .text(request.purpose.rawValue),
                .text(request.recipient),
            ]
        )
    }

    private func note(
        _ request: Request,
        of member: Int64,
        region: UInt8,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let id = try Counter.withdrawal.take(in: session)
        let term = try register.workingDays().day(
            try days(request.purpose, in: session),
            after: request.on
        )
        let due = min(term, CalendarDate(day: request.on.day + Self.calendarBound))
        try session.execute(
            """
            INSERT INTO consent_withdrawal (id, region, member_id, purpose, recipient, withdrawn_on,
                due_on) VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(id), .int(region), .integer(member), .text(request.purpose.rawValue),
                .text(request.recipient), .int(request.on.day),
                .int(due.day),
            ]
        )
        return id
    }

    /// Stops what the register itself does for a purpose.
    ///
    /// - Returns: How it ended; nil while others must still act.
    private func stop(
        _ request: Request,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> String? {
        switch request.purpose {
        case .register:
            return nil
        case .cardProduction:
            try OrderBook(register).cancelOpen(
                of: member,
                reason: "consent withdrawn",
                by: user,
                in: session
            )
            return try isAtPlant(member, in: session) ? nil : "open orders cancelled"
        case .virtualCard:
            let file = CarrierFile(register)
            for carrier in try file.carriers(of: member, in: session)
            where carrier.kind == .virtual && carrier.state.successors.contains(.withdrawn) {
                try file.set(
                    carrier,
                    to: .withdrawn,
                    reason: "consent withdrawn",
                    by: user,
                    in: session
                )
            }
            return "virtual cards withdrawn"
        case .bonusTransfer:
            return try Transfers(register).isHeld(by: request.recipient, member, in: session)
                ? nil : "never handed over"
        case .photoOnCard, .marketing: return "the register holds nothing of it"
        case .eventAttendance:
            // Marks that lie in an event's journal go with the minutes' term (L16).
            return try Attendance.isRecorded(of: member, in: session) ? nil : "no marks held"
        }
    }

    /// Whether a manufacturer still holds the member's printed fields.
    private func isAtPlant(_ member: Int64, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM batch_card c JOIN batch b ON b.id = c.batch_id
            WHERE c.member_id = $1 AND c.live = 1 AND b.state NOT IN ('cancelled', 'closed')
            """,
            [.integer(member)]
        ) { _ in true } ?? false
    }

    func settle(
        _ id: Int64,
        _ how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try settle("id = $4", .integer(id), how, by: user, in: session)
    }

    private func settle(
        _ condition: String,
        _ value: SQLValue,
        _ how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            UPDATE consent_withdrawal SET done_at = $1, done_by = $2, done_how = $3
            WHERE \(condition) AND done_at IS NULL
            """,
            [.integer(register.now().seconds), .integer(user.id), .text(how), value]
        )
    }

    private func days(
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

    private func reread(_ id: Int64, in session: any DatabaseSession) throws -> Withdrawal {
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

extension Register {
    /// The office's calendar `working-days.tsv` where there is one, else the program's own.
    ///
    /// - Throws: ``RegisterError`` when the office's file cannot be used.
    public func workingDays() throws -> WorkingDays {
        let path = directory.path + "/working-days.tsv"
        guard Files.exists(path) else { return .russian }
        let text = String(decoding: try Files.read(path, atMost: 1 << 20), as: UTF8.self)
        do { return try WorkingDays(reading: text) } catch {
            throw RegisterError(
                .badInput,
                "\(path), строка \(error.line): \(error.message.russian)",
                "\(path), line \(error.line): \(error.message.english)"
            )
        }
    }
}
