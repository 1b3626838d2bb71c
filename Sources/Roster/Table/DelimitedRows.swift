import UnionTicket

/// Rows of a text table: separators, RFC 4180 quotes, newlines inside quotes.
final class DelimitedRows: RowSource {
    /// The longest row that is read, in UTF-8 bytes.
    static let rowLimit = 1 << 20
    /// The widest row that is read.
    static let cellLimit = 1024

    private let stream: TextStream
    private let separator: UInt8
    private(set) var line: Int

    /// Rows of a stream from its current position, which is at the start of `line`.
    init(stream: TextStream, separator: UInt8, line: Int) {
        self.stream = stream
        self.separator = separator
        self.line = line
    }

    func read(into rows: inout RawRows, maximum: Int) throws(RosterError) {
        var left = maximum
        while left > 0, rows.bytes.count < RawRows.softLimit {
            guard try readRow(into: &rows) else { return }
            left -= 1
        }
    }

    /// Reads one row; false at the end of the file.
    private func readRow(into rows: inout RawRows) throws(RosterError) -> Bool {
        while true {
            let result = scan(into: &rows)
            switch result {
            case .row(let next, let newlines):
                stream.position = next
                line += newlines
                return true
            case .end: return false
            case .more:
                try checkLength(unclosedQuote: nil)
                try stream.refill()
            case .open(let column):
                try checkLength(unclosedQuote: column)
                guard !stream.isFinished else { throw unclosed(column) }
                try stream.refill()
            case .nul(let column): throw nul(column)
            case .tooWide: throw Self.tooWide(line)
            }
        }
    }

    private func scan(into rows: inout RawRows) -> DelimitedScanner.Result {
        let window = stream.buffer
        return DelimitedScanner.scan(
            window.span,
            from: stream.position,
            isFinal: stream.isFinished,
            separator: separator,
            line: line,
            into: &rows
        )
    }

    private func checkLength(unclosedQuote column: Int?) throws(RosterError) {
        guard stream.buffer.count - stream.position > Self.rowLimit else { return }
        if let column { throw unclosed(column) }
        throw RosterError(
            .rowTooLong,
            Bilingual(
                "Строка длиннее 1 МиБ: это не таблица или потерян перевод строки.",
                "The row is longer than 1 MiB: not a table, or a line break is lost."
            ),
            line: line
        )
    }

    private func unclosed(_ column: Int) -> RosterError {
        RosterError(
            .quoteUnclosed,
            Bilingual(
                "Кавычка открыта и не закрыта: закройте её или удалите.",
                "A quote is opened and never closed: close it or delete it."
            ),
            line: line,
            column: column,
            separator: Character(Unicode.Scalar(separator))
        )
    }

    private func nul(_ column: Int) -> RosterError {
        RosterError(
            .nulCharacter,
            Bilingual(
                "Нулевой байт внутри текста: файл повреждён, сохраните его заново.",
                "A zero byte inside the text: the file is damaged, save it again."
            ),
            line: line,
            column: column,
            separator: Character(Unicode.Scalar(separator))
        )
    }

    private static func tooWide(_ line: Int) -> RosterError {
        RosterError(
            .tooManyColumns,
            Bilingual(
                "В строке больше \(cellLimit) столбцов: проверьте разделитель.",
                "The row has more than \(cellLimit) columns: check the separator."
            ),
            line: line
        )
    }
}
