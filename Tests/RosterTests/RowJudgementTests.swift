import Roster
import Testing
import UnionTicket

/// One dirty cell and what must be said about it.
struct DirtyCell: Sendable, CustomTestStringConvertible {
    let header: String
    let text: String
    let code: String
    let isTaken: Bool

    init(_ header: String, _ text: String, _ code: String, taken: Bool = false) {
        (self.header, self.text, self.code, isTaken) = (header, text, code, taken)
    }

    var testDescription: String { "\(header): \(text)" }
}

struct RowJudgementTests {
    static let names = [
        DirtyCell("Фамилия", "СОЛОВЬЁВА", "name_case", taken: true),
        DirtyCell("Фамилия", "соловьёва", "name_case", taken: true),
        DirtyCell("Фамилия", "Бeлoycoвa", "lookalike", taken: true),
        DirtyCell("Фамилия", "Smith", "foreign_letters"),
        DirtyCell("Фамилия", "Белz", "foreign_letters"),
        DirtyCell("Фамилия", "Власова-", "hyphen_in_name"),
        DirtyCell("Фамилия", "Власова--Орлова", "hyphen_in_name"),
        DirtyCell("Фамилия", "Власова - - Орлова", "hyphen_in_name"),
        DirtyCell("Имя", "Анна—", "hyphen_in_name"),
        DirtyCell("Фамилия", "Влас0ва", "digit_in_name"),
        DirtyCell("Имя", "А.", "initials"),
        DirtyCell("Имя", "А", "initials"),
        DirtyCell("Фамилия", "Орлова П", "initials"),
        DirtyCell("Фамилия", "О", "name_one_letter", taken: true),
        DirtyCell("Фамилия", "Аль Асад", "name_words", taken: true),
        DirtyCell("Фамилия", "Орлова Мария Петровна", "name_unsplittable"),
        DirtyCell("Фамилия", "да", "answer_in_name"),
        DirtyCell("Имя", "ИСТИНА", "answer_in_name"),
        DirtyCell("Имя", "#DIV/0!", "cell_error"),
        DirtyCell("Фамилия", "Калашникова (Петрова)", "brackets_in_name"),
        DirtyCell("Имя", "\"Анна\"", "quotes_in_name"),
        DirtyCell("Имя", "«Анна»", "quotes_in_name"),
        DirtyCell("Имя", "=HYPERLINK(\"http://x\")", "formula"),
        DirtyCell("Имя", "@SUM(A1)", "formula"),
        DirtyCell("Имя", "", "name_missing"),
        DirtyCell("Фамилия", "", "name_missing"),
        DirtyCell("Фамилия", "А" + String(repeating: "а", count: 100), "name_too_long"),
    ]
    static let dates = [
        DirtyCell("Дата рождения", "29221", "date_serial", taken: true),
        DirtyCell("Дата рождения", "23.10.79", "date_two_digit_year"),
        DirtyCell("Дата рождения", "05/06/1981", "date_ambiguous"),
        DirtyCell("Дата рождения", "12/28/1981", "date_ambiguous"),
        DirtyCell("Дата рождения", "31.02.1963", "date_impossible"),
        DirtyCell("Дата рождения", "21.02.2064", "date_future"),
        DirtyCell("Дата рождения", "01.01.1899", "date_too_old"),
        DirtyCell("Дата рождения", "", "date_missing"),
        DirtyCell("Дата рождения", "вчера", "date_format"),
        DirtyCell("Дата рождения", "01.01.2020", "age_out_of_range"),
        DirtyCell("Дата рождения", "01.01.1910", "age_out_of_range"),
        DirtyCell("Дата вступления", "03.09.1990", "join_before_14"),
        DirtyCell("Дата вступления", "03.09.2030", "date_future"),
        DirtyCell("Дата вступления", "", "date_missing"),
    ]
    static let facts = [
        DirtyCell("Телефон", "7,91E+10", "phone_spreadsheet"),
        DirtyCell("Телефон", "570280", "phone_length"),
        DirtyCell("E-mail", "m12@ехample.org", "email_not_ascii"),
        DirtyCell("E-mail", "m12.example.org", "email_format"),
        DirtyCell("Код организации", "", "organisation_missing"),
        DirtyCell("Код организации", "янв.14", "organisation_format"),
        DirtyCell("Код организации", "77-001", "organisation_format"),
        DirtyCell("Код организации", "77-001-0000", "organisation_zero"),
        DirtyCell("Код организации", "99-001-0001", "organisation_format"),
        DirtyCell("Код организации", "#ЗНАЧ!", "cell_error"),
        DirtyCell("Номер билета", String(repeating: "Б", count: 33), "ticket_format"),
        DirtyCell("Номер билета", String(repeating: "a", count: 33), "ticket_format"),
        DirtyCell("Согласие ПДн", "43987", "date_serial", taken: true),
        DirtyCell("Категория", "", "category_missing"),
        DirtyCell("Категория", "космонавт", "category_unknown"),
        DirtyCell("Пол", "?!x", "sex_unknown", taken: true),
        DirtyCell("Номер билета", "1,77482E+14", "ticket_spreadsheet"),
        DirtyCell("Согласие ПДн", "наверное", "consent_unknown"),
        DirtyCell("Согласие PROFCARDS", "может быть", "consent_unknown"),
        DirtyCell("Согласие ПДн", "01.02.1950", "consent_before_14"),
        DirtyCell("Согласие PROFCARDS", "01.02.1994", "consent_before_14"),
        DirtyCell("Согласие PROFCARDS", "01.02.2099", "date_future"),
        DirtyCell("Согласие ПДн", "31.02.2024", "date_impossible"),
        DirtyCell("Согласие ПДн", "05/06/2021", "date_ambiguous"),
        DirtyCell("Согласие ПДн", "", "consent_register_missing"),
        DirtyCell("Согласие ПДн", "нет", "consent_register_missing"),
        DirtyCell("Статус", "почётный", "status_unknown"),
        DirtyCell("ИД АИС", "1 0;0", "ais_format"),
    ]

