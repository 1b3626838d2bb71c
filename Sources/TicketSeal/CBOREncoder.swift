extension CBOR {
    /// The item in its one deterministic form.
    ///
    /// Shortest integers, lengths and floats; keys in the bytewise order of their encodings.
    ///
    /// - Note: RFC 8949 § 4.2.1.
    public var encoded: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(128)
        write(to: &output)
        return output
    }

    /// Appends the deterministic form to `output`.
    func write(to output: inout [UInt8]) {
        switch self {
        case .unsigned(let value): Self.head(0, value, to: &output)
        case .negative(let value): Self.head(1, value, to: &output)
        case .bytes(let bytes): Self.write(bytes, to: &output)
        case .text(let text):
            Self.head(3, UInt64(text.utf8.count), to: &output)
            output.append(contentsOf: text.utf8)
        case .array(let items):
            Self.head(4, UInt64(items.count), to: &output)
            for item in items { item.write(to: &output) }
        case .map(let entries): Self.write(entries, to: &output)
        case .tagged(let tag, let item):
            Self.head(6, tag, to: &output)
            item.write(to: &output)
        case .simple(let value):
            if value < 24 {
                output.append(0xE0 | value)
            } else {
                output.append(contentsOf: [0xF8, value])
            }
        case .float(let value): Self.write(value, to: &output)
        }
    }

    /// Appends a byte string, head first.
    static func write(_ bytes: [UInt8], to output: inout [UInt8]) {
        head(2, UInt64(bytes.count), to: &output)
        output.append(contentsOf: bytes)
    }

    /// Appends the initial byte of a major type and its argument.
    static func head(_ major: UInt8, _ argument: UInt64, to output: inout [UInt8]) {
        let type = major << 5
        switch argument {
        case 0..<24: output.append(type | UInt8(argument))
        case 24..<0x100:
            output.append(type | 24)
            output.append(UInt8(argument))
        case 0x100..<0x1_0000:
            output.append(type | 25)
            append(argument, bytes: 2, to: &output)
        case 0x1_0000..<0x1_0000_0000:
            output.append(type | 26)
            append(argument, bytes: 4, to: &output)
        default:
            output.append(type | 27)
            append(argument, bytes: 8, to: &output)
        }
    }

    private static func append(_ value: UInt64, bytes: UInt64, to output: inout [UInt8]) {
        for place in (0..<bytes).reversed() {
            output.append(UInt8(truncatingIfNeeded: value >> (place * 8)))
        }
    }

    private static func write(_ entries: [Entry], to output: inout [UInt8]) {
        head(5, UInt64(entries.count), to: &output)
        let encoded = entries.map { ($0.key.encoded, $0.value) }
        for (key, value) in encoded.sorted(by: { $0.0.lexicographicallyPrecedes($1.0) }) {
            output.append(contentsOf: key)
            value.write(to: &output)
        }
    }

    private static func write(_ value: Double, to output: inout [UInt8]) {
        if value.isNaN {
            output.append(contentsOf: [0xF9, 0x7E, 0x00])
        } else if Double(Float16(value)) == value {
            output.append(0xF9)
            append(UInt64(Float16(value).bitPattern), bytes: 2, to: &output)
        } else if Double(Float(value)) == value {
            output.append(0xFA)
            append(UInt64(Float(value).bitPattern), bytes: 4, to: &output)
        } else {
            output.append(0xFB)
            append(value.bitPattern, bytes: 8, to: &output)
        }
    }
}
