import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

/// One roster file on its way into the register, with its report.
struct RosterImportRun {
    let command: RosterCommand.Import
    let register: Register
    let user: SignedInUser

    init(_ command: RosterCommand.Import, _ register: Register, _ user: SignedInUser) {
        (self.command, self.register, self.user) = (command, register, user)
    }

    /// Rows that travel together through the stages of an import.
    private static let chunk = 2_048

    func run() throws -> ExitStatus {
        let probe = try open()
        var options = RosterImport.Options()
        options.isDryRun = command.dryRun
        options.allOrNothing = command.allOrNothing
        options.completeFor = command.completeFor
        options.markAbsent = command.markAbsent?.status
        for choice in command.consentText { options.consentTexts[choice.purpose] = choice.hash }
        options.fileSHA256 = try FileHash.sha256(command.file)
        options.format = Self.form(probe)
        options.secondPerson = try Office.second(command.secondUser, of: register)
        if !command.json { announce(probe) }
        let report = try ImportReport(
            path: command.report,
            apartFrom: command.file,
            isJSON: command.json
        )
        let bar = ProgressBar("строк / rows", json: command.json)
        var last: RosterReader?
        let summary: RosterImport.Summary
        do {
            summary = try RosterImport(register).run(options, by: user) {
                try report.restart()
                // One thread at a time reads on.
                nonisolated(unsafe) let reader = try self.open()
                unsafe last = reader
                return {
                    let rows = try unsafe reader.next(Self.chunk)
                    return rows.isEmpty ? nil : rows
                }
            } each: {
                try report.add($0)
                bar.show(report.rows)
            } last: {
                try report.seal()
            }
        } catch {
            bar.end()
            report.abandon()
            throw error
        }
        bar.end()
        show(report, probe)
        try report.finish()
        announce(summary, last)
        return summary[.error] > 0 ? .rowsRefused : .done
    }

    /// Findings on the terminal, each under its row where the file is a table of text.
    private func show(_ report: ImportReport, _ reader: RosterReader) {
        let places = report.shown.compactMap { result in
            result.issues.compactMap(\.column).min().map { (line: result.line, column: $0) }
        }
        let excerpts =
            reader.separator.map {
                FaultLine.cells(places, in: command.file, encoding: command.encoding, separator: $0)
            } ?? [:]
        for result in report.shown {
            for issue in result.issues {
                let place =
                    (issue.column.map { ", столбец \($0)" } ?? "")
                    + (issue.field.map { ", \($0)" } ?? "")
                print("  строка \(result.line)\(place): \(issue.message.russian) [\(issue.code)]")
            }
            if let excerpt = excerpts[result.line] { print(excerpt.text) }
        }
        if report.isCut {
            say("  … остальное в отчёте (--report).", "  … the rest is in the report (--report).")
        }
    }

    private func open() throws -> RosterReader {
        try RosterReader.open(
            command.file,
            encoding: command.encoding,
            today: register.now().moscowDate
        )
    }

    private static func form(_ reader: RosterReader) -> String {
        [
            "\(reader.format)", reader.encoding.map { $0.rawValue },
            reader.separator.map { $0 == "\t" ? "tab" : "\($0)" },
        ].compactMap(\.self).joined(separator: " ")
    }

    private func announce(_ reader: RosterReader) {
        say("Файл: \(Self.form(reader)).", "File: \(Self.form(reader)).")
        TableNotice(reader.sheet, reader.otherSheets, reader.unrecognisedHeaders).show()
    }

    private func announce(_ summary: RosterImport.Summary, _ reader: RosterReader?) {
        let ignored = reader?.ignoredCount ?? 0
        let unknown = reader?.unrecognisedHeaders ?? []
        if command.json {
            var counts: [String: JSONValue] = [:]
            for outcome in RowOutcome.allCases { counts[outcome.rawValue] = .int(summary[outcome]) }
            say([
                "summary": .object(counts), "rows": .int(summary.rows),
                "warnings": .int(summary.warnings), "ignoredLines": .int(ignored),
                "kept": .flag(summary.isKept), "import": .int(summary.importId),
                "absent": .list(summary.absent.map(JSONValue.text)),
                "marked": .int(summary.marked), "sheet": .optional(reader?.sheet),
                "otherSheets": .list((reader?.otherSheets ?? []).map(JSONValue.text)),
                "unrecognised": .list(unknown.map(JSONValue.text)),
            ])
            return
        }
        // Of a table the headers told it before.
        if reader?.headerLine == nil, !unknown.isEmpty {
            let names = unknown.joined(separator: ", ")
            say("Ключи без назначения: \(names).", "Keys without a meaning: \(names).")
        }
        printTable(
            ["итог/outcome", "строк/rows"],
            RowOutcome.allCases.map { [Self.name($0), "\(summary[$0])"] }
                + [
                    ["с замечаниями/with warnings", "\(summary.warnings)"],
                    ["служебных строк/ignored lines", "\(ignored)"],
                ]
        )
        if command.completeFor != nil {
            say(
                "Нет в файле: \(summary.absent.count), отмечено: \(summary.marked).",
                "Absent from the file: \(summary.absent.count), marked: \(summary.marked)."
            )
            for absent in summary.absent.prefix(50) { print("  \(absent)") }
        }
        if command.dryRun {
            say("Проверка: ничего не записано.", "Dry run: nothing was kept.")
        } else if !summary.isKept {
            say(
                "Есть отклонённые строки: файл не принят целиком, ничего не записано.",
                "Rows were refused: nothing of the file was kept."
            )
        } else {
            say("Загрузка \(summary.importId) записана.", "Import \(summary.importId) is kept.")
        }
    }

