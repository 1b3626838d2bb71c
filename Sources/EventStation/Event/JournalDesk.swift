public import Registry
import TicketSeal
import UnionTicket

extension EventOffice {
    /// How one bundle was taken.
    public struct MergeReport: Sendable {
        /// Who handed it over.
        public let station: String
        /// Entries that were new.
        public let new: Int
        /// What was left out, and why.
        public let faults: [JournalBundle.Refusal]
        /// Cards that stations gave to their members, as the register took them.
        public let handOuts: HandOutBook.Outcome
    }

    /// Takes a station's bundle: every journal in it that holds, nothing of one that does not.
    public func merge(_ bundle: JournalBundle) throws -> MergeReport {
        let stored = try book.entries(of: event.id, by: user)
        var held: [String: [[UInt8]]] = [:]
        for entry in stored { held[entry.station, default: []].append(entry.hash) }
        let stations = try book.stations(of: event.id)
        var keys: [String: VerificationKey] = [:]
        for station in stations where station.revokedAt == nil {
            keys[station.name] = Self.gate(station)?.key
        }
        let (new, faults) = try bundle.verify(event: event.id, keys: keys, held: held)
        var intake = EventBook.Intake()
        intake.entries = new.map { JournalChunk.Item($0).stored }
        intake.handOuts = Self.handOuts(new.map(\.entry))
        if let own = bundle.journals.first(where: { $0.station == bundle.station })?.entries.last {
            let clock = bundle.clock - own.entry.offset
            intake.contacts[bundle.station] = (own.entry.sequence, clock)
        }
        let (_, handOuts) = try book.take([:], event: event.id, by: user) { _ in (intake, ()) }
        return MergeReport(
            station: bundle.station,
            new: new.count,
            faults: faults,
            handOuts: handOuts
        )
    }

    /// The cards that stations gave out, without those whose entry was taken back.
    static func handOuts(
        _ entries: [JournalEntry]
    ) -> [String: [(coordinate: StatusCoordinate, at: Instant)]] {
        let annulled = Set(entries.filter { $0.kind == .annulment }.map(\.nonce))
        var found: [String: [(coordinate: StatusCoordinate, at: Instant)]] = [:]
        for entry in entries
        where entry.kind == .scan && entry.outcome == .activated && entry.mode == .handOut
            && !annulled.contains(entry.nonce)
        {
            guard let coordinate = entry.coordinate else { continue }
            let at = Instant(seconds: entry.correctedClock / 1000)
            found[entry.station, default: []].append((coordinate, at))
        }
        return found
    }

    /// All entries that were taken, with the hash of each journal's end.
    ///
    /// - Throws: ``RegisterError`` when a stored entry was changed behind the program's back.
    public func entries() throws -> (entries: [JournalEntry], heads: [String: [UInt8]]) {
        var heads: [String: [UInt8]] = [:]
        let entries = try book.entries(of: event.id, by: user).map { stored in
            let before = heads[stored.station] ?? SignedEntry.seed(event.id, stored.station)
            let hash = SHA256Digest.of(before + stored.bytes)
            guard hash == stored.hash, let entry = JournalEntry(encoded: stored.bytes) else {
                throw RegisterError(
                    .damaged,
                    "Журнал станции «\(stored.station)» изменён в реестре: запись "
                        + "\(stored.sequence). Восстановите реестр из копии.",
                    "The journal of station \(stored.station) was changed in the register: entry "
                        + "\(stored.sequence). Restore the register from a backup."
                )
            }
            heads[stored.station] = hash
            return entry
        }
        return (entries, heads)
    }
}
