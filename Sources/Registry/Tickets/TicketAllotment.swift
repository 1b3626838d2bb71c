import TicketSeal
import UnionTicket

/// Gives the orders of one issuance numbers and slots and signs the payloads, beside the
/// transaction that stores them.
///
/// What is taken it learns from the register as committed: one issuance at a time changes that, and
/// the constraints of the tables have the last word. `@unchecked Sendable` because one thread at a
/// time uses it.
final class TicketAllotment: @unchecked Sendable {
    private let register: Register
    private let orders: [IssuancePlan.Order]
    private let terms: TicketIssuance.Terms
    private let key: SigningKey
    private let kid: [UInt8]
    private var position = 0
    private var slots: [UInt8: FreeSlots] = [:]
    private var drawn: Set<UInt64> = []
    private var generator = SystemRandomNumberGenerator()

    init(
        _ register: Register,
        _ orders: [IssuancePlan.Order],
        _ terms: TicketIssuance.Terms,
        _ key: SigningKey
    ) {
        (self.register, self.orders, self.terms, self.key) = (register, orders, terms, key)
        kid = Array(Hex.text(key.publicKey.kid).utf8)
    }

    /// The next signed cards, or nil when all orders are served: `first` of them, then twice as many
    /// each time, up to `most`.
    func next(from first: Int, to most: Int) throws -> TicketIssuance.Part? {
        guard position < orders.count else { return nil }
        let count = min(max(first, position), most)
        let part = orders[position..<min(position + count, orders.count)]
        position += part.count
        let allotted = try register.read { session in
            let regions = part.filter { $0.ticket == nil }.map(\.region)
            var fresh = try freeNumbers(regions, in: session).makeIterator()
            return try part.map { order in
                let ticket = order.ticket ?? fresh.next()
                guard let ticket, let carrier = CarrierNumber(ticket: ticket, issue: order.issue)
                else { throw DatabaseError(.misuse, reason: "issue \(order.issue)") }
                return (order, carrier, try slot(order.region, in: session))
            }
        }
        var cards = try signed(allotted)
        // A batch has its own order; else the rows come as the status lists' indexes want them.
        if terms.batch == nil {
            cards.sort {
                ($0.coordinate.list, $0.coordinate.index)
                    < ($1.coordinate.list, $1.coordinate.index)
            }
        }
        var lines: [UInt8] = []
        lines.reserveCapacity(cards.count * 96)
        for card in cards { line(of: card).append(to: &lines) }
        return TicketIssuance.Part(
            cards: cards,
            fresh: cards.filter(\.isNewTicket).sorted { $0.carrier.ticket < $1.carrier.ticket },
            lines: lines
        )
    }

    private func line(of card: TicketIssuance.Card) -> IssuedLine {
        IssuedLine(
            ticket: card.carrier.ticket,
            issue: Int64(card.carrier.issue),
            list: Int64(card.coordinate.list),
            index: Int64(card.coordinate.index),
            expiresAt: terms.expiresAt.seconds,
            kid: kid,
            order: card.order,
            member: card.member
        )
    }

    /// Writes how full the lists are; after the last card.
    func finish(in session: any DatabaseSession) throws {
        for slots in slots.values { try slots.store(in: session) }
    }

    /// The cards with their payloads.
    ///
    /// On one core: to store them takes longer, and a second one that signs would only be in its way.
    private func signed(
        _ allotted: [(order: IssuancePlan.Order, carrier: CarrierNumber, slot: StatusCoordinate)]
    ) throws -> [TicketIssuance.Card] {
        try allotted.map { order, carrier, slot in
            TicketIssuance.Card(
                order: order.order,
                member: order.member,
                region: order.region,
                isNewTicket: order.ticket == nil,
                carrier: carrier,
                coordinate: slot,
                payload: try payload(carrier, slot)
            )
        }
    }

    private func payload(
        _ carrier: CarrierNumber,
        _ coordinate: StatusCoordinate
    ) throws -> [UInt8] {
        let claims = TicketClaims(
            expiresAt: terms.expiresAt,
            carrier: carrier,
            coordinate: coordinate
        )
        return try register.secrets.payloads.seal(
            try claims.seal(with: key),
            for: TicketIssuance.binding(coordinate)
        )
    }

    /// Numbers of the system's generator that the ledger does not hold, one for each of `regions`.
    private func freeNumbers(
        _ regions: [UInt8],
        in session: any DatabaseSession
    ) throws -> [TicketNumber] {
        var numbers: [TicketNumber?] = Array(repeating: nil, count: regions.count)
        var open = Array(regions.indices)
        while !open.isEmpty {
            for index in open { numbers[index] = draw(regions[index]) }
            let candidates = open.compactMap { numbers[$0].map { SQLValue.int($0.value) } }
            var known: Set<UInt64> = []
            for part in candidates.parts(of: 256) {
                try session.query(
                    "SELECT number FROM ticket_number WHERE number IN (\(part.placeholders))",
                    part.padded
                ) { known.insert(UInt64($0.integer(0))) }
            }
            open = open.filter { numbers[$0].map { known.contains($0.value) } ?? true }
        }
        return numbers.compactMap(\.self)
    }

    private func draw(_ region: UInt8) -> TicketNumber {
        var number: TicketNumber
        repeat {
            number = TicketNumber(
                scheme: register.scheme,
                region: region,
                serial: UInt64.random(in: 0..<TicketNumber.serials, using: &generator)
            )
        } while !drawn.insert(number.value).inserted
        return number
    }

    private func slot(
        _ region: UInt8,
        in session: any DatabaseSession
    ) throws -> StatusCoordinate {
        if slots[region] == nil {
            slots[region] = try FreeSlots(region: region, in: session)
        }
        guard let found = try slots[region]?.take(&generator, in: session) else {
            throw DatabaseError(.misuse, reason: "no slots for region \(region)")
        }
        return found
    }
}

/// Free slots of one region's status lists, chosen at random and never used again.
///
/// Holds a bit per slot of the list being filled: no database row stands for an empty slot.
struct FreeSlots {
    /// A list is left when so many of its slots are used: choosing stays cheap.
    static let limit = StatusCoordinate.slots / 20 * 19

    private let region: UInt8
    private var list: UInt32
    private var used: [UInt64]
    private var count: Int
    /// Lists left because they were full.
    private var full: [UInt32] = []

    init(region: UInt8, in session: any DatabaseSession) throws {
        self.region = region
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
            full.append(list)
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

    /// Writes how full the lists are that were taken from.
    func store(in session: any DatabaseSession) throws {
        for (list, used) in full.map({ ($0, Self.limit) }) + [(list, count)] {
            try session.execute(
                """
                INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, $3, 1)
                ON CONFLICT (list) DO UPDATE SET used = excluded.used, changed = 1
                """,
                [.int(list), .int(region), .int(used)]
            )
        }
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
