import UnionTicket

/// A batch of rows as a file holds them: cells in UTF-8, not judged yet.
///
/// A value without references to the reader: batches may be judged on several cores at once.
public struct RawRows: Sendable {
    /// Where one cell lies in ``RawRows/bytes``.
    struct Cell: Sendable {
        var start: Int32
        var end: Int32
    }

    /// Text after a closing quote: nobody can say where the row's cells end.
    struct Stray: Sendable {
        /// The cell that begins with the quote, from 1.
        var column: Int
        /// The line where the text after the closing quote stands.
        var lastLine: Int
    }

    /// One row: its line and its cells.
    struct Row: Sendable {
        var line: Int
        var firstCell: Int32
        var cellCount: Int32
        /// Where the quotes do not fit; the cells are then those of the first line, quotes included.
        var stray: Stray?
    }

    /// A batch ends early when it holds this much.
    static let softLimit = 1 << 23

    var bytes: [UInt8] = []
    var cells: [Cell] = []
    var rows: [Row] = []

    /// An empty batch.
    public init() {}

    /// How many rows there are.
    public var count: Int { rows.count }

    /// Whether there are no rows: the file is at its end.
    public var isEmpty: Bool { rows.isEmpty }

    /// The place of a cell, empty where the row has no such cell.
    func range(row: Int, column: Int) -> Range<Int> {
        let place = rows[row]
        guard column >= 0, column < Int(place.cellCount) else { return 0..<0 }
        let cell = cells[Int(place.firstCell) + column]
        return Int(cell.start)..<Int(cell.end)
    }

    /// Appends a cell to the row that is being built.
    mutating func appendCell(_ content: some Collection<UInt8>) {
        let start = Int32(bytes.count)
        bytes.append(contentsOf: content)
        cells.append(Cell(start: start, end: Int32(bytes.count)))
    }

    /// Ends the row whose cells begin at `firstCell`.
    mutating func endRow(line: Int, firstCell: Int, stray: Stray? = nil) {
        rows.append(
            Row(
                line: line,
                firstCell: Int32(firstCell),
                cellCount: Int32(cells.count - firstCell),
                stray: stray
            )
        )
    }

    /// Moves one row of another batch to the end of this one.
    mutating func append(row index: Int, of other: RawRows) {
        let row = other.rows[index]
        let first = cells.count
        for cell in other.cells[Int(row.firstCell)..<Int(row.firstCell + row.cellCount)] {
            appendCell(other.bytes[Int(cell.start)..<Int(cell.end)])
        }
        endRow(line: row.line, firstCell: first, stray: row.stray)
    }

    /// Takes the last row back.
    mutating func removeLastRow() {
        guard let row = rows.popLast() else { return }
        if row.cellCount > 0 {
            bytes.removeSubrange(Int(cells[Int(row.firstCell)].start)...)
        }
        cells.removeSubrange(Int(row.firstCell)...)
    }

    /// The cells of a row as text.
    func texts(row: Int) -> [String] {
        (0..<Int(rows[row].cellCount)).map { column in
            String(decoding: bytes[range(row: row, column: column)], as: UTF8.self)
        }
    }
}

extension RawRows.Stray {
    /// The finding that refuses the row that begins at `line`.
    func issue(line: Int) -> RowIssue {
        let code = RosterIssueCode.quoteStray
        let (russian, english) =
            lastLine > line
            ? ("Строки \(line)–\(lastLine): ", "Lines \(line)–\(lastLine): ") : ("", "")
        return RowIssue(
            field: nil,
            column: column,
            code: code.rawValue,
            severity: code.severity,
            message: Bilingual(
                russian + code.message.russian,
                english + code.message.english
            )
        )
    }
}

/// What rows come from: delimited text, a sheet, or JSON.
protocol RowSource: AnyObject {
    /// Appends up to `maximum` rows; none is appended only at the end.
    func read(into rows: inout RawRows, maximum: Int) throws(RosterError)
}
