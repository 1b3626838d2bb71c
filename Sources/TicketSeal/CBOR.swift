/// One data item of CBOR (RFC 8949): what payloads, keys and lists are written in.
///
/// Reading is strict and bounded (``init(decoding:)``), writing is deterministic (``encoded``).
public enum CBOR: Hashable, Sendable {
    /// Major type 0: an integer from 0 to 2⁶⁴ − 1.
    case unsigned(UInt64)
    /// Major type 1: the integer −1 − n.
    case negative(UInt64)
    /// Major type 2: a byte string.
    case bytes([UInt8])
    /// Major type 3: a text string, valid UTF-8.
    case text(String)
    /// Major type 4: an array.
    case array([CBOR])
    /// Major type 5: a map, its entries as read; they are sorted when written.
    case map([Entry])
    /// Major type 6: a tag and the item it marks.
    indirect case tagged(UInt64, CBOR)
    /// Major type 7 below 32 or from 32: false is 20, true 21, null 22, undefined 23.
    case simple(UInt8)
    /// Major type 7, a number with a binary point, by its IEEE 754 double value.
    case float(Double)

    /// One key of a map and its value.
    public struct Entry: Hashable, Sendable {
        /// The key; unique in its map.
        public let key: CBOR
        /// The value.
        public let value: CBOR

        /// An entry of a map.
        public init(_ key: CBOR, _ value: CBOR) {
            self.key = key
            self.value = value
        }
    }

    /// Why bytes are not one strictly written data item.
    public enum Refusal: String, Error, Equatable, Sendable {
        /// The input ends inside an item.
        case truncated
        /// Bytes follow the item.
        case trailingBytes
        /// A length or a count goes beyond the input.
        case lengthBeyondInput
        /// A map holds the same key twice (RFC 8949 § 5.6).
        case duplicateKey
        /// A string, array or map of indefinite length (RFC 8949 § 3.2).
        case indefiniteLength
        /// An integer, length or float longer than it needs to be (RFC 8949 § 4.2.1).
        case notMinimal
        /// Deeper than ``CBOR/depth`` levels.
        case tooDeep
        /// A text string that is not UTF-8.
        case invalidText
        /// An additional information value or simple value that RFC 8949 reserves.
        case reserved
    }

    /// How many levels of arrays, maps and tags may stand in each other.
    public static let depth = 8

    /// The null value.
    public static let null = CBOR.simple(22)

    /// An integer of either sign.
    public static func integer(_ value: Int64) -> CBOR {
        value >= 0 ? .unsigned(UInt64(value)) : .negative(UInt64(-1 - value))
    }

    /// A map with integer keys.
    public static func map(_ entries: KeyValuePairs<Int64, CBOR>) -> CBOR {
        .map(entries.map { Entry(.integer($0.key), $0.value) })
    }

    /// The integer, or nil when this is none or does not fit.
    public var integer: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): Int64(exactly: value).map { -1 - $0 }
        default: nil
        }
    }

    /// The byte string, or nil.
    public var bytes: [UInt8]? {
        guard case .bytes(let bytes) = self else { return nil }
        return bytes
    }

    /// The text string, or nil.
    public var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The items of an array, or nil.
    public var array: [CBOR]? {
        guard case .array(let items) = self else { return nil }
        return items
    }

    /// The entries of a map, or nil.
    public var entries: [Entry]? {
        guard case .map(let entries) = self else { return nil }
        return entries
    }

    /// The value at an integer key, or nil when this is no map or has no such key.
    public subscript(key: Int64) -> CBOR? {
        guard case .map(let entries) = self else { return nil }
        for entry in entries where entry.key.integer == key { return entry.value }
        return nil
    }

    /// The value at a text key, or nil when this is no map or has no such key.
    public subscript(key: String) -> CBOR? {
        guard case .map(let entries) = self else { return nil }
        for entry in entries where entry.key.text == key { return entry.value }
        return nil
    }
}
