import Foundation
import Testing
import Yams

@testable import CardReader

@Suite("Reader table and hardware descriptions")
struct ReaderTableTests {
    private static let hardware = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "hardware")

    @Test func `the embedded table is the one under hardware`() throws {
        let file = try Data(contentsOf: Self.hardware.appending(path: "readers.yaml"))
        #expect(try ReaderTable.embedded() == ReaderTable(yaml: Array(file)))
    }

    @Test(arguments: [
        ("ACS ACR122U PICC Interface 00 00", "acr122u"),
        ("ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00", "acr1252"),
        ("HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY] 01 00", "omnikey5422"),
        ("Identiv uTrust 3700 F CL Reader 00 00", "utrust3700"),
        ("Virtual PCD 1 00 00", "virtual"), ("Something else", "any"),
    ])
    func `a reader is known by its name`(_ name: String, _ id: String) throws {
        #expect(try ReaderTable.embedded().row(for: ReaderName(name))?.id == id)
    }

    @Test func `the ACR122U shows its signals by the maker's commands`() throws {
        let row = try #require(try ReaderTable.embedded().row(for: ReaderName("ACS ACR122U")))
        #expect(row.start == [[0xFF, 0x00, 0x52, 0x00, 0x00]])
        #expect(row.signals[.accepted]?.first?.prefix(3) == [0xFF, 0x00, 0x40])
        #expect(row.control == 1)
        #expect(!row.isExtended)
    }

    static let broken = [
        ("format: readers/2", "format"), ("format: readers/1", "readers"),
        ("format: readers/1\nreaders: []\ncards: []", "readers"),
        ("format: readers/1\nreaders: [{id: a}]\ncards: []", "readers[0]"),
        (
            "format: readers/1\nreaders: [{id: a, title: a, match: [], control: 7}]\ncards: []",
            "readers[0].control"
        ),
        (
            "format: readers/1\nreaders: [{id: a, title: a, match: [], control: 1, extended: true, "
                + "accepted: [xyz]}]\ncards: []", "readers[0].accepted"
        ),
    ]

    @Test(arguments: broken)
    func `a broken table is refused by place`(_ yaml: String, _ place: String) {
        #expect(throws: ReaderTable.Malformed(place: place)) {
            try ReaderTable(yaml: Array(yaml.utf8))
        }
    }

    @Test func `a card is known by its whole answer to reset`() throws {
        let ntag: [UInt8] = [
            0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 3, 0, 0, 0, 0, 0x68,
        ]
        #expect(try ReaderTable.embedded().card(ntag)?.title.contains("NTAG") == true)
        #expect(StorageATR(ntag)?.name == 3)
        var other = ntag
        other[11] = 7
        #expect(StorageATR(other) == nil)
        #expect(StorageATR(Array(ntag.dropLast())) == nil)
        #expect(StorageATR([]) == nil)
    }

    @Test func `the chip descriptions say what the code does`() throws {
        for profile in ChipReading.Profile.allCases {
            let file = Self.hardware.appending(path: "chips/\(profile.rawValue).yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            let chip = try #require(try Yams.load(yaml: text) as? [String: Any])
            #expect(chip["id"] as? String == profile.rawValue)
            if profile != .uid { #expect(chip["record"] as? String == NDEFMessage.payloadType) }
            guard profile == .ntag424 || profile == .type4 else { continue }
            let name = Type4File.application.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            #expect("\(chip["application"] ?? "")" == name.joined())
            guard let mirror = chip["mirror"] as? [String: Any] else { continue }
            for form in ["encrypted", "plain"] {
                let suffix = try #require(mirror[form] as? String)
                #expect(SUNMessage(uri: "HTTPS://EPB.RU/C/1" + suffix) != nil)
            }
        }
    }
}
