import UnionTicket

/// The line of a text file at which reading stopped, with a caret under the fault.
///
/// Read from the file again and only shown to the person who named that file: it may hold a member's
/// data, which a ``RosterError`` never does.
public struct FaultLine: Sendable, Equatable {
    /// Two lines, as compilers write: the text around the fault, and the caret.
    public let text: String

    /// Characters shown before and after the caret.
    private static let window = (before: 50, after: 30)

    /// Finds the place of an error in its file; nil when it has none or the file is no text.
    ///
    /// - Parameters:
    ///   - error: With a line and a column; others show nothing.
    ///   - path: The file that was read.
    ///   - encoding: As it was given for reading; nil detects.
    public init?(_ error: RosterError, in path: String, encoding: TextEncoding? = nil) {
        guard let line = error.line, let column = error.column,
            let source = FaultSource(path, encoding, isRaw: error.code == .encodingInvalid)
        else { return nil }
        let aim: FaultWalk.Aim =
            if let header = error.excerpt {
                .header(header)
            } else if let mark = error.separator?.asciiValue {
                .cell(column, separator: mark)
            } else {
                .character(column)
            }
        var walk = FaultWalk(line: line, aim)
        while let byte = source.next() {
            if walk.isThere(before: byte) {
                self.init(walk, rest: source.rest(after: byte, atMost: Self.window.after * 4).bytes)
                return
            }
            guard !walk.isPast(byte) else { break }
            walk.pass(byte)
        }
        guard walk.line >= line else { return nil }
        if let header = error.excerpt { walk.retreat(toLast: header) }
        self.init(walk, rest: walk.left)
    }

    /// Shows cells of a text table, such as the findings of its rows name; one walk through the file.
    ///
    /// - Parameters:
    ///   - places: Lines on which rows begin, and their columns from 1.
    ///   - path: The file that was read.
    ///   - encoding: As it was given for reading; nil detects.
    ///   - separator: What stands between the cells.
    /// - Returns: The shown lines by the line of the row; of several columns of a row the first. A row
    ///   that is not there any more is left out.
    public static func cells(
        _ places: [(line: Int, column: Int)],
        in path: String,
        encoding: TextEncoding? = nil,
        separator: Character
    ) -> [Int: FaultLine] {
        guard let mark = separator.asciiValue,
            let source = FaultSource(path, encoding, isRaw: false)
        else { return [:] }
        var found: [Int: FaultLine] = [:]
        var line = 1
        for place in places.sorted(by: <) where place.line >= line && found[place.line] == nil {
            var walk = FaultWalk(line: place.line, .cell(place.column, separator: mark), from: line)
            while !walk.isRowOver, let byte = source.next() {
                guard walk.isThere(before: byte) else {
                    walk.pass(byte)
                    line = walk.line
                    continue
                }
                let rest = source.rest(after: byte, atMost: Self.window.after * 4)
                found[place.line] = FaultLine(walk, rest: rest.bytes)
                line = walk.line + (rest.endsLine ? 1 : 0)
                break
            }
        }
        return found
    }

    private init(_ walk: FaultWalk, rest: [UInt8]) {
        let before = Self.shown(walk.before)
        let after = Self.shown(rest).prefix(Self.window.after)
        let left = before.suffix(Self.window.before)
        let mark = walk.isCut || left.count < before.count ? "…" : ""
        let gutter = "  \(walk.line) | "
        let margin = String(repeating: " ", count: gutter.count - 2) + "| "
        let space = String(repeating: " ", count: mark.count + left.count)
        text = gutter + mark + left + after + "\n" + margin + space + "^"
    }

    /// Text in which everything takes a place: control characters as their pictures (U+2400…), other
    /// invisible ones as dots, what is no text as U+FFFD.
    private static func shown(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar.value < 0x20:
                text.append(Unicode.Scalar(0x2400 + scalar.value) ?? "·")
            case .control, .format, .lineSeparator, .paragraphSeparator: text.append("·")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}

/// Counts lines and characters on the way to a fault.
struct FaultWalk {
    /// What the column of an error counts.
    enum Aim {
        case character(Int)
        case cell(Int, separator: UInt8)
        case header(String)
    }

