import TicketSeal

/// An entry in its station's chain: hash over the one before it and its own bytes, and the station's
/// signature over the hash.
public struct SignedEntry: Equatable, Sendable {
    /// What happened.
    public let entry: JournalEntry
    /// The entry's bytes.
    public let bytes: [UInt8]
    /// SHA-256 of the hash before and the bytes.
    public let hash: [UInt8]
    /// 64 bytes over the hash.
    public let signature: [UInt8]

    /// The hash before a station's first entry.
    public static func seed(_ event: Int64, _ station: String) -> [UInt8] {
        SHA256Digest.of(Array("profbilet/journal/1/\(event)/\(station)".utf8))
    }

    /// Chains and signs an entry.
    init(_ entry: JournalEntry, after previous: [UInt8], key: SigningKey) throws {
        self.entry = entry
        bytes = entry.encoded
        hash = SHA256Digest.of(previous + bytes)
        signature = try key.sign(hash)
    }

    /// An entry as it was stored; nil when its bytes are none.
    public init?(bytes: [UInt8], hash: [UInt8], signature: [UInt8]) {
        guard let entry = JournalEntry(encoded: bytes), hash.count == 32 else { return nil }
        self.entry = entry
        self.bytes = bytes
        self.hash = hash
        self.signature = signature
    }
}

/// What is wrong with a chain of entries.
public enum ChainFault: Error, Equatable, Sendable {
    /// An entry is missing, doubled or out of order; the sequence number that was expected.
    case sequence(UInt64)
    /// An entry was changed: its hash does not follow from what is before it.
    case hash(UInt64)
    /// The station's signature on the chain's end is wrong.
    case signature
    /// An entry of another station.
    case station(UInt64)
    /// The same sequence number twice with other content: the station's key is in two places.
    case fork(UInt64)
}

extension [SignedEntry] {
    /// Checks a run of one station's entries.
    ///
    /// The signature of the last entry covers all before it through the hashes.
    ///
    /// - Parameters:
    ///   - station: The station's name.
    ///   - previous: The hash of the entry before the first one.
    ///   - first: The sequence number the run begins with.
    ///   - key: The station's key.
    /// - Throws: The first fault.
    func verify(
        _ station: String,
        after previous: [UInt8],
        from first: UInt64,
        key: VerificationKey
    ) throws(ChainFault) {
        var (hash, sequence) = (previous, first)
        for entry in self {
            guard entry.entry.station == station else { throw .station(sequence) }
            guard entry.entry.sequence == sequence else { throw .sequence(sequence) }
            guard SHA256Digest.of(hash + entry.bytes) == entry.hash else { throw .hash(sequence) }
            (hash, sequence) = (entry.hash, sequence + 1)
        }
        guard let last, key.isValid(signature: last.signature, for: last.hash) else {
            if isEmpty { return }
            throw .signature
        }
    }

    /// Where two runs of one station tell different stories: its key is in two places.
    ///
    /// Both runs verify by themselves; only held against each other they do not.
    ///
    /// - Returns: ``ChainFault/fork(_:)`` of the first sequence number with other content, or nil.
    func fork(from other: [SignedEntry]) -> ChainFault? {
        let held = Dictionary(other.map { ($0.entry.place, $0.hash) }) { first, _ in first }
        let differing = first { entry in held[entry.entry.place].map { $0 != entry.hash } ?? false }
        return differing.map { .fork($0.entry.sequence) }
    }
}
