import UnionTicket

/// Finds ticket and carrier numbers, and pseudonyms in hexadecimal, in a stream of bytes.
///
/// Groups of a number stand apart by one space or hyphen; so may what stands beside it, as the number
/// of its line or the next number, and every way to read them is tried.
struct IdentifierScan {
    private(set) var numbers: Set<String> = []
    private(set) var pseudonyms: Set<String> = []
    private var groups: [[UInt8]] = []
    private var digits: [UInt8] = []
    private var gap = 0
    private var hex: [UInt8] = []
    private static let most = 10_000_000
    /// Groups are looked through at this many; the last ones wait for what follows them.
    private static let together = 256
    private static let kept = 16
    /// How numbers are printed: `177 1234 5678 9012`, a carrier's with its issue, or without spaces.
    private static let shapes = [[3, 4, 4, 4, 1], [3, 4, 4, 4], [15], [16]]

    /// Takes the next bytes of the file.
    mutating func take(_ bytes: [UInt8]) {
        for byte in bytes {
            takeHex(byte)
            switch byte {
            case 0x30...0x39:
                if gap == 1 { endGroup() }
                if gap > 1 { endRun() }
                gap = 0
                // Longer groups are no number, however long.
                if digits.count < 17 { digits.append(byte) }
            case 0x20,
                0x2D where !digits.isEmpty:
                gap += 1
            default: endRun()
            }
        }
    }

    /// Ends the file.
    mutating func finish() {
        endRun()
        endHex()
    }

    private mutating func endGroup() {
        groups.append(digits)
        digits.removeAll(keepingCapacity: true)
        guard groups.count >= Self.together else { return }
        search()
        groups.removeFirst(groups.count - Self.kept)
    }

    private mutating func endRun() {
        gap = 0
        if !digits.isEmpty { groups.append(digits) }
        digits.removeAll(keepingCapacity: true)
        guard !groups.isEmpty else { return }
        search()
        groups.removeAll(keepingCapacity: true)
    }

    /// Numbers in their printed form first; among what is left, whatever makes one.
    private mutating func search() {
        var rest: [[UInt8]] = []
        var place = 0
        while place < groups.count {
            if let length = printed(at: place) {
                searchFreely(rest)
                rest.removeAll()
                place += length
            } else {
                rest.append(groups[place])
                place += 1
            }
        }
        searchFreely(rest)
    }

    /// Takes the number printed from a group on, and tells of how many groups it is.
    private mutating func printed(at place: Int) -> Int? {
        for shape in Self.shapes where place + shape.count <= groups.count {
            let found = groups[place..<place + shape.count]
            if found.elementsEqual(shape, by: { $0.count == $1 }), insert(found.flatMap(\.self)) {
                return shape.count
            }
        }
        return nil
    }

    private mutating func searchFreely(_ groups: [[UInt8]]) {
        var place = 0
        while place < groups.count {
            var together: [UInt8] = []
            var end = place
            var isFound = false
            while end < groups.count, together.count < 16, !isFound {
                together += groups[end]
                end += 1
                isFound = insert(together)
            }
            place = isFound ? end : place + 1
        }
    }

    private mutating func insert(_ digits: [UInt8]) -> Bool {
        guard digits.count == 15 || digits.count == 16, numbers.count < Self.most else {
            return false
        }
        let text = String(decoding: digits, as: UTF8.self)
        if case .refused = TypedNumber(text) { return false }
        numbers.insert(text)
        return true
    }

    private mutating func takeHex(_ byte: UInt8) {
        switch byte {
        case 0x30...0x39, 0x61...0x66: hex.append(byte)
        case 0x41...0x46: hex.append(byte + 0x20)
        default: endHex()
        }
        if hex.count > 64 { hex.removeFirst(32) }
    }

    private mutating func endHex() {
        if hex.count == 32, pseudonyms.count < Self.most {
            pseudonyms.insert(String(decoding: hex, as: UTF8.self))
        }
        hex.removeAll(keepingCapacity: true)
    }
}
