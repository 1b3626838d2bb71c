/// Bytes as decimal digits, the encoding of CTAP 2.2 for hybrid QR codes.
///
/// Every seven bytes, little-endian, become 17 digits; a rest of one to six bytes 3, 5, 8, 10, 13 or
/// 15. A QR code's numeric mode holds them as densely as any, and a keyboard in any layout types
/// them right.
public enum DigitText {
    private static let widths = [0, 3, 5, 8, 10, 13, 15, 17]

    /// The digits of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count / 7 * 17 + 17)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            let chunk = bytes[start..<min(start + 7, bytes.count)]
            var value = chunk.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let width = widths[chunk.count]
            let end = digits.count
            digits.append(contentsOf: repeatElement(0x30, count: width))
            for place in stride(from: end + width - 1, through: end, by: -1) {
                digits[place] = 0x30 + UInt8(value % 10)
                value /= 10
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The bytes that ASCII digits stand for, or nil when they stand for none.
    public static func decode(_ digits: some RandomAccessCollection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 17 * 7 + 7)
        var rest = digits[...]
        while !rest.isEmpty {
            let width = Swift.min(rest.count, 17)
            guard let count = widths.firstIndex(of: width) else { return nil }
            var value: UInt64 = 0
            for digit in rest.prefix(width) {
                guard digit >= 0x30, digit <= 0x39 else { return nil }
                value = value * 10 + UInt64(digit - 0x30)
            }
            guard value >> UInt64(8 * count) == 0 else { return nil }
            for _ in 0..<count {
                bytes.append(UInt8(truncatingIfNeeded: value))
                value >>= 8
            }
            rest = rest.dropFirst(width)
        }
        return bytes
    }
}

/// What a scanner read, told apart before anything is judged.
public enum TicketText: Equatable, Sendable {
    /// COSE bytes.
    case payload([UInt8])
    /// Exactly 15 or 16 digits: a ticket or carrier number, to go the way of numbers.
    case number(String)
    /// Long enough to be a payload, but not in the digit encoding.
    case malformed
    /// Not ours.
    case unknownFormat

    /// How many bytes of text are looked at; anything longer is not ours.
    public static let limit = 16_384

    /// Reads what a scanner typed: line ends, an AIM identifier and an ECI prefix are dropped, and
    /// the trailing run of digits counts.
    public init(_ text: some StringProtocol) { self.init(utf8: Array(text.utf8)) }

    init(utf8 text: [UInt8]) {
        guard text.count <= Self.limit else {
            self = .unknownFormat
            return
        }
        var end = text.count
        while end > 0, [0x0A, 0x0D, 0x20, 0x09, 0].contains(text[end - 1]) { end -= 1 }
        if text[..<end].contains(where: Self.isLineEnd) {
            self.init(utf8: text[..<end].filter { !Self.isLineEnd($0) })
            return
        }
        var start = end
        while start > 0, text[start - 1] >= 0x30, text[start - 1] <= 0x39 { start -= 1 }
        start += Self.prefixDigits(text[..<end], from: start)
        let digits = text[start..<end]
        if digits.count == 15 || digits.count == 16 {
            self = .number(String(decoding: digits, as: UTF8.self))
        } else if digits.count < 100 {
            self = .unknownFormat
        } else {
            self = DigitText.decode(digits).map(Self.payload) ?? .malformed
        }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// How many of the trailing digits belong to an AIM identifier (`]Q1`, in a Cyrillic layout
    /// `ЪЙ1`) or to an ECI prefix (`\000026`) in front of them.
    private static func prefixDigits(_ text: ArraySlice<UInt8>, from start: Int) -> Int {
        let head = Array(String(decoding: text[..<start], as: UTF8.self).unicodeScalars.suffix(8))
        var digits = 0
        if head.count == 2, [0x5D, 0x42A, 0x44A].contains(head[0].value) {
            digits = 1
            // An ECI prefix may follow only where no AIM digit has to be skipped first.
        }
        if head.last?.value == 0x5C { digits = 6 }
        return Swift.min(digits, text.count - start)
    }

    /// Whether a URL may stand in front of the digits: upper case of QR's alphanumeric mode, at most
    /// 45 characters, no digit at the end.
    public static func isValidPrefix(_ prefix: String) -> Bool {
        let allowed = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
        guard let last = prefix.utf8.last, prefix.utf8.count <= 45 else { return false }
        return prefix.utf8.allSatisfy(allowed.contains) && !(0x30...0x39).contains(last)
    }
}
