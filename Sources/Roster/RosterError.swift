public import UnionTicket

/// Why a file cannot be read any further, with the place.
///
/// Findings about single rows are ``RowIssue``s; this is for the file as a whole. Holds structure only
/// (headers, places, codes), never a member's data.
public struct RosterError: Error, Equatable, Sendable {
    /// What went wrong, stable and machine-readable.
    public enum Code: String, Sendable, CaseIterable {
        /// The file is missing or may not be read.
        case fileUnreadable = "file_unreadable"
        /// The file holds nothing.
        case fileEmpty = "file_empty"
        /// The file is not text, XLSX or JSON.
        case fileBinary = "file_binary"
        /// The old binary .xls, or a workbook under a password.
        case formatOldExcel = "format_old_excel"
        /// Two encodings fit about equally well.
        case encodingAmbiguous = "encoding_ambiguous"
        /// Bytes that the encoding does not have.
        case encodingInvalid = "encoding_invalid"
        /// A zero byte inside text.
        case nulCharacter = "nul_character"
        /// One row is longer than any honest row.
        case rowTooLong = "row_too_long"
        /// More columns than a roster can have.
        case tooManyColumns = "too_many_columns"
        /// A quoted cell never ends.
        case quoteUnclosed = "quote_unclosed"
        /// No row with the expected headers near the top.
        case headerMissing = "header_missing"
        /// Two columns with the same meaning.
        case headerDuplicate = "header_duplicate"
        /// A mandatory column is absent.
        case columnMissing = "column_missing"
        /// Not well-formed JSON.
        case jsonSyntax = "json_syntax"
        /// Nested deeper than a roster is.
        case jsonDepth = "json_depth"
        /// An array or object where a plain value belongs.
        case jsonValue = "json_value"
        /// A field is given twice.
        case jsonKey = "json_key"
        /// The schema is not `roster/1`.
        case schemaUnknown = "schema_unknown"
        /// There is no schema or no `members`.
        case schemaMissing = "schema_missing"
        /// The ZIP container of an XLSX is damaged.
        case zipDamaged = "zip_damaged"
        /// A part of an XLSX is not what it should be.
        case sheetDamaged = "sheet_damaged"
        /// A part of an XLSX unpacks to more than is allowed.
        case sheetTooLarge = "sheet_too_large"
        /// A document type or entity inside an XLSX.
        case sheetEntity = "sheet_entity"
        /// A test file could not be written.
        case notWritten = "not_written"
    }

    /// What went wrong.
    public let code: Code
    /// What happened and what to do.
    public let message: Bilingual
    /// Line of the file or row of the sheet, from 1.
    public let line: Int?
    /// Column of the table, or character of the line for JSON and encodings; from 1.
    public let column: Int?
    /// The headers or the piece of structure at fault, for a caret line; never a member's data.
    public let excerpt: String?
    /// What stands between cells, where ``column`` counts cells of a text table.
    let separator: Character?

    init(
        _ code: Code,
        _ message: Bilingual,
        line: Int? = nil,
        column: Int? = nil,
        excerpt: String? = nil,
        separator: Character? = nil
    ) {
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.separator = separator
    }
}

extension RosterError: CustomStringConvertible {
    /// `line:column: code: message`, as compilers write.
    public var description: String {
        let place = [line, column].compactMap { $0.map(String.init) }.joined(separator: ":")
        let head = place.isEmpty ? "" : place + ": "
        return head + code.rawValue + ": " + message.russian + " " + message.english
    }
}