    private let target: Int
    private let aim: Aim
    private(set) var line: Int
    /// The bytes of the present line up to the place.
    private(set) var before: [UInt8] = []
    /// What lies between the place and the end of the line, after a retreat.
    private(set) var left: [UInt8] = []
    /// Whether the beginning of a long line was dropped.
    private(set) var isCut = false
    /// Whether the row of the target's line ended before the place.
    private(set) var isRowOver = false
    private var column = 1
    /// Bytes still missing of a character.
    private var owed = 0
    private var cell = 1
    private var isQuoted = false
    private var isCellStart = true

    /// A walk that begins on the line `first`.
    init(line target: Int, _ aim: Aim, from first: Int = 1) {
        (self.target, self.aim, line) = (target, aim, first)
    }

    /// Whether the place is right before `byte`.
    func isThere(before byte: UInt8) -> Bool {
        switch aim {
        case .character(let number): line == target && column == number && owed == 0
        case .cell(let number, _): line >= target && cell == number && isCellStart
        case .header: false
        }
    }

    /// Whether the place cannot follow any more: the line ends here.
    func isPast(_ byte: UInt8) -> Bool {
        if case .cell = aim { return false }
        return line == target && byte == 0x0A
    }

    mutating func pass(_ byte: UInt8) {
        if case .cell(_, let separator) = aim, line >= target { passCell(byte, separator) }
        if byte == 0x0A {
            line += 1
            (column, owed, before, isCut) = (1, 0, [], false)
            return
        }
        if byte & 0xC0 != 0x80 { column += 1 }
        owed = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : max(0, owed - 1)
        before.append(byte)
        if before.count > 1 << 14 {
            before.removeFirst(1 << 13)
            isCut = true
        }
    }

    /// Follows quotes, over line ends too.
    private mutating func passCell(_ byte: UInt8, _ separator: UInt8) {
        let isSeparator = !isQuoted && byte == separator
        if byte == 0x22, isCellStart || isQuoted { isQuoted.toggle() }
        if isSeparator { cell += 1 }
        isCellStart = isSeparator
        isRowOver = byte == 0x0A && !isQuoted
    }

    /// Goes back to where the line last says `text`.
    mutating func retreat(toLast text: String) {
        let wanted = Array(text.utf8)
        guard !wanted.isEmpty, before.count >= wanted.count else { return }
        for start in (0...before.count - wanted.count).reversed()
        where before[start...].starts(with: wanted) {
            left = before[start...].filter { $0 != 0x0D }
            before.removeSubrange(start...)
            return
        }
    }
}

/// The bytes of a file as UTF-8, one at a time; raw where the encoding itself is at fault.
private final class FaultSource {
    private var buffer: [UInt8] = []
    private var position = 0
    private let more: () -> [UInt8]

    init?(_ path: String, _ encoding: TextEncoding?, isRaw: Bool) {
        guard let file = try? ByteFile(path: path),
            let head = try? file.read(EncodingDetector.sampleSize), !head.isEmpty,
            ![[0x50, 0x4B, 3, 4], [0xD0, 0xCF, 0x11, 0xE0]].contains(Array(head.prefix(4))),
            let detected = encoding ?? (try? EncodingDetector.detect(head))
        else { return nil }
        guard !isRaw else {
            guard detected == .utf8 else { return nil }
            buffer = head.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(head.dropFirst(3)) : head
            more = { (try? file.read(1 << 18)) ?? [] }
            return
        }
        let stream = TextStream(file: file, head: head, encoding: detected)
        more = {
            stream.position = stream.buffer.count
            while stream.position == stream.buffer.count, !stream.isFinished {
                guard (try? stream.refill()) != nil else { return [] }
            }
            return Array(stream.buffer[stream.position...])
        }
    }

    func next() -> UInt8? {
        if position == buffer.count { (buffer, position) = (more(), 0) }
        guard position < buffer.count else { return nil }
        position += 1
        return buffer[position - 1]
    }

    /// `first` and what follows it on its line; whether the line's end was read too.
    func rest(after first: UInt8, atMost limit: Int) -> (bytes: [UInt8], endsLine: Bool) {
        var bytes: [UInt8] = []
        var byte: UInt8? = first
        while let found = byte, found != 0x0A, found != 0x0D, bytes.count < limit {
            bytes.append(found)
            byte = next()
        }
        return (bytes, byte == 0x0A)
    }
}
