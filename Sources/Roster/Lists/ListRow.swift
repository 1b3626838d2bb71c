import UnionTicket

/// One row of a list under judgement, by the names of its columns.
struct ListRow {
    /// Line of the file or row of the sheet, from 1.
    let line: Int
    private(set) var issues: [RowIssue] = []
    private(set) var hasError = false
    private let cells: [String: (column: Int, bytes: [UInt8])]
    private let dates: DateRules

    /// The trimmed cells of a row that have a meaning.
    init(_ row: TableRow, _ columns: [RecognisedColumn], _ dates: DateRules) {
        line = row.line
        self.dates = dates
        var cells: [String: (column: Int, bytes: [UInt8])] = [:]
        for column in columns {
            guard let field = column.field else { continue }
            var bytes: [UInt8] = []
            if row.cells.indices.contains(column.position - 1) {
                let cell = row.cells[column.position - 1]
                bytes = Array(cell[CellText.trimmed(cell.span, cell.indices)])
            }
            cells[field] = (column.position, bytes)
        }
        self.cells = cells
        if let refusal = row.refusal {
            issues.append(refusal)
            hasError = true
        }
        checkWidth(row, columns.count)
    }

    /// The cell of a field, nil when it is empty or says that there is nothing.
    func bytes(_ field: String) -> [UInt8]? {
        guard let bytes = cells[field]?.bytes, !bytes.isEmpty,
            !CellText.saysNone(bytes.span, bytes.indices)
        else { return nil }
        return bytes
    }

    /// The cell as text with single spaces, nil when there is nothing.
    func text(_ field: String) -> String? {
        guard let bytes = bytes(field) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The day in the cell, nil when there is none or after a report.
    mutating func date(_ field: String) -> CalendarDate? {
        guard let bytes = bytes(field) else { return nil }
        let reading = dates.read(bytes.span, bytes.indices)
        if let code = reading.code { report(code, field) }
        return reading.date
    }

    /// Yes or no; empty means no, nil after a report.
    mutating func flag(_ field: String) -> Bool? {
        guard let bytes = cells[field]?.bytes else { return false }
        if let answer = ConsentAnswer(bytes.span, bytes.indices) { return answer.isGiven }
        report(.rightsUnknown, field)
        return nil
    }

    /// A number to be kept verbatim; nil when there is none or after a report.
    mutating func number(
        _ field: String,
        eaten: RosterIssueCode,
        malformed: RosterIssueCode
    ) -> String? {
        guard let bytes = bytes(field) else { return nil }
        if CellText.isEatenNumber(bytes.span, bytes.indices) {
            report(eaten, field)
            return nil
        }
        guard Identifier.isShort(bytes.span, bytes.indices),
            Identifier.isPrintable(bytes.span, bytes.indices)
        else {
            report(malformed, field)
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An identifier in АИС; nil when there is none or after a report.
    mutating func aisId(_ field: String) -> String? {
        guard let text = number(field, eaten: .aisSpreadsheet, malformed: .aisFormat) else {
            return nil
        }
        let bytes = Array(text.utf8)
        guard bytes.count <= 32, Identifier.isPlain(bytes.span, bytes.indices) else {
            report(.aisFormat, field)
            return nil
        }
        return text
    }

    /// Whether something was found in this field.
    func isReported(_ field: String) -> Bool { issues.contains { $0.field == field } }

    /// Notes a finding.
    mutating func report(_ code: RosterIssueCode, _ field: String) {
        issues.append(code.issue(field: field, column: cells[field]?.column))
        if code.severity == .error { hasError = true }
    }

    private mutating func checkWidth(_ row: TableRow, _ width: Int) {
        guard row.cells.count > width else { return }
        for column in width..<row.cells.count {
            let cell = row.cells[column]
            if CellText.trimmed(cell.span, cell.indices).isEmpty { continue }
            issues.append(RosterIssueCode.rowShape.issue(field: nil, column: column + 1))
            hasError = true
            return
        }
    }
}