    static func name(_ outcome: RowOutcome) -> String {
        switch outcome {
        case .added: "добавлено/added"
        case .updated: "обновлено/updated"
        case .unchanged: "без изменений/unchanged"
        case .duplicate: "повторов/duplicate"
        case .conflict: "спорных/conflict"
        case .error: "отклонено/error"
        }
    }
}

/// What of a file is read, and what is passed over.
struct TableNotice {
    private let sheet: String?
    private let otherSheets: [String]
    private let headers: [String]

    init(_ sheet: String?, _ otherSheets: [String], _ unrecognisedHeaders: [String]) {
        (self.sheet, self.otherSheets, headers) = (sheet, otherSheets, unrecognisedHeaders)
    }

    init(_ table: TableReader) {
        self.init(table.sheet, table.otherSheets, table.unrecognisedHeaders)
    }

    func show() {
        if let sheet, !otherSheets.isEmpty {
            let others = otherSheets.map { "«\($0)»" }.joined(separator: ", ")
            say(
                "Прочитан лист «\(sheet)»; не прочитаны: \(others).",
                "The sheet «\(sheet)» is read; passed over: \(others)."
            )
        }
        if !headers.isEmpty {
            let names = headers.joined(separator: ", ")
            say("Столбцы без назначения: \(names).", "Columns without a meaning: \(names).")
        }
    }
}

/// What became of every row: into a file, or to the terminal for those that need a look.
final class ImportReport {
    private let path: String?
    private let isJSON: Bool
    /// The first rows that need a look.
    private(set) var shown: [RosterImport.RowResult] = []
    /// Whether there are more of them.
    private(set) var isCut = false
    /// Rows so far.
    private(set) var rows = 0
    private var handle: FileHandle?
    private var buffer: [UInt8] = []
    private static let shownAtMost = 40

    init(path: String?, apartFrom roster: String, isJSON: Bool) throws {
        self.path = path
        self.isJSON = isJSON
        // Under the name that it has until it is whole, it must not take the roster's place either.
        try OutputFile.require(path, isDevice ? nil : temporary, apartFrom: [roster])
        if path != nil { try restart() }
    }

    private var isDevice: Bool { path.map(Files.isDevice) ?? false }
    private var temporary: String? { path.map { isDevice ? $0 : $0 + ".part" } }
    private var isTable: Bool { path?.hasSuffix(".csv") == true }

    /// Begins anew when the database repeats the transaction.
    func restart() throws {
        (shown, isCut, rows) = ([], false, 0)
        buffer = []
        guard let temporary else { return }
        guard isDevice || FileManager.default.createFile(atPath: temporary, contents: nil),
            let handle = FileHandle(forWritingAtPath: temporary)
        else {
            throw Failure(
                .storage,
                "Отчёт \(temporary) не открывается для записи.",
                "The report \(temporary) cannot be written."
            )
        }
        self.handle = handle
        if isTable {
            buffer += Array("\u{FEFF}Строка;Итог;Поле;Столбец;Код;Важность;Сообщение\r\n".utf8)
        }
    }

    func add(_ result: RosterImport.RowResult) throws {
        rows += 1
        if isJSON { print(Self.line(result)) }
        if handle != nil {
            buffer += Array((isTable ? Self.rows(result) : Self.line(result) + "\n").utf8)
            if buffer.count > 1 << 16 { try flush() }
        }
        guard !isJSON, !result.issues.isEmpty else { return }
        guard shown.count < Self.shownAtMost else { return isCut = true }
        shown.append(result)
    }

    /// Writes the rest, while the import can still be taken back.
    func seal() throws {
        try flush()
        try handle?.close()
        handle = nil
    }

    /// Gives the report its name, once the import is kept.
    func finish() throws {
        guard let path, let temporary else { return }
        guard unsafe isDevice || rename(temporary, path) == 0 else {
            throw Failure(
                .storage,
                "Отчёт \(path) не записан.",
                "The report \(path) was not written."
            )
        }
    }

    func abandon() {
        if let temporary, !isDevice { try? FileManager.default.removeItem(atPath: temporary) }
    }

    private func flush() throws {
        do { try handle?.write(contentsOf: Data(buffer)) } catch {
            throw Failure(
                .storage,
                "Нет места для отчёта; ничего не записано.",
                "No space for the report; nothing was kept."
            )
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func line(_ result: RosterImport.RowResult) -> String {
        JSONValue.object([
            "line": .int(result.line), "outcome": .text(result.outcome.rawValue),
            "issues": .list(result.issues.map(issue)),
        ]).line
    }

    static func issue(_ issue: RowIssue) -> JSONValue {
        .object([
            "field": .optional(issue.field), "column": issue.column.map(JSONValue.int) ?? .null,
            "code": .text(issue.code), "severity": .text(issue.severity.rawValue),
            "message": .text(issue.message.russian), "messageEn": .text(issue.message.english),
        ])
    }

    private static func rows(_ result: RosterImport.RowResult) -> String {
        let head = "\(result.line);\(RosterImportRun.name(result.outcome));"
        if result.issues.isEmpty { return head + ";;;;\r\n" }
        return result.issues.map { issue in
            let column = issue.column.map { "\($0)" } ?? ""
            let message = issue.message.russian.replacingOccurrences(of: "\"", with: "\"\"")
            return head + "\(issue.field ?? "");\(column);\(issue.code);\(issue.severity.rawValue);"
                + "\"\(message)\"\r\n"
        }.joined()
    }
}

/// SHA-256 of a file of any size.
enum FileHash {
    static func sha256(_ path: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure(
                "Файл \(path) не открывается. Проверьте путь и права.",
                "The file \(path) cannot be opened. Check the path and its mode."
            )
        }
        var digest = SHA256Digest()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { digest.add(piece) }
        return digest.value
    }
}
