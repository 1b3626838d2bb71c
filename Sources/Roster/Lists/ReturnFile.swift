public import UnionTicket

/// A list of memberships as the organisations returned them in their statistical reports.
public enum ReturnFile {
    /// One line: whose membership, and how many.
    public struct Row: Hashable, Sendable {
        /// Line of the file or row of the sheet, from 1.
        public let line: Int
        /// The organisation; nil after an error.
        public let organisation: OrganisationCode?
        /// Its members; nil after an error.
        public let members: Int?
        /// What was found; a row with an error counts for nothing.
        public let issues: [RowIssue]
    }

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn("organisation", ["Код организации", "Код", "organisation", "code"]),
        TableColumn(
            "members",
            ["Численность", "Членов Профсоюза", "Членов", "По отчёту", "members", "members_2020"]
        ),
    ]

    /// Opens a list of memberships.
    ///
    /// - Parameters:
    ///   - path: A regular file, CSV or XLSX.
    ///   - encoding: Overrides the detection; nil detects.
    ///   - today: The day by which dates are judged.
    /// - Returns: A reader before the first row.
    /// - Throws: When the file as a whole is unusable, with code and place.
    public static func open(
        _ path: String,
        encoding: TextEncoding? = nil,
        today: CalendarDate
    ) throws(RosterError) -> ListFile<Row> {
        try ListFile(
            path,
            encoding,
            today: today,
            columns: columns,
            threshold: 2,
            judge: judge
        )
    }

    private static func judge(_ source: ListRow) -> Row {
        var row = source
        let code = row.text("organisation").flatMap { OrganisationCode($0) }
        if code == nil { row.report(.organisationFormat, "organisation") }
        let digits = row.text("members")?.filter { $0 != " " && $0 != "\u{00A0}" }
        let members = digits.flatMap { Int($0) }.flatMap {
            (0...99_999_999).contains($0) ? $0 : nil
        }
        if members == nil { row.report(.membershipFormat, "members") }
        return Row(line: row.line, organisation: code, members: members, issues: row.issues)
    }
}
