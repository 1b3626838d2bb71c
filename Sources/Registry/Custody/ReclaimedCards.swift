import TicketSeal
import UnionTicket

// What the manifests say of cards issued since the backup.
extension Reclaim {
    func take(
        _ item: (folder: String, manifest: Manifest, hash: [UInt8]),
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        report.manifests += 1
        let sequence = Int64(item.manifest.sequence)
        guard sequence > (try Counter.issuance.last(in: session)) else { return }
        let rows = try IssuedRow.read(item.folder + "/tickets.csv")
        // Whoever is entered from now on is nobody of whom this manifest speaks.
        try Counter.member.pass(rows.map(\.member).max() ?? 0, in: session)
        let last = try Setting.restoredMembers.value(in: session).flatMap { Int64($0) }
        _ = try Counter.issuance.take(in: session)
        try session.execute(
            """
            INSERT INTO issuance (sequence, at, user_id, kid, expires_at, url_prefix, cards,
                manifest) VALUES ($1, $2, $3, $4, $5, '', $6, $7)
            """,
            [
                .integer(sequence), .integer(item.manifest.created.seconds), .integer(user.id),
                .blob(rows.first?.kid ?? []), .integer(rows.first?.expiresAt ?? 0),
                .int(Swift.max(rows.count, 1)), .blob(item.hash),
            ]
        )
        for row in rows {
            let isTheirs = try isKnown(row.member, to: last, item.manifest.created, in: session)
            let member = isTheirs ? row.member : nil
            try take(row, of: member, sequence, by: user, in: session, &report)
        }
    }

    /// Whether a row is of somebody that the backup knew, up to its `last` one.
    ///
    /// A server's own tools restore a register without noting that; there whoever was entered after the
    /// manifest was made is somebody else, for rows are counted on from where the backup ended.
    private func isKnown(
        _ member: Int64,
        to last: Int64?,
        _ created: Instant,
        in session: any DatabaseSession
    ) throws -> Bool {
        if let last { return member <= last }
        return try session.first(
            "SELECT 1 FROM member WHERE id = $1 AND registered_at > $2",
            [.integer(member), .integer(created.seconds)]
        ) { $0.integer(0) } == nil
    }

