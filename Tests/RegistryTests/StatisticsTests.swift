import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Statistics as of a day` {
    private static func count(
        _ batch: BatchOffice,
        asOf day: CalendarDate,
        by level: ReportLevel = .union
    ) throws -> [String: UnionCounts] {
        let lines = try UnionStatistics(batch.register)
            .count(asOf: day, by: level, by: batch.admin)
        return Dictionary(
            uniqueKeysWithValues: lines.map { ($0.organisation.description, $0.counts) }
        )
    }

    private static func day(_ batch: BatchOffice) -> CalendarDate {
        batch.register.now().moscowDate
    }

    @Test(arguments: TestEngine.allCases)
    func `a past day is told as it was, whatever came after`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch in
            let clock = batch.office.clock
            let planned = Self.day(batch)
            clock.advance(86_400)
            try batch.report(String(repeating: "p", count: 10))
            let produced = Self.day(batch)
            clock.advance(86_400)
            try batch.deliver()
            let delivered = Self.day(batch)
            clock.advance(86_400)
            _ = try CarrierFile(batch.register).apply(
                .lost,
                to: try batch.carrier(1).digits,
                reason: "test",
                by: batch.admin
            )
            try MemberFile(batch.register).setStatus(
                "1001",
                to: .left,
                reason: "test",
                by: batch.admin
            )
            let today = Self.day(batch)
            let totals = try [planned, produced, delivered, today].map {
                try #require(try Self.count(batch, asOf: $0)["99"])
            }
            #expect(totals.map(\.registered) == [10, 10, 10, 9])
            #expect(totals.map(\.produced) == [0, 10, 10, 10])
            #expect(totals.map(\.plastic) == [0, 0, 10, 8])
            #expect(totals.map(\.none) == [10, 10, 0, 1])
            #expect(totals.map(\.producedFormer) == [0, 0, 0, 1])
            #expect(totals.map { $0.cards[.allocated] ?? 0 } == [10, 0, 0, 0])
            #expect(totals.map { $0.cards[.lost] ?? 0 } == [0, 0, 0, 1])
            #expect(totals.map { $0.cards[.withdrawn] ?? 0 } == [0, 0, 0, 1])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an erased person still counts where and when there was one`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch in
            let clock = batch.office.clock
            try batch.report(String(repeating: "p", count: 10))
            try batch.deliver()
            let member = Self.day(batch)
            clock.advance(86_400)
            try MemberFile(batch.register).setStatus(
                "1001",
                to: .left,
                reason: "test",
                by: batch.admin
            )
            let today = Self.day(batch)
            func told() throws -> [[String: UnionCounts]] {
                try [member, today].map { try Self.count(batch, asOf: $0, by: .primary) }
            }
            let before = try told()
            #expect(before[0]["26-001-0001"]?.withAisId == 5)
            #expect(before[1]["26-001-0001"]?.producedFormer == 1)
            _ = try MemberErasure(batch.register).erase("1001", reason: "test", by: batch.admin)
            #expect(try told() == before)
            let months = try UnionStatistics(batch.register)
                .cardsPerMonth(asOf: today, by: batch.admin)
            #expect(months.map(\.cards) == [10])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a minor takes part by a representative's consent only`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let today = office.clock.now().moscowDate
            let young = CalendarDate(day: today.day - 15 * 365)
            try office.take(
                try (0..<3).map { number in
                    try TestOffice.draft(number) { draft in
                        if number > 0 {
                            draft.birthDate = CalendarDate(day: young.day + number)
                            draft.joinDate = today
                        }
                        draft.consents = [
                            Consent(purpose: .register, isGiven: true),
                            Consent(
                                purpose: .bonusTransfer,
                                recipient: "profcards",
                                isGiven: true
                            ),
                        ]
                    }
                }
            )
            try office.addText(.bonusTransfer)
            var given = ConsentDesk.Given(.bonusTransfer)
            given.representative = "Мать"
            _ = try ConsentDesk(office.register).give(given, to: "1002", by: office.admin)
            let lines = try UnionStatistics(office.register)
                .count(asOf: today, by: .union, .programme, by: office.admin)
            #expect(lines.map(\.counts.programme) == [2])
            // Five years on the third is of age.
            office.clock.advance(5 * 366 * 86_400)
            let later = try UnionStatistics(office.register)
                .count(
                    asOf: office.clock.now().moscowDate,
                    by: .union,
                    .programme,
                    by: office.admin
                )
            #expect(later.map(\.counts.programme) == [3])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `returns of several levels are not added up`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine, cards: 4) { batch in
            let today = Self.day(batch)
            func take(_ rows: [(String, Int)], _ day: CalendarDate) throws {
                _ = try MembershipReturns(batch.register).take(
                    try rows.map { (2, try TestOffice.code($0.0), $0.1) },
                    asOf: day,
                    by: batch.admin
                )
            }
            let before = CalendarDate(day: today.day - 1)
            try take([("26-001-0001", 5), ("26-001-0002", 6)], before)
            func returned(_ day: CalendarDate, _ level: ReportLevel) throws -> [Int] {
                try UnionStatistics(batch.register).count(asOf: day, by: level, by: batch.admin)
                    .compactMap(\.counts.returned)
            }
            #expect(
                try returned(before, .region) == [11],
                "without its own: the sum of those below"
            )
            try take([("26", 10), ("26-001", 9)], today)
            #expect(try returned(today, .primary) == [5, 6])
            #expect(try returned(today, .territorial) == [9])
            #expect(try returned(today, .region) == [10])
            #expect(try returned(today, .union) == [10])
            let region = try Self.count(batch, asOf: today, by: .region)
            #expect(region["26"]?.registeredReturned == 4)
            #expect(region["27"]?.registeredReturned == 0)
            #expect(throws: RegisterError.self, "a day to come") {
                try take([("26", 10)], CalendarDate(day: today.day + 1))
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the whole union is told to nobody of a part of it`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            try UserDirectory(batch.register).add(
                "region",
                role: .registrar,
                scope: try TestOffice.code("26"),
                passphrase: "region passphrase",
                by: batch.admin
            )
            let user = try UserDirectory(batch.register)
                .signIn("region", passphrase: "region passphrase")
            let statistics = UnionStatistics(batch.register)
            let error = #expect(throws: RegisterError.self) {
                try statistics.count(asOf: Self.day(batch), by: .union, by: user)
            }
            #expect(error?.code == .forbidden && error?.message.english.contains("26") == true)
            #expect(
                try statistics.count(asOf: Self.day(batch), by: .region, by: user).count == 1
            )
            // What is hidden of a part is decided by the whole, which is not shown to it.
            let all = try statistics.countForPublication(
                asOf: Self.day(batch),
                showing: [.region],
                by: user
            )
            #expect(Set(all.keys) == Set(ReportLevel.allCases))
            #expect(all[.region]?.map(\.organisation.description) == ["26", "27"])
            #expect(throws: RegisterError.self) {
                try statistics.countForPublication(
                    asOf: Self.day(batch),
                    showing: [.union],
                    by: user
                )
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whoever moved counts where they were on that day`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch in
            let before = Self.day(batch)
            batch.office.clock.advance(86_400)
            try batch.office.take(
                [try TestOffice.draft(0, organisation: "26-001-0002")],
                .init()
            )
            let conflicts = try ConflictQueue(batch.register).list(by: batch.admin)
            for conflict in conflicts {
                try ConflictQueue(batch.register).resolve(
                    conflict.id,
                    as: .take,
                    by: batch.admin
                )
            }
            let places = ["26-001-0001", "26-001-0002"]
            let then = try Self.count(batch, asOf: before, by: .primary)
            #expect(places.map { then[$0]?.registered } == [5, 5])
            let now = try Self.count(batch, asOf: Self.day(batch), by: .primary)
            #expect(places.map { now[$0]?.registered } == [4, 6])
            // Cards stay where they were ordered for.
            #expect(places.map { now[$0]?.cards[.allocated] } == [5, 5])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the rights of a territorial organisation are those of that day`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            let before = Self.day(batch)
            let code = try TestOffice.code("26-001-0002")
            func say(_ rights: Bool, since day: CalendarDate? = nil) throws {
                let draft = OrganisationDraft(
                    code: code,
                    name: "Организация 26-001-0002",
                    hasTerritorialRights: rights,
                    rightsSince: day
                )
                _ = try OrganisationTree(batch.register).import([(2, draft)], by: batch.admin)
            }
            func hasRights(on day: CalendarDate) throws -> Bool? {
                try UnionStatistics(batch.register).count(asOf: day, by: .primary, by: batch.admin)
                    .first { $0.organisation == code }?.hasTerritorialRights
            }
            batch.office.clock.advance(10 * 86_400)
            let given = Self.day(batch)
            try say(true)
            #expect(try hasRights(on: before) == false)
            #expect(try hasRights(on: given) == true)
            batch.office.clock.advance(10 * 86_400)
            // A list may tell the day.
            try say(false, since: CalendarDate(day: given.day + 5))
            #expect(try hasRights(on: CalendarDate(day: given.day + 4)) == true)
            #expect(try hasRights(on: CalendarDate(day: given.day + 5)) == false)
            #expect(try hasRights(on: before) == false)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an identifier that came later does not change a past day`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            try batch.office.take([try TestOffice.draft(50) { $0.aisId = nil }])
            let before = Self.day(batch)
            batch.office.clock.advance(86_400)
            try batch.office.take([try TestOffice.draft(50)])
            func known(_ day: CalendarDate) throws -> Int? {
                try Self.count(batch, asOf: day)["99"]?.withAisId
            }
            #expect(try known(before) == 2)
            #expect(try known(Self.day(batch)) == 3)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a card handed out by a list that was entered later lay with its member`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            batch.terms.activation = .handout
            try batch.report("pp")
            try batch.deliver()
            let arrived = Self.day(batch).day
            batch.office.clock.advance(10 * 86_400)
            let card = try batch.carrier(1).digits
            #expect(try batch.handOut([card], on: CalendarDate(day: arrived + 3)).done == 1)
            let then = CalendarDate(day: arrived + 5)
            let counts = try #require(try Self.count(batch, asOf: then)["99"])
            #expect(counts.handedOut == 1)
            #expect(counts.made[.handedOut] == 1 && counts.made[.atPrimary] == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `levels add up, and organisations without a figure are listed`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch in
            let today = Self.day(batch)
            let union = try #require(try Self.count(batch, asOf: today)["99"])
            for level in [ReportLevel.region, .territorial, .primary] {
                let lines = try Self.count(batch, asOf: today, by: level)
                var sum = UnionCounts()
                for counts in lines.values { sum += counts }
                #expect(sum == union)
                #expect(lines.keys.contains { $0.hasPrefix("27") })
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a day to come and a role without reports are refused`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            let statistics = UnionStatistics(batch.register)
            let tomorrow = CalendarDate(day: Self.day(batch).day + 1)
            #expect(throws: RegisterError.self) {
                try statistics.count(asOf: tomorrow, by: .union, by: batch.admin)
            }
            try UserDirectory(batch.register).add(
                "door",
                role: .doorOperator,
                scope: .centralCouncil,
                passphrase: "door passphrase",
                by: batch.admin
            )
            let door = try UserDirectory(batch.register)
                .signIn("door", passphrase: "door passphrase")
            #expect(throws: RegisterError.self) {
                try statistics.count(asOf: Self.day(batch), by: .union, by: door)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `memberships returned by organisations stand beside, the last before the day`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 2) { batch in
            let returns = MembershipReturns(batch.register)
            let region = try TestOffice.code("26")
            let today = Self.day(batch)
            func take(_ members: Int, _ back: Int) throws -> MembershipReturns.Report {
                try returns.take(
                    [(2, region, members), (3, try TestOffice.code("55"), 1)],
                    asOf: CalendarDate(day: today.day - back),
                    by: batch.admin
                )
            }
            let first = try take(100, 20)
            #expect(first.added == 1 && first.refused.map(\.line) == [3])
            #expect(try take(120, 10).added == 1)
            #expect(try take(121, 10).updated == 1)
            #expect(try take(121, 10).unchanged == 1)
            #expect(try Self.count(batch, asOf: today, by: .region)["26"]?.returned == 121)
            let past = CalendarDate(day: today.day - 15)
            #expect(try Self.count(batch, asOf: past, by: .region)["26"]?.returned == 100)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `cards are told by the month they were made in, empty months between`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 4) { batch in
            try batch.report("pppp")
            batch.office.clock.advance(70 * 86_400)
            let months = try UnionStatistics(batch.register)
                .cardsPerMonth(asOf: Self.day(batch), by: batch.admin)
            #expect(months.map(\.cards) == [4])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the export tells АИС each carrier of members it knows`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine, cards: 4) { batch in
            var rows: [RegisterExport.Row] = []
            let counts = try RegisterExport(batch.register)
                .export(of: .centralCouncil, by: batch.admin) { rows.append($0) }
            #expect(counts.rows == 4 && counts.withoutAisId == 0)
            #expect(Set(rows.map(\.aisId)) == ["1000", "1001", "1002", "1003"])
            #expect(rows.allSatisfy { $0.state == .allocated && $0.issue == 1 })
            #expect(rows.allSatisfy { $0.since == Self.day(batch) && $0.number != nil })
        }
    }
}
