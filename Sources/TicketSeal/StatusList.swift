import CZlib

/// The published status of many carriers, a few bits each, least significant bits first (Token
/// Status List § 4).
public struct StatusList: Sendable, Equatable {
    /// Bits per carrier: 1, 2, 4 or 8; ours have 2.
    public let bits: Int
    /// The packed statuses.
    public private(set) var bytes: [UInt8]

    /// A list with every slot 0.
    ///
    /// - Precondition: `bits` is 1, 2, 4 or 8.
    public init(bits: Int, slots: Int) {
        precondition([1, 2, 4, 8].contains(bits), "bits per status")
        self.bits = bits
        bytes = [UInt8](repeating: 0, count: (slots * bits + 7) / 8)
    }

    /// A list of packed bytes, or nil when `bits` is not allowed.
    public init?(bits: Int, bytes: [UInt8]) {
        guard [1, 2, 4, 8].contains(bits) else { return nil }
        self.bits = bits
        self.bytes = bytes
    }

    /// How many slots there are.
    public var count: Int { bytes.count * 8 / bits }

    /// The status at a slot.
    ///
    /// - Precondition: The slot is below ``count``.
    public subscript(slot: Int) -> UInt8 {
        get {
            let shift = (slot * bits) & 7
            return bytes[(slot * bits) >> 3] >> UInt8(shift) & mask
        }
        set {
            let shift = UInt8((slot * bits) & 7)
            let place = (slot * bits) >> 3
            bytes[place] = bytes[place] & ~(mask << shift) | (newValue & mask) << shift
        }
    }

    private var mask: UInt8 { UInt8(truncatingIfNeeded: (1 << bits) - 1) }

    /// The bytes in zlib format (RFC 1950), level 9.
    public func compressed() -> [UInt8] {
        var length = compressBound(uLong(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        unsafe _ = compress2(&packed, &length, bytes, uLong(bytes.count), 9)
        return Array(packed.prefix(Int(length)))
    }

    /// Unpacks zlib data of at most `limit` bytes; nil when they are damaged or larger.
    public init?(bits: Int, compressed: [UInt8], limit: Int = 1 << 22) {
        var length = uLong(limit)
        var plain = [UInt8](repeating: 0, count: limit)
        guard unsafe uncompress(&plain, &length, compressed, uLong(compressed.count)) == Z_OK
        else { return nil }
        self.init(bits: bits, bytes: Array(plain.prefix(Int(length))))
    }
}
