import CXlsxWriter
import CardLayout

/// The data file as a workbook, written row by row in constant memory; every cell is text.
@safe
final class Workbook {
    private let path: String
    private let workbook: UnsafeMutablePointer<lxw_workbook>
    private let sheet: UnsafeMutablePointer<lxw_worksheet>
    private var row: UInt32 = 0

    init(path: String) throws {
        self.path = path
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = 1
        guard let workbook = unsafe workbook_new_opt(path, &options),
            let sheet = unsafe workbook_add_worksheet(workbook, "cards")
        else { throw FileFailure(path) }
        unsafe (self.workbook, self.sheet) = (workbook, sheet)
        // No clock: the same cards give the same bytes.
        var properties = unsafe lxw_doc_properties()
        unsafe properties.created = 1_767_225_600
        unsafe workbook_set_properties(workbook, &properties)
    }

    func add(_ cells: [String]) throws {
        for (column, cell) in cells.enumerated() {
            let code = unsafe worksheet_write_string(sheet, row, UInt16(column), cell, nil)
            guard code == LXW_NO_ERROR else { throw FileFailure(path) }
        }
        row += 1
    }

    func finish() throws {
        guard unsafe workbook_close(workbook) == LXW_NO_ERROR else { throw FileFailure(path) }
    }
}
