import COpenSSL

/// The fingerprint of a set of lines that two sides keep in step: adding and removing a line changes
/// it by that line alone, in any order.
///
/// A line's element is SHAKE256 (FIPS 202) of its bytes, 256 bytes long, read as a big-endian integer.
/// The sum of all elements modulo 2^2048 is the state; its SHA-256 is what is compared. So wide a sum
/// is a collision-resistant multiset hash (Bellare and Micciancio, "AdHash", 1997).
public struct SetHash: Sendable, Equatable {
    /// Bytes of the state.
    public static let length = 256

    /// 32 words, the least significant first.
    private var words = [UInt64](repeating: 0, count: length / 8)

    /// The hash of the empty set.
    public init() {}

    /// A state as kept; nil when it has another length.
    public init?(state: [UInt8]) {
        guard state.count == Self.length else { return nil }
        words = Self.words(of: state)
    }

    /// The state, big-endian, to be kept.
    public var state: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        for word in words.reversed() {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    /// SHA-256 of the state: what both sides compare.
    public var value: [UInt8] { SHA256Digest.of(state) }

    /// Adds a line.
    public mutating func add(_ line: [UInt8]) {
        let element = Self.words(of: Self.expand(line))
        var carry: UInt64 = 0
        for index in words.indices {
            let (sum, first) = words[index].addingReportingOverflow(element[index])
            let (whole, second) = sum.addingReportingOverflow(carry)
            words[index] = whole
            carry = first || second ? 1 : 0
        }
    }

    /// Takes away a line that was added.
    public mutating func remove(_ line: [UInt8]) {
        let element = Self.words(of: Self.expand(line))
        var borrow: UInt64 = 0
        for index in words.indices {
            let (rest, first) = words[index].subtractingReportingOverflow(element[index])
            let (whole, second) = rest.subtractingReportingOverflow(borrow)
            words[index] = whole
            borrow = first || second ? 1 : 0
        }
    }

    private static func words(of bytes: [UInt8]) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: length / 8)
        for (index, byte) in bytes.enumerated() {
            let place = length - 1 - index
            words[place / 8] |= UInt64(byte) << UInt64(place % 8 * 8)
        }
        return words
    }

    /// Fetched once, for looking an algorithm up costs as much as the hashing.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHAKE256", nil)

    private static func expand(_ line: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, initialised in
            let isDone =
                unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1
                && EVP_DigestUpdate(context, line, line.count) == 1
                && EVP_DigestFinalXOF(context, buffer.baseAddress, length) == 1
            precondition(isDone, "OpenSSL has no SHAKE256")
            initialised = length
        }
    }
}
