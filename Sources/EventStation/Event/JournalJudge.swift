import Registry
import TicketSeal
import UnionTicket

/// What became of one item of a chunk.
public enum ItemOutcome: String, Sendable, CaseIterable {
    /// New, and on its station's journal now.
    case taken
    /// It was there before.
    case known
    /// Genuine and kept, but entries before it are missing: it is merged when they come.
    case held
    /// Not kept; the fault says why.
    case refused
}

/// Why one item was refused.
public enum ItemFault: String, Sendable, CaseIterable {
    /// Its bytes are no journal entry of that station and number.
    case malformed
    /// The event has no such station, or it has no key.
    case unknownStation = "unknown_station"
    /// The station was revoked.
    case revokedStation = "revoked_station"
    /// Its signature is not the station's.
    case badSignature = "bad_signature"
    /// It was changed: its hash does not follow from its content and the entry before it.
    case changed
    /// Another entry has this number: the station's key is in two places.
    case fork
}

/// Judges the items of one station's journal against what is held of it.
///
/// The signature of the last entry of a run covers all before it through the hashes, so a run costs
/// one verification; only where that fails is every entry verified.
struct JournalJudge {
    let event: Int64
    let station: String
    let key: VerificationKey
    private var last: UInt64
    private var head: [UInt8]
    private let hashes: [UInt64: [UInt8]]
    private var waiting: [UInt64: EventBook.StoredEntry] = [:]
    private var run: [EventBook.StoredEntry] = []
    /// Where in the chunk each entry of the run stood; nil for one that waited.
    private var places: [Int?] = []
    private(set) var intake = EventBook.Intake()
    private(set) var answers: [Int: (ItemOutcome, ItemFault?)] = [:]

    init(_ event: Int64, _ station: String, key: VerificationKey, held: EventBook.HeldJournal) {
        (self.event, self.station, self.key) = (event, station, key)
        (last, hashes) = (held.last, held.hashes)
        head = held.head.isEmpty ? SignedEntry.seed(event, station) : held.head
        for entry in held.waiting { waiting[entry.sequence] = entry }
    }

    /// Judges items in the order of their numbers.
    mutating func judge(_ items: [(place: Int, item: JournalChunk.Item)]) {
        for (place, item) in items.sorted(by: { $0.item.sequence < $1.item.sequence }) {
            judge(item, place)
        }
        joinWaiting()
        settle()
    }

    private mutating func judge(_ item: JournalChunk.Item, _ place: Int) {
        let entry = item.stored
        guard let read = JournalEntry(encoded: item.bytes), read.station == station,
            read.sequence == item.sequence, item.hash.count == 32
        else { return refuse(place, .malformed) }
        if let known = hashes[item.sequence] ?? runHash(item.sequence) {
            if known == item.hash { return answers[place] = (.known, nil) }
            return contradict(entry, place)
        }
        joinWaiting()
        guard item.sequence == last + 1 else { return wait(entry, place) }
        guard SHA256Digest.of(head + item.bytes) == item.hash else {
            return refuse(place, isSigned(entry) ? .changed : .badSignature)
        }
        push(entry, place)
    }

    private func runHash(_ sequence: UInt64) -> [UInt8]? {
        run.first { $0.sequence == sequence }?.hash
    }

    private mutating func push(_ entry: EventBook.StoredEntry, _ place: Int?) {
        run.append(entry)
        places.append(place)
        (last, head) = (entry.sequence, entry.hash)
        waiting[entry.sequence] = nil
    }

    /// What waited goes on the journal as soon as the entries before it are there.
    private mutating func joinWaiting() {
        while let next = waiting[last + 1], SHA256Digest.of(head + next.bytes) == next.hash {
            push(next, nil)
        }
    }

    /// An entry beyond a gap: it must be signed by itself, and fit the one before it where that waits.
    private mutating func wait(_ entry: EventBook.StoredEntry, _ place: Int) {
        if let known = waiting[entry.sequence] {
            guard known.hash != entry.hash else { return answers[place] = (.held, nil) }
            return contradict(entry, place)
        }
        guard isSigned(entry) else { return refuse(place, .badSignature) }
        if let before = waiting[entry.sequence - 1],
            SHA256Digest.of(before.hash + entry.bytes) != entry.hash
        {
            return refuse(place, .changed)
        }
        waiting[entry.sequence] = entry
        intake.waiting.append(entry)
        answers[place] = (.held, nil)
    }

    /// The same number with other content: evidence when the station signed both.
    private mutating func contradict(_ entry: EventBook.StoredEntry, _ place: Int) {
        guard isSigned(entry) else { return refuse(place, .badSignature) }
        intake.forks.append(entry)
        refuse(place, .fork)
    }

    private mutating func refuse(_ place: Int, _ fault: ItemFault) {
        answers[place] = (.refused, fault)
    }

    private func isSigned(_ entry: EventBook.StoredEntry) -> Bool {
        key.isValid(signature: entry.signature, for: entry.hash)
    }

    /// Takes the run by its last signature, or as far as signatures hold.
    private mutating func settle() {
        let good = run.last.map(isSigned) ?? true ? run.count : run.prefix(while: isSigned).count
        intake.entries = Array(run[..<good])
        let taken = Set(run[..<good].map(\.sequence))
        intake.waiting.removeAll { taken.contains($0.sequence) }
        for (index, place) in places.enumerated() {
            guard let place else { continue }
            if index < good {
                answers[place] = (.taken, nil)
            } else if isSigned(run[index]) {
                intake.waiting.append(run[index])
                answers[place] = (.held, nil)
            } else {
                refuse(place, .badSignature)
            }
        }
    }
}

extension JournalChunk.Item {
    var stored: EventBook.StoredEntry {
        EventBook.StoredEntry(
            station: station,
            sequence: sequence,
            bytes: bytes,
            hash: hash,
            signature: signature
        )
    }
}
