import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Stations that know of each other only what was handed over.
@Suite struct `Several stations` {
    private static func conference(
        _ people: Int = 2
    ) throws -> (hall: TestHall, cards: [TestCard], event: TestEvent) {
        var event = try TestEvent()
        let cards = try (0..<people).map { _ in try event.card(event.person()) }
        return (TestHall(try event.snapshot(), ["A", "B"]), cards, event)
    }

    @Test func `two admit one person offline: one presence, one anomaly, one winner`() throws {
        var (hall, cards, event) = try Self.conference()
        #expect(hall.scan("B", cards[0].scan()).passes)
        hall.wait(300)
        #expect(hall.scan("A", cards[0].scan()).passes)
        hall.meet("A", "B")
        for station in ["A", "B"] {
            let gathering = hall[station].gathering
            #expect(gathering.insideCount == 1)
            #expect(gathering.quorum(unheard: []).interval == PresenceInterval(min: 1, max: 1))
            let anomaly = try #require(gathering.duplicates.first)
            #expect(gathering.duplicates.count == 1)
            #expect(anomaly.canonical == EntryPlace(station: "B", sequence: 1))
            #expect(anomaly.repeated == EntryPlace(station: "A", sequence: 1))
            let first = try #require(gathering.journals[anomaly.canonical])
            let second = try #require(gathering.journals[anomaly.repeated])
            #expect(second.clock - first.clock == 300_000)
            #expect(gathering.memory.inside[event.name(0)]?.station == "B")
            // What the operator saw stays in the history.
            #expect(second.outcome == .ok)
        }
    }

    @Test func `an hour slow, it annuls what it has seen, and that holds everywhere`() throws {
        for hour: Int64 in [-3_600_000, 3_600_000] {
            var (hall, cards, event) = try Self.conference()
            hall.errors["B"] = hour
            hall.scan("A", cards[0].scan(nonce: "seen"))
            hall.wait(60)
            hall.meet("A", "B")
            hall.wait(60)
            try hall.annul("B", "seen")
            #expect(hall["B"].gathering.insideCount == 0)
            #expect(hall["A"].gathering.insideCount == 1)
            hall.wait(60)
            hall.meet("A", "B")
            for station in ["A", "B"] {
                #expect(hall[station].gathering.insideCount == 0)
                #expect(!hall[station].gathering.presence(of: event.name(0)).mayBeInside)
            }
            #expect(hall.merged.insideCount == 0)
        }
    }

