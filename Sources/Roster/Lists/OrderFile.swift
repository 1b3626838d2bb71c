public import UnionTicket

/// A list of members for whom cards are ordered.
public enum OrderFile {
    /// One line of an order.
    public struct Row: Hashable, Sendable {
        /// Line of the file or row of the sheet, from 1.
        public let line: Int
        /// The member's identifier in АИС, where given.
        public let aisId: String?
        /// The member's ticket number as written, where given.
        public let ticketNumber: String?
        /// Why a card is ordered; nil leaves it to the caller.
        public let reason: OrderReason?
        /// What was found; a row with an error must not be ordered.
        public let issues: [RowIssue]

        /// Whom the row means: the identifier in АИС, else the ticket number; nil after an error.
        public var reference: String? {
            issues.contains { $0.severity == .error } ? nil : aisId ?? ticketNumber
        }
    }

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn("aisId", ["ИД АИС", "Код члена", "ID", "ais", "ИД", "Код АИС"]),
        TableColumn(
            "ticketNumber",
            ["Номер билета", "Номер профсоюзного билета", "Профбилет", "ticket", "№ билета"]
        ),
        TableColumn("reason", ["Причина", "Основание", "Причина заказа"]),
    ]

    /// Opens a list of orders.
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
        let aisId = row.aisId("aisId")
        let number = row.number(
            "ticketNumber",
            eaten: .ticketSpreadsheet,
            malformed: .ticketFormat
        )
        if aisId == nil, number == nil, !row.isReported("aisId"), !row.isReported("ticketNumber") {
            row.report(.memberMissing, "aisId")
        }
        var reason: OrderReason?
        if let bytes = row.bytes("reason") {
            reason = RosterWords.reasons[FoldedKey(bytes.span, bytes.indices)]
            if reason == nil { row.report(.reasonUnknown, "reason") }
        }
        return Row(
            line: row.line,
            aisId: aisId,
            ticketNumber: number,
            reason: reason,
            issues: row.issues
        )
    }
}
