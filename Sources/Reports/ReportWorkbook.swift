import CXlsxWriter
public import UnionTicket

/// A report could not be written.
public struct ReportFileError: Error, Equatable, Sendable {
    /// The file.
    public let path: String

    /// The file with this path could not be written.
    public init(path: String) { self.path = path }

    /// What happened and what to do.
    public var message: Bilingual {
        Bilingual(
            "Файл \(path) не записан. Проверьте каталог, права и место на диске.",
            "The file \(path) was not written. Check folder, rights and disk space."
        )
    }
}

extension ReportTable {
    /// Writes the report as a workbook: counts as numbers, everything else as text; the same report
    /// gives the same bytes.
    public func writeWorkbook(to path: String) throws(ReportFileError) {
        let sheet = try ReportSheet(path, title.russian)
        try sheet.add([.text("\(title.russian), на конец дня \(asOf.russian)")])
        try sheet.add(columns.map { .text($0.title.russian) })
        for row in rows + (total.map { [$0] } ?? []) { try sheet.add(row) }
        for note in notes { try sheet.add([.text(note.russian)]) }
        try sheet.finish()
    }
}

/// One sheet, written row by row in constant memory.
@safe
final class ReportSheet {
    private let path: String
    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let number: UnsafeMutablePointer<lxw_format>
    private var row: UInt32 = 0

    init(_ path: String, _ title: String) throws(ReportFileError) {
        self.path = path
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = 1
        guard let workbook = unsafe workbook_new_opt(path, &options),
            let sheet = unsafe workbook_add_worksheet(workbook, String(title.prefix(31))),
            let number = unsafe workbook_add_format(workbook)
        else { throw ReportFileError(path: path) }
        unsafe (self.workbook, self.sheet, self.number) = (workbook, sheet, number)
        unsafe format_set_num_format(number, "# ##0")
        // No clock: the same report gives the same bytes.
        var properties = unsafe lxw_doc_properties()
        unsafe properties.created = 1_767_225_600
        unsafe workbook_set_properties(workbook, &properties)
        unsafe worksheet_set_column(sheet, 0, 0, 48, nil)
        unsafe worksheet_set_column(sheet, 1, 40, 14, nil)
    }

    func add(_ cells: [ReportTable.Cell]) throws(ReportFileError) {
        for (column, cell) in cells.enumerated() {
            let code =
                switch cell {
                case .count(let count):
                    unsafe worksheet_write_number(
                        sheet,
                        row,
                        UInt16(column),
                        Double(count),
                        number
                    )
                case .text(let text):
                    unsafe worksheet_write_string(
                        sheet,
                        row,
                        UInt16(column),
                        SpreadsheetCell.neutral(text),
                        nil
                    )
                default:
                    unsafe worksheet_write_string(sheet, row, UInt16(column), cell.shown, nil)
                }
            guard code == LXW_NO_ERROR else { throw ReportFileError(path: path) }
        }
        row += 1
    }

    func finish() throws(ReportFileError) {
        guard unsafe workbook_close(workbook) == LXW_NO_ERROR else {
            throw ReportFileError(path: path)
        }
    }
}
