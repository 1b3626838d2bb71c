public import UnionTicket

/// A list of an event's delegates and guests.
public enum DelegateFile {
    /// Line, participant unless an error forbids it, and findings.
    public typealias Row = (line: Int, draft: DelegateDraft?, issues: [RowIssue])

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn("aisId", ["ИД АИС", "Код члена", "ID", "ais", "ИД", "Код АИС"]),
        TableColumn(
            "ticketNumber",
            ["Номер билета", "Номер профсоюзного билета", "Профбилет", "ticket", "№ билета"]
        ),
        TableColumn("name", ["ФИО", "Фамилия, имя, отчество", "name", "Участник"]),
        TableColumn("mandate", ["Номер мандата", "Мандат", "№ мандата", "mandate"]),
        TableColumn("vote", ["Голос", "Вид голоса", "Участие", "vote"]),
        TableColumn("state", ["Состояние мандата", "Состояние", "Полномочия", "state"]),
        TableColumn(
            "organisation",
            ["Код организации", "Организация", "От организации", "organisation"]
        ),
        TableColumn("substitutes", ["Замещает мандат", "Замещает", "Вместо", "substitutes"]),
    ]

    /// Opens a list of delegates.
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
        let ticket = row.number(
            "ticketNumber",
            eaten: .ticketSpreadsheet,
            malformed: .ticketFormat
        )
        let participation = word("vote", Self.votes, .voteUnknown, &row) ?? .decisive
        let name = row.text("name").map { String($0.prefix(300)) }
        if aisId == nil, ticket == nil, participation != .guest || name == nil, !row.hasError {
            row.report(.memberMissing, "aisId")
        }
        let standing = participation == .guest ? MandateState.confirmed : .elected
        let draft = DelegateDraft(
            reference: aisId ?? ticket,
            guestName: aisId == nil && ticket == nil ? name : nil,
            mandate: number("mandate", &row),
            participation: participation,
            state: word("state", Self.states, .mandateStateUnknown, &row) ?? standing,
            organisation: organisation(&row),
            substitutes: number("substitutes", &row)
        )
        return (row.line, row.hasError ? nil : draft, row.issues)
    }

    private static func word<Value>(
        _ field: String,
        _ words: [String: Value],
        _ fault: RosterIssueCode,
        _ row: inout ListRow
    ) -> Value? {
        guard let text = row.text(field)?.lowercased() else { return nil }
        if let value = words[text] { return value }
        row.report(fault, field)
        return nil
    }

    private static func number(_ field: String, _ row: inout ListRow) -> UInt32? {
        guard let text = row.text(field) else { return nil }
        if let number = UInt32(text), (1...9_999_999).contains(number) { return number }
        row.report(.mandateFormat, field)
        return nil
    }

    private static func organisation(_ row: inout ListRow) -> OrganisationCode? {
        guard let text = row.text("organisation") else { return nil }
        if let code = OrganisationCode(text) { return code }
        row.report(.organisationFormat, "organisation")
        return nil
    }

    private static let votes: [String: Participation] = [
        "решающий": .decisive, "решающий голос": .decisive, "делегат": .decisive,
        "decisive": .decisive, "совещательный": .advisory, "совещательный голос": .advisory,
        "advisory": .advisory, "приглашённый": .guest, "приглашенный": .guest, "гость": .guest,
        "без голоса": .guest, "guest": .guest,
    ]

    private static let states: [String: MandateState] = [
        "избран": .elected, "избрана": .elected, "elected": .elected,
        "подтверждён": .confirmed, "подтвержден": .confirmed, "подтверждена": .confirmed,
        "подтверждены": .confirmed, "confirmed": .confirmed, "отозван": .withdrawn,
        "отозвана": .withdrawn, "withdrawn": .withdrawn, "заменён": .substituted,
        "заменен": .substituted, "заменена": .substituted, "substitutedby": .substituted,
        "резерв": .reserve, "в резерве": .reserve, "reserve": .reserve,
    ]
}