    /// Enters one card; `member` is nil where the backup does not know whom it was issued for.
    private func take(
        _ row: IssuedRow,
        of member: Int64?,
        _ sequence: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let ticket = row.carrier.ticket
        let known = try session.all(
            "SELECT member_id FROM ticket_number WHERE number = $1",
            [.int(ticket.value)]
        ) { $0.optionalInteger(0) }
        let owner = try member.flatMap {
            try mayHold(ticket, $0, isNew: known.isEmpty, by: user, in: session) ? $0 : nil
        }
        if known.isEmpty {
            try session.execute(
                """
                INSERT INTO ticket_number (number, region, state, member_id, at)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .int(ticket.value), .int(ticket.region),
                    .text(owner == nil ? "retired" : "assigned"), .optional(owner),
                    .integer(register.now().seconds),
                ]
            )
            report.numbers += 1
        }
        let holder = try owner.flatMap { member in
            try makeWay(for: row, of: member, by: user, in: session) ? member : nil
        }
        if let holder { try closeOrders(of: holder, row, sequence, by: user, in: session) }
        try store(row, holder, sequence, in: session)
        report.carriers += 1
        try session.execute(
            """
            INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, 1, 1)
            ON CONFLICT (list) DO UPDATE SET used = status_list.used + 1, changed = 1
            """,
            [.int(row.coordinate.list), .int(ticket.region)]
        )
    }

    /// Whether a number is a member's by now, after one that was the member's before has been retired.
    private func mayHold(
        _ ticket: TicketNumber,
        _ member: Int64,
        isNew: Bool,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Bool {
        let found = try session.first(
            """
            SELECT (SELECT number FROM ticket_number t
                WHERE t.member_id = m.id AND t.state = 'assigned') FROM member m
            WHERE m.id = $1
            AND NOT EXISTS (SELECT 1 FROM erased_record e WHERE e.member_id = m.id)
            """,
            [.integer(member)]
        ) { $0.optionalInteger(0) }
        guard let number = found else { return false }
        guard isNew else { return number == Int64(ticket.value) }
        if let old = number { try retire(old, of: member, by: user, in: session) }
        return true
    }

    /// The number that a member had until a manifest gave another one: its cards were full, and the
    /// last of them stays in force until the next is handed out, or a decision ended all under it.
    private func retire(
        _ number: Int64,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let issue = try session.first(
            "SELECT max(issue) FROM carrier WHERE number = $1 AND kind = 'plastic'",
            [.integer(number)]
        ) { $0.optionalInteger(0) }
        let isFull = (issue ?? nil) == 9
        if !isFull {
            try CarrierFile(register)
                .withdrawAll(of: member, reason: "reclaim", by: user, in: session)
        }
        try session.execute(
            "UPDATE ticket_number SET state = 'retired' WHERE number = $1",
            [.integer(number)]
        )
    }

    /// An older card that the backup knows on its way was in the member's hands before a newer one was
    /// issued: it is kept from use until the published lists say what it is.
    ///
    /// - Returns: False when a card is still on its way that the member may have beside no other.
    private func makeWay(
        for row: IssuedRow,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Bool {
        let file = CarrierFile(register)
        let waiting = try file.carriers(of: member, in: session).first {
            $0.kind == .plastic && $0.state.isInPipeline
        }
        guard let older = waiting else { return true }
        guard let number = older.number, let place = older.coordinate,
            number.ticket != row.carrier.ticket || number.issue < row.carrier.issue,
            try adopt(.active, place.list, Int(place.index), by: user, in: session),
            let now = try file.carrier(older.id, in: session)
        else { return false }
        try file.set(now, to: .suspended, reason: "reclaim", by: user, in: session)
        return true
    }

    /// Enters the card itself; where a list read before holds its slot, the card takes the block over.
    private func store(
        _ row: IssuedRow,
        _ holder: Int64?,
        _ sequence: Int64,
        in session: any DatabaseSession
    ) throws {
        let place: [SQLValue] = [.int(row.coordinate.list), .int(row.coordinate.index)]
        let held = try session.first(
            "SELECT published FROM held_slot WHERE list = $1 AND idx = $2",
            place
        ) { $0.integer(0) }
        let isDead = holder == nil || held == Int64(PublishedStatus.invalid.rawValue)
        let state = isDead ? CarrierState.withdrawn : .allocated
        try session.execute(
            """
            INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx,
                published, expires_at, kid, issuance, order_id)
            VALUES ($1, $2, $3, 'plastic', $4, $5, $6, $7, $8, $9, $10, $11, $12,
                (SELECT id FROM card_order WHERE id = $13 AND member_id = $14))
            """,
            [
                .integer(try Counter.carrier.take(in: session)),
                .int(row.carrier.ticket.region), .optional(holder),
                .int(row.carrier.ticket.value), .int(row.carrier.issue), .text(state.rawValue),
            ] + place + [
                .int(state.published.rawValue), .integer(row.expiresAt), .blob(row.kid),
                .integer(sequence), .integer(row.order), .optional(holder),
            ]
        )
        try session.execute("DELETE FROM held_slot WHERE list = $1 AND idx = $2", place)
    }

    /// The order of a card that was made since becomes what it was; another open order of the member
    /// is cancelled, for nothing more can be issued to it.
    private func closeOrders(
        of member: Int64,
        _ row: IssuedRow,
        _ sequence: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let book = OrderBook(register)
        let open = try session.all(
            """
            \(OrderBook.columns) WHERE o.member_id = $1
            AND (\(RegisterSchema.oneOf("o.state", OrderState.beforeBatch)))
            """,
            [.integer(member)],
            OrderBook.order
        ).compactMap(\.self)
        for order in open {
            guard order.id == row.order else {
                try book.set([order], to: .cancelled, reason: "reclaim", by: user, in: session)
                continue
            }
            let way: [OrderState] = [.draft, .submitted, .approved, .batched]
            for state in way.drop(while: { $0 != order.state }).dropFirst() {
                try book.set([order], to: state, reason: "reclaim", by: user, in: session)
            }
            try session.execute(
                "UPDATE card_order SET issuance = $1 WHERE id = $2",
                [.integer(sequence), .integer(order.id)]
            )
        }
    }
}
