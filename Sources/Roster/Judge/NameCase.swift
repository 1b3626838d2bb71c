import UnionTicket

/// Capitals in names.
enum NameCase {
    /// Words that stay in lower case after a father's name.
    private static let patronymicParticles = Set(
        ["оглы", "кызы", "улы", "уулу", "гызы", "оглу", "углы", "кзы", "ага"].map(scalars)
    )

    /// Words that may be in lower case inside a family name.
    private static let familyParticles = Set(
        [
            "фон", "де", "ван", "дер", "ибн", "бен", "аль", "эль", "да", "ди", "ла", "ле", "дю",
            "дель", "тер", "оол", "кыс", "бей", "бек", "хан", "шах", "заде", "паша", "эд", "эр",
        ].map(scalars)
    )

    /// Whether the word, in any case, means "son of" or "daughter of".
    static func isPatronymicParticle(_ word: [Unicode.Scalar]) -> Bool {
        patronymicParticles.contains(lowered(word))
    }

    /// The words with capitals where they belong; mixed case («МакДональд») stays as written.
    static func corrected(_ words: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
        words.enumerated().map { index, word in corrected(word, isFirst: index == 0) }
    }

    private static func corrected(_ word: [Unicode.Scalar], isFirst: Bool) -> [Unicode.Scalar] {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false).map(Array.init)
        let fixed = parts.enumerated().map { index, part in
            correctedPart(part, mayBeParticle: !isFirst || index > 0, isAlone: parts.count == 1)
        }
        return Array(fixed.joined(separator: ["-"]))
    }

    private static func correctedPart(
        _ part: [Unicode.Scalar],
        mayBeParticle: Bool,
        isAlone: Bool
    ) -> [Unicode.Scalar] {
        let lower = lowered(part)
        if mayBeParticle {
            if patronymicParticles.contains(lower) { return lower }
            if familyParticles.contains(lower), part == lower { return part }
        } else if isAlone, familyParticles.contains(lower), part == lower {
            return part
        }
        let isUpper = part.allSatisfy { !$0.properties.isLowercase }
        let isLower = part == lower
        let isInverted = !isUpper && part.first?.properties.isLowercase == true
        return isUpper || isLower || isInverted ? capitalized(lower) : part
    }

    /// A capital at the beginning, and after an apostrophe that follows one letter (О'Нил).
    private static func capitalized(_ lower: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result = lower
        if let first = result.first { result[0] = upper(first) }
        if result.count > 2, result[1] == "'" { result[2] = upper(result[2]) }
        return result
    }

    private static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let mapped = scalar.properties.uppercaseMapping.unicodeScalars
        return mapped.count == 1 ? mapped.first ?? scalar : scalar
    }

    private static func lowered(_ word: [Unicode.Scalar]) -> [Unicode.Scalar] {
        word.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
    }

    private static func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }
}
