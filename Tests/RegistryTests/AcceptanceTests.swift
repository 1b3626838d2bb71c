import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Manufacturers' reports` {
    @Test(arguments: TestEngine.allCases)
    func `a whole report makes cards printed, and the same file again changes nothing`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let outcome = try batch.report("pppppppppp")
            #expect(outcome.standing.produced == 10 && !outcome.isRepeated)
            #expect(outcome.standing.unshipped == 10 && outcome.standing.differences.isEmpty)
            #expect(try batch.book.batch(batch.id).state == .accepted)
            #expect(try batch.count(.printed) == 10)
            #expect(try batch.orders(.produced) == 10)
            #expect(
                try batch.office.number(
                    "SELECT count(*) FROM carrier WHERE produced_on IS NOT NULL AND published = 2"
                ) == 10
            )
            let events = try batch.office.number("SELECT count(*) FROM carrier_event")
            let audit = try batch.office.number("SELECT count(*) FROM audit")
            let again = try batch.take([], [1])
            #expect(again.isRepeated && again.revision == outcome.revision)
            #expect(try batch.office.number("SELECT count(*) FROM carrier_event") == events)
            #expect(try batch.office.number("SELECT count(*) FROM audit") == audit)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a spoiled card is revoked and ordered anew: same number, next issue`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let outcome = try batch.report("ppspppsppp")
            #expect(outcome.standing.spoiled == 2 && outcome.remade.count == 2)
            #expect(outcome.standing.writtenOff == 0 && outcome.standing.withdrawn == 0)
            #expect(try batch.orders(.cancelled) == 2)
            #expect(
                try batch.office.number(
                    "SELECT count(*) FROM carrier WHERE state = 'spoiled' AND published = 1"
                ) == 2
            )
            let next = try BatchOffice.seal(batch.office, batch.book, reason: nil)
            let remade = try batch.book.cards(try batch.book.batch(next), from: 1, count: 9)
            #expect(remade.map(\.carrier.issue) == [2, 2])
            let old = try [batch.carrier(3), batch.carrier(7)].map(\.ticket)
            #expect(Set(remade.map(\.carrier.ticket)) == Set(old))
            #expect(
                try batch.office.number(
                    "SELECT count(*) FROM card_order WHERE reason <> 'first'"
                ) == 0
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `where the plant makes the same carrier again nothing is revoked`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            batch.terms.spoilage = .sameCarrier
            let first = try batch.report("ppsppppppp")
            #expect(first.standing.spoiled == 0 && first.remade.isEmpty)
            #expect(first.standing.differences.map(\.kind) == [.spoiled])
            #expect(first.standing.missing == [3...3])
            let second = try batch.report("--p", supplement: true)
            #expect(second.standing.differences.isEmpty && second.standing.produced == 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `missing, surplus, unknown and duplicate cards are listed and block closing`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let stranger = try #require(CarrierNumber(value: 9_770_000_000_000_051))
            let outcome = try batch.report("pppppppppm") { rows in
                rows.append(.init(line: 20, sequence: 11, carrier: nil, result: .produced))
                rows.append(.init(line: 21, sequence: 2, carrier: nil, result: .produced))
                rows.append(.init(line: 22, sequence: nil, carrier: stranger, result: .produced))
            }
            #expect(outcome.standing.missing == [10...10])
            let kinds = outcome.standing.differences.map(\.kind)
            #expect(kinds == [.surplus, .duplicate, .unknown])
            #expect(outcome.standing.differences.map(\.line) == [20, 21, 22])
            let revision = outcome.revision
            #expect((revision.surplus, revision.duplicate, revision.unknown) == (1, 1, 1))
            _ = try ParcelDesk(batch.register).ship(batch.id, by: batch.admin)
            let closing = BatchClosing(batch.register)
            let error = #expect(throws: RegisterError.self) {
                try closing.close(batch.id, destructionAct: [7], by: batch.admin)
            }
            #expect(error?.code == .refused)
            // A document settles what the file said beyond the run; the missing card is written off.
            try closing.settle(
                batch.id,
                outcome.standing.differences.map(\.id),
                by: "акт 5",
                user: batch.admin
            )
            let off = try closing.writeOffMissing(batch.id, reason: "утрачена", by: batch.admin)
            #expect(off.cards == 1 && off.orders.count == 1)
            let over = try closing.standing(batch.id, by: batch.admin)
            #expect(!over.differs && over.produced == 9)
            #expect((over.writtenOff, over.spoiled, over.withdrawn) == (1, 0, 0))
            #expect(over.settled.map(\.difference) == outcome.standing.differences)
            #expect(over.settled.allSatisfy { $0.document == "акт 5" })
            #expect(throws: RegisterError.self, "the report is not the act") {
                try closing.close(
                    batch.id,
                    destructionAct: outcome.revision.sha256,
                    by: batch.admin
                )
            }
            try closing.close(batch.id, destructionAct: [7], by: batch.admin)
            #expect(try batch.book.batch(batch.id).state == .closed)
            #expect(throws: RegisterError.self) { try batch.report("pppppppppp") }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a corrected report takes back what the first one said`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp") { rows in
                rows.append(.init(line: 20, sequence: 4, carrier: nil, result: .produced))
            }
            let second = try batch.report("ppppppppm-")
            #expect(second.revision.number == 2 && second.standing.missing == [9...10])
            #expect(second.standing.differences.isEmpty && second.standing.settled.isEmpty)
            #expect(try batch.orders(.batched) == 2)
            #expect(
                try batch.office.number(
                    "SELECT count(*) FROM carrier WHERE produced_on IS NOT NULL"
                ) == 8
            )
            let third = try batch.report("pppppppppp")
            #expect(third.standing.missing.isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an earlier report comes into force again only when that is asked for`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let rows = (1...10).map {
                ReportRow(line: $0 + 1, sequence: $0, carrier: nil, result: .produced)
            }
            _ = try batch.take(rows, [1])
            _ = try batch.take(Array(rows.prefix(8)), [2])
            let known = try batch.take(rows, [1])
            #expect(known.isRepeated && known.revision.number == 1 && known.latest == 2)
            #expect(known.standing.missing == [9...10])
            let again = try batch.take(rows, [1], again: true)
            #expect(!again.isRepeated && again.revision.number == 3 && again.latest == 3)
            #expect(again.standing.missing.isEmpty && again.standing.produced == 10)
            #expect(try batch.take(rows, [1], again: true).isRepeated, "it is in force already")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a place and a barcode that disagree take nothing, also one that a spreadsheet rounded`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let cards = try (1...10).map { try batch.carrier($0) }
            var rows = cards.enumerated().map {
                ReportRow(line: $0 + 2, sequence: $0 + 1, carrier: $1, result: .produced)
            }
            let stranger = try #require(CarrierNumber(value: 9_770_000_000_000_051))
            rows[2] = ReportRow(line: 4, sequence: 3, carrier: stranger, result: .produced)
            let foreign = #expect(throws: RegisterError.self) { try batch.take(rows, [1]) }
            #expect(foreign?.message.english.contains("line 4") == true)
            let rounded = try #require(CarrierNumber(ticket: cards[2].ticket, issue: 0))
            rows[2] = ReportRow(line: 4, sequence: 3, carrier: rounded, result: .produced)
            let eaten = #expect(throws: RegisterError.self) { try batch.take(rows, [2]) }
            #expect(eaten?.message.english.contains("spreadsheet") == true)
            #expect(try batch.count(.allocated) == 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `rows that contradict each other leave a card missing until a corrected report`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let torn = try batch.report("pspppppppp") { rows in
                rows.append(.init(line: 23, sequence: 1, carrier: nil, result: .spoiled))
                rows.append(.init(line: 24, sequence: 2, carrier: nil, result: .produced))
                rows.append(.init(line: 25, sequence: 2, carrier: nil, result: .spoiled))
                rows.append(.init(line: 26, sequence: 3, carrier: nil, result: .produced))
            }
            #expect(torn.standing.missing == [1...2] && torn.revision.spoiled == 0)
            #expect(torn.standing.differences.allSatisfy { $0.kind == .duplicate })
            #expect(
                torn.standing.differences.map { $0.detail.contains("≠") } == [
                    true, true, false, false,
                ]
            )
            #expect(try batch.count(.spoiled) == 0)
            #expect(try batch.count(.printed) == 8)
            let right = try batch.report("pspppppppp")
            #expect(right.standing.differences.isEmpty && right.standing.missing.isEmpty)
            #expect(try batch.count(.spoiled) == 1)
            #expect(try batch.count(.printed) == 9)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what the register knows better contradicts a later report`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("spppppppp-")
            _ = try ParcelDesk(batch.register).ship(batch.id, by: batch.admin)
            let later = try batch.report("pmpppppppp")
            let kinds = later.standing.differences.map { "\($0.kind.rawValue) \($0.sequence ?? 0)" }
            #expect(kinds == ["contradiction 1", "contradiction 2"])
            #expect(try batch.count(.spoiled) == 1)
            #expect(try batch.count(.shipped) == 8)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a report of another batch, or one that does not add up, changes nothing`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("ssssssssss")
            let second = try BatchOffice.seal(batch.office, batch.book, reason: nil)
            let own = try (1...10).map { try batch.carrier($0) }
            let before = try batch.office.number("SELECT count(*) FROM carrier_event")
            let foreign = own.enumerated().map {
                ReportRow(line: $0 + 2, sequence: nil, carrier: $1, result: .produced)
            }
            #expect(throws: RegisterError.self) {
                try batch.take(foreign, [50], of: second)
            }
            let crossed = [
                ReportRow(
                    line: 2,
                    sequence: 2,
                    carrier: try batch.carrier(1, of: second),
                    result: .produced
                )
            ]
            let error = #expect(throws: RegisterError.self) {
                try batch.take(crossed, [51], of: second)
            }
            #expect(error?.message.english.contains("line 2") == true)
            let good = (1...10).map {
                ReportRow(line: $0 + 1, sequence: $0, carrier: nil, result: .produced)
            }
            #expect(throws: RegisterError.self) {
                try batch.take(good, [52], of: second, expecting: .init(produced: 9, spoiled: 1))
            }
            #expect(throws: RegisterError.self) { try batch.take([], [53], of: second) }
            #expect(try batch.office.number("SELECT count(*) FROM carrier_event") == before)
            #expect(try batch.book.batch(second).state == .sealed)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `only whoever accepts batches of the whole union may, and only sealed ones`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let directory = UserDirectory(batch.register)
            try directory.add(
                "registrar",
                role: .registrar,
                scope: .centralCouncil,
                passphrase: "registrar phrase",
                by: batch.admin
            )
            let registrar = try directory.signIn("registrar", passphrase: "registrar phrase")
            let error = #expect(throws: RegisterError.self) {
                try BatchAcceptance(batch.register).accept(
                    batch.id,
                    batch.terms,
                    sha256: [1],
                    by: registrar
                ) { { [] } }
            }
            #expect(error?.code == .forbidden)
            try batch.report("ssssssssss")
            let cards = try batch.book.candidates(.init(), by: batch.admin)
            let planned = try BatchOffice.plan(cards, batch.book, by: batch.admin)
            #expect(throws: RegisterError.self) { try batch.report("p", of: planned.id) }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `chip UIDs are bound card by card and never to two cards`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            batch.terms.hasChips = true
            func uid(_ number: Int) -> ChipUID? { ChipUID([4, 0, 0, 0, 0, 0, UInt8(number)]) }
            let first = try batch.report("pppppppppp") { rows in
                for index in rows.indices where index != 4 { rows[index].uid = uid(index) }
                rows[5].uid = uid(3)
            }
            let kinds = first.standing.differences.map(\.kind)
            #expect(kinds == [.chipTwice, .chipMissing, .chipMissing] || kinds.count == 3)
            #expect(try batch.office.number("SELECT count(*) FROM carrier_chip") == 8)
            // Corrected: two cards had been exchanged.
            let second = try batch.report("pppppppppp") { rows in
                for index in rows.indices { rows[index].uid = uid(index) }
                (rows[0].uid, rows[1].uid) = (rows[1].uid, rows[0].uid)
            }
            #expect(second.standing.differences.isEmpty)
            let stored = try batch.register.read { session in
                try session.all("SELECT uid FROM carrier_chip ORDER BY carrier_id") { $0.blob(0) }
            }
            #expect(stored.map { $0[6] } == [1, 0, 2, 3, 4, 5, 6, 7, 8, 9])
            // Another batch's card cannot have one of them.
            _ = try batch.report("spppppppp-") { rows in
                for index in rows.indices where index > 0 { rows[index].uid = uid(index) }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a batch of cards without chips refuses UIDs`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            #expect(throws: RegisterError.self) {
                try batch.report("pppppppppp") { $0[0].uid = ChipUID([1, 2, 3, 4]) }
            }
            #expect(try batch.count(.allocated) == 10)
        }
    }

    /// What released programs wrote; a step that changes cannot be upgraded from.
    @Test func `the steps before delivery are as they were`() throws {
        try TestOffice.with(.sqlite) { office in
            let sums = try office.register.read { session in
                try session.all(
                    "SELECT checksum FROM schema_migration WHERE number <= 7 ORDER BY number"
                ) { $0.integer(0) }
            }
            #expect(
                sums == [
                    -9_050_557_265_269_081_378, -1_648_416_392_127_731_763,
                    7_830_437_410_417_725_027, -3_750_763_034_362_895_579, 928_709_681_132_198_420,
                    6_754_539_776_083_962_348, -3_040_743_997_409_664_421,
                ]
            )
        }
    }
}
