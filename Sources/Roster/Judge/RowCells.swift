import UnionTicket

/// One row under judgement: where its cells are and what was found so far.
struct RowCells {
    private let rows: RawRows
    private let row: Int
    let judge: RowJudge
    private(set) var issues: [RowIssue] = []
    private(set) var hasError = false
    /// Whether the row answers «нет» to the keeping of the record.
    var refusesRegister = false
    private var spoiled: [RosterField] = []
    // A list of all cases is made anew whenever it is asked for, and every row asks.
    private static let fields = RosterField.allCases

    init(rows: RawRows, row: Int, judge: RowJudge) {
        self.rows = rows
        self.row = row
        self.judge = judge
    }

    /// Findings in the order of the columns; without columns as they were found.
    var orderedIssues: [RowIssue] {
        guard issues.count > 1 else { return issues }
        return issues.enumerated()
            .sorted { ($0.element.column ?? 0, $0.offset) < ($1.element.column ?? 0, $1.offset) }
            .map(\.element)
    }

    /// Whether the file has the column.
    func has(_ field: RosterField) -> Bool { judge.places[field.rawValue] >= 0 }

    /// The trimmed cell of a field; empty where there is none.
    func cell(_ field: RosterField, _ bytes: Span<UInt8>) -> Range<Int> {
        let place = judge.places[field.rawValue]
        guard place >= 0 else { return 0..<0 }
        return CellText.trimmed(bytes, rows.range(row: row, column: place))
    }

    /// Notes a finding about a field.
    mutating func report(_ code: RosterIssueCode, _ field: RosterField) {
        if spoiled.contains(field) { return }
        let place = judge.places[field.rawValue]
        let column = judge.isTable && place >= 0 ? place + 1 : nil
        let issue = code.issue(field: field.name, column: column)
        guard !issues.contains(issue) else { return }
        issues.append(issue)
        if code.severity == .error { hasError = true }
    }

    /// Cells where a spreadsheet's formula failed: that is all there is to say of them.
    mutating func checkSheetErrors(_ bytes: Span<UInt8>) {
        for field in Self.fields {
            let place = judge.places[field.rawValue]
            guard place >= 0 else { continue }
            let range = rows.range(row: row, column: place)
            guard let first = range.first, bytes[first] == 0x23,
                CellText.isSheetError(bytes, CellText.trimmed(bytes, range))
            else { continue }
            report(.cellError, field)
            spoiled.append(field)
        }
    }

    /// Cells beyond the header mean that a separator too many shifted the row.
    mutating func checkWidth(_ bytes: Span<UInt8>) {
        let count = Int(rows.rows[row].cellCount)
        guard count > judge.width else { return }
        for column in judge.width..<count
        where !CellText.trimmed(bytes, rows.range(row: row, column: column)).isEmpty {
            issues.append(RosterIssueCode.rowShape.issue(field: nil, column: column + 1))
            hasError = true
            return
        }
    }
}
