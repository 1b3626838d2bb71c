import Roster
import Testing
import UnionTicket

struct ListFileTests {
    @Test func `a list of organisations is read with its dates`() throws {
        let text = """
            Код;Наименование;Вид;Округ;С правами территориальной;Открыта;Закрыта;Наименование с;Права с
            77;Московская городская организация;city;;;01.01.1990;;;
            77-001-0002;Первичная организация;;ЦАО;да;2000-01-01;;01.02.2010;03.04.2012
            77-1;Без кода;;;;;;;
            77-002;;;;наверное;02.01.2000;01.01.2000;;
            """
        try RosterFiles.with(text.utf8) { path in
            let file = try OrganisationFile.open(path, today: RosterFiles.today)
            let rows = try file.next(100)
            #expect(rows.map(\.line) == [2, 3, 4, 5])
            #expect(rows[0].draft?.kind == "city")
            #expect(rows[0].draft?.openedOn?.iso == "1990-01-01")
            #expect(rows[1].draft?.okrug == "ЦАО")
            #expect(rows[1].draft?.hasTerritorialRights == true)
            #expect(rows[1].draft?.nameSince?.iso == "2010-02-01")
            #expect(rows[1].draft?.rightsSince?.iso == "2012-04-03")
            #expect(rows[2].issues.map(\.code) == ["organisation_format"])
            #expect(
                rows[3].issues.map(\.code) == [
                    "organisation_name", "rights_unknown", "organisation_dates",
                ]
            )
            #expect(rows[2].draft == nil && rows[3].draft == nil)
            #expect(try file.next(100).isEmpty)
        }
    }

    @Test func `the table of regions is accepted as it is`() throws {
        let text =
            "code\tslug\tname_ru\tkind\tfederal_district\tpilot\n"
            + "01\tadygea\tАдыгейская республиканская организация Профсоюза\trepublican\tЮФО\t0\n"
        try RosterFiles.with(text.utf8) { path in
            let file = try OrganisationFile.open(path, today: RosterFiles.today)
            let rows = try file.next(100)
            #expect(rows.first?.draft?.code == OrganisationCode("01"))
            #expect(rows.first?.draft?.kind == "republican")
            #expect(rows.first?.issues.isEmpty == true)
        }
    }

    @Test func `a card handed out before it was made is refused, «Выдан» is the day`() throws {
        let text = """
            Кем выдан;Номер;ИД АИС;Изготовлен;Выдан;Прочее
            26;1;100;05.03.2019;01.02.2019;
            26;2;100;05.03.2019;05.03.2019;
            """
        try RosterFiles.with(text.utf8) { path in
            let file = try LegacyTicketFile.open(path, today: RosterFiles.today)
            #expect(file.table.unrecognisedHeaders == ["Прочее"])
            let rows = try file.next(100)
            #expect(rows.map { $0.issues.map(\.code) } == [["ticket_dates"], []])
        }
    }

    @Test func `old cards keep their numbers verbatim`() throws {
        let text = """
            ИД АИС;Кем выдан;Номер билета;Дата изготовления;Дата выдачи
            10000014;Московская организация;0012345;01.02.2019;03.03.2019
            ;Московская организация;1,77482E+14;;
            10000021;;;31.02.2019;
            """
        try RosterFiles.with(text.utf8) { path in
            let rows = try LegacyTicketFile.open(path, today: RosterFiles.today).next(100)
            #expect(rows[0].draft?.number == "0012345")
            #expect(rows[0].draft?.handedOutOn?.iso == "2019-03-03")
            #expect(rows[1].issues.map(\.code) == ["member_missing", "ticket_spreadsheet"])
            #expect(
                rows[2].issues.map(\.code) == [
                    "issuer_missing", "ticket_missing", "date_impossible",
                ]
            )
        }
    }

    @Test func `an order names members by identifier or ticket, with a reason`() throws {
        let text = """
            ИД АИС;Номер билета;Причина
            10000014;;утеря
            ;177-4815-1623-4216;
            ;;кража
            10000021;;просто так
            """
        try RosterFiles.with(text.utf8) { path in
            let rows = try OrderFile.open(path, today: RosterFiles.today).next(100)
            #expect(rows.map(\.reference) == ["10000014", "177-4815-1623-4216", nil, nil])
            #expect(rows.map(\.reason) == [.lost, nil, .stolen, nil])
            #expect(rows[2].issues.map(\.code) == ["member_missing"])
            #expect(rows[3].issues.map(\.code) == ["reason_unknown"])
        }
    }

    @Test func `an order may be one column under a header`() throws {
        try RosterFiles.with("ИД АИС\n10000014\n10000021\n".utf8) { path in
            let rows = try OrderFile.open(path, today: RosterFiles.today).next(100)
            #expect(rows.map(\.reference) == ["10000014", "10000021"])
        }
    }
}
