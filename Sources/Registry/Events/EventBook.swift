import TicketSeal
public import UnionTicket

/// The events of the union: what they are, who takes part, which stations they have.
public struct EventBook: Sendable {
    let register: Register

    /// The events of this register.
    public init(_ register: Register) { self.register = register }

    /// One event.
    public struct Event: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// Its title.
        public let title: String
        /// What kind of meeting it is, as the specification says.
        public let kind: String
        /// The specification, YAML.
        public let specification: String
        /// When the doors open.
        public let beginsAt: Instant
    }

    /// Notes a new event.
    ///
    /// - Parameters:
    ///   - title: Its title.
    ///   - kind: What kind of meeting it is.
    ///   - specification: What it decided about itself, YAML; judged by the caller.
    ///   - beginsAt: When the doors open.
    ///   - user: Who creates it.
    /// - Returns: The event's number.
    /// - Throws: ``RegisterError``.
    public func create(
        title: String,
        kind: String,
        specification: String,
        beginsAt: Instant,
        by user: SignedInUser
    ) throws -> Int64 {
        try user.require(.manageEvents)
        return try register.write { session in
            let id = try Counter.event.take(in: session)
            try session.execute(
                """
                INSERT INTO event (id, title, kind, specification, begins_at, created_at, created_by)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .integer(id), .text(title), .text(kind), .text(specification),
                    .integer(beginsAt.seconds), .integer(register.now().seconds),
                    .integer(user.id),
                ]
            )
            try log("event.create", id, kind, by: user, in: session)
            return id
        }
    }

    /// All events, the newest first.
    public func list(by user: SignedInUser) throws -> [Event] {
        try user.require(.manageEvents)
        return try register.read { session in
            try session.all("\(Self.columns) ORDER BY id DESC", [], Self.event)
        }
    }

    /// One event.
    ///
    /// - Throws: ``RegisterError`` when there is none of this number.
    public func event(_ id: Int64, by user: SignedInUser) throws -> Event {
        try user.require(.manageEvents)
        return try register.read { try event(id, in: $0) }
    }

    private static let columns = "SELECT id, title, kind, specification, begins_at FROM event"

    private static func event(_ row: any DatabaseRow) -> Event {
        Event(
            id: row.integer(0),
            title: row.text(1),
            kind: row.text(2),
            specification: row.text(3),
            beginsAt: Instant(seconds: row.integer(4))
        )
    }

    func event(_ id: Int64, in session: any DatabaseSession) throws -> Event {
        let found = try session.first(
            "\(Self.columns) WHERE id = $1",
            [.integer(id)],
            Self.event
        )
        guard let found else {
            throw RegisterError(
                .notFound,
                "Мероприятия № \(id) нет. Список: profbilet event list.",
                "There is no event \(id). List them: profbilet event list."
            )
        }
        return found
    }

    func log(
        _ action: String,
        _ event: Int64,
        _ detail: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try AuditLog(register).record(action, "event/\(event)", detail, by: user, in: session)
    }

    /// The moment by which the register goes.
    public var now: Instant { register.now() }
}
