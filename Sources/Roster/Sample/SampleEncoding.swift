/// The encodings in which samples are written; all of them hold every letter that samples use.
public enum SampleEncoding: String, Sendable, CaseIterable {
    /// UTF-8 without a byte order mark.
    case utf8 = "utf-8"
    /// UTF-8 with a byte order mark.
    case utf8WithMark = "utf-8-bom"
    /// Windows-1251.
    case windows1251 = "windows-1251"
    /// Code page 866 of DOS.
    case cp866 = "cp866"
    /// UTF-16, low byte first, with a byte order mark.
    case utf16LittleEndian = "utf-16le"

    /// What the file begins with.
    var mark: [UInt8] {
        switch self {
        case .utf8WithMark: [0xEF, 0xBB, 0xBF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf8, .windows1251, .cp866: []
        }
    }

    /// Appends UTF-8 bytes in this encoding.
    func append(_ text: some Collection<UInt8>, to output: inout [UInt8]) {
        switch self {
        case .utf8, .utf8WithMark: output.append(contentsOf: text)
        case .windows1251: Self.forEachScalar(text) { output.append(Self.windows1251($0)) }
        case .cp866: Self.forEachScalar(text) { output.append(Self.cp866($0)) }
        case .utf16LittleEndian:
            Self.forEachScalar(text) {
                output.append(UInt8(truncatingIfNeeded: $0))
                output.append(UInt8(truncatingIfNeeded: $0 >> 8))
            }
        }
    }

    /// Code points below U+10000 of well-formed UTF-8.
    @inline(__always)
    private static func forEachScalar(_ text: some Collection<UInt8>, _ body: (UInt32) -> Void) {
        var scalar: UInt32 = 0
        var missing = 0
        for byte in text {
            switch byte {
            case ..<0x80: body(UInt32(byte))
            case ..<0xC0:
                scalar = scalar << 6 | UInt32(byte & 0x3F)
                missing -= 1
                if missing == 0 { body(scalar) }
            case ..<0xE0: (scalar, missing) = (UInt32(byte & 0x1F), 1)
            default: (scalar, missing) = (UInt32(byte & 0x0F), 2)
            }
        }
    }

    private static func windows1251(_ scalar: UInt32) -> UInt8 {
        switch scalar {
        case ..<0x80: UInt8(scalar)
        case 0x410...0x44F: UInt8(scalar - 0x410 + 0xC0)
        case 0x401: 0xA8
        case 0x451: 0xB8
        case 0xA0: 0xA0
        case 0x2116: 0xB9
        default: 0x3F
        }
    }

    private static func cp866(_ scalar: UInt32) -> UInt8 {
        switch scalar {
        case ..<0x80: UInt8(scalar)
        case 0x410...0x43F: UInt8(scalar - 0x410 + 0x80)
        case 0x440...0x44F: UInt8(scalar - 0x440 + 0xE0)
        case 0x401: 0xF0
        case 0x451: 0xF1
        case 0xA0: 0xFF
        case 0x2116: 0xFC
        default: 0x3F
        }
    }
}
