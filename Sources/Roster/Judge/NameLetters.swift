import UnionTicket

/// Which letters a name may have, and which are put right.
enum NameLetters {
    /// Composes letters, makes hyphens and apostrophes of one kind, drops what has no width.
    static func composed(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        for scalar in scalars {
            switch scalar.value {
            case 0x200B...0x200F, 0x2060, 0xFEFF, 0xAD: continue
            case 0x2010...0x2015, 0x2212: result.append("-")
            case 0x2019, 0x2BC, 0x60, 0x2018: result.append("'")
            case 0x300...0x36F:
                let pair = (result.last?.value ?? 0) << 16 | scalar.value
                if let whole = compositions[pair].flatMap(Unicode.Scalar.init) {
                    result[result.count - 1] = whole
                } else {
                    result.append(scalar)
                }
            default: result.append(scalar)
            }
        }
        return result
    }

    /// White space of any kind.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value <= 0x20 || scalar.properties.isWhitespace
    }

    /// A letter of a Cyrillic alphabet, minority letters included.
    static func isCyrillic(_ scalar: Unicode.Scalar) -> Bool {
        (0x400...0x481).contains(scalar.value) || (0x48A...0x52F).contains(scalar.value)
    }

    /// Every kind of fault in the words, but not letters of other alphabets.
    static func flaws(_ words: [[Unicode.Scalar]], mayBeOneLetter: Bool) -> [RosterIssueCode] {
        var found: [RosterIssueCode] = []
        func note(_ code: RosterIssueCode) { if !found.contains(code) { found.append(code) } }
        for word in words {
            for scalar in word {
                switch scalar {
                case "0"..."9", "\u{FF10}"..."\u{FF19}": note(.digitInName)
                case "(", ")", "[", "]", "{", "}", "<", ">": note(.bracketsInName)
                case "\"", "«", "»", "“", "”", "„", "‹", "›": note(.quotesInName)
                case ".": note(.initials)
                default: break
                }
            }
            if word.first == "'" || word.last == "'" { note(.quotesInName) }
            let isDoubled = zip(word, word.dropFirst()).contains { $0 == "-" && $1 == "-" }
            if isDoubled || word.first == "-" || word.last == "-" { note(.hyphenInName) }
        }
        if !mayBeOneLetter, words.contains(where: isInitial) { note(.initials) }
        return found
    }

    private static func isInitial(_ word: [Unicode.Scalar]) -> Bool {
        word.count { $0.properties.isAlphabetic } == 1
    }

    /// The word with Latin look-alikes replaced, or nil when it is not wholly Cyrillic even so.
    ///
    /// A word without a single Cyrillic letter is a foreign one and stays refused.
    static func cyrillic(_ word: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        var result = word
        var cyrillicLetters = 0
        for (index, scalar) in word.enumerated() {
            if isCyrillic(scalar) {
                cyrillicLetters += 1
            } else if let twin = lookalikes[scalar] {
                result[index] = twin
            } else if scalar != "-" && scalar != "'" {
                return nil
            }
        }
        return cyrillicLetters > 0 ? result : nil
    }

    private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = [
        "A": "А", "B": "В", "E": "Е", "K": "К", "M": "М", "H": "Н", "O": "О", "P": "Р", "C": "С",
        "T": "Т", "X": "Х", "Y": "У", "a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х",
        "y": "у", "k": "к", "m": "м", "h": "н", "t": "т", "b": "в", "I": "І", "i": "і", "ë": "ё",
        "Ë": "Ё", "ï": "ї", "Ï": "Ї", "ə": "ә", "Ə": "Ә", "ç": "ҫ", "Ç": "Ҫ", "ă": "ӑ", "Ă": "Ӑ",
        "ĕ": "ӗ", "Ĕ": "Ӗ", "ö": "ӧ", "Ö": "Ӧ", "ä": "ӓ", "Ä": "Ӓ", "ÿ": "ӱ",
    ]

    /// Base and mark to the composed letter (Unicode, canonical compositions of U+0400…U+052F).
    private static let compositions: [UInt32: UInt32] = [
        0x0415_0300: 0x400, 0x0415_0308: 0x401, 0x0413_0301: 0x403, 0x0406_0308: 0x407,
        0x041A_0301: 0x40C, 0x0418_0300: 0x40D, 0x0423_0306: 0x40E, 0x0418_0306: 0x419,
        0x0438_0306: 0x439, 0x0435_0300: 0x450, 0x0435_0308: 0x451, 0x0433_0301: 0x453,
        0x0456_0308: 0x457, 0x043A_0301: 0x45C, 0x0438_0300: 0x45D, 0x0443_0306: 0x45E,
        0x0474_030F: 0x476, 0x0475_030F: 0x477, 0x0416_0306: 0x4C1, 0x0436_0306: 0x4C2,
        0x0410_0306: 0x4D0, 0x0430_0306: 0x4D1, 0x0410_0308: 0x4D2, 0x0430_0308: 0x4D3,
        0x0415_0306: 0x4D6, 0x0435_0306: 0x4D7, 0x04D8_0308: 0x4DA, 0x04D9_0308: 0x4DB,
        0x0416_0308: 0x4DC, 0x0436_0308: 0x4DD, 0x0417_0308: 0x4DE, 0x0437_0308: 0x4DF,
        0x0418_0304: 0x4E2, 0x0438_0304: 0x4E3, 0x0418_0308: 0x4E4, 0x0438_0308: 0x4E5,
        0x041E_0308: 0x4E6, 0x043E_0308: 0x4E7, 0x04E8_0308: 0x4EA, 0x04E9_0308: 0x4EB,
        0x042D_0308: 0x4EC, 0x044D_0308: 0x4ED, 0x0423_0304: 0x4EE, 0x0443_0304: 0x4EF,
        0x0423_0308: 0x4F0, 0x0443_0308: 0x4F1, 0x0423_030B: 0x4F2, 0x0443_030B: 0x4F3,
        0x0427_0308: 0x4F4, 0x0447_0308: 0x4F5, 0x042B_0308: 0x4F8, 0x044B_0308: 0x4F9,
    ]
}
