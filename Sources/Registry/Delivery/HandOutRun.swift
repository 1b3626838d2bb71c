import TicketSeal
import UnionTicket

/// Hand-outs on their way into the register, some hundreds of cards at a time.
struct HandOutRun {
    let register: Register
    let basis: HandOutBook.Basis
    let user: SignedInUser
    let session: any DatabaseSession
    /// Whether the user's scope does not matter.
    var isEverywhere = false
    private(set) var outcome = HandOutBook.Outcome()
    /// The last carrier recorded.
    private(set) var last: Int64?
    /// The member of the last card met, recorded now or before.
    private(set) var holder: Int64?
    private let today: CalendarDate
    private let judge: TicketJudge?
    /// What this run has recorded: a list may name a card twice.
    private var recorded: Set<Int64> = []

    init(
        _ register: Register,
        _ basis: HandOutBook.Basis,
        _ user: SignedInUser,
        _ session: any DatabaseSession
    ) {
        (self.register, self.basis, self.user, self.session) = (register, basis, user, session)
        today = register.now().moscowDate
        let bundle = try? KeyRing(register).bundle()
        judge = bundle.flatMap { TrustedKeys(file: $0) }.map { TicketJudge(keys: $0) }
    }

    /// A card with all that the rules ask about.
    private struct Card {
        let id: Int64
        let number: CarrierNumber?
        let region: Int64
        let state: CarrierState
        let member: Int64?
        let order: Int64?
        let isHandedOut: Bool
        let producedOn: Int64?
        /// The day it came to its primary organisation last.
        let arrivedOn: CalendarDate?
        let place: OrganisationCode?
        let hasOlder: Bool
    }

    /// A card, the line that names it, and when it was handed out.
    private struct Wish {
        let line: Int
        let card: Card
        let day: CalendarDate
    }

    /// Takes cards of a list.
    mutating func take(_ items: [HandOutBook.Item]) throws {
        for start in stride(from: 0, to: items.count, by: 1024) {
            try takePart(Array(items[start..<min(start + 1024, items.count)]))
        }
    }

    private mutating func takePart(_ items: [HandOutBook.Item]) throws {
        var wanted: [(item: HandOutBook.Item, ticket: TicketNumber, issue: UInt8?)] = []
        for item in items {
            switch named(item.reference) {
            case .success(let (ticket, issue)): wanted.append((item, ticket, issue))
            case .failure(let error): refuse(item.line, "", error.message)
            }
        }
        let cards = try self.cards(
            "c.number",
            wanted.map { .int($0.ticket.value) }
        )
        let byTicket = Dictionary(grouping: cards) { $0.number?.ticket.value ?? 0 }
        var wishes: [Wish] = []
        for (item, ticket, issue) in wanted {
            let own = byTicket[ticket.value] ?? []
            guard let card = Self.meant(own, issue) else {
                refuse(item.line, "\(ticket)", unknown)
                continue
            }
            wishes.append(Wish(line: item.line, card: card, day: item.day ?? today))
        }
        try record(wishes)
    }

    /// Takes cards by their rows.
    mutating func take(_ rows: [Int64], on day: CalendarDate?) throws {
        for start in stride(from: 0, to: rows.count, by: 1024) {
            let part = rows[start..<min(start + 1024, rows.count)]
            let cards = try self.cards("c.id", part.map(SQLValue.integer))
            try record(cards.map { Wish(line: 0, card: $0, day: day ?? today) })
        }
    }

    /// The number that a scan or a list gives.
    private func named(_ text: String) -> Result<(TicketNumber, UInt8?), RegisterError> {
        if case .payload(let bytes) = TicketText(text) {
            let found = judge?.judge(bytes: bytes, at: register.now())
            guard found?.verdict == .valid, let carrier = found?.claims?.carrier else {
                return .failure(Self.badCode)
            }
            return .success((carrier.ticket, carrier.issue))
        }
        switch TypedNumber(text) {
        case .ticket(let ticket): return .success((ticket, nil))
        case .carrier(let carrier): return .success((carrier.ticket, carrier.issue))
        case .refused(let refusal): return .failure(TicketSearch.error(refusal))
        }
    }

    private static let badCode = RegisterError(
        .refused,
        "QR-код не наш или подпись не сходится: карту не выдавайте, пришлите её в бюро билетов",
        "the QR code is not ours or its signature is wrong: do not hand the card out"
    )

