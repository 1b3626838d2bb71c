import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// What was done to a journal by hand shows.
@Suite struct `A station's chain of entries` {
    private static let key = TestKeys.phone.signing
    private static let seed = SignedEntry.seed(7, "A")

    private static func entry(
        _ sequence: UInt64,
        _ change: (inout JournalEntry) -> Void
    ) -> JournalEntry {
        var entry = JournalEntry(
            station: "A",
            sequence: sequence,
            time: HybridTime(milliseconds: 1_000 * Int64(sequence), counter: 3),
            clock: 1_000 * Int64(sequence) + 7,
            kind: .scan,
            nonce: "n-\(sequence)"
        )
        change(&entry)
        return entry
    }

    private static func chain(
        _ count: UInt64,
        _ change: (inout JournalEntry) -> Void = { _ in }
    ) throws -> [SignedEntry] {
        var hash = seed
        return try (1...count).map { sequence in
            let signed = try SignedEntry(entry(sequence, change), after: hash, key: key)
            hash = signed.hash
            return signed
        }
    }

    private static func fault(_ entries: [SignedEntry]) -> ChainFault? {
        do {
            try entries.verify("A", after: seed, from: 1, key: key.publicKey)
            return nil
        } catch { return error }
    }

    @Test func `a whole chain verifies, and so does any beginning of it`() throws {
        let chain = try Self.chain(5)
        for count in 0...5 { #expect(Self.fault(Array(chain.prefix(count))) == nil) }
        let tail = Array(chain.dropFirst(2))
        try tail.verify("A", after: chain[1].hash, from: 3, key: Self.key.publicKey)
    }

    @Test func `an edit is found`() throws {
        var chain = try Self.chain(5)
        let edited = Self.entry(3) { $0.passed = true }
        chain[2] = try #require(
            SignedEntry(
                bytes: edited.encoded,
                hash: chain[2].hash,
                signature: chain[2].signature
            )
        )
        #expect(Self.fault(chain) == .hash(3))
    }

    @Test func `a removal, a repetition and a swap are found`() throws {
        let chain = try Self.chain(5)
        var removed = chain
        removed.remove(at: 1)
        #expect(Self.fault(removed) == .sequence(2))
        var repeated = chain
        repeated.insert(chain[1], at: 2)
        #expect(Self.fault(repeated) == .sequence(3))
        var swapped = chain
        swapped.swapAt(2, 3)
        #expect(Self.fault(swapped) == .sequence(3))
    }

    @Test func `a chain made anew without the station's key is found`() throws {
        var hash = Self.seed
        let forged = try (1...3).map { (sequence: UInt64) in
            let entry = Self.entry(sequence) { _ in }
            let signed = try SignedEntry(entry, after: hash, key: TestKeys.otherPhone.signing)
            hash = signed.hash
            return signed
        }
        #expect(Self.fault(forged) == .signature)
    }

    @Test func `another station's or another event's entries are found`() throws {
        let chain = try Self.chain(2)
        #expect(Self.fault(try Self.chain(2) { $0.station = "B" }) == .station(1))
        #expect(throws: ChainFault.hash(1)) {
            try chain.verify(
                "A",
                after: SignedEntry.seed(8, "A"),
                from: 1,
                key: Self.key.publicKey
            )
        }
    }

    @Test func `two stories of one station are a fork`() throws {
        let first = try Self.chain(4)
        var second = Array(first.prefix(2))
        let other = Self.entry(3) { $0.nonce = "another" }
        second.append(try SignedEntry(other, after: first[1].hash, key: Self.key))
        #expect(Self.fault(first) == nil)
        #expect(Self.fault(second) == nil)
        #expect(first.fork(from: second) == .fork(3))
        #expect(second.fork(from: first) == .fork(3))
        #expect(first.fork(from: Array(first.prefix(3))) == nil)
        #expect(Array(first.dropFirst(3)).fork(from: second) == nil)
        var journals = JournalSet()
        for entry in first + second { _ = journals.insert(entry.entry) }
        #expect(journals.forks == [EntryPlace(station: "A", sequence: 3)])
    }

    @Test func `an entry is read back as it was written`() throws {
        let entry = Self.entry(9) {
            $0.offset = -3_600_000
            $0.uncertainty = 250
            $0.mode = .exit
            $0.outcome = .okExit
            $0.evidence = Evidence(.presentation, fresh: true)
            $0.person = Pseudonym([UInt8](repeating: 8, count: 16))
            $0.coordinate = StatusCoordinate(list: 126, index: 77)
            $0.shownAt = TestEvent.start
            $0.chip = [1, 2, 3]
            $0.counter = .max
            ($0.passed, $0.isForced, $0.bySupervisor) = (true, true, true)
            ($0.reason, $0.operatorName) = ("паспорт", "Иванова")
            $0.known = ["B": .init(sequence: 4, clock: -5, isClosed: true)]
        }
        #expect(JournalEntry(encoded: entry.encoded) == entry)
        #expect(JournalEntry(encoded: entry.encoded)?.encoded == entry.encoded)
        for kind in JournalEntry.Kind.allCases {
            let plain = Self.entry(1) { $0.kind = kind }
            #expect(JournalEntry(encoded: plain.encoded) == plain)
        }
    }

    @Test func `damaged entries are refused, never trapped on`() {
        let good = Self.entry(9) {
            $0.outcome = .ok
            $0.person = Pseudonym([UInt8](repeating: 8, count: 16))
            $0.known = ["B": .init(sequence: 4, clock: 5)]
        }.encoded
        for place in good.indices {
            #expect(JournalEntry(encoded: Array(good[..<place])) == nil)
            for change: UInt8 in [1, 0x20, 0x40, 0x80, 0xFF] {
                var bytes = good
                bytes[place] ^= change
                if let entry = JournalEntry(encoded: bytes) { _ = entry.encoded }
            }
        }
        let far = Self.entry(1) { $0.clock = 1 << 52 }
        #expect(JournalEntry(encoded: far.encoded) == nil)
        let wordy = Self.entry(1) { $0.reason = String(repeating: "я", count: 501) }
        #expect(JournalEntry(encoded: wordy.encoded) == nil)
    }
}
