import CardReader
import Testing
import TicketSeal

@Suite("NDEF")
struct NDEFTests {
    static let payload: [UInt8] = [0xD2, 1, 2, 3]
    static let uri = Array("HTTPS://EPB.RU/C/1".utf8)

    /// A URI record and ours, as a batch writes them.
    static func message(type: String = "profbilet.ru:epb", code: UInt8 = 0) -> [UInt8] {
        [0x91, 1, UInt8(uri.count + 1), 0x55, code] + uri
            + [0x54, UInt8(type.utf8.count), UInt8(payload.count)] + Array(type.utf8) + payload
    }

    @Test func `a card's message holds the page and the payload`() throws {
        let message = try NDEFMessage(decoding: Self.message())
        #expect(message.records.count == 2)
        #expect(message.uri == "HTTPS://EPB.RU/C/1")
        #expect(message.signedPayload == Self.payload)
    }

    @Test func `the type's case does not matter, another type does`() throws {
        let upper = try NDEFMessage(decoding: Self.message(type: "PROFBILET.RU:EPB"))
        #expect(upper.signedPayload == Self.payload)
        let other = try NDEFMessage(decoding: Self.message(type: "profbilet.ru:epc"))
        #expect(other.signedPayload == nil)
    }

    @Test func `a URI's abbreviation is written out, an unknown one is none`() throws {
        #expect(
            try NDEFMessage(decoding: Self.message(code: 4)).uri == "https://HTTPS://EPB.RU/C/1"
        )
        #expect(try NDEFMessage(decoding: Self.message(code: 0x24)).uri == nil)
    }

    @Test func `a long record with an identifier is read`() throws {
        let long: [UInt8] = [0xCC, 1, 0, 0, 0, 2, 1, 0x78, 0x69, 7, 8]
        let record = try #require(try NDEFMessage(decoding: long).records.first)
        #expect(record.typeName == .external)
        #expect(record.payload == [7, 8])
    }

    static let broken: [([UInt8], NDEFMessage.Malformed)] = [
        ([], .truncated), ([0x91], .truncated), ([0x51, 1, 0, 0x55], .wrongBounds),
        ([0xD1, 1, 5, 0x55, 0], .truncated), ([0xC1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x55], .truncated),
        ([0xB1, 1, 0, 0x55], .unsupported), ([0xD6, 0, 0], .unsupported),
        ([0xD7, 0, 0], .unsupported),
        ([0xD0, 1, 0, 0x55], .unsupported), ([0xD1, 1, 0, 0x55, 0], .wrongBounds),
        ([0x91, 1, 0, 0x55], .truncated),
        ([0x90, 0, 0] + [UInt8](repeating: 0, count: 0) + repeated(20), .tooManyRecords),
    ]

    private static func repeated(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { _ in [0x10, 0, 0] as [UInt8] }
    }

    @Test(arguments: broken)
    func `broken bytes are refused with the reason`(
        _ bytes: [UInt8],
        _ reason: NDEFMessage.Malformed
    ) {
        #expect(throws: reason) { try NDEFMessage(decoding: bytes) }
    }

    @Test func `no cut and no changed byte traps`() {
        let message = Self.message()
        for count in 0..<message.count {
            #expect(throws: NDEFMessage.Malformed.self) {
                try NDEFMessage(decoding: Array(message[..<count]))
            }
        }
        for place in message.indices {
            for bit in 0..<8 {
                var changed = message
                changed[place] ^= 1 << bit
                _ = try? NDEFMessage(decoding: changed).uri
            }
        }
    }
}
