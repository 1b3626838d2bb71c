import UnionTicket

/// The words that stand for why something was done: in acts, in the log, beside a settled difference.
enum Ground {
    /// The words without blanks around them.
    ///
    /// - Throws: ``RegisterError`` when there are none: an act without a ground proves nothing.
    static func require(_ text: String) throws(RegisterError) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else {
            throw RegisterError(
                .badInput,
                "Основание пусто: напишите, почему или по какому документу.",
                "The ground is empty: say why, or by which document."
            )
        }
        return words
    }
}
