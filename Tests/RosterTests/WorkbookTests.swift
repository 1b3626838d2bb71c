import Roster
import Testing
import UnionTicket

struct WorkbookTests {
    private static let styles = """
        <styleSheet><numFmts><numFmt numFmtId='164' formatCode='DD.MM.YYYY'/></numFmts>\
        <cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/></cellXfs></styleSheet>
        """

    /// The clean row, the cells of two dates as numbers in these styles.
    private static func sheet(birth: String, join: String, prologue: String = "") -> String {
        let headers = RosterFiles.headers.map { "<c t='inlineStr'><is><t>\($0)</t></is></c>" }
        let cells = RosterFiles.clean.enumerated().map { index, cell in
            switch index {
            case 4: birth
            case 8: join
            default: "<c t='inlineStr'><is><t>\(cell)</t></is></c>"
            }
        }
        return "\(prologue)<worksheet><sheetData><row r='1'>\(headers.joined())</row>"
            + "<row r='2'>\(cells.joined())</row></sheetData></worksheet>"
    }

    @Test func `a workbook of a spreadsheet is read: second sheet, dates, numbers, totals`() throws
    {
        let path = try RosterFiles.sample("openpyxl-3.xlsx")
        let reader = try RosterReader.open(path, today: RosterFiles.today)
        #expect(reader.format == .xlsx)
        #expect(reader.encoding == nil)
        #expect(reader.headerLine == 3)
        let rows = try reader.next(100)
        #expect(rows.map(\.line) == [4, 5, 6])
        #expect(rows[0].issues.isEmpty)
        let draft = try #require(rows[0].draft)
        #expect(draft.aisId == "10000014")
        #expect(draft.birthDate == CalendarDate(year: 1980, month: 5, day: 17))
        #expect(draft.joinDate == CalendarDate(year: 2001, month: 9, day: 3))
        #expect(draft.legacyNumber == "0012345")
        #expect(rows[1].codes == ["name_case"])
        #expect(rows[1].draft?.phone == "+70001234567")
        #expect(rows[1].draft?.consents.map(\.isGiven) == [true, false])
        #expect(rows[2].codes == ["date_serial"])
        #expect(reader.ignoredLines.last?.line == 8)
        #expect(reader.ignoredLines.last?.reason == .total)
    }

    @Test(arguments: [(false, "29358", "37137"), (true, "27896", "35675")])
    func `styled dates give the drafts of the table, from 1900 and from 1904`(
        _ from1904: Bool,
        _ birth: String,
        _ join: String
    ) throws {
        let bytes = StoredArchive.workbook(
            sheet: Self.sheet(
                birth: "<c s='1'><v>\(birth)</v></c>",
                join: "<c s='2'><v>\(join)</v></c>"
            ),
            styles: Self.styles,
            from1904: from1904
        )
        let row = try #require(try RosterFiles.rows(bytes).first)
        #expect(row.issues.isEmpty)
        #expect(try row.draft == RosterFiles.row([:]).draft)
    }

    @Test func `a visible sheet goes before a hidden one, and others are named`() throws {
        let date = "<c t='inlineStr'><is><t>17.05.1980</t></is></c>"
        let join = "<c t='inlineStr'><is><t>03.09.2001</t></is></c>"
        let sheet = Self.sheet(birth: date, join: join)
        let old = sheet.replacing(RosterFiles.clean[1], with: "Старая")
        let bytes = StoredArchive.workbook(sheets: [
            ("архив", old, true), ("члены", sheet, false), ("ещё", old, false),
            ("пусто", "<worksheet><sheetData/></worksheet>", false),
        ])
        try RosterFiles.with(bytes) { path in
            let reader = try RosterReader.open(path, today: RosterFiles.today)
            #expect(reader.sheet == "члены" && reader.otherSheets == ["ещё", "архив"])
            #expect(try reader.next(10).first?.draft?.name.last == RosterFiles.clean[1])
        }
    }

    @Test func `readings of East Asian text are no part of a name`() throws {
        let name = "<t>\(RosterFiles.clean[1])</t>"
        let sheet = Self.sheet(
            birth: "<c t='inlineStr'><is><t>17.05.1980</t></is></c>",
            join: "<c t='inlineStr'><is><t>03.09.2001</t></is></c>"
        ).replacing(name, with: name + "<rPh sb='0' eb='1'><t>Иной</t></rPh>")
        let row = try #require(try RosterFiles.rows(StoredArchive.workbook(sheet: sheet)).first)
        #expect(row.draft?.name.last == RosterFiles.clean[1])
    }

