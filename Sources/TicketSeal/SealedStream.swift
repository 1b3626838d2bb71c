import Crypto
import Foundation

/// A stream of any length under one key: chunks of 64 KiB, each sealed with AES-256-GCM.
///
/// The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce holds the chunk's
/// number and whether it is the last, so that chunks cannot be exchanged, dropped or cut off.
public struct SealedStream: Sendable {
    /// Plain bytes in a full chunk.
    public static let chunk = 65_536
    private static let overhead = 16

    /// The bytes do not fit their key, their place or their end.
    public struct Mismatch: Error, Equatable {
        /// A refusal of the stream.
        public init() {}
    }

    private let key: SymmetricKey

    /// A stream under a 32-byte key that seals nothing else.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// Seals everything `read` gives until it gives nothing.
    ///
    /// `read` gives at most so many next bytes, fewer only at the end; `write` takes the sealed
    /// chunks in order.
    public func seal(
        _ read: (Int) throws -> [UInt8],
        _ write: ([UInt8]) throws -> Void
    ) throws {
        var number: UInt64 = 0
        var current = try read(Self.chunk)
        while true {
            let next = current.count == Self.chunk ? try read(Self.chunk) : []
            let isLast = next.isEmpty
            let box = try AES.GCM.seal(current, using: key, nonce: nonce(number, isLast))
            try write(Array(box.ciphertext) + Array(box.tag))
            if isLast { return }
            current = next
            number += 1
        }
    }

    /// Opens what ``seal(_:_:)`` wrote.
    ///
    /// - Throws: ``Mismatch``; chunks given before it are genuine, but the whole is not.
    public func open(
        _ read: (Int) throws -> [UInt8],
        _ write: ([UInt8]) throws -> Void
    ) throws {
        let size = Self.chunk + Self.overhead
        var number: UInt64 = 0
        var current = try read(size)
        while true {
            let next = current.count == size ? try read(size) : []
            let isLast = next.isEmpty
            guard current.count >= Self.overhead,
                let box = try? AES.GCM.SealedBox(
                    nonce: nonce(number, isLast),
                    ciphertext: current.dropLast(Self.overhead),
                    tag: current.suffix(Self.overhead)
                ),
                let plain = try? AES.GCM.open(box, using: key)
            else { throw Mismatch() }
            try write(Array(plain))
            if isLast { return }
            current = next
            number += 1
        }
    }

    private func nonce(_ number: UInt64, _ isLast: Bool) throws -> AES.GCM.Nonce {
        var bytes = [UInt8](repeating: 0, count: 3)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
        bytes.append(isLast ? 1 : 0)
        return try AES.GCM.Nonce(data: bytes)
    }
}
