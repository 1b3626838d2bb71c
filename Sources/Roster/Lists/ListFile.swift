import UnionTicket

/// A list of things that are no members, from CSV or XLSX: cells by the names of their columns.
///
/// Encoding, separator, titles above the header and totals are dealt with as in a roster.
public struct ListFile {
    /// One row of a list.
    public struct Row: Sendable {
        /// Line of the file or row of the sheet, from 1.
        public let line: Int
        private let cells: [String: (text: String, column: Int)]

        init(line: Int, cells: [String: (text: String, column: Int)]) {
            self.line = line
            self.cells = cells
        }

        /// The cell under a column, without spaces at its edges; nil when empty or absent.
        public subscript(name: String) -> String? { cells[name]?.text }

        /// The column's place in the file, from 1.
        public func column(_ name: String) -> Int? { cells[name]?.column }

        /// An error about one field of this row.
        func error(_ field: String, _ code: String, _ russian: String, _ english: String) -> RowIssue {
            RowIssue(
                field: field, column: column(field), code: code, severity: .error,
                message: Bilingual(russian, english))
        }

        /// The day in a column, or nil with an issue when the cell holds something else.
        func date(_ field: String, _ issues: inout [RowIssue]) -> CalendarDate? {
            guard let text = self[field] else { return nil }
            if let date = CalendarDate(iso: text) { return date }
            let parts = text.split(separator: ".").compactMap { Int($0) }
            if parts.count == 3, parts[2] >= 1000,
                let date = CalendarDate(year: parts[2], month: parts[1], day: parts[0])
            {
                return date
            }
            issues.append(
                error(
                    field, "date_format", "Дата не в виде дд.мм.гггг или гггг-мм-дд: исправьте.",
                    "The date is not dd.mm.yyyy or yyyy-mm-dd: mend it."))
            return nil
        }
    }

    /// Reads all rows of a list; lists are far smaller than rosters.
    ///
    /// - Parameters:
    ///   - path: A regular file.
    ///   - columns: The columns the caller understands.
    ///   - encoding: Overrides the detection; nil detects.
    /// - Returns: The rows that are not blank.
    /// - Throws: When the file as a whole is unusable.
    public static func read(
        _ path: String, columns: [TableColumn], encoding: TextEncoding? = nil
    ) throws(RosterError) -> [Row] {
        let vocabulary = TableHeader.Vocabulary(columns)
        let table: Table
        switch try OpenedFile.open(path, encoding: encoding) {
        case .workbook(let workbook): table = try Table(workbook: workbook, vocabulary)
        case .text(let stream): table = try Table(stream: stream, vocabulary)
        case .json:
            throw RosterError(
                .headerMissing,
                Bilingual(
                    "Нужна таблица CSV или XLSX с заголовком.",
                    "A CSV or XLSX table with a header is needed."), line: 1)
        }
        var rows: [Row] = []
        while true {
            let raw = try table.next(4_096)
            if raw.isEmpty { return rows }
            for index in 0..<raw.count {
                rows.append(row(raw, index, columns, table.header.places))
            }
        }
    }

    private static func row(
        _ raw: RawRows, _ index: Int, _ columns: [TableColumn], _ places: [Int]
    ) -> Row {
        var cells: [String: (text: String, column: Int)] = [:]
        for (column, place) in zip(columns, places) where place >= 0 {
            let bytes = raw.bytes[raw.range(row: index, column: place)]
            let text = String(decoding: bytes, as: UTF8.self)
            let trimmed = text.drop(while: \.isWhitespace)
                .reversed().drop(while: \.isWhitespace).reversed()
            if !trimmed.isEmpty { cells[column.name] = (String(trimmed), place + 1) }
        }
        return Row(line: raw.rows[index].line, cells: cells)
    }
}
