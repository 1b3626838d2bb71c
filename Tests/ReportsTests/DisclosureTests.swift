import Testing
import UnionTicket

@testable import Registry
@testable import Reports

/// What leaves the union is held against arithmetic: every hidden figure must have room to be another.
@Suite struct `What leaves the union` {
    private static let day = CalendarDate(day: 18_604)

    fileprivate static func table(
        _ report: StatisticsReport,
        _ counts: [UnionCounts]
    ) throws -> StatisticsTable {
        let lines = try counts.enumerated().map { number, counts in
            UnionStatistics.Line(
                organisation: try #require(OrganisationCode("\(10 + number)")),
                name: "Организация \(number)",
                hasTerritorialRights: false,
                counts: counts
            )
        }
        return report.table(lines, asOf: day)
    }

    private static func counts(
        _ registered: Int,
        _ plastic: Int,
        _ virtual: Int,
        _ both: Int
    ) -> UnionCounts {
        var counts = UnionCounts()
        (counts.registered, counts.plastic) = (registered, plastic)
        (counts.virtual, counts.both) = (virtual, both)
        return counts
    }

    private static func cell(
        _ table: StatisticsTable,
        _ row: Int,
        _ name: String
    ) throws -> StatisticsTable.Cell {
        table.rows[row][try #require(table.columns.firstIndex { $0.name == name })]
    }

    @Test func `a small rest of a row does not follow from the figures beside it`() throws {
        // 100 − 60 − 40 + 3 = 3 without a ticket: of the four figures some other must go too.
        let table = try Self.table(
            .coverage,
            [
                Self.counts(100, 60, 40, 3), Self.counts(500, 300, 90, 50),
                Self.counts(800, 400, 100, 60),
            ]
        ).forPublication()
        #expect(try Self.cell(table, 0, "both") == .suppressed)
        #expect(try Self.cell(table, 0, "none") == .suppressed)
        #expect(try Self.cell(table, 0, "registered") == .count(100))
        for name in ["both", "none"] {
            let hidden = try (0..<3).filter { try Self.cell(table, $0, name) == .suppressed }
            #expect(hidden.count > 1, "the sum of the column would tell \(name)")
        }
    }

    @Test func `who has a card only, or a virtual ticket only, is not told where they are few`()
        throws
    {
        // 60 − 57 = 3 with a card only; nothing else in the row is small.
        let whole = [Self.counts(100, 60, 67, 57), Self.counts(500, 300, 90, 50)]
        for lines in [whole, [whole[0]]] {
            let table = try Self.table(.coverage, lines).forPublication()
            let shown = try ["plastic", "both"].map { try Self.cell(table, 0, $0) }
            #expect(shown.contains(.suppressed), "their difference is three people")
            let page = ReportPage(.coverage, table, months: []).html
            #expect(!String(decoding: page, as: UTF8.self).contains("только карта: 3 "))
            if lines.count == 1 { #expect(ReportChart.split(table) == nil) }
        }
        // What can be told is told.
        let open = try Self.table(.coverage, [Self.counts(500, 300, 90, 50)]).forPublication()
        #expect(ReportChart.split(open)?.contains("только карта: 250 ") == true)
        let form = FormReport(.sp5).table(
            [
                UnionStatistics.Line(
                    organisation: .centralCouncil,
                    name: "",
                    hasTerritorialRights: false,
                    counts: Self.counts(100, 60, 67, 57)
                )
            ],
            asOf: Self.day
        ).forPublication()
        #expect(ReportChart.split(form) == nil)
        let told = try ["plastic", "both"].map { try Self.cell(form, 0, $0) }
        #expect(told.contains(.suppressed))
    }

    @Test func `a part of the union publishes its lines of what the whole publishes`() throws {
        let whole = try Self.table(
            .coverage,
            [Self.counts(100, 60, 40, 3), Self.counts(500, 300, 90, 50)]
        ).forPublication()
        let part = whole.within(try #require(OrganisationCode("10")))
        #expect(part.rows == [whole.rows[0]] && part.total == nil)
        #expect(whole.within(.centralCouncil) == whole)
    }

    @Test func `two single people do not follow from their sum`() throws {
        let table = try Self.table(
            .programme,
            [1, 1, 40, 60].map { programme in
                var counts = UnionCounts()
                (counts.registered, counts.programme) = (1_000, programme)
                return counts
            }
        ).forPublication()
        let shown = try (0..<4).map { try Self.cell(table, $0, "programme") }
        #expect(shown == [.suppressed, .suppressed, .suppressed, .count(60)])
        #expect(try Self.cell(table, 2, "share") == .none, "a share of what is hidden")
        #expect(try Self.cell(table, 3, "share") == .share(60, of: 1_000))
    }

    @Test func `two single cards of a row do not follow from their sum`() throws {
        let table = try Self.table(
            .production,
            [18, 300].map { first in
                var counts = UnionCounts()
                (counts.registered, counts.producedFirst) = (900, first)
                counts.reissued = first == 18 ? [.lost: 1, .stolen: 1] : [.lost: 40, .stolen: 50]
                counts.produced = first + counts.reissued.values.reduce(0, +)
                return counts
            }
        ).forPublication()
        // 20 − 18 would be two cards in two reasons: one each.
        let shown = try ["produced", "first", "lost", "stolen"].map {
            try Self.cell(table, 0, $0)
        }
        #expect(shown.suffix(2) == [.suppressed, .suppressed])
        #expect(shown.prefix(2).contains(.suppressed))
    }

    @Test func `who is left over by a share is not told either`() throws {
        let table = try Self.table(
            .quality,
            [998, 600, 700].map { known in
                var counts = UnionCounts()
                (counts.registered, counts.withAisId, counts.withCardConsent) = (1_000, known, 500)
                return counts
            }
        ).forPublication()
        #expect(try Self.cell(table, 0, "aisId") == .suppressed)
        #expect(try Self.cell(table, 0, "aisShare") == .none)
        #expect(try Self.cell(table, 1, "aisId") == .suppressed)
        #expect(try Self.cell(table, 2, "aisId") == .count(700))
    }

    private static func levels(
        _ primaries: [(String, Int)]
    ) throws -> [ReportLevel: StatisticsTable] {
        var sums: [ReportLevel: [OrganisationCode: UnionCounts]] = [:]
        for (code, count) in primaries {
            var counts = UnionCounts()
            (counts.produced, counts.handedOut) = (200, count)
            let place = try #require(OrganisationCode(code))
            for level in ReportLevel.allCases {
                let line = try #require(level.line(of: place))
                sums[level, default: [:]][line, default: UnionCounts()] += counts
            }
        }
        return sums.mapValues { lines in
            StatisticsReport.handout.table(
                lines.sorted { $0.key < $1.key }.map {
                    UnionStatistics.Line(
                        organisation: $0.key,
                        name: "",
                        hasTerritorialRights: false,
                        counts: $0.value
                    )
                },
                asOf: day
            )
        }
    }

    private static func published(
        _ tables: [ReportLevel: StatisticsTable],
        _ level: ReportLevel
    ) throws -> [StatisticsTable.Cell] {
        let table = try #require(tables[level]).forPublication(
            level: level,
            beside: tables.filter { $0.key != level }.map { ($0.key, $0.value) }
        )
        let column = try #require(table.columns.firstIndex { $0.name == "handedOut" })
        return (table.rows + (table.total.map { [$0] } ?? [])).map { $0[column] }
    }

    @Test func `a hidden figure does not follow from another level's report`() throws {
        // In 26-001 two of three hidden ones and their sum would give the third.
        let tables = try Self.levels([
            ("26-001-0001", 2), ("26-001-0002", 70), ("26-002-0001", 60), ("27-001-0001", 3),
            ("27-001-0002", 90), ("77-003-0001", 80),
        ])
        let primary = try Self.published(tables, .primary)
        let territorial = try Self.published(tables, .territorial)
        #expect(primary[0] == .suppressed && primary[3] == .suppressed)
        #expect(
            primary[1] == .suppressed || territorial[0] == .suppressed,
            "26-001 less 26-001-0002 tells 26-001-0001"
        )
        let regions = try Self.published(tables, .region)
        #expect(primary[4] == .suppressed || regions[1] == .suppressed)
        #expect(try Self.published(tables, .union) == [.count(305)])
        // One organisation in its region: the same figure at every level.
        let single = try Self.levels([("26-001-0001", 3), ("27-001-0001", 40), ("77-003-0001", 50)])
        for level in [ReportLevel.primary, .territorial, .region] {
            #expect(try Self.published(single, level).prefix(2) == [.suppressed, .suppressed])
        }
    }

    @Test(arguments: StatisticsReport.allCases, 1...40)
    func `no hidden figure is the only solution of what is shown`(
        _ report: StatisticsReport,
        _ seed: Int
    ) throws {
        var dice = Dice(state: UInt64(seed * 7919))
        let whole = try Self.table(report, (0..<dice.below(7) + 2).map { _ in dice.counts() })
        let told = whole.forPublication()
        let system = ShownFigures(whole, told)
        #expect(system.small.isEmpty, "small figures are shown: \(system.small)")
        #expect(system.solved.isEmpty, "figures follow from the others: \(system.solved)")
    }
}

extension `What leaves the union` {
    /// The rule switched off: the look must see that.
    @Test func `small figures hidden by themselves would follow from the others`() throws {
        let told = try (1...20).count { seed in
            var dice = Dice(state: UInt64(seed * 7919))
            let whole = try Self.table(.coverage, (0..<5).map { _ in dice.counts() })
            var naive = whole
            func hidden(_ cell: StatisticsTable.Cell) -> StatisticsTable.Cell {
                if case .count(let count) = cell, (1..<5).contains(count) { return .suppressed }
                return cell
            }
            naive.rows = whole.rows.map { $0.map(hidden) }
            naive.total = whole.total.map { $0.map(hidden) }
            return !ShownFigures(whole, naive).solved.isEmpty
        }
        #expect(told > 10)
    }
}

/// The same throws for the same seed.
private struct Dice {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(1, limit)
    }

