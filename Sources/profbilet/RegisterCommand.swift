import ArgumentParser
import CardLayout
import Registry
import Reports
import Roster
import UnionTicket

struct RegisterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Обмен с АИС и 1С / Exchange with the register of members",
        subcommands: [Export.self]
    )

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Выгрузка носителей: ИД АИС, номер, экземпляр, состояние, дата / Carriers"
        )
        @Option(help: "Файл CSV / CSV file") var out: String
        @Option(help: "utf-8, utf-8-bom, windows-1251") var encoding: CodePage = .utf8Mark
        @Option(help: "Организация с подчинёнными / organisation with everything below")
        var organisation: OrganisationCode = .centralCouncil
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let counts = try office.work { register, user in
                try CarrierTable(out, encoding).write { add in
                    try RegisterExport(register).export(of: organisation, by: user) { row in
                        try add(CarrierTable.cells(row))
                    }
                }
            }
            if json {
                say(["rows": .int(counts.rows), "withoutAisId": .int(counts.withoutAisId)])
            } else {
                say(
                    "Выгружено \(counts.rows) носителей; без ИД АИС не вошло \(counts.withoutAisId).",
                    "Exported \(counts.rows) carriers; left out without АИС identifier "
                        + "\(counts.withoutAisId)."
                )
            }
        }
    }
}

/// A table of carriers on its way to a file: written beside its place, then put there in one step.
struct CarrierTable {
    private let path: String
    private let encoding: CodePage

    init(_ path: String, _ encoding: CodePage) { (self.path, self.encoding) = (path, encoding) }

    static func cells(_ row: RegisterExport.Row) -> [String] {
        [
            row.aisId, row.number?.filed ?? row.legacyNumber ?? "",
            row.issue.map { "\($0)" } ?? "", row.state.russian, row.since?.russian ?? "",
        ]
    }

    func write<Result>(_ body: (([String]) throws -> Void) throws -> Result) throws -> Result {
        let file = try HashedFile(path: path)
        try file.add(encoding.mark)
        func add(_ cells: [String]) throws {
            let line = cells.map { SpreadsheetCell.quoted($0) }.joined(separator: ";") + "\r\n"
            var bytes: [UInt8] = []
            let missing = encoding.append(line, to: &bytes)
            guard missing.isEmpty else {
                throw Failure(
                    .refused,
                    "Кодировка \(encoding.rawValue) не вмещает знаки идентификатора: выберите utf-8-bom.",
                    "The encoding \(encoding.rawValue) lacks letters of an identifier: take utf-8-bom."
                )
            }
            try file.add(bytes)
        }
        try add(["ИД АИС", "Номер билета", "Экземпляр", "Состояние", "Дата"])
        let result = try body(add)
        _ = try file.finish()
        return result
    }
}
