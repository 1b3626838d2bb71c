import COpenSSL
import Crypto
import CryptoExtras
import Foundation
import Synchronization

/// Random bytes for keys and nonces.
public enum SecureRandom {
    /// `count` fresh bytes of OpenSSL's generator, which the system seeds; many at once cost little
    /// more than a few.
    public static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            let isFilled = unsafe RAND_bytes(buffer.baseAddress, Int32(count)) == 1
            precondition(isFilled, "the random generator does not answer")
            initialised = count
        }
    }
}

/// Seals one small field with AES-256-GCM: nonce (12 bytes), cipher text, tag (16 bytes).
///
/// What the field belongs to is bound to it, so that a sealed field moved to another row does not
/// open there. OpenSSL does the work: an import seals two fields a row, and its cipher takes a
/// quarter of the time that CryptoKit's boxes take.
public struct FieldSeal: Sendable {
    /// The bytes do not fit their key or the row they stand in.
    public struct Mismatch: Error, Equatable {}

    /// The cipher itself failed: no memory, or a library without AES.
    public struct Unavailable: Error, Equatable {}

    /// How many random bytes each sealing takes.
    public static let nonceLength = 12
    private static let tagLength = 16

    private let key: [UInt8]

    /// A seal with a 32-byte key.
    public init(key: [UInt8]) {
        precondition(key.count == 32)
        self.key = key
    }

    /// A new 32-byte key of the system's generator.
    public static func randomKey() -> [UInt8] { SecureRandom.bytes(32) }

    /// Seals `plain` for `owner`, under a random nonce.
    public func seal(_ plain: [UInt8], for owner: [UInt8]) throws -> [UInt8] {
        try seal(plain, for: owner, nonce: SecureRandom.bytes(Self.nonceLength)[...])
    }

    /// Seals `plain` for `owner` under the caller's nonce: 12 random bytes never used before.
    public func seal(
        _ plain: [UInt8],
        for owner: [UInt8],
        nonce: ArraySlice<UInt8>
    ) throws -> [UInt8] {
        precondition(nonce.count == Self.nonceLength)
        var sealed = [UInt8](nonce)
        sealed.append(contentsOf: plain)
        sealed.append(contentsOf: repeatElement(0, count: Self.tagLength))
        let isSealed = unsafe sealed.withUnsafeMutableBufferPointer {
            unsafe run(.seal, on: $0, for: owner)
        }
        guard isSealed else { throw Unavailable() }
        return sealed
    }

    /// Opens what ``seal(_:for:)`` made for the same owner.
    ///
    /// - Throws: ``Mismatch``.
    public func open(_ sealed: [UInt8], for owner: [UInt8]) throws -> [UInt8] {
        let count = sealed.count - Self.nonceLength - Self.tagLength
        guard count >= 0 else { throw Mismatch() }
        var sealed = sealed
        let isOpen = unsafe sealed.withUnsafeMutableBufferPointer {
            unsafe run(.open, on: $0, for: owner)
        }
        guard isOpen else { throw Mismatch() }
        return Array(sealed[Self.nonceLength..<Self.nonceLength + count])
    }

    private enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    /// Fetched once: looking an algorithm up costs more than a small sealing.
    nonisolated(unsafe) private static let cipher = unsafe EVP_CIPHER_fetch(
        nil,
        "AES-256-GCM",
        nil
    )

    /// Contexts that nobody uses now: making one costs more than a small sealing, too.
    private static let contexts = Mutex<[UInt]>([])

    private static func takeContext() -> OpaquePointer? {
        if let kept = contexts.withLock({ $0.popLast() }) {
            return unsafe OpaquePointer(bitPattern: kept)
        }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        if unsafe EVP_CipherInit_ex2(context, cipher, nil, nil, -1, nil) == 1 {
            return unsafe context
        }
        unsafe EVP_CIPHER_CTX_free(context)
        return nil
    }

    /// Turns nonce, text and tag into their sealed or opened form in place; false when any step fails.
    private func run(
        _ direction: Direction,
        on bytes: UnsafeMutableBufferPointer<UInt8>,
        for owner: [UInt8]
    ) -> Bool {
        guard let context = unsafe Self.takeContext() else { return false }
        let isDone = unsafe run(direction, on: bytes, for: owner, context)
        if isDone {
            Self.contexts.withLock { $0.append(UInt(bitPattern: context)) }
        } else {
            unsafe EVP_CIPHER_CTX_free(context)
        }
        return isDone
    }