    /// A part of a whole, often near nobody or everybody.
    mutating func part(of whole: Int) -> Int {
        switch below(4) {
        case 0: min(whole, below(6))
        case 1: max(0, whole - below(6))
        default: below(whole + 1)
        }
    }

    mutating func counts() -> UnionCounts {
        var counts = UnionCounts()
        counts.registered = below(3) == 0 ? below(8) : 20 + below(400)
        counts.plastic = part(of: counts.registered)
        counts.both = part(of: min(counts.plastic, counts.registered))
        counts.virtual = counts.both + part(of: counts.registered - counts.plastic)
        counts.programme = part(of: counts.registered)
        counts.programmeVirtual = part(of: counts.programme)
        counts.producedFirst = below(200)
        counts.producedLegacy = part(of: 30)
        for reason in OrderReason.allCases where reason != .first {
            counts.reissued[reason] = below(9)
        }
        counts.produced =
            counts.producedFirst + counts.producedLegacy
            + counts.reissued.values.reduce(0, +)
        counts.handedOut = part(of: counts.produced)
        counts.withAisId = part(of: counts.registered)
        counts.withCardConsent = part(of: counts.registered)
        return counts
    }
}

/// What a reader can do with a published table: solve the sums of its rows and columns for what is hidden.
private struct ShownFigures {
    private(set) var small: [String] = []
    /// Hidden figures that have one solution only.
    private(set) var solved: [String] = []

