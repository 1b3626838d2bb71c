public import TicketSeal
import UnionTicket

/// What a station hands over: all journals it knows, with its own watermark, signed by it.
public struct JournalBundle: Sendable {
    /// The `typ` of a bundle.
    public static let type = "application/profbilet-journal"
    /// How many bytes a bundle may have.
    public static let limit = 256 << 20

    /// The event.
    public let event: Int64
    /// Who hands over.
    public let station: String
    /// What the station's clock read, milliseconds.
    public let clock: Int64
    /// Each station's entries from its first.
    public let journals: [(station: String, entries: [SignedEntry])]
    private let message: COSESign1

    /// Signs a bundle.
    ///
    /// - Parameters:
    ///   - journals: Each station's entries from its first.
    ///   - event: The event.
    ///   - station: Who hands over.
    ///   - clock: What its clock reads, milliseconds.
    ///   - key: The station's key.
    /// - Returns: The bundle.
    /// - Throws: What the key throws.
    public static func seal(
        _ journals: [(station: String, entries: [SignedEntry])],
        event: Int64,
        station: String,
        clock: Int64,
        with key: SigningKey
    ) throws -> [UInt8] {
        let lists = journals.map { journal in
            CBOR.array([
                .text(journal.station),
                .array(
                    journal.entries.map {
                        .array([.bytes($0.bytes), .bytes($0.hash), .bytes($0.signature)])
                    }
                ),
            ])
        }
        let content = CBOR.map([
            1: .integer(event), 2: .text(station), 3: .integer(clock), 4: .array(lists),
        ])
        return try COSESign1.seal(
            content.encoded,
            with: key,
            header: [CBOR.Entry(.integer(16), .text(type))]
        )
    }

    /// Reads a bundle; nothing is judged but its form.
    ///
    /// - Returns: Nil for anything else.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.limit, let message = try? COSESign1(decoding: bytes),
            message.type == Self.type, let payload = message.payload,
            let content = try? CBOR(decoding: payload), let event = content[1]?.integer,
            let station = content[2]?.text, let clock = content[3]?.integer,
            clock.magnitude < 1 << 52, let lists = content[4]?.array
        else { return nil }
        let journals = lists.compactMap(Self.journal)
        guard journals.count == lists.count,
            Set(journals.map(\.station)).count == journals.count
        else { return nil }
        (self.event, self.station, self.clock) = (event, station, clock)
        self.journals = journals
        self.message = message
    }

    private static func journal(_ item: CBOR) -> (station: String, entries: [SignedEntry])? {
        guard let parts = item.array, parts.count == 2, let station = parts[0].text,
            let list = parts[1].array
        else { return nil }
        let entries = list.compactMap { entry -> SignedEntry? in
            guard let parts = entry.array, parts.count == 3, let bytes = parts[0].bytes,
                let hash = parts[1].bytes, let signature = parts[2].bytes
            else { return nil }
            return SignedEntry(bytes: bytes, hash: hash, signature: signature)
        }
        return entries.count == list.count ? (station, entries) : nil
    }

    /// Why a bundle, or one journal in it, is not taken.
    public enum Refusal: Error, Equatable, Sendable {
        /// Of another event.
        case otherEvent(Int64)
        /// The station is not one of the event's, or is not provisioned.
        case unknownStation(String)
        /// The bundle's signature is not the station's.
        case badSignature(String)
        /// A journal's chain is broken.
        case chain(String, ChainFault)
    }

    /// The entries that are new to the reader, each journal verified from its first entry.
    ///
    /// - Parameters:
    ///   - event: The reader's event.
    ///   - keys: The stations' keys.
    ///   - held: Of each station the hashes of the entries that the reader holds.
    /// - Returns: New entries by station, and what is wrong with journals that were left out: one odd
    ///   journal blocks no other.
    /// - Throws: ``Refusal`` when the bundle as a whole is not the station's.
    public func verify(
        event: Int64,
        keys: [String: VerificationKey],
        held: [String: [[UInt8]]]
    ) throws(Refusal) -> (new: [SignedEntry], faults: [Refusal]) {
        guard self.event == event else { throw .otherEvent(self.event) }
        guard let key = keys[station] else { throw .unknownStation(station) }
        guard message.isSigned(by: key) else { throw .badSignature(station) }
        var new: [SignedEntry] = []
        var faults: [Refusal] = []
        for journal in journals {
            do throws(Refusal) {
                new += try verify(journal, keys, held[journal.station] ?? [])
            } catch { faults.append(error) }
        }
        return (new, faults)
    }

    private func verify(
        _ journal: (station: String, entries: [SignedEntry]),
        _ keys: [String: VerificationKey],
        _ held: [[UInt8]]
    ) throws(Refusal) -> ArraySlice<SignedEntry> {
        guard let key = keys[journal.station] else { throw .unknownStation(journal.station) }
        do throws(ChainFault) {
            try journal.entries.verify(
                journal.station,
                after: SignedEntry.seed(event, journal.station),
                from: 1,
                key: key
            )
            for (hash, entry) in zip(held, journal.entries) where hash != entry.hash {
                throw .fork(entry.entry.sequence)
            }
        } catch { throw .chain(journal.station, error) }
        return journal.entries.dropFirst(held.count)
    }
}
