/// Finds the cells of one row of delimited text.
enum DelimitedScanner {
    /// How a scan ended.
    enum Result {
        /// A whole row; where the next begins and how many newlines the row held.
        case row(next: Int, newlines: Int)
        /// Nothing is left.
        case end
        /// The row goes on past the window.
        case more
        /// A quote opened in this column does not end in the window.
        case open(column: Int)
        /// A zero byte in this column.
        case nul(column: Int)
        /// More cells than allowed.
        case tooWide
    }

    private static let newline: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D
    private static let quote: UInt8 = 0x22

    /// Scans a row that begins at `start` and appends it, whole or not at all.
    static func scan(
        _ text: Span<UInt8>,
        from start: Int,
        isFinal: Bool,
        separator: UInt8,
        line: Int,
        into rows: inout RawRows
    ) -> Result {
        guard start < text.count else { return isFinal ? .end : .more }
        let firstCell = rows.cells.count
        let firstByte = rows.bytes.count
        let shift = Int32(firstByte - start)
        var cellStart = start
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte > 0x3B {
                index += 1
                continue
            }
            if byte == separator {
                rows.cells.append(
                    .init(start: Int32(cellStart) + shift, end: Int32(index) + shift)
                )
                cellStart = index + 1
            } else if byte == newline || byte == carriageReturn {
                break
            } else if byte == quote && index == cellStart {
                rows.cells.removeSubrange(firstCell...)
                var slow = QuotedRow(separator: separator, firstCell: firstCell)
                return slow.scan(text, from: start, isFinal: isFinal, line: line, into: &rows)
            } else if byte == 0 {
                let column = rows.cells.count - firstCell + 1
                rows.cells.removeSubrange(firstCell...)
                return .nul(column: column)
            }
            index += 1
        }
        guard let next = end(of: text, at: index, isFinal: isFinal) else {
            rows.cells.removeSubrange(firstCell...)
            return .more
        }
        rows.cells.append(.init(start: Int32(cellStart) + shift, end: Int32(index) + shift))
        guard rows.cells.count - firstCell <= DelimitedRows.cellLimit else {
            rows.cells.removeSubrange(firstCell...)
            return .tooWide
        }
        copy(text, start..<index, into: &rows.bytes)
        rows.endRow(line: line, firstCell: firstCell)
        return .row(next: next, newlines: next > index ? 1 : 0)
    }

    /// Where the next row begins, or nil when the window does not show it.
    static func end(of text: Span<UInt8>, at index: Int, isFinal: Bool) -> Int? {
        guard index < text.count else { return isFinal ? index : nil }
        guard text[index] == carriageReturn else { return index + 1 }
        guard index + 1 < text.count else { return isFinal ? index + 1 : nil }
        return text[index + 1] == newline ? index + 2 : index + 1
    }

    private static func copy(_ text: Span<UInt8>, _ range: Range<Int>, into bytes: inout [UInt8]) {
        let slice = text.extracting(range)
        unsafe slice.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}

/// The slow way through a row that has a quote somewhere.
struct QuotedRow {
    let separator: UInt8
    let firstCell: Int

