public import UnionTicket

extension RowJudge {
    /// A judge of members whose fields come one by one, as an API gives them; findings name fields and
    /// no columns.
    ///
    /// - Parameter today: The day by which ages and dates are judged.
    public init(today: CalendarDate) {
        self.init(
            places: Array(RosterField.allCases.indices),
            width: RosterField.allCases.count,
            isTable: false,
            serialShift: 0,
            today: today
        )
    }

    /// Judges members by the same rules as a roster's rows.
    ///
    /// - Parameter members: Of each member the fields by the glossary's names (``RosterField/name``);
    ///   what is no field is left out. The caller bounds their size.
    /// - Returns: A row for each, its line the place in the list, from 1.
    public func judge(_ members: [[String: String]]) -> [RosterRow] {
        var rows = RawRows()
        for (place, member) in members.enumerated() {
            let first = rows.cells.count
            for field in RosterField.allCases {
                rows.appendCell(Array((member[field.name] ?? "").utf8))
            }
            rows.endRow(line: place + 1, firstCell: first)
        }
        return judge(rows)
    }
}
