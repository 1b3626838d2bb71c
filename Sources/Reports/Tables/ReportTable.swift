import CXlsxWriter
import CardLayout
import Foundation
import Registry
public import UnionTicket

/// A table on its way out of the program: CSV for other programs, XLSX for people.
///
/// A text cell that a spreadsheet would take for a formula gets an apostrophe in front; numbers and
/// money are written as what they are.
public struct ReportTable: Sendable {
    /// One cell.
    public enum Cell: Sendable, Equatable {
        /// Words.
        case text(String)
        /// A count.
        case number(Int)
        /// An amount, in roubles with two decimals.
        case money(Kopecks)
        /// A share with two decimals.
        case percent(hundredths: Int)
        /// Nothing.
        case empty
    }

    /// Name of the sheet; at most 31 characters.
    public let name: String
    /// Headings.
    public let head: [String]
    /// Rows, each as wide as the headings.
    public var rows: [[Cell]]
    /// What a workbook says on a second sheet, a line each; CSV holds the table only.
    public let notes: [String]

    /// A table.
    public init(
        _ name: String,
        _ head: [String],
        _ rows: [[Cell]] = [],
        notes: [String] = []
    ) {
        (self.name, self.head, self.rows) = (String(name.prefix(31)), head, rows)
        self.notes = notes
    }

    /// Text that no spreadsheet takes for a formula.
    public static func neutral(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        return ["=", "+", "-", "@", "\t", "\r"].contains(first) ? "'" + text : text
    }

    /// UTF-8 with the mark that Excel wants, semicolons, CR LF, every text quoted (RFC 4180).
    public func csv() -> [UInt8] {
        var text = "\u{FEFF}" + head.map(Self.quoted).joined(separator: ";") + "\r\n"
        for row in rows { text += row.map(Self.written).joined(separator: ";") + "\r\n" }
        return Array(text.utf8)
    }

    private static func quoted(_ text: String) -> String {
        "\"" + neutral(text).replacing("\"", with: "\"\"") + "\""
    }

    private static func written(_ cell: Cell) -> String {
        switch cell {
        case .text(let text): quoted(text)
        case .number(let number): "\(number)"
        case .money(let amount): amount.decimal.replacing(".", with: ",")
        case .percent(let hundredths): Kopecks(Int64(hundredths)).decimal.replacing(".", with: ",")
        case .empty: ""
        }
    }

    /// Writes a workbook, row by row in constant memory.
    ///
    /// - Throws: ``CardLayout/FileFailure`` when the file cannot be written.
    public func write(xlsx path: String) throws {
        let isDevice = Files.isDevice(path)
        let beside = isDevice ? path : path + ".tmp-\(getpid())"
        defer { if !isDevice { Files.remove(beside) } }
        let book = try TableWorkbook(path: beside, sheet: name)
        try book.add(head: head)
        for row in rows { try book.add(row) }
        if !notes.isEmpty { try book.add(notes: notes) }
        try book.finish()
        guard unsafe isDevice || rename(beside, path) == 0 else { throw FileFailure(path) }
    }
}

/// A workbook of a table, and perhaps of notes, on its way to the disk.
@safe
private final class TableWorkbook {
    private let path: String
    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let money: UnsafeMutablePointer<lxw_format>?
    private let bold: UnsafeMutablePointer<lxw_format>?
    private var row: UInt32 = 0

    init(path: String, sheet name: String) throws {
        self.path = path
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = 1
        guard let workbook = unsafe workbook_new_opt(path, &options),
            let sheet = unsafe workbook_add_worksheet(workbook, name)
        else { throw FileFailure(path) }
        unsafe (self.workbook, self.sheet) = (workbook, sheet)
        unsafe money = workbook_add_format(workbook)
        unsafe bold = workbook_add_format(workbook)
        unsafe format_set_num_format(money, "#,##0.00")
        unsafe format_set_bold(bold)
        unsafe worksheet_freeze_panes(sheet, 1, 0)
        // No clock: the same rows give the same bytes.
        var properties = unsafe lxw_doc_properties()
        unsafe properties.created = 1_767_225_600
        unsafe workbook_set_properties(workbook, &properties)
    }

    func add(head: [String]) throws {
        for (column, title) in head.enumerated() {
            let place = UInt16(column)
            unsafe worksheet_set_column(sheet, place, place, Double(max(12, title.count + 2)), nil)
            try check(unsafe worksheet_write_string(sheet, row, place, title, bold))
        }
        row += 1
    }

    func add(_ cells: [ReportTable.Cell]) throws {
        for (column, cell) in cells.enumerated() {
            let place = UInt16(column)
            switch cell {
            case .text(let text):
                let safe = ReportTable.neutral(text)
                try check(unsafe worksheet_write_string(sheet, row, place, safe, nil))
            case .number(let number):
                try check(unsafe worksheet_write_number(sheet, row, place, Double(number), nil))
            case .money(let amount):
                let value = Double(amount.value) / 100
                try check(unsafe worksheet_write_number(sheet, row, place, value, money))
            case .percent(let hundredths):
                let value = Double(hundredths) / 100
                try check(unsafe worksheet_write_number(sheet, row, place, value, money))
            case .empty: break
            }
        }
        row += 1
    }

    /// A second sheet.
    func add(notes: [String]) throws {
        guard let page = unsafe workbook_add_worksheet(workbook, "Пояснения") else {
            throw FileFailure(path)
        }
        unsafe worksheet_set_column(page, 0, 0, 110, nil)
        for (row, text) in notes.enumerated() {
            let safe = ReportTable.neutral(text)
            try check(unsafe worksheet_write_string(page, UInt32(row), 0, safe, nil))
        }
    }

    func finish() throws { try check(unsafe workbook_close(workbook)) }

    private func check(_ code: lxw_error) throws {
        guard code == LXW_NO_ERROR else { throw FileFailure(path) }
    }
}
