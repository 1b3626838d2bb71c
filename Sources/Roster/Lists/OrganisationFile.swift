public import UnionTicket

/// A list of organisations: code, name and what else is known of each.
public enum OrganisationFile {
    /// One row: an organisation, or the reasons against it.
    public typealias Row = (line: Int, draft: OrganisationDraft?, issues: [RowIssue])

    private static let columns = [
        TableColumn("code", ["Код", "Код организации", "№ организации"], isRequired: true),
        TableColumn(
            "name", ["Наименование", "Название", "Организация", "name_ru"], isRequired: true),
        TableColumn("kind", ["Вид", "Тип"]),
        TableColumn("okrug", ["Округ", "Окружная организация"]),
        TableColumn(
            "territorialRights", ["С правами территориальной", "Права территориальной"]),
        TableColumn("openedOn", ["Открыта", "Дата создания", "Создана"]),
        TableColumn("closedOn", ["Закрыта", "Дата закрытия", "Ликвидирована"]),
        TableColumn("nameSince", ["Наименование с", "Переименована"]),
    ]

    /// Reads a list of organisations from CSV or XLSX.
    ///
    /// - Throws: When the file as a whole is unusable.
    public static func read(
        _ path: String, encoding: TextEncoding? = nil
    ) throws(RosterError) -> [Row] {
        var seen: [OrganisationCode: Int] = [:]
        return try ListFile.read(path, columns: columns, encoding: encoding).map { row in
            var issues: [RowIssue] = []
            let code = row["code"].flatMap { OrganisationCode($0) }
            if code == nil {
                issues.append(
                    row.error(
                        "code", "organisation_format",
                        "Код не в виде RR, RR-TTT или RR-TTT-PPPP: исправьте.",
                        "The code is not RR, RR-TTT or RR-TTT-PPPP: mend it."))
            }
            if let code, let line = seen.updateValue(row.line, forKey: code) {
                issues.append(
                    row.error(
                        "code", "duplicate", "Этот код уже есть в строке \(line).",
                        "This code stands in line \(line) already."))
            }
            guard let name = row["name"] else {
                issues.append(
                    row.error(
                        "name", "name_missing", "Нет наименования: заполните.",
                        "The name is missing: fill it in."))
                return (row.line, nil, issues)
            }
            let draft = draft(row, code, name, &issues)
            return (row.line, issues.isEmpty ? draft : nil, issues)
        }
    }

    private static func draft(
        _ row: ListFile.Row, _ code: OrganisationCode?, _ name: String, _ issues: inout [RowIssue]
    ) -> OrganisationDraft? {
        let opened = row.date("openedOn", &issues)
        let closed = row.date("closedOn", &issues)
        let since = row.date("nameSince", &issues)
        let rights = row["territorialRights"]?.lowercased()
        if let opened, let closed, closed < opened {
            issues.append(
                row.error(
                    "closedOn", "dates_out_of_order", "Закрыта раньше, чем открыта: исправьте.",
                    "Closed before it was opened: mend it."))
        }
        return code.map {
            OrganisationDraft(
                code: $0, name: name, kind: row["kind"], okrug: row["okrug"],
                hasTerritorialRights: ["да", "+", "1", "yes", "true"].contains(rights ?? ""),
                openedOn: opened, closedOn: closed, nameSince: since)
        }
    }
}

/// A list of cards of the old number scheme.
public enum LegacyTicketFile {
    /// One row: a card, or the reasons against it.
    public typealias Row = (line: Int, draft: LegacyTicketDraft?, issues: [RowIssue])

    private static let columns = [
        TableColumn("issuer", ["Кем выдан", "Эмитент", "Выпустил", "Издатель"]),
        TableColumn(
            "number", ["Номер", "Номер билета", "Номер профсоюзного билета", "Номер карты"],
            isRequired: true),
        TableColumn("aisId", ["ИД АИС", "Код члена", "ID", "ais"], isRequired: true),
        TableColumn("producedOn", ["Изготовлен", "Дата изготовления"]),
        TableColumn("handedOutOn", ["Выдан", "Дата выдачи"]),
    ]

    /// Reads a list of legacy cards from CSV or XLSX; numbers are kept verbatim.
    ///
    /// - Throws: When the file as a whole is unusable.
    public static func read(
        _ path: String, encoding: TextEncoding? = nil
    ) throws(RosterError) -> [Row] {
        try ListFile.read(path, columns: columns, encoding: encoding).map { row in
            var issues: [RowIssue] = []
            let produced = row.date("producedOn", &issues)
            let handedOut = row.date("handedOutOn", &issues)
            if row["number"] == nil {
                issues.append(
                    row.error(
                        "number", "ticket_missing", "Нет номера билета: заполните.",
                        "The ticket number is missing: fill it in."))
            }
            if row["aisId"] == nil {
                issues.append(
                    row.error(
                        "aisId", "ais_missing", "Нет ИД АИС: без него карту не к кому привязать.",
                        "The АИС identifier is missing: the card belongs to nobody."))
            }
            if let number = row["number"], number.contains(","), number.uppercased().contains("E") {
                issues.append(
                    row.error(
                        "number", "ticket_spreadsheet",
                        "Номер испорчен таблицей: выгрузите столбец как текст.",
                        "A spreadsheet ate the number: export the column as text."))
            }
            guard issues.isEmpty, let number = row["number"], let ais = row["aisId"] else {
                return (row.line, nil, issues)
            }
            return (
                row.line,
                LegacyTicketDraft(
                    issuer: row["issuer"] ?? "", number: number, aisId: ais, producedOn: produced,
                    handedOutOn: handedOut), []
            )
        }
    }
}

/// A list of members to order cards for.
public enum OrderFile {
    /// Whom to order for: АИС identifier or ticket number.
    public typealias Row = (line: Int, reference: String)

    private static let columns = [
        TableColumn("aisId", ["ИД АИС", "Код члена", "ID", "ais"]),
        TableColumn("ticket", ["Номер билета", "Билет", "Номер"]),
        TableColumn("reason", ["Причина"]),
        TableColumn("name", ["ФИО", "Фамилия"]),
    ]

    /// Reads a list of members from CSV or XLSX.
    ///
    /// - Throws: When the file as a whole is unusable, or a row names nobody.
    public static func read(
        _ path: String, encoding: TextEncoding? = nil
    ) throws(RosterError) -> [Row] {
        var rows: [Row] = []
        for row in try ListFile.read(path, columns: columns, encoding: encoding) {
            guard let reference = row["aisId"] ?? row["ticket"] else {
                throw RosterError(
                    .columnMissing,
                    Bilingual(
                        "Строка без ИД АИС и без номера билета: дополните её.",
                        "A row without АИС identifier and ticket number: complete it."),
                    line: row.line)
            }
            rows.append((row.line, reference))
        }
        return rows
    }
}
