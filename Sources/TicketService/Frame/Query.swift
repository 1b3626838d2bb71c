/// The query of a request: known names, each at most once, percent-decoded.
enum Query {
    /// Reads what stands behind `?`.
    ///
    /// - Throws: 400 for unknown or repeated names and bad escapes.
    static func read(
        _ text: Substring?,
        _ known: Set<String>
    ) throws(Problem) -> [String: String] {
        var values: [String: String] = [:]
        for part in (text ?? "").split(separator: "&", maxSplits: 32) {
            let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(pieces[0]), known.contains(name) else {
                throw .badField(
                    "?",
                    known.isEmpty
                        ? "У этого запроса нет параметров."
                        : "Известные параметры: \(known.sorted().joined(separator: ", ")).",
                    known.isEmpty
                        ? "This request takes no parameters."
                        : "Known parameters: \(known.sorted().joined(separator: ", "))."
                )
            }
            guard let value = decoded(pieces.count > 1 ? pieces[1] : ""), values[name] == nil else {
                throw .badField(
                    "?\(name)",
                    "Параметр повторён или записан неверно.",
                    "The parameter is repeated or malformed."
                )
            }
            values[name] = value
        }
        return values
    }

    private static func decoded(_ text: Substring) -> String? {
        guard text.utf8.count <= 1024 else { return nil }
        return RouteTable.decoded(Substring(text.replacing("+", with: " ")))
    }
}
