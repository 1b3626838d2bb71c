import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Orders, numbers, carriers, publication` {
    @Test(arguments: TestEngine.allCases)
    func `approved orders get numbers and payloads that anyone can verify`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (0..<50).map { try TestOffice.draft($0) })
            let report = try office.issue()
            #expect(report.cards == 50)
            let payloads = try office.payloads(1)
            #expect(Set(payloads.map(\.carrier.ticket)).count == 50)
            #expect(payloads.allSatisfy { $0.carrier.issue == 1 && $0.carrier.ticket.region == 26 })
            let keys = try #require(TrustedKeys(file: try KeyRing(office.register).bundle()))
            let judge = TicketJudge(keys: keys)
            for payload in payloads {
                let found = judge.judge(text: payload.text, at: office.clock.now())
                #expect(found.verdict == .valid && found.isPurposeJudged)
                #expect(found.claims?.carrier == payload.carrier)
            }
            let manifest = try Files.read(report.folder + "/manifest.json", atMost: 1 << 20)
            let signature = try Files.read(report.folder + "/manifest.json.cose", atMost: 1 << 20)
            #expect(Manifest.isSigned(manifest, signature: signature, keys: keys))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `payloads are for whose scope holds all cards of the issuance`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([
                try TestOffice.draft(1), try TestOffice.draft(2, organisation: "26-001-0002"),
            ])
            try office.issue()
            let users = UserDirectory(office.register)
            for (name, scope, read) in [
                ("region", "26", 2), ("primary", "26-001-0001", 0), ("other", "02", 0),
            ] {
                try users.add(
                    name,
                    role: .cardOffice,
                    scope: try TestOffice.code(scope),
                    passphrase: "\(name) passphrase",
                    by: office.admin
                )
                let user = try users.signIn(name, passphrase: "\(name) passphrase")
                var found = 0
                do {
                    try IssuanceManifest(office.register).payloads(1, by: user) { _ in found += 1 }
                    #expect(read > 0)
                } catch let error as RegisterError {
                    #expect(error.code == .forbidden && read == 0)
                }
                #expect(found == read)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the database itself refuses what the rules forbid`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            try office.issue()
            for forbidden in [
                "UPDATE card_order SET state = 'draft' WHERE id = 1",
                "UPDATE carrier SET state = 'handedOut' WHERE id = 1",
                "UPDATE member SET state = 'candidate' WHERE id = 1",
                "UPDATE ticket_number SET state = 'reserved'",
                "UPDATE ticket_number SET member_id = 2 WHERE member_id = 1",
                "UPDATE carrier SET idx = 7 WHERE id = 1",
                "DELETE FROM ticket_number", "DELETE FROM carrier", "DELETE FROM member",
                "DELETE FROM audit WHERE seq = 1", "UPDATE audit SET detail = 'x' WHERE seq = 1",
                "UPDATE carrier SET kind = 'virtual' WHERE id = 1",
                """
                INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx,
                published) SELECT 99, region, member_id, kind, number, 2, 'allocated', list, 1, 2
                FROM carrier WHERE id = 1
                """,
                """
                INSERT INTO ticket_number (number, region, state, member_id, at)
                SELECT number, region, state, 2, at FROM ticket_number WHERE member_id = 1
                """,
            ] {
                #expect { try office.execute(forbidden) } throws: {
                    ($0 as? DatabaseError)?.code == .constraint
                }
            }
            try office.execute("UPDATE carrier SET state = 'active', published = 0 WHERE id = 1")
            #expect {
                try office.execute(
                    """
                    INSERT INTO carrier (id, region, member_id, kind, number, issue, state, list, idx,
                    published) SELECT 99, region, member_id, kind, number, 2, 'active', list, 1, 0
                    FROM carrier WHERE id = 1
                    """
                )
            } throws: { ($0 as? DatabaseError)?.code == .constraint }
        }
    }

    @Test func `transition tables hold the rules of the core and nothing else`() throws {
        try TestOffice.with(.sqlite) { office throws in
            let carriers = CarrierState.allCases.map(\.successors.count).reduce(0, +)
            let orders = OrderState.allCases.map(\.successors.count).reduce(0, +)
            #expect(try office.number("SELECT count(*) FROM carrier_transition") == Int64(carriers))
            #expect(
                try office.number("SELECT count(*) FROM card_order_transition") == Int64(orders)
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `who may not have a card is told why`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([
                try TestOffice.draft(1),
                try TestOffice.draft(2) {
                    $0.consents[1] = Consent(purpose: .cardProduction, isGiven: false)
                },
                try TestOffice.draft(3) { $0.status = .suspended },
                try TestOffice.draft(4) { $0.aisId = nil },
            ])
            let book = OrderBook(office.register)
            let first = try book.create(
                .members(["1001", "1002", "1003", "#4"]),
                reason: .first,
                by: office.admin
            )
            #expect(
                first.done.count == 1 && first.refused.map(\.subject) == ["1002", "1003", "#4"]
            )
            #expect(
                try book.create(.members(["1001"]), reason: .first, by: office.admin).done.isEmpty
            )
            #expect(
                try book.move(.orders(first.done), to: .approved, reason: "", by: office.admin).done
                    .isEmpty
            )
            #expect(throws: RegisterError.self) {
                try book.create(.members(["4711"]), reason: .first, by: office.admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a lost card is revoked at once and its replacement keeps the number`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            let carrier = try office.payloads(1)[0].carrier
            let file = CarrierFile(office.register)
            _ = try file.apply(.unblock, to: carrier.digits, reason: "handed out", by: office.admin)
            let order = try file.replace(carrier.digits, reason: .lost, by: office.admin)
            #expect(try file.show(carrier.digits, by: office.admin).map(\.state) == [.lost])
            _ = try OrderBook(office.register).move(
                .orders([order]),
                to: .approved,
                reason: "",
                by: office.admin
            )
            _ = try office.issueApproved()
            let next = try office.payloads(2)[0].carrier
            #expect(next.ticket == carrier.ticket && next.issue == 2)
            #expect(throws: RegisterError.self) {
                try file.apply(.unblock, to: carrier.digits, reason: "", by: office.admin)
            }
            #expect(
                try file.history(carrier.digits, by: office.admin)[0].events.map(\.to)
                    == ["allocated", "active", "lost"]
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the replacement that comes into force ends the old card and the one of the old scheme`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let legacy = ["000123", "000124"].map { number in
                (
                    line: 2,
                    draft: LegacyTicketDraft?.some(
                        .init(
                            issuer: "26",
                            number: number,
                            aisId: "1001",
                            handedOutOn: number == "000123" ? CalendarDate(day: 18_000) : nil
                        )
                    ),
                    issues: [RowIssue]()
                )
            }
            _ = try LegacyImport(office.register).run(legacy, by: office.admin)
            let file = CarrierFile(office.register)
            func states(_ reference: String) throws -> [CarrierState] {
                try file.show(reference, by: office.admin)
                    .filter { $0.kind == .plastic || reference.hasPrefix("L:") }.map(\.state)
            }
            #expect(
                try file.history("L:000123", by: office.admin)[0].events.map(\.reason)
                    == ["legacy import"]
            )
            try office.issue()
            let first = try office.payloads(1)[0].carrier
            _ = try file.apply(.unblock, to: first.digits, reason: "handed out", by: office.admin)
            #expect(try states("L:000123") == [.replaced] && states("L:000124") == [.withdrawn])
            let order = try file.replace(first.digits, reason: .damaged, by: office.admin)
            let book = OrderBook(office.register)
            _ = try book.move(.orders([order]), to: .approved, reason: "", by: office.admin)
            _ = try office.issueApproved()
            let second = try office.payloads(2)[0].carrier
            // A word about the whole ticket ends a suspension and brings no new card into force.
            _ = try file.apply(.suspend, to: first.digits, reason: "", by: office.admin)
            _ = try file.apply(.unblock, to: first.ticket.digits, reason: "", by: office.admin)
            #expect(try states(first.ticket.digits) == [.active, .allocated])
            _ = try file.apply(.unblock, to: second.digits, reason: "handed out", by: office.admin)
            #expect(try states(first.ticket.digits) == [.replaced, .active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an order for a loss that is known ends nothing that came since`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let legacy = LegacyTicketDraft(
                issuer: "26",
                number: "000123",
                aisId: "1001",
                handedOutOn: CalendarDate(day: 18_000)
            )
            _ = try LegacyImport(office.register)
                .run([(line: 2, draft: legacy, issues: [])], by: office.admin)
            try office.issue()
            let card = try office.payloads(1)[0].carrier
            let file = CarrierFile(office.register)
            // Lost on its way: the old card is still the member's.
            for state in ["printed", "shipped"] {
                try office.execute("UPDATE carrier SET state = '\(state)' WHERE kind = 'plastic'")
            }
            _ = try file.apply(.lost, to: card.digits, reason: "parcel", by: office.admin)
            let book = OrderBook(office.register)
            let made = try book.create(.members(["1001"]), reason: nil, by: office.admin)
            for state in [OrderState.submitted, .approved] {
                _ = try book.move(.orders(made.done), to: state, reason: "", by: office.admin)
            }
            let old = try file.show("L:000123", by: office.admin)
            #expect(old.map(\.state) == [.active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an order that is cancelled after its number takes the card with it`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let book = OrderBook(office.register)
            func cancel(_ order: Int64) throws -> OrderBook.Outcome {
                try book.move(.orders([order]), to: .cancelled, reason: "test", by: office.admin)
            }
            try office.issue()
            let file = CarrierFile(office.register)
            let first = try office.payloads(1)[0].carrier
            #expect(try cancel(1).done == [1])
            #expect(try file.show(first.digits, by: office.admin)[0].state == .withdrawn)
            let second = try book.create(
                .members(["1001"]),
                reason: .defect,
                submitted: true,
                by: office.admin
            ).done
            _ = try book.move(.orders(second), to: .approved, reason: "", by: office.admin)
            _ = try office.issueApproved()
            let new = try office.payloads(2)[0].carrier
            _ = try file.apply(.unblock, to: new.digits, reason: "handed out", by: office.admin)
            let refused = try cancel(2)
            #expect(refused.done.isEmpty && refused.refused.map(\.subject) == ["2"])
            #expect(try file.show(new.digits, by: office.admin)[0].state == .active)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `lists say who is blocked and only changed ones are rebuilt`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([
                try TestOffice.draft(1), try TestOffice.draft(2, organisation: "27-001-0001"),
            ])
            try office.issue("26")
            try office.issue("27")
            let folder = office.directory.path + "/published"
            let publisher = StatusPublisher(office.register)
            let first = try publisher.publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            #expect(first.rebuilt == [26, 27])
            let carrier = try office.payloads(1)[0].carrier
            let place = try #require(
                try CarrierFile(office.register).show(carrier.digits, by: office.admin)[0]
                    .coordinate
            )
            func status() throws -> (UInt8, UInt64) {
                let keys = try #require(TrustedKeys(file: try KeyRing(office.register).bundle()))
                let token = try StatusListToken(
                    cwt: try Files.read(folder + "/status-lists/26.cwt", atMost: 1 << 20),
                    keys: keys,
                    subject: "https://epb.example.ru/v1/status-lists/26",
                    at: office.clock.now()
                )
                return (token.list[Int(place.index)], token.sequence)
            }
            #expect(try status() == (2, 1))
            let file = CarrierFile(office.register)
            for (change, expected) in [
                (CarrierFile.Change.unblock, UInt8(0)), (.suspend, 2), (.unblock, 0), (.stolen, 1),
            ] {
                _ = try file.apply(change, to: carrier.digits, reason: "test", by: office.admin)
                let report = try publisher.publish(
                    to: folder,
                    secrets: try office.secrets,
                    by: office.admin
                )
                #expect(report.rebuilt == [26] && report.kept == [27])
                #expect(try status().0 == expected)
            }
            #expect(try status().1 == 5)
            office.clock.advance(StatusPublisher.life / 2 + 1)
            let due = try publisher.publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            #expect(due.rebuilt == [26, 27])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a number is found, hinted at, and each look is logged`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1) { $0.legacyNumber = "0012345" }])
            try office.issue()
            let ticket = try office.payloads(1)[0].carrier.ticket
            let search = TicketSearch(office.register)
            #expect(try search.number(ticket.printed, by: office.admin).name?.last == "Орлова")
            #expect(try search.name("орлова анна", by: office.admin).count == 1)
            #expect(try search.name("Орлова Анна Ивановна", by: office.admin).isEmpty)
            #expect(try search.legacy("0012345", by: office.admin).count == 1)
            var typed = Array(ticket.digits)
            typed[13] = typed[13] == "0" ? "1" : "0"
            #expect {
                try search.number(String(typed), by: office.admin)
            } throws: { ($0 as? RegisterError)?.message.english.contains("group 4") == true }
            try UserDirectory(office.register).add(
                "hot",
                role: .hotline,
                scope: .centralCouncil,
                passphrase: "hotline passphrase",
                by: office.admin
            )
            let hotline = try UserDirectory(office.register).signIn(
                "hot",
                passphrase: "hotline passphrase"
            )
            #expect(try search.number(ticket.printed, by: hotline).name == nil)
            #expect(throws: RegisterError.self) { try search.name("Орлова Анна", by: hotline) }
            let log = try AuditLog(office.register).entries(by: office.admin)
            #expect(log.filter { $0.action == "ticket.find" && $0.user == "hot" }.count == 1)
            #expect(
                !log.contains { $0.detail.contains("Орлова") || $0.detail.contains(ticket.digits) }
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `who leaves the union loses order and card`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            try MemberFile(office.register).setStatus(
                "1001",
                to: .left,
                reason: "заявление",
                by: office.admin
            )
            #expect(
                try office.number(
                    "SELECT count(*) FROM carrier WHERE state = 'withdrawn' AND published = 1"
                ) == 1
            )
            #expect(throws: RegisterError.self) {
                try MemberFile(office.register).setStatus(
                    "1001",
                    to: .suspended,
                    reason: "",
                    by: office.admin
                )
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an old number on two cards blocks neither`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            let rows = ["1001", "1002"].enumerated().map { index, id in
                (
                    line: index + 2,
                    draft: LegacyTicketDraft?.some(
                        LegacyTicketDraft(issuer: "26", number: "000777", aisId: id)
                    ), issues: [RowIssue]()
                )
            }
            let results = try LegacyImport(office.register).run(rows, by: office.admin)
            #expect(results.map { $0.issues.map(\.code) } == [[], ["legacy_number_shared"]])
            let file = CarrierFile(office.register)
            let found = try file.show("L:000777", by: office.admin)
            #expect(found.count == 2 && found.map(\.member) == [1, 2])
            #expect(found.map(\.legacyIssuer) == ["26", "26"])
            #expect {
                try file.apply(.withdraw, to: "L:000777", reason: "x", by: office.admin)
            } throws: { ($0 as? RegisterError)?.code == .refused }
            let one = try file.apply(
                .withdraw,
                to: "#\(found[0].id)",
                reason: "x",
                by: office.admin
            )
            #expect(one.map(\.state) == [.withdrawn])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a legacy card that was waiting is handed out by a later list`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            func row(_ day: Int?) throws -> LegacyImport.RowResult {
                let draft = LegacyTicketDraft(
                    issuer: "26",
                    number: "000123",
                    aisId: "1001",
                    handedOutOn: day.map(CalendarDate.init(day:))
                )
                let rows = [(line: 2, draft: LegacyTicketDraft?.some(draft), issues: [RowIssue]())]
                return try LegacyImport(office.register).run(rows, by: office.admin)[0]
            }
            let file = CarrierFile(office.register)
            #expect(try row(nil).outcome == .added)
            #expect(try file.show("L:000123", by: office.admin).map(\.state) == [.atPrimary])
            #expect(try row(18_000).outcome == .updated)
            #expect(try file.show("L:000123", by: office.admin).map(\.state) == [.active])
            let events = try file.history("L:000123", by: office.admin).last?.events
            #expect(events?.last?.to == "active")
            #expect(try row(18_000).issues.isEmpty)
            #expect(try row(nil).outcome == .unchanged, "a list without days takes none back")
            let other = try row(18_001)
            #expect(other.outcome == .unchanged)
            #expect(other.issues.map(\.code) == ["legacy_day_differs"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `legacy cards are entered once and do not block a first order`(_ engine: TestEngine) throws
    {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let rows = [
                (
                    line: 2,
                    draft: LegacyTicketDraft?.some(
                        .init(
                            issuer: "26",
                            number: "000123",
                            aisId: "1001",
                            handedOutOn: CalendarDate(day: 18_000)
                        )
                    ), issues: [RowIssue]()
                ),
                (line: 3, draft: .init(issuer: "26", number: "000124", aisId: "9999"), issues: []),
            ]
            #expect(
                try LegacyImport(office.register).run(rows, by: office.admin).map(\.outcome) == [
                    .added, .error,
                ]
            )
            #expect(
                try LegacyImport(office.register).run(rows, by: office.admin).map(\.outcome) == [
                    .unchanged, .error,
                ]
            )
            #expect(
                try CarrierFile(office.register).show("L:000123", by: office.admin).map(\.kind) == [
                    .legacyPlastic
                ]
            )
            #expect(try office.issue().cards == 1)
        }
    }

    @Test func `a carrier is found by its number without reading the table`() throws {
        try TestOffice.with(.sqlite) { office in
            let steps = try office.register.read { session in
                try session.all(
                    "EXPLAIN QUERY PLAN \(CarrierFile.columns) WHERE \(CarrierFile.numbered)",
                    [.integer(1)]
                ) { $0.text(3) }
            }
            #expect(steps.count { $0.hasPrefix("SEARCH carrier USING INDEX") } == 2)
            #expect(!steps.contains { $0.hasPrefix("SCAN") })
        }
    }
}
