public import UnionTicket

/// A signed hand-out list (ведомость) entered as a table.
public enum HandOutFile {
    /// One card that was handed out.
    public struct Row: Hashable, Sendable {
        /// Line of the file or row of the sheet, from 1.
        public let line: Int
        /// Carrier or ticket number as written; nil after an error.
        public let number: String?
        /// The day of the hand-out, where given.
        public let day: CalendarDate?
        /// What was found; a row with an error must not be recorded.
        public let issues: [RowIssue]
    }

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn(
            "ticketNumber",
            [
                "Номер билета", "Номер карты", "Штрихкод", "Номер", "ticket", "carrier", "number",
                "№ билета",
            ],
            isRequired: true
        ),
        TableColumn("handedOutOn", ["Дата", "Дата выдачи", "Выдан", "handed_out", "date"]),
    ]

    /// Opens a list.
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
            threshold: 1,
            judge: judge
        )
    }

    private static func judge(_ source: ListRow) -> Row {
        var row = source
        let number = row.number(
            "ticketNumber",
            eaten: .ticketSpreadsheet,
            malformed: .ticketFormat
        )
        if number == nil, !row.isReported("ticketNumber") {
            row.report(.ticketMissing, "ticketNumber")
        }
        let day = row.date("handedOutOn")
        return Row(
            line: row.line,
            number: row.hasError ? nil : number,
            day: day,
            issues: row.issues
        )
    }
}