    private func run(
        _ direction: Direction,
        on bytes: UnsafeMutableBufferPointer<UInt8>,
        for owner: [UInt8],
        _ context: OpaquePointer
    ) -> Bool {
        guard let nonce = bytes.baseAddress else { return false }
        let text = unsafe nonce + Self.nonceLength
        let count = Int32(bytes.count - Self.nonceLength - Self.tagLength)
        let tag = unsafe text + Int(count)
        let way = direction.rawValue
        let tagLength = Int32(Self.tagLength)
        var written: Int32 = 0
        guard unsafe EVP_CipherInit_ex2(context, nil, key, nonce, way, nil) == 1,
            unsafe EVP_CipherUpdate(context, nil, &written, owner, Int32(owner.count)) == 1,
            unsafe EVP_CipherUpdate(context, text, &written, text, count) == 1
        else { return false }
        switch direction {
        case .seal:
            return unsafe EVP_CipherFinal_ex(context, tag, &written) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tagLength, tag) == 1
        case .open:
            return unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagLength, tag) == 1
                && EVP_CipherFinal_ex(context, tag, &written) == 1
        }
    }
}

/// A keyed hash by which a sealed value can be looked up: HMAC-SHA256.
public struct BlindIndex: Sendable {
    private let code: KeyedCode

    /// An index with a 32-byte key.
    public init(key: [UInt8]) { code = KeyedCode(key: key) }

    /// All 32 bytes.
    public func bytes(_ message: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: KeyedCode.length) { buffer, initialised in
            unsafe code.write(message, to: buffer)
            initialised = KeyedCode.length
        }
    }

    /// The first eight bytes as an integer: short enough for an index, checked after opening.
    public func integer(_ message: [UInt8]) -> Int64 {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: KeyedCode.length) { buffer in
            unsafe code.write(message, to: buffer)
            let start = UnsafeRawBufferPointer(buffer)
            return unsafe Int64(bigEndian: start.loadUnaligned(as: Int64.self))
        }
    }
}

/// One HMAC state that is begun anew for every message: the key's two blocks are hashed only once.
///
/// `@unchecked Sendable` because the lock is held from the beginning of a message to its end.
@safe private final class KeyedCode: @unchecked Sendable {
    static let length = 32
    private let context: OpaquePointer
    private let lock = Mutex(())

    init(key: [UInt8]) {
        let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil)
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("OpenSSL has no HMAC")
        }
        unsafe EVP_MAC_free(algorithm)
        unsafe self.context = context
        let isReady = unsafe "SHA256".withCString { name in
            let name = unsafe UnsafeMutablePointer(mutating: name)
            let parameters = unsafe [
                OSSL_PARAM_construct_utf8_string("digest", name, 0),
                OSSL_PARAM_construct_end(),
            ]
            return unsafe EVP_MAC_init(context, key, key.count, parameters) == 1
        }
        precondition(isReady, "OpenSSL has no HMAC-SHA256")
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// Writes the code of `message`.
    func write(_ message: [UInt8], to buffer: UnsafeMutableBufferPointer<UInt8>) {
        let isWritten = lock.withLock { _ in
            var count = 0
            return unsafe EVP_MAC_init(context, nil, 0, nil) == 1
                && EVP_MAC_update(context, message, message.count) == 1
                && EVP_MAC_final(context, buffer.baseAddress, &count, buffer.count) == 1
        }
        precondition(isWritten, "HMAC-SHA256 fails only when memory ends")
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

    /// 32 bytes by HKDF-SHA256 (RFC 5869) with a salt.
    public static func hkdf(_ secret: [UInt8], salt: [UInt8], info: [UInt8]) -> [UInt8] {
        unsafe HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret),
            salt: salt,
            info: info,
            outputByteCount: 32
        ).withUnsafeBytes { unsafe Array($0) }
    }

    /// The second half of ``hkdf(_:salt:info:)``, for whoever keeps the salt's HMAC at hand: 32 bytes
    /// of HKDF-Expand (RFC 5869 § 2.3).
    ///
    /// - Parameters:
    ///   - extracted: HMAC-SHA256 of the secret under the salt.
    ///   - info: What the key is for.
    /// - Returns: The key.
    public static func expand(_ extracted: [UInt8], info: [UInt8]) -> [UInt8] {
        var code = HMAC<SHA256>(key: SymmetricKey(data: extracted))
        code.update(data: info)
        code.update(data: [1])
        return Array(code.finalize())
    }
}

/// SHA-256 (FIPS 180-4).
public struct SHA256Digest {
    private var hash = SHA256()

    /// An empty digest, to be fed.
    public init() {}

    /// Adds bytes.
    public mutating func add(_ bytes: some Collection<UInt8>) {
        let isTaken: Void? = bytes.withContiguousStorageIfAvailable {
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer($0))
        }
        if isTaken == nil { hash.update(data: Array(bytes)) }
    }

    /// The 32 bytes over everything added.
    public var value: [UInt8] { Array(hash.finalize()) }

    /// The 32 bytes over `bytes`.
    public static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
