import UnionTicket

/// Whether a person may have stood in these rows before: a Bloom filter, so that the rows that have
/// not, nearly all, need no look-up among what the import itself wrote.
struct MetFilter {
    /// For a file: 8 MiB; of four million rows it takes three in a hundred for met that were not.
    static let file = 1 << 17
    /// For a chunk: 16 KiB; of two thousand rows it takes hardly any.
    static let chunk = 1 << 8

    /// One block is one cache line; all bits of an entry lie in it.
    private let mask: UInt64
    private var words: [UInt64]

    /// Of so many blocks, a power of two.
    init(blocks: Int) {
        mask = UInt64(blocks - 1)
        words = [UInt64](repeating: 0, count: blocks * 8)
    }

    /// Both ways by which a person can be found again, hashed.
    struct Traces: Sendable {
        fileprivate let person: UInt64
        fileprivate let bearer: UInt64?

        init(_ hash: PersonHash, aisId: String?) {
            person =
                UInt64(bitPattern: hash.name)
                ^ UInt64(bitPattern: hash.birth) &* 0x9E37_79B9_7F4A_7C15
            bearer = aisId.map { UInt64(bitPattern: Int64($0.hashValue)) }
        }
    }

    /// Remembers a person.
    mutating func insert(_ traces: Traces) {
        insert(traces.person)
        if let bearer = traces.bearer { insert(bearer) }
    }

    /// False only when neither the identifier nor name and birth date were inserted.
    func mayContain(_ traces: Traces) -> Bool {
        contains(traces.person) || traces.bearer.map(contains) == true
    }

    private mutating func insert(_ hash: UInt64) {
        let start = Int(hash & mask) * 8
        for shift in stride(from: 28, to: 64, by: 9) {
            let bit = Int(hash >> UInt64(shift) & 511)
            words[start + (bit >> 6)] |= 1 << UInt64(bit & 63)
        }
    }

    /// Four places of nine bits each, from the hash's upper half.
    private func contains(_ hash: UInt64) -> Bool {
        let start = Int(hash & mask) * 8
        for shift in stride(from: 28, to: 64, by: 9) {
            let bit = Int(hash >> UInt64(shift) & 511)
            if words[start + (bit >> 6)] & 1 << UInt64(bit & 63) == 0 { return false }
        }
        return true
    }
}
