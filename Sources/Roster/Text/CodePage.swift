/// The encodings of data files, written strictly: what an encoding lacks is told, never substituted.
public enum CodePage: String, Sendable, CaseIterable {
    /// UTF-8.
    case utf8 = "utf-8"
    /// UTF-8 with the mark that Excel wants.
    case utf8Mark = "utf-8-bom"
    /// Windows-1251.
    case windows1251 = "windows-1251"
    /// CP866.
    case cp866
    /// KOI8-R.
    case koi8r = "koi8-r"

    /// What stands in front of the file.
    public var mark: [UInt8] { self == .utf8Mark ? [0xEF, 0xBB, 0xBF] : [] }

    /// Appends `text`; characters that the encoding lacks are returned and left out.
    public func append(_ text: String, to output: inout [UInt8]) -> [Unicode.Scalar] {
        guard let upper else {
            output.append(contentsOf: text.utf8)
            return []
        }
        var missing: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar.value < 0x80 {
                output.append(UInt8(scalar.value))
            } else if let byte = upper[scalar.value] {
                output.append(byte)
            } else {
                missing.append(scalar)
            }
        }
        return missing
    }

    /// The characters of `text` that the encoding lacks.
    public func missing(in text: String) -> [Unicode.Scalar] {
        guard let upper else { return [] }
        return text.unicodeScalars.filter { $0.value >= 0x80 && upper[$0.value] == nil }
    }

    /// The text of `bytes`; nil when they are not of this encoding.
    public func decode(_ bytes: [UInt8]) -> String? {
        let table: SingleByteTable
        switch self {
        case .utf8, .utf8Mark:
            let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            return String(validating: bytes[start...], as: UTF8.self)
        case .windows1251: table = .windows1251
        case .cp866: table = .cp866
        case .koi8r: table = .koi8r
        }
        var text = String.UnicodeScalarView()
        for byte in bytes {
            let value = byte < 0x80 ? UInt32(byte) : table.scalars[Int(byte) - 0x80]
            guard value != 0xFFFD, let scalar = Unicode.Scalar(value) else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    private var upper: [UInt32: UInt8]? {
        switch self {
        case .utf8, .utf8Mark: nil
        case .windows1251: Self.windows1251Bytes
        case .cp866: Self.cp866Bytes
        case .koi8r: Self.koi8rBytes
        }
    }

    private static let windows1251Bytes = bytes(of: .windows1251)
    private static let cp866Bytes = bytes(of: .cp866)
    private static let koi8rBytes = bytes(of: .koi8r)

    private static func bytes(of table: SingleByteTable) -> [UInt32: UInt8] {
        var bytes: [UInt32: UInt8] = [:]
        for (index, value) in table.scalars.enumerated() where value != 0xFFFD {
            bytes[value] = UInt8(0x80 + index)
        }
        return bytes
    }
}
