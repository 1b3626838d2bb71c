/// A column that an import understands.
public struct TableColumn: Hashable, Sendable {
    /// The glossary's name of the field.
    public let name: String
    /// What people write above such a column; case, dots, spaces, № and ё do not matter.
    public let synonyms: [String]
    /// Whether the file is unusable without it.
    public let isRequired: Bool

    /// A column with its headers; `name` itself is one of them.
    public init(_ name: String, _ synonyms: [String], isRequired: Bool = false) {
        self.name = name
        self.synonyms = synonyms
        self.isRequired = isRequired
    }
}

/// One header of a file and what it was taken for.
public struct RecognisedColumn: Hashable, Sendable {
    /// Column of the table, from 1.
    public let position: Int
    /// The header as the file has it, cleaned of line breaks.
    public let header: String
    /// The glossary's name of the field, nil when nobody knows the header.
    public let field: String?
}

/// A line of a table that is not a row, and why it was passed over.
public struct IgnoredLine: Hashable, Sendable {
    /// Why a line is not a row.
    public enum Reason: String, Sendable, CaseIterable {
        /// Above the header.
        case title
        /// Nothing in it.
        case blank
        /// «Итого» or «Всего».
        case total
        /// The numbers of the columns below the header.
        case numbering
    }

    /// Line of the file or row of the sheet, from 1.
    public let line: Int
    /// Why it is not a row.
    public let reason: Reason
}

/// The form of a file.
public enum FileFormat: String, Sendable, CaseIterable {
    /// A text table with separators.
    case csv
    /// A spreadsheet of Office Open XML.
    case xlsx
    /// One JSON document.
    case json
    /// One JSON object a line.
    case ndjson
}
