import Foundation

/// JSON text as it goes to the parser, which takes one of two members of the same name in silence and
/// refuses a whole line for half a surrogate pair in a text that somebody scanned.
struct JSONScreening {
    /// The text; halves of surrogate pairs are U+FFFD.
    private(set) var bytes: [UInt8] = []
    /// The first name that stands twice in one object.
    private(set) var duplicate: String?

    /// Objects and arrays that are open: the names of an object, nil for an array.
    private var open: [Set<String>?] = []
    private var isName = false

    /// Looks at text, whatever it is.
    init(_ text: [UInt8]) {
        bytes.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            let byte = text[place]
            bytes.append(byte)
            place += 1
            switch byte {
            case UInt8(ascii: "{"): begin([])
            case UInt8(ascii: "["): begin(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
            case UInt8(ascii: ","): isName = open.last.map { $0 != nil } ?? false
            case UInt8(ascii: "\""): place = string(text, from: place)
            default: break
            }
        }
    }

    private mutating func begin(_ names: Set<String>?) {
        open.append(names)
        isName = names != nil
    }

    /// Takes a string after its first quote.
    ///
    /// - Returns: The place behind its last quote.
    private mutating func string(_ text: [UInt8], from start: Int) -> Int {
        let begin = bytes.count - 1
        var place = start
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            place =
                text[place] == UInt8(ascii: "\\") ? escape(text, at: place) : plain(text, at: place)
        }
        guard place < text.count else { return place }
        bytes.append(UInt8(ascii: "\""))
        if isName { note(name: Array(bytes[begin...])) }
        isName = false
        return place + 1
    }

    private mutating func plain(_ text: [UInt8], at place: Int) -> Int {
        bytes.append(text[place])
        return place + 1
    }

    private mutating func escape(_ text: [UInt8], at place: Int) -> Int {
        guard let unit = Self.unit(text, at: place) else {
            bytes += text[place..<min(place + 2, text.count)]
            return min(place + 2, text.count)
        }
        var length = 6
        if (0xD800..<0xE000).contains(unit) {
            let next = Self.unit(text, at: place + 6)
            guard unit < 0xDC00, let next, (0xDC00..<0xE000).contains(next) else {
                bytes += Array(#"\uFFFD"#.utf8)
                return place + 6
            }
            length = 12
        }
        bytes += text[place..<(place + length)]
        return place + length
    }

    /// The number in `\uXXXX`, or nil where there is no such escape.
    private static func unit(_ text: [UInt8], at place: Int) -> UInt16? {
        guard place + 6 <= text.count, text[place] == UInt8(ascii: "\\"),
            text[place + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt16(String(decoding: text[(place + 2)..<(place + 6)], as: UTF8.self), radix: 16)
    }

    /// The same name may be written with escapes or without.
    private mutating func note(name literal: [UInt8]) {
        let parsed = try? JSONSerialization.jsonObject(
            with: Data(literal),
            options: .fragmentsAllowed
        )
        guard let name = parsed as? String, let last = open.indices.last else { return }
        if open[last]?.insert(name).inserted == false, duplicate == nil { duplicate = name }
    }
}