    @Test(arguments: [
        ("_x000D_", "\r"), ("_x000d__x000A_", "\r\n"), ("_x005F_x000D_", "_x000D_"),
        ("_x005F__x0041_", "_A"), ("_xD83D__xDE00_", "😀"), ("_xD83D_", "_xD83D_"),
        ("_x00G0_", "_x00G0_"), ("_X000D_", "_X000D_"), ("_x0D_", "_x0D_"), ("__x0041", "__x0041"),
        ("Б_x0411_Б", "БББ"), ("___x0031___", "__1__"),
    ])
    func `escaped characters of cells are read as what they stand for`(
        _ written: String,
        _ meant: String
    ) throws {
        let inline = "<c t='inlineStr'><is><t>x\(written)y</t></is></c>"
        let runs = "<si><r><t>x\(written)</t></r><r><t>y</t></r></si>"
        let bytes = StoredArchive.workbook(
            sheet: "<worksheet><sheetData><row r='1'>\(inline)<c t='s'><v>0</v></c>"
                + "<c t='str'><v>x\(written)y</v></c></row></sheetData></worksheet>",
            strings: "<sst>\(runs)</sst>"
        )
        var cells: [UInt8] = []
        try RosterFiles.with(bytes) { path in try WorkbookText.read(path) { cells += $0 } }
        let text = String(repeating: "x\(meant)y\t", count: 3) + "\n"
        #expect(cells == Array(text.utf8))
    }

    @Test func `a carriage return behind a name is cleaned like other blanks`() throws {
        let sheet = Self.sheet(
            birth: "<c t='inlineStr'><is><t>17.05.1980</t></is></c>",
            join: "<c t='inlineStr'><is><t>03.09.2001_x000D_</t></is></c>"
        ).replacing("<t>\(RosterFiles.clean[1])</t>", with: "<t>\(RosterFiles.clean[1])_x000D_</t>")
        let row = try #require(try RosterFiles.rows(StoredArchive.workbook(sheet: sheet)).first)
        #expect(row.issues.isEmpty)
        #expect(try row.draft == RosterFiles.row([:]).draft)
    }

    @Test(arguments: ["", "99", "-1", "x"])
    func `shared strings are followed, an index without a string is a fault`(
        _ index: String
    ) throws {
        let sheet = Self.sheet(
            birth: "<c t='s'><v>1</v></c>",
            join: "<c t='s'><v>\(index)</v></c>"
        )
        let bytes = StoredArchive.workbook(
            sheet: sheet,
            strings: "<sst><si><t>x</t></si><si><r><t>17.05.</t></r><r><t>1980</t></r></si></sst>"
        )
        guard index.isEmpty else {
            let failure = try RosterFiles.failure(bytes)
            #expect(failure?.code == .sheetDamaged && failure?.line == 2)
            return
        }
        let row = try #require(try RosterFiles.rows(bytes).first)
        #expect(row.issues.map(\.code) == ["date_missing"])
        #expect(row.issues.first?.field == "joinDate")
    }

    @Test func `entities are refused before they expand`() throws {
        let prologue = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"
        let bytes = StoredArchive.workbook(
            sheet: Self.sheet(birth: "<c><v>&b;</v></c>", join: "<c/>", prologue: prologue)
        )
        #expect(try RosterFiles.failure(bytes)?.code == .sheetEntity)
    }

    @Test(arguments: [
        "<worksheet><sheetData><row>", "<worksheet></sheet>", "",
        String(repeating: "<a>", count: 100),
    ])
    func `a damaged sheet is named`(_ sheet: String) throws {
        #expect(
            try RosterFiles.failure(StoredArchive.workbook(sheet: sheet))?.code == .sheetDamaged
        )
    }

    @Test func `a sheet that is too wide is named`() throws {
        let sheet = "<worksheet><sheetData><row r='1'><c r='XFD1'/></row></sheetData></worksheet>"
        let code = try RosterFiles.failure(StoredArchive.workbook(sheet: sheet))?.code
        #expect(code == .tooManyColumns)
    }

    @Test func `a workbook without a roster says that the header is missing`() throws {
        let sheet = "<worksheet><sheetData/></worksheet>"
        #expect(
            try RosterFiles.failure(StoredArchive.workbook(sheet: sheet))?.code == .headerMissing
        )
    }
}
