import UnionTicket

/// The list as a table for spreadsheets.
struct AttendanceTable {
    private let papers: EventPapers

    init(_ papers: EventPapers) { self.papers = papers }

    private static let heading = [
        "мандат", "фамилия имя отчество", "код организации", "организация", "голос",
        "состояние мандата", "замена", "выбыл", "первый вход (мск)", "станция", "запись",
        "основание", "по решению человека", "причина", "присутствует",
    ]

    var bytes: [UInt8] {
        let lines = [Self.heading] + papers.roll.rows.map(cells)
        let text = lines.map { $0.map(Self.cell).joined(separator: ";") + "\r\n" }
        return Array(("\u{FEFF}" + text.joined()).utf8)
    }

    private func cells(_ row: Roll.Row) -> [String] {
        let mandate = row.person.mandate
        let entry = row.admission
        let number = row.number == "—" ? "" : row.number
        return [
            number, row.name, "\(row.code)", row.organisation,
            EventWords.vote(row.participation), EventWords.state(mandate),
            Self.word(mandate.isSubstitute), Self.word(row.person.hasLeft),
            entry?.moment.russian ?? "", entry?.station ?? "", entry.map { "\($0.sequence)" } ?? "",
            entry.map { AdmissionBasis($0).short } ?? "",
            Self.word(entry.map { AdmissionBasis($0).isFlagged } ?? false), entry?.reason ?? "",
            presence(row.presence),
        ]
    }

    private func presence(_ presence: PersonPresence) -> String {
        if presence.isSurelyInside { return "да" }
        return presence.mayBeInside ? "не установлено" : "нет"
    }

    private static func word(_ holds: Bool) -> String { holds ? "да" : "нет" }

    /// A quoted cell; one that a spreadsheet would run as a formula gets an apostrophe in front.
    static func cell(_ text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r\n".unicodeScalars.contains($0) }
        let safe = isFormula == true ? "'" + text : text
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
