import CardLayout
import TicketSeal
import UnionTicket

/// The sections on the journals: duplicates, annulments, stations, what is not known.
extension MinutesPaper {
    func duplicates() throws {
        try section("7. Повторные допуски, обнаруженные при сведении журналов")
        let columns: [TextDocument.Column] = [
            .init(words.number, 1, alignment: .centre), .init("Фамилия, имя, отчество", 4),
            .init("Учтён допуск", 3.4), .init("Не учтён допуск", 3.4),
        ]
        let rows = papers.gathering.duplicates.map { duplicate in
            let row = person(journals[duplicate.repeated]?.person)
            return [
                row?.number ?? "—", row?.name ?? "(нет в списке)", place(duplicate.canonical),
                place(duplicate.repeated),
            ]
        }
        try table(columns, rows, orSay: "Не обнаружены.")
        if !rows.isEmpty {
            try document.paragraph(
                "Каждый человек учтён один раз: повторный допуск в подсчёт не входит.",
                size: 8.5
            )
        }
    }

    private func place(_ place: EntryPlace) -> String {
        let time = journals[place].map { $0.moment.russian } ?? "—"
        return "\(time)\n\(place.station), запись № \(place.sequence)"
    }

    private func person(_ pseudonym: Pseudonym?) -> Roll.Row? {
        roll.rows.first { $0.person.pseudonym == pseudonym }
    }

    func annulments() throws {
        try section("8. Аннулированные записи")
        let columns: [TextDocument.Column] = [
            .init("Время (мск), станция", 2.6), .init("Аннулирована запись", 2.8),
            .init("Фамилия, имя, отчество", 3), .init("Причина", 3), .init("Кто", 1.8),
        ]
        let rows = papers.entries(.annulment).map(annulment)
        try table(columns, rows, orSay: "Аннулирований не было.")
    }

    private func annulment(_ entry: JournalEntry) -> [String] {
        let annulled = journals.entries(nonce: entry.nonce)
        let held = annulled.filter { journals.annuls(entry, $0) }
        let target =
            held.isEmpty
            ? "нет: просрочено или запись неизвестна"
            : held.map { place($0.place) }.joined(separator: "\n")
        let who = person(entry.person ?? annulled.compactMap(\.person).first)
        return [
            "\(entry.moment.russian)\n\(entry.station), запись № \(entry.sequence)", target,
            who?.name ?? "—", Self.said(entry.reason), Self.said(entry.operatorName),
        ]
    }

    func stations() throws {
        try section("9. Станции и журналы")
        let columns: [TextDocument.Column] = [
            .init("Станция", 2), .init("Назначение", 1.8),
            .init("Записей", 1.2, alignment: .centre), .init("Последняя запись (мск)", 2.2),
            .init("Закрыта", 1.2, alignment: .centre),
            .init("SHA-256 конца журнала", 4.6, isMono: true),
        ]
        try document.table(columns, stationNames.map(station), size: 8)
        try document.paragraph(
            "Записи каждой станции связаны хешами и подписаны её ключом: хеш конца журнала закрепляет "
                + "все записи до него.",
            size: 8.5
        )
    }

    private var stationNames: [String] {
        Set(papers.gathering.snapshot.gates.map(\.name) + journals.stations).sorted()
    }

    private func station(_ name: String) -> [String] {
        let gate = papers.gathering.snapshot.gates.first { $0.name == name }
        let last = journals.entries(of: name).last
        let head = papers.heads[name].map(Hex.text)
        return [
            name, gate.map { EventWords.profile($0.profile) } ?? "нет в снимке",
            "\(journals.last(of: name))", last?.moment.russian ?? "журнал не получен",
            journals.isClosed(name) ? "да" : "нет",
            head.map { "\($0.prefix(32))\n\($0.dropFirst(32))" } ?? "не сверен",
        ]
    }

    func limits() throws {
        try section("10. Чего журналы не доказывают")
        let sentences = unknowns
        for (index, sentence) in sentences.enumerated() {
            try document.paragraph("\(index + 1)) \(sentence)")
        }
    }

    /// What nobody may conclude from this paper; the first sentence always holds.
    private var unknowns: [String] {
        let silent = papers.gathering.snapshot.gates.map(\.name)
            .filter { journals.last(of: $0) == 0 }
        let open = papers.unheard.map(\.name).filter { !silent.contains($0) }.sorted()
        let leaps = papers.gathering.leaps.map { "\($0.station), № \($0.sequence)" }
        let undecided = roll.rows.count {
            $0.presence.mayBeInside && !$0.presence.isSurelyInside
        }
        let sentences: [(Bool, String)] = [
            (
                true,
                "Журналы показывают проходы через станции. Кто вошёл или вышел мимо них, из журналов "
                    + "не видно."
            ),
            (!silent.isEmpty, "Журнал не получен от станций: \(silent.joined(separator: ", "))."),
            (
                !open.isEmpty,
                "Станции не закрыты и могли записать больше: \(open.joined(separator: ", "))."
            ),
            (
                !missing.isEmpty,
                "Записи, о которых знают другие станции, не получены: "
                    + missing.joined(separator: "; ") + "."
            ),
            (
                undecided > 0,
                "Порядок входа и выхода не установлен из-за расхождения часов, человек: "
                    + "\(undecided); они учтены в наибольшем числе и не учтены в наименьшем."
            ),
            (
                !leaps.isEmpty,
                "Часы опережали часы других станций более чем на пять минут, записи: "
                    + leaps.joined(separator: "; ") + "."
            ),
            (
                !roll.strangers.isEmpty,
                "Допущены по другим снимкам и в этом списке не значатся, человек: "
                    + "\(roll.strangers.count); в подсчёт не вошли."
            ),
            (
                roll.namelessCount > 0,
                "Имя не сообщено, человек в списке: \(roll.namelessCount)."
            ),
        ]
        return sentences.filter(\.0).map(\.1)
    }

    /// Ends of journals that some station has seen and that are not at hand.
    private var missing: [String] {
        var known: [String: UInt64] = [:]
        let syncs = journals.stations.flatMap { journals.entries(of: $0) }.filter {
            $0.kind == .sync
        }
        for (station, mark) in syncs.flatMap(\.known) {
            known[station] = max(known[station] ?? 0, mark.sequence)
        }
        return known.filter { $0.value > journals.last(of: $0.key) }.keys.sorted().map {
            "\($0), № \(journals.last(of: $0) + 1)–\(known[$0] ?? 0)"
        }
    }
}
