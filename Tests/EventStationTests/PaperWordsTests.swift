import CardLayout
import Testing
import UnionTicket

@testable import EventStation

@Suite("Words and figures of papers")
struct PaperWordsTests {
    @Test(arguments: [
        (0, "ноль"), (1, "один"), (2, "два"), (11, "одиннадцать"), (19, "девятнадцать"),
        (20, "двадцать"), (101, "сто один"), (130, "сто тридцать"), (173, "сто семьдесят три"),
        (246, "двести сорок шесть"), (259, "двести пятьдесят девять"),
        (999, "девятьсот девяносто девять"),
        (1000, "одна тысяча"), (1002, "одна тысяча два"), (2000, "две тысячи"),
        (11_000, "одиннадцать тысяч"), (12_012, "двенадцать тысяч двенадцать"),
        (21_000, "двадцать одна тысяча"), (42_300, "сорок две тысячи триста"),
        (1_000_000, "один миллион"),
        (3_939_112, "три миллиона девятьсот тридцать девять тысяч сто двенадцать"),
        (-5, "-5"), (1_000_000_000, "1000000000"), (Int.min, "\(Int.min)"),
    ])
    func `numbers are written in words`(number: Int, words: String) {
        #expect(RussianNumeral.words(number) == words)
    }

    @Test(arguments: [
        (246, 259, "94,98 %"), (173, 259, "66,80 %"), (172, 259, "66,41 %"), (0, 259, "0,00 %"),
        (259, 259, "100,00 %"), (1, 3, "33,33 %"), (2, 3, "66,67 %"), (1, 8, "12,50 %"),
        (1, 200, "0,50 %"), (3, 0, "—"), (-1, 5, "—"),
    ])
    func `shares are in per cent with two decimals`(part: Int, whole: Int, text: String) {
        #expect(Percentage.text(part, of: whole) == text)
    }

    @Test func `a frozen quorum is read as the station wrote it`() throws {
        var event = try PaperEvent(elected: 3)
        event.gates = [Gate(name: "A"), Gate(name: "B")]
        for number in 1...3 { try event.add(number, .decisive, mandate: number) }
        try event.open()
        for number in 1...2 { try event.pass(number, 0, second: number) }
        let entry = event.posts[0].freeze(unheard: [Gate(name: "B")], PaperEvent.reading(9))
        let frozen = try #require(FrozenQuorum(entry.reason))
        #expect(frozen.interval == PresenceInterval(min: 0, max: 3))
        #expect(frozen.total == 3)
        #expect(frozen.needed == 2)
        #expect(frozen.verdict == .cannotBeAsserted)
        #expect(frozen.heads == ["A:2"])
    }

    @Test(arguments: [
        ("A:1,B:2", ["A:1", "B:2"]), ("Вход 3, запасной:7,B:2", ["Вход 3, запасной:7", "B:2"]),
        ("", []), ("A", ["A"]), ("a:b:9", ["a:b:9"]),
    ])
    func `heads of journals are told apart`(text: String, heads: [String]) throws {
        let reason = "min=1 max=2 total=3 needed=2 verdict=holds journals=\(text)"
        #expect(try #require(FrozenQuorum(reason)).heads == heads)
    }

    @Test(arguments: [
        "", "journals=", "min=1 max=2 total=3 needed=2 verdict=holds",
        "min=1 max=2 total=3 needed=2 verdict=perhaps journals=A:1",
        "min=-1 max=2 total=3 needed=2 verdict=holds journals=A:1",
        "min=1 max=99999999999999999999 total=3 needed=2 verdict=holds journals=A:1",
        "max=2 total=3 needed=2 verdict=holds journals=A:1",
    ])
    func `what is no frozen quorum is not read as one`(reason: String) {
        #expect(FrozenQuorum(reason) == nil)
    }

    @Test(arguments: [
        (1, "делегат"), (2, "делегата"), (5, "делегатов"), (11, "делегатов"), (21, "делегат"),
        (112, "делегатов"), (104, "делегата"),
    ])
    func `a noun takes the form its number asks for`(number: Int, noun: String) {
        #expect(RussianNumeral.form(number, "делегат", "делегата", "делегатов") == noun)
    }
}
