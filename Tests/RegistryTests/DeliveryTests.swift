import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Parcels and hand-out` {
    private static func chair(_ batch: BatchOffice, of place: String) throws -> SignedInUser {
        let directory = UserDirectory(batch.register)
        try directory.add(
            "chair \(place)",
            role: .chair,
            scope: try TestOffice.code(place),
            passphrase: "chair passphrase",
            by: batch.admin
        )
        return try directory.signIn("chair \(place)", passphrase: "chair passphrase")
    }

    @Test(arguments: TestEngine.allCases)
    func `cards come into force with their primary organisation's parcel`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let desk = ParcelDesk(batch.register)
            #expect(try desk.list(by: batch.admin).map(\.places) == [1...5, 6...10])
            #expect(throws: RegisterError.self) {
                try desk.receive(.all(batch: batch.id), .init(.region), by: batch.admin)
            }
            #expect(try desk.ship(batch.id, by: batch.admin) == 10)
            #expect(throws: RegisterError.self) { try desk.ship(batch.id, by: batch.admin) }
            let chair = try Self.chair(batch, of: "26-001-0001")
            let refused = #expect(throws: RegisterError.self) {
                try desk.receive(.some([(batch.id, 1)]), .init(.region), by: chair)
            }
            #expect(refused?.code == .forbidden, "the region's receipt is the region's")
            let region = try desk.receive(.all(batch: batch.id), .init(.region), by: batch.admin)
            #expect(region.parcels == 2 && region.cards == 10 && region.activated == 0)
            try batch.office.execute("UPDATE status_list SET changed = 0")
            let primary = try desk.receive(
                .some([(batch.id, 1)]),
                .init(.primary, cards: 5),
                by: batch.admin
            )
            #expect(primary.cards == 5 && primary.activated == 5)
            #expect(try batch.count(.active) == 5)
            #expect(try batch.orders(.delivered) == 5)
            #expect(
                try batch.office.number("SELECT count(*) FROM carrier WHERE published = 0") == 5
            )
            #expect(try batch.office.number("SELECT max(changed) FROM status_list") == 1)
            let again = try desk.receive(
                .some([(batch.id, 1)]),
                .init(.primary),
                by: batch.admin
            )
            #expect(again.known == 1 && again.cards == 0 && again.parcels == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `with hand-out as activation a card verifies only from its scan on`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            batch.terms.activation = .handout
            try batch.report("pppppppppp")
            try batch.deliver()
            #expect(try batch.count(.atPrimary) == 10)
            let card = try #require(
                try batch.book.cards(try batch.book.batch(batch.id), from: 3, count: 1).first
            )
            let code = "HTTPS://EPB.EXAMPLE.RU/C/" + DigitText.encode(card.payload)
            let outcome = try batch.handOut([code, try batch.carrier(4).digits])
            #expect(outcome.done == 2 && outcome.activated == 2)
            #expect(try batch.count(.active) == 2)
            #expect(try batch.orders(.closed) == 2)
            let again = try batch.handOut([card.carrier.digits])
            #expect(again.known == 1 && again.done == 0)
            let row = try batch.register.read { session in
                try session.first(
                    """
                    SELECT h.way, u.name, h.member_id, c.member_id FROM hand_out h
                    JOIN app_user u ON u.id = h.user_id JOIN carrier c ON c.id = h.carrier_id
                    """
                ) { ($0.text(0), $0.text(1), $0.integer(2), $0.integer(3)) }
            }
            let found = try #require(row)
            #expect(found.0 == "list" && found.1 == "admin" && found.2 == found.3)
            var forged = card.payload
            forged[100] ^= 1
            let refused = try batch.handOut([DigitText.encode(forged)])
            #expect(refused.refused.count == 1 && refused.done == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `handing out the replacement ends the old card and the card of the old scheme`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let legacy = LegacyTicketDraft(
                issuer: "26",
                number: "000123",
                aisId: "1000",
                handedOutOn: CalendarDate(day: 18_000)
            )
            _ = try LegacyImport(batch.register).run(
                [(line: 2, draft: legacy, issues: [])],
                by: batch.admin
            )
            try batch.report("pppppppppp")
            try batch.deliver()
            let first = try batch.carrier(1)
            #expect(try batch.handOut([first.digits]).ended == 1)
            #expect(
                try CarrierFile(batch.register).show("L:000123", by: batch.admin).map(\.state)
                    == [.replaced]
            )
            // A worn card is replaced: it works until the new one is in its owner's hands.
            let orders = OrderBook(batch.register)
            let order = try orders.create(
                .members([first.ticket.digits]),
                reason: .damaged,
                submitted: true,
                by: batch.admin
            )
            _ = try orders.move(.orders(order.done), to: .approved, reason: "", by: batch.admin)
            let second = try BatchOffice.seal(batch.office, batch.book, reason: nil)
            try batch.report("p", of: second)
            try batch.deliver(second)
            let new = try batch.carrier(1, of: second)
            let file = CarrierFile(batch.register)
            #expect(new.issue == 2)
            #expect(try file.show(first.digits, by: batch.admin)[0].state == .active)
            #expect(try file.show(new.digits, by: batch.admin)[0].state == .atPrimary)
            let outcome = try batch.handOut([new.digits])
            #expect(outcome.ended == 1 && outcome.activated == 1)
            #expect(try file.show(first.digits, by: batch.admin)[0].state == .replaced)
            #expect(try file.show(new.digits, by: batch.admin)[0].state == .active)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a parcel that is short names its missing cards, and they verify nowhere`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let desk = ParcelDesk(batch.register)
            _ = try desk.ship(batch.id, by: batch.admin)
            let error = #expect(throws: RegisterError.self) {
                try desk.receive(
                    .some([(batch.id, 1)]),
                    .init(.primary, cards: 4),
                    by: batch.admin
                )
            }
            #expect(error?.message.english.contains("5") == true)
            #expect(try batch.count(.shipped) == 10)
            let short = try batch.carrier(2).digits
            let outcome = try desk.receive(
                .some([(batch.id, 1)]),
                .init(.primary, cards: 4, missing: [short]),
                by: batch.admin
            )
            #expect(outcome.lost == 1 && outcome.activated == 4)
            let handed = try HandOutBook(batch.register)
                .record(parcel: batch.id, 1, except: [], on: nil, by: batch.admin)
            #expect(handed.done == 4 && handed.refused.isEmpty, "the lost card is not in it")
            #expect(try batch.count(.lost) == 1)
            #expect(throws: RegisterError.self) {
                try desk.receive(
                    .some([(batch.id, 2)]),
                    .init(.primary, missing: [short]),
                    by: batch.admin
                )
            }
            #expect(
                try desk.lose(batch.id, 2, isStolen: true, reason: "кража", by: batch.admin) == 5
            )
            #expect(try batch.count(.stolen) == 5)
            #expect(try batch.orders(.closed) == 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a chair sees and gives only the cards of the own organisation`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.deliver()
            let chair = try Self.chair(batch, of: "26-001-0002")
            let desk = ParcelDesk(batch.register)
            #expect(try desk.list(by: chair).map(\.number) == [2])
            #expect(try desk.waiting(batch.id, 2, by: chair).cards.count == 5)
            #expect(throws: RegisterError.self) { try desk.waiting(batch.id, 1, by: chair) }
            let numbers = try [1, 6].map { try batch.carrier($0).digits }
            let outcome = try batch.handOut(numbers, by: chair)
            #expect(outcome.done == 1 && outcome.refused.map(\.line) == [2])
            #expect(throws: RegisterError.self) {
                try HandOutBook(batch.register).record(
                    parcel: batch.id,
                    1,
                    except: [],
                    on: nil,
                    by: chair
                )
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a list is entered once, with every refusal named by its line`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("ppppppppps")
            let made = batch.office.clock.now().moscowDate.day
            batch.office.clock.advance(5 * 86_400)
            try batch.deliver()
            for day in [made - 1, made, made + 4] {
                let outcome = try batch.handOut(
                    [try batch.carrier(1).digits],
                    on: CalendarDate(day: day)
                )
                #expect(outcome.refused.count == 1, "its parcel came on the fifth day")
            }
            let good = try (1...4).map { try batch.carrier($0).ticket.printed }
            let list = good + [good[0], "177-4815-1623-4217", try batch.carrier(10).digits]
            let outcome = try batch.handOut(list)
            #expect(outcome.done == 4 && outcome.known == 1)
            #expect(outcome.refused.map(\.line) == [7, 8])
            let spoiled = try batch.carrier(10).digits
            #expect {
                try batch.handOut(
                    [try batch.carrier(5).digits, "177-4815-1623-4217", spoiled],
                    allOrNothing: true
                )
            } throws: {
                let words = ($0 as? RegisterError)?.message.english ?? ""
                return words.contains("2 refused: line 3: ") && words.contains("; line 4: ")
                    && words.hasSuffix(".") && !words.contains("..") && !words.contains(": :")
            }
            let future = batch.office.clock.now().moscowDate.day + 1
            let early = try batch.handOut(
                [try batch.carrier(5).digits],
                on: CalendarDate(day: future)
            )
            #expect(early.refused.count == 1)
            #expect(try batch.office.number("SELECT count(*) FROM hand_out") == 4)
            let rest = try HandOutBook(batch.register).record(
                parcel: batch.id,
                2,
                except: [try batch.carrier(6).digits],
                on: nil,
                by: batch.admin
            )
            #expect(rest.done == 3 && rest.refused.isEmpty, "the spoiled card is not in the parcel")
            #expect {
                try batch.office.execute("DELETE FROM hand_out")
            } throws: { ($0 as? DatabaseError)?.code == .constraint }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `cards nobody came for are unclaimed, sent back, brought again or destroyed`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            batch.terms.activation = .handout
            try batch.report("pppppppppp")
            _ = try ParcelDesk(batch.register).ship(batch.id, by: batch.admin)
            let parcel = ParcelDesk.Selection.some([(batch.id, 1), (batch.id, 1)])
            let atRegion = try ParcelDesk(batch.register)
                .receive(parcel, .init(.region), by: batch.admin)
            // A label read twice is one parcel.
            #expect(atRegion.parcels == 1 && atRegion.cards == 5)
            #expect(throws: RegisterError.self, "a parcel's card comes with its parcel") {
                try LeftCards(batch.register)
                    .bringAgain([try batch.carrier(1).digits], by: batch.admin)
            }
            _ = try ParcelDesk(batch.register)
                .receive(.all(batch: batch.id), .init(.primary), by: batch.admin)
            let left = LeftCards(batch.register)
            #expect(try left.days() == 90)
            try left.set(days: 30, by: batch.admin)
            _ = try batch.handOut([try batch.carrier(1).digits])
            batch.office.clock.advance(29 * 86_400)
            #expect(try left.markOverdue(by: batch.admin) == 0)
            batch.office.clock.advance(2 * 86_400)
            #expect(try left.markOverdue(by: batch.admin) == 9)
            #expect(try batch.count(.unclaimed) == 9)
            // Somebody comes late after all.
            #expect(try batch.handOut([try batch.carrier(2).digits]).activated == 1)
            let back = try [3, 4].map { try batch.carrier($0).digits }
            #expect(try left.sendBack(back, by: batch.admin) == 2)
            #expect(try batch.count(.atRegion) == 2)
            #expect(try left.bringAgain([back[0]], by: batch.admin) == 1)
            #expect(try left.markOverdue(by: batch.admin) == 0)
            let act = try left.destroy(
                [back[1], try batch.carrier(5).digits],
                reason: "не востребованы",
                by: batch.admin
            )
            #expect(
                act.cards.map(\.was).sorted { $0.rawValue < $1.rawValue } == [
                    .atRegion, .unclaimed,
                ]
            )
            #expect(try batch.count(.destroyed) == 2)
            #expect(try batch.orders(.closed) == 4)
            #expect(throws: RegisterError.self) {
                try left.destroy(
                    [try batch.carrier(1).digits],
                    reason: "выдана",
                    by: batch.admin
                )
            }
            #expect(try batch.count(.destroyed) == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what came into force with its parcel is unclaimed only on request`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.deliver()
            batch.office.clock.advance(400 * 86_400)
            let left = LeftCards(batch.register)
            _ = try batch.handOut([try batch.carrier(2).digits])
            #expect(try left.markOverdue(by: batch.admin) == 0)
            let listed = try left.inForce(by: batch.admin)
            let first = try batch.carrier(1)
            #expect(listed.count == 9 && listed.first?.carrier == first)
            #expect(try left.mark([try batch.carrier(1).digits], by: batch.admin) == 1)
            #expect(
                try batch.office.number(
                    "SELECT published FROM carrier WHERE state = 'unclaimed'"
                ) == 2
            )
            #expect(try left.markOverdue(isInForceToo: true, by: batch.admin) == 8)
            #expect(try batch.count(.active) == 1)
            #expect(try left.inForce(by: batch.admin).isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a station's hand-outs are recorded with its journal`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            batch.terms.activation = .handout
            try batch.report("pppppppppp")
            try batch.deliver()
            let book = EventBook(batch.register)
            let event = try book.create(
                title: "Выдача",
                kind: "assembly",
                specification: "s",
                beginsAt: batch.office.clock.now(),
                by: batch.admin
            )
            let card = try #require(
                try CarrierFile(batch.register).show(
                    try batch.carrier(1).digits,
                    by: batch.admin
                ).first?.coordinate
            )
            let outcome = try book.keep(
                [.init(station: "s1", sequence: 1, bytes: [1], hash: [2], signature: [3])],
                handOuts: ["s1": [(card, batch.office.clock.now())]],
                of: event,
                by: batch.admin
            )
            #expect(outcome.done == 1 && outcome.activated == 1)
            #expect(try batch.office.number("SELECT count(*) FROM hand_out") == 1)
        }
    }
}
