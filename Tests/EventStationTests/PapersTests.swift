import EventStation
import Foundation
import TicketSeal
import Testing
import UnionTicket

@Suite("Papers of an event")
struct PapersTests {
    typealias Write = (EventPapers) -> (String) throws -> Manifest.File
    /// The right margin, points.
    private static let margin = 192 / 25.4 * 72 + 0.5

    /// The pages of a paper, after others' tools have found the file sound.
    private static func pages(_ papers: EventPapers, _ write: Write) throws -> [String] {
        try PaperTools.withScratch { scratch in
            let path = scratch + "/paper.pdf"
            let file = try write(papers)(path)
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(file.bytes == bytes.count)
            #expect(file.sha256 == Hex.text(SHA256Digest.of(Array(bytes))))
            let verdict = try PaperTools.run("qpdf", ["--check", path])
            #expect(verdict.contains("No syntax or stream encoding errors found"))
            #expect(try PaperTools.rightEdge(path) <= margin)
            return try PaperTools.pages(path)
        }
    }

    private static func expect(
        _ sentences: [String],
        in papers: EventPapers,
        _ write: Write = { $0.minutes }
    ) throws {
        let text = try pages(papers, write).joined(separator: " ")
        for sentence in sentences { #expect(text.contains(sentence), "«\(sentence)» in: \(text)") }
    }

    @Test func `the minutes say what a commission counts`() throws {
        try Self.expect(
            [
                "к протоколу № ______ мандатной комиссии конференции", "XII конференция",
                "г. Москва, Ленинский проспект", "21.11.2026 10:00–17:00 (время московское)",
                "снимок № 4 от 21.11.2026 08:00:00", "По состоянию на 21.11.2026 11:00:00",
                "составлены до окончания конференции", "Избрано делегатов 259 — —",
                "Внесено в список 259 10 5", "Полномочия подтверждены 257 10 5",
                "в том числе с заменой делегата 1 0 0", "Полномочия не подтверждены 1 0 0",
                "Полномочия отозваны 1 0 0", "Зарегистрировано 246 9 4",
                "Не зарегистрировано из подтверждённых 11 1 1",
                "246 (двести сорок шесть) из 259 (двести пятьдесят девять), "
                    + "что составляет 94,98 %",
                "не менее двух третей (2/3) от числа избранных делегатов: "
                    + "173 (сто семьдесят три)",
                "По числу зарегистрированных (246) условие выполнено.",
                "решающий голос: 13 из 13", "В резерве, человек: 3.",
                "Председатель мандатной комиссии", "Секретарь мандатной комиссии",
                "Члены мандатной комиссии", "Всего листов: 3 (три).",
            ],
            in: try PaperEvent.conference().papers()
        )
    }

    @Test func `the minutes say what the count rests on`() throws {
        try Self.expect(
            [
                // the quorum as it was fixed
                "21.11.2026 A, № 133 246 – 246 173 из 259 кворум имеется", "10:01:40 (94,98 %)",
                "A:132; B:131",
                // grounds, with reasons where a person decided
                "карта, подпись проверена 144 8 0", "чип доказал подлинность 5 0 0",
                "на телефоне, подпись проверена 72 0 0", "Карта прежнего образца", "24 0 0",
                "UID билета и документ * 0 0 4", "удостоверяющий личность (без билета) * 1 0 0",
                "вопреки отказу станции * 0 1 0", "Паспорт 45 предъявлен", "Смирнов",
                "Решение комиссии № 3",
                // duplicates with both places and times
                "21.11.2026 09:00:30 21.11.2026 09:53:20", "B, запись № 2 A, запись № 131",
                // annulments
                "A, запись № 130 A, запись № 129", "Отмечена не та делегатка",
                // stations
                "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b1c1d1e1f",
                "не сверен", "журнал не получен",
                // what is not known
                "Кто вошёл или вышел мимо них", "не получен от станций: Вход 3, запасной.",
                "могли записать больше: B.", "не менее 0 и не более 257 из 259; утверждать нельзя",
            ],
            in: try PaperEvent.conference().papers()
        )
    }

    @Test func `what no station can change any more is asserted`() throws {
        try Self.expect(
            ["момент составления: 246 из 259; кворум имеется."],
            in: try PaperEvent.conference().papers(unheard: [])
        )
    }

    @Test func `a substitution names both people and who came`() throws {
        let came = PaperEvent.name(900)
        try Self.expect(
            [PaperEvent.name(7), came, "09:43:20"],
            in: try PaperEvent.conference().papers()
        )
        try Self.expect(
            ["\(PaperEvent.name(7)) — заменён", "\(came) (замена)"],
            in: try PaperEvent.conference().papers()
        ) { $0.attendance }
    }

    @Test func `a journal that others have seen further is called incomplete`() throws {
        var event = try PaperEvent()
        for number in 1...3 { try event.add(number, .decisive, mandate: number) }
        try event.open()
        for number in 1...3 { try event.pass(number, 1, second: number * 60) }
        event.meet()
        let all = try event.gathering()
        var partial = Gathering(all.snapshot)
        for entry in all.journals.entries(of: "B").prefix(1) { partial.add(entry) }
        for entry in all.journals.entries(of: "A") { partial.add(entry) }
        let papers = EventPapers(partial, people: [], issuedAt: PaperEvent.issuedAt)
        try Self.expect(
            ["не получены: B, № 2–3.", "Имя не сообщено, человек в списке: 3."],
            in: papers
        )
    }

    @Test(arguments: [
        (EventKind.assembly, "ЯВОЧНЫЙ ЛИСТ", "Председательствующий", "более половины (1/2)"),
        (.session, "ЯВОЧНЫЙ ЛИСТ", "Председательствующий", "членов выборного органа"),
        (.conference, "ЛИСТ РЕГИСТРАЦИИ ДЕЛЕГАТОВ", "Председатель мандатной", "двух третей (2/3)"),
        (.congress, "ЛИСТ РЕГИСТРАЦИИ ДЕЛЕГАТОВ", "Председатель мандатной", "двух третей (2/3)"),
    ])
    func `every kind has its own words`(
        kind: EventKind,
        list: String,
        signer: String,
        threshold: String
    ) throws {
        var event = try PaperEvent(kind: kind, elected: 3)
        for number in 1...3 { try event.add(number, .decisive, mandate: number) }
        try event.open()
        try event.pass(1, 0, second: 1)
        let papers = try event.papers()
        try Self.expect([list, signer], in: papers) { $0.attendance }
        try Self.expect(
            [signer, threshold, "1 (один) из 3 (три), что составляет 33,33 %", "не выполнено"],
            in: papers
        )
    }

    @Test func `the share of organisations is a condition of its own`() throws {
        var event = try PaperEvent(elected: 4)
        event.rules.organisationShare = QuorumThreshold(1, 2, .moreThan, of: .elected)
        event.rules.organisationsTotal = 4
        for number in 1...4 { try event.add(number, .decisive, mandate: number) }
        try event.open()
        for number in 1...2 { try event.pass(number, 0, second: number) }
        try Self.expect(
            [
                "более половины (1/2) организаций, то есть 3 (три) из 4",
                "Представлено 2 (два): условие не выполнено.",
            ],
            in: try event.papers()
        )
    }
}
