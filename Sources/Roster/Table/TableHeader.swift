import UnionTicket

/// The header row of a table and what its cells mean.
struct TableHeader {
    /// Line of the header.
    let line: Int
    /// Every header of the file, in order.
    let columns: [RecognisedColumn]
    /// For each known column its place in the file counted from 0, or −1.
    let places: [Int]

    /// How many of the first rows may be titles.
    static let depth = 64

    /// What headers mean, by folded text.
    struct Vocabulary {
        let columns: [TableColumn]
        private let meanings: [FoldedKey: Int]

        /// A row with so many known headers is the header row.
        let threshold: Int

        init(_ columns: [TableColumn], threshold: Int = 2) {
            self.columns = columns
            self.threshold = threshold
            var meanings: [FoldedKey: Int] = [:]
            for (index, column) in columns.enumerated() {
                for text in [column.name] + column.synonyms { meanings[FoldedKey(text)] = index }
            }
            self.meanings = meanings
        }

        func meaning(of header: String) -> Int? {
            let key = FoldedKey(header)
            return key.isEmpty ? nil : meanings[key]
        }
    }

    /// The row with the most known headers, or nil when none has enough.
    static func find(in rows: RawRows, _ vocabulary: Vocabulary) -> (row: Int, known: Int)? {
        var best: (row: Int, known: Int)?
        for row in 0..<min(rows.count, depth) {
            let known = Set(rows.texts(row: row).compactMap { vocabulary.meaning(of: $0) }).count
            if known >= vocabulary.threshold, known > best?.known ?? 0 { best = (row, known) }
        }
        return best
    }

    /// Reads the header from a row.
    ///
    /// - Throws: When two columns mean the same or a required one is absent.
    init(row: Int, of rows: RawRows, _ vocabulary: Vocabulary) throws(RosterError) {
        line = rows.rows[row].line
        var places = [Int](repeating: -1, count: vocabulary.columns.count)
        var columns: [RecognisedColumn] = []
        for (position, text) in rows.texts(row: row).enumerated() {
            let header = Self.shown(text)
            let meaning = vocabulary.meaning(of: text)
            columns.append(
                RecognisedColumn(
                    position: position + 1,
                    header: header,
                    field: meaning.map { vocabulary.columns[$0].name }
                )
            )
            guard let meaning else { continue }
            guard places[meaning] < 0 else {
                throw Self.duplicate(line: line, column: position + 1, header)
            }
            places[meaning] = position
        }
        self.columns = columns
        self.places = places
        try checkRequired(vocabulary)
    }

    private func checkRequired(_ vocabulary: Vocabulary) throws(RosterError) {
        let missing = vocabulary.columns.indices
            .filter { vocabulary.columns[$0].isRequired && places[$0] < 0 }
            .map { vocabulary.columns[$0].synonyms.first ?? vocabulary.columns[$0].name }
        guard !missing.isEmpty else { return }
        let list = missing.map { "«\($0)»" }.joined(separator: ", ")
        throw RosterError(
            .columnMissing,
            Bilingual(
                "Нет обязательных столбцов: \(list). Добавьте их в заголовок.",
                "Mandatory columns are missing: \(list). Add them to the header."
            ),
            line: line,
            excerpt: columns.map(\.header).joined(separator: "; ")
        )
    }

    private static func duplicate(line: Int, column: Int, _ header: String) -> RosterError {
        RosterError(
            .headerDuplicate,
            Bilingual(
                "Два столбца с одним смыслом: оставьте один.",
                "Two columns mean the same: keep one."
            ),
            line: line,
            column: column,
            excerpt: header
        )
    }

    /// A header fit for a message: one line, at most 60 characters.
    private static func shown(_ text: String) -> String {
        String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(60))
    }

    /// The error of a file without a header.
    static var missing: RosterError {
        RosterError(
            .headerMissing,
            Bilingual(
                "В первых \(depth) строках нет строки заголовков: добавьте её.",
                "There is no header row in the first \(depth) lines: add one."
            ),
            line: 1
        )
    }
}
