import Testing
import UnionTicket

@testable import BonusProgram
@testable import Registry

@Suite struct RowWriterTests {
    static let columns = """
        columns:
          id: id
          status: status
          number: number
          validUntil: until
          carriers: "карты"
          region: region
          changedAt: at
          mergedInto: into
        """

    private static func contract(_ file: String) throws -> PartnerContract {
        let head = "format: partner/1\nname: p\ntitle: P\nrecipient: p\ncertificate: c.pem\n"
        return try PartnerContract(text: "\(head)file: {\(file)}\n\(columns)\n", file: "c.yaml")
    }

    private static func row(_ status: PartnerStatus, seconds: Int64, day: Int) throws -> PartnerRow
    {
        let name = "m" + String(repeating: "0f", count: 16)
        let heir = "m" + String(repeating: "a5", count: 16)
        return PartnerRow(
            pseudonym: try #require(PartnerPseudonym(name)),
            status: status,
            number: TicketNumber(scheme: .specimen, region: 7, serial: 123_456_789),
            validUntil: CalendarDate(day: day),
            carriers: 3,
            region: 7,
            changedAt: Instant(seconds: seconds),
            mergedInto: status == .merged ? PartnerPseudonym(heir) : nil
        )
    }

    /// What the writer must give, by the plain texts of the values.
    private static func expected(_ row: PartnerRow) -> [String] {
        guard row.status.isMember else {
            return [
                row.pseudonym.text, row.status.rawValue, "", "", "", "", "",
                row.mergedInto?.text ?? "",
            ]
        }
        return [
            row.pseudonym.text, row.status.rawValue, row.number?.filed ?? "", row.validUntil.iso,
            row.carriersText, row.regionText, row.changedAt.rfc3339, "",
        ]
    }

    private static func rows() throws -> [PartnerRow] {
        [
            try row(.active, seconds: 1_700_000_000, day: 20_000),
            try row(.suspended, seconds: 1_700_000_000, day: 20_001),
            try row(.revoked, seconds: 1_700_000_001, day: 0),
            try row(.merged, seconds: 1_700_000_001, day: 0),
            try row(.active, seconds: 0, day: 20_000),
        ]
    }

    @Test func `rows of a CSV file`() throws {
        var writer = RowWriter(try Self.contract("form: csv, separator: \";\""))
        var bytes: [UInt8] = []
        writer.begin(&bytes)
        let rows = try Self.rows()
        for row in rows { writer.add(row, to: &bytes) }
        let lines =
            ["id;status;number;until;карты;region;at;into"]
            + rows.map { Self.expected($0).joined(separator: ";") }
        #expect(String(decoding: bytes, as: UTF8.self) == lines.map { $0 + "\r\n" }.joined())
    }

    @Test func `rows of a JSON Lines file`() throws {
        var writer = RowWriter(try Self.contract("form: jsonl"))
        var bytes: [UInt8] = []
        writer.begin(&bytes)
        let rows = try Self.rows()
        for row in rows { writer.add(row, to: &bytes) }
        let names = ["id", "status", "number", "until", "карты", "region", "at", "into"]
        let lines = rows.map { row in
            let members = zip(names, Self.expected(row)).map { "\"\($0)\":\"\($1)\"" }
            return "{\(members.joined(separator: ","))}\n"
        }
        #expect(String(decoding: bytes, as: UTF8.self) == lines.joined())
    }
}