    @Test func `what another station has not seen it does not annul`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.scan("A", cards[0].scan(nonce: "unseen"))
        #expect(throws: Post.Refusal.unknownEntry) { try hall.annul("B", "unseen") }
        hall.meet("A", "B")
        #expect(throws: Post.Refusal.tooLate) {
            try hall.annul("B", "unseen", bySupervisor: false)
        }
        try hall.annul("B", "unseen")
    }

    @Test func `a relay does not stretch the quarter of an hour`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.scan("A", cards[0].scan(nonce: "old"))
        hall.meet("A", "C")
        hall.wait(16 * 60)
        hall.meet("C", "B")
        #expect(throws: Post.Refusal.tooLate) { try hall.annul("B", "old") }
        #expect(throws: Post.Refusal.tooLate) { try hall.annul("C", "old") }
    }

    @Test func `late older entries do not undo newer ones`() throws {
        var (hall, cards, event) = try Self.conference()
        hall.scan("A", cards[0].scan())
        hall.wait(60)
        hall.scan("B", cards[0].scan(.exit))
        hall.wait(60)
        let entries = ["A", "B"].map { hall[$0].gathering.journals.entries(of: $0) }
        for order in [[0, 1], [1, 0]] {
            var gathering = Gathering(hall.snapshot)
            for index in order { for entry in entries[index] { gathering.add(entry) } }
            #expect(!gathering.presence(of: event.name(0)).isInside)
            #expect(gathering.duplicates.isEmpty)
        }
    }

    @Test func `moves closer than the clocks are sure count in the maximum only`() throws {
        var (hall, cards, event) = try Self.conference()
        hall.errors["B"] = -30_000
        hall.scan("A", cards[0].scan())
        hall.wait(20)
        hall.scan("B", cards[0].scan(.exit))
        let near = hall.merged.presence(of: event.name(0))
        #expect(near.mayBeInside && !near.isSurelyInside)
        #expect(hall.merged.quorum(unheard: []).interval == PresenceInterval(min: 0, max: 1))
        hall.wait(60)
        hall.scan("A", cards[1].scan())
        hall.wait(120)
        hall.scan("B", cards[1].scan(.exit))
        #expect(!hall.merged.presence(of: event.name(1)).mayBeInside)
    }

    @Test(arguments: [-3_600_000, 3_600_000] as [Int64])
    func `what was done knowing of a move comes after it, whatever the clocks read`(
        _ error: Int64
    ) throws {
        var (hall, cards, event) = try Self.conference()
        hall.errors["A"] = error
        var stations = ["A", "B"]
        for mode in [ScanMode.entry, .exit, .entry] {
            hall.wait(5)
            #expect(hall.scan(stations[0], cards[0].scan(mode)).passes)
            hall.meet("A", "B")
            stations.reverse()
            let isInside = mode == .entry
            for gathering in [hall["A"].gathering, hall["B"].gathering, hall.merged] {
                let presence = gathering.presence(of: event.name(0))
                #expect(presence.isInside == isInside)
                #expect(presence.isSurelyInside == isInside)
                #expect(presence.mayBeInside == isInside)
                #expect(presence.duplicates.isEmpty)
            }
        }
    }

    @Test func `a clock far ahead is not adopted, and flagged`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.errors["A"] = 6 * 60_000
        hall.scan("A", cards[0].scan())
        hall.meet("A", "B")
        let scan = hall.scan("B", cards[1].scan())
        let time = try #require(scan.entry?.time)
        #expect(time.milliseconds < hall.now + 60_000)
        #expect(hall["B"].gathering.leaps == [EntryPlace(station: "A", sequence: 1)])
        var near = try Self.conference().hall
        near.errors["A"] = 4 * 60_000
        near.scan("A", cards[0].scan())
        near.meet("A", "B")
        #expect(near["B"].gathering.leaps.isEmpty)
    }

    @Test func `who is withdrawn at headquarters meanwhile does not count there`() throws {
        var event = try TestEvent()
        let card = try event.card(event.person())
        var hall = TestHall(try event.snapshot())
        #expect(hall.scan("A", card.scan()).passes)
        #expect(hall["A"].gathering.quorum(unheard: []).interval.min == 1)
        var later = try TestEvent()
        later.sequence = 2
        let same = try later.card(later.person(.decisive, .withdrawn))
        #expect(same.coordinate == card.coordinate)
        var headquarters = TestHall(try later.snapshot())
        for entry in hall["A"].gathering.journals.entries(of: "A") {
            headquarters.keep("A", entry)
        }
        #expect(headquarters["A"].gathering.presence(of: event.name(0)).isInside)
        #expect(headquarters["A"].gathering.quorum(unheard: []).interval.max == 0)
        headquarters.now = hall.now
        headquarters.wait(60)
        headquarters.scan("A", card.scan(.exit))
        headquarters.wait(60)
        let back = headquarters.scan("A", card.scan())
        #expect(back.decision.outcome == .mandateNotConfirmed)
    }

    @Test func `one nonce in two journals is one admission`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.scan("A", cards[0].scan(nonce: "same"))
        hall.wait(1)
        hall.scan("B", cards[0].scan(nonce: "same"))
        #expect(hall.merged.insideCount == 1)
        #expect(hall.merged.duplicates.isEmpty)
    }
}
