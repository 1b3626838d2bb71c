import CardLayout
import UnionTicket

/// The sections on people: substitutions, withdrawals, what admissions rested on.
extension MinutesPaper {
    func substitutions() throws {
        try section("4. Замены и резерв")
        let substitutes = roll.rows.filter { $0.person.mandate.isSubstitute && !$0.person.hasLeft }
        let columns: [TextDocument.Column] = [
            .init(words.number, 1, alignment: .centre), .init("Делегат", 3.4), .init("Замена", 3.4),
            .init("Организация", 3), .init("Зарегистрирован", 2.6),
        ]
        try table(columns, substitutes.map(substitution), orSay: "Замен не было.")
        try document.paragraph("В резерве, человек: \(roll.reserve.count).")
    }

    private func substitution(_ row: Roll.Row) -> [String] {
        let replaced = roll.rows.filter {
            $0.person.mandate.number == row.person.mandate.number
                && !$0.person.mandate.isSubstitute && $0.person.mandate.state == .substituted
        }
        let both = replaced.filter(\.isRegistered) + (row.isRegistered ? [row] : [])
        let registered = both.map { $0.name + Self.at($0.admission) }
        return [
            row.number, replaced.map(\.name).joined(separator: "\n"), row.name, Roll.title(row),
            registered.isEmpty ? "нет" : registered.joined(separator: "\n"),
        ]
    }

    private static func at(_ entry: JournalEntry?) -> String {
        entry.map { ", \($0.moment.russian)" } ?? ""
    }

    func withdrawals() throws {
        try section("5. Отозванные и неподтверждённые полномочия, выбывшие")
        let rows = roll.rows.filter {
            $0.person.hasLeft || [.withdrawn, .elected].contains($0.person.mandate.state)
        }
        let columns: [TextDocument.Column] = [
            .init(words.number, 1, alignment: .centre), .init("Фамилия, имя, отчество", 4),
            .init("Организация", 3.6), .init("Состояние", 2), .init("Проход", 2.8),
        ]
        try table(
            columns,
            rows.map { row in
                let state =
                    row.person.hasLeft
                    ? "выбыл из Профсоюза" : EventWords.state(row.person.mandate)
                let passed = row.admission.map { "был допущен \($0.moment.russian), не учтён" }
                return [row.number, row.name, Roll.title(row), state, passed ?? "не допускался"]
            },
            orSay: "Таких нет."
        )
    }

    func bases() throws {
        try section("6. Основания допуска")
        let admitted = roll.rows.compactMap { row in row.admission.map { (row, $0) } }
        let byBasis = Dictionary(grouping: admitted) { AdmissionBasis($0.1) }
        let columns: [TextDocument.Column] = [
            .init("Основание первого допуска", 6),
            .init("Решающий голос", 1.6, alignment: .centre),
            .init("Совещательный голос", 1.9, alignment: .centre),
            .init("Приглашённые", 1.7, alignment: .centre),
        ]
        let rows = AdmissionBasis.allCases.filter { $0 != .unknown || byBasis[$0] != nil }.map {
            basis in
            [basis.long + (basis.isFlagged ? " *" : "")]
                + Participation.allCases.map { kind in
                    "\((byBasis[basis] ?? []).count { $0.0.participation == kind })"
                }
        }
        try document.table(columns, rows)
        try document.paragraph(
            "* Личность установлена не подписью билета, а человеком. Подсчёт по людям; делегат и "
                + "его замена — один мандат.",
            size: 8.5
        )
        let stale = admitted.count { $0.1.outcome == .okStatusStale }
        if stale > 0 {
            try document.paragraph(
                "Допущено по списку блокировок старше его срока обновления: \(stale)."
            )
        }
        try byHand(admitted)
    }

    private func byHand(_ admitted: [(Roll.Row, JournalEntry)]) throws {
        let rows = admitted.filter { AdmissionBasis($0.1).isByHand || $0.1.bySupervisor }
            .sorted { ($0.1.time, $0.1.place) < ($1.1.time, $1.1.place) }
        guard !rows.isEmpty else { return }
        try document.paragraph("Допущены решением человека:", font: "bold")
        let columns: [TextDocument.Column] = [
            .init(words.number, 1, alignment: .centre), .init("Фамилия, имя, отчество", 3.4),
            .init("Основание", 1.9), .init("Время (мск), станция", 2.3), .init("Причина", 2.8),
            .init("Кто допустил", 1.8),
        ]
        try document.table(
            columns,
            rows.map { row, entry in
                [
                    row.number, row.name, AdmissionBasis(entry).short,
                    "\(entry.moment.russian)\n\(entry.station)", Self.said(entry.reason),
                    Self.said(entry.operatorName),
                ]
            }
        )
    }

    static func said(_ text: String) -> String { text.isEmpty ? "не указано" : text }
}
