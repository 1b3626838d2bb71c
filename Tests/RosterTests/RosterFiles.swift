import Foundation
import Roster
import Testing
import UnionTicket

/// Files that tests write, read and delete.
enum RosterFiles {
    static let today = CalendarDate(year: 2026, month: 11, day: 21) ?? CalendarDate(day: 0)

    /// The headers that a clean table has, with a clean row below.
    static let headers = [
        "ИД АИС", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "Категория",
        "Код организации", "Дата вступления", "Телефон", "E-mail", "Номер билета", "Согласие ПДн",
        "Согласие на изготовление билета", "Согласие PROFCARDS", "Статус",
    ]
    static let clean = [
        "10000014", "Соловьёва", "Анна", "Петровна", "17.05.1980", "Ж", "работающий",
        "77-001-0002", "03.09.2001", "+70001234567", "a@example.org", "0012345", "да", "да", "нет",
        "active",
    ]

    /// A table of the clean row with some cells replaced, by header.
    static func table(_ changes: [String: String] = [:]) -> String {
        let row = zip(headers, clean).map { header, cell in quoted(changes[header] ?? cell) }
        return headers.joined(separator: ";") + "\r\n" + row.joined(separator: ";") + "\r\n"
    }

    /// A path under which the bytes lie while `body` runs.
    static func with<Result>(
        _ bytes: some Sequence<UInt8>,
        _ body: (String) throws -> Result
    ) throws -> Result {
        let directory = FileManager.default.temporaryDirectory
        let url = directory.appendingPathComponent("roster-\(UUID().uuidString)")
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    /// All rows of a roster.
    static func rows(
        _ bytes: some Sequence<UInt8>,
        _ encoding: TextEncoding? = nil,
        chunk: Int = 1000
    ) throws -> [RosterRow] {
        try with(bytes) { path in try rows(at: path, encoding, chunk: chunk) }
    }

    static func rows(
        at path: String,
        _ encoding: TextEncoding? = nil,
        chunk: Int = 1000
    ) throws -> [RosterRow] {
        let reader = try RosterReader.open(path, encoding: encoding, today: today)
        var rows: [RosterRow] = []
        while true {
            let more = try reader.next(chunk)
            if more.isEmpty { return rows }
            rows += more
        }
    }

    /// The only row of the clean table with some cells replaced.
    static func row(_ changes: [String: String]) throws -> RosterRow {
        let rows = try rows(Array(table(changes).utf8))
        return try #require(rows.first)
    }

    /// The code of the failure to read these bytes, nil when they are read.
    static func failure(_ bytes: some Sequence<UInt8>) throws -> RosterError? {
        do {
            _ = try rows(bytes)
            return nil
        } catch let error as RosterError {
            return error
        }
    }

    /// The path of a sample file.
    static func sample(_ name: String) throws -> String {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Samples")
        return try #require(folder?.appendingPathComponent(name).path)
    }

    private static func quoted(_ cell: String) -> String {
        guard cell.contains(where: { "\";\n".contains($0) }) else { return cell }
        return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

extension RosterRow {
    /// The codes of all findings.
    var codes: Set<String> { Set(issues.map(\.code)) }
}
