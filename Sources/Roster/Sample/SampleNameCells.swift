/// The three cells of a name in UTF-8, and what can happen to them.
struct SampleNameCells {
    var last: [UInt8]
    var first: [UInt8]
    var patronymic: [UInt8]

    /// Whether there is a ё to lose.
    var hasYo: Bool {
        [last, first, patronymic].contains { Self.firstIndex(of: 0x451, in: $0) != nil }
    }

    /// Writes е for every ё.
    mutating func dropYo() {
        last = Self.withoutYo(last)
        first = Self.withoutYo(first)
        patronymic = Self.withoutYo(patronymic)
    }

    /// Does what the defect says; false when this name has nothing that it could be done to.
    mutating func apply(_ defect: SampleDefect) -> Bool {
        let before = last
        switch defect {
        case .lookalike: last = Self.lookingAlike(last)
        case .upper: last = Array(String(decoding: last, as: UTF8.self).uppercased().utf8)
        case .lower: last = Array(String(decoding: last, as: UTF8.self).lowercased().utf8)
        case .swappedFio: (last, first) = (first, last)
        case .fioOneCell: joinCells()
        case .initials:
            first = first.prefix(2) + [0x2E]
            if !patronymic.isEmpty { patronymic = patronymic.prefix(2) + [0x2E] }
            return true
        case .maiden: last += Array(" (Фомина)".utf8)
        case .digitInName:
            guard let index = Self.firstIndex(of: 0x43E, in: last) else { return false }
            last.replaceSubrange(index..<index + 2, with: [0x30])
        case .quoteName:
            first = [0x22] + first + [0x22]
            return true
        case .formulaInjection:
            first = Array("=HYPERLINK(\"http://x\")".utf8)
            return true
        default: return false
        }
        return last != before
    }

    private mutating func joinCells() {
        last += [0x20] + first
        if !patronymic.isEmpty { last += [0x20] + patronymic }
        first = []
        patronymic = []
    }

    /// The word with е for every ё.
    static func withoutYo(_ word: [UInt8]) -> [UInt8] {
        var word = word
        while let index = firstIndex(of: 0x451, in: word) {
            word[index] = 0xD0
            word[index + 1] = 0xB5
        }
        return word
    }

    /// The first three letters that have a Latin twin, written Latin; one Cyrillic letter stays.
    private static func lookingAlike(_ word: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var replaced = 0
        var kept = 0
        var index = 0
        while index < word.count {
            guard word[index] >= 0xC0, index + 1 < word.count else {
                result.append(word[index])
                index += 1
                continue
            }
            let letter = UInt32(word[index] & 0x1F) << 6 | UInt32(word[index + 1] & 0x3F)
            let isLast = index + 2 == word.count
            if replaced < 3, !(isLast && kept == 0), let twin = twins[letter] {
                result.append(twin)
                replaced += 1
            } else {
                result += word[index...index + 1]
                kept += 1
            }
            index += 2
        }
        return result
    }

    private static let twins: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(
            "АВЕКМНОРСТХаеорсху".unicodeScalars.map(\.value),
            "ABEKMHOPCTXaeopcxy".utf8
        )
    )

    private static func firstIndex(of letter: UInt32, in word: [UInt8]) -> Int? {
        let lead = UInt8(0xC0 | letter >> 6)
        let trail = UInt8(0x80 | letter & 0x3F)
        guard word.count > 1 else { return nil }
        for index in 0..<word.count - 1 where word[index] == lead && word[index + 1] == trail {
            return index
        }
        return nil
    }
}
