/// A command to a card: cases 1 to 4, short and extended (ISO/IEC 7816-4 § 5.1).
public struct APDUCommand: Hashable, Sendable {
    /// Bytes that are no command.
    public enum Malformed: Error, Equatable, Sendable {
        /// Shorter than its four header bytes.
        case tooShort
        /// A length field that does not fit the bytes after it.
        case wrongLength
    }

    /// How many data bytes one command carries at most.
    public static let longestData = 65_535
    /// How many bytes one command can ask for.
    public static let longestAnswer = 65_536

    /// Class: which rules the command follows.
    public let cla: UInt8
    /// Instruction.
    public let ins: UInt8
    /// First parameter.
    public let p1: UInt8
    /// Second parameter.
    public let p2: UInt8
    /// What the card is given.
    public let data: [UInt8]
    /// How many bytes are expected at most (Le): 1 to 65 536, or none.
    public let expected: Int?

    /// A command of these parts.
    ///
    /// - Precondition: At most ``longestData`` bytes of data, `expected` in 1…``longestAnswer``.
    public init(
        _ cla: UInt8,
        _ ins: UInt8,
        _ p1: UInt8,
        _ p2: UInt8,
        data: [UInt8] = [],
        expected: Int? = nil
    ) {
        precondition(data.count <= Self.longestData, "an APDU carries 65 535 bytes")
        precondition((1...Self.longestAnswer).contains(expected ?? 1), "Le is 1…65 536")
        self.cla = cla
        self.ins = ins
        self.p1 = p1
        self.p2 = p2
        self.data = data
        self.expected = expected
    }

    /// Whether its lengths need three bytes.
    public var isExtended: Bool { data.count > 255 || (expected ?? 0) > 256 }

    /// The command's bytes, in the short form where that holds it.
    public var encoded: [UInt8] {
        var bytes = [cla, ins, p1, p2]
        bytes.reserveCapacity(data.count + 12)
        if isExtended {
            if !data.isEmpty { bytes += [0] + Self.pair(data.count) + data }
            if let expected { bytes += (data.isEmpty ? [0] : []) + Self.pair(expected) }
        } else {
            if !data.isEmpty { bytes += [UInt8(data.count)] + data }
            // 256 is written as zero.
            if let expected { bytes.append(UInt8(truncatingIfNeeded: expected)) }
        }
        return bytes
    }

    /// Reads a command's bytes, as a card does.
    ///
    /// - Throws: ``Malformed``.
    public init(decoding bytes: [UInt8]) throws(Malformed) {
        guard bytes.count >= 4 else { throw .tooShort }
        let body = bytes[4...]
        let parts: (data: [UInt8], expected: Int?)
        if let first = body.first, first == 0, body.count >= 3 {
            parts = try Self.extended(Array(body.dropFirst()))
        } else {
            parts = try Self.short(Array(body))
        }
        self.init(
            bytes[0],
            bytes[1],
            bytes[2],
            bytes[3],
            data: parts.data,
            expected: parts.expected
        )
    }

    /// This command asking for another number of bytes.
    func expecting(_ count: Int?) -> Self { Self(cla, ins, p1, p2, data: data, expected: count) }

    private static func short(_ body: [UInt8]) throws(Malformed) -> ([UInt8], Int?) {
        guard let first = body.first else { return ([], nil) }
        if body.count == 1 { return ([], first == 0 ? 256 : Int(first)) }
        let rest = body.count - 1 - Int(first)
        guard first > 0, rest == 0 || rest == 1 else { throw .wrongLength }
        let data = Array(body[1...Int(first)])
        guard rest == 1, let last = body.last else { return (data, nil) }
        return (data, last == 0 ? 256 : Int(last))
    }

    /// After the zero byte that marks the extended form.
    private static func extended(_ body: [UInt8]) throws(Malformed) -> ([UInt8], Int?) {
        let length = Int(body[0]) << 8 | Int(body[1])
        if body.count == 2 { return ([], length == 0 ? longestAnswer : length) }
        let rest = body.count - 2 - length
        guard length > 0, rest == 0 || rest == 2 else { throw .wrongLength }
        let data = Array(body[2..<(2 + length)])
        guard rest == 2 else { return (data, nil) }
        let expected = Int(body[2 + length]) << 8 | Int(body[3 + length])
        return (data, expected == 0 ? longestAnswer : expected)
    }

    private static func pair(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}
