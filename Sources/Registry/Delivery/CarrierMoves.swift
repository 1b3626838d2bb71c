import UnionTicket

/// Moves many carriers at once inside the caller's transaction: an event for each, and their
/// status lists marked where the published status changes.
struct CarrierMoves {
    let register: Register
    let user: SignedInUser
    let session: any DatabaseSession

    /// The carriers (`c`) that a condition means, as runs of neighbouring rows.
    func spans(
        _ condition: String,
        _ arguments: [SQLValue] = [],
        from source: String = "carrier c"
    ) throws -> [ClosedRange<Int64>] {
        var spans: [ClosedRange<Int64>] = []
        try session.query(
            "SELECT c.id FROM \(source) WHERE \(condition) ORDER BY c.id",
            arguments
        ) { spans.add($0.integer(0)) }
        return spans
    }

    /// Ends members' older plastic, cards of the old scheme too, before newer cards come into force.
    ///
    /// - Returns: How many were ended.
    @discardableResult
    func endOlder(than newer: [Int64], of members: [Int64]) throws -> Int {
        let newer = Set(newer)
        var older: [CarrierState: [Int64]] = [:]
        for part in members.map(SQLValue.integer).parts(of: 256) {
            try session.query(
                """
                SELECT id, kind, state FROM carrier
                WHERE kind <> 'virtual' AND member_id IN (\(part.placeholders))
                """,
                part.padded
            ) { row in
                guard let state = CarrierState(rawValue: row.text(2)),
                    !newer.contains(row.integer(0)),
                    state.isUsable
                        || (row.text(1) == CarrierKind.legacyPlastic.rawValue
                            && state == .atPrimary)
                else { return }
                older[state, default: []].append(row.integer(0))
            }
        }
        var ended = 0
        for (state, rows) in older.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            ended += try move(
                Array(rows: rows),
                from: state,
                to: state == .atPrimary ? .withdrawn : .replaced,
                reason: "newer card handed out"
            )
        }
        return ended
    }

    /// Moves runs of carriers that are all in one state; the database refuses an illegal step.
    ///
    /// - Parameters:
    ///   - spans: Rows of carriers, every one of them in `from`.
    ///   - from: The state they are in.
    ///   - to: The state they get.
    ///   - reason: Stands in every event.
    ///   - extra: More assignments, such as `produced_on = 17`.
    /// - Returns: How many were moved.
    /// - Throws: The store's refusal of an illegal step.
    @discardableResult
    func move(
        _ spans: [ClosedRange<Int64>],
        from: CarrierState,
        to: CarrierState,
        reason: String,
        setting extra: String? = nil
    ) throws -> Int {
        let count = spans.reduce(0) { $0 + $1.count }
        guard count > 0 else { return 0 }
        let changesStatus = from.published != to.published
        var next = try Counter.carrierEvent.take(count, in: session)
        let published = changesStatus ? ", published = \(to.published.rawValue)" : ""
        let more = extra.map { ", \($0)" } ?? ""
        let at = register.now().seconds
        for span in spans {
            let bounds: [SQLValue] = [.integer(span.lowerBound), .integer(span.upperBound)]
            try session.execute(
                """
                INSERT INTO carrier_event (seq, region, carrier_id, at, user_id, from_state,
                    to_state, reason, client)
                SELECT id + $1, region, id, $2, $3, '\(from.rawValue)', '\(to.rawValue)', $4, $5
                FROM carrier WHERE id BETWEEN $6 AND $7
                """,
                [
                    .integer(next - span.lowerBound), .integer(at), .integer(user.id),
                    .text(reason), .optional(user.client),
                ] + bounds
            )
            let moved = try session.execute(
                """
                UPDATE carrier SET state = '\(to.rawValue)'\(published)\(more)
                WHERE id BETWEEN $1 AND $2
                """,
                bounds
            )
            guard moved == span.count else {
                throw DatabaseError(.misuse, reason: "carriers \(moved) of \(span.count)")
            }
            if changesStatus { try markLists("c.id BETWEEN $1 AND $2", bounds) }
            next += Int64(span.count)
        }
        return count
    }

    /// Moves orders on whose cards were moved; who and when stands in the cards' events.
    func orders(
        of spans: [ClosedRange<Int64>],
        from: [OrderState],
        to: OrderState
    ) throws {
        for span in spans {
            try session.execute(
                """
                UPDATE card_order SET state = '\(to.rawValue)'
                WHERE (\(RegisterSchema.oneOf("state", from)))
                AND id IN (SELECT order_id FROM carrier WHERE id BETWEEN $1 AND $2)
                """,
                [.integer(span.lowerBound), .integer(span.upperBound)]
            )
        }
    }

    private func markLists(_ condition: String, _ arguments: [SQLValue]) throws {
        try session.execute(
            """
            UPDATE status_list SET changed = 1 WHERE changed = 0
            AND list IN (SELECT c.list FROM carrier c WHERE \(condition))
            """,
            arguments
        )
    }
}

extension [ClosedRange<Int64>] {
    /// Adds a row past the last one.
    mutating func add(_ id: Int64) {
        if let last, last.upperBound + 1 == id {
            self[count - 1] = last.lowerBound...id
        } else {
            append(id...id)
        }
    }

    /// Runs of rows given in any order, each once.
    init(rows: some Sequence<Int64>) {
        self = []
        var last: Int64?
        for id in rows.sorted() where id != last {
            add(id)
            last = id
        }
    }
}

extension DatabaseSession {
    /// Runs `body` with room for a run's rows: they are touched in every index at once.
    func withLargeCache<Result>(_ body: () throws -> Result) throws -> Result {
        try setCache(megabytes: 512)
        defer { try? setCache(megabytes: nil) }
        return try body()
    }
}
