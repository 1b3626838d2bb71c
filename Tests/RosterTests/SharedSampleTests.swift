import Foundation
import Roster
import Testing
import UnionTicket

/// The synthetic roster of 2 000 rows against the truth of every injected defect.
struct SharedSampleTests {
    private struct Truth: Decodable {
        let line: Int
        let defects: [String]
        let clean: Clean
    }

    private struct Clean: Decodable {
        let last: String
        let first: String
        let mid: String
        let birth: String
        let org: String
        let join: String
        let phone: String
        let email: String
        let ais: String
        let c_pd: Bool
    }

    /// Defects that leave a mark of their own, with the code of the mark.
    private static let marks = [
        "upper": "name_case", "lower": "name_case", "lookalike": "lookalike",
        "swapped_fio": "names_swapped", "initials": "initials", "maiden": "brackets_in_name",
        "quote_name": "quotes_in_name", "formula_injection": "formula",
        "date_us": "date_ambiguous", "date_2digit": "date_two_digit_year",
        "date_serial": "date_serial", "date_impossible": "date_impossible",
        "date_future": "date_future", "date_missing": "date_missing",
        "join_before_birth": "join_before_14", "phone_sci": "phone_spreadsheet",
        "phone_short": "phone_length", "email_cyr": "email_not_ascii",
        "org_dates": "organisation_format", "ticket_sci": "ticket_spreadsheet",
    ]

    private static func truths() throws -> [Truth] {
        let data = try Data(
            contentsOf: URL(fileURLWithPath: RosterFiles.sample("roster-sample.truth.jsonl"))
        )
        return try data.split(separator: 0x0A)
            .map { try JSONDecoder().decode(Truth.self, from: $0) }
    }

    private static func rows() throws -> [Int: RosterRow] {
        let rows = try RosterFiles.rows(at: RosterFiles.sample("roster-sample.cp1251.csv"))
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.line, $0) })
    }

    @Test func `the sample is recognised as what it is`() throws {
        let reader = try RosterReader.open(
            RosterFiles.sample("roster-sample.cp1251.csv"),
            today: RosterFiles.today
        )
        #expect(reader.format == .csv)
        #expect(reader.encoding == .windows1251)
        #expect(reader.separator == ";")
        #expect(reader.headerLine == 1)
        #expect(reader.unrecognisedHeaders.isEmpty)
    }

    @Test func `every row has its line and every defect its code`() throws {
        let rows = try Self.rows()
        let truths = try Self.truths()
        #expect(rows.count == truths.count)
        var missed: [String] = []
        for truth in truths {
            let row = try #require(rows[truth.line])
            for defect in truth.defects {
                guard let code = Self.marks[defect], !row.codes.contains(code) else { continue }
                missed.append("\(truth.line) \(defect): \(row.codes.sorted())")
            }
        }
        #expect(missed == [])
    }

    @Test func `a split name is warned of, a digit is refused`() throws {
        let rows = try Self.rows()
        for truth in try Self.truths() {
            let row = try #require(rows[truth.line])
            if truth.defects.contains("fio_one_cell") {
                #expect(!row.codes.isDisjoint(with: ["name_split", "name_unsplittable"]))
            }
            if truth.defects.contains("digit_in_name"), truth.clean.last.contains("о"),
                !truth.defects.contains("lookalike"), !truth.defects.contains("upper")
            {
                #expect(row.codes.contains("digit_in_name"))
            }
        }
    }

    @Test func `an untouched row is taken as it is, without a word`() throws {
        let rows = try Self.rows()
        var untouched = 0
        for truth in try Self.truths() where truth.defects.isEmpty {
            let row = try #require(rows[truth.line])
            guard truth.clean.c_pd else {
                #expect(row.codes == ["consent_register_missing"])
                continue
            }
            untouched += 1
            #expect(row.issues.isEmpty, "line \(truth.line)")
            let draft = try #require(row.draft)
            #expect(draft.name.last == truth.clean.last)
            #expect(draft.name.first == truth.clean.first)
            #expect(draft.name.patronymic ?? "" == truth.clean.mid)
            #expect(draft.birthDate.iso == truth.clean.birth)
            #expect(draft.joinDate.iso == truth.clean.join)
            #expect(draft.organisation.description == truth.clean.org)
            #expect(draft.phone == truth.clean.phone)
            #expect(draft.email ?? "" == truth.clean.email)
            #expect(draft.aisId ?? "" == truth.clean.ais)
        }
        #expect(untouched > 100)
    }

    @Test func `rows are the same whatever the size of the chunks`() throws {
        let path = try RosterFiles.sample("roster-sample.cp1251.csv")
        let whole = try RosterFiles.rows(at: path, chunk: 1 << 20)
        #expect(try RosterFiles.rows(at: path, chunk: 1) == whole)
        #expect(try RosterFiles.rows(at: path, chunk: 63) == whole)
    }
}
