import UnionTicket

/// The orders of one issuance and the free numbers and slots for them.
final class IssuancePlan {
    struct Order {
        let order: Int64
        let member: Int64
        let region: UInt8
        let ticket: TicketNumber?
        let issue: UInt8
        /// The tenth plastic card: the old number retires.
        let retiresOld: Bool
    }

    private(set) var orders: [Order] = []
    private(set) var skipped: [Int64] = []
    private let register: Register
    private let session: any DatabaseSession
    private var position = 0
    private var slots: [UInt8: FreeSlots] = [:]
    private var generator = SystemRandomNumberGenerator()

    init(
        _ register: Register,
        _ terms: TicketIssuance.Terms,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        (self.register, self.session) = (register, session)
        let range = (terms.organisation ?? user.scope).subtree
        try session.query(
            """
            SELECT o.id, o.member_id, o.region, t.number, m.state,
                (SELECT max(c.issue) FROM carrier c
                 WHERE c.member_id = o.member_id AND c.kind = 'plastic')
            FROM card_order o JOIN member m ON m.id = o.member_id
            LEFT JOIN ticket_number t ON t.member_id = o.member_id AND t.state = 'assigned'
            WHERE o.state = 'approved' AND o.organisation BETWEEN $1 AND $2
            ORDER BY o.organisation, o.id LIMIT $3
            """,
            [.integer(range.lowerBound), .integer(range.upperBound), .int(terms.limit)]
        ) { row in
            let issue = row.integer(5) + 1
            let number = row.optionalInteger(3).flatMap { TicketNumber(value: UInt64($0)) }
            guard row.text(4) == MemberStatus.active.rawValue else {
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
        try retireFullNumbers()
    }

    /// The next cards with number and slot, or nil when all orders are served.
    func next(_ count: Int) throws -> [TicketIssuance.Card]? {
        guard position < orders.count else { return nil }
        let part = orders[position..<min(position + count, orders.count)]
        position += part.count
        var fresh = try freeNumbers(part.filter { $0.ticket == nil }.map(\.region)).makeIterator()
        return try part.map { order in
            let ticket = order.ticket ?? fresh.next()
            guard let ticket, let carrier = CarrierNumber(ticket: ticket, issue: order.issue) else {
                throw DatabaseError(.misuse, reason: "issue \(order.issue)")
            }
            return TicketIssuance.Card(
                order: order.order,
                member: order.member,
                region: order.region,
                isNewTicket: order.ticket == nil,
                carrier: carrier,
                coordinate: try slot(order.region)
            )
        }
    }

    /// Writes back how full the lists are.
    func finish() throws {
        for slots in slots.values { try slots.store(in: session) }
    }

    /// Numbers of the system's generator that the ledger does not hold.
    private func freeNumbers(_ regions: [UInt8]) throws -> [TicketNumber] {
        var numbers: [TicketNumber] = []
        var taken: Set<TicketNumber> = []
        var open = regions
        while !open.isEmpty {
            let candidates = open.map { region in
                var number: TicketNumber
                repeat {
                    number = TicketNumber(
                        scheme: register.scheme,
                        region: region,
                        serial: UInt64.random(in: 0..<TicketNumber.serials, using: &generator)
                    )
                } while !taken.insert(number).inserted
                return number
            }
            var known: Set<UInt64> = []
            for part in candidates.map({ SQLValue.int($0.value) }).parts(of: 256) {
                try session.query(
                    "SELECT number FROM ticket_number WHERE number IN (\(part.placeholders))",
                    part.padded
                ) { known.insert(UInt64($0.integer(0))) }
            }
            numbers += candidates.filter { !known.contains($0.value) }
            open = candidates.filter { known.contains($0.value) }.map(\.region)
        }
        // The orders come region by region, so each region's numbers stay in its own order.
        guard !numbers.isEmpty else { return [] }
        var byRegion = Dictionary(grouping: numbers, by: \.region)
        return regions.compactMap { byRegion[$0]?.popLast() }
    }

    private func slot(_ region: UInt8) throws -> StatusCoordinate {
        if slots[region] == nil {
            slots[region] = try FreeSlots(region: region, at: register.now(), in: session)
        }
        guard let found = try slots[region]?.take(&generator, in: session) else {
            throw DatabaseError(.misuse, reason: "no slot")
        }
        return found
    }

    private func retireFullNumbers() throws {
        for order in orders where order.retiresOld {
            try session.execute(
                "UPDATE ticket_number SET state = 'retired' WHERE member_id = $1 AND state = 'assigned'",
                [.integer(order.member)]
            )
        }
    }
}

/// Free slots of one region's status lists, chosen at random and never used again.
///
/// Holds a bit per slot of the list being filled: no database row stands for an empty slot.
struct FreeSlots {
    /// A list is left when so many of its slots are used: choosing stays cheap.
    static let limit = StatusCoordinate.slots / 20 * 19

    private let region: UInt8
    private let at: Instant
    private var list: UInt32
    private var used: [UInt64]
    private var count: Int

    init(region: UInt8, at: Instant, in session: any DatabaseSession) throws {
        self.region = region
        self.at = at
        let newest = try session.first(
            "SELECT max(list) FROM status_list WHERE region = $1",
            [.int(region)]
        ) { $0.optionalInteger(0) }
        list = UInt32((newest ?? nil) ?? Int64(region))
        (used, count) = ([], 0)
        try load(in: session)
    }

    mutating func take(
        _ generator: inout SystemRandomNumberGenerator,
        in session: any DatabaseSession
    ) throws -> StatusCoordinate? {
        while count >= Self.limit {
            try store(in: session)
            list += 100
            try load(in: session)
        }
        while true {
            let index = UInt32.random(in: 0..<UInt32(StatusCoordinate.slots), using: &generator)
            let word = Int(index >> 6)
            let bit = UInt64(1) << UInt64(index & 63)
            guard used[word] & bit == 0 else { continue }
            used[word] |= bit
            count += 1
            return StatusCoordinate(list: list, index: index)
        }
    }

    func store(in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, $3, 1)
            ON CONFLICT (list) DO UPDATE SET used = excluded.used, changed = 1
            """,
            [.int(list), .int(region), .int(count)]
        )
    }

    private mutating func load(in session: any DatabaseSession) throws {
        used = [UInt64](repeating: 0, count: StatusCoordinate.slots / 64)
        count = 0
        for table in ["carrier", "held_slot"] {
            try session.query("SELECT idx FROM \(table) WHERE list = $1", [.int(list)]) { row in
                let index = Int(row.integer(0))
                let bit = UInt64(1) << UInt64(index & 63)
                if used[index >> 6] & bit == 0 { count += 1 }
                used[index >> 6] |= bit
            }
        }
    }
}