    @Test(arguments: names + dates + facts)
    func `dirt in one cell gives its code and nothing else`(_ cell: DirtyCell) throws {
        let row = try RosterFiles.row([cell.header: cell.text])
        #expect(row.codes == [cell.code])
        #expect((row.draft != nil) == cell.isTaken)
        let column = RosterFiles.headers.firstIndex(of: cell.header).map { $0 + 1 }
        #expect(row.issues.allSatisfy { $0.column == column && $0.field != nil })
        guard cell.text.count > 2 else { return }
        for issue in row.issues {
            #expect(!issue.message.description.contains(cell.text))
        }
    }

    @Test(arguments: [
        ("Фамилия", " Соловьёва\u{A0}"), ("Фамилия", "\u{200B}Соловьёва\u{FEFF}"),
        ("Отчество", "Петровна  "), ("Телефон", "8 (000) 123-45-67"),
        ("Телефон", "80001234567"), ("Телефон", "+7 000 123 45 67"),
        ("Дата рождения", "1980-05-17"), ("Дата рождения", "17.05.1980 0:00"),
        ("Дата рождения", "17.05.1980 г."), ("Категория", "Работник"), ("Категория", "раб."),
        ("Категория", "РАБОТАЮЩИЙ"), ("Пол", "жен."), ("Статус", "Состоит"),
        ("Согласие ПДн", "+"), ("Согласие ПДн", "1"), ("Согласие ПДн", "Согласен"),
        ("Согласие ПДн", "есть"),
    ])
    func `another way of writing gives the same draft silently`(
        _ header: String,
        _ text: String
    ) throws {
        let row = try RosterFiles.row([header: text])
        #expect(row.issues.isEmpty)
        #expect(try row.draft == RosterFiles.row([:]).draft)
    }

