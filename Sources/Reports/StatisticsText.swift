import UnionTicket

extension StatisticsTable {
    /// The report for spreadsheets: counts as numbers, the sum in the last row; a workbook has the day and
    /// the notes on a sheet of their own.
    public var spreadsheet: ReportTable {
        ReportTable(
            title.russian,
            columns.map { $0.title.russian },
            (rows + (total.map { [$0] } ?? [])).map { $0.map(\.filed) },
            notes: ["\(title.russian) / \(title.english)", "на конец дня \(asOf.russian) (Москва)"]
                + notes.map { "\($0.russian) / \($0.english)" }
        )
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
            + (rows.isEmpty
                ? ["\(Self.nobody.russian) / \(Self.nobody.english)"]
                : [line(head)] + body.map(line)) + notes.map { "* \($0.russian) / \($0.english)" }
    }

    /// Said instead of a table without rows.
    static let nobody = Bilingual(
        "На этот день здесь нет ни одной организации.",
        "There is no organisation here on that day."
    )

    /// Whether a column holds words.
    func isText(_ column: Int) -> Bool {
        guard let first = rows.first ?? total else { return column == 0 }
        if case .text = first[column] { return true }
        return false
    }
}

extension StatisticsTable.Cell {
    /// The figure as a spreadsheet takes it.
    fileprivate var filed: ReportTable.Cell {
        switch self {
        case .text(let text): return .text(text)
        case .count(let count): return .number(count)
        case .share(let part, let whole):
            return Percentage.hundredths(part, of: whole).map { .percent(hundredths: $0) } ?? .empty
        case .suppressed: return .text(shown)
        case .none: return .empty
        }
    }
}

/// Cells of a plain table of texts.
public enum SpreadsheetCell {
    /// The text, taken for a formula by no spreadsheet, quoted where RFC 4180 wants it.
    public static func quoted(_ text: String) -> String {
        let cell = ReportTable.neutral(text)
        guard cell.contains(where: { $0 == ";" || $0 == "\"" || $0.isNewline }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
