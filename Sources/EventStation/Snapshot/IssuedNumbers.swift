import TicketSeal

/// Which ticket numbers were ever issued, without saying which: a Bloom filter over keyed hashes.
///
/// It tells a number nobody issued from one that this event does not know; one number in about two
/// thousand that nobody issued passes for issued.
struct IssuedNumbers: Equatable, Sendable {
    private static let bitsEach = 16
    private static let probes: UInt64 = 11
    private(set) var bytes: [UInt8]

    /// A filter for so many numbers.
    init(count: Int) {
        bytes = [UInt8](repeating: 0, count: max(64, count * Self.bitsEach / 8))
    }

    /// A filter as it was read; an empty one holds nothing.
    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Adds a number by its keyed hash of at least 16 bytes.
    mutating func insert(_ hash: [UInt8]) {
        for bit in places(hash) { bytes[Int(bit / 8)] |= 1 << UInt8(bit % 8) }
    }

    /// Whether the number with this hash was issued, as far as can be told.
    func contains(_ hash: [UInt8]) -> Bool {
        !bytes.isEmpty
            && places(hash).allSatisfy { bytes[Int($0 / 8)] & 1 << UInt8($0 % 8) != 0 }
    }

    private func places(_ hash: [UInt8]) -> [UInt64] {
        let first = hash[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let step = hash[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } | 1
        let bits = UInt64(bytes.count) * 8
        return (0..<Self.probes).map { (first &+ $0 &* step) % bits }
    }
}
