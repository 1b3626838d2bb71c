extension CBOR {
    /// Reads exactly one data item that fills the input.
    ///
    /// Refused are indefinite lengths, integers and floats longer than needed, duplicate keys,
    /// trailing bytes, lengths beyond the input and nesting beyond ``depth``. The order of keys is
    /// not judged: foreign tokens are written in other orders.
    ///
    /// - Parameter bytes: The whole item; the caller bounds its length.
    /// - Throws: The first reason against it.
    /// - Note: RFC 8949 § 3, § 4.2.1, § 5.
    public init(decoding bytes: [UInt8]) throws(Refusal) {
        var decoder = CBORDecoder(bytes: bytes)
        self = try decoder.item(depth: 0)
        guard decoder.position == bytes.count else { throw .trailingBytes }
    }
}

/// A position in bytes, reading one item after the other.
struct CBORDecoder {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func item(depth: Int) throws(CBOR.Refusal) -> CBOR {
        guard position < bytes.count else { throw .truncated }
        let initial = bytes[position]
        position += 1
        let information = initial & 0x1F
        if initial >> 5 == 7 { return try simpleOrFloat(information) }
        let argument = try argument(information)
        switch initial >> 5 {
        case 0: return .unsigned(argument)
        case 1: return .negative(argument)
        case 2: return .bytes(Array(try string(argument)))
        case 3:
            guard let text = String(validating: try string(argument), as: UTF8.self) else {
                throw .invalidText
            }
            return .text(text)
        case 4: return .array(try items(argument, depth: depth + 1))
        case 5: return .map(try entries(argument, depth: depth + 1))
        default:
            guard depth < CBOR.depth else { throw .tooDeep }
            return .tagged(argument, try item(depth: depth + 1))
        }
    }

    private mutating func argument(_ information: UInt8) throws(CBOR.Refusal) -> UInt64 {
        switch information {
        case 0..<24: return UInt64(information)
        case 24: return try number(bytes: 1, least: 24)
        case 25: return try number(bytes: 2, least: 0x100)
        case 26: return try number(bytes: 4, least: 0x1_0000)
        case 27: return try number(bytes: 8, least: 0x1_0000_0000)
        case 31: throw .indefiniteLength
        default: throw .reserved
        }
    }

    private mutating func number(
        bytes count: Int,
        least: UInt64
    ) throws(CBOR.Refusal) -> UInt64 {
        guard bytes.count - position >= count else { throw .truncated }
        var value: UInt64 = 0
        for _ in 0..<count {
            value = value << 8 | UInt64(bytes[position])
            position += 1
        }
        guard value >= least else { throw .notMinimal }
        return value
    }

    private mutating func string(_ length: UInt64) throws(CBOR.Refusal) -> ArraySlice<UInt8> {
        guard length <= UInt64(bytes.count - position) else { throw .lengthBeyondInput }
        let start = position
        position += Int(length)
        return bytes[start..<position]
    }

    private mutating func items(_ count: UInt64, depth: Int) throws(CBOR.Refusal) -> [CBOR] {
        guard depth <= CBOR.depth else { throw .tooDeep }
        guard count <= UInt64(bytes.count - position) else { throw .lengthBeyondInput }
        var items: [CBOR] = []
        items.reserveCapacity(Int(min(count, 64)))
        for _ in 0..<count { items.append(try item(depth: depth)) }
        return items
    }

    private mutating func entries(
        _ count: UInt64,
        depth: Int
    ) throws(CBOR.Refusal) -> [CBOR.Entry] {
        guard depth <= CBOR.depth else { throw .tooDeep }
        guard count <= UInt64(bytes.count - position) / 2 else { throw .lengthBeyondInput }
        var entries: [CBOR.Entry] = []
        entries.reserveCapacity(Int(min(count, 64)))
        var seen: Set<CBOR> = []
        for _ in 0..<count {
            let key = try item(depth: depth)
            // A few keys are compared one by one; many go through a set, so that time stays linear.
            if count <= 8 {
                for entry in entries where entry.key == key { throw .duplicateKey }
            } else if !seen.insert(key).inserted {
                throw .duplicateKey
            }
            entries.append(CBOR.Entry(key, try item(depth: depth)))
        }
        return entries
    }

    private mutating func simpleOrFloat(_ information: UInt8) throws(CBOR.Refusal) -> CBOR {
        switch information {
        case 0..<24: return .simple(information)
        case 24:
            let value = try number(bytes: 1, least: 0)
            guard value >= 32 else { throw .reserved }
            return .simple(UInt8(value))
        case 25:
            let pattern = UInt16(try number(bytes: 2, least: 0))
            return try shortest(Double(Float16(bitPattern: pattern)), width: 2)
        case 26:
            let pattern = UInt32(try number(bytes: 4, least: 0))
            return try shortest(Double(Float(bitPattern: pattern)), width: 4)
        case 27:
            let pattern = try number(bytes: 8, least: 0)
            return try shortest(Double(bitPattern: pattern), width: 8)
        case 31: throw .indefiniteLength
        default: throw .reserved
        }
    }

    /// Refuses a float that fits a narrower form; of the NaNs only the plain one is kept.
    private func shortest(_ value: Double, width: Int) throws(CBOR.Refusal) -> CBOR {
        let item = CBOR.float(value)
        let start = position - width
        guard item.encoded[1...] == bytes[start..<position] else { throw .notMinimal }
        return item
    }
}
