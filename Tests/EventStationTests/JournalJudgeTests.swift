import Registry
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Entries that come over HTTP, each judged by itself.
@Suite struct `A chunk of a journal at headquarters` {
    private static let key = SigningKey.generate(.edDSA)
    private static let thief = SigningKey.generate(.edDSA)

    /// Entries 1… of station A; `words` makes two journals of one key differ.
    private static func chain(
        _ count: UInt64,
        words: String = "",
        from first: UInt64 = 1,
        after hash: [UInt8]? = nil
    ) throws -> [JournalChunk.Item] {
        var hash = hash ?? SignedEntry.seed(7, "A")
        return try (first..<first + count).map { sequence in
            var entry = JournalEntry(
                station: "A",
                sequence: sequence,
                time: HybridTime(milliseconds: 1_000 * Int64(sequence)),
                clock: 1_000 * Int64(sequence),
                kind: .note,
                nonce: "n-\(sequence)"
            )
            entry.reason = words
            let signed = try SignedEntry(entry, after: hash, key: key)
            hash = signed.hash
            return JournalChunk.Item(signed)
        }
    }

    /// A register in memory: what was taken, what waits.
    private struct Held {
        var taken: [JournalChunk.Item] = []
        var waiting: [EventBook.StoredEntry] = []
        var forks: [UInt64] = []

        mutating func take(_ items: [JournalChunk.Item]) -> [String] {
            var journal = EventBook.HeldJournal()
            journal.last = UInt64(taken.count)
            journal.head = taken.last?.hash ?? []
            for item in taken { journal.hashes[item.sequence] = item.hash }
            journal.waiting = waiting
            var judge = JournalJudge(7, "A", key: key.publicKey, held: journal)
            judge.judge(items.enumerated().map { ($0.offset, $0.element) })
            taken += judge.intake.entries.map {
                JournalChunk.Item(
                    station: $0.station,
                    sequence: $0.sequence,
                    bytes: $0.bytes,
                    hash: $0.hash,
                    signature: $0.signature
                )
            }
            waiting.removeAll { entry in taken.contains { $0.sequence == entry.sequence } }
            waiting += judge.intake.waiting
            forks += judge.intake.forks.map(\.sequence)
            return items.indices.map { place in
                guard let (outcome, fault) = judge.answers[place] else { return "none" }
                return fault.map { "\(outcome.rawValue):\($0.rawValue)" } ?? outcome.rawValue
            }
        }
    }

    @Test func `the same chunk again changes nothing`() throws {
        let items = try Self.chain(4)
        var held = Held()
        #expect(held.take(items) == ["taken", "taken", "taken", "taken"])
        #expect(held.take(items) == ["known", "known", "known", "known"])
        #expect(held.taken == items)
    }

    @Test func `an edited item is refused alone and those behind it wait for the right one`() throws
    {
        let items = try Self.chain(5)
        let other = try Self.chain(5, words: "other")
        var edited = items
        edited[2].bytes = other[2].bytes
        var held = Held()
        #expect(held.take(edited) == ["taken", "taken", "refused:changed", "held", "held"])
        #expect(held.taken.count == 2 && held.waiting.count == 2)
        #expect(held.take(edited) == ["known", "known", "refused:changed", "held", "held"])
        #expect(held.take([items[2]]) == ["taken"])
        #expect(held.taken == items && held.waiting.isEmpty)
    }

    @Test func `items in any order make one journal`() throws {
        let items = try Self.chain(6)
        var held = Held()
        #expect(held.take([items[5], items[4]]) == ["held", "held"])
        #expect(held.take([items[3], items[1], items[0]]) == ["held", "taken", "taken"])
        #expect(held.take([items[2], items[2]]) == ["taken", "known"])
        #expect(held.taken == items)
    }

    @Test func `a second journal of the same key is a fork`() throws {
        let items = try Self.chain(3)
        let other = try Self.chain(5, words: "a stolen folder")
        var held = Held()
        _ = held.take(items)
        let answers = held.take(other)
        #expect(answers.prefix(3).allSatisfy { $0 == "refused:fork" })
        // What follows the fork fits the other journal only.
        #expect(answers[3] == "refused:changed")
        #expect(held.forks == [1, 2, 3] && held.taken == items)
    }

    @Test func `bytes that are no entry and foreign signatures are refused alone`() throws {
        let items = try Self.chain(4)
        var odd = items
        odd[3].bytes = [0xFF]
        odd[1].signature = try Self.thief.sign(odd[1].hash)
        var held = Held()
        // The last good signature covers the entries before it through their hashes.
        #expect(held.take(odd) == ["taken", "taken", "taken", "refused:malformed"])
        var last = Held()
        var foreign = items
        foreign[3].signature = try Self.thief.sign(foreign[3].hash)
        #expect(last.take(foreign) == ["taken", "taken", "taken", "refused:bad_signature"])
        var alone = Held()
        #expect(alone.take([foreign[3]]) == ["refused:bad_signature"])
        var renamed = items[0]
        renamed.sequence = 2
        #expect(alone.take([renamed]) == ["refused:malformed"])
    }

    @Test func `a chunk is read as it was written, and nothing else is`() throws {
        let chunk = JournalChunk(clock: 5_000, offset: -70, last: 4, items: try Self.chain(4))
        let read = try #require(JournalChunk(chunk.encoded))
        #expect(read.items == chunk.items && read.last == 4 && read.offset == -70)
        for cut in stride(from: 0, to: chunk.encoded.count, by: 7) {
            #expect(JournalChunk(Array(chunk.encoded.prefix(cut))) == nil)
        }
        #expect(JournalChunk.cut([], itemLimit: 2).isEmpty)
    }

    @Test func `a call fits its own request only`() throws {
        let field = try StationCall.sign(
            "POST",
            "/v1/events/7/journal",
            body: [1, 2],
            event: 7,
            station: "A",
            at: 1_000,
            with: Self.key
        )
        let call = try #require(StationCall(authorization: field))
        #expect(call.isSigned(by: Self.key.publicKey) && !call.isSigned(by: Self.thief.publicKey))
        #expect(call.fits("POST", "/v1/events/7/journal", body: [1, 2]))
        #expect(!call.fits("GET", "/v1/events/7/journal", body: [1, 2]))
        #expect(!call.fits("POST", "/v1/events/8/journal", body: [1, 2]))
        #expect(!call.fits("POST", "/v1/events/7/journal", body: [1]))
        for text in ["", "Bearer x", "Station", "Station ===", "Station 0", field + "x", "\u{0}"] {
            #expect(StationCall(authorization: text) == nil)
        }
    }
}