    @Test func `a family-name cell that repeats the whole name gives its first word`() throws {
        let plain = try RosterFiles.row([:])
        let name = try #require(plain.draft).name
        let row = try RosterFiles.row(["Фамилия": name.full.uppercased()])
        #expect(row.issues.map(\.code) == ["name_split", "name_case"])
        #expect(row.draft?.name == name)
    }

    @Test(arguments: ["", "-", "—", "нет", "Нет", "нету", "не имеет"])
    func `a missing patronymic is legal`(_ text: String) throws {
        let row = try RosterFiles.row(["Отчество": text])
        #expect(row.issues.isEmpty)
        #expect(row.draft?.name == PersonName(last: "Соловьёва", first: "Анна", patronymic: nil))
    }

    @Test(arguments: [
        ("МАГОМЕД ОГЛЫ", "Магомед оглы"), ("ахмед КЫЗЫ", "Ахмед кызы"),
        ("БУЛАТ УУЛУ", "Булат уулу"), ("ҠАҘЫР УЛЫ", "Ҡаҙыр улы"), ("ӘЛИ ГЫЗЫ", "Әли гызы"),
    ])
    func `patronymic particles stay in lower case`(_ text: String, _ expected: String) throws {
        let row = try RosterFiles.row(["Отчество": text])
        #expect(row.codes == ["name_case"])
        #expect(row.draft?.name.patronymic == expected)
    }

    @Test(arguments: [
        ("ИВАНОВА-ПЕТРОВА", "Иванова-Петрова"), ("О'НИЛ", "О'Нил"), ("ҒӘЛИЕВА", "Ғәлиева"),
        ("їжакевич", "Їжакевич"),
    ])
    func `capitals follow the rule`(_ text: String, _ expected: String) throws {
        let row = try RosterFiles.row(["Фамилия": text])
        #expect(row.codes == ["name_case"])
        #expect(row.draft?.name.last == expected)
    }

    @Test func `look-alikes are replaced by the letters that were meant`() throws {
        let row = try RosterFiles.row(["Фамилия": "Бeлoycoвa"])
        #expect(row.draft?.name.last == "Белоусова")
    }

    @Test(arguments: [
        ("Кириллова Галина Александровна", "Кириллова|Галина|Александровна"),
        ("Ким Ия", "Ким|Ия|"), ("Алиева Лейла Магомед кызы", "Алиева|Лейла|Магомед кызы"),
    ])
    func `a full name in one cell is split with a warning`(
        _ text: String,
        _ expected: String
    ) throws {
        let row = try RosterFiles.row(["Фамилия": text, "Имя": "", "Отчество": ""])
        #expect(row.codes == ["name_split"])
        let name = try #require(row.draft?.name)
        #expect("\(name.last)|\(name.first)|\(name.patronymic ?? "")" == expected)
    }

    @Test func `four words without a known particle are not split`() throws {
        let row = try RosterFiles.row(["Фамилия": "Раз Два Три Четыре", "Имя": "", "Отчество": ""])
        #expect(row.codes == ["name_unsplittable"])
    }

    @Test func `exchanged names are warned of`() throws {
        let row = try RosterFiles.row(["Фамилия": "Анна", "Имя": "Соловьёва"])
        #expect(row.codes == ["names_swapped"])
        #expect(row.draft != nil)
    }

