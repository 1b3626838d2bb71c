import CXlsxWriter
import UnionTicket

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the rows of a sample go: a text file or a workbook.
enum SampleOutput {
    case text(SampleFile, SampleFormat)
    case sheet(SampleSheet)

    init(_ path: String, _ format: SampleFormat) throws(SampleFileError) {
        guard format != .xlsx else {
            self = .sheet(try SampleSheet(path))
            return
        }
        let file = try SampleFile(path)
        try file.append { format.open(&$0) }
        self = .text(file, format)
    }

    /// Writes the row with this number, from 1; `scratch` is a buffer to work in.
    func append(
        _ row: SampleRow,
        number: Int,
        _ scratch: inout [UInt8]
    ) throws(SampleFileError) {
        switch self {
        case .text(let file, let format):
            try file.append { format.append(row, number: number, &scratch, to: &$0) }
        case .sheet(let sheet): try sheet.append(row, number: number)
        }
    }

    func finish() throws(SampleFileError) {
        switch self {
        case .text(let file, let format):
            try file.append { format.close(&$0) }
            try file.flush()
        case .sheet(let sheet): try sheet.finish()
        }
    }
}

/// A workbook as an office saves one: what looks like a date or a number is one.
///
/// Leading zeros, exponents and everything else that a spreadsheet would have spoilt stay text, so the
/// dirt of a row is the same as in a text table. Rows are written as they come, in constant memory.
@safe
final class SampleSheet {
    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let dates: UnsafeMutablePointer<lxw_format>

    init(_ path: String) throws(SampleFileError) {
        // Before anything is made of it, so that a bad place is told at once.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SampleFileError(code: .create, cause: errno) }
        close(descriptor)
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = 1
        guard let workbook = unsafe workbook_new_opt(path, &options),
            let sheet = unsafe workbook_add_worksheet(workbook, "Список"),
            let dates = unsafe workbook_add_format(workbook)
        else { throw SampleFileError(code: .create, cause: ENOMEM) }
        unsafe (self.workbook, self.sheet, self.dates) = (workbook, sheet, dates)
        unsafe format_set_num_format(dates, "dd.mm.yyyy")
        // No clock: the same sample gives the same bytes.
        var properties = unsafe lxw_doc_properties()
        unsafe properties.created = 1_767_225_600
        unsafe workbook_set_properties(workbook, &properties)
        for (column, header) in SampleFormat.header.enumerated() {
            try check(
                unsafe worksheet_write_string(sheet, 0, UInt16(column), header, nil)
            )
        }
    }

    func append(_ row: SampleRow, number: Int) throws(SampleFileError) {
        try check(unsafe worksheet_write_number(sheet, UInt32(number), 0, Double(number), nil))
        var start = 0
        for (index, end) in row.ends.enumerated() {
            try append(Array(row.bytes[start..<end]), UInt32(number), UInt16(index + 1))
            start = end
        }
    }

    func finish() throws(SampleFileError) { try check(unsafe workbook_close(workbook)) }

    private func append(
        _ cell: [UInt8],
        _ row: UInt32,
        _ column: UInt16
    ) throws(SampleFileError) {
        guard !cell.isEmpty else { return }
        let text = String(decoding: cell, as: UTF8.self)
        if let date = Self.date(text) {
            let serial = Double(date.day + 25_569)  // from 1899-12-30
            try check(unsafe worksheet_write_number(sheet, row, column, serial, dates))
        } else if let number = Self.number(cell) {
            try check(unsafe worksheet_write_number(sheet, row, column, number, nil))
        } else {
            try check(unsafe worksheet_write_string(sheet, row, column, text, nil))
        }
    }

    private func check(_ code: lxw_error) throws(SampleFileError) {
        guard code == LXW_NO_ERROR else {
            throw SampleFileError(code: .write, cause: errno)
        }
    }

    /// dd.mm.yyyy that is a day; before March 1900 spreadsheets count another way.
    private static func date(_ text: String) -> CalendarDate? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 2, 4], let day = Int(parts[0]), let month = Int(parts[1]),
            let year = Int(parts[2]), year > 1900,
            let date = CalendarDate(year: year, month: month, day: day), date.russian == text
        else { return nil }
        return date
    }

    /// Digits that a spreadsheet keeps exactly and shows as they were typed.
    private static func number(_ cell: [UInt8]) -> Double? {
        guard cell.count <= 11, cell.allSatisfy({ (0x30...0x39).contains($0) }),
            cell[0] != 0x30 || cell.count == 1
        else { return nil }
        return Double(String(decoding: cell, as: UTF8.self))
    }
}
