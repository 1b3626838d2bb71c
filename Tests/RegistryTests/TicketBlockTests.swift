import Testing
import UnionTicket

@testable import Registry

@Suite struct `Blocks of tickets and of single carriers` {
    @Test(arguments: TestEngine.allCases)
    func `a suspended ticket comes back on no other phone`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let (phone, other) = (TestPhone(office), TestPhone(office))
            let card = try phone.enrol()
            let made = try office.code()
            let ticket = made.ticket.digits
            let started = try other.start(ticket)
            // The state alone, so that the code stays open.
            try office.execute(
                "UPDATE carrier SET state = 'suspended', published = 2 WHERE kind = 'virtual'"
            )
            #expect(try other.confirm(started, made.code.digits) == .failure(.notEntitled))
            #expect(try office.virtualCarriers().map(\.state) == [.suspended])
            // Nor does its phone clear the way.
            #expect(try phone.delete(card) == .cardSuspended)
            let codes = ActivationCodes(office.register)
            let refused = try codes.create(.members(["1001"]), by: office.admin)
            #expect(refused.made.isEmpty && refused.refused.map(\.subject) == ["1001"])
            let place = try TestOffice.code("26")
            #expect(try codes.create(.organisation(place), by: office.admin).made.isEmpty)
            let sender = RecordingSender()
            _ = try other.start(ticket, .sent)
            _ = try MessageOutbox(office.register).deliver(by: sender, as: office.admin)
            #expect(!sender.messages.contains { $0.kind == .activationCode })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the end of a suspension, or a block for good, lets a phone be bound again`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let file = CarrierFile(office.register)
            _ = try TestPhone(office).enrol()
            let ticket = try #require(try office.virtualCarriers().first?.number).ticket.digits
            _ = try file.apply(.suspend, to: ticket, reason: "звонок", by: office.admin)
            _ = try file.apply(.unblock, to: ticket, reason: "нашлась", by: office.admin)
            _ = try TestPhone(office).enrol()
            for change in [CarrierFile.Change.lost, .withdraw] {
                _ = try file.apply(.suspend, to: ticket, reason: "звонок", by: office.admin)
                let phone = try #require(try office.virtualCarriers().last?.coordinate)
                let place = "\(phone.list)/\(phone.index)"
                _ = try file.apply(change, to: place, reason: "нет", by: office.admin)
                _ = try TestPhone(office).enrol()
            }
            #expect(
                try office.virtualCarriers().map(\.state)
                    == [.replaced, .lost, .withdrawn, .active]
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a card that is suspended stops a phone where nothing else is in force`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let file = CarrierFile(office.register)
            let ticket = try office.code().ticket.digits
            _ = try file.apply(.unblock, to: "\(ticket)1", reason: "выдана", by: office.admin)
            _ = try file.apply(.suspend, to: ticket, reason: "звонок", by: office.admin)
            let codes = ActivationCodes(office.register)
            #expect(try codes.create(.members(["1001"]), by: office.admin).made.isEmpty)
            _ = try file.apply(.unblock, to: ticket, reason: "нашлась", by: office.admin)
            _ = try TestPhone(office).enrol()
            // A block is by carrier: the phone is in force.
            _ = try file.apply(.suspend, to: "\(ticket)1", reason: "звонок", by: office.admin)
            _ = try TestPhone(office).enrol()
            #expect(try office.virtualCarriers().map(\.state) == [.replaced, .active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `no card takes a virtual ticket's place`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let file = CarrierFile(office.register)
            _ = try TestPhone(office).enrol()
            let phone = try #require(try office.virtualCarriers().first)
            let (number, place) = (try #require(phone.number), try #require(phone.coordinate))
            let plastic = "\(number.ticket.digits)1"
            _ = try file.apply(.unblock, to: plastic, reason: "выдана", by: office.admin)
            let orders = try office.number("SELECT count(*) FROM card_order")
            for reference in [number.digits, "\(place.list)/\(place.index)"] {
                for reason in [OrderReason.stolen, .damaged] {
                    let error = #expect(throws: RegisterError.self) {
                        try file.replace(reference, reason: reason, by: office.admin)
                    }
                    #expect(error?.code == .refused)
                }
            }
            #expect(try office.number("SELECT count(*) FROM card_order") == orders)
            #expect(try file.show(plastic, by: office.admin).map(\.state) == [.active])
            _ = try file.replace(number.ticket.digits, reason: .stolen, by: office.admin)
            #expect(try file.show(plastic, by: office.admin).map(\.state) == [.stolen])
            #expect(try office.virtualCarriers().map(\.state) == [.active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a whole ticket's block takes the card of the old scheme along`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            // The second waits for its holder, the third is another member's.
            let old = [
                ("Л-777", "1001", 18_000), ("Л-778", "1001", nil), ("Л-779", "1002", 18_000),
            ]
            let rows = old.enumerated().map { line, card in
                (
                    line: line + 2,
                    draft: LegacyTicketDraft?.some(
                        .init(
                            issuer: "26",
                            number: card.0,
                            aisId: card.1,
                            handedOutOn: card.2.map(CalendarDate.init(day:))
                        )
                    ),
                    issues: [RowIssue]()
                )
            }
            _ = try LegacyImport(office.register).run(rows, by: office.admin)
            try office.issue()
            let value = try office.number("SELECT number FROM ticket_number WHERE member_id = 1")
            let ticket = try #require(TicketNumber(value: UInt64(value))).digits
            let file = CarrierFile(office.register)
            func states() throws -> [String: CarrierState] {
                let found = try file.show(ticket, by: office.admin)
                return Dictionary(
                    uniqueKeysWithValues: found.map { ($0.legacyNumber ?? "", $0.state) }
                )
            }
            let before = try states()
            #expect(before == ["": .allocated, "Л-777": .active, "Л-778": .atPrimary])
            let held = try file.apply(.suspend, to: ticket, reason: "звонок", by: office.admin)
            #expect(try states()["Л-777"] == .suspended)
            let skipped = CarrierFile.Change.suspend.skipped(of: held)
            #expect(Set(skipped.map { $0.legacyNumber ?? "" }) == ["", "Л-778"])
            #expect(try file.history(ticket, by: office.admin).count == 3)
            _ = try file.apply(.unblock, to: ticket, reason: "нашлась", by: office.admin)
            #expect(try states() == before)
            _ = try file.apply(.stolen, to: ticket, reason: "украли", by: office.admin)
            #expect(try states() == ["": .allocated, "Л-777": .stolen, "Л-778": .stolen])
            #expect(try file.show("L:Л-779", by: office.admin).map(\.state) == [.active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `unblocking a ticket hands out no card of the old scheme`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let draft = LegacyTicketDraft(issuer: "26", number: "000124", aisId: "1001")
            let rows = [(line: 2, draft: LegacyTicketDraft?.some(draft), issues: [RowIssue]())]
            _ = try LegacyImport(office.register).run(rows, by: office.admin)
            try office.issue()
            let ticket = try office.payloads(1)[0].carrier.ticket.digits
            let file = CarrierFile(office.register)
            let done = try file.apply(.unblock, to: ticket, reason: "выдана", by: office.admin)
            #expect(
                Dictionary(uniqueKeysWithValues: done.map { ($0.kind, $0.state) })
                    == [.plastic: .active, .legacyPlastic: .withdrawn]
            )
        }
    }

    @Test func `a ticket's carriers are found without reading the table`() throws {
        try TestOffice.with(.sqlite) { office in
            let steps = try office.register.read { session in
                try session.all(
                    "EXPLAIN QUERY PLAN \(CarrierFile.columns) WHERE \(CarrierFile.ofTicket)",
                    [.integer(1)]
                ) { $0.text(3) }
            }
            #expect(steps.count { $0.hasPrefix("SEARCH carrier USING INDEX") } == 3)
            #expect(!steps.contains { $0.hasPrefix("SCAN") })
        }
    }
}
