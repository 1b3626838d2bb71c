public import Registry
import TicketSeal
import UnionTicket

extension EventOffice {
    /// What became of one item.
    public struct ItemAnswer: Equatable, Sendable {
        /// The station whose journal it is of.
        public let station: String
        /// Its number.
        public let sequence: UInt64
        /// What became of it.
        public let outcome: ItemOutcome
        /// Why it was refused.
        public let fault: ItemFault?
    }

    /// Takes a chunk that a station handed over over HTTP; its call was verified by the caller.
    ///
    /// The same chunk again changes nothing. Each item is judged by itself: one that was changed is
    /// refused, those behind it are held until the right one comes.
    ///
    /// - Parameters:
    ///   - chunk: The chunk.
    ///   - sender: Who handed it over.
    /// - Returns: What became of each item, in order.
    /// - Throws: ``RegisterError``: nothing was kept then.
    public func take(_ chunk: JournalChunk, from sender: String) throws -> [ItemAnswer] {
        let stations = try book.stations(of: event.id)
        let keys = Dictionary(
            stations.compactMap { station in
                Self.gate(station)?.key.map { (station.name, $0) }
            }
        ) { first, _ in first }
        let revoked = Set(stations.filter { $0.revokedAt != nil }.map(\.name))
        let items = Dictionary(grouping: chunk.items.enumerated(), by: \.element.station)
        let judged = items.filter { keys[$0.key] != nil && !revoked.contains($0.key) }
        var (answers, _) = try book.take(
            judged.mapValues { $0.map(\.element.sequence) },
            event: event.id,
            by: user
        ) { held -> (intake: EventBook.Intake, result: [Int: (ItemOutcome, ItemFault?)]) in
            var intake = EventBook.Intake()
            var answers: [Int: (ItemOutcome, ItemFault?)] = [:]
            for (station, items) in judged.sorted(by: { $0.key < $1.key }) {
                guard let key = keys[station] else { continue }
                var judge = JournalJudge(
                    event.id,
                    station,
                    key: key,
                    held: held[station] ?? EventBook.HeldJournal()
                )
                judge.judge(items.map { ($0.offset, $0.element) })
                intake.entries += judge.intake.entries
                intake.waiting += judge.intake.waiting
                intake.forks += judge.intake.forks
                answers.merge(judge.answers) { first, _ in first }
            }
            intake.handOuts = Self.handOuts(
                intake.entries.compactMap { JournalEntry(encoded: $0.bytes) }
            )
            intake.contacts[sender] = (chunk.last, chunk.clock - chunk.offset)
            return (intake: intake, result: answers)
        }
        for (station, items) in items where judged[station] == nil {
            let fault: ItemFault = revoked.contains(station) ? .revokedStation : .unknownStation
            for item in items { answers[item.offset] = (.refused, fault) }
        }
        return chunk.items.enumerated().map { place, item in
            let (outcome, fault) = answers[place] ?? (.refused, .malformed)
            return ItemAnswer(
                station: item.station,
                sequence: item.sequence,
                outcome: outcome,
                fault: fault
            )
        }
    }

    /// The number from which on each station's journal is wanted; a station nobody has heard of is
    /// wanted from 1.
    public func wanted() throws -> [String: UInt64] {
        let counts = try book.wanted(of: event.id)
        let names = try book.stations(of: event.id).filter { $0.revokedAt == nil }.map(\.name)
        return Dictionary(names.map { ($0, counts[$0] ?? 1) }) { first, _ in first }
    }

    /// Who makes a call, judged by the station's key.
    public enum Caller: Equatable, Sendable {
        /// One of the event's stations.
        case station(String)
        /// A station that was revoked: it must erase its snapshot.
        case revoked(String)
        /// Nobody the event knows, or not this station's signature.
        case unknown
    }

    /// Tells who signed a call.
    public static func caller(of call: StationCall, in register: Register) throws -> Caller {
        let station = try EventBook(register).stations(of: call.event)
            .first { $0.name == call.station }
        guard let station, let bytes = station.publicKey,
            let key = VerificationKey(algorithm: .edDSA, publicBytes: bytes),
            call.isSigned(by: key)
        else { return .unknown }
        return station.revokedAt == nil ? .station(station.name) : .revoked(station.name)
    }

    /// The newest snapshot that was made, or nil.
    public func newestSnapshot() throws -> EventBook.Snapshot? {
        try book.newestSnapshot(of: event.id)
    }
}
