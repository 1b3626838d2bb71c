import CardReader
import TicketSeal
import Testing
import UnionTicket

@testable import card_emulator

@Suite("Chips, the emulated cards without a reader between")
struct ChipTests {
    static let uid: [UInt8] = [4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x80]
    static let keys = ChipKeyring.KeySet(random: "000001/ntag424/1")

    /// A payload of this scheme under a key nobody trusts.
    static func message(_ scheme: TicketNumber.Scheme = .specimen) throws -> [UInt8] {
        let number: UInt64 = scheme == .specimen ? 977_000_000_000_005 : 177_481_516_234_216
        let ticket = try #require(TicketNumber(value: number))
        let claims = TicketClaims(
            expiresAt: Instant(seconds: 2_000_000_000),
            carrier: try #require(CarrierNumber(ticket: ticket, issue: 1)),
            coordinate: try #require(StatusCoordinate(list: 77, index: 9))
        )
        let payload = try claims.seal(with: SigningKey.generate(.edDSA))
        let uri = [0] + Array("HTTPS://EPB.RU/C/".utf8)
        let first: [UInt8] = [0x91, 1, UInt8(uri.count), 0x55]
        let second: [UInt8] = [0x54, 16, UInt8(payload.count)]
        let type = Array(NDEFMessage.payloadType.utf8)
        return first + uri + second + type + payload
    }

    static func chip(
        _ keys: ChipKeyring.KeySet = keys,
        fault: CardFault = .none,
        counter: UInt32 = 6,
        isPlain: Bool = false,
        scheme: TicketNumber.Scheme = .specimen
    ) throws -> Type4Card {
        let chip = try NTAG424Chip(
            uid: uid,
            keys: keys,
            counter: counter,
            fault: fault,
            isPlain: isPlain
        )
        return Type4Card(uid: uid, message: chip.template(try message(scheme)), chip: chip)
    }

    static func read(
        _ card: any EmulatedCard,
        keys: [ChipKeyring.KeySet] = [keys]
    ) throws -> ChipReading {
        card.powerUp()
        return try ChipExaminer(keys: ChipKeyring(keys), atr: card.atr).examine(Direct(card: card))
    }

    @Test(arguments: [false, true])
    func `a genuine chip answers live, whichever way it mirrors`(_ isPlain: Bool) throws {
        let reading = try Self.read(try Self.chip(isPlain: isPlain))
        #expect(reading.profile == .ntag424)
        #expect(reading.keys == "000001/ntag424/1")
        #expect(reading.chip.level == .mutualAuth)
        #expect(reading.chip.authentication == .passed)
        #expect(reading.chip.counter == 7)
        #expect(reading.chip.uid == Self.uid)
        #expect(reading.chip.isLive)
    }

    @Test func `the right set is found among others`() throws {
        let others = (0..<5).map { ChipKeyring.KeySet(random: "\($0)") }
        let reading = try Self.read(try Self.chip(), keys: others + [Self.keys])
        #expect(reading.keys == Self.keys.reference)
        #expect(reading.chip.level == .mutualAuth)
    }

    @Test(arguments: [CardFault.half, .wrongKey])
    func `a chip without our keys fails, and its payload stays what it is`(
        _ fault: CardFault
    ) throws {
        let held = fault == .wrongKey ? ChipKeyring.KeySet(random: "copy") : Self.keys
        let reading = try Self.read(try Self.chip(held, fault: fault))
        #expect(reading.chip.authentication == .failed)
        #expect(reading.chip.level == .signedData)
        #expect(reading.chip.payload != nil)
        #expect(!reading.chip.isLive)
    }

    @Test func `keys of a file are never tried on a card of the production scheme`() throws {
        let reading = try Self.read(try Self.chip(scheme: .production))
        #expect(reading.chip.level == .signedData)
        #expect(reading.chip.authentication == .none)
        #expect(reading.chip.counter == nil)
    }

    @Test func `without keys there is a signature, which proves less`() throws {
        let reading = try Self.read(try Self.chip(), keys: [])
        #expect(reading.profile == .type4)
        #expect(reading.chip.level == .signedData)
        #expect(reading.chip.authentication == .none)
    }

    @Test func `pages and files give the same payload`() throws {
        let message = try Self.message()
        let pages = try Self.read(Type2Card(uid: Self.uid, message: message))
        let files = try Self.read(Type4Card(uid: Self.uid, message: message))
        #expect(pages.profile == .type2)
        #expect(files.profile == .type4)
        #expect(pages.chip == files.chip)
        #expect(pages.chip.level == .signedData)
    }

    @Test(arguments: [0, 1, 250, 254, 255, 256, 400, 480])
    func `a message of any length is read from pages`(_ length: Int) throws {
        let record: [UInt8] =
            length < 7
            ? []
            : [0xC5, 0, 0, 0, UInt8((length - 6) >> 8), UInt8((length - 6) & 0xFF)]
                + [UInt8](repeating: 0x41, count: length - 6)
        let reading = try Self.read(Type2Card(uid: Self.uid, message: record))
        #expect(reading.profile == .type2)
        #expect(reading.chip.level == .uid)
    }

    @Test func `a plain card has its UID only`() throws {
        let reading = try Self.read(UIDCard(uid: [8, 1, 2, 3]))
        #expect(reading.profile == .uid)
        #expect(reading.chip == ChipEvidence(level: .uid, uid: [8, 1, 2, 3]))
    }

    @Test func `a file that claims more than it holds is malformed`() throws {
        let card = try Self.chip(fault: .liar)
        #expect(throws: ReaderFailure(.malformedAnswer)) { try Self.read(card) }
    }

    @Test func `whatever a card answers, reading ends without a trap`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            let noise = Noise(seed: random.next())
            let examiner = ChipExaminer(keys: ChipKeyring([Self.keys]))
            _ = try? examiner.examine(noise)
        }
    }
}

/// A card without reader or pcscd.
struct Direct: APDUExchange {
    let card: any EmulatedCard

    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        guard let command = try? APDUCommand(decoding: command) else { return [0x67, 0x00] }
        return card.answer(command).encoded
    }
}

/// Answers that begin as a card's do and go on as they like.
final class Noise: APDUExchange {
    private let starts: [[UInt8]] = [
        [], [0xE1, 0x10, 0x06, 0x00, 0x03, 0x08],
        [0x00, 0x17, 0x20, 0x01, 0x00, 0x00, 0xFF, 0x04, 0x06],
        [0x00, 0x20, 0xD1, 0x01, 0x1C, 0x55],
    ]
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        var state = command.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        var bytes = starts[Int(next()) % starts.count]
        while bytes.count < Int(next()) % 40 { bytes.append(next()) }
        return bytes + (next() < 200 ? [0x90, 0x00] : [next(), next()])
    }
}
