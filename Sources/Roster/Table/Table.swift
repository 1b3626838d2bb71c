import UnionTicket

/// A table with a found header, whatever file it comes from: titles and totals are passed over.
final class Table {
    let format: FileFormat
    let encoding: TextEncoding?
    let separator: Character?
    let header: TableHeader
    /// The sheet of a workbook that is read, nil for text.
    let sheet: String?
    /// Other sheets of the workbook that hold something.
    let otherSheets: [String]
    /// Added to a day number of a sheet to count from 1899-12-30.
    let serialShift: Int
    /// The first lines that were passed over.
    private(set) var ignoredLines: [IgnoredLine] = []
    /// All lines that were passed over.
    private(set) var ignoredCount = 0

    private static let ignoredLimit = 1000
    private static let totals = [FoldedKey("итого"), FoldedKey("всего")]
    private let source: any RowSource
    private var pending: RawRows
    private var sawFirstRow = false

    /// A table whose first rows, header included, were read already.
    private init(
        _ source: any RowSource,
        _ first: RawRows,
        _ vocabulary: TableHeader.Vocabulary,
        format: FileFormat,
        encoding: TextEncoding? = nil,
        separator: Character? = nil,
        serialShift: Int = 0,
        sheet: String? = nil,
        otherSheets: [String] = []
    ) throws(RosterError) {
        guard let found = TableHeader.find(in: first, vocabulary) else { throw TableHeader.missing }
        header = try TableHeader(row: found.row, of: first, vocabulary)
        self.source = source
        self.format = format
        self.encoding = encoding
        self.separator = separator
        self.serialShift = serialShift
        (self.sheet, self.otherSheets) = (sheet, otherSheets)
        pending = first
        pending.rows.removeSubrange(0...found.row)
        for row in first.rows[..<found.row] { ignore(row.line, .title) }
    }

    /// The table in a text stream of which the first window was read.
    convenience init(
        stream: TextStream,
        _ vocabulary: TableHeader.Vocabulary
    ) throws(RosterError) {
        let choice = try SeparatorChoice.choose(stream, vocabulary)
        let source = DelimitedRows(
            stream: stream,
            separator: choice.separator,
            line: choice.firstLine
        )
        var first = RawRows()
        try source.read(into: &first, maximum: TableHeader.depth)
        if TableHeader.find(in: first, vocabulary) == nil,
            MacintoshText.holdsHeader(stream, vocabulary)
        {
            throw MacintoshText.refusal
        }
        try self.init(
            source,
            first,
            vocabulary,
            format: .csv,
            encoding: stream.encoding,
            separator: Character(Unicode.Scalar(choice.separator))
        )
    }

    /// The table of the first sheet of a workbook that has a header; a visible one goes before hidden
    /// ones.
    convenience init(
        workbook: Workbook,
        _ vocabulary: TableHeader.Vocabulary
    ) throws(RosterError) {
        for (place, sheet) in workbook.sheets.enumerated() {
            let source = try SheetRows(workbook: workbook, path: sheet.path)
            var first = RawRows()
            try source.read(into: &first, maximum: TableHeader.depth)
            guard TableHeader.find(in: first, vocabulary) != nil else { continue }
            try self.init(
                source,
                first,
                vocabulary,
                format: .xlsx,
                serialShift: workbook.serialShift,
                sheet: sheet.name,
                otherSheets: workbook.sheets.enumerated()
                    .filter { $0.offset != place && Self.holdsRows($0.element, of: workbook) }
                    .map(\.element.name)
            )
            return
        }
        throw TableHeader.missing
    }

    /// Whether anything stands at the top of a sheet; one that cannot be read holds nothing.
    private static func holdsRows(_ sheet: Workbook.Sheet, of workbook: Workbook) -> Bool {
        var rows = RawRows()
        guard let source = try? SheetRows(workbook: workbook, path: sheet.path),
            (try? source.read(into: &rows, maximum: TableHeader.depth)) != nil
        else { return false }
        return (0..<rows.count).contains { row in
            rows.texts(row: row).contains { !$0.allSatisfy(\.isWhitespace) }
        }
    }

