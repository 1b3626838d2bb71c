import ArgumentParser
import CardReader
import Foundation

/// Cards of our own behind pcscd's virtual readers.
@main
struct CardEmulator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card-emulator",
        abstract: "Puts an emulated card on a virtual reader, again and again.",
        discussion: "What happens is said on standard output, a JSON object a line. The keys' "
            + "passphrase comes from PROFBILET_CHIP_PASSPHRASE."
    )
    @Option(help: "encoding.csv of a batch") var encoding: String?
    @Option(help: "Place in the run, from 1; given again, the cards take turns") var line: [Int] =
        []
    @Option(help: "Port of the virtual reader") var port: UInt16 = 35963
    @Option(help: "ntag424, type4, type2, uid") var profile: Profile = .ntag424
    @Option(help: "UID in hexadecimal; else it follows from the line") var uid: String?
    @Option(help: "Sealed chip keys") var keyFile: String?
    @Option(help: "What goes wrong") var fault: CardFault = .none
    @Option(help: "How the chip mirrors UID and counter: encrypted, plain") var mirror = Mirror
        .encrypted
    @Option(help: "Read counter before the first tap") var counter: UInt32 = 0
    @Option(help: "How often the card is put down") var taps = 1
    @Option(help: "Milliseconds without a command after which it is taken away") var hold = 500
    @Option(help: "Milliseconds between two taps") var gap = 500
    @Flag(help: "Each line on standard input puts the card down or takes it away") var manual =
        false
    @Flag(help: "Say every command and answer") var trace = false

    enum Profile: String, ExpressibleByArgument, CaseIterable { case ntag424, type4, type2, uid }
    enum Mirror: String, ExpressibleByArgument, CaseIterable { case encrypted, plain }

    func run() throws {
        let cards = try (line.isEmpty ? [1] : line).map(card)
        let reader = VirtualReader(port: port, fault: fault, isTraced: trace)
        var tap = 0
        while manual || tap < taps {
            if manual, readLine() == nil { break }
            let card = cards[tap % cards.count]
            tap += 1
            try reader.insert(card, tap: tap)
            if manual {
                let hand = Hand()
                try reader.serve(card) { hand.hasMoved }
            } else {
                try reader.serve(card, quiet: hold)
            }
            reader.remove(tap: tap)
            if !manual, tap < taps { Thread.sleep(forTimeInterval: Double(gap) / 1000) }
        }
    }

    /// The card of one line.
    private func card(_ number: Int) throws -> any EmulatedCard {
        let record = try encoding.map { try EncodingLine.read($0, sequence: number) }
        let uid = try uid.map(Self.uid) ?? Self.uid(of: number)
        let message = record?.message ?? []
        switch profile {
        case .uid: return UIDCard(uid: uid)
        case .type2: return Type2Card(uid: uid, message: message)
        case .type4: return Type4Card(uid: uid, message: message)
        case .ntag424:
            let chip = try NTAG424Chip(
                uid: uid,
                keys: try keySet(record?.key),
                counter: counter,
                fault: fault,
                isPlain: mirror == .plain
            )
            return Type4Card(uid: uid, message: chip.template(message), chip: chip)
        }
    }

    private func keySet(_ reference: String?) throws -> ChipKeyring.KeySet {
        guard fault != .wrongKey else { return ChipKeyring.KeySet(random: "copy") }
        guard let keyFile, let content = FileManager.default.contents(atPath: keyFile) else {
            throw ValidationError("--profile ntag424 needs --key-file")
        }
        let phrase = ProcessInfo.processInfo.environment["PROFBILET_CHIP_PASSPHRASE"] ?? ""
        let keyring = try ChipKeyring(sealed: Array(content), passphrase: phrase)
        let found =
            reference.flatMap { keyring[$0] } ?? (reference == nil ? keyring.sets.first : nil)
        guard let found else { throw ValidationError("no keys for \(reference ?? "the card")") }
        return found
    }

    private static func uid(_ text: String) throws -> [UInt8] {
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
        guard [4, 7, 10].contains(bytes.count), bytes.count * 2 == digits.count else {
            throw ValidationError("--uid takes 4, 7 or 10 bytes in hexadecimal")
        }
        return bytes
    }

    /// Seven bytes as a chip of NXP has them: 04, then what follows from the line, then 80.
    static func uid(of number: Int) -> [UInt8] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "card \(number)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return [4] + (0..<5).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) } + [0x80]
    }
}

/// Whether a hand moved the card: a line, or the end, of standard input.
private struct Hand {
    var hasMoved: Bool {
        var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&input, 1, 0) > 0 else { return false }
        _ = readLine()
        return true
    }
}

/// Says what happened, one JSON object a line.
func report(_ event: String, _ facts: [String: String] = [:]) {
    let pairs = ["event": event].merging(facts) { $1 }
    let fields = pairs.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value)\"" }
    // At once, for a test waits for it.
    FileHandle.standardOutput.write(Data("{\(fields.joined(separator: ", "))}\n".utf8))
}
