import Crypto
import CryptoExtras

/// An AES-128 key of a chip.
public struct ChipKey: Equatable, Sendable {
    /// The sixteen bytes.
    package let bytes: [UInt8]

    /// A key of exactly sixteen bytes, or nil.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// A key that nobody chose.
    public static func random() -> Self { Self(unchecked: randomBytes()) }

    /// Sixteen bytes that nobody can foresee.
    public static func randomBytes() -> [UInt8] {
        unsafe SymmetricKey(size: .bits128).withUnsafeBytes { unsafe Array($0) }
    }

    /// What chips leave their factory with.
    package static let factory = Self(unchecked: [UInt8](repeating: 0, count: 16))

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    // MARK: - AES

    /// The CMAC of a message (RFC 4493): sixteen bytes.
    ///
    /// - Throws: ``ReaderFailure`` `unexpected`, which a key of sixteen bytes rules out.
    package func cmac(_ message: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        guard var mac = try? AES.CMAC(key: symmetric) else { throw ReaderFailure(.unexpected) }
        mac.update(data: message)
        return Array(mac.finalize())
    }

    /// A key made of this one by a CMAC.
    package func derived(_ vector: [UInt8]) throws(ReaderFailure) -> ChipKey {
        ChipKey(unchecked: try cmac(vector))
    }

    /// CBC without padding.
    ///
    /// - Throws: ``ReaderFailure`` `malformedAnswer` when `text` is not whole blocks.
    package func encrypt(
        _ text: [UInt8],
        iv: [UInt8] = ChipKey.factory.bytes
    ) throws(ReaderFailure) -> [UInt8] {
        guard text.count.isMultiple(of: 16), let start = try? AES._CBC.IV(ivBytes: iv),
            let cipher = try? AES._CBC.encrypt(text, using: symmetric, iv: start, noPadding: true)
        else { throw .malformedAnswer }
        return Array(cipher)
    }

    /// The way back.
    ///
    /// - Throws: ``ReaderFailure`` `malformedAnswer` when `text` is not whole blocks.
    package func decrypt(
        _ text: [UInt8],
        iv: [UInt8] = ChipKey.factory.bytes
    ) throws(ReaderFailure) -> [UInt8] {
        guard text.count.isMultiple(of: 16), let start = try? AES._CBC.IV(ivBytes: iv),
            let plain = try? AES._CBC.decrypt(text, using: symmetric, iv: start, noPadding: true)
        else { throw .malformedAnswer }
        return Array(plain)
    }

    /// The key of one chip (AN10922 § 2.2), out of a master key and what is the chip's own.
    ///
    /// Up to fifteen bytes the standard's CMAC pads to two blocks whatever their number, which a plain
    /// CMAC does not: a bare UID of seven bytes gives another key there.
    ///
    /// - Parameter input: 1 to 31 bytes.
    /// - Returns: The chip's key.
    /// - Throws: ``ReaderFailure`` `unexpected` for another length.
    package func diversified(_ input: [UInt8]) throws(ReaderFailure) -> ChipKey {
        guard (1...31).contains(input.count) else { throw ReaderFailure(.unexpected) }
        let message = [1] + input
        if message.count > 16 { return try derived(message) }
        var block = message + [0x80]
        block += [UInt8](repeating: 0, count: 32 - block.count)
        let subkey = Self.doubled(Self.doubled(try encrypt(Self.factory.bytes)))
        for (index, byte) in subkey.enumerated() { block[16 + index] ^= byte }
        return ChipKey(unchecked: Array(try encrypt(block).suffix(16)))
    }

    /// Doubling in GF(2¹²⁸) (RFC 4493 § 2.3).
    private static func doubled(_ block: [UInt8]) -> [UInt8] {
        var result = block.indices.map { index in
            block[index] << 1 | (index < 15 ? block[index + 1] >> 7 : 0)
        }
        if block[0] & 0x80 != 0 { result[15] ^= 0x87 }
        return result
    }

    private var symmetric: SymmetricKey { SymmetricKey(data: bytes) }
}

extension ChipKey: CustomStringConvertible {
    /// Never the bytes.
    public var description: String { "ChipKey(••••)" }
}

/// Authentication codes of NXP chips: every second byte of a CMAC, eight in all.
package enum ShortMAC {
    /// The odd bytes of `mac`.
    package static func cut(_ mac: [UInt8]) -> [UInt8] {
        stride(from: 1, to: mac.count, by: 2).map { mac[$0] }
    }

    /// Whether both are eight equal bytes; takes the same time wherever they differ.
    package static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == 8, right.count == 8 else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
