import CardLayout
import UnionTicket

/// The section on the quorum: what was needed, who registered, who is inside, what was fixed when.
extension MinutesPaper {
    func quorum() throws {
        try section("2. Кворум")
        let needed = rules.threshold.least(of: base)
        try document.paragraph(
            "Для кворума необходимо \(words.threshold(rules.threshold)): "
                + "\(RussianNumeral.both(needed)) из \(RussianNumeral.both(base))."
        )
        let isMet = rules.threshold.isMet(turnout.registered, of: base)
        try document.paragraph(
            "По числу зарегистрированных (\(turnout.registered)) условие "
                + (isMet ? "выполнено." : "не выполнено."),
            font: "bold"
        )
        if let share = rules.organisationShare { try organisationCondition(share) }
        try document.paragraph(presence)
        try freezes()
    }

    private func organisationCondition(_ share: QuorumThreshold) throws {
        let total = rules.organisationsTotal
        let isMet = share.isMet(turnout.represented, of: total)
        try document.paragraph(
            "Второе условие: представлено \(words.share(share)) организаций, то есть "
                + "\(RussianNumeral.both(share.least(of: total))) из \(total). Представлено "
                + "\(RussianNumeral.both(turnout.represented)): условие "
                + (isMet ? "выполнено." : "не выполнено."),
            font: "bold"
        )
    }

    /// Who is inside at the moment of the paper, as an interval.
    private var presence: String {
        let report = papers.gathering.quorum(unheard: papers.unheard)
        var text =
            "Присутствие по всем полученным журналам на момент составления: "
            + "\(Self.text(report.interval)) из \(report.total); \(EventWords.verdict(report.verdict))."
        if !report.blocking.isEmpty {
            text +=
                " Границы зависят от станций, которые не закрыты: "
                + report.blocking.joined(separator: ", ") + "."
        }
        return text
    }

    private static func text(_ interval: PresenceInterval) -> String {
        interval.min == interval.max
            ? "\(interval.min)" : "не менее \(interval.min) и не более \(interval.max)"
    }

    private func freezes() throws {
        let entries = papers.entries(.freeze)
        guard !entries.isEmpty else {
            try document.paragraph("Кворум перед голосованием на станциях не фиксировался.")
            return
        }
        try document.paragraph("Кворум, зафиксированный перед голосованиями (записи подписаны):")
        let columns: [TextDocument.Column] = [
            .init("Время (мск)", 2.1), .init("Станция, запись", 2.2),
            .init("Присутствуют, не менее – не более", 2.1, alignment: .centre),
            .init("Необходимо", 1.6, alignment: .centre), .init("Вывод", 2),
            .init("По журналам (станция:последняя запись)", 3.6),
        ]
        try document.table(columns, entries.map(Self.freeze))
    }

    private static func freeze(_ entry: JournalEntry) -> [String] {
        let place = [entry.moment.russian, "\(entry.station), № \(entry.sequence)"]
        guard let frozen = FrozenQuorum(entry.reason) else {
            return place + ["—", "—", "запись не разобрана", entry.reason]
        }
        let (least, most) = (frozen.interval.min, frozen.interval.max)
        let share = Percentage.text(least, of: frozen.total)
        return place + [
            "\(least) – \(most)\n(\(share))", "\(frozen.needed) из \(frozen.total)",
            EventWords.verdict(frozen.verdict), frozen.heads.joined(separator: "; "),
        ]
    }
}
