import ArgumentParser
import Foundation
import Registry
import Roster
import UnionTicket

struct OrganisationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organisation",
        abstract: "Организации / Organisations",
        subcommands: [Import.self, Returns.self]
    )

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Загрузить список организаций: CSV, TSV, XLSX / Import organisations"
        )
        @Argument(help: "Файл / file") var file: String
        @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let isRefused = try office.work { register, user in
                let rows = try MarkedError.reading(file, encoding) {
                    let list = try OrganisationFile.open(
                        file,
                        encoding: encoding,
                        today: register.now().moscowDate
                    )
                    if !json { TableNotice(list.table).show() }
                    return try Rows.all { try list.next(4_096) }
                }
                let usable = rows.compactMap { row in row.draft.map { (row.line, $0) } }
                let report = try OrganisationTree(register).import(usable, by: user)
                var refused = rows.filter { $0.draft == nil }.map { ($0.line, $0.issues) }
                refused += report.rejected.map { ($0.line, $0.issues) }
                RowsReport(
                    added: report.added,
                    updated: report.updated,
                    unchanged: report.unchanged,
                    refused: refused.sorted { $0.0 < $1.0 }
                ).show(json: json)
                return !refused.isEmpty
            }
            if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }
    }
}

extension OrganisationCommand {
    struct Returns: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "returns",
            abstract: "Численность по статистическим отчётам / memberships as returned"
        )
        @Argument(help: "Файл: код организации, численность / file") var file: String
        @Option(help: "На дату: дд.мм.гггг / as of a day") var asOf: String
        @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            guard let date = TimeArgument.date(asOf) else {
                throw Failure("--as-of: дд.мм.гггг.", "--as-of: dd.mm.yyyy.")
            }
            let isRefused = try office.work { register, user in
                let rows = try MarkedError.reading(file, encoding) {
                    let list = try ReturnFile.open(
                        file,
                        encoding: encoding,
                        today: register.now().moscowDate
                    )
                    return try Rows.all { try list.next(4_096) }
                }
                let usable = rows.compactMap { row in
                    row.organisation.flatMap { code in row.members.map { (row.line, code, $0) } }
                }
                let report = try MembershipReturns(register).take(usable, asOf: date, by: user)
                var refused = rows.filter { !$0.issues.isEmpty }.map { ($0.line, $0.issues) }
                refused += report.refused.map { ($0.line, $0.issues) }
                RowsReport(
                    added: report.added,
                    updated: report.updated,
                    unchanged: report.unchanged,
                    refused: refused.sorted { $0.0 < $1.0 }
                ).show(json: json)
                return !refused.isEmpty
            }
            if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }
    }
}

/// How the rows of an imported list ended.
struct RowsReport {
    let added: Int
    let updated: Int
    let unchanged: Int
    let refused: [(line: Int, issues: [RowIssue])]

    /// Every refused row as JSON Lines, or the first fifty in words; then the sums.
    func show(json: Bool) {
        if json { return showJSON() }
        for row in refused.prefix(50) {
            for issue in row.issues {
                print("  строка \(row.line): \(issue.message.russian) [\(issue.code)]")
            }
        }
        say(
            "Добавлено \(added), обновлено \(updated), без изменений \(unchanged), отклонено "
                + "\(refused.count).",
            "Added \(added), updated \(updated), unchanged \(unchanged), refused \(refused.count)."
        )
    }

    private func showJSON() {
        for row in refused {
            say([
                "line": .int(row.line), "outcome": "error",
                "issues": .list(row.issues.map(ImportReport.issue)),
            ])
        }
        say([
            "summary": .object([
                "added": .int(added), "updated": .int(updated), "unchanged": .int(unchanged),
                "error": .int(refused.count),
            ])
        ])
    }
}

struct LegacyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "legacy",
        abstract: "Карты прежней нумерации / Cards of the old scheme",
        subcommands: [Import.self]
    )

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Загрузить список: кем выдан, номер, ИД АИС, изготовлен, выдан / Import"
        )
        @Argument(help: "Файл / file") var file: String
        @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let isRefused = try office.work { register, user in
                let rows = try MarkedError.reading(file, encoding) {
                    let list = try LegacyTicketFile.open(
                        file,
                        encoding: encoding,
                        today: register.now().moscowDate
                    )
                    if !json { TableNotice(list.table).show() }
                    return try Rows.all { try list.next(4_096) }
                }
                let results = try LegacyImport(register).run(rows, by: user)
                for result in results {
                    if json {
                        say([
                            "line": .int(result.line), "outcome": .text(result.outcome.rawValue),
                            "issues": .list(result.issues.map(ImportReport.issue)),
                        ])
                    } else {
                        for issue in result.issues {
                            print(
                                "  строка \(result.line): \(issue.message.russian) [\(issue.code)]"
                            )
                        }
                    }
                }
                func count(_ outcome: RowOutcome) -> Int {
                    results.count { $0.outcome == outcome }
                }
                if !json {
                    say(
                        "Карт внесено \(count(.added)), уже были \(count(.unchanged)), отклонено "
                            + "\(count(.error)).",
                        "Cards entered \(count(.added)), known \(count(.unchanged)), refused "
                            + "\(count(.error))."
                    )
                }
                return count(.error) > 0
            }
            if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }
    }
}

/// All rows of a list, chunk by chunk; lists are far smaller than rosters.
enum Rows {
    static func all<Row>(_ next: () throws -> [Row]) throws -> [Row] {
        var rows: [Row] = []
        while true {
            let chunk = try next()
            if chunk.isEmpty { return rows }
            rows += chunk
        }
    }
}