    init(_ whole: StatisticsTable, _ told: StatisticsTable) {
        let values = whole.rows + (whole.total.map { [$0] } ?? [])
        let shown = told.rows + (told.total.map { [$0] } ?? [])
        var unknown: [String: Int] = [:]
        // What nobody prints: told is nothing of it that concerns few.
        var few: Set<Int> = []
        let rests = told.columns.contains { $0.name == "none" } ? ["plastic", "virtual"] : []
        func place(_ name: String) -> Int { told.columns.firstIndex { $0.name == name } ?? 0 }
        for (row, cells) in values.enumerated() {
            for rest in rests {
                guard case .count(let all) = cells[place(rest)],
                    case .count(let both) = cells[place("both")]
                else { continue }
                if (1..<5).contains(all - both) { few.insert(unknown.count) }
                unknown["\(row)/\(rest)Only"] = unknown.count
            }
        }
        let parts = unknown.count
        for (row, cells) in shown.enumerated() {
            for (column, cell) in cells.enumerated() {
                if cell == .suppressed { unknown["\(row)/\(column)"] = unknown.count }
                if case .count(let count) = cell, (1..<5).contains(count) {
                    small.append("\(row)/\(column)")
                }
            }
        }
        var equations: [[Double]] = []
        func add(_ places: [(place: String, sign: Double)]) {
            var equation = [Double](repeating: 0, count: unknown.count)
            for (place, sign) in places {
                if let index = unknown[place] { equation[index] += sign }
            }
            if equation.contains(where: { $0 != 0 }) { equations.append(equation) }
        }
        for sum in Self.relations(told) {
            for row in shown.indices { add(sum.map { ("\(row)/\($0.column)", $0.sign) }) }
        }
        for row in shown.indices {
            for rest in rests {
                add([
                    ("\(row)/\(place(rest))", 1), ("\(row)/\(place("both"))", -1),
                    ("\(row)/\(rest)Only", -1),
                ])
            }
        }
        if told.total != nil {
            for column in told.columns.indices {
                guard case .count = values[values.count - 1][column] else { continue }
                add(shown.indices.map { ("\($0)/\(column)", $0 == shown.count - 1 ? -1 : 1) })
            }
        }
        solved = Self.determined(equations, unknown.count)
            .filter { $0 >= parts || few.contains($0) }
            .map { index in unknown.first { $0.value == index }?.key ?? "" }
    }

