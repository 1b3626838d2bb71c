/// A person's name as documents write it: family name, first name, patronymic.
///
/// Kept as written; two spellings that differ in case or in ё/е only are the same name for matching.
public struct PersonName: Hashable, Sendable {
    /// Family name.
    public let last: String
    /// First name.
    public let first: String
    /// Patronymic; a missing one is legal.
    public let patronymic: String?

    /// A name as it is to be printed; the caller has cleaned it.
    public init(last: String, first: String, patronymic: String?) {
        self.last = last
        self.first = first
        self.patronymic = patronymic
    }

    /// Family name, first name and patronymic with single spaces.
    public var full: String {
        [last, first, patronymic].compactMap(\.self).joined(separator: " ")
    }

    /// The UTF-8 bytes by which names are compared: lower case, ё as е, parts separated by a zero.
    public var matchingKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(96)
        Self.appendFolded(last, to: &key)
        key.append(0)
        Self.appendFolded(first, to: &key)
        key.append(0)
        if let patronymic { Self.appendFolded(patronymic, to: &key) }
        return key
    }

    /// Appends `text` in lower case with ё as е and without soft separators at the edges.
    public static func appendFolded(_ text: String, to key: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x410...0x42F: append(scalar.value + 0x20, to: &key)
            case 0x430...0x44F: append(scalar.value, to: &key)
            case 0x401, 0x451: append(0x435, to: &key)
            default:
                for lower in scalar.properties.lowercaseMapping.unicodeScalars {
                    key.append(contentsOf: UTF8.encode(lower) ?? .init())
                }
            }
        }
    }

    private static func append(_ value: UInt32, to key: inout [UInt8]) {
        key.append(UInt8(0xC0 | value >> 6))
        key.append(UInt8(0x80 | value & 0x3F))
    }
}

extension PersonName: CustomStringConvertible {
    /// Never the name itself: descriptions end in logs.
    public var description: String { "PersonName(…)" }
}