    /// By its issue, or of a ticket the card that waits, else the newest.
    private static func meant(_ cards: [Card], _ issue: UInt8?) -> Card? {
        if let issue { return cards.first { $0.number?.issue == issue } }
        let newest = cards.max { ($0.number?.issue ?? 0) < ($1.number?.issue ?? 0) }
        return cards.first { !$0.isHandedOut && ($0.state.isInPipeline || $0.state.isUsable) }
            ?? newest
    }

    private func cards(_ column: String, _ values: [SQLValue]) throws -> [Card] {
        let usable = RegisterSchema.oneOf("o.state", CarrierState.allCases.filter(\.isUsable))
        var found: [Card] = []
        for part in values.parts(of: 256) {
            try session.query(
                """
                SELECT c.id, c.number, c.issue, c.region, c.state, c.member_id, c.order_id,
                    c.handed_out_on, c.produced_on, COALESCE(b.organisation, m.organisation),
                    (SELECT count(*) FROM carrier o WHERE o.member_id = c.member_id
                     AND o.id <> c.id AND ((o.kind = 'plastic' AND (\(usable)))
                        OR (o.kind = 'legacyPlastic'
                            AND ((\(usable)) OR o.state = 'atPrimary')))),
                    (SELECT max(e.at) FROM carrier_event e
                     WHERE e.carrier_id = c.id AND e.to_state = 'atPrimary')
                FROM carrier c LEFT JOIN member m ON m.id = c.member_id
                LEFT JOIN batch_card b ON b.order_id = c.order_id AND b.live = 1
                WHERE c.kind = 'plastic' AND \(column) IN (\(part.placeholders))
                """,
                part.padded
            ) { if let card = Self.card($0) { found.append(card) } }
        }
        return found
    }

    private static func card(_ row: any DatabaseRow) -> Card? {
        guard let state = CarrierState(rawValue: row.text(4)) else { return nil }
        let ticket = TicketNumber(value: UInt64(clamping: row.integer(1)))
        return Card(
            id: row.integer(0),
            number: ticket.flatMap {
                CarrierNumber(ticket: $0, issue: UInt8(clamping: row.integer(2)))
            },
            region: row.integer(3),
            state: state,
            member: row.optionalInteger(5),
            order: row.optionalInteger(6),
            isHandedOut: !row.isNull(7),
            producedOn: row.optionalInteger(8),
            arrivedOn: row.optionalInteger(11).map { Instant(seconds: $0).moscowDate },
            place: OrganisationCode(ordinal: row.integer(9)),
            hasOlder: row.integer(10) > 0
        )
    }
}

// Judging and storing.
extension HandOutRun {
    private mutating func record(_ wishes: [Wish]) throws {
        var good: [Wish] = []
        for wish in wishes {
            guard isOwn(wish.card) else {
                refuse(wish.line, wish.card.number.map { "\($0.ticket)" } ?? "", unknown)
                continue
            }
            holder = wish.card.member
            if wish.card.isHandedOut || recorded.contains(wish.card.id) {
                outcome.known += 1
            } else if let why = refusal(wish) {
                refuse(wish.line, wish.card.number.map { "\($0)" } ?? "", why)
            } else {
                good.append(wish)
                recorded.insert(wish.card.id)
            }
        }
        guard !good.isEmpty else { return }
        let newer = good.filter(\.card.hasOlder).map(\.card)
        outcome.ended += try CarrierMoves(register: register, user: user, session: session)
            .endOlder(than: newer.map(\.id), of: newer.compactMap(\.member))
        try bringIntoForce(good)
        try store(good)
        outcome.done += good.count
        last = good.last?.card.id
    }

    /// Whether a card is of the user's reach: of one elsewhere nothing is told, not that it exists.
    private func isOwn(_ card: Card) -> Bool {
        if isEverywhere || user.scope == .centralCouncil { return true }
        return card.place.map(user.scope.contains) ?? false
    }

    /// The one answer about a card that there is not, or that is elsewhere.
    private var unknown: Bilingual {
        isEverywhere ? CarrierFile.unknown.message : CarrierFile.unknown(to: user).message
    }

