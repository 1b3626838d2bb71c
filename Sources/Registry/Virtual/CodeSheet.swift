public import UnionTicket

// Codes on their way to paper.
extension ActivationCodes {
    /// A file for the office's spreadsheet: UTF-8 with its mark, semicolons, one member a line; a
    /// number stands in groups, and no cell begins a formula.
    ///
    /// Whom no code could be made for stands below, with the reason in a column of its own.
    public static func csv(
        _ codes: [Made],
        refused: [(subject: String, reason: Bilingual)] = []
    ) -> String {
        let more = refused.isEmpty ? "" : ";Отказ"
        let head = "\u{FEFF}ИД АИС;ФИО;Организация;Номер билета;Код;Действителен до\(more)\r\n"
        let sheet = codes.reduce(into: head) { text, made in
            let cells = [
                made.aisId ?? "", made.name.full, "\(made.organisation)", made.ticket.filed,
                made.code.printed, made.expiresAt.russian,
            ]
            text += cells.map(cell).joined(separator: ";") + (refused.isEmpty ? "\r\n" : ";\r\n")
        }
        return refused.reduce(into: sheet) { text, item in
            text += "\(cell(item.subject));;;;;;\(cell(item.reason.russian))\r\n"
        }
    }

    private static func cell(_ text: String) -> String {
        let isFormula = text.first.map { "=+-@\t".contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        guard safe.contains(where: { ";\"\r\n".contains($0) }) else { return safe }
        return "\""
            + safe.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}
