import Testing
import UnionTicket

@testable import Roster

@Suite struct `Faults under a caret` {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let shown: String?
        var testDescription: String { name }
    }

    private static let header = RosterFiles.headers.joined(separator: ";")

    static let cases: [Case] = [
        Case(
            name: "a quote that never ends",
            file: header + "\r\n10000014;\"Орлова;Анна\r\n",
            shown: "  2 | 10000014;\"Орлова;Анна\n    |          ^"
        ),
        Case(
            name: "a quote after cells that go over lines",
            file: header + "\r\n\"1\r\n2\";Орлова;\"Анна\r\n",
            shown: "  3 | 2\";Орлова;\"Анна\n    |           ^"
        ),
        Case(
            name: "a zero byte, made visible",
            file: header + "\r\n10000014;Ор\u{0}лова\t;Анна\r\n",
            shown: "  2 | 10000014;Ор␀лова␉;Анна\n    |          ^"
        ),
        Case(
            name: "a header that stands twice",
            file: "Фамилия;Имя;Фамилия;Дата рождения\r\n",
            shown: "  1 | Фамилия;Имя;Фамилия;Дата рождения\n    |             ^"
        ),
        Case(
            name: "a member that is no JSON",
            file: "{\"schema\":\"roster/1\",\n \"members\":[{\"last\":\"Ёлкина\", last}]}",
            shown: "  2 |  \"members\":[{\"last\":\"Ёлкина\", last}]}\n"
                + "    |                               ^"
        ),
        Case(
            name: "JSON that ends too early",
            file: "{\"schema\":\"roster/1\",\"members\":[{\"last\":\"",
            shown: "  1 | {\"schema\":\"roster/1\",\"members\":[{\"last\":\"\n"
                + "    |                                          ^"
        ),
        Case(
            name: "a long line, cut on both sides",
            file: "{\"schema\":\"roster/1\",\"x\":\"" + String(repeating: "я", count: 20_000)
                + "\",\"members\":!" + String(repeating: "z", count: 99),
            shown: "  1 | …" + String(repeating: "я", count: 38) + "\",\"members\":!"
                + String(repeating: "z", count: 29) + "\n    | "
                + String(repeating: " ", count: 51) + "^"
        ),
        Case(name: "no header at all", file: "Иванов;Иван\n", shown: nil),
    ]

    @Test(arguments: cases)
    func `the faulty line is shown verbatim`(_ item: Case) throws {
        let shown = try RosterFiles.with(item.file.utf8) { path -> String? in
            do throws(RosterError) {
                let reader = try RosterReader.open(path, today: RosterFiles.today)
                while try !reader.next(1000).isEmpty {}
                return "no fault"
            } catch { return FaultLine(error, in: path)?.text }
        }
        #expect(shown == item.shown)
    }

    @Test(arguments: [0, 262_100, 262_143, 262_144, 300_000])
    func `bytes of another encoding are shown where they stand`(_ padding: Int) throws {
        let line = Array("10000014;Орл".utf8) + [0xFF] + Array("ова\n".utf8)
        var file = Array((Self.header + "\n").utf8)
        let row = Array("1;а;б\n".utf8)
        while file.count + row.count < padding { file += row }
        let number = file.count { $0 == 0x0A } + 1
        let shown = try RosterFiles.with(file + line) { path -> String? in
            do throws(RosterError) {
                let reader = try RosterReader.open(path, encoding: .utf8, today: RosterFiles.today)
                while try !reader.next(1000).isEmpty {}
                return nil
            } catch { return FaultLine(error, in: path, encoding: .utf8)?.text }
        }
        let margin = String(repeating: " ", count: "\(number)".count)
        #expect(
            shown == "  \(number) | 10000014;Орл\u{FFFD}ова\n  \(margin) |             ^"
        )
    }

    @Test func `cells that findings name are shown in one walk`() throws {
        let file =
            Self.header + "\r\n10000014;Орлова;Анна\r\n10000021;\"Бело\nва\";Вера;x\r\n"
            + "10000038;Лис\r\n10000045;Ким;Ян"
        let shown = try RosterFiles.with(file.utf8) {
            FaultLine.cells(
                [(5, 3), (3, 4), (2, 2), (2, 3), (6, 3), (9, 1)],
                in: $0,
                separator: ";"
            )
        }
        #expect(shown.keys.sorted() == [2, 3, 6])
        #expect(shown[2]?.text == "  2 | 10000014;Орлова;Анна\n    |          ^")
        #expect(shown[3]?.text == "  4 | ва\";Вера;x\n    |          ^")
        #expect(shown[6]?.text == "  6 | 10000045;Ким;Ян\n    |              ^")
    }

    @Test func `a workbook and a missing file show nothing`() throws {
        let error = RosterError(.jsonSyntax, .init("", ""), line: 1, column: 2)
        #expect(FaultLine(error, in: "/nowhere/at/all") == nil)
        try RosterFiles.with([0x50, 0x4B, 3, 4, 0, 0]) {
            #expect(FaultLine(error, in: $0) == nil)
        }
    }
}
