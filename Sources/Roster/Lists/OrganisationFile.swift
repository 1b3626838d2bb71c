public import UnionTicket

/// A list of organisations: code, name, kind, okrug, rights and dates.
public enum OrganisationFile {
    /// Line, organisation unless an error forbids it, and findings.
    public typealias Row = (line: Int, draft: OrganisationDraft?, issues: [RowIssue])

    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn("code", ["Код", "Код организации"], isRequired: true),
        TableColumn(
            "name",
            ["Наименование", "name_ru", "Название", "Наименование организации"],
            isRequired: true
        ),
        TableColumn("kind", ["Вид", "Вид организации"]),
        TableColumn("okrug", ["Округ", "Окружная организация"]),
        TableColumn(
            "hasTerritorialRights",
            ["С правами территориальной", "С правами территориальной организации"]
        ),
        TableColumn("rightsSince", ["Права с", "Права территориальной с"]),
        TableColumn("openedOn", ["Открыта", "Дата открытия", "opened"]),
        TableColumn("closedOn", ["Закрыта", "Дата закрытия", "closed"]),
        TableColumn("nameSince", ["Наименование с", "Название с"]),
    ]

    private static let nameLimit = 300

    /// Opens a list of organisations.
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
        let code = code(&row)
        let name = row.text("name")
        if name == nil || (name?.unicodeScalars.count ?? 0) > Self.nameLimit {
            row.report(.organisationName, "name")
        }
        let rights = row.flag("hasTerritorialRights")
        let opened = row.date("openedOn")
        let closed = row.date("closedOn")
        let since = row.date("nameSince")
        let rightsSince = row.date("rightsSince")
        if let opened, let closed, closed < opened { row.report(.organisationDates, "closedOn") }
        guard !row.hasError, let code, let name, let rights else {
            return (row.line, nil, row.issues)
        }
        let draft = OrganisationDraft(
            code: code,
            name: name,
            kind: row.text("kind"),
            okrug: row.text("okrug"),
            hasTerritorialRights: rights,
            openedOn: opened,
            closedOn: closed,
            nameSince: since,
            rightsSince: rightsSince
        )
        return (row.line, draft, row.issues)
    }

    private static func code(_ row: inout ListRow) -> OrganisationCode? {
        guard let bytes = row.bytes("code") else {
            row.report(.organisationMissing, "code")
            return nil
        }
        guard let code = OrganisationCode(utf8: bytes) else {
            row.report(.organisationFormat, "code")
            return nil
        }
        return code
    }
}
