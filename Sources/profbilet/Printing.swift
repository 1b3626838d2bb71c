import Foundation
import Glibc
import Roster
import UnionTicket

/// A value of a JSON answer.
enum JSONValue: Encodable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([JSONValue])
    case object([String: JSONValue])
    case null

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .number(value) }

    static func int(_ value: some BinaryInteger) -> JSONValue { .number(Int64(value)) }
    static func optional(_ value: String?) -> JSONValue { value.map(JSONValue.text) ?? .null }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        case .null: try container.encodeNil()
        }
    }

    /// One line with sorted keys.
    var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

/// Prints a sentence in both languages, Russian first.
func say(_ russian: String, _ english: String) {
    print(russian)
    print(english)
}

/// Prints one JSON object on a line.
func say(_ object: [String: JSONValue]) { print(JSONValue.object(object).line) }

/// Prints columns, as wide as their widest cell; the head is bilingual.
///
/// On a terminal that is narrower each row becomes a block of its cells under one another.
func printTable(_ head: [String], _ rows: [[String]]) {
    let widths = head.indices.map { column in
        ([head] + rows).map { $0[column].count }.max() ?? 0
    }
    if let width = TerminalWidth.ofOutput, widths.reduce(-2, { $0 + $1 + 2 }) > width {
        return printBlocks(head, rows)
    }
    for row in [head] + rows {
        let cells = row.indices.map { column in padded(row[column], to: widths[column]) }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        print(line)
    }
}

/// Prints a line for each cell that is not empty, and a blank line between rows.
private func printBlocks(_ head: [String], _ rows: [[String]]) {
    let width = head.map(\.count).max() ?? 0
    for (number, row) in rows.enumerated() {
        if number > 0 { print("") }
        for (name, cell) in zip(head, row) where !cell.isEmpty {
            print("\(padded(name, to: width))  \(cell)")
        }
    }
}

private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// How many characters fit into a line where a person reads.
enum TerminalWidth {
    /// Of standard output; nil when it goes into a file or a pipe, or nobody knows.
    static var ofOutput: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }
}

/// A fault of a file with the file's name and the line it stands in, for the terminal of who named
/// the file.
struct MarkedError: Error {
    let path: String
    let error: RosterError
    let excerpt: String?

    /// `path:line:column: code: message`, and the line with its caret.
    var text: String {
        path + (error.line == nil ? ": " : ":") + "\(error)" + (excerpt.map { "\n" + $0 } ?? "")
    }

    /// Runs `body` and shows the faulty line of the file in what it throws.
    static func reading<Result>(
        _ path: String,
        _ encoding: TextEncoding?,
        _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch let error as RosterError {
            let place = FaultLine(error, in: path, encoding: encoding)
            throw MarkedError(path: path, error: error, excerpt: place?.text)
        }
    }
}
