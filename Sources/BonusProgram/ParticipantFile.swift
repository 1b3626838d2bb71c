public import Registry
public import Roster
import UnionTicket

/// A partner's list of the participants it had before: its own identifier and a number, an old number
/// or a one-time code (docs/partner.md).
public enum ParticipantFile {
    /// The columns of the list.
    public static let columns: [TableColumn] = [
        TableColumn(
            "participant",
            ["participant", "Участник", "ИД участника", "Код участника", "client", "user"],
            isRequired: true
        ),
        TableColumn(
            "number",
            [
                "number", "ticket", "Номер", "Номер билета", "Номер ЭПБ", "№ билета", "Номер карты",
            ]
        ),
        TableColumn(
            "legacy",
            ["legacy", "Старый номер", "Номер профсоюзного билета", "Прежний номер"]
        ),
        TableColumn("code", ["code", "Код", "Одноразовый код"]),
    ]

    /// Rows that one list may have.
    public static let limit = 5_000_000

    private static let noIdentifier = Bilingual(
        "нет ни одной графы, по которой находят билет: «Номер билета», «Прежний номер» или «Код».",
        "no column finds a ticket: number, legacy or code is needed."
    )

    /// Reads the whole list.
    ///
    /// - Parameters:
    ///   - path: A regular file, CSV or XLSX.
    ///   - encoding: Overrides the detection; nil detects.
    /// - Returns: The participants, and the lines without an identifier or with one that is too long.
    /// - Throws: ``Roster/RosterError``, ``ExchangeError``.
    public static func read(
        _ path: String,
        encoding: TextEncoding? = nil
    ) throws -> (participants: [PartnerOnboarding.Participant], faulty: [Int]) {
        let table = try TableReader.open(
            path,
            encoding: encoding,
            columns: columns,
            threshold: 1
        )
        guard ["number", "legacy", "code"].contains(where: { table.column(named: $0) != nil })
        else { throw ExchangeError.format(path, "", noIdentifier) }
        var participants: [PartnerOnboarding.Participant] = []
        var faulty: [Int] = []
        func cell(_ name: String, _ row: TableRow) -> String? {
            guard let column = table.column(named: name) else { return nil }
            let text = row.text(column).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return text.isEmpty || text.utf8.count > 128 ? nil : text
        }
        while true {
            let rows = try table.next(4_096)
            if rows.isEmpty { break }
            for row in rows {
                guard let reference = cell("participant", row) else {
                    faulty.append(row.line)
                    continue
                }
                var found = PartnerOnboarding.Participant(line: row.line, reference: reference)
                found.number = cell("number", row)
                found.legacy = cell("legacy", row)
                found.code = cell("code", row)
                participants.append(found)
            }
            guard participants.count <= limit else {
                throw ExchangeError.format(
                    path,
                    "",
                    Bilingual("строк больше \(limit).", "there are more than \(limit) rows.")
                )
            }
        }
        guard !participants.isEmpty || !faulty.isEmpty else { throw ExchangeError.empty(path) }
        return (participants, faulty)
    }
}
