/// A card's answer: data and two status bytes (ISO/IEC 7816-4 § 5.1).
public struct APDUResponse: Hashable, Sendable {
    /// Bytes that are no answer.
    public enum Malformed: Error, Equatable, Sendable {
        /// Without the two status bytes.
        case tooShort
        /// More than an extended answer holds.
        case tooLong
    }

    /// What came before the status.
    public let data: [UInt8]
    /// Both status bytes: 0x9000 is success.
    public let status: UInt16

    /// An answer of these parts.
    public init(data: [UInt8] = [], status: UInt16) {
        self.data = data
        self.status = status
    }

    /// Reads an answer's bytes; total over any input.
    ///
    /// - Throws: ``Malformed``.
    public init(decoding bytes: [UInt8]) throws(Malformed) {
        guard bytes.count >= 2 else { throw .tooShort }
        guard bytes.count <= APDUCommand.longestAnswer + 2 else { throw .tooLong }
        data = Array(bytes.dropLast(2))
        status = UInt16(bytes[bytes.count - 2]) << 8 | UInt16(bytes[bytes.count - 1])
    }

    /// Whether the card did what it was told.
    public var isSuccess: Bool { status == 0x9000 }

    /// With 61xx: how many bytes wait, 256 for zero.
    public var waiting: Int? { status >> 8 == 0x61 ? Self.length(status) : nil }

    /// With 6Cxx: the length the card wants to be asked for.
    public var wanted: Int? { status >> 8 == 0x6C ? Self.length(status) : nil }

    /// The answer's bytes.
    public var encoded: [UInt8] {
        data + [UInt8(truncatingIfNeeded: status >> 8), UInt8(truncatingIfNeeded: status)]
    }

    private static func length(_ status: UInt16) -> Int {
        status & 0xFF == 0 ? 256 : Int(status & 0xFF)
    }
}