    @Test func `all findings of a row are collected in the order of the columns`() throws {
        let row = try RosterFiles.row([
            "Фамилия": "Влас0ва", "Дата рождения": "31.02.1963", "Телефон": "1", "Статус": "?",
            "Согласие ПДн": "",
        ])
        #expect(
            row.issues.map(\.code) == [
                "digit_in_name", "date_impossible", "phone_length", "consent_register_missing",
                "status_unknown",
            ]
        )
    }

    @Test func `a consent may be a date and names its recipient`() throws {
        let row = try RosterFiles.row(["Согласие PROFCARDS": "01.02.2024"])
        let consents = try #require(row.draft?.consents)
        #expect(
            consents.contains(
                Consent(
                    purpose: .bonusTransfer,
                    recipient: "profcards",
                    isGiven: true,
                    date: CalendarDate(year: 2024, month: 2, day: 1)
                )
            )
        )
    }

    @Test func `an empty cell takes no consent back`() throws {
        let row = try RosterFiles.row(["Согласие PROFCARDS": ""])
        #expect(row.draft?.consents.map(\.purpose) == [.register, .cardProduction])
    }

    @Test func `«нет» to the record alone names the person who takes it back`() throws {
        let no = try RosterFiles.row(["Согласие ПДн": "нет"])
        #expect(no.draft == nil)
        #expect(no.withdrawing?.consents.first == Consent(purpose: .register, isGiven: false))
        #expect(try RosterFiles.row(["Согласие ПДн": ""]).withdrawing == nil)
        let more = try RosterFiles.row(["Согласие ПДн": "нет", "Дата вступления": "вчера"])
        #expect(more.draft == nil && more.withdrawing == nil)
        #expect(try RosterFiles.row([:]).withdrawing == nil)
    }

    @Test(arguments: [
        "Орлова Анна нет", "Орлова Анна Нет", "Орлова Анна -", "Орлова Анна —",
        "Орлова Анна отсутствует", "Орлова Анна не имеет", "Орлова Анна\u{A0}б/о",
        "Орлова Анна  нет ", "Орлова Анна",
    ])
    func `in a cell of the whole name a missing patronymic is none`(_ whole: String) throws {
        let text = RosterFiles.table(["Фамилия": whole, "Имя": "", "Отчество": ""])
            .replacing("Фамилия", with: "ФИО").replacing("Имя", with: "Прочее")
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.codes == ["name_split"])
        #expect(row.draft?.name == PersonName(last: "Орлова", first: "Анна", patronymic: nil))
    }

    @Test(arguments: ["Без отчества", "нет отчества", "Отсутствует", "-"])
    func `a patronymic that is said to be none is none`(_ cell: String) throws {
        let row = try RosterFiles.row(["Отчество": cell])
        let name = try #require(row.draft?.name)
        #expect(name.patronymic == nil)
    }

    @Test func `a dash between the parts of a family name is no missing patronymic`() throws {
        let text = RosterFiles.table(["Фамилия": "Орлова - Белова Анна", "Имя": "", "Отчество": ""])
            .replacing("Фамилия", with: "ФИО").replacing("Имя", with: "Прочее")
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.draft?.name.last == "Орлова-Белова" && row.draft?.name.first == "Анна")
    }

    @Test(arguments: ["", "Статус"])
    func `a row says of the standing what stands in the cell, and nothing without one`(
        _ column: String
    ) throws {
        let text = RosterFiles.table(["Статус": column.isEmpty ? "left" : ""])
            .replacing("Статус", with: column.isEmpty ? "Прочее" : "Статус")
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.draft?.status == .active && row.draft?.untold == .status)
        #expect(try RosterFiles.row(["Статус": "left"]).draft?.untold == [])
    }

    @Test func `one column of consent speaks for the register only`() throws {
        let text = RosterFiles.table().replacing("Согласие ПДн", with: "Согласие")
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.codes == ["consent_single_column"])
        #expect(row.draft?.consents.first == Consent(purpose: .register, isGiven: true))
    }

    @Test func `without a column of consent no row is taken`() throws {
        let text = RosterFiles.table().replacing("Согласие ПДн", with: "Прочее")
        let row = try #require(try RosterFiles.rows(text.utf8).first)
        #expect(row.codes == ["consent_register_missing"])
        #expect(row.draft == nil)
    }

    @Test(arguments: RosterIssueCode.allCases)
    func `every code is explained in both languages`(_ code: RosterIssueCode) {
        #expect(code.message.russian != code.rawValue)
        #expect(code.message.russian.contains { ("а"..."я").contains($0) })
        #expect(code.message.english.contains { $0.isASCII })
    }

    @Test func `the number of an old ticket keeps its zeros`() throws {
        #expect(try RosterFiles.row([:]).draft?.legacyNumber == "0012345")
    }
}
