import UnionTicket

/// Orders cards anew that were spoiled or lost at the plant: the same reason, so that statistics and
/// charges stay what they are.
struct Remaking {
    private let register: Register
    private let batch: BatchBook.Batch
    private let user: SignedInUser
    private let session: any DatabaseSession

    init(
        _ register: Register,
        _ batch: BatchBook.Batch,
        _ user: SignedInUser,
        _ session: any DatabaseSession
    ) {
        (self.register, self.batch, self.user, self.session) = (register, batch, user, session)
    }

    private struct Old {
        let order: OrderBook.Order
        let place: OrganisationCode
        let isActive: Bool
    }

    /// Cancels the orders of these cards and makes approved ones in their place.
    ///
    /// - Returns: The new orders; nobody who is no member any more, or has ordered again, gets one.
    func order(_ spans: [ClosedRange<Int64>]) throws -> [Int64] {
        let book = OrderBook(register)
        var fresh: [Int64] = []
        for span in spans {
            let old = try orders(of: span)
            let why = "batch \(batch.id) spoiled"
            try book.set(old.map(\.order), to: .cancelled, reason: why, by: user, in: session)
            let again = old.filter(\.isActive)
            guard !again.isEmpty else { continue }
            let first = try Counter.cardOrder.take(again.count, in: session)
            let made = again.enumerated().map { index, entry in
                OrderBook.Order(
                    id: first + Int64(index),
                    member: entry.order.member,
                    organisation: entry.place,
                    reason: entry.order.reason,
                    state: .draft,
                    createdAt: register.now(),
                    memberStatus: MemberStatus.active.rawValue
                )
            }
            try store(made)
            try book.set(made, to: .submitted, reason: why, by: user, in: session)
            try book.set(made, to: .approved, reason: why, by: user, in: session)
            fresh += made.map(\.id)
        }
        return fresh
    }

    private func orders(of span: ClosedRange<Int64>) throws -> [Old] {
        try session.all(
            """
            SELECT o.id, o.member_id, o.organisation, o.reason, o.state, o.created_at, m.state,
                m.organisation,
                (SELECT count(*) FROM card_order p WHERE p.member_id = o.member_id
                 AND p.state IN ('draft', 'submitted', 'approved'))
            FROM carrier c JOIN card_order o ON o.id = c.order_id
            JOIN member m ON m.id = o.member_id
            WHERE c.id BETWEEN $1 AND $2 AND o.state = 'batched' ORDER BY c.id
            """,
            [.integer(span.lowerBound), .integer(span.upperBound)]
        ) { row -> Old? in
            guard let order = OrderBook.order(row),
                let place = OrganisationCode(ordinal: row.integer(7))
            else { return nil }
            let isActive = row.text(6) == MemberStatus.active.rawValue && row.integer(8) == 0
            return Old(order: order, place: place, isActive: isActive)
        }.compactMap(\.self)
    }

    private func store(_ orders: [OrderBook.Order]) throws {
        let at = register.now().seconds
        let note = "взамен карты партии \(batch.name)"
        try session.load("card_order", OrderBook.newOrder, count: orders.count) { index, row in
            let order = orders[index]
            row.put(order.id)
            row.put(Int64(order.organisation.region))
            row.put(order.organisation.ordinal)
            row.put(order.member)
            row.put(order.reason.rawValue)
            row.put(OrderState.draft.rawValue)
            row.put(at)
            row.put(user.id)
            row.put(note)
        }
    }
}
