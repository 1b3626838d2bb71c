import UnionTicket

/// One part of a name as scalars, with blanks and composed letters put in order.
struct NameCell {
    /// The words, each without blanks.
    private(set) var words: [[Unicode.Scalar]] = []
    private var isFormula = false

    /// The longest part of a name that is taken.
    static let limit = 100

    /// No name.
    init() {}

    /// The words of a trimmed cell.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        let end = min(range.upperBound, range.lowerBound + 4 * Self.limit + 8)
        let string = CellText.string(text, range.lowerBound..<end)
        self.init(scalars: NameLetters.composed(string.unicodeScalars))
    }

    /// A cell of these words.
    init(words: some Sequence<[Unicode.Scalar]>) { self.words = Array(words) }

    private init(scalars: [Unicode.Scalar]) {
        if let first = scalars.first, "=+-@".unicodeScalars.contains(first) { isFormula = true }
        words = scalars.split(whereSeparator: NameLetters.isBlank).map(Array.init)
        joinHyphens()
    }

    /// Whether there is nothing.
    var isEmpty: Bool { words.isEmpty }

    /// «Иванова - Петрова» is «Иванова-Петрова».
    private mutating func joinHyphens() {
        var joined: [[Unicode.Scalar]] = []
        for word in words {
            if let before = joined.last, before.last == "-" || word.first == "-", before != ["-"] {
                joined[joined.count - 1] = before + word
            } else {
                joined.append(word)
            }
        }
        words = joined
    }

    /// What came of a part of a name.
    struct Verdict {
        /// The words that are fit to be read, with letters and capitals put right.
        var legible = ""
        /// Whether the part is refused.
        var isRefused = false
        /// What was found, errors and warnings.
        var codes: [RosterIssueCode]
    }

    /// Checks the letters, replaces look-alikes and applies the rule of capitals.
    func judge(mayBeOneLetter: Bool) -> Verdict {
        if isFormula {
            return Verdict(isRefused: true, codes: [words == [["-"]] ? .nameMissing : .formula])
        }
        if words.count == 1, RosterWords.noNames.contains(Self.text(words[0])) {
            return Verdict(isRefused: true, codes: [.answerInName])
        }
        // A letter beside other words is an initial, also in a family name.
        var codes = NameLetters.flaws(words, mayBeOneLetter: mayBeOneLetter && words.count == 1)
        if words.reduce(words.count - 1, { $0 + $1.count }) > Self.limit {
            codes.append(.nameTooLong)
        }
        let legible = words.map { $0.filter { !("0"..."9").contains($0) } }
            .filter { NameLetters.cyrillic($0) != nil }
        if codes.isEmpty, legible.count < words.count { codes.append(.foreignLetters) }
        let isRefused = !codes.isEmpty
        let replaced = legible.compactMap(NameLetters.cyrillic)
        let cased = NameCase.corrected(replaced)
        if replaced != legible { codes.append(.lookalike) }
        if cased != replaced { codes.append(.nameCase) }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: cased.joined(separator: [" "]))
        return Verdict(legible: String(text), isRefused: isRefused, codes: codes)
    }

    /// The words in lower case, ё as е, to be compared.
    static func folded(_ words: [[Unicode.Scalar]]) -> [String] {
        words.map { text($0).lowercased().replacing("ё", with: "е") }
    }

    /// One word as text.
    private static func text(_ word: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: word)
        return String(view)
    }

    /// Whether the bytes are one plainly written word: А…Я or Ё, then а…я or ё, hyphens allowed.
    static func isPlain(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count >= 4, range.count <= 2 * limit else { return false }
        var index = range.lowerBound
        var expectsCapital = true
        while index < range.upperBound {
            let byte = text[index]
            if byte == 0x2D {
                guard !expectsCapital else { return false }
                expectsCapital = true
                index += 1
                continue
            }
            guard index + 1 < range.upperBound else { return false }
            let next = text[index + 1]
            if expectsCapital {
                guard byte == 0xD0, next == 0x81 || (0x90...0xAF).contains(next) else {
                    return false
                }
                expectsCapital = false
            } else {
                let isLower =
                    byte == 0xD0 ? next >= 0xB0 : byte == 0xD1 && (next <= 0x8F || next == 0x91)
                guard isLower else { return false }
            }
            index += 2
        }
        return !expectsCapital
    }

    /// Whether a first-name cell has no letters, or a formula: the name may stand in another cell.
    static func holdsNoName(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return true }
        if [0x3D, 0x2B, 0x2D, 0x40].contains(text[range.lowerBound]) { return true }
        for index in range where text[index] >= 0x80 || (text[index] | 0x20) >= 0x61 {
            // « and » are no letters.
            if text[index] == 0xC2 || text[index] == 0xAB || text[index] == 0xBB { continue }
            return false
        }
        return true
    }
}

/// A whole name in one cell.
struct FullName {
    /// The words without what is in brackets.
    let words: [[Unicode.Scalar]]
    /// Whether there were brackets.
    let hasBrackets: Bool
    /// What is wrong with the cell as a whole.
    let flaws: [RosterIssueCode]

    /// Takes the cell apart.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        let cell = NameCell(text, Self.told(text, range))
        let all = cell.words
        flaws = cell.judge(mayBeOneLetter: true).codes.filter { $0.severity == .error }
        var kept: [[Unicode.Scalar]] = []
        var depth = 0
        var sawBracket = false
        for word in all {
            let opens = word.contains("(")
            let closes = word.contains(")")
            if opens {
                depth += 1
                sawBracket = true
            }
            if depth == 0 { kept.append(word) }
            if closes { depth = max(0, depth - 1) }
        }
        words = kept
        hasBrackets = sawBracket
    }

    /// The cell without a last word, or last two, that say that there is no patronymic.
    private static func told(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.upperBound
        for _ in 0..<2 {
            start = lastWord(text, CellText.trimmed(text, range.lowerBound..<start)).lowerBound
            guard start > range.lowerBound else { return range }
            guard CellText.saysNone(text, start..<range.upperBound) else { continue }
            let rest = CellText.trimmed(text, range.lowerBound..<start)
            return lastWord(text, rest).lowerBound > rest.lowerBound ? rest : range
        }
        return range
    }

    /// What follows the last blank of a trimmed cell.
    private static func lastWord(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.upperBound
        while start > range.lowerBound, text[start - 1] > 0x20,
            text[start - 1] != 0xA0 || start < range.lowerBound + 2 || text[start - 2] != 0xC2
        { start -= 1 }
        return start..<range.upperBound
    }

    /// Family name, first name and patronymic of 2–3 words, or with a known particle at the end.
    var parts: (last: NameCell, first: NameCell, patronymic: NameCell)? {
        let patronymic: ArraySlice<[Unicode.Scalar]>
        switch words.count {
        case 2: patronymic = []
        case 3:
            guard !NameCase.isPatronymicParticle(words[2]) else { return nil }
            patronymic = words[2...]
        case 4:
            guard NameCase.isPatronymicParticle(words[3]) else { return nil }
            patronymic = words[2...]
        default: return nil
        }
        return (
            NameCell(words: [words[0]]), NameCell(words: [words[1]]), NameCell(words: patronymic)
        )
    }
}
