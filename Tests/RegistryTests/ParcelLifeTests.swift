import Testing
import UnionTicket

@testable import Registry

@Suite struct `Parcels after their way` {
    private static func dossier(_ place: Int, _ batch: BatchOffice) throws -> [[String: String]] {
        let dossier = try Dossier.gather(
            try batch.carrier(place).ticket.digits,
            reason: "x",
            from: batch.register,
            by: batch.admin
        )
        let section = try #require(dossier.sections.first { $0.name == "parcels" })
        return section.rows.map { Dictionary(uniqueKeysWithValues: zip(section.columns, $0)) }
    }

    @Test(arguments: TestEngine.allCases)
    func `a card that was sent back comes by no repeated receipt of its parcel`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.deliver()
            batch.office.clock.advance(95 * 86_400)
            let (desk, left) = (ParcelDesk(batch.register), LeftCards(batch.register))
            let (back, again) = (try batch.carrier(1), try batch.carrier(2))
            let parcel = ParcelDesk.Selection.some([(batch.id, 1)])
            #expect(try left.mark([back.digits, again.digits], by: batch.admin) == 2)
            #expect(try left.sendBack([back.digits, again.digits], by: batch.admin) == 2)
            #expect(try left.bringAgain([again.digits], by: batch.admin) == 1)
            let counts: [(ParcelDesk.Selection, Int?)] = [
                (parcel, 5), (.all(batch: batch.id), nil),
            ]
            for (selection, cards) in counts {
                let outcome = try desk.receive(
                    selection,
                    .init(.primary, cards: cards),
                    by: batch.admin
                )
                #expect(outcome.known > 0 && outcome.parcels == 0)
                #expect(outcome.cards == 0 && outcome.activated == 0)
            }
            #expect(try batch.count(.atRegion) == 1 && batch.count(.atPrimary) == 1)
            #expect(try batch.count(.active) == 8)
            #expect(throws: RegisterError.self, "it is not missing in the parcel either") {
                try desk.receive(
                    parcel,
                    .init(.primary, missing: [back.digits]),
                    by: batch.admin
                )
            }
            let list = try desk.waiting(batch.id, 1, by: batch.admin)
            #expect(list.cards.count == 4 && !list.isComing)
            #expect(!list.cards.contains { $0.carrier == back })
            #expect(list.cards.contains { $0.carrier == again })
            let handed = try HandOutBook(batch.register).record(
                parcel: batch.id,
                1,
                except: [again.digits],
                on: nil,
                by: batch.admin
            )
            #expect(handed.done == 3 && handed.refused.isEmpty)
            let refused = try batch.handOut([back.digits]).refused
            #expect(refused.first?.reason.english.contains("handout again") == true)
            #expect(try left.bringAgain([back.digits], by: batch.admin) == 1)
            #expect(try batch.handOut([back.digits, again.digits]).activated == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what is shipped for a parcel after its loss is received and handed out`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let (desk, id, admin) = (ParcelDesk(batch.register), batch.id, batch.admin)
            try batch.report("pppppppppm")
            #expect(try desk.ship(id, by: admin) == 9)
            #expect(try desk.lose(id, 2, isStolen: false, reason: "пожар", by: admin) == 4)
            let parcel = ParcelDesk.Selection.some([(id, 2)])
            #expect(throws: RegisterError.self) {
                try desk.receive(parcel, .init(.primary), by: admin)
            }
            batch.office.clock.advance(86_400)
            try batch.report("pppppppppp")
            #expect(try desk.ship(id, by: admin) == 1)
            #expect(try desk.waiting(id, 2, by: admin).isComing)
            let region = try desk.receive(.all(batch: id), .init(.region), by: admin)
            #expect(region.parcels == 2 && region.cards == 6)
            #expect(throws: RegisterError.self) {
                try desk.receive(parcel, .init(.primary, cards: 5), by: admin)
            }
            let came = try desk.receive(parcel, .init(.primary, cards: 1), by: admin)
            #expect((came.parcels, came.known) == (1, 0))
            #expect((came.cards, came.activated) == (1, 1))
            let again = try desk.receive(parcel, .init(.primary, cards: 1), by: admin)
            #expect((again.parcels, again.known, again.cards) == (0, 1, 0))
            #expect(try batch.count(.lost) == 4)
            let last = try #require(try desk.list(by: admin).last)
            #expect(last.state == .lost && last.primaryAt != nil)
            let handed = try HandOutBook(batch.register)
                .record(parcel: id, 2, except: [], on: nil, by: admin)
            #expect(handed.done == 1 && handed.refused.isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what is shipped after a loss may be lost as well`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            let (desk, id, admin) = (ParcelDesk(batch.register), batch.id, batch.admin)
            try batch.report("pppppppppm")
            _ = try desk.ship(id, by: admin)
            #expect(try desk.lose(id, 2, isStolen: false, reason: "пожар", by: admin) == 4)
            try batch.report("pppppppppp")
            _ = try desk.ship(id, by: admin)
            #expect(try desk.lose(id, 2, isStolen: true, reason: "кража", by: admin) == 1)
            #expect(try batch.count(.lost) == 4 && batch.count(.stolen) == 1)
            #expect(throws: RegisterError.self) {
                try desk.lose(id, 2, isStolen: false, reason: "ещё раз", by: admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what came with a parcel stays counted, whatever becomes of its cards`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let (desk, id, admin) = (ParcelDesk(batch.register), batch.id, batch.admin)
            try batch.report("pppppppppp")
            try batch.deliver()
            let handed = try HandOutBook(batch.register)
                .record(parcel: id, 1, except: [], on: nil, by: admin)
            #expect(handed.done == 5)
            let file = CarrierFile(batch.register)
            for place in 1...3 {
                let card = try batch.carrier(place).digits
                _ = try file.apply(.lost, to: card, reason: "утрата", by: admin)
            }
            let told = try #require(try desk.contents(of: id, by: admin).first)
            #expect((told.shipped, told.arrived, told.handedOut) == (5, 5, 5))
            for place in ParcelDesk.Place.allCases {
                let again = try desk.receive(
                    .some([(id, 1)]),
                    .init(place, cards: 5),
                    by: admin
                )
                #expect(again.known == 1 && again.cards == 0)
            }
            #expect(throws: RegisterError.self) {
                try desk.receive(.some([(id, 1)]), .init(.primary, cards: 2), by: admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a dossier tells of the parcels in which the member's card left, by its own days`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("sppppppppm")
            try batch.deliver()
            let first = batch.office.clock.now().rfc3339
            #expect(try Self.dossier(1, batch).isEmpty, "it was spoiled at the plant")
            #expect(try Self.dossier(10, batch).isEmpty, "it is not made yet")
            batch.office.clock.advance(3 * 86_400)
            try batch.report("sppppppppp")
            try batch.deliver()
            let later = batch.office.clock.now().rfc3339
            for (place, day) in [(9, first), (10, later)] {
                let told = try Self.dossier(place, batch)
                #expect(told.count == 1 && told.first?["state"] == "atPrimary")
                #expect(told.first?["shippedAt"] == day && told.first?["primaryAt"] == day)
            }
            #expect(try Self.dossier(1, batch).isEmpty)
        }
    }
}
