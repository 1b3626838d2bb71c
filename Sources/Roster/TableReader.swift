import UnionTicket

/// One row of a table: its cells as UTF-8, not cleaned.
public struct TableRow: Hashable, Sendable {
    /// Line of the file or row of the sheet, from 1.
    public let line: Int
    /// The cells in the order of the file; the last ones may be missing.
    public let cells: [[UInt8]]
    /// Why the row is refused whatever its cells say: its quotes do not fit.
    let refusal: RowIssue?

    /// The cell of a column as text; empty where the row has no such cell.
    public func text(_ column: RecognisedColumn) -> String {
        let place = column.position - 1
        guard cells.indices.contains(place) else { return "" }
        return String(decoding: cells[place], as: UTF8.self)
    }
}

/// A table with a header, CSV or XLSX, read once from its beginning in bounded memory.
public final class TableReader {
    /// The form of the file.
    public var format: FileFormat { table.format }
    /// How a text file is coded; nil for XLSX.
    public var encoding: TextEncoding? { table.encoding }
    /// What stands between the cells of a text table.
    public var separator: Character? { table.separator }
    /// Line of the header.
    public var headerLine: Int { table.header.line }
    /// The headers in order, and what each was taken for.
    public var columns: [RecognisedColumn] { table.header.columns }
    /// Lines that are no rows: titles, blanks, totals; the first 1 000 of them.
    public var ignoredLines: [IgnoredLine] { table.ignoredLines }
    /// How many lines are no rows.
    public var ignoredCount: Int { table.ignoredCount }

    /// The sheet of a workbook that is read, nil for text.
    public var sheet: String? { table.sheet }
    /// Other sheets of the workbook that hold something and are not read.
    public var otherSheets: [String] { table.otherSheets }
    /// Headers of the file that have no meaning here.
    public var unrecognisedHeaders: [String] {
        columns.filter { $0.field == nil && !$0.header.isEmpty }.map(\.header)
    }

    let table: Table

    private init(_ table: Table) { self.table = table }

    /// Opens a table and finds out its form, encoding, separator and header.
    ///
    /// - Parameters:
    ///   - path: A regular file.
    ///   - encoding: Overrides the detection; nil detects.
    ///   - columns: What the header row is looked for by.
    ///   - threshold: How many known headers make a row the header row.
    /// - Returns: A reader before the first row.
    /// - Throws: When the file as a whole is unusable, with code and place.
    public static func open(
        _ path: String,
        encoding: TextEncoding? = nil,
        columns: [TableColumn],
        threshold: Int = 2
    ) throws(RosterError) -> TableReader {
        let vocabulary = TableHeader.Vocabulary(columns, threshold: max(1, threshold))
        switch try OpenedFile.open(path, encoding: encoding) {
        case .workbook(let workbook):
            return TableReader(try Table(workbook: workbook, vocabulary))
        case .text(let stream): return TableReader(try Table(stream: stream, vocabulary))
        case .json: throw TableHeader.missing
        }
    }

    /// The column that was taken for the field of this name, nil where there is none.
    public func column(named field: String) -> RecognisedColumn? {
        columns.first { $0.field == field }
    }

    /// Reads up to `maximum` rows; empty only at the end of the file.
    public func next(_ maximum: Int) throws(RosterError) -> [TableRow] {
        let rows = try table.next(max(1, maximum))
        return (0..<rows.count).map { row in
            let count = Int(rows.rows[row].cellCount)
            let cells = (0..<count).map { Array(rows.bytes[rows.range(row: row, column: $0)]) }
            let line = rows.rows[row].line
            let refusal = rows.rows[row].stray?.issue(line: line)
            return TableRow(line: line, cells: cells, refusal: refusal)
        }
    }
}
