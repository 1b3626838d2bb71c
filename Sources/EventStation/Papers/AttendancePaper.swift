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

    private static let columns: [TextDocument.Column] = [
        .init("Мандат", 1.1, alignment: .centre), .init("Фамилия, имя, отчество", 5),
        .init("Первый вход (мск)", 1.7, alignment: .centre), .init("Основание", 2.4),
        .init("Подпись", 2.6),
    ]

    private func list(_ participation: Participation) throws {
        let all = papers.roll.rows(participation)
        // Guests who stayed away are nobody's concern.
        let rows = participation == .guest ? all.filter(\.isRegistered) : all
        guard !rows.isEmpty else { return }
        try document.keep(40)
        try document.heading(title(participation), size: 11.5)
        try document.beginTable(Self.columns, rowHeight: 8.5)
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
        let count = rows.count(where: \.isRegistered)
        try document.band("\(Roll.title(first)) — зарегистрировано \(count) из \(rows.count)")
        for row in rows { try document.row(Self.cells(row)) }
    }

    private static func cells(_ row: Roll.Row) -> [String] {
        let mandate = row.person.mandate
        let name = mandate.isSubstitute ? row.name + " (замена)" : row.name
        guard let entry = row.admission else {
            let state = row.person.hasLeft ? "выбыл из Профсоюза" : EventWords.state(mandate)
            let reason = row.person.counts || mandate.state.admits ? "" : "\nмандат \(state)"
            return [row.number, name, "—", "не зарегистрирован" + reason, ""]
        }
        let basis = AdmissionBasis(entry)
        return [
            row.number, name, entry.moment.russian,
            basis.short + (basis.isFlagged ? " *" : ""), "",
        ]
    }

    private func totals() throws {
        try document.keep(24)
        for participation in Participation.allCases {
            let rows = papers.roll.rows(participation)
            let count = rows.count(where: \.isRegistered)
            guard !rows.isEmpty else { continue }
            try document.paragraph(
                "\(title(participation)): зарегистрировано человек — "
                    + "\(RussianNumeral.both(count)), в списке — \(rows.count).",
                font: "bold"
            )
        }
        try document.paragraph(
            "Мандатов с решающим голосом зарегистрировано: "
                + "\(RussianNumeral.both(papers.turnout.registered)).",
            font: "bold"
        )
        try document.paragraph(
            "* Личность установлена по документу или решением старшего, а не подписью билета.",
            size: 8.5
        )
    }
}
