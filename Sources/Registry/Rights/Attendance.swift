import TicketSeal
public import UnionTicket

/// Who came to an event, and for how long that is kept by name (privacy.md L16).
///
/// When the minutes are approved their counts are frozen; so many days later the journals' entries,
/// which say who came when, are deleted, and the database lets none of them back in.
public struct Attendance: Sendable {
    let register: Register

    /// The attendance of this register's events.
    public init(_ register: Register) { self.register = register }

    /// Days that marks are kept after approval unless the approval says otherwise.
    public static let defaultDays = 30

    /// The approved minutes of an event.
    public struct Minutes: Sendable, Equatable {
        /// The event.
        public let event: Int64
        /// The day of approval.
        public let approvedOn: CalendarDate
        /// For how many days the marks are kept.
        public let keepDays: Int
        /// Counts as approved, JSON.
        public let counts: String
        /// When the marks were erased; nil while they are kept.
        public let erasedAt: Instant?

        /// The last day on which the marks are kept.
        public var keptUntil: CalendarDate { CalendarDate(day: approvedOn.day + keepDays) }
    }

    /// Approves an event's minutes and freezes their counts.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - day: The day of approval.
    ///   - keepDays: For how many days marks are kept; 0…3650.
    ///   - counts: Names of counts and their values, without persons.
    ///   - user: Who notes it.
    /// - Throws: ``RegisterError``: no such event, approved already, or the date is impossible.
    public func approve(
        _ event: Int64,
        on day: CalendarDate,
        keepDays: Int = Attendance.defaultDays,
        counts: [(name: String, value: Int)],
        by user: SignedInUser
    ) throws {
        try user.require(.manageEvents)
        guard (0...3650).contains(keepDays) else {
            throw RegisterError(
                .badInput,
                "Срок хранения отметок — от 0 до 3650 дней.",
                "Marks are kept for 0 to 3650 days."
            )
        }
        let json =
            "{" + counts.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}"
        try register.write { session in
            let found = try EventBook(register).event(event, in: session)
            guard day <= register.now().moscowDate, found.beginsAt.moscowDate <= day else {
                throw RegisterError(
                    .badInput,
                    "Дата утверждения — от дня мероприятия (\(found.beginsAt.moscowDate.russian)) до "
                        + "сегодняшнего.",
                    "Minutes are approved between the event's day (\(found.beginsAt.moscowDate.iso)) "
                        + "and today."
                )
            }
            guard try minutes(of: event, in: session) == nil else {
                throw RegisterError(
                    .refused,
                    "Протокол мероприятия № \(event) уже утверждён.",
                    "The minutes of event \(event) are approved already."
                )
            }
            try session.execute(
                """
                INSERT INTO event_minutes (event_id, approved_on, keep_days, at, user_id, counts)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .integer(event), .int(day.day), .int(keepDays),
                    .integer(register.now().seconds), .integer(user.id), .text(json),
                ]
            )
            try EventBook(register).log(
                "event.minutesApproved",
                event,
                "\(day.iso) keep \(keepDays)",
                by: user,
                in: session
            )
        }
    }

    /// The approved minutes of an event, or nil.
    public func minutes(of event: Int64, by user: SignedInUser) throws -> Minutes? {
        try user.require(.manageEvents)
        return try register.read { try minutes(of: event, in: $0) }
    }
}

extension Attendance {
    private static let columns = """
        SELECT event_id, approved_on, keep_days, counts, erased_at FROM event_minutes
        """

    private static func minutes(_ row: any DatabaseRow) -> Minutes {
        Minutes(
            event: row.integer(0),
            approvedOn: CalendarDate(day: Int(row.integer(1))),
            keepDays: Int(row.integer(2)),
            counts: row.text(3),
            erasedAt: row.optionalInteger(4).map(Instant.init(seconds:))
        )
    }

    private func minutes(of event: Int64, in session: any DatabaseSession) throws -> Minutes? {
        try session.first(
            "\(Self.columns) WHERE event_id = $1",
            [.integer(event)],
            Self.minutes
        )
    }

    /// Events whose marks are past their term.
    func due(on day: CalendarDate, in session: any DatabaseSession) throws -> [Minutes] {
        try session.all(
            """
            \(Self.columns) WHERE erased_at IS NULL AND approved_on + keep_days < $1
            ORDER BY event_id
            """,
            [.int(day.day)],
            Self.minutes
        )
    }

    /// Deletes one event's marks; the counts stay.
    ///
    /// - Returns: How many marks there were.
    func erase(
        _ event: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int {
        try session.execute(
            "UPDATE event_minutes SET erased_at = $1 WHERE event_id = $2",
            [.integer(register.now().seconds), .integer(event)]
        )
        let marks = try session.execute(
            "DELETE FROM event_entry WHERE event_id = $1",
            [.integer(event)]
        )
        try EventBook(register).log(
            "retention.attendance",
            event,
            "marks \(marks)",
            by: user,
            in: session
        )
        return marks
    }

    /// Whether an event that a member was to attend still holds marks.
    static func isRecorded(of member: Int64, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM event_person p WHERE p.member_id = $1 AND EXISTS
                (SELECT 1 FROM event_entry e WHERE e.event_id = p.event_id)
            """,
            [.integer(member)]
        ) { _ in true } ?? false
    }
}
