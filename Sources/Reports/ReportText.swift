import UnionTicket

extension ReportTable {
    /// The report as CSV (RFC 4180): semicolons, UTF-8 with its mark, numbers in plain digits.
    ///
    /// Cells that a spreadsheet would take for a formula are led by an apostrophe.
    public var csv: [UInt8] {
        var text = "\u{FEFF}"
        Self.append(columns.map { $0.title.russian }, to: &text)
        for row in rows + (total.map { [$0] } ?? []) { Self.append(row.map(\.plain), to: &text) }
        return Array(text.utf8)
    }

    private static func append(_ cells: [String], to text: inout String) {
        text += cells.map { SpreadsheetCell.quoted($0) }.joined(separator: ";") + "\r\n"
    }

    /// The report for a terminal: columns as wide as their widest figure.
    public var lines: [String] {
        let head = columns.map { $0.title.russian }
        let body = (rows + (total.map { [$0] } ?? [])).map { $0.map(\.shown) }
        let widths = columns.indices.map { column in
            ([head] + body).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            var text = cells.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                return isText(column) ? cell + gap : gap + cell
            }.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }
        return ["\(title.russian) / \(title.english)", "на конец дня \(asOf.russian)", ""]
            + [line(head)] + body.map(line) + notes.map { "* \($0.russian) / \($0.english)" }
    }

    /// Whether a column holds words.
    func isText(_ column: Int) -> Bool {
        guard let first = rows.first ?? total else { return column == 0 }
        if case .text = first[column] { return true }
        return false
    }
}

/// Cells that no spreadsheet may run.
public enum SpreadsheetCell {
    /// The text with an apostrophe before what a spreadsheet takes for a formula.
    public static func neutral(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first)
        else { return text }
        return "'" + text
    }

    /// The neutral text, quoted where RFC 4180 wants it.
    public static func quoted(_ text: String) -> String {
        let cell = neutral(text)
        guard cell.contains(where: { $0 == ";" || $0 == "\"" || $0.isNewline }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
