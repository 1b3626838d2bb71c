public import UnionTicket

/// A roster file of any supported form, read once from its beginning in bounded memory.
///
/// Rows may be read and judged together (``next(_:)``), or read here and judged elsewhere, on other
/// cores (``nextRaw(_:)`` and ``RowJudge/judge(_:)``).
public final class RosterReader {
    /// The form of the file.
    public let format: FileFormat
    /// How a text file is coded; nil for XLSX.
    public let encoding: TextEncoding?
    /// What stands between the cells of a text table.
    public let separator: Character?
    /// Line of the header, nil for JSON.
    public let headerLine: Int?
    /// The headers of a table, in order, and what each was taken for.
    public let columns: [RecognisedColumn]
    /// Turns raw rows into drafts and findings.
    public let judge: RowJudge

    private let content: Content

    private enum Content {
        case table(Table)
        case members(any RowSource)
    }

    /// Lines that are no rows: titles, blanks, totals; the first 1 000 of them.
    public var ignoredLines: [IgnoredLine] {
        switch content {
        case .table(let table): table.ignoredLines
        case .members: []
        }
    }

    /// How many lines are no rows.
    public var ignoredCount: Int {
        switch content {
        case .table(let table): table.ignoredCount
        case .members: 0
        }
    }

    /// The sheet of a workbook that is read, nil for other files.
    public var sheet: String? {
        guard case .table(let table) = content else { return nil }
        return table.sheet
    }

    /// Other sheets of the workbook that hold something and are not read.
    public var otherSheets: [String] {
        guard case .table(let table) = content else { return [] }
        return table.otherSheets
    }

    /// Headers of the file that no field answers to; of JSON the first keys met so far.
    public var unrecognisedHeaders: [String] {
        if case .members(let source) = content {
            return (source as? MemberObjects)?.unknownKeys ?? []
        }
        return columns.filter { $0.field == nil && !$0.header.isEmpty }.map(\.header)
    }

    /// Opens a roster and finds out its form, encoding, separator and header.
    ///
    /// - Parameters:
    ///   - path: A regular file.
    ///   - encoding: Overrides the detection; nil detects.
    ///   - today: The day by which ages and dates are judged.
    /// - Returns: A reader before the first row.
    /// - Throws: When the file as a whole is unusable, with code and place.
    public static func open(
        _ path: String,
        encoding: TextEncoding? = nil,
        today: CalendarDate
    ) throws(RosterError) -> RosterReader {
        let vocabulary = TableHeader.Vocabulary(RosterField.columns)
        switch try OpenedFile.open(path, encoding: encoding) {
        case .workbook(let workbook):
            let table = try Table(workbook: workbook, vocabulary)
            return try RosterReader(table, today)
        case .text(let stream):
            return try RosterReader(Table(stream: stream, vocabulary), today)
        case .json(let stream):
            let source = try MemberObjects.open(stream, vocabulary)
            return RosterReader(source, format: source.format, stream.encoding, today)
        }
    }

    private init(_ table: Table, _ today: CalendarDate) throws(RosterError) {
        let header = table.header
        guard
            header.places[RosterField.fullName.rawValue] >= 0
                || (header.places[RosterField.last.rawValue] >= 0)
        else { throw Self.nameMissing(header) }
        format = table.format
        encoding = table.encoding
        separator = table.separator
        headerLine = header.line
        columns = header.columns
        judge = RowJudge(
            places: header.places,
            width: header.columns.count,
            isTable: true,
            serialShift: table.serialShift,
            today: today
        )
        content = .table(table)
    }

    private init(
        _ source: any RowSource,
        format: FileFormat,
        _ encoding: TextEncoding,
        _ today: CalendarDate
    ) {
        self.format = format
        self.encoding = encoding
        separator = nil
        headerLine = nil
        columns = []
        judge = RowJudge(
            places: Array(RosterField.allCases.indices),
            width: RosterField.allCases.count,
            isTable: false,
            serialShift: 0,
            today: today
        )
        content = .members(source)
    }

    /// Reads up to `maximum` rows without judging them; empty only at the end of the file.
    public func nextRaw(_ maximum: Int) throws(RosterError) -> RawRows {
        switch content {
        case .table(let table): return try table.next(max(1, maximum))
        case .members(let source):
            var rows = RawRows()
            try source.read(into: &rows, maximum: max(1, maximum))
            return rows
        }
    }

    /// Reads and judges up to `maximum` rows; empty only at the end of the file.
    public func next(_ maximum: Int) throws(RosterError) -> [RosterRow] {
        judge.judge(try nextRaw(maximum))
    }

    private static func nameMissing(_ header: TableHeader) -> RosterError {
        RosterError(
            .columnMissing,
            Bilingual(
                "Нет столбцов «Фамилия» и «Имя» (или «ФИО»): добавьте их в заголовок.",
                "The columns «Фамилия» and «Имя» (or «ФИО») are missing: add them to the header."
            ),
            line: header.line,
            excerpt: header.columns.map(\.header).joined(separator: "; ")
        )
    }
}
