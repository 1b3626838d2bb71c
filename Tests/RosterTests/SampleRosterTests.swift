import Foundation
import Testing
import UnionTicket

@testable import Roster

@Suite struct SampleRosterTests {
    @Test func `the same seed gives the same bytes`() throws {
        let first = try SampleFiles(SampleRoster(rows: 3_000, seed: 11))
        let second = try SampleFiles(SampleRoster(rows: 3_000, seed: 11))
        #expect(first == second)
        #expect(first.roster.count > 300_000)
    }

    @Test func `another seed gives other bytes`() throws {
        let first = try SampleFiles(SampleRoster(rows: 100, seed: 11))
        let second = try SampleFiles(SampleRoster(rows: 100, seed: 12))
        #expect(first.roster != second.roster)
        #expect(first.truth != second.truth)
    }

    @Test func `a clean roster has no defect, and nobody in it twice`() throws {
        let files = try SampleFiles(SampleRoster(rows: 8_000, seed: 3, dirt: 0))
        #expect(files.summary.untouched == 8_000)
        #expect(files.summary.defects.isEmpty)
        #expect(files.summary.expected == [.added: 8_000])
        var people: Set<String> = []
        for line in try files.truths {
            #expect(line.defects.isEmpty && line.expected.codes.isEmpty && line.clean.c_pd)
            #expect(people.insert(line.clean.person).inserted)
        }
    }

    @Test func `a small region repeats names but no person`() throws {
        let roster = SampleRoster(rows: 40_000, seed: 3, dirt: 0, region: SampleRegions[6])
        let files = try SampleFiles(roster, .csv(.utf8, separator: .semicolon))
        let cells = String(decoding: files.roster, as: UTF8.self).split(separator: "\r\n")
            .dropFirst().map { $0.split(separator: ";", omittingEmptySubsequences: false) }
        #expect(Set(cells.map { $0[2...5].joined(separator: " ") }).count == 40_000)
        #expect(cells.allSatisfy { $0[8].hasPrefix("06-") })
    }

    @Test func `members are of age and joined in time`() throws {
        let today = try #require(CalendarDate(iso: "2020-12-08"))
        for line in try SampleFiles(SampleRoster(rows: 10_000, seed: 5)).truths {
            let birth = try #require(CalendarDate(iso: line.clean.birth))
            let join = try #require(CalendarDate(iso: line.clean.join))
            #expect(birth.adding(years: 14) <= join && join <= today)
            #expect(birth.adding(years: 95) > today)
        }
    }

    @Test(
        arguments: [
            ("upper", 0.05), ("lookalike", 0.008), ("trail_space", 0.04), ("phone_8", 0.35),
            ("phone_fmt", 0.25), ("cat_variant", 0.12), ("ticket_legacy", 0.25),
            ("consent_variant", 0.3), ("date_2digit", 0.008), ("dup_exact", 0.01),
            ("dup_two_orgs", 0.008), ("fio_one_cell", 0.01), ("org_unknown", 0.006),
        ]
    )
    func `defects are as frequent as said`(name: String, rate: Double) throws {
        let count = try #require(Self.dirty.summary.defects[name])
        let expected = rate * 30_000
        #expect(abs(Double(count) - expected) < 5 * expected.squareRoot() + expected * 0.03)
    }

    @Test func `every defect and every finding happens`() throws {
        let summary = Self.dirty.summary
        #expect(summary.defects.count == 36)
        #expect(Set(summary.expected.keys) == [.added, .duplicate, .conflict, .error])
        let codes = Set(Self.dirtyTruths.flatMap(\.expected.codes))
        #expect(codes.count == 25)
    }

    @Test func `twice the dirt gives about twice the defects`() throws {
        let single = try SampleFiles(SampleRoster(rows: 20_000, seed: 8)).summary
        let double = try SampleFiles(SampleRoster(rows: 20_000, seed: 8, dirt: 2)).summary
        let ratio = Double(double.defects["upper"] ?? 0) / Double(single.defects["upper"] ?? 1)
        #expect((1.8...2.2).contains(ratio))
    }

    @Test func `the truth counts its lines and points back at repeated ones`() throws {
        let truths = Self.dirtyTruths
        #expect(truths.map(\.line) == Array(2...30_001))
        for line in truths {
            guard let original = line.duplicate_of_line else {
                #expect(line.expected.outcome != "duplicate" && line.expected.outcome != "conflict")
                continue
            }
            #expect(original < line.line)
            let before = truths[original - 2]
            #expect(before.clean.birth == line.clean.birth && before.clean.ais == line.clean.ais)
            if before.expected.outcome == "added", line.expected.outcome == "duplicate" {
                #expect(before.clean.org == line.clean.org)
            }
        }
    }

    @Test func `a repeated row after a refused one is taken`() throws {
        let truths = Self.dirtyTruths
        let taken = truths.filter { line in
            line.expected.outcome == "added"
                && line.duplicate_of_line.map { truths[$0 - 2].expected.outcome } == "error"
        }
        #expect(!taken.isEmpty)
    }

    static let dirtyTruths: [SampleTruthLine] = {
        do {
            return try dirty.truths
        } catch {
            fatalError("the truth could not be read: \(error)")
        }
    }()

    static let dirty: SampleFiles = {
        do {
            return try SampleFiles(SampleRoster(rows: 30_000, seed: 2))
        } catch {
            fatalError("the sample could not be written: \(error)")
        }
    }()
}

