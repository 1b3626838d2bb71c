import CardLayout
import Roster
public import UnionTicket

/// How one manufacturer's report is to be read: the profile's `report` (docs/delivery.md).
public struct ReportFormat: Sendable {
    /// What a column of a report means.
    public enum Column: String, Sendable, CaseIterable {
        /// Place in the run.
        case sequence
        /// Carrier number, 16 digits.
        case carrier
        /// What became of the card.
        case result
        /// The chip's UID.
        case uid
        /// Anything the plant wants to say; not kept.
        case note
        /// Number of the batch, a guard against mixed-up files.
        case batch
    }

    /// Headings by column, beside the usual ones.
    public private(set) var headings: [Column: String] = [:]
    /// Results by word, beside the usual ones.
    public private(set) var words: [String: ReportedResult] = [:]
    /// What becomes of spoiled cards.
    public private(set) var spoilage = SpoilagePolicy.reissue

    /// The format of a profile without `report`.
    public init() {}

    /// Reads the profile's `report`; faults are noted in `d`.
    init(_ d: DescriptionFile, _ entry: DescriptionFile.Entry?) {
        guard let entry else { return }
        d.allow(entry, ["columns", "words", "spoiled"])
        for (key, value) in d.members(d.member(entry, "columns", isRequired: false)) {
            guard let column = Column(rawValue: key) else {
                let all = Column.allCases.map(\.rawValue).joined(separator: ", ")
                d.report(
                    value,
                    "нет столбца «\(key)»; есть \(all).",
                    "no \(key); there are \(all)."
                )
                continue
            }
            headings[column] = d.text(value)
        }
        for (key, value) in d.members(d.member(entry, "words", isRequired: false)) {
            guard let result = ReportedResult(rawValue: key) else {
                let all = ReportedResult.allCases.map(\.rawValue).joined(separator: ", ")
                d.report(value, "нет исхода «\(key)»; есть \(all).", "no \(key); there are \(all).")
                continue
            }
            for word in d.elements(value) {
                if let text = d.text(word) { words[Self.folded(text)] = result }
            }
        }
        spoilage = d.choice(d.member(entry, "spoiled", isRequired: false)) ?? .reissue
    }

    private static let usualHeadings: [Column: [String]] = [
        .sequence: ["№ п/п", "Номер по порядку", "№", "Порядковый номер", "seq", "No"],
        .carrier: ["Штрихкод", "Номер карты", "Карта", "card", "barcode", "Номер носителя"],
        .result: ["Результат", "Статус", "Исход", "status", "Состояние"],
        .uid: ["UID чипа", "Чип", "chip", "UID"], .note: ["Примечание", "Комментарий", "comment"],
        .batch: ["Партия", "Номер партии"],
    ]

    private static let usualWords: [ReportedResult: [String]] = [
        .produced: ["produced", "изготовлена", "изготовлено", "годна", "годен", "ок", "ok", "да"],
        .spoiled: ["spoiled", "брак", "забракована", "испорчена", "defect"],
        .missing: ["missing", "нет", "не изготовлена", "отсутствует", "утрачена"],
    ]

    private static let known: [String: ReportedResult] = {
        var known: [String: ReportedResult] = [:]
        for (result, words) in usualWords { for word in words { known[word] = result } }
        return known
    }()

    /// What the header row is looked for by.
    var columns: [TableColumn] {
        Column.allCases.map { column in
            var synonyms = Self.usualHeadings[column] ?? []
            if let own = headings[column] { synonyms.insert(own, at: 0) }
            return TableColumn(column.rawValue, synonyms, isRequired: column == .result)
        }
    }

    /// The result that a word means, or nil.
    func result(_ word: String) -> ReportedResult? {
        if let known = Self.known[word] { return known }
        let folded = Self.folded(word)
        return words[folded] ?? Self.known[folded]
    }

    private static func folded(_ word: String) -> String {
        word.lowercased().replacing("ё", with: "е")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
