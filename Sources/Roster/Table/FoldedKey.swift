/// Text reduced to what people mean by it: letters and digits only, lower case, ё as е.
///
/// Headers and words of a small vocabulary are compared so; «Дата  рожд.» and «ДАТА РОЖД» are equal.
struct FoldedKey: Hashable, Sendable {
    private let bytes: [UInt8]

    /// The key of some text.
    init(_ text: String) {
        let utf8 = Array(text.utf8)
        self.init(utf8.span, 0..<utf8.count)
    }

    /// The key of UTF-8 bytes; at most 256 of them are looked at.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        var key: [UInt8] = []
        var index = range.lowerBound
        let end = min(range.upperBound, range.lowerBound + 256)
        key.reserveCapacity(end - index)
        while index < end {
            let byte = text[index]
            if byte < 0x80 {
                Self.appendASCII(byte, to: &key)
                index += 1
            } else if byte & 0xFE == 0xD0, index + 1 < end {
                Self.appendCyrillic(
                    UInt16(byte & 1) << 6 | UInt16(text[index + 1] & 0x3F),
                    to: &key
                )
                index += 2
            } else {
                index += 1
            }
        }
        bytes = key
    }

    /// Whether nothing but punctuation was there.
    var isEmpty: Bool { bytes.isEmpty }

    /// Whether the key begins with another.
    func starts(with other: FoldedKey) -> Bool { bytes.starts(with: other.bytes) }

    private static func appendASCII(_ byte: UInt8, to key: inout [UInt8]) {
        switch byte {
        case 0x41...0x5A: key.append(byte + 0x20)
        case 0x61...0x7A, 0x30...0x39, 0x2B: key.append(byte)
        default: break
        }
    }

    /// `offset` is the scalar minus U+0400.
    private static func appendCyrillic(_ offset: UInt16, to key: inout [UInt8]) {
        let lower: UInt16 =
            switch offset {
            case 0x10...0x2F: offset + 0x20
            case 0x01, 0x51: 0x35
            default: offset
            }
        key.append(UInt8(0xD0 | lower >> 6))
        key.append(UInt8(0x80 | lower & 0x3F))
    }
}
