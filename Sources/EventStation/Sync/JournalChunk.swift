import TicketSeal

/// A part of the journals a station knows, on its way to headquarters over HTTP.
///
/// Every item stands for itself: one that cannot be read or does not fit leaves the others as they
/// are.
public struct JournalChunk: Sendable {
    /// The media type of a chunk: deterministic CBOR.
    public static let mediaType = "application/cbor"
    /// How many bytes a chunk may have.
    public static let limit = 4 << 20
    /// How many items a chunk may have.
    public static let itemLimit = 4_096

    /// One entry as it lies in a journal; its bytes may be anything.
    public struct Item: Equatable, Sendable {
        /// The station whose journal it is of.
        public var station: String
        /// Its number in that journal.
        public var sequence: UInt64
        /// The entry.
        public var bytes: [UInt8]
        /// Its place in the chain.
        public var hash: [UInt8]
        /// The station's signature over the hash.
        public var signature: [UInt8]

        /// An item.
        public init(
            station: String,
            sequence: UInt64,
            bytes: [UInt8],
            hash: [UInt8],
            signature: [UInt8]
        ) {
            (self.station, self.sequence, self.bytes) = (station, sequence, bytes)
            (self.hash, self.signature) = (hash, signature)
        }

        /// An entry of a station's journal.
        public init(_ entry: SignedEntry) {
            self.init(
                station: entry.entry.station,
                sequence: entry.entry.sequence,
                bytes: entry.bytes,
                hash: entry.hash,
                signature: entry.signature
            )
        }
    }

    /// What the sender's clock reads, milliseconds.
    public var clock: Int64
    /// How far off it is known to be, milliseconds.
    public var offset: Int64
    /// The number of the sender's own last entry: the chunk is signed by it as a watermark.
    public var last: UInt64
    /// The entries.
    public var items: [Item]

    /// A chunk.
    public init(clock: Int64, offset: Int64, last: UInt64, items: [Item]) {
        (self.clock, self.offset, self.last, self.items) = (clock, offset, last, items)
    }

    /// The chunk's bytes.
    public var encoded: [UInt8] {
        CBOR.map([
            1: .integer(clock), 2: .integer(offset), 3: .unsigned(last),
            4: .array(
                items.map {
                    .array([
                        .text($0.station), .unsigned($0.sequence), .bytes($0.bytes),
                        .bytes($0.hash), .bytes($0.signature),
                    ])
                }
            ),
        ]).encoded
    }

    /// Reads what ``encoded`` wrote; nil for anything else.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.limit, let content = try? CBOR(decoding: bytes),
            let clock = content[1]?.integer, clock.magnitude < 1 << 52,
            let offset = content[2]?.integer, offset.magnitude < 1 << 52,
            case .unsigned(let last) = content[3], let list = content[4]?.array,
            list.count <= Self.itemLimit
        else { return nil }
        let items = list.compactMap(Self.item)
        guard items.count == list.count else { return nil }
        self.init(clock: clock, offset: offset, last: last, items: items)
    }

    private static func item(_ item: CBOR) -> Item? {
        guard let parts = item.array, parts.count == 5, let station = parts[0].text,
            (1...64).contains(station.utf8.count), case .unsigned(let sequence) = parts[1],
            sequence > 0, sequence <= UInt64(Int64.max), let bytes = parts[2].bytes,
            bytes.count <= 1 << 16, let hash = parts[3].bytes, let signature = parts[4].bytes,
            hash.count <= 64, signature.count <= 128
        else { return nil }
        return Item(
            station: station,
            sequence: sequence,
            bytes: bytes,
            hash: hash,
            signature: signature
        )
    }

    /// Cuts a station's journals into chunks of at most ``itemLimit`` items and about a megabyte.
    ///
    /// - Parameters:
    ///   - entries: What is to be handed over.
    ///   - itemLimit: How many items a chunk gets at most.
    /// - Returns: The items of each chunk, in order; nothing where there are none.
    public static func cut(_ entries: [SignedEntry], itemLimit: Int = itemLimit) -> [[Item]] {
        var chunks: [[Item]] = []
        var size = 0
        for entry in entries {
            let isFull =
                chunks.isEmpty || size > 1 << 20 || chunks[chunks.count - 1].count >= itemLimit
            if isFull {
                chunks.append([])
                size = 0
            }
            chunks[chunks.count - 1].append(Item(entry))
            size += entry.bytes.count + 128
        }
        return chunks
    }
}