@Suite struct SampleFormatTests {
    @Test(arguments: SampleEncoding.allCases, SampleFormat.Separator.allCases)
    func `encodings decode to the same text`(
        encoding: SampleEncoding,
        separator: SampleFormat.Separator
    ) throws {
        let roster = SampleRoster(rows: 700, seed: 4, dirt: 3)
        let plain = try SampleFiles(roster, .csv(.utf8, separator: separator))
        let coded = try SampleFiles(roster, .csv(encoding, separator: separator))
        let text = try #require(encoding.decoded(coded.roster))
        let bare = text.unicodeScalars.first == "\u{FEFF}" ? String(text.dropFirst()) : text
        #expect(bare == String(decoding: plain.roster, as: UTF8.self))
        #expect(coded.truth == plain.truth && coded.organisations == plain.organisations)
    }

    @Test func `tables have a header and eighteen columns in every line`() throws {
        let files = try SampleFiles(
            SampleRoster(rows: 500, seed: 4, dirt: 0),
            .csv(.utf8, separator: .semicolon)
        )
        let lines = String(decoding: files.roster, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.count == 502 && lines.last == "")
        #expect(lines[0].hasPrefix("№ п/п;ИД АИС;Фамилия;Имя;Отчество;"))
        #expect(
            lines.dropLast().allSatisfy {
                $0.split(omittingEmptySubsequences: false) { $0 == ";" }.count == 18
            }
        )
    }

    @Test func `both forms of JSON hold the same members`() throws {
        struct Document: Decodable {
            let schema: String
            let members: [[String: String]]
        }
        let roster = SampleRoster(rows: 2_000, seed: 9, dirt: 2)
        let document = try JSONDecoder().decode(
            Document.self,
            from: SampleFiles(roster, .json).roster
        )
        let members = try SampleFiles(roster, .ndjson).roster.split(separator: 0x0A)
            .map { try JSONDecoder().decode([String: String].self, from: Data($0)) }
        #expect(document.schema == "roster/1")
        #expect(document.members == members && members.count == 2_000)
        #expect(members.allSatisfy { $0.count == 17 })
    }

    @Test func `a reader finds what the truth says, as often as it says`() throws {
        let files = try SampleFiles(
            SampleRoster(rows: 3_000, seed: 12, dirt: 3),
            .csv(.utf8, separator: .semicolon)
        )
        // What only the register can find is left out.
        let later = ["duplicate", "two_organisations", "organisation_unknown"]
        let rows = try RosterFiles.rows(files.roster)
        for (row, truth) in zip(rows, try files.truths) {
            let expected = truth.expected.codes.filter { !later.contains($0) }
            #expect(row.issues.map(\.code).sorted() == expected.sorted(), "line \(row.line)")
        }
    }

    @Test func `a workbook has cells of their kinds and is read as the table is`() throws {
        let roster = SampleRoster(rows: 3_000, seed: 11, dirt: 3)
        let table = try SampleFiles(roster, .csv(.utf8, separator: .semicolon))
        let sheet = try SampleFiles(roster, .xlsx)
        #expect(sheet.truth == table.truth && sheet.organisations == table.organisations)
        #expect(try SampleFiles(roster, .xlsx).roster == sheet.roster)
        let (typed, read) = (
            try RosterFiles.rows(table.roster), try RosterFiles.rows(sheet.roster)
        )
        #expect(read.count == 3_000 && read == typed)
        #expect(try sheet.truths.map(\.line) == read.map(\.line))
        let dates = try RosterFiles.with(sheet.roster) { path in
            try Workbook(path: path).dateStyles
        }
        #expect(dates.contains(true))
    }

    @Test func `the list of organisations has all that are rightly named, and those above`() throws
    {
        let files = try SampleFiles(SampleRoster(rows: 5_000, seed: 6))
        let text = String(decoding: files.organisations, as: UTF8.self)
        let lines = text.split(separator: "\r\n").map { $0.split(separator: ";") }
        #expect(files.organisations.starts(with: [0xEF, 0xBB, 0xBF]))
        let listed = lines.dropFirst().map { String($0[0]) }
        var needed: Set<String> = []
        for line in try files.truths
        where Set(line.defects).isDisjoint(with: ["org_unknown", "org_dates"]) {
            needed.formUnion([
                line.clean.org, String(line.clean.org.prefix(6)), String(line.clean.org.prefix(2)),
            ])
        }
        #expect(Set(listed) == needed && listed.count == needed.count)
        #expect(listed == listed.sorted() && files.summary.organisations == listed.count)
        #expect(lines.allSatisfy { $0.count == 3 })
    }

    @Test func `the table of regions is whole`() {
        #expect(SampleRegions.all.count == 80)
        #expect(Set(SampleRegions.all.map(\.code)).count == 80)
        #expect(SampleRegions[77]?.name == "Московская городская организация Профсоюза")
        #expect(SampleRegions[47] == nil)
        let all = SampleRegions.all
        #expect(all.reduce(0) { $0 + $1.members } == 3_910_491)
        #expect(all.reduce(0) { $0 + $1.primaries } == 62_745)
        #expect(all.reduce(0) { $0 + $1.territorials } == 2_291)
    }

    @Test func `a file that cannot be created is reported`() {
        #expect(throws: SampleFileError.self) {
            try SampleRoster(rows: 1, seed: 1).write(roster: "/nowhere/at/all.csv")
        }
    }
}
