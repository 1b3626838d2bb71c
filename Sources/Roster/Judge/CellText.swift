/// Cleaning and reading of one cell's UTF-8 bytes.
enum CellText {
    /// The cell without white space, no-break spaces and zero-width characters at its edges.
    static func trimmed(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end {
            let length = leadingBlank(text, start, end)
            if length == 0 { break }
            start += length
        }
        while start < end {
            let length = trailingBlank(text, start, end)
            if length == 0 { break }
            end -= length
        }
        return start..<end
    }

    /// The bytes as text; invalid sequences become U+FFFD.
    static func string(_ text: Span<UInt8>, _ range: Range<Int>) -> String {
        let slice = text.extracting(range)
        return unsafe slice.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the bytes are exactly these.
    static func equals(_ text: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count
        where unsafe text[range.lowerBound + offset] != word.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Whether the cell says that there is nothing: "-", "—", "нет", "б/н".
    static func saysNone(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, range.count <= 24 else { return false }
        if equals(text, range, "-") || equals(text, range, "—") || equals(text, range, "–") {
            return true
        }
        guard text[range.lowerBound] & 0xFE == 0xD0 else { return false }
        return nothings.contains(FoldedKey(text, range))
    }

    private static let nothings = Set(
        [
            "нет", "нету", "неимеет", "неимеется", "бо", "бн", "отсутствует", "отсут", "неуказан",
            "неуказано", "безотчества", "нетотчества",
        ].map(FoldedKey.init)
    )

    /// Whether the cell is what a spreadsheet shows where a formula fails: `#N/A`, `#ССЫЛКА!`.
    static func isSheetError(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty, range.count <= 24, text[range.lowerBound] == 0x23 else {
            return false
        }
        return sheetErrors.contains(string(text, range))
    }

    private static let sheetErrors: Set<String> = [
        "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!",
        "#ДЕЛ/0!", "#Н/Д", "#ИМЯ?", "#ПУСТО!", "#ЧИСЛО!", "#ССЫЛКА!", "#ЗНАЧ!", "#ПЕРЕНОС!",
    ]

    /// Whether a spreadsheet turned a long number into `1,77E+14`.
    static func isEatenNumber(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var digits = 0
        var sawExponent = false
        var index = range.lowerBound
        while index < range.upperBound {
            switch text[index] {
            case 0x30...0x39: digits += 1
            case 0x2C, 0x2E, 0x2B, 0x2D, 0x20: break
            case 0x45, 0x65:
                guard digits > 0, !sawExponent else { return false }
                sawExponent = true
            case 0xD0
            where index + 1 < range.upperBound
                && (text[index + 1] == 0x95 || text[index + 1] == 0xB5):
                guard digits > 0, !sawExponent else { return false }
                sawExponent = true
                index += 1
            default: return false
            }
            index += 1
        }
        return sawExponent && digits > 1
    }

    private static func leadingBlank(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let byte = text[start]
        if byte <= 0x20 { return 1 }
        if byte < 0xC2 || byte == 0xD0 || byte == 0xD1 { return 0 }
        if byte == 0xC2, start + 1 < end {
            return text[start + 1] == 0xA0 || text[start + 1] == 0xAD ? 2 : 0
        }
        return start + 2 < end && isBlank3(byte, text[start + 1], text[start + 2]) ? 3 : 0
    }

    private static func trailingBlank(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let byte = text[end - 1]
        if byte <= 0x20 { return 1 }
        if byte < 0x80 || byte >= 0xC0 { return 0 }
        if byte == 0xA0 || byte == 0xAD, end - start >= 2, text[end - 2] == 0xC2 { return 2 }
        return end - start >= 3 && isBlank3(text[end - 3], text[end - 2], byte) ? 3 : 0
    }

    /// U+2000…U+200F, U+202F, U+205F, U+2060, U+FEFF, U+3000.
    private static func isBlank3(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        switch (first, second) {
        case (0xE2, 0x80): third <= 0x8F || third == 0xAF
        case (0xE2, 0x81): third == 0x9F || third == 0xA0
        case (0xEF, 0xBB): third == 0xBF
        case (0xE3, 0x80): third == 0x80
        default: false
        }
    }
}
