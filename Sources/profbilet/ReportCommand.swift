import ArgumentParser
import CardLayout
import Foundation
import Registry
import Reports
import Roster
import UnionTicket

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Отчёты на дату / Reports as of a day",
        subcommands: [Statistics.self, Form.self],
        defaultSubcommand: Statistics.self
    )

    /// How a report is shown.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, csv, xlsx, html, json
    }

    struct Options: ParsableArguments {
        @Option(help: "На конец дня (Москва): дд.мм.гггг / end of the day; сегодня")
        var asOf: String?
        @Option(help: "table, csv, xlsx, html, json") var format: Format = .table
        @Option(help: "Файл; без него — на экран / output file") var out: String?
        @Flag(help: "Для передачи вне Профсоюза: числа меньше 5 скрыты / counts under 5 hidden")
        var publication = false
        @OptionGroup var office: Office

        func date(_ register: Register) throws -> CalendarDate {
            guard let asOf else { return register.now().moscowDate }
            guard let date = TimeArgument.date(asOf) else {
                throw Failure(
                    "Дата «\(asOf)» не понята: дд.мм.гггг или гггг-мм-дд.",
                    "The date \(asOf) is not understood: dd.mm.yyyy or yyyy-mm-dd."
                )
            }
            return date
        }

        func validate() throws {
            if out == nil, format == .xlsx {
                throw ValidationError(
                    "К --format xlsx нужен файл: --out ФАЙЛ.",
                    "--format xlsx needs a file: --out FILE."
                )
            }
        }

        /// The lines of the levels shown, and for publication all that it is decided by.
        func count(
            _ shown: [ReportLevel],
            _ measures: UnionStatistics.Measures,
            asOf date: CalendarDate,
            _ register: Register,
            by user: SignedInUser
        ) throws -> [ReportLevel: [UnionStatistics.Line]] {
            let statistics = UnionStatistics(register)
            return publication
                ? try statistics.countForPublication(
                    asOf: date,
                    showing: shown,
                    measures,
                    by: user
                )
                : try statistics.count(asOf: date, by: shown, measures, by: user)
        }

        /// Shows a finished table.
        func show(_ table: StatisticsTable, page: () throws -> [UInt8]) throws {
            switch format {
            case .table: try write(Array((table.lines.joined(separator: "\n") + "\n").utf8))
            case .csv: try write(table.spreadsheet.csv())
            case .json: try write(Array((ReportJSON.line(table) + "\n").utf8))
            case .html: try write(page())
            case .xlsx: try table.spreadsheet.write(xlsx: out ?? "")
            }
        }

        private func write(_ bytes: [UInt8]) throws {
            guard let out else {
                FileHandle.standardOutput.write(Data(bytes))
                return
            }
            try Files.write(bytes, to: out)
        }
    }

    struct Statistics: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "statistics",
            abstract: "coverage, production, virtual, programme, quality, handout"
        )
        @Argument(help: "coverage, production, virtual, programme, quality, handout")
        var report: StatisticsReport
        @Option(help: "union, region, territorial, primary") var by: ReportLevel = .region
        @OptionGroup var options: Options

        func run() throws {
            try options.office.work { register, user in
                let date = try options.date(register)
                let tables = try options.count(
                    [by],
                    report.measures,
                    asOf: date,
                    register,
                    by: user
                ).mapValues { report.table($0, asOf: date) }
                guard var table = tables[by] else { return }
                if options.publication {
                    table = table.forPublication(
                        level: by,
                        beside: tables.filter { $0.key != by }.map { ($0.key, $0.value) }
                    ).within(user.scope)
                }
                try options.show(table) {
                    let isFull = !options.publication
                    let months =
                        isFull && report == .production
                        ? try UnionStatistics(register).cardsPerMonth(asOf: date, by: user) : []
                    return ReportPage(report, table, months: months).html
                }
            }
        }
    }

    struct Form: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "form",
            abstract: "Графы форм 1-СП…5-СП / card columns of the statistical forms"
        )
        @Argument(help: "sp1, sp2, sp3, sp4, sp5") var form: StatForm
        @OptionGroup var options: Options

        func run() throws {
            try options.office.work { register, user in
                let date = try options.date(register)
                let report = FormReport(form)
                let lines = try options.count(
                    report.levels,
                    report.measures,
                    asOf: date,
                    register,
                    by: user
                )
                var table = report.table(
                    report.levels.flatMap { lines[$0] ?? [] },
                    asOf: date
                )
                if options.publication {
                    table = table.forPublication(
                        beside: lines.map { ($0.key, report.everyLine($0.value, asOf: date)) }
                    ).within(user.scope)
                }
                try options.show(table) {
                    ReportPage(.coverage, table, months: []).html
                }
            }
        }
    }
}

/// A report as one line of JSON.
enum ReportJSON {
    static func line(_ table: StatisticsTable) -> String {
        func object(_ row: [StatisticsTable.Cell]) -> JSONValue {
            var values: [String: JSONValue] = [:]
            for (column, cell) in zip(table.columns, row) { values[column.name] = value(cell) }
            return .object(values)
        }
        let report: [String: JSONValue] = [
            "title": .text(table.title.russian), "asOf": .text(table.asOf.iso),
            "rows": .list(table.rows.map(object)), "total": table.total.map(object) ?? .null,
        ]
        return JSONValue.object(report).line
    }

    private static func value(_ cell: StatisticsTable.Cell) -> JSONValue {
        switch cell {
        case .text(let text): .text(text)
        case .count(let count): .int(count)
        case .share, .suppressed: .text(cell.plain)
        case .none: .null
        }
    }
}
