import CardLayout
import UnionTicket

/// The list for marks by hand: works without stations, network and power.
struct BlankPaper {
    private let papers: EventPapers
    private let document: TextDocument

    init(_ papers: EventPapers, _ document: TextDocument) {
        (self.papers, self.document) = (papers, document)
    }

    func write() throws {
        try document.heading("СПИСОК ДЛЯ ОТМЕТОК ВРУЧНУЮ", size: 14, alignment: .centre)
        try document.facts(
            papers.facts + [papers.snapshotFact, ("Напечатан", papers.issuedAt.russian)]
        )
        try document.paragraph(
            "Применяется, когда станции не работают. Отметьте время входа, документ и получите "
                + "подпись; уход отметьте в графе «Выход». После мероприятия сдайте лист в "
                + (papers.words.hasDelegates ? "мандатную комиссию." : "секретариат.")
        )
        let rows = papers.roll.rows.filter { $0.person.mandate.state != .reserve }
        let admitted = rows.filter { $0.person.mandate.state.admits && !$0.person.hasLeft }
        let refused = rows.filter { !$0.person.mandate.state.admits || $0.person.hasLeft }
        let people = papers.words.hasDelegates ? "Делегаты" : "Участники"
        try list("\(people) с решающим голосом", admitted.filter { $0.participation == .decisive })
        try list(
            "\(people) с совещательным голосом",
            admitted.filter { $0.participation == .advisory }
        )
        try list("Приглашённые", admitted.filter { $0.participation == .guest })
        try list("Резерв: допускается по решению \(decider)", papers.roll.reserve)
        try list("Не допускаются без решения \(decider)", refused, showsState: true)
        try additions()
        try totals(admitted)
    }

    private var columns: [TextDocument.Column] {
        [
            .init(papers.words.number, 1.1, alignment: .centre),
            .init("Фамилия, имя, отчество", 4.6),
            .init("Вход", 1.1, alignment: .centre), .init("Выход", 1.1, alignment: .centre),
            .init("Билет или документ", 2.1), .init("Подпись", 2.2),
        ]
    }

    private var decider: String { papers.words.decider }

    /// Lines for people who are on no list.
    private static let spareLines = 6

    private func list(
        _ title: String,
        _ rows: [Roll.Row],
        showsState: Bool = false
    ) throws {
        guard !rows.isEmpty else { return }
        try document.keep(40)
        try document.heading("\(title): \(rows.count)", size: 11.5)
        try document.beginTable(columns, rowHeight: 8.5)
        for run in Roll.runs(rows) {
            if let first = run.first { try document.band("\(Roll.title(first)) — \(run.count)") }
            for row in run { try document.row(Self.cells(row, showsState)) }
        }
        document.endTable()
    }

    private static func cells(_ row: Roll.Row, _ showsState: Bool) -> [String] {
        var name = row.name
        if row.person.mandate.isSubstitute { name += " (замена)" }
        if row.person.mandate.state == .substituted { name += " (есть замена)" }
        if showsState {
            let state = row.person.hasLeft ? "выбыл" : EventWords.state(row.person.mandate)
            name += " — \(state)"
        }
        return [row.number, name, "", "", "", ""]
    }

    private func additions() throws {
        try document.keep(85)
        try document.heading("Допущены по решению \(decider), в списке нет", size: 11.5)
        try document.beginTable(columns, rowHeight: 8.5)
        for _ in 0..<Self.spareLines { try document.row(columns.map { _ in "" }) }
        document.endTable()
    }

    private func totals(_ rows: [Roll.Row]) throws {
        let mandates = Set(
            rows.filter(\.person.counts).map(\.person.mandate.number)
        ).count
        try document.paragraph(
            "Подтверждённых мандатов с решающим голосом: \(RussianNumeral.both(mandates)). "
                + "Для кворума необходимо \(papers.words.threshold(papers.rules.threshold)): "
                + "\(RussianNumeral.both(papers.gathering.quorum(unheard: []).needed)).",
            font: "bold"
        )
        try document.paragraph(
            "Вошло с решающим голосом: __________   вышло: __________   присутствует: __________"
        )
        try document.signatures([papers.words.signers.first ?? "", "Отметки вёл"])
        try document.sheetCount()
    }
}
