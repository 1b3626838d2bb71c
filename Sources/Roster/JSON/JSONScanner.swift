import UnionTicket

/// Reads JSON a token at a time from a bounded window, with line and column for every complaint.
///
/// - Note: RFC 8259. Strings are bounded, nesting too.
struct JSONScanner {
    private static let stringLimit = 1 << 16
    private static let depthLimit = 32

    private let stream: TextStream
    private var window: [UInt8] = []
    private var index = 0
    private(set) var line = 1
    private(set) var column = 1
    /// Where the last byte that is not white space ended.
    private var end = (line: 1, column: 1)
    /// Whether a value belongs on one line: what is missing is then missing at the line's end.
    var isLineBound = false

    init(_ stream: TextStream) { self.stream = stream }

    /// The next byte without consuming it, nil at the end.
    mutating func peek() throws(RosterError) -> UInt8? {
        while index == window.count {
            stream.position = stream.buffer.count
            if window.isEmpty, line == 1, column == 1 { stream.position = 0 }
            if stream.position == stream.buffer.count {
                if stream.isFinished { return nil }
                try stream.refill()
            }
            window = Array(stream.buffer[stream.position...])
            stream.position = stream.buffer.count
            index = 0
            if window.isEmpty, stream.isFinished { return nil }
        }
        return window[index]
    }

    /// Consumes one byte.
    mutating func advance() {
        step()
        end = (line, column)
    }

    private mutating func step() {
        let byte = window[index]
        index += 1
        if byte == 0x0A {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    /// Consumes white space and returns the byte after it.
    mutating func skipBlank() throws(RosterError) -> UInt8? {
        while let byte = try peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            step()
        }
        return nil
    }

    /// Consumes this byte after white space, or complains.
    mutating func expect(_ byte: UInt8) throws(RosterError) {
        guard try skipBlank() == byte else { throw syntax() }
        advance()
    }

    /// Consumes this byte after white space if it is there.
    mutating func take(_ byte: UInt8) throws(RosterError) -> Bool {
        guard try skipBlank() == byte else { return false }
        advance()
        return true
    }

    /// Reads a string into `text`.
    mutating func string(into text: inout [UInt8]) throws(RosterError) {
        try expect(0x22)
        let limit = text.count + Self.stringLimit
        while let byte = try peek() {
            if byte < 0x20 { throw syntax() }
            advance()
            if byte == 0x22 { return }
            if byte == 0x5C {
                try escape(into: &text)
            } else {
                text.append(byte)
            }
            guard text.count <= limit else { throw tooLong() }
        }
        throw syntax()
    }

    private mutating func escape(into text: inout [UInt8]) throws(RosterError) {
        guard let byte = try peek() else { throw syntax() }
        advance()
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            var value = try hexadecimal()
            if value & 0xFC00 == 0xD800 {
                guard try peek() == 0x5C else { throw syntax() }
                advance()
                guard try peek() == 0x75 else { throw syntax() }
                advance()
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw syntax() }
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(value) else { throw syntax() }
            text.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default: throw syntax()
        }
    }

    private mutating func hexadecimal() throws(RosterError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = try peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw syntax() }
            value = value << 4 | UInt32(digit)
            advance()
        }
        return value
    }

    /// Reads a plain value into `text`: a string, a number as written, true as «да», false as «нет».
    mutating func value(into text: inout [UInt8]) throws(RosterError) {
        switch try skipBlank() {
        case 0x22: try string(into: &text)
        case 0x7B, 0x5B: throw nested()
        case 0x74:
            try word("true")
            text.append(contentsOf: "да".utf8)
        case 0x66:
            try word("false")
            text.append(contentsOf: "нет".utf8)
        case 0x6E: try word("null")
        default: try number(into: &text)
        }
    }

    private mutating func word(_ word: String) throws(RosterError) {
        for expected in word.utf8 {
            guard try peek() == expected else { throw syntax() }
            advance()
        }
    }

    private mutating func number(into text: inout [UInt8]) throws(RosterError) {
        let start = text.count
        while let byte = try peek() {
            switch byte {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65:
                text.append(byte)
                advance()
                guard text.count - start <= 64 else { throw syntax() }
                continue
            default: break
            }
            break
        }
        guard Double(String(decoding: text[start...], as: UTF8.self)) != nil else { throw syntax() }
    }

    /// Passes over any value.
    mutating func skipValue() throws(RosterError) {
        var depth = 0
        var scratch: [UInt8] = []
        repeat {
            guard let byte = try skipBlank() else { throw syntax() }
            scratch.removeAll(keepingCapacity: true)
            switch byte {
            case 0x7B, 0x5B:
                depth += 1
                guard depth <= Self.depthLimit else { throw tooDeep() }
                advance()
            case 0x7D, 0x5D:
                depth -= 1
                guard depth >= 0 else { throw syntax() }
                advance()
            case 0x2C, 0x3A:
                guard depth > 0 else { throw syntax() }
                advance()
            default: try value(into: &scratch)
            }
        } while depth > 0
    }

    /// Not JSON, at the current place.
    func syntax() -> RosterError {
        let place = isLineBound && line > end.line ? end : (line: line, column: column)
        return RosterError(
            .jsonSyntax,
            Bilingual(
                "Здесь неправильный JSON: исправьте или выгрузите заново.",
                "The JSON is not well-formed here: correct it or export it again."
            ),
            line: place.line,
            column: place.column
        )
    }

    private func tooLong() -> RosterError {
        RosterError(
            .rowTooLong,
            Bilingual("Строка JSON длиннее 64 КиБ.", "A JSON string is longer than 64 KiB."),
            line: line,
            column: column
        )
    }

    private func nested() -> RosterError {
        RosterError(
            .jsonValue,
            Bilingual(
                "Здесь должно быть простое значение, а не объект или массив.",
                "A plain value belongs here, not an object or an array."
            ),
            line: line,
            column: column
        )
    }

    private func tooDeep() -> RosterError {
        RosterError(
            .jsonDepth,
            Bilingual("JSON вложен слишком глубоко.", "The JSON is nested too deeply."),
            line: line,
            column: column
        )
    }
}
