import EventStation
import Foundation
import TicketSeal
import Testing
import UnionTicket

@Suite("Lists of an event")
struct PaperListsTests {
    private static func pages(
        _ papers: EventPapers,
        _ write: PapersTests.Write
    ) throws -> [String] {
        try PaperTools.withScratch { scratch in
            _ = try write(papers)(scratch + "/list.pdf")
            _ = try PaperTools.run("qpdf", ["--check", scratch + "/list.pdf"])
            #expect(try PaperTools.rightEdge(scratch + "/list.pdf") <= 192 / 25.4 * 72 + 0.5)
            return try PaperTools.pages(scratch + "/list.pdf")
        }
    }

    @Test func `the registration list has everybody once, by organisation, with time and ground`()
        throws
    {
        let papers = try PaperEvent.conference().papers()
        let pages = try Self.pages(papers) { $0.attendance }
        let text = pages.joined(separator: " ")
        for number in 1...259 {
            #expect(text.ranges(of: PaperEvent.name(number)).count == 1)
        }
        for sentence in [
            "77-001 Территориальная организация № 1 — зарегистрировано 18 из 19",
            "13 \(PaperEvent.name(13)) 21.11.2026 карта 09:02:10",
            "\(PaperEvent.name(39)) 21.11.2026 телефон",
            "\(PaperEvent.name(246)) 21.11.2026 документ *",
            "\(PaperEvent.name(247)) — не зарегистрирован",
            "Делегаты с решающим голосом: зарегистрировано 246 (двести сорок шесть) из 257.",
            "Делегаты с совещательным голосом: зарегистрировано 9 (девять) из 10.",
            "Приглашённые: зарегистрировано 4 (четыре) из 5.",
        ] {
            #expect(text.contains(sentence), "«\(sentence)» in: \(text)")
        }
        // A reserve delegate and a guest who stayed away are on no registration list.
        #expect(!text.contains(PaperEvent.name(1201)))
        #expect(!text.contains(PaperEvent.name(1105)))
    }

    @Test func `a withdrawn delegate who got in is shown and not counted`() throws {
        var event = try PaperEvent(elected: 2)
        try event.add(1, .decisive, mandate: 1)
        try event.add(2, .decisive, mandate: 2, state: .withdrawn)
        try event.open()
        try event.pass(2, 0, second: 60, .mandateNotConfirmed, forced: "По ошибке")
        let papers = try event.papers()
        let list = try Self.pages(papers) { $0.attendance }.joined(separator: " ")
        #expect(list.contains("решение старшего *"))
        #expect(list.contains("мандат отозван"))
        #expect(list.contains("зарегистрировано 0 (ноль) из 1."))
        let minutes = try Self.pages(papers) { $0.minutes }.joined(separator: " ")
        #expect(minutes.contains("был допущен"))
        #expect(minutes.contains("Зарегистрировано 0 0 0"))
    }

