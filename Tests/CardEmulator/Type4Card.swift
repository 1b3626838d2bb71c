import CardReader

/// A Type 4 tag: an NDEF application with two files; an NTAG 424 DNA where it has a chip.
final class Type4Card: EmulatedCard {
    private enum File {
        case container
        case message
    }

    private static let application: [UInt8] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01]
    private static let size = 256

    let atr: [UInt8] = [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80]
    private let uid: [UInt8]
    private let file: [UInt8]
    private let chip: NTAG424Chip?
    private var isSelected = false
    private var selected: File?

    init(uid: [UInt8], message: [UInt8], chip: NTAG424Chip? = nil) {
        self.uid = uid
        self.chip = chip
        var file = [UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
        if chip?.fault == .liar { file.replaceSubrange(0..<2, with: [0x40, 0]) }
        file += [UInt8](repeating: 0, count: max(0, Self.size - file.count))
        self.file = file
    }

    func powerUp() {
        isSelected = false
        selected = nil
        chip?.powerUp()
    }

    func answer(_ command: APDUCommand) -> APDUResponse {
        if command.isUIDRequest { return APDUResponse(data: uid, status: 0x9000) }
        switch (command.cla, command.ins) {
        case (0x00, 0xA4): return select(command)
        case (0x00, 0xB0): return read(command)
        case (0x90, _) where isSelected:
            return chip?.answer(command) ?? APDUResponse(status: 0x6E00)
        default: return APDUResponse(status: 0x6D00)
        }
    }

    private func select(_ command: APDUCommand) -> APDUResponse {
        if command.p1 == 4 {
            isSelected = command.data == Self.application
            selected = nil
            return APDUResponse(status: isSelected ? 0x9000 : 0x6A82)
        }
        guard isSelected, command.data.count == 2 else { return APDUResponse(status: 0x6A82) }
        switch command.data {
        case [0xE1, 0x03]: selected = .container
        case [0xE1, 0x04]: selected = .message
        default: return APDUResponse(status: 0x6A82)
        }
        return APDUResponse(status: 0x9000)
    }

    private func read(_ command: APDUCommand) -> APDUResponse {
        let content: [UInt8]
        switch selected {
        case .container: content = container
        case .message: content = chip?.mirrored(into: file) ?? file
        case nil: return APDUResponse(status: 0x6985)
        }
        let start = Int(command.p1) << 8 | Int(command.p2)
        guard start <= content.count else { return APDUResponse(status: 0x6B00) }
        let data = content[start...].prefix(command.expected ?? 0)
        return APDUResponse(data: Array(data), status: 0x9000)
    }

    /// Version 2.0, 256 bytes a read, 255 a write, the NDEF file, an empty proprietary file.
    private var container: [UInt8] {
        [
            0x00, 0x17, 0x20, 0x01, 0x00, 0x00, 0xFF, 0x04, 0x06, 0xE1, 0x04, 0x01, 0x00, 0x00,
            0x00, 0x05, 0x06, 0xE1, 0x05, 0x00, 0x80, 0x82, 0x83,
        ]
    }
}