    /// Up to `maximum` rows and their lines; empty only at the end.
    func next(_ maximum: Int) throws(RosterError) -> RawRows {
        while true {
            var rows = pending
            pending = RawRows()
            if rows.isEmpty { try source.read(into: &rows, maximum: maximum) }
            if rows.isEmpty { return rows }
            drop(&rows)
            guard !rows.isEmpty else { continue }
            if rows.count > maximum {
                pending = rows
                pending.rows.removeSubrange(..<maximum)
                rows.rows.removeSubrange(maximum...)
            }
            return rows
        }
    }

    /// Removes what is not a row.
    private func drop(_ rows: inout RawRows) {
        var kept = 0
        for index in rows.rows.indices {
            if let reason = reason(against: index, of: rows) {
                ignore(rows.rows[index].line, reason)
                continue
            }
            rows.rows[kept] = rows.rows[index]
            kept += 1
        }
        rows.rows.removeSubrange(kept...)
    }

    private func reason(against row: Int, of rows: RawRows) -> IgnoredLine.Reason? {
        let bytes = rows.bytes.span
        var first = 0..<0
        for column in 0..<Int(rows.rows[row].cellCount) where first.isEmpty {
            first = CellText.trimmed(bytes, rows.range(row: row, column: column))
        }
        if first.isEmpty { return .blank }
        if !sawFirstRow {
            sawFirstRow = true
            if isNumbering(row, rows) { return .numbering }
        }
        guard bytes[first.lowerBound] & 0xFE == 0xD0 else { return nil }
        guard first.count >= 10,
            bytes[first.lowerBound + 1] == 0x98
                || bytes[first.lowerBound + 1] == 0xB8
                || bytes[first.lowerBound + 1] == 0x92
                || bytes[first.lowerBound + 1] == 0xB2
        else { return nil }
        let word = FoldedKey(bytes, first.lowerBound..<first.lowerBound + 10)
        guard Self.totals.contains(word) else { return nil }
        let after = first.lowerBound + 10
        return after == first.upperBound || bytes[after] < 0x80 || bytes[after] == 0xC2
            ? .total : nil
    }

    /// Whether the cells are 1, 2, 3 …, as forms have it below the header.
    private func isNumbering(_ row: Int, _ rows: RawRows) -> Bool {
        let texts = rows.texts(row: row)
        guard texts.count >= 3 else { return false }
        return texts.enumerated().allSatisfy { $0.element == String($0.offset + 1) }
    }

    private func ignore(_ line: Int, _ reason: IgnoredLine.Reason) {
        ignoredCount += 1
        guard ignoredLines.count < Self.ignoredLimit else { return }
        ignoredLines.append(IgnoredLine(line: line, reason: reason))
    }
}

/// Which separator a text table uses.
struct SeparatorChoice {
    let separator: UInt8
    let firstLine: Int

    private static let candidates: [UInt8] = [0x3B, 0x2C, 0x09]

    /// Reads a `sep=` line, else takes the separator that makes the most known headers.
    static func choose(
        _ stream: TextStream,
        _ vocabulary: TableHeader.Vocabulary
    ) throws(RosterError) -> SeparatorChoice {
        while !stream.isFinished, stream.buffer.count < 1 << 16 { try stream.refill() }
        let head = Array(stream.buffer.prefix(8)).filter { $0 != 0x22 }
        if head.count >= 5, head.starts(with: Array("sep=".utf8)), candidates.contains(head[4]) {
            var skipped = RawRows()
            let reader = DelimitedRows(stream: stream, separator: 0x3D, line: 1)
            try reader.read(into: &skipped, maximum: 1)
            return SeparatorChoice(separator: head[4], firstLine: 2)
        }
        var best: (separator: UInt8, known: Int)?
        for separator in candidates {
            let known = known(stream, separator, vocabulary)
            if known > best?.known ?? 0 { best = (separator, known) }
        }
        return SeparatorChoice(separator: best?.separator ?? candidates[0], firstLine: 1)
    }

    private static func known(
        _ stream: TextStream,
        _ separator: UInt8,
        _ vocabulary: TableHeader.Vocabulary
    ) -> Int {
        var rows = RawRows()
        var position = stream.position
        let window = stream.buffer
        while rows.count < TableHeader.depth {
            let result = DelimitedScanner.scan(
                window.span,
                from: position,
                isFinal: stream.isFinished,
                separator: separator,
                line: 1,
                into: &rows
            )
            guard case .row(let next, _) = result else { break }
            position = next
        }
        return TableHeader.find(in: rows, vocabulary)?.known ?? 0
    }
}
