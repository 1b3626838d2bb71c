import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// People at one door, told as they happen.
@Suite struct `At one door` {
    /// A conference of three delegates with cards.
    private static func conference(
        _ change: (inout TestEvent) throws -> Void = { _ in }
    ) throws -> (hall: TestHall, cards: [TestCard], event: TestEvent) {
        var event = try TestEvent()
        try change(&event)
        let cards = try (0..<3).map { _ in try event.card(event.person()) }
        return (TestHall(try event.snapshot()), cards, event)
    }

    @Test func `the first scan admits, the second shows the first and admits nobody`() throws {
        var (hall, cards, event) = try Self.conference()
        let first = hall.scan("A", cards[0].scan())
        #expect(first.decision.outcome == .ok)
        #expect(first.passes)
        let moment = hall.instant
        hall.wait(600)
        let second = hall.scan("A", cards[0].scan())
        #expect(second.decision.outcome == .alreadyInside)
        #expect(!second.passes)
        #expect(second.decision.firstEntry == StationMemory.Entry(at: moment, station: "A"))
        #expect(hall["A"].gathering.insideCount == 1)
        #expect(hall["A"].gathering.presence(of: event.name(0)).isSurelyInside)
        #expect(hall["A"].gathering.journals.count == 2)
    }

    @Test func `the same nonce twice is one admission`() throws {
        var (hall, cards, _) = try Self.conference()
        let first = hall.scan("A", cards[0].scan(nonce: "n-1"))
        hall.wait(3_600)
        let second = hall.scan("A", cards[0].scan(nonce: "n-1"))
        #expect(second.decision.outcome == .ok)
        #expect(second.entry == nil)
        #expect(first.passes && second.passes)
        #expect(hall["A"].gathering.journals.count == 1)
    }

    @Test func `entry, exit, entry`() throws {
        var (hall, cards, _) = try Self.conference()
        let modes: [ScanMode] = [.entry, .exit, .entry]
        let answers = modes.map { mode in
            hall.wait(1)
            return hall.scan("A", cards[0].scan(mode))
        }
        #expect(answers.map(\.decision.outcome) == [.ok, .okExit, .okRepeatEntry])
        #expect(answers.allSatisfy { $0.passes && $0.entry != nil })
        #expect(hall["A"].gathering.insideCount == 1)
    }

    @Test func `re-entry is forbidden where the event says so`() throws {
        var (hall, cards, _) = try Self.conference { $0.rules.allowsReEntry = false }
        hall.scan("A", cards[0].scan())
        hall.scan("A", cards[0].scan(.exit))
        hall.wait(60)
        #expect(hall.scan("A", cards[0].scan()).decision.outcome == .reEntryForbidden)
        #expect(hall["A"].gathering.insideCount == 0)
    }

