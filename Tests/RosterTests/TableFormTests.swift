import Foundation
import Roster
import Testing
import UnionTicket

struct TableFormTests {
    @Test(arguments: [";", ",", "\t"])
    func `the separator is found out`(_ separator: String) throws {
        let text = RosterFiles.table().replacing(";", with: separator)
        #expect(try RosterFiles.rows(text.utf8) == RosterFiles.rows(RosterFiles.table().utf8))
    }

    @Test func `sep= names the separator and counts as a line`() throws {
        let rows = try RosterFiles.rows(("sep=;\r\n" + RosterFiles.table()).utf8)
        #expect(rows.map(\.line) == [3])
        #expect(rows.first?.draft != nil)
    }

    @Test func `titles, blanks, column numbers and totals are listed, not read`() throws {
        let table = RosterFiles.table().split(separator: "\r\n").map(String.init)
        let numbers = (1...RosterFiles.headers.count).map(String.init).joined(separator: ";")
        let lines = [
            "Список членов Профсоюза;;;", "", table[0], numbers, table[1], ";;;;;", "Итого;1;;",
            "ВСЕГО: 1",
        ]
        try RosterFiles.with(lines.joined(separator: "\r\n").utf8) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(reader.headerLine == 3)
            #expect(try reader.next(100).map(\.line) == [5])
            #expect(try reader.next(100).isEmpty)
            #expect(reader.ignoredLines.map(\.line) == [1, 2, 4, 6, 7, 8])
            #expect(
                reader.ignoredLines.map(\.reason) == [
                    .title, .title, .numbering, .blank, .total, .total,
                ]
            )
        }
    }

    @Test func `headers are known by their synonyms, case and dots do not matter`() throws {
        let text = RosterFiles.table()
            .replacing("Дата рождения", with: "ДАТА  РОЖД.")
            .replacing("E-mail", with: "эл.почта")
            .replacing("Номер билета", with: "Проф билет")
        #expect(try RosterFiles.rows(text.utf8) == RosterFiles.rows(RosterFiles.table().utf8))
    }

    @Test func `keys of the exchange format are headers too`() throws {
        let keys = [
            "ais", "last", "first", "mid", "birth", "sex", "cat", "org", "join", "phone", "email",
            "ticket", "c_pd", "c_card", "c_bonus", "status",
        ]
        let text = keys.joined(separator: ";") + "\n" + RosterFiles.clean.joined(separator: ";")
        #expect(
            try RosterFiles.rows(text.utf8).map(\.draft)
                == RosterFiles.rows(RosterFiles.table().utf8).map(\.draft)
        )
    }

    @Test func `an unknown column is named`() throws {
        let text = RosterFiles.table().replacing("Статус", with: "Цвет глаз")
        try RosterFiles.with(text.utf8) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(reader.unrecognisedHeaders == ["Цвет глаз"])
        }
    }

    @Test func `a name in one column is split`() throws {
        let text = """
            ФИО;Дата рождения;Категория;Код организации;Дата вступления;Согласие ПДн
            Соловьёва Анна Петровна;17.05.1980;раб.;77-001-0002;03.09.2001;да
            """
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.codes == ["name_split"])
        #expect(row.draft?.name.full == "Соловьёва Анна Петровна")
    }

    @Test func `quotes hold separators and newlines, and lines are counted`() throws {
        let row = RosterFiles.clean.map { "\"\($0)\"" }.joined(separator: ";")
        let header = RosterFiles.headers.joined(separator: ";")
        let note = ";\"a;\"\"b\"\"\nc\""
        let text = header + ";Примечание\n" + row + note + "\n" + row + note + "\n"
        let rows = try RosterFiles.rows(text.utf8)
        #expect(rows.map(\.line) == [2, 4])
        #expect(rows.allSatisfy { $0.draft != nil && $0.issues.isEmpty })
    }

    @Test func `a separator too many is an error of the row`() throws {
        let text = RosterFiles.table().replacing("Петровна;", with: "Петровна;лишнее;")
        #expect(try RosterFiles.rows(text.utf8).first?.codes.contains("row_shape") == true)
    }

    @Test(arguments: [
        ("", RosterError.Code.fileEmpty), (" \r\n\r\n", .fileEmpty),
        ("Иванов;Иван\nПетров;Пётр\n", .headerMissing),
        ("Фамилия;Имя\nа;б\n", .columnMissing),
        ("Фамилия;Имя;Фамилия;Дата рождения\n", .headerDuplicate),
        ("Фамилия;Имя\n\"Иванов;Иван\n", .quoteUnclosed),
        ("Фамилия;Имя\nа\u{0};б\n", .nulCharacter),
        ("{\"schema\":\"roster/2\",\"members\":[]}", .schemaUnknown),
        ("{\"members\":[]}", .schemaMissing), ("[]", .schemaMissing),
        ("{\"schema\":\"roster/1\"}", .schemaMissing),
        ("{\"schema\":\"roster/1\",\"members\":[{]}", .jsonSyntax),
        ("{\"schema\":\"roster/1\",\"members\":[{\"last\":{}}]}", .jsonValue),
    ])
    func `an unusable file is refused with its code`(
        _ text: String,
        _ code: RosterError.Code
    ) throws {
        let header = RosterFiles.headers.joined(separator: ";")
        let whole =
            code == .quoteUnclosed || code == .nulCharacter
            ? text.replacing("Фамилия;Имя", with: header) : text
        #expect(try RosterFiles.failure(whole.utf8)?.code == code)
    }

    @Test func `old spreadsheets, broken containers and missing files are named`() throws {
        #expect(try RosterFiles.failure([0xD0, 0xCF, 0x11, 0xE0, 0, 0])?.code == .formatOldExcel)
        #expect(try RosterFiles.failure([0x50, 0x4B, 3, 4, 0, 0])?.code == .zipDamaged)
        let error = try #require(throws: RosterError.self) {
            try RosterFiles.rows(at: "/nonexistent/roster.csv")
        }
        #expect(error.code == .fileUnreadable)
    }

    @Test func `a row without end is refused`() throws {
        let text = RosterFiles.table() + String(repeating: "а", count: 3 << 20)
        #expect(try RosterFiles.failure(text.utf8)?.code == .rowTooLong)
    }

    @Test func `a quote that opens by mistake refuses its own row and no other`() throws {
        let clean = RosterFiles.clean
        func row(_ id: String, _ last: String) -> String {
            ([id, last] + clean.dropFirst(2)).joined(separator: ";") + "\r\n"
        }
        let text =
            RosterFiles.headers.joined(separator: ";") + "\r\n" + row("1", "Орлова")
            + row("2", "\"Белова") + row("3", "Серова") + row("4", "\"Котова\"")
            + row("5", "\"Лисова\"на") + row("6", "\"Зайцева\" ")
        let rows = try RosterFiles.rows(text.utf8)
        #expect(rows.map(\.line) == [2, 3, 4, 5, 6, 7])
        #expect(rows.map(\.codes) == [[], ["quote_stray"], [], [], ["quote_stray"], []])
        #expect(rows[1].issues[0].message.english.hasPrefix("Lines 3–5: "))
        #expect(rows[1].issues[0].column == 2 && rows[1].mention?.aisId == "2")
        #expect(rows.map { $0.draft?.name.last }[3...] == ["Котова", nil, "Зайцева"])
        // The same wherever the window ends.
        let list = try RosterFiles.with("ИД АИС;Причина\n1;\"x\n2;\"y\"z\n3;\n".utf8) { path in
            try OrderFile.open(path, today: RosterFiles.today).next(10)
        }
        #expect(list.map(\.line) == [2, 3, 4] && list.map(\.reference) == [nil, nil, "3"])
        #expect(list[0].issues.map(\.code).contains("quote_stray"))
    }

    @Test func `keys without a meaning are named, and a field given twice is refused`() throws {
        let member = Self.member.dropLast() + ",\"ЛюбимыйЦвет\":\"синий\"}"
        try RosterFiles.with("{\"schema\":\"roster/1\",\"members\":[\(member)]}".utf8) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(try reader.next(10).count == 1)
            #expect(reader.unrecognisedHeaders == ["extra", "ЛюбимыйЦвет"])
        }
        let twice = Self.member.dropLast() + ",\n\"last\":\"Белова\"}"
        let error = try RosterFiles.failure("{\"schema\":\"roster/1\",\"members\":[\(twice)]}".utf8)
        #expect(error?.code == .jsonKey && error?.line == 2)
        let again = "{\"schema\":\"roster/1\",\"members\":[],\n\"members\":[]}"
        #expect(try RosterFiles.failure(again.utf8)?.code == .jsonKey)
        let number = try RosterFiles.failure("{\"schema\":\"roster/1\",\"members\":[\n5]}".utf8)
        #expect(number?.code == .jsonValue && number?.line == 2)
        let cut = Self.member.dropLast()
        let lines = try RosterFiles.failure("\(Self.member)\n\(cut)\n\(Self.member)\n".utf8)
        #expect(lines?.code == .jsonSyntax && lines?.line == 2 && lines?.column == cut.count + 1)
    }

    @Test func `JSON too deep is refused with its place`() throws {
        let deep = String(repeating: "[", count: 100_000)
        let error = try RosterFiles.failure(
            "{\"schema\":\"roster/1\",\n\"x\":\(deep)".utf8
        )
        #expect(error?.code == .jsonDepth)
        #expect(error?.line == 2)
    }

    private static let member = """
        {"last":"Соловьёва","first":"Анна","mid":"Петровна","birth":"1980-05-17","sex":"Ж",\
        "cat":"работающий","org":"77-001-0002","join":"2001-09-03","phone":"80001234567",\
        "email":"a@example.org","ticket":"0012345","ais":"10000014","c_pd":true,"c_card":"да",\
        "c_bonus":"нет","status":"active","extra":[1,{"a":null}]}
        """

    @Test func `JSON and JSON lines give the drafts of the table`() throws {
        let expected = try RosterFiles.row([:]).draft
        let json = "{\"schema\":\"roster/1\",\"members\":[\(Self.member),\n\(Self.member)]}"
        let rows = try RosterFiles.rows(json.utf8)
        #expect(rows.map(\.line) == [1, 2])
        #expect(rows.allSatisfy { $0.draft == expected && $0.issues.isEmpty })
        let lines = try RosterFiles.rows("\(Self.member)\n\n\(Self.member)\n".utf8)
        #expect(lines.map(\.line) == [1, 3])
        #expect(lines.allSatisfy { $0.draft == expected && $0.issues.isEmpty })
    }

    @Test func `the schema may follow the members, an empty roster is a roster`() throws {
        let text = "{\"members\":[\(Self.member)],\"schema\":\"roster/1\"}"
        #expect(try RosterFiles.rows(text.utf8).count == 1)
        #expect(try RosterFiles.rows("{\"schema\":\"roster/1\",\"members\":[]}".utf8).isEmpty)
    }
}
