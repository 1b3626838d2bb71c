import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// Which cards count as made, where they lie and which are in force, told of any day the same.
@Suite struct `Cards made as of a day` {
    private static func union(_ office: TestOffice, asOf day: CalendarDate) throws -> UnionCounts {
        let lines = try UnionStatistics(office.register).count(
            asOf: day,
            by: .union,
            by: office.admin
        )
        return try #require(lines.first?.counts)
    }

    private static func months(_ office: TestOffice, asOf day: CalendarDate) throws -> Int {
        try UnionStatistics(office.register).cardsPerMonth(asOf: day, by: office.admin)
            .reduce(0) { $0 + $1.cards }
    }

    private static func charged(_ office: TestOffice, asOf day: CalendarDate) throws -> Int {
        try Settlement(office.register).rows(asOf: day, by: office.admin)
            .reduce(0) { $0 + $1.cards }
    }

    private static func day(_ office: TestOffice) -> CalendarDate { office.clock.now().moscowDate }

    @Test(
        arguments: TestEngine.allCases,
        [
            // What each day's whole report says of ten cards, and how many are made then.
            (
                reports: ["pppppppppp", "sppppppppm", "sppppppppp"], made: [10, 8, 9],
                spoiled: [0, 1, 1]
            ),
            (
                reports: ["sppppppppm", "spppppppps", "spppppppps"], made: [8, 8, 8],
                spoiled: [1, 2, 2]
            ),
            (
                reports: ["mmmmmmmmmm", "pppppppppp", "mppppppppp"], made: [0, 10, 9],
                spoiled: [0, 0, 0]
            ),
        ]
    )
    func `a corrected report changes no earlier day, and spoiled cards were not made`(
        _ engine: TestEngine,
        _ plant: (reports: [String], made: [Int], spoiled: [Int])
    ) throws {
        try BatchOffice.with(engine) { batch in
            let office = batch.office
            var days: [CalendarDate] = []
            func expectSame() throws {
                let told = try days.map { try Self.union(office, asOf: $0) }
                let made = Array(plant.made.prefix(days.count))
                #expect(told.map(\.produced) == made)
                #expect(told.map(\.producedFirst) == made)
                #expect(told.map { $0.made[.printed] ?? 0 } == made)
                #expect(told.map(\.spoiled) == Array(plant.spoiled.prefix(days.count)))
                #expect(try days.map { try Self.months(office, asOf: $0) } == made)
                #expect(try days.map { try Self.charged(office, asOf: $0) } == made)
            }
            for report in plant.reports {
                try batch.report(report)
                days.append(Self.day(office))
                try expectSame()
                office.clock.advance(86_400)
            }
            guard plant.spoiled.last != 0 else { return }
            _ = try LeftCards(office.register)
                .destroy([try batch.carrier(1).digits], reason: "spoiled", by: batch.admin)
            let after = try Self.union(office, asOf: Self.day(office))
            #expect(after.produced == plant.made.last && after.made[.destroyed] == nil)
            #expect(try Self.months(office, asOf: Self.day(office)) == plant.made.last)
            try expectSame()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `every card made lies somewhere, in force at the primary organisation too`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch in
            let office = batch.office
            try batch.report("pppppppppp")
            try batch.deliver()
            let delivered = Self.day(office)
            office.clock.advance(86_400)
            let given = try (1...4).map { try batch.carrier($0).digits }
            #expect(try batch.handOut(given).done == 4)
            _ = try CarrierFile(office.register)
                .apply(.lost, to: given[0], reason: "test", by: batch.admin)
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "test", by: batch.admin)
            let then = try Self.union(office, asOf: delivered)
            #expect(then.made == [.atPrimary: 10] && then.handedOut == 0)
            #expect(then.cards[.active] == 10)
            let now = try Self.union(office, asOf: Self.day(office))
            #expect(
                now.made == [.atPrimary: 6, .handedOut: 2, .lost: 1, .withdrawn: 1]
            )
            #expect(now.handedOut == 4 && now.produced == 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `old cards are in force from their hand-out on, made from their own days on`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (0..<4).map { try TestOffice.draft($0) })
            office.clock.advance(60 * 86_400)
            let imported = Self.day(office)
            func back(_ days: Int) -> CalendarDate { CalendarDate(day: imported.day - days) }
            // Made 40 days and handed out 5 days before; handed out only; made only; no day at all.
            let days = [(40, 5), (nil, 5), (40, nil), (nil, nil)] as [(Int?, Int?)]
            func take(_ days: [(Int?, Int?)]) throws -> [RowOutcome] {
                let rows = days.enumerated().map { number, own in
                    let draft = LegacyTicketDraft(
                        issuer: "26",
                        number: "00010\(number)",
                        aisId: "\(1000 + number)",
                        producedOn: own.0.map(back),
                        handedOutOn: own.1.map(back)
                    )
                    return (line: 2, draft: LegacyTicketDraft?.some(draft), issues: [RowIssue]())
                }
                return try LegacyImport(office.register).run(rows, by: office.admin).map(\.outcome)
            }
            #expect(try take(days) == [.added, .added, .added, .added])
            func told(_ days: [Int]) throws -> [[Int]] {
                try days.map { number in
                    let counts = try Self.union(office, asOf: back(number))
                    let waiting = counts.made[.atPrimary] ?? 0
                    return [counts.producedLegacy, counts.plastic, counts.handedOut, waiting]
                }
            }
            let past = [[0, 0, 0, 0], [2, 0, 0, 2], [3, 2, 2, 1], [3, 2, 2, 1]]
            #expect(try told([41, 40, 5, 1]) == past)
            #expect(try told([0]) == [[4, 2, 2, 2]])
            // The last one is handed out ten days later.
            office.clock.advance(10 * 86_400)
            #expect(try take([days[0], days[1], days[2], (nil, -10)]).last == .updated)
            #expect(try told([41, 40, 5, 1]) == past)
            #expect(try told([0, -9, -10]) == [[4, 2, 2, 2], [4, 2, 2, 2], [4, 3, 3, 1]])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a card past its last day is not in force and may be followed by another`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch in
            let office = batch.office
            try batch.report("pppppppppp")
            try batch.deliver()
            let last = CalendarDate(day: Self.day(office).day + 365 * 5)
            let orders = OrderBook(office.register)
            func order() throws -> OrderBook.Outcome {
                try orders.create(
                    .members(["1000", "1001"]),
                    reason: .first,
                    submitted: true,
                    by: batch.admin
                )
            }
            #expect(try order().refused.count == 2)
            office.clock.advance(86_400 * (365 * 5 + 1))
            let after = Self.day(office)
            #expect(after.day == last.day + 1)
            #expect(try Self.union(office, asOf: last).plastic == 10)
            let now = try Self.union(office, asOf: after)
            #expect(now.plastic == 0 && now.none == 10 && now.made == [.expired: 10])
            let list = CardlessMembers(office.register)
            #expect(try list.page(limit: 20, by: batch.admin).entries.count == 10)
            let made = try order()
            #expect(made.done.count == 2 && made.refused.isEmpty)
            #expect(try batch.count(.active) == 10)
            _ = try orders.move(.orders(made.done), to: .approved, reason: "", by: batch.admin)
            #expect(try batch.count(.active) == 8 && batch.count(.expired) == 2)
            #expect(try Self.union(office, asOf: after).made == [.expired: 10])
            #expect(try Self.union(office, asOf: last).plastic == 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the union has a line of nothing before there was anything`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let early = CalendarDate(day: Self.day(office).day - 9_000)
            let counts = try Self.union(office, asOf: early)
            #expect(counts == UnionCounts())
        }
    }
}
