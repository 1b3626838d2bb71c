import UnionTicket

/// Whether a person may have stood in this file before: a Bloom filter, so that the rows that have
/// not, nearly all, need no look-up among what the import itself wrote.
///
/// 8 MiB whatever the file; of four million rows it takes three in a hundred for met that were not.
struct MetFilter {
    /// One block is one cache line; all bits of an entry lie in it.
    private static let blocks = 1 << 17
    private var words = [UInt64](repeating: 0, count: blocks * 8)

    /// Remembers both ways by which the person can be found again.
    mutating func insert(_ prepared: PreparedDraft) {
        insert(Self.person(prepared))
        if let ais = prepared.draft.aisId { insert(Self.hash(ais)) }
    }

    /// False only when neither the identifier nor name and birth date were inserted.
    func mayContain(_ prepared: PreparedDraft) -> Bool {
        contains(Self.person(prepared))
            || prepared.draft.aisId.map { contains(Self.hash($0)) } == true
    }

    private mutating func insert(_ hash: UInt64) {
        let start = Self.block(of: hash)
        for bit in Self.bits(of: hash) { words[start + (bit >> 6)] |= 1 << UInt64(bit & 63) }
    }

    private func contains(_ hash: UInt64) -> Bool {
        let start = Self.block(of: hash)
        return Self.bits(of: hash).allSatisfy {
            words[start + ($0 >> 6)] & 1 << UInt64($0 & 63) != 0
        }
    }

    private static func block(of hash: UInt64) -> Int { Int(hash & UInt64(blocks - 1)) * 8 }

    /// Four places of nine bits each, from the hash's upper half.
    private static func bits(of hash: UInt64) -> some Sequence<Int> {
        stride(from: 28, to: 64, by: 9).lazy.map { Int(hash >> UInt64($0) & 511) }
    }

    private static func person(_ prepared: PreparedDraft) -> UInt64 {
        UInt64(bitPattern: prepared.hash.name)
            ^ UInt64(bitPattern: prepared.hash.birth) &* 0x9E37_79B9_7F4A_7C15
    }

    private static func hash(_ aisId: String) -> UInt64 {
        UInt64(bitPattern: Int64(aisId.hashValue))
    }
}
