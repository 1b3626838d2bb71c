public import UnionTicket
import TicketSeal

/// Who did, read or looked up what, when and why: append-only and hash-chained.
///
/// Each row's hash is HMAC-SHA256 over the row before it and its own fields, so that an edited,
/// removed or reordered row shows; a cut tail shows against the head kept outside the database.
public struct AuditLog: Sendable {
    let register: Register

    /// The log of this register.
    public init(_ register: Register) { self.register = register }

    /// One row as read back.
    public struct Entry: Sendable, Equatable {
        /// 1, 2, 3 … without gaps.
        public let sequence: Int64
        /// When it was written.
        public let at: Instant
        /// Who acted.
        public let user: String
        /// What was done, as `area.verb`.
        public let action: String
        /// What it was done to, as `member/17`.
        public let subject: String
        /// Details without personal data.
        public let detail: String
    }

    /// The last row's place and hash.
    public struct Head: Sendable, Equatable {
        /// Sequence of the last row; 0 when there is none.
        public let sequence: Int64
        /// Its hash, 32 bytes.
        public let hash: [UInt8]
    }

    /// What a check of the whole chain found.
    public enum Finding: Sendable, Equatable {
        /// Every row fits; the head is where it should be.
        case intact(Head)
        /// The first row that does not fit its hash or its predecessor.
        case tampered(sequence: Int64)
        /// A number is missing: rows were removed.
        case gap(after: Int64)
        /// Rows past this one are gone, for the head outside says there were more.
        case cutTail(last: Int64, expected: Int64)
        /// A line of the heads outside the database that this register did not write.
        case foreignHead(place: String, line: Int)
        /// A place of heads is gone.
        case headMissing(place: String)
    }

