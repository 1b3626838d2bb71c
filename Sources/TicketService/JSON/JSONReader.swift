/// Reads one JSON text; total over any bytes and bounded in depth.
///
/// Stricter than RFC 8259 where it leaves room: a name stands once in an object, numbers are finite,
/// nothing follows the value.
struct JSONReader {
    /// Why bytes are no JSON of ours, and where.
    enum Refusal: Error, Equatable {
        case syntax(offset: Int)
        case notUTF8(offset: Int)
        case duplicate(name: String)
        case tooDeep
    }

    /// Objects and arrays inside each other.
    static let deepest = 12

    private let bytes: [UInt8]
    private var place = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value that `bytes` are.
    static func read(_ bytes: [UInt8]) throws(Refusal) -> JSON {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.place == bytes.count else { throw .syntax(offset: reader.place) }
        return value
    }

    private mutating func value(depth: Int) throws(Refusal) -> JSON {
        skipSpace()
        switch peek {
        case 0x7B: return try object(depth: depth + 1)
        case 0x5B: return try array(depth: depth + 1)
        case 0x22: return .text(try text())
        case 0x74: return try word("true", .flag(true))
        case 0x66: return try word("false", .flag(false))
        case 0x6E: return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(Refusal) -> JSON {
        guard depth <= Self.deepest else { throw .tooDeep }
        place += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(0x7D) { return .object([]) }
        repeat {
            skipSpace()
            guard peek == 0x22 else { throw .syntax(offset: place) }
            let name = try text()
            guard names.insert(name).inserted else { throw .duplicate(name: name) }
            skipSpace()
            guard take(0x3A) else { throw .syntax(offset: place) }
            members.append(JSON.Member(name: name, value: try value(depth: depth)))
            skipSpace()
        } while take(0x2C)
        guard take(0x7D) else { throw .syntax(offset: place) }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Refusal) -> JSON {
        guard depth <= Self.deepest else { throw .tooDeep }
        place += 1
        var values: [JSON] = []
        skipSpace()
        if take(0x5D) { return .array([]) }
        repeat {
            values.append(try value(depth: depth))
            skipSpace()
        } while take(0x2C)
        guard take(0x5D) else { throw .syntax(offset: place) }
        return .array(values)
    }

    private mutating func text() throws(Refusal) -> String {
        place += 1
        var content: [UInt8] = []
        let start = place
        while let byte = peek {
            switch byte {
            case 0x22:
                place += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw .notUTF8(offset: start)
                }
                return text
            case 0x5C: try escape(into: &content)
            case 0..<0x20: throw .syntax(offset: place)
            default:
                content.append(byte)
                place += 1
            }
        }
        throw .syntax(offset: place)
    }

    private mutating func escape(into content: inout [UInt8]) throws(Refusal) {
        place += 1
        guard let byte = peek else { throw .syntax(offset: place) }
        place += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: content.append(byte)
        case 0x62: content.append(0x08)
        case 0x66: content.append(0x0C)
        case 0x6E: content.append(0x0A)
        case 0x72: content.append(0x0D)
        case 0x74: content.append(0x09)
        case 0x75: content.append(contentsOf: String(Character(try scalar())).utf8)
        default: throw .syntax(offset: place - 1)
        }
    }

    /// The scalar of `\uXXXX`, or of a pair of surrogates; half a pair is no text.
    private mutating func scalar() throws(Refusal) -> Unicode.Scalar {
        let start = place
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(0x5C), take(0x75) else { throw .notUTF8(offset: start) }
        let second = try fourDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw .notUTF8(offset: start) }
        return scalar
    }

    private mutating func fourDigits() throws(Refusal) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
                byte < 0x80
            else { throw .syntax(offset: place) }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        return value
    }

    private mutating func number() throws(Refusal) -> JSON {
        let start = place
        _ = take(0x2D)
        if !take(0x30) { try digits() }
        var isWhole = true
        if take(0x2E) {
            isWhole = false
            try digits()
        }
        if take(0x65) || take(0x45) {
            isWhole = false
            if !take(0x2B) { _ = take(0x2D) }
            try digits()
        }
        guard place - start <= 64 else { throw .syntax(offset: start) }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .syntax(offset: start) }
        return .number(value)
    }

    private mutating func digits() throws(Refusal) {
        let start = place
        while let byte = peek, (0x30...0x39).contains(byte) { place += 1 }
        guard place > start else { throw .syntax(offset: place) }
    }

    private mutating func word(_ text: String, _ value: JSON) throws(Refusal) -> JSON {
        guard bytes[place...].starts(with: text.utf8) else { throw .syntax(offset: place) }
        place += text.utf8.count
        return value
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            place += 1
        }
    }

    private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        place += 1
        return true
    }
}