    @Test func `two exits in a row are accepted`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.scan("A", cards[0].scan())
        for _ in 0..<2 {
            hall.wait(60)
            let exit = hall.scan("A", cards[0].scan(.exit))
            #expect(exit.decision.outcome == .okExit)
            #expect(exit.passes)
        }
        #expect(hall["A"].gathering.insideCount == 0)
    }

    @Test func `whose card expires or is blocked while inside may leave`() throws {
        var event = try TestEvent()
        let short = try event.card(event.person(), expiresAt: TestEvent.start + 60)
        let blocked = try event.card(event.person())
        let file = try event.snapshot()
        var hall = TestHall(file)
        hall.scan("A", short.scan())
        hall.scan("A", blocked.scan())
        event.publish(blocked, .invalid)
        event.listSequence = 2
        var newer = file
        #expect(try newer.take(event.statusLists()) == 1)
        var after = TestHall(newer)
        after.now = hall.now
        for entry in hall["A"].gathering.journals.entries(of: "A") { after.keep("A", entry) }
        after.wait(120)
        #expect(after.scan("A", short.scan()).decision.outcome == .expired)
        #expect(after.scan("A", blocked.scan()).decision.outcome == .revoked)
        let exits = [short, blocked].map { after.scan("A", $0.scan(.exit)) }
        #expect(exits.map(\.decision.outcome) == [.okExit, .okExit])
        #expect(exits.map(\.decision.passedOver) == [.expired, .revoked])
        #expect(after["A"].gathering.insideCount == 0)
    }

    @Test func `another event's delegate learns nothing of other events`() throws {
        var event = try TestEvent()
        let stranger = try event.card(100)
        var hall = TestHall(try event.snapshot())
        let answer = hall.scan("A", stranger.scan())
        #expect(answer.decision.outcome == .notOnList)
        #expect(answer.decision.pseudonym == nil)
        #expect(answer.decision.name == nil)
        #expect(!hall.scan("A", stranger.scan(), .supervisor).passes)
    }

    @Test func `a person nobody knows is not forced in`() throws {
        var event = try TestEvent()
        _ = try event.card(event.person())
        let forged = try event.card(event.person(), key: .stranger)
        var hall = TestHall(try event.snapshot())
        let shown: [Scan] = [
            .text("nothing of ours"), .typed(TestEvent.ticket(1_000).printed), forged.scan(),
            try event.card(100).scan(),
        ]
        for scan in shown { #expect(!hall.scan("A", scan, .supervisor).passes) }
        #expect(hall["A"].gathering.insideCount == 0)
    }

    @Test func `force is marked only where it was needed, and needs a reason`() throws {
        var event = try TestEvent()
        let good = try event.card(event.person())
        let blocked = try event.card(event.person(), listed: .suspended)
        var hall = TestHall(try event.snapshot())
        let needless = hall.scan("A", good.scan(), .supervisor)
        #expect(needless.passes && !needless.isForced)
        var silent = Post.Hand()
        silent.forces = true
        #expect(!hall.scan("A", blocked.scan(), silent).passes)
        let forced = hall.scan("A", blocked.scan(), .supervisor)
        #expect(forced.decision.outcome == .suspended)
        #expect(forced.passes && forced.isForced)
        #expect(forced.entry?.reason == "паспорт проверен")
        #expect(hall["A"].gathering.insideCount == 2)
    }

    @Test func `who left by another door comes in by a supervisor, and is still one`() throws {
        var (hall, cards, event) = try Self.conference()
        hall.scan("A", cards[0].scan())
        hall.wait(60)
        hall.scan("B", cards[0].scan(.exit))
        hall.wait(60)
        #expect(hall.scan("A", cards[0].scan()).decision.outcome == .alreadyInside)
        let forced = hall.scan("A", cards[0].scan(), .supervisor)
        #expect(forced.passes && forced.isForced)
        hall.meet("A", "B")
        #expect(hall["B"].gathering.presence(of: event.name(0)).isInside)
        #expect(hall["B"].gathering.insideCount == 1)
        #expect(hall["B"].gathering.duplicates.isEmpty)
    }

    @Test func `an annulled entry is out, and within 15 minutes only`() throws {
        var (hall, cards, event) = try Self.conference()
        hall.scan("A", cards[0].scan(nonce: "one"))
        hall.scan("A", cards[1].scan(nonce: "two"))
        hall.wait(14 * 60)
        try hall.annul("A", "one", bySupervisor: false)
        #expect(hall["A"].gathering.insideCount == 1)
        #expect(!hall["A"].gathering.presence(of: event.name(0)).wasAdmitted)
        #expect(throws: Post.Refusal.alreadyAnnulled) { try hall.annul("A", "one") }
        #expect(throws: Post.Refusal.unknownEntry) { try hall.annul("A", "three") }
        hall.wait(61)
        #expect(throws: Post.Refusal.tooLate) { try hall.annul("A", "two") }
        // What was shown once is not shown again for nothing: the nonce is used up.
        #expect(!hall.scan("A", cards[0].scan(nonce: "one")).passes)
        #expect(hall.scan("A", cards[0].scan()).decision.outcome == .ok)
    }

    @Test func `a clock set back is noticed, and does not keep anybody inside`() throws {
        var (hall, cards, _) = try Self.conference()
        hall.scan("A", cards[0].scan())
        hall.errors["A"] = -3_600_000
        let entry = hall.scan("A", cards[1].scan())
        #expect(entry.decision.outcome == .clockSuspect)
        #expect(!entry.passes)
        #expect(hall.scan("A", cards[1].scan(), .supervisor).passes)
        #expect(hall.scan("A", cards[0].scan(.exit)).decision.outcome == .okExit)
        let times = hall["A"].gathering.journals.entries(of: "A").map(\.time)
        #expect(times == times.sorted())
        #expect(Set(times).count == times.count)
    }

    @Test func `when the lease is over nobody is judged any more`() throws {
        var (hall, cards, event) = try Self.conference { $0.leaseEnd = TestEvent.start + 60 }
        hall.scan("A", cards[0].scan())
        hall.wait(60)
        let late = hall.scan("A", cards[1].scan())
        #expect(late.decision.outcome == .snapshotTooOld)
        #expect(late.decision.name == nil)
        #expect(!late.passes)
        // A clock that is set back does not renew the lease: the last entry stands for it.
        hall.errors["A"] = -3_600_000
        #expect(hall.scan("A", cards[2].scan()).decision.outcome == .clockSuspect)
        event.sequence = 2
        event.leaseEnd = TestEvent.start + 86_400
        #expect(try event.snapshot().sequence == 2)
    }

    @Test func `a card given out at the event is good from then on`() throws {
        var event = try TestEvent()
        let parcel = try event.card(event.person(), .atPrimary)
        var hall = TestHall(try event.snapshot())
        #expect(hall.scan("A", parcel.scan()).decision.outcome == .notHandedOut)
        let given = hall.scan("A", parcel.scan(.handOut, nonce: "given"))
        #expect(given.decision.outcome == .activated)
        #expect(given.decision.pseudonym == event.name(0))
        #expect(hall["A"].gathering.insideCount == 0)
        hall.scan("A", parcel.scan(.handOut, nonce: "again"))
        try hall.annul("A", "given")
        hall.wait(3)
        #expect(hall.scan("A", parcel.scan()).decision.outcome == .ok)
        hall.scan("A", parcel.scan(.exit))
        try hall.annul("A", "again")
        hall.wait(3)
        #expect(hall.scan("A", parcel.scan()).decision.outcome == .notHandedOut)
    }
}
