import CardLayout
import UnionTicket

/// The list that people signed: who came, when, by what; by organisation.
struct AttendancePaper {
    private let papers: EventPapers
    private let document: TextDocument

    init(_ papers: EventPapers, _ document: TextDocument) {
        (self.papers, self.document) = (papers, document)
    }

    func write() throws {
        try document.heading(
            papers.words.listTitle.uppercased(),
            size: 14,
            alignment: .centre
        )
        try document.facts(
            papers.facts + [
                papers.snapshotFact, ("По состоянию на", papers.issuedAt.russian),
            ]
        )
        for participation in Participation.allCases { try list(participation) }
        try totals()
        try document.signatures(Array(papers.words.signers.prefix(2)))
        try document.sheetCount()
    }

    private var columns: [TextDocument.Column] {
        [
            .init(papers.words.number, 1.1, alignment: .centre),
            .init("Фамилия, имя, отчество", 5),
            .init("Первый вход (мск)", 1.7, alignment: .centre), .init("Основание", 2.4),
            .init("Подпись", 2.6),
        ]
    }

    private func list(_ participation: Participation) throws {
        let all = papers.roll.rows(participation)
        // Guests who stayed away are nobody's concern.
        let rows = participation == .guest ? all.filter(\.isRegistered) : all
        guard !rows.isEmpty else { return }
        try document.keep(40)
        try document.heading(title(participation), size: 11.5)
        try document.beginTable(columns, rowHeight: 8.5)
        for run in Roll.runs(rows) { try organisation(run) }
        document.endTable()
    }

    private func title(_ participation: Participation) -> String {
        let people = papers.words.hasDelegates ? "Делегаты" : "Участники"
        return switch participation {
        case .decisive: "\(people) с решающим голосом"
        case .advisory: "\(people) с совещательным голосом"
        case .guest: "Приглашённые"
        }
    }

    private func organisation(_ rows: [Roll.Row]) throws {
        guard let first = rows.first else { return }
        let figures = Turnout.figures(rows)
        try document.band(
            "\(Roll.title(first)) — зарегистрировано \(figures.registered) из \(figures.confirmed)"
        )
        for row in rows { try document.row(Self.cells(row)) }
    }

    private static func cells(_ row: Roll.Row) -> [String] {
        let mandate = row.person.mandate
        let name = mandate.isSubstitute ? row.name + " (замена)" : row.name
        guard let entry = row.admission else {
            let absence = mandate.state == .substituted ? "заменён" : "не зарегистрирован"
            return [
                row.number, name, "—", ([absence] + invalidity(row)).joined(separator: "\n"), "",
            ]
        }
        let basis = AdmissionBasis(entry)
        let words = [basis.short + (basis.isFlagged ? " *" : "")] + invalidity(row)
        return [row.number, name, entry.moment.russian, words.joined(separator: "\n"), ""]
    }

    /// Why a person does not count whether present or not.
    private static func invalidity(_ row: Roll.Row) -> [String] {
        let mandate = row.person.mandate
        if row.person.hasLeft { return ["выбыл из Профсоюза"] }
        return mandate.state.admits ? [] : ["мандат \(EventWords.state(mandate))"]
    }

    private func totals() throws {
        try document.keep(24)
        for participation in Participation.allCases {
            guard let figures = papers.turnout.figures[participation], figures.listed > 0 else {
                continue
            }
            try document.paragraph(
                "\(title(participation)): зарегистрировано "
                    + "\(RussianNumeral.both(figures.registered)) из \(figures.confirmed).",
                font: "bold"
            )
        }
        try document.paragraph(
            "Делегат и его замена считаются одним мандатом. * Личность установлена по документу или "
                + "решением старшего, а не подписью билета.",
            size: 8.5
        )
    }
}