    /// As the reports' own definitions have it, with signs.
    private static func relations(
        _ table: StatisticsTable
    ) -> [[(column: Int, sign: Double)]] {
        let known: [[(String, Double)]] = [
            [("registered", 1), ("plastic", -1), ("virtual", -1), ("both", 1), ("none", -1)],
            [("virtual", 1), ("both", -1), ("only", -1)],
            [
                ("produced", 1), ("first", -1), ("legacy", -1), ("lost", -1), ("stolen", -1),
                ("damaged", -1), ("defect", -1), ("renamed", -1),
            ],
        ]
        return known.compactMap { relation in
            let found = relation.compactMap { name, sign in
                table.columns.firstIndex { $0.name == name }.map { (column: $0, sign: sign) }
            }
            return found.count == relation.count ? found : nil
        }
    }

    /// Unknowns whose value the equations fix (Gauss and Jordan).
    private static func determined(_ equations: [[Double]], _ count: Int) -> [Int] {
        var rows = equations
        var rank = 0
        for column in 0..<count {
            guard let pivot = (rank..<rows.count).first(where: { abs(rows[$0][column]) > 1e-9 })
            else { continue }
            rows.swapAt(rank, pivot)
            let lead = rows[rank][column]
            rows[rank] = rows[rank].map { $0 / lead }
            for other in rows.indices where other != rank && abs(rows[other][column]) > 1e-9 {
                let factor = rows[other][column]
                rows[other] = zip(rows[other], rows[rank]).map { $0 - factor * $1 }
            }
            rank += 1
        }
        return rows.prefix(rank).compactMap { row in
            let used = row.indices.filter { abs(row[$0]) > 1e-9 }
            return used.count == 1 ? used[0] : nil
        }
    }
}
