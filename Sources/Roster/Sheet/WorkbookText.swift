/// The texts of a workbook's cells, whatever its columns mean.
public enum WorkbookText {
    /// Hands out the cells of every sheet in UTF-8, a row at a time, with a tab after each cell.
    ///
    /// - Parameters:
    ///   - path: An XLSX file.
    ///   - take: Gets each row.
    /// - Throws: ``RosterError`` when it is no workbook or is damaged.
    public static func read(
        _ path: String,
        _ take: ([UInt8]) -> Void
    ) throws(RosterError) {
        let workbook = try Workbook(path: path)
        for sheet in workbook.sheets {
            let source = try SheetRows(workbook: workbook, path: sheet.path)
            while true {
                var rows = RawRows()
                try source.read(into: &rows, maximum: 1_024)
                if rows.isEmpty { break }
                for row in 0..<rows.count {
                    let cells = rows.texts(row: row).map { $0 + "\t" }
                    take(Array((cells.joined() + "\n").utf8))
                }
            }
        }
    }
}
