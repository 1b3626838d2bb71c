import CardLayout
import UnionTicket

/// The appendix to the minutes: what was counted and what it rests on, section by section.
struct MinutesPaper {
    let papers: EventPapers
    let document: TextDocument

    init(_ papers: EventPapers, _ document: TextDocument) {
        (self.papers, self.document) = (papers, document)
    }

    var rules: EventRules { papers.rules }
    var words: EventWords { papers.words }
    var roll: Roll { papers.roll }
    var turnout: Turnout { papers.turnout }
    var journals: JournalSet { papers.gathering.journals }

    func write() throws {
        try title()
        try attendance()
        try quorum()
        try organisations()
        try substitutions()
        try withdrawals()
        try bases()
        try duplicates()
        try annulments()
        try stations()
        try limits()
        try document.signatures(words.signers)
        try document.sheetCount()
    }

    private func title() throws {
        try document.paragraph("Приложение № ______", size: 9.5, alignment: .right)
        for line in words.appendix {
            try document.paragraph(line, size: 9.5, alignment: .right)
        }
        try document.paragraph(
            "от «____» ______________ 20____ г.",
            size: 9.5,
            alignment: .right
        )
        try document.space(5)
        try document.heading("СВЕДЕНИЯ О РЕГИСТРАЦИИ И КВОРУМЕ", size: 14, alignment: .centre)
        try document.facts(
            papers.facts + [
                papers.snapshotFact, ("По состоянию на", "\(papers.issuedAt.russian)"),
            ]
        )
        if papers.issuedAt < rules.endsAt {
            try document.paragraph(
                "Сведения промежуточные: составлены до окончания \(words.genitive)."
            )
        }
    }

    private func attendance() throws {
        try section("1. Состав и регистрация")
        let columns: [TextDocument.Column] = [
            .init("Показатель", 5.6), .init("Решающий голос", 1.6, alignment: .centre),
            .init("Совещательный голос", 1.9, alignment: .centre),
            .init("Приглашённые", 1.7, alignment: .centre),
        ]
        try document.table(columns, attendanceRows, size: 9)
        let count = turnout.registered
        let share = Percentage.text(count, of: base)
        try document.paragraph(
            "Зарегистрировано \(words.people) с решающим голосом: \(RussianNumeral.both(count)) из "
                + "\(RussianNumeral.both(base)), что составляет \(share).",
            font: "bold"
        )
    }

    /// Of how many the threshold is a share.
    var base: Int { papers.gathering.quorum(unheard: []).total }

    private var attendanceRows: [[String]] {
        let everybody = words.hasDelegates ? rules.electedTotal : rules.onRecordTotal
        let first = [words.everybody, everybody > 0 ? "\(everybody)" : "—", "—", "—"]
        let substituted = row("в том числе с заменой делегата", \.substituted)
        return [
            first, row("Внесено в список", \.listed),
            row("Полномочия подтверждены", \.confirmed),
        ] + (words.hasDelegates ? [substituted] : []) + [
            row("Полномочия не подтверждены", \.unconfirmed),
            row("Полномочия отозваны", \.withdrawn), row("Выбыли из Профсоюза", \.left),
            row("Зарегистрировано", \.registered),
            row("Не зарегистрировано из подтверждённых") { $0.confirmed - $0.registered },
        ]
    }

    private func row(_ title: String, _ value: (Turnout.Figures) -> Int) -> [String] {
        [title] + Participation.allCases.map { "\(turnout.figures[$0].map(value) ?? 0)" }
    }

    private func organisations() throws {
        try section("3. Представительство организаций")
        let all = turnout.organisations
        let absent = all.filter { $0.registered == 0 }
        let total = rules.organisationsTotal > 0 ? rules.organisationsTotal : all.count
        try document.paragraph(
            "Организаций, от которых зарегистрирован хотя бы один решающий голос: "
                + "\(turnout.represented) из \(total). Не представлены из списка: \(absent.count)."
        )
        let columns: [TextDocument.Column] = [
            .init("Организация", 6), .init("Подтверждено", 1.5, alignment: .centre),
            .init("Зарегистрировано", 1.8, alignment: .centre),
            .init("Доля", 1.3, alignment: .centre),
        ]
        try document.table(
            columns,
            all.map {
                [
                    $0.title, "\($0.confirmed)", "\($0.registered)",
                    Percentage.text($0.registered, of: $0.confirmed),
                ]
            }
        )
    }

    /// A section's heading with room for what it heads.
    func section(_ title: String) throws {
        try document.keep(26)
        try document.space(2)
        try document.heading(title, size: 11.5)
    }

    /// A table, or a sentence where there is nothing.
    func table(
        _ columns: [TextDocument.Column],
        _ rows: [[String]],
        orSay nothing: String
    ) throws {
        if rows.isEmpty {
            try document.paragraph(nothing)
        } else {
            try document.table(columns, rows)
        }
    }
}

extension EventPapers {
    /// All entries of a kind in the one order of all stations.
    func entries(_ kind: JournalEntry.Kind) -> [JournalEntry] {
        let journals = gathering.journals
        return journals.ordered(
            journals.stations.flatMap { station in
                journals.entries(of: station).filter { $0.kind == kind }.map(\.place)
            }
        )
    }
}
