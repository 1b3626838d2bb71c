import CardReader

/// A card as its reader sees it.
protocol EmulatedCard: AnyObject {
    /// The answer to reset.
    var atr: [UInt8] { get }

    /// Forgets what a card forgets without power.
    func powerUp()

    /// Answers one command.
    func answer(_ command: APDUCommand) -> APDUResponse
}

extension APDUCommand {
    /// GET DATA for the UID, which the reader answers for the card.
    var isUIDRequest: Bool { cla == 0xFF && ins == 0xCA && p1 == 0 && p2 == 0 }
}

/// A card with a UID and nothing else.
final class UIDCard: EmulatedCard {
    let atr: [UInt8] = [
        0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 1, 0, 0, 0, 0, 0x6A,
    ]
    private let uid: [UInt8]

    init(uid: [UInt8]) { self.uid = uid }

    func powerUp() {}

    func answer(_ command: APDUCommand) -> APDUResponse {
        command.isUIDRequest
            ? APDUResponse(data: uid, status: 0x9000) : APDUResponse(status: 0x6A81)
    }
}

/// An NTAG215: pages of four bytes with a capability container and one NDEF message.
final class Type2Card: EmulatedCard {
    /// The container's size in eights: 496 bytes.
    private static let eights: UInt8 = 0x3E

    let atr: [UInt8] = [
        0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0, 0, 3, 6, 3, 0, 3, 0, 0, 0, 0, 0x68,
    ]
    private let uid: [UInt8]
    private let memory: [UInt8]

    init(uid: [UInt8], message: [UInt8]) {
        self.uid = uid
        var memory = [UInt8](repeating: 0, count: 12) + [0xE1, 0x10, Self.eights, 0]
        // A lock control block and padding in front, as factories leave them.
        memory += [1, 3, 0xA0, 0x0C, 0x34, 0]
        memory +=
            message.count < 255
            ? [3, UInt8(message.count)]
            : [3, 0xFF, UInt8(message.count >> 8), UInt8(message.count & 0xFF)]
        memory += message + [0xFE]
        memory += [UInt8](repeating: 0, count: max(0, 16 + Int(Self.eights) * 8 - memory.count))
        self.memory = memory
    }

    func powerUp() {}

    func answer(_ command: APDUCommand) -> APDUResponse {
        if command.isUIDRequest { return APDUResponse(data: uid, status: 0x9000) }
        guard command.cla == 0xFF, command.ins == 0xB0 else { return APDUResponse(status: 0x6A81) }
        let start = Int(command.p2) * 4
        let end = start + (command.expected ?? 0)
        guard end <= memory.count else {
            report("past-end", ["page": "\(command.p2)"])
            return APDUResponse(status: 0x6A82)
        }
        return APDUResponse(data: Array(memory[start..<end]), status: 0x9000)
    }
}
