import Testing
import UnionTicket

@testable import Registry
@testable import Reports

@Suite struct `Reports on paper and screen` {
    private static func line(
        _ code: String,
        _ change: (inout UnionCounts) -> Void
    ) throws -> UnionStatistics.Line {
        var counts = UnionCounts()
        change(&counts)
        return UnionStatistics.Line(
            organisation: try #require(OrganisationCode(code)),
            name: "Организация <\(code)>",
            hasTerritorialRights: code.hasSuffix("0002"),
            counts: counts
        )
    }

    private static let day = CalendarDate(day: 18_604)

    @Test func `the parts of an act of reconciliation add up to the cost`() throws {
        var row = Settlement.Row(region: try #require(OrganisationCode("27")), name: "Край")
        row.cost = Kopecks(125_995)
        (row.centralCouncil, row.regionShare) = (Kopecks(25_338), Kopecks(40_327))
        row.primaryShare = Kopecks(50_331)
        row.manufacturer = Kopecks(9_999)
        let sums = ReconciliationAct.sums(row)
        #expect(sums.map(\.0).contains("За счёт завода"))
        #expect(sums.dropFirst().dropLast().reduce(Kopecks.zero) { $0 + $1.1 } == row.cost)
        row.manufacturer = .zero
        #expect(ReconciliationAct.sums(row).count == sums.count - 1)
    }

    @Test(arguments: [
        (936_179, 1_537_605, "60,89 %"), (86_526, 78_986, "109,55 %"), (31_113, 154_221, "20,17 %"),
        (30_062, 30_405, "98,87 %"), (1, 3, "33,33 %"), (1, 8, "12,50 %"), (5, 100_000, "0,01 %"),
        (0, 5, "0,00 %"), (5, 0, "—"),
    ])
    func `shares are rounded half away from zero, never capped`(
        _ part: Int,
        _ whole: Int,
        _ text: String
    ) {
        #expect(Percentage.text(part, of: whole) == text)
    }

    @Test(arguments: StatisticsReport.allCases)
    func `every report has a sum that its lines add up to`(_ report: StatisticsReport) throws {
        let lines = [
            try Self.line("26") { ($0.registered, $0.plastic, $0.produced) = (100, 60, 80) },
            try Self.line("27") { ($0.registered, $0.plastic, $0.produced) = (50, 7, 9) },
        ]
        let table = report.table(lines, asOf: Self.day)
        let total = try #require(table.total)
        #expect(total.count == table.columns.count)
        for column in table.columns.indices {
            let counts = table.rows.compactMap { row -> Int? in
                if case .count(let count) = row[column] { return count }
                return nil
            }
            guard case .count(let sum) = total[column] else { continue }
            #expect(counts.reduce(0, +) == sum)
        }
        #expect(report.table([lines[0]], asOf: Self.day).total == nil)
    }

    @Test func `what leaves the union tells no small number, not even by subtraction`() throws {
        let lines = [
            try Self.line("26") { ($0.registered, $0.plastic) = (100, 3) },
            try Self.line("27") { ($0.registered, $0.plastic) = (50, 7) },
            try Self.line("28") { ($0.registered, $0.plastic) = (50, 40) },
        ]
        let table = StatisticsReport.coverage.table(lines, asOf: Self.day).forPublication()
        let plastic = try #require(table.columns.firstIndex { $0.name == "plastic" })
        let share = try #require(table.columns.firstIndex { $0.name == "coverage" })
        #expect(table.rows.map { $0[plastic] } == [.suppressed, .suppressed, .count(40)])
        #expect(table.rows[0][share] == .none)
        let text = String(decoding: table.spreadsheet.csv(), as: UTF8.self)
        #expect(!text.contains(";3;") && text.contains("•"))
    }

    @Test func `a page is closed in itself and escapes names`() throws {
        let lines = [
            try Self.line("26") { ($0.registered, $0.plastic) = (100, 60) },
            try Self.line("27") { ($0.registered, $0.plastic) = (50, 7) },
        ]
        let table = StatisticsReport.coverage.table(lines, asOf: Self.day)
        let page = ReportPage(.coverage, table, months: [])
        let html = String(decoding: page.html, as: UTF8.self)
        #expect(!html.contains("<26>") && html.contains("&lt;26&gt;"))
        #expect(!html.contains("http://") && !html.contains("https://"))
        #expect(!html.contains("unsafe-inline") && !html.contains("style=\""))
        #expect(html.contains("<svg") && html.contains("44,67 %") && html.contains("08.12.2020"))
    }

    @Test func `a share of returned memberships stands where everybody returned theirs`() throws {
        let lines = [
            try Self.line("26") {
                ($0.registered, $0.returned, $0.registeredReturned) = (90, 100, 90)
            },
            try Self.line("27") {
                ($0.registered, $0.returned, $0.registeredReturned) = (50, 20, 10)
            },
        ]
        let table = StatisticsReport.coverage.table(lines, asOf: Self.day)
        let share = try #require(table.columns.firstIndex { $0.name == "registeredShare" })
        #expect(table.rows.map { $0[share] } == [.share(90, of: 100), .none])
        #expect(table.total?[share] == StatisticsTable.Cell.none)
    }

    @Test func `the places of the cards made add up to them`() throws {
        let states = CarrierState.allCases.filter { ![.allocated, .spoiled].contains($0) }
        let line = try Self.line("26") { counts in
            for (number, state) in states.enumerated()
            where state != .active && state != .suspended {
                counts.made[state] = number + 1
                counts.produced += number + 1
            }
        }
        let table = StatisticsReport.handout.table([line], asOf: Self.day)
        let places = try #require(table.sums.first)
        func figures(_ names: [String]) -> [Int] {
            zip(table.columns, table.rows[0]).filter { names.contains($0.0.name) }.map { figure in
                if case .count(let count) = figure.1 { return count }
                return -1
            }
        }
        #expect(figures(places.left) == [line.counts.produced])
        #expect(figures(places.right).count == places.right.count)
        #expect(figures(places.right).reduce(0, +) == line.counts.produced)
    }

    @Test func `many months are named by quarters, and an empty month has no figure`() {
        func labels(_ count: Int) -> [Substring] {
            let months = (0..<count).map {
                UnionStatistics.Month(year: 2027 + $0 / 12, month: $0 % 12 + 1, cards: $0 * 10)
            }
            let chart = ReportChart.months(months) ?? ""
            return chart.matches(of: />([^<>]+)<\/text>/).map(\.1)
        }
        #expect(labels(3) == ["01.27", "10", "02.27", "20", "03.27"])
        let many = labels(36)
        #expect(many.filter { $0.contains(".") }.count == 12 && many.contains("04.28"))
    }

    @Test func `a chart of some organisations says of how many`() throws {
        let lines = try (1...130).map { number in
            try Self.line("26-001-\(1000 + number)") {
                ($0.registered, $0.plastic) = (200, number)
            }
        }
        let table = StatisticsReport.coverage.table(lines, asOf: Self.day)
        let title = try #require(ReportChart.bars(.coverage, table)?.title)
        #expect(title.contains("100") && title.contains("130"))
        let few = StatisticsReport.coverage.table(Array(lines.prefix(100)), asOf: Self.day)
        #expect(ReportChart.bars(.coverage, few)?.title == StatisticsReport.coverage.bar.title)
    }

    @Test func `a report without organisations says so`() {
        let table = StatisticsReport.coverage.table([], asOf: Self.day)
        let html = String(decoding: ReportPage(.coverage, table, months: []).html, as: UTF8.self)
        #expect(html.contains("нет ни одной организации") && !html.contains("<table"))
        #expect(table.lines.contains { $0.contains("нет ни одной организации") })
    }

    @Test func `nobody counts twice in a form`() throws {
        let lines = [
            try Self.line("26-001") { ($0.registered, $0.plastic) = (90, 50) },
            try Self.line("26-001-0002") { ($0.registered, $0.plastic) = (30, 20) },
        ]
        let table = FormReport(.sp3).table(lines, asOf: Self.day)
        #expect(table.rows.map { $0[2] } == [.count(60), .count(30)])
        #expect(table.total?[2] == .count(90))
        #expect(table.sums == .fourWays && table.rests == .fourWays)
    }

    @Test(arguments: [
        (StatForm.sp1, ["26-001-0001"]), (.sp2, ["26-001-0002"]),
        (.sp3, ["26-001", "26-001-0002"]),
        (.sp4, ["26"]), (.sp5, ["99"]),
    ])
    func `each form has the organisations that fill it in`(
        _ form: StatForm,
        _ codes: [String]
    ) throws {
        let lines = try ["26", "26-001", "26-001-0001", "26-001-0002", "99"].map {
            try Self.line($0) { $0.registered = 9 }
        }
        let table = FormReport(form).table(lines, asOf: Self.day)
        #expect(table.rows.map { $0[0] } == codes.map { .text($0) })
    }
}
