public import UnionTicket

/// A list of cards of the old number scheme.
public enum LegacyTicketFile {
    /// Line, card unless an error forbids it, and findings.
    public typealias Row = (line: Int, draft: LegacyTicketDraft?, issues: [RowIssue])

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn(
            "aisId",
            ["ИД АИС", "Код члена", "ID", "ais", "ИД", "Код АИС"],
            isRequired: true
        ),
        TableColumn(
            "issuer",
            ["Кем выдан", "Организация", "Эмитент", "Издатель", "Код организации"],
            isRequired: true
        ),
        TableColumn(
            "number",
            [
                "Номер билета", "Номер профсоюзного билета", "Профбилет", "ticket", "№ билета",
                "Номер карты", "Номер", "number as printed",
            ],
            isRequired: true
        ),
        TableColumn("producedOn", ["Изготовлен", "Дата изготовления", "produced"]),
        TableColumn(
            "handedOutOn",
            [
                "Выдан члену", "Дата выдачи", "Выдан", "Выдана", "Вручён", "Вручен", "Вручена",
                "handed_out", "handed out",
            ]
        ),
    ]

    private static let issuerLimit = 300

    /// Opens a list of old cards.
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
        let aisId = row.aisId("aisId")
        if aisId == nil, !row.isReported("aisId") { row.report(.memberMissing, "aisId") }
        let issuer = row.text("issuer")
        if issuer == nil || (issuer?.unicodeScalars.count ?? 0) > Self.issuerLimit {
            row.report(.issuerMissing, "issuer")
        }
        let number = row.number("number", eaten: .ticketSpreadsheet, malformed: .ticketFormat)
        if number == nil, !row.isReported("number") { row.report(.ticketMissing, "number") }
        let produced = row.date("producedOn")
        let handedOut = row.date("handedOutOn")
        if let produced, let handedOut, handedOut < produced {
            row.report(.ticketDates, "handedOutOn")
        }
        guard !row.hasError, let aisId, let issuer, let number else {
            return (row.line, nil, row.issues)
        }
        let draft = LegacyTicketDraft(
            issuer: issuer,
            number: number,
            aisId: aisId,
            producedOn: produced,
            handedOutOn: handedOut
        )
        return (row.line, draft, row.issues)
    }
}