    private func refusal(_ wish: Wish) -> Bilingual? {
        let card = wish.card
        guard card.member != nil, card.place != nil else { return unknown }
        if wish.day > today || Int64(wish.day.day) < card.producedOn ?? 0 {
            return Bilingual(
                "дата выдачи \(wish.day.russian) в будущем или раньше изготовления карты",
                "the day \(wish.day.iso) is to come, or before the card was made"
            )
        }
        switch card.state {
        case .atPrimary, .unclaimed, .active, .suspended: return tooEarly(wish)
        case .atRegion where card.arrivedOn != nil:
            return Bilingual(
                "карта возвращена в регион; если она снова в первичной организации, отметьте это: "
                    + "profbilet handout again",
                "the card was sent back to the region; if it is at its primary organisation again, "
                    + "say so: profbilet handout again"
            )
        case .shipped, .atRegion:
            return Bilingual(
                "посылка с картой ещё не принята первичной организацией",
                "the card's parcel was not received by its primary organisation yet"
            )
        case .allocated:
            return Bilingual(
                "карта ещё не изготовлена; выпущенную без партии (ticket issue) вводит в действие "
                    + "carrier unblock",
                "the card is not made yet; one that was issued without a batch (ticket issue) comes "
                    + "into force by carrier unblock"
            )
        default:
            return Bilingual(
                "карта в состоянии «\(card.state.rawValue)» не выдаётся",
                "a card that is \(card.state.rawValue) is not handed out"
            )
        }
    }

    /// A day before the card lay at its primary organisation.
    ///
    /// A station's journal is signed at the hand-out itself: its day stands, and the parcel's receipt
    /// was entered late.
    private func tooEarly(_ wish: Wish) -> Bilingual? {
        guard basis.way != .station, let day = wish.card.arrivedOn, wish.day < day else {
            return nil
        }
        return Bilingual(
            "дата выдачи \(wish.day.russian), а посылка с картой принята первичной организацией "
                + "\(day.russian): исправьте дату",
            "handed out on \(wish.day.iso), and the card's parcel was received by its primary "
                + "organisation on \(day.iso): correct the day"
        )
    }

    private mutating func bringIntoForce(_ wishes: [Wish]) throws {
        let moves = CarrierMoves(register: register, user: user, session: session)
        let reason = "handed out, \(basis.way.rawValue)"
        for (day, group) in Dictionary(grouping: wishes, by: \.day) {
            let unclaimed = Array(
                rows: group.filter { $0.card.state == .unclaimed }.map(\.card.id)
            )
            try moves.move(unclaimed, from: .unclaimed, to: .handedOut, reason: reason)
            let waiting = Array(
                rows: group.filter { $0.card.state == .atPrimary }.map(\.card.id)
            )
            for (rows, state) in [(unclaimed, CarrierState.handedOut), (waiting, .atPrimary)] {
                outcome.activated += try moves.move(
                    rows,
                    from: state,
                    to: .active,
                    reason: reason,
                    setting: "handed_out_on = \(day.day)"
                )
            }
            let rest = group.filter { $0.card.state == .active || $0.card.state == .suspended }
            for span in [ClosedRange<Int64>](rows: rest.map(\.card.id)) {
                try session.execute(
                    """
                    UPDATE carrier SET handed_out_on = \(day.day) WHERE id BETWEEN $1 AND $2
                    """,
                    [.integer(span.lowerBound), .integer(span.upperBound)]
                )
            }
        }
    }

    private func store(_ wishes: [Wish]) throws {
        let at = register.now().seconds
        try session.load(
            "hand_out",
            [
                "carrier_id", "region", "organisation", "member_id", "at", "handed_on", "user_id",
                "way", "document",
            ],
            count: wishes.count
        ) { index, row in
            let wish = wishes[index]
            row.put(wish.card.id)
            row.put(wish.card.region)
            row.put(wish.card.place?.ordinal ?? 0)
            row.put(wish.card.member ?? 0)
            row.put(at)
            row.put(Int64(wish.day.day))
            row.put(user.id)
            row.put(basis.way.rawValue)
            row.put(basis.document)
        }
        for part in wishes.compactMap({ $0.card.order.map(SQLValue.integer) }).parts(of: 256) {
            try session.execute(
                """
                UPDATE card_order SET state = 'closed'
                WHERE state = 'delivered' AND id IN (\(part.placeholders))
                """,
                part.padded
            )
        }
    }

    private mutating func refuse(_ line: Int, _ card: String, _ reason: Bilingual) {
        outcome.refused.append(
            HandOutBook.Refusal(line: line, card: card, reason: reason)
        )
    }
}
