import UnionTicket

/// What may no longer be kept, and its end: marks of attendance, acts past their years, print files
/// of batches that are over.
public struct Retention: Sendable {
    let register: Register

    /// The retention of this register.
    public init(_ register: Register) { self.register = register }

    /// One kind of thing and how much of it went.
    public struct Line: Sendable, Equatable {
        /// The kind, as `attendance`, `acts` or `printFiles`; `log` are lines written again.
        public let what: String
        /// What of, as `event/3`.
        public let subject: String
        /// How many rows or files.
        public let count: Int
    }

    /// Ends what is past its term.
    ///
    /// - Parameters:
    ///   - isDry: Only tells what would go.
    ///   - user: Who runs it.
    /// - Returns: What went, or would.
    /// - Throws: ``RegisterError``; each kind is all gone or all there.
    public func run(isDry: Bool, by user: SignedInUser) throws -> [Line] {
        try user.requireEverywhere(.changeMembers)
        var lines = try attendance(isDry: isDry, by: user)
        let acts = try ErasureActs(register).expire(isDry: isDry)
        if acts > 0 { lines.append(Line(what: "acts", subject: "register", count: acts)) }
        for left in try PrintFiles(register).sweep(isDry: isDry) {
            lines.append(
                Line(what: "printFiles", subject: "batch/\(left.batch)", count: left.files)
            )
        }
        for rule in Self.rules {
            let count = try sweep(rule, isDry: isDry)
            if count > 0 { lines.append(Line(what: rule.what, subject: "register", count: count)) }
        }
        // Rows of erased people that another process kept in the journal then.
        if !isDry { _ = try MemberErasure(register).emptyJournals() }
        let unlogged = try ErasureLog(register).missing().count
        if unlogged > 0 {
            if !isDry { try ErasureLog(register).complete(at: register.now()) }
            lines.append(Line(what: "log", subject: "erasures.log", count: unlogged))
        }
        guard !isDry, !lines.isEmpty else { return lines }
        let total = lines.map { "\($0.what) \($0.count)" }.joined(separator: ", ")
        try register.write { session in
            try AuditLog(register).record(
                "retention.run",
                "register",
                total,
                by: user,
                in: session
            )
        }
        return lines
    }

    /// Rows that go by their age alone.
    struct Rule {
        let what: String
        let table: String
        let condition: String
        let age: Int64
    }

    static let rules: [Rule] = []

    private func sweep(_ rule: Rule, isDry: Bool) throws -> Int {
        let before = SQLValue.integer(register.now().seconds - rule.age)
        if isDry {
            return try register.read { session in
                try session.first(
                    "SELECT count(*) FROM \(rule.table) WHERE \(rule.condition)",
                    [before]
                ) { Int($0.integer(0)) } ?? 0
            }
        }
        return try register.write {
            try $0.execute("DELETE FROM \(rule.table) WHERE \(rule.condition)", [before])
        }
    }

    private func attendance(isDry: Bool, by user: SignedInUser) throws -> [Line] {
        let attendance = Attendance(register)
        return try register.write { session in
            let today = register.now().moscowDate
            return try attendance.due(on: today, in: session).map { minutes in
                let marks =
                    isDry
                    ? try session.first(
                        "SELECT count(*) FROM event_entry WHERE event_id = $1",
                        [.integer(minutes.event)]
                    ) { Int($0.integer(0)) } ?? 0
                    : try attendance.erase(minutes.event, by: user, in: session)
                if !isDry { try settle(minutes.event, by: user, in: session) }
                return Line(what: "attendance", subject: "event/\(minutes.event)", count: marks)
            }
        }
    }

    /// Withdrawn consents to the recording of attendance are fulfilled with the last mark.
    private func settle(
        _ event: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let waiting = try session.all(
            """
            SELECT w.id, w.member_id FROM consent_withdrawal w JOIN event_person p
                ON p.member_id = w.member_id AND p.event_id = $1
            WHERE w.purpose = 'eventAttendance' AND w.done_at IS NULL
            """,
            [.integer(event)]
        ) { (id: $0.integer(0), member: $0.integer(1)) }
        for withdrawal in waiting
        where try !Attendance.isRecorded(of: withdrawal.member, in: session) {
            try ConsentWithdrawals(register).settle(
                withdrawal.id,
                "marks erased",
                by: user,
                in: session
            )
        }
    }
}
