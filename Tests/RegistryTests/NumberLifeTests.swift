import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Numbers and whose they are` {
    /// Another card for the member of `1001`, in force.
    private func reissue(
        _ office: TestOffice,
        _ reason: OrderReason = .damaged
    ) throws -> CarrierNumber {
        let book = OrderBook(office.register)
        let order = try book.create(
            .members(["1001"]),
            reason: reason,
            submitted: true,
            by: office.admin
        ).done
        _ = try book.move(.orders(order), to: .approved, reason: "", by: office.admin)
        return try inForce(office, try office.issueApproved())
    }

    private func inForce(
        _ office: TestOffice,
        _ report: TicketIssuance.Report
    ) throws -> CarrierNumber {
        let carrier = try #require(try office.payloads(report.sequence).first).carrier
        _ = try CarrierFile(office.register).apply(
            .unblock,
            to: carrier.digits,
            reason: "handed out",
            by: office.admin
        )
        return carrier
    }

    @Test(arguments: TestEngine.allCases)
    func `every tenth card has a new number and the next ones keep it`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            var cards = [try inForce(office, try office.issue())]
            for _ in 0..<10 { cards.append(try reissue(office)) }
            #expect(cards.map(\.issue) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2])
            #expect(Set(cards[..<9].map(\.ticket)).count == 1)
            #expect(cards[9].ticket == cards[10].ticket && cards[9].ticket != cards[8].ticket)
            #expect(
                try office.number("SELECT count(*) FROM ticket_number WHERE state = 'retired'") == 1
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a misused number is void with all under it, and another one follows`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let old = try inForce(office, try office.issue())
            let retirement = NumberRetirement(office.register)
            let report = try retirement.retire(old.digits, reason: "мошенники", by: office.admin)
            #expect(report.ticket == old.ticket && report.carriers == 1)
            let file = CarrierFile(office.register)
            #expect(try file.show(old.digits, by: office.admin).map(\.state) == [.withdrawn])
            #expect(throws: RegisterError.self) {
                try retirement.retire(old.digits, reason: "again", by: office.admin)
            }
            let order = try #require(report.order)
            _ = try OrderBook(office.register).move(
                .orders([order]),
                to: .approved,
                reason: "",
                by: office.admin
            )
            let next = try inForce(office, try office.issueApproved())
            #expect(next.ticket != old.ticket && next.issue == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a card said to be stolen is void when the order is handed in`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let card = try inForce(office, try office.issue())
            let (book, file) = (OrderBook(office.register), CarrierFile(office.register))
            let order = try book.create(
                .members(["1001"]),
                reason: .stolen,
                submitted: false,
                by: office.admin
            ).done
            #expect(try file.show(card.digits, by: office.admin).map(\.state) == [.active])
            _ = try book.move(.orders(order), to: .submitted, reason: "", by: office.admin)
            #expect(try file.show(card.digits, by: office.admin).map(\.state) == [.stolen])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an order without a reason has the one that the last card gives`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...5).map { try TestOffice.draft($0) })
            let issued = try office.issue()
            let cards = try office.payloads(issued.sequence).map(\.carrier)
            let (book, file) = (OrderBook(office.register), CarrierFile(office.register))
            func apply(_ change: CarrierFile.Change, _ card: CarrierNumber) throws {
                _ = try file.apply(change, to: card.digits, reason: "test", by: office.admin)
            }
            func reason(_ order: Int64) throws -> OrderReason {
                try book.show(order, by: office.admin).listed.order.reason
            }
            // The fourth is taken back before it was given, the fifth after it; both are first again.
            for card in cards[..<3] + cards[4...] { try apply(.unblock, card) }
            try apply(.lost, cards[0])
            try apply(.stolen, cards[1])
            try apply(.withdraw, cards[1])
            for card in cards[3...] { try apply(.withdraw, card) }
            let place = OrderBook.Selection.organisation(try TestOffice.code("26"))
            let named = try book.create(place, reason: .first, by: office.admin)
            #expect(try named.done.map(reason) == [.first, .first])
            #expect(named.refused.count == 3)
            for fitting in ["lost", "stolen"] {
                #expect(named.refused.contains { $0.reason.english.contains("reason \(fitting),") })
            }
            let made = try book.create(place, submitted: true, by: office.admin)
            #expect(Set(try made.done.map(reason)) == [.lost, .stolen])
            #expect(made.done.count == 2)
            // What was taken back before it was given decides nothing: the card before it does.
            _ = try book.move(.orders(made.done), to: .approved, reason: "", by: office.admin)
            _ = try office.issueApproved()
            _ = try book.move(.orders(made.done), to: .cancelled, reason: "x", by: office.admin)
            let again = try book.create(place, by: office.admin)
            #expect(Set(try again.done.map(reason)) == [.lost, .stolen])
            #expect(again.done.count == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `nothing written past the program gives a number or a card to somebody else`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            try office.issue()
            _ = try CarrierFile(office.register).apply(
                .unblock,
                to: try office.payloads(1)[0].carrier.digits,
                reason: "handed out",
                by: office.admin
            )
            let columns = "id, region, member_id, kind, number, issue, state, list, idx, published"
            var forbidden = [
                "UPDATE ticket_number SET member_id = NULL WHERE member_id = 1",
                "UPDATE ticket_number SET region = 27 WHERE member_id = 1",
                "UPDATE carrier SET member_id = 3 - member_id WHERE id = 1",
                "UPDATE carrier SET issue = NULL WHERE id = 1",
                "UPDATE carrier SET member_id = NULL WHERE id = 1",
                "UPDATE carrier SET published = 1 WHERE id = 1",
                "UPDATE carrier SET state = 'lost' WHERE id = 1",
                "UPDATE carrier_event SET reason = 'x'", "DELETE FROM carrier_event",
                "UPDATE order_event SET reason = 'x'", "DELETE FROM order_event",
                """
                INSERT INTO card_order (id, region, organisation, member_id, reason, state,
                    created_at, created_by) SELECT 99, region, organisation, 2, reason,
                    'delivered', created_at, created_by FROM card_order WHERE id = 1
                """,
            ]
            for (holder, issue, state, published) in [
                ("NULL", "2", "active", 0), ("3 - member_id", "2", "allocated", 2),
                ("member_id", "NULL", "lost", 1), ("member_id", "2", "lost", 0),
            ] {
                forbidden.append(
                    """
                    INSERT INTO carrier (\(columns)) SELECT 99, region, \(holder), kind, number,
                        \(issue), '\(state)', list, 1, \(published) FROM carrier WHERE id = 1
                    """
                )
            }
            if engine == .sqlite {
                forbidden += [
                    """
                    INSERT OR REPLACE INTO ticket_number (number, region, state, member_id, at)
                    SELECT number, region, state, 3 - member_id, at FROM ticket_number
                    """,
                    """
                    INSERT OR REPLACE INTO carrier (\(columns)) SELECT 99, region, NULL, kind,
                        number, 3, 'lost', list, idx, 1 FROM carrier WHERE id = 1
                    """,
                    """
                    INSERT OR REPLACE INTO carrier (\(columns)) SELECT id, region, NULL, kind,
                        number, 3, 'lost', list, 1, 1 FROM carrier WHERE id = 1
                    """,
                ]
            }
            for sql in forbidden {
                #expect("\(sql)") { try office.execute(sql) } throws: {
                    ($0 as? DatabaseError)?.code == .constraint
                }
            }
        }
    }

    @Test func `a card issued after the backup for a lost one is the member's after a restore`()
        throws
    {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            let first = try office.payloads(1)[0].carrier
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            office.clock.advance(3600)
            let file = CarrierFile(office.register)
            _ = try file.apply(.unblock, to: first.digits, reason: "", by: office.admin)
            let second = try reissued(office, first)
            let folder = office.directory.path + "/published"
            _ = try StatusPublisher(office.register).publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            let register = try office.restored(path).register
            let report = try Reclaim(register).run(
                [office.directory.issuances, folder],
                by: office.admin
            )
            #expect(report.carriers == 1 && report.missing.isEmpty)
            let cards = try CarrierFile(register).show(first.ticket.digits, by: office.admin)
            #expect(cards.map(\.number) == [first, second])
            #expect(cards.map(\.state) == [.withdrawn, .allocated])
            #expect(cards.allSatisfy { $0.member == 1 })
        }
    }

    private func reissued(_ office: TestOffice, _ card: CarrierNumber) throws -> CarrierNumber {
        let order = try CarrierFile(office.register).replace(
            card.digits,
            reason: .lost,
            by: office.admin
        )
        _ = try OrderBook(office.register).move(
            .orders([order]),
            to: .approved,
            reason: "",
            by: office.admin
        )
        let report = try office.issueApproved()
        return try #require(try office.payloads(report.sequence).first).carrier
    }

    @Test(arguments: TestEngine.allCases)
    func `keys are replaced and ended by two persons where there are two`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let (ring, users) = (KeyRing(office.register), UserDirectory(office.register))
            try users.add(
                "second",
                role: .administrator,
                scope: .centralCouncil,
                passphrase: "second phrase",
                by: office.admin
            )
            let second = try users.signIn("second", passphrase: "second phrase")
            func rotate(_ other: SignedInUser?) throws {
                _ = try ring.rotate(
                    .plastic,
                    .init(isImmediate: true),
                    secrets: try office.secrets,
                    root: try office.root,
                    by: office.admin,
                    second: other
                )
            }
            let before = try ring.list(by: office.admin)
            for other in [nil, office.admin] {
                #expect { try rotate(other) } throws: {
                    ($0 as? RegisterError)?.code == .refused
                }
            }
            #expect(try ring.list(by: office.admin) == before)
            try rotate(second)
            let old = try #require(before.first { $0.purpose == .plastic })
            func revoke(_ other: SignedInUser?) throws {
                _ = try ring.end(
                    old.kid,
                    as: .revoked,
                    root: try office.root,
                    by: office.admin,
                    second: other
                )
            }
            #expect(throws: RegisterError.self) { try revoke(nil) }
            try revoke(second)
            #expect(
                try office.number(
                    "SELECT count(*) FROM audit WHERE action = 'keys.confirm' AND user_name = 'second'"
                ) == 2
            )
        }
    }
}