    /// Scans the row cell by cell, unquoting.
    mutating func scan(
        _ text: Span<UInt8>,
        from start: Int,
        isFinal: Bool,
        line: Int,
        into rows: inout RawRows
    ) -> DelimitedScanner.Result {
        let firstByte = rows.bytes.count
        var index = start
        var newlines = 0
        var result: DelimitedScanner.Result?
        repeat {
            let cellStart = Int32(rows.bytes.count)
            if index < text.count, text[index] == 0x22 {
                guard let after = unquote(text, index + 1, isFinal, &newlines, &rows.bytes) else {
                    result = .open(column: rows.cells.count - firstCell + 1)
                    break
                }
                if isStray(text, after) {
                    let stray = RawRows.Stray(
                        column: rows.cells.count - firstCell + 1,
                        lastLine: line + newlines
                    )
                    rows.cells.removeSubrange(firstCell...)
                    rows.bytes.removeSubrange(firstByte...)
                    return firstLine(text, start, isFinal, line, stray, into: &rows)
                }
                index = after
            }
            while index < text.count, !isBreak(text[index]), text[index] != 0 {
                rows.bytes.append(text[index])
                index += 1
            }
            rows.cells.append(.init(start: cellStart, end: Int32(rows.bytes.count)))
            if rows.cells.count - firstCell > DelimitedRows.cellLimit { result = .tooWide }
            if index < text.count, text[index] == 0 {
                result = .nul(column: rows.cells.count - firstCell)
            }
            guard index < text.count, text[index] == separator, result == nil else { break }
            index += 1
        } while true
        if result == nil {
            if let next = DelimitedScanner.end(of: text, at: index, isFinal: isFinal) {
                rows.endRow(line: line, firstCell: firstCell)
                return .row(next: next, newlines: newlines + (next > index ? 1 : 0))
            }
            result = .more
        }
        rows.cells.removeSubrange(firstCell...)
        rows.bytes.removeSubrange(firstByte...)
        return result ?? .more
    }

    /// Whether more than blanks stands between a closing quote and the end of its cell.
    private func isStray(_ text: Span<UInt8>, _ start: Int) -> Bool {
        var index = start
        while index < text.count, !isBreak(text[index]),
            text[index] == 0x20 || text[index] == 0x09
        { index += 1 }
        return index < text.count && !isBreak(text[index]) && text[index] != 0
    }

    /// Takes the first line of a row whose quotes do not fit, so that the next line is a row again.
    private func firstLine(
        _ text: Span<UInt8>,
        _ start: Int,
        _ isFinal: Bool,
        _ line: Int,
        _ stray: RawRows.Stray,
        into rows: inout RawRows
    ) -> DelimitedScanner.Result {
        let firstByte = rows.bytes.count
        var cellStart = Int32(firstByte)
        var index = start
        while index < text.count, text[index] != 0x0A, text[index] != 0x0D, text[index] != 0 {
            if text[index] == separator {
                rows.cells.append(.init(start: cellStart, end: Int32(rows.bytes.count)))
                cellStart = Int32(rows.bytes.count)
            } else {
                rows.bytes.append(text[index])
            }
            index += 1
        }
        rows.cells.append(.init(start: cellStart, end: Int32(rows.bytes.count)))
        let width = rows.cells.count - firstCell
        let isWhole = width <= DelimitedRows.cellLimit && (index == text.count || text[index] != 0)
        if isWhole, let next = DelimitedScanner.end(of: text, at: index, isFinal: isFinal) {
            rows.endRow(line: line, firstCell: firstCell, stray: stray)
            return .row(next: next, newlines: next > index ? 1 : 0)
        }
        rows.cells.removeSubrange(firstCell...)
        rows.bytes.removeSubrange(firstByte...)
        if isWhole { return .more }
        return width > DelimitedRows.cellLimit ? .tooWide : .nul(column: width)
    }

    private func isBreak(_ byte: UInt8) -> Bool {
        byte == separator || byte == 0x0A || byte == 0x0D
    }

    /// Copies up to the closing quote; nil when the window ends before it.
    private func unquote(
        _ text: Span<UInt8>,
        _ start: Int,
        _ isFinal: Bool,
        _ newlines: inout Int,
        _ bytes: inout [UInt8]
    ) -> Int? {
        var index = start
        while index < text.count {
            let byte = text[index]
            if byte == 0x22 {
                guard index + 1 < text.count else { return isFinal ? index + 1 : nil }
                guard text[index + 1] == 0x22 else { return index + 1 }
                index += 1
            } else if byte == 0x0A {
                newlines += 1
            }
            bytes.append(byte)
            index += 1
        }
        return nil
    }
}