    @Test func `a thousand people go over pages that all have a heading and a number`() throws {
        var event = try PaperEvent(kind: .assembly, elected: 1000)
        for number in 1...1000 { try event.add(number, .decisive, mandate: number) }
        try event.open()
        for number in 1...1000 { try event.pass(number, number % 2, second: number) }
        let pages = try Self.pages(try event.papers()) { $0.attendance }
        #expect(pages.count > 30)
        for (index, page) in pages.enumerated() {
            #expect(page.contains("№ Фамилия, имя, отчество"))
            #expect(page.hasSuffix("Явочный лист · \(index + 1)"))
        }
        let text = pages.joined(separator: " ")
        for number in 1...1000 { #expect(text.contains(PaperEvent.name(number))) }
        #expect(text.contains("зарегистрировано 1000 (одна тысяча) из 1000."))
        #expect(text.contains("Всего листов: \(pages.count) ("))
        #expect(text.contains("(продолжение)"))
    }

    @Test func `the blank list has who may come, the reserve and who may not, and no times`() throws
    {
        let papers = try PaperEvent.conference().papers()
        let text = try Self.pages(papers) { $0.blankList }.joined(separator: " ")
        for sentence in [
            "Делегаты с решающим голосом: 258", "Делегаты с совещательным голосом: 10",
            "Приглашённые: 5", "Резерв: допускается по решению мандатной комиссии: 3",
            "Не допускаются без решения мандатной комиссии: 2", "— отозван",
            "\(PaperEvent.name(7)) (есть замена)",
            "\(PaperEvent.name(900)) (замена)",
            PaperEvent.name(1201), PaperEvent.name(1105), "173 (сто семьдесят три)", "Отметки вёл",
        ] {
            #expect(text.contains(sentence), "«\(sentence)» in: \(text)")
        }
        #expect(!text.contains("09:00:30"))
    }

    @Test func `the same input gives the same bytes`() throws {
        let event = try PaperEvent.conference()
        let writes: [PapersTests.Write] = [{ $0.minutes }, { $0.attendance }, { $0.blankList }]
        try PaperTools.withScratch { scratch in
            for write in writes {
                let files = try ["a", "b"].map {
                    try write(try event.papers())("\(scratch)/\($0).pdf")
                }
                #expect(files[0].sha256 == files[1].sha256)
            }
        }
        #expect(try event.papers().attendanceCSV() == event.papers().attendanceCSV())
    }

    @Test(arguments: [
        String(repeating: "Ы", count: 200),
        Array(repeating: String(repeating: "Ы", count: 20), count: 10).joined(separator: "-"),
        Array(repeating: String(repeating: "Ы", count: 20), count: 10).joined(separator: " "),
        String(repeating: "Ы", count: 200) + "\u{0}\u{7}\n\u{202E}\t\u{FFFF}",
    ])
    func `a name of any length stays in its column`(name: String) throws {
        var event = try PaperEvent(elected: 1, title: name)
        event.rules.place = name
        try event.add(1, .decisive, mandate: 1, name: name)
        try event.open()
        try event.pass(1, 0, second: 1, .suspended, .signedData, forced: name)
        for write in [{ $0.attendance }, { $0.blankList }] as [PapersTests.Write] {
            let text = try Self.pages(try event.papers(), write).joined(separator: " ")
            // Title, place and the list; the footer's title is cut short.
            #expect(text.count { $0 == "Ы" } >= 600)
        }
        let text = try Self.pages(try event.papers()) { $0.minutes }.joined(separator: " ")
        #expect(text.count { $0 == "Ы" } >= 800)
    }

    @Test func `the table has a mark at its beginning, semicolons, and no formulas`() throws {
        var event = try PaperEvent(elected: 3)
        try event.add(1, .decisive, mandate: 1, name: "=HYPERLINK(\"http://example.org\";\"x\")")
        try event.add(2, .guest, mandate: 0, name: "Иванова; Анна")
        try event.open()
        try event.pass(1, 0, second: 61, .ok, .presentation)
        let bytes = try event.papers().attendanceCSV()
        #expect(Array(bytes.prefix(3)) == [0xEF, 0xBB, 0xBF])
        let lines = String(decoding: bytes.dropFirst(3), as: UTF8.self)
            .split(separator: "\r\n").map(String.init)
        #expect(
            lines == [
                "\"мандат\";\"фамилия имя отчество\";\"код организации\";\"организация\";\"голос\";"
                    + "\"состояние мандата\";\"замена\";\"выбыл\";\"первый вход (мск)\";\"станция\";"
                    + "\"запись\";\"основание\";\"по решению человека\";\"причина\";\"присутствует\"",
                "\"1\";\"'=HYPERLINK(\"\"http://example.org\"\";\"\"x\"\")\";\"77-002\";"
                    + "\"Территориальная организация № 2\";\"решающий\";\"подтверждён\";\"нет\";\"нет\";"
                    + "\"21.11.2026 09:01:01\";\"A\";\"1\";\"телефон\";\"нет\";\"\";\"да\"",
                "\"\";\"Иванова; Анна\";\"77-003\";\"Территориальная организация № 3\";"
                    + "\"приглашённый\";\"подтверждён\";\"нет\";\"нет\";\"\";\"\";\"\";\"\";\"нет\";"
                    + "\"\";\"нет\"",
            ]
        )
    }
}
