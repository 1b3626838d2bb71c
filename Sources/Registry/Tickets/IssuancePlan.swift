import UnionTicket

/// The orders of one issuance.
struct IssuancePlan {
    struct Order: Sendable {
        let order: Int64
        let member: Int64
        let region: UInt8
        let ticket: TicketNumber?
        let issue: UInt8
        /// The tenth plastic card: the old number retires.
        let retiresOld: Bool
    }

    private static let pipeline = RegisterSchema.oneOf(
        "c.state",
        CarrierState.allCases.filter(\.isInPipeline)
    )
    /// That the member of the order `o` has such a card: nothing more can be issued to them.
    static let isWaiting = """
        EXISTS (SELECT 1 FROM carrier c
            WHERE c.member_id = o.member_id AND c.kind = 'plastic' AND (\(pipeline)))
        """
    private(set) var orders: [Order] = []
    private(set) var skipped: [Int64] = []

    init(
        _ terms: TicketIssuance.Terms,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let (place, range) = OrderBook.within(terms.organisation ?? user.scope, "o.organisation")
        let source =
            terms.batch.map {
                "batch_card b JOIN card_order o ON b.batch_id = \($0) AND o.id = b.order_id"
            } ?? "card_order o"
        try session.query(
            """
            SELECT o.id, o.member_id, o.region, t.number, m.state,
                (SELECT max(c.issue) FROM carrier c
                    WHERE c.number = t.number AND c.kind = 'plastic'),
                CASE WHEN \(Self.isWaiting) THEN 1 ELSE 0 END
            FROM \(source) JOIN member m ON m.id = o.member_id
            LEFT JOIN ticket_number t ON t.member_id = o.member_id AND t.state = 'assigned'
            WHERE o.state = 'approved' AND \(place)
            ORDER BY \(terms.batch == nil ? "o.id" : "b.seq") LIMIT \(terms.limit)
            """,
            range
        ) { row in
            // Of the number, whoever it was entered for: a number is printed with an issue once.
            let issue = row.integer(5) + 1
            let number = row.optionalInteger(3).flatMap { TicketNumber(value: UInt64($0)) }
            // A second card in production for one member would stop the whole issuance.
            guard row.text(4) == MemberStatus.active.rawValue, row.integer(6) == 0 else {
                skipped.append(row.integer(0))
                return
            }
            // A tenth plastic card gives a new number (ticket.md § 1).
            orders.append(
                Order(
                    order: row.integer(0),
                    member: row.integer(1),
                    region: UInt8(row.integer(2)),
                    ticket: issue > 9 ? nil : number,
                    issue: issue > 9 ? 1 : UInt8(issue),
                    retiresOld: issue > 9
                )
            )
        }
        try retireFullNumbers(in: session)
    }

    private func retireFullNumbers(in session: any DatabaseSession) throws {
        for order in orders where order.retiresOld {
            try session.execute(
                "UPDATE ticket_number SET state = 'retired' WHERE member_id = $1 AND state = 'assigned'",
                [.integer(order.member)]
            )
        }
    }
}
