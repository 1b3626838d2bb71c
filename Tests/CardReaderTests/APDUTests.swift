import CardReader
import Synchronization
import Testing
import TicketSeal

@Suite("APDU")
struct APDUTests {
    static let cases: [(String, [UInt8])] = [
        ("case 1", [0x00, 0x44, 0x00, 0x00]),
        ("case 2, short", [0x00, 0xB0, 0x00, 0x00, 0x0F]),
        ("case 2, short, 256", [0x00, 0xB0, 0x00, 0x00, 0x00]),
        ("case 3, short", [0x00, 0xA4, 0x00, 0x0C, 0x02, 0xE1, 0x03]),
        ("case 4, short", [0x00, 0xA4, 0x04, 0x00, 0x01, 0xA0, 0x00]),
        ("case 2, extended", [0x00, 0xB0, 0x00, 0x00, 0x00, 0x01, 0x2C]),
        ("case 2, extended, 65536", [0x00, 0xB0, 0x00, 0x00, 0x00, 0x00, 0x00]),
        ("case 3, extended", [0x00, 0xD6, 0, 0, 0, 1, 0] + [UInt8](repeating: 7, count: 256)),
        (
            "case 4, extended",
            [0x00, 0xD6, 0, 0, 0, 1, 0] + [UInt8](repeating: 7, count: 256) + [0, 0]
        ),
    ]

    @Test(arguments: cases)
    func `every case reads and writes itself`(_ name: String, _ bytes: [UInt8]) throws {
        #expect(try APDUCommand(decoding: bytes).encoded == bytes)
    }

    @Test(
        arguments: [
            [], [0], [0, 0, 0], [0, 0, 0, 0, 2, 1], [0, 0, 0, 0, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 2, 1], [0, 0, 0, 0, 0, 0, 1, 1, 1],
        ] as [[UInt8]]
    )
    func `a length that does not fit is refused`(_ bytes: [UInt8]) {
        #expect(throws: APDUCommand.Malformed.self) { try APDUCommand(decoding: bytes) }
    }

    @Test func `an answer without status is refused`() throws {
        #expect(throws: APDUResponse.Malformed.tooShort) { try APDUResponse(decoding: [0x90]) }
        #expect(throws: APDUResponse.Malformed.tooLong) {
            try APDUResponse(decoding: [UInt8](repeating: 0, count: 65_539))
        }
        #expect(try APDUResponse(decoding: [0x90, 0]).isSuccess)
    }

    @Test func `waiting bytes are fetched until the end`() throws {
        let card = Script([
            ("00b0000000", "01020361 02".filter { $0 != " " }), ("00c0000002", "04056101"),
            ("00c0000001", "069000"),
        ])
        let answer = try APDUChannel(over: card).send(APDUCommand(0, 0xB0, 0, 0, expected: 256))
        #expect(answer == APDUResponse(data: [1, 2, 3, 4, 5, 6], status: 0x9000))
        #expect(card.isFinished)
    }

    @Test func `the length a card wants is asked for once`() throws {
        let card = Script([("00b0000000", "6c02"), ("00b0000002", "01029000")])
        let answer = try APDUChannel(over: card).send(APDUCommand(0, 0xB0, 0, 0, expected: 256))
        #expect(answer.data == [1, 2])
        let stubborn = Script([("00b0000000", "6c02"), ("00b0000002", "6c03")])
        let refusal = try APDUChannel(over: stubborn)
            .send(APDUCommand(0, 0xB0, 0, 0, expected: 256))
        #expect(refusal.status == 0x6C03)
    }

    @Test func `long data are chained, and a refused link ends the chain`() throws {
        let data = [UInt8](repeating: 0xAB, count: 300)
        let head = "10d60000ff" + String(repeating: "ab", count: 255)
        let tail = "00d600002d" + String(repeating: "ab", count: 45)
        let card = Script([(head, "9000"), (tail, "9000")])
        let command = APDUCommand(0, 0xD6, 0, 0, data: data)
        #expect(try APDUChannel(over: card).send(command).isSuccess)
        #expect(card.isFinished)
        let refusing = Script([(head, "6884")])
        #expect(try APDUChannel(over: refusing).send(command).status == 0x6884)
        let extended = Script([(Hex.text(command.encoded), "9000")])
        #expect(try APDUChannel(over: extended, isExtendedAllowed: true).send(command).isSuccess)
    }

    @Test(arguments: ["", "90", "0102039000"])
    func `what breaks the standard is a failure`(_ answer: String) {
        let channel = APDUChannel(over: Script([("00b0000002", answer)]))
        #expect(throws: ReaderFailure(.malformedAnswer)) {
            try channel.send(APDUCommand(0, 0xB0, 0, 0, expected: 2))
        }
    }

    @Test func `a card that never ends its answer is given up`() {
        let channel = APDUChannel(over: Endless())
        #expect(throws: ReaderFailure(.malformedAnswer)) {
            try channel.send(APDUCommand(0, 0xB0, 0, 0, expected: 256))
        }
    }
}

/// A card that expects these commands and gives these answers, both in hexadecimal.
final class Script: APDUExchange {
    private let turns: [(String, String)]
    private let place = Mutex(0)

    init(_ turns: [(String, String)]) { self.turns = turns }

    var isFinished: Bool { place.withLock { $0 == turns.count } }

    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        let index = place.withLock { place in
            defer { place += 1 }
            return place
        }
        guard index < turns.count, turns[index].0 == Hex.text(command) else {
            throw ReaderFailure(.unexpected)
        }
        return Hex.bytes(turns[index].1) ?? []
    }
}

/// A card that always has more.
struct Endless: APDUExchange {
    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] { [0x61, 0x10] }
}