    /// Appends one row to the chain inside the caller's transaction.
    func record(
        _ action: String,
        _ subject: String,
        _ detail: String = "",
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let sequence = try Counter.audit.take(in: session)
        let previous =
            try session.first("SELECT hash FROM audit WHERE seq = $1", [.integer(sequence - 1)]) {
                $0.blob(0)
            } ?? []
        let at = register.now().seconds
        let hash = self.hash(
            previous,
            sequence: sequence,
            at: at,
            user: user.id,
            [user.name, action, subject, detail]
        )
        try session.execute(
            """
            INSERT INTO audit (seq, at, user_id, user_name, action, subject, detail, hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                .integer(sequence), .integer(at), .integer(user.id), .text(user.name),
                .text(action), .text(subject), .text(detail), .blob(hash),
            ]
        )
    }

    /// Which rows a reader wants.
    public struct Filter: Sendable {
        /// From this row on.
        public var first: Int64 = 1
        /// At most so many.
        public var limit = 1000
        /// Of this user only.
        public var user: String?
        /// Of actions that begin so, as `member.`.
        public var action: String?
        /// Of this subject only, as `member/17`.
        public var subject: String?
        /// Not before this moment.
        public var since: Instant?
        /// Not after this moment.
        public var until: Instant?

        /// Every row.
        public init() {}
    }

    /// The rows from `first` on, oldest first.
    ///
    /// - Throws: ``RegisterError`` when the user may not read the log.
    public func entries(
        from first: Int64 = 1,
        limit: Int = 1000,
        by user: SignedInUser
    ) throws -> [Entry] {
        var filter = Filter()
        (filter.first, filter.limit) = (first, limit)
        return try entries(filter, by: user)
    }

    /// The rows that a filter lets through, oldest first.
    ///
    /// - Throws: ``RegisterError`` when the user may not read the log, or has a part of the union only.
    public func entries(_ filter: Filter, by user: SignedInUser) throws -> [Entry] {
        // The chain is one, and names members of every organisation.
        try user.requireEverywhere(.readAudit)
        var conditions = ["seq >= $1"]
        var arguments: [SQLValue] = [.integer(filter.first)]
        func add(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            arguments.append(value)
            conditions.append("\(condition) $\(arguments.count)")
        }
        add("user_name =", filter.user.map(SQLValue.text))
        add("subject =", filter.subject.map(SQLValue.text))
        add("at >=", filter.since.map { .integer($0.seconds) })
        add("at <=", filter.until.map { .integer($0.seconds) })
        if let action = filter.action {
            add("substr(action, 1, \(action.unicodeScalars.count)) =", .text(action))
        }
        arguments.append(.int(filter.limit))
        return try register.read { session in
            try session.all(
                """
                \(Self.columns) WHERE \(conditions.joined(separator: " AND "))
                ORDER BY seq LIMIT $\(arguments.count)
                """,
                arguments,
                Self.entry
            )
        }
    }

    /// All rows about some subjects, oldest first.
    func about(_ subjects: [String], in session: any DatabaseSession) throws -> [Entry] {
        try subjects.flatMap { subject in
            try session.all(
                "\(Self.columns) WHERE subject = $1 ORDER BY seq",
                [.text(subject)],
                Self.entry
            )
        }.sorted { $0.sequence < $1.sequence }
    }

    private static let columns = """
        SELECT seq, at, user_name, action, subject, detail FROM audit
        """

    private static func entry(_ row: any DatabaseRow) -> Entry {
        Entry(
            sequence: row.integer(0),
            at: Instant(seconds: row.integer(1)),
            user: row.text(2),
            action: row.text(3),
            subject: row.text(4),
            detail: row.text(5)
        )
    }

    /// Recomputes the whole chain and compares it with every head kept outside the database.
    ///
    /// - Parameter isHeadNeeded: Whether a missing place of heads is a finding; true where nobody just
    ///   restored the register.
    /// - Returns: What was found.
    /// - Throws: ``RegisterError`` when the log or a place of heads cannot be read.
    public func verify(isHeadNeeded: Bool = false) throws -> Finding {
        let heads = try register.directory.auditHeads(register.secrets)
        if let line = heads.foreign { return .foreignHead(place: line.place, line: line.number) }
        if isHeadNeeded, let place = heads.missing { return .headMissing(place: place) }
        return try register.read { session in
            var head = Head(sequence: 0, hash: [])
            var finding: Finding?
            try session.query(
                """
                SELECT seq, at, user_id, user_name, action, subject, detail, hash FROM audit
                ORDER BY seq
                """,
                []
            ) { row in
                guard finding == nil else { return }
                let sequence = row.integer(0)
                if sequence != head.sequence + 1 { finding = .gap(after: head.sequence) }
                let hash = self.hash(
                    head.hash,
                    sequence: sequence,
                    at: row.integer(1),
                    user: row.integer(2),
                    (3...6).map { row.text($0) }
                )
                if hash != row.blob(7), finding == nil { finding = .tampered(sequence: sequence) }
                if finding == nil, let expected = heads.known[sequence], expected != hash {
                    finding = .tampered(sequence: sequence)
                }
                head = Head(sequence: sequence, hash: hash)
            }
            if let finding { return finding }
            if let expected = heads.known.keys.max(), expected > head.sequence {
                return .cutTail(last: head.sequence, expected: expected)
            }
            return .intact(head)
        }
    }

    /// Writes the chain's present end to the places outside the database.
    ///
    /// - Parameter isFirst: Whether a place that has no head gets its first; true only where the register
    ///   is made or restored, or somebody asks for it.
    /// - Throws: ``RegisterError`` when a place cannot be read or written.
    public func countersignHead(isFirst: Bool = false) throws {
        let head = try register.read { session in
            try session.first("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1") {
                Head(sequence: $0.integer(0), hash: $0.blob(1))
            }
        }
        if let head {
            try register.directory.write(
                head,
                at: register.now(),
                secrets: register.secrets,
                isFirst: isFirst
            )
        }
    }

    private func hash(
        _ previous: [UInt8],
        sequence: Int64,
        at: Int64,
        user: Int64,
        _ texts: [String]
    ) -> [UInt8] {
        var message = previous
        for number in [sequence, at, user] { message.append(bigEndian: number) }
        for text in texts {
            message.append(bigEndian: Int64(text.utf8.count))
            message.append(contentsOf: text.utf8)
        }
        return register.secrets.audit.bytes(message)
    }
}

extension [UInt8] {
    mutating func append(bigEndian number: Int64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> Int64(shift)))
        }
    }
}
