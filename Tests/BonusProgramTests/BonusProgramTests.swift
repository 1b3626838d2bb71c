import BonusProgram
import CardLayout
import Foundation
import Registry
import Testing
import UnionTicket

@Suite struct PartnerContractTests {
    static let text = """
        format: partner/1
        name: profcards
        title: PROFCARDS
        recipient: profcards
        certificate: c.pem
        file:
          form: csv
        columns:
          status: st
          id: id
          mergedInto: into
          number: ticket
        """

    @Test func `a contract says what rows hold and in which order`() throws {
        let contract = try PartnerContract(text: Self.text, file: "c.yaml")
        #expect(contract.columns.map(\.column) == [.status, .id, .mergedInto, .number])
        #expect(contract.minimumAge == 18 && contract.deadlineDays == 3)
        #expect(contract.signer == "c.pem" && contract.separator == ",")
        #expect(contract.terms(certificate: [], signer: []).columns == .number)
    }

    @Test func `the worked contract is read`() throws {
        let path = #filePath.replacing(
            "Tests/BonusProgramTests/BonusProgramTests.swift",
            with: "batches/partners/profcards.yaml"
        )
        let contract = try PartnerContract(
            text: try String(contentsOfFile: path, encoding: .utf8),
            file: path
        )
        let columns = contract.terms(certificate: [], signer: []).columns
        #expect(columns == [.validUntil, .carriers, .region, .changedAt], "no number by default")
    }

    @Test(arguments: [
        ("partner/1", "partner/2", 1), ("name: profcards", "name: PROF CARDS", 2),
        ("  id: id\n", "", 9), ("number: ticket", "birth: ticket", 12),
        ("number: ticket", "number: st", 12), ("form: csv", "form: xml", 7),
        ("certificate: c.pem\n", "", 1), ("title: PROFCARDS", "titel: PROFCARDS", 3),
    ])
    func `a fault is named with its line`(old: String, new: String, line: Int) throws {
        let text = Self.text.replacing(old, with: new)
        let error = #expect(throws: LayoutError.self) {
            try PartnerContract(text: text, file: "c.yaml")
        }
        let lines = error?.findings.map(\.line) ?? []
        #expect(lines.contains(line), "\(lines)")
        #expect(error?.findings.allSatisfy { $0.file == "c.yaml" } == true)
    }
}

@Suite struct ExchangeFileTests {
    static let ack = """
        {"format": "partner-ack/1", "partner": "profcards", "package": 3, "stage": "applied",
         "manifest": "\(String(repeating: "ab", count: 32))",
         "set": "\(String(repeating: "cd", count: 32))", "rows": [{"id": "m1", "code": "E"}]}
        """

    private func file(_ text: String) throws -> PartnerFile {
        try PartnerFile(name: "f.json", bytes: Array(text.utf8))
    }

    @Test func `an acknowledgement is read`() throws {
        let said = try AcknowledgementFile.read(try file(Self.ack), of: "profcards")
        #expect(said.sequence == 3 && said.stage == .applied)
        #expect(said.manifest?.first == 0xAB && said.setHash?.last == 0xCD)
        #expect(said.rows.map(\.id) == ["m1"])
    }

    @Test(arguments: [
        ("partner-ack/1", "partner-ack/2", PartnerFault.badFormat),
        ("profcards", "other", .wrongPartner),
        ("applied", "eaten", .badFormat), ("\"package\": 3", "\"package\": 3.5", .badFormat),
        ("\"package\": 3", "\"package\": 0", .badFormat), ("abab", "zzzz", .badFormat),
        ("{\"id\"", "{\"di\"", .badFormat), ("}]}", "}]", .badFormat),
        ("applied", "rejected", .badFormat), ("\"set\"", "\"tes\"", .badFormat),
    ])
    func `a faulty acknowledgement gets its code`(
        old: String,
        new: String,
        fault: PartnerFault
    ) throws {
        let file = try file(Self.ack.replacing(old, with: new))
        let error = #expect(throws: ExchangeError.self) {
            try AcknowledgementFile.read(file, of: "profcards")
        }
        #expect(error?.fault == fault)
    }

    @Test(arguments: [
        ("\"package\": 3", "\"package\": 1.5"), ("\"package\": 3", "\"package\": 1e30"),
        ("\"package\": 3", "\"package\": \"3\""),
    ])
    func `a number that is not whole is named with its place`(old: String, new: String) throws {
        let file = try file(Self.ack.replacing(old, with: new))
        let error = #expect(throws: ExchangeError.self) {
            try AcknowledgementFile.read(file, of: "profcards")
        }
        let text = error?.message.english ?? ""
        #expect(text.contains("package") && text.contains("whole numbers"), "\(text)")
    }

    @Test func `nothing is an empty file`() throws {
        let error = #expect(throws: ExchangeError.self) { try file("") }
        #expect(error?.fault == .emptyFile)
    }

    static let statistics = """
        {"format": "partner-statistics/1", "partner": "profcards", "period": "2020-06", "revision": 1,
         "regions": [
         {"region": "26", "participants": 10, "throughApp": 2, "purchases": 3, "turnover": 1500,
          "cashback": 40},
         {"region": "77", "participants": 1, "throughApp": 0, "purchases": 0, "turnover": 0,
          "cashback": 0}],
         "total": {"participants": 11, "throughApp": 2, "purchases": 3, "turnover": 1500,
          "cashback": 40}}
        """

    @Test func `statistics are read in kopecks`() throws {
        let report = try StatisticsFile.read(try file(Self.statistics), of: "profcards")
        #expect(report.period.text == "2020-06" && report.regions.count == 2)
        #expect(report.total.turnover == 1_500)
    }

    @Test(arguments: [
        ("\"turnover\": 1500", "\"turnover\": -1500", "regions[0].turnover"),
        ("\"turnover\": 1500", "\"turnover\": 1500.5", "regions[0].turnover"),
        ("\"turnover\": 1500", "\"turnover\": \"1500\"", "regions[0].turnover"),
        ("\"cashback\": 40", "\"cashback\": 1501", "regions[0].cashback"),
        ("\"throughApp\": 2", "\"throughApp\": 11", "regions[0].throughApp"),
        ("\"region\": \"77\"", "\"region\": \"26\"", "regions[1].region"),
        ("\"region\": \"77\"", "\"region\": \"7\"", "regions[1].region"),
        ("\"participants\": 11", "\"participants\": 12", "total.participants"),
        (
            "\"purchases\": 0, \"turnover\": 0", "\"purchases\": 0, \"turnover\": 5",
            "regions[1].turnover"
        ),
        ("2020-06", "2020-13", "period"), ("\"revision\": 1", "\"revision\": 0", "revision"),
        ("\"revision\": 1", "\"revision\": 1.5", "revision"),
    ])
    func `a faulty figure is named with its place`(old: String, new: String, place: String) throws {
        let file = try file(Self.statistics.replacing(old, with: new))
        let error = #expect(throws: ExchangeError.self) {
            try StatisticsFile.read(file, of: "profcards")
        }
        #expect(error?.message.english.contains(place) == true, "\(error?.message.english ?? "")")
    }
}
