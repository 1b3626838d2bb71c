import Crypto
import CryptoExtras
import Foundation

/// Seals one small field with AES-256-GCM: nonce (12 bytes), cipher text, tag (16 bytes).
///
/// What the field belongs to is bound to it, so that a sealed field moved to another row does not
/// open there.
public struct FieldSeal: Sendable {
    /// The bytes do not fit their key or the row they stand in.
    public struct Mismatch: Error, Equatable {}

    private let key: SymmetricKey

    /// A seal with a 32-byte key.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// A new 32-byte key of the system's generator.
    public static func randomKey() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var key: [UInt8] = []
        key.reserveCapacity(32)
        for _ in 0..<4 {
            let word = generator.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                key.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return key
    }

    /// Seals `plain` for `owner`, under a random nonce.
    public func seal(_ plain: [UInt8], for owner: [UInt8]) throws -> [UInt8] {
        let box = try AES.GCM.seal(plain, using: key, authenticating: owner)
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Opens what ``seal(_:for:)`` made for the same owner.
    ///
    /// - Throws: ``Mismatch``.
    public func open(_ sealed: [UInt8], for owner: [UInt8]) throws -> [UInt8] {
        guard sealed.count >= 28, let box = try? AES.GCM.SealedBox(combined: sealed),
            let plain = try? AES.GCM.open(box, using: key, authenticating: owner)
        else { throw Mismatch() }
        return Array(plain)
    }
}

/// A keyed hash by which a sealed value can be looked up: HMAC-SHA256.
public struct BlindIndex: Sendable {
    private let key: SymmetricKey

    /// An index with a 32-byte key.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// All 32 bytes.
    public func bytes(_ message: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
    }

    /// The first eight bytes as an integer: short enough for an index, checked after opening.
    public func integer(_ message: [UInt8]) -> Int64 {
        HMAC<SHA256>.authenticationCode(for: message, using: key)
            .prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// Keys made of a master key.
public enum KeyDerivation {
    /// 32 bytes by HKDF-SHA256 (RFC 5869) without salt.
    public static func hkdf(_ master: [UInt8], info: String) -> [UInt8] {
        unsafe HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: master),
            info: Array(info.utf8),
            outputByteCount: 32
        ).withUnsafeBytes { unsafe Array($0) }
    }
}

/// SHA-256 (FIPS 180-4).
public struct SHA256Digest {
    private var hash = SHA256()

    /// An empty digest, to be fed.
    public init() {}

    /// Adds bytes.
    public mutating func add(_ bytes: some Collection<UInt8>) { hash.update(data: Array(bytes)) }

    /// The 32 bytes over everything added.
    public var value: [UInt8] { Array(hash.finalize()) }

    /// The 32 bytes over `bytes`.
    public static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
