import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// How wrong a station's clock is, and how it knows.
@Suite struct `Comparisons of a station's clock` {
    private static let now: Int64 = 1_800_000_000_000

    private static func machine(
        _ clock: Int64 = 0,
        _ uptime: Int64 = 0,
        boot: String = "one"
    ) -> ClockContact.Machine {
        .init(clock: now + clock, uptime: 5_000_000 + uptime, boot: boot)
    }

    @Test func `a round trip gives the offset and half its time as uncertainty`() {
        let contact = ClockContact(
            service: Self.now - 60_000,
            asked: Self.machine(),
            answered: Self.machine(400, 400),
            precision: 500
        )
        #expect(contact.offset == 60_200)
        #expect(contact.uncertainty == 701)
        // A clock that was set while the answer was on its way does not shorten the way.
        let set = ClockContact(
            service: Self.now,
            asked: Self.machine(),
            answered: Self.machine(-3_600_000, 400),
            precision: 0
        )
        #expect(set.uncertainty == 201)
        #expect(set.offset == -3_600_200)
    }

    @Test func `what is known grows less sure, and a clock that was set since is noticed`() {
        let contact = ClockContact(.person, Self.machine(), offset: -1_000, uncertainty: 2_000)
        let day: Int64 = 86_400_000
        let later = contact.estimate(at: Self.machine(day, day))
        #expect(later.offset == -1_000)
        #expect(later.uncertainty == 2_000 + day / 10_000)
        #expect(contact.estimate(at: Self.machine(day - 7_000, day)).offset == -8_000)
        // After a restart nobody knows whether it was set.
        let restarted = contact.estimate(at: Self.machine(day, 0, boot: "two"))
        #expect(restarted.offset == -1_000)
        #expect(restarted.uncertainty > later.uncertainty)
    }

    @Test func `a surer comparison takes the place, and so does one that contradicts`() {
        let coarse = ClockContact(.person, Self.machine(), offset: 0, uncertainty: 60_000)
        let fine = ClockContact(.service, Self.machine(10, 10), offset: 20_000, uncertainty: 200)
        #expect(coarse.supersedes(nil))
        #expect(fine.supersedes(coarse))
        #expect(
            !ClockContact(.person, Self.machine(20, 20), offset: 0, uncertainty: 60_000)
                .supersedes(fine)
        )
        #expect(
            ClockContact(.person, Self.machine(20, 20), offset: 600_000, uncertainty: 60_000)
                .supersedes(fine)
        )
    }

    @Test func `a file of headquarters shows a slow clock and nothing else`() throws {
        let issued = Instant(seconds: Self.now / 1000)
        #expect(ClockContact(file: issued, Self.machine(), nil) == nil)
        #expect(ClockContact(file: issued, Self.machine(500_000, 0), nil) == nil)
        let slow = try #require(ClockContact(file: issued, Self.machine(-600_000, 0), nil))
        #expect(slow.offset == -600_000)
        // An offset that is known already explains it.
        let known = ClockContact(
            .person,
            Self.machine(-600_000, 0),
            offset: -600_000,
            uncertainty: 1_000
        )
        #expect(ClockContact(file: issued, Self.machine(-600_000, 0), known) == nil)
        #expect(ClockContact(file: Instant(seconds: .max), Self.machine(), nil) == nil)
    }

    @Test func `the kernel's own measure counts only while it follows time servers`() throws {
        func contact(_ isSynchronised: Bool, _ remaining: Int64, _ error: Int64) -> ClockContact? {
            ClockContact(
                kernel: .init(
                    isSynchronised: isSynchronised,
                    remaining: remaining,
                    maximumError: error
                ),
                Self.machine()
            )
        }
        #expect(contact(false, 0, 1_000) == nil)
        let good = try #require(contact(true, -2_500, 41_200))
        #expect(good.offset == 2)
        #expect(good.uncertainty == 42)
        // Whatever the kernel of this computer says can be read.
        let here = ClockContact.KernelState.current
        #expect(here.maximumError >= 0)
    }

    @Test func `a comparison is kept in a file, and any other bytes are none`() {
        let contact = ClockContact(.service, Self.machine(), offset: -12, uncertainty: 34)
        #expect(ClockContact(encoded: contact.encoded) == contact)
        for cut in 0..<contact.encoded.count {
            #expect(ClockContact(encoded: Array(contact.encoded.prefix(cut))) == nil)
        }
        let huge = ClockContact(.person, Self.machine(), offset: .min, uncertainty: .max)
        #expect(huge.estimate(at: Self.machine(1, 1)).offset < 0)
    }

    @Test
    func `more than five minutes off holds up what depends on time, a known error less does not`()
        throws
    {
        var event = try TestEvent()
        let card = try event.card(try event.person(), issue: 0)
        let snapshot = try event.snapshot()
        let door = Door(snapshot)
        func outcome(_ offset: Int64?) throws -> ScanOutcome {
            // The screen is of the true time, which the station's clock is off from.
            let clock = StationClock(raw: TestEvent.start + (offset ?? 0), offset: offset)
            return door.decide(try card.screen(at: TestEvent.start), StationMemory(), clock).outcome
        }
        #expect(try outcome(nil) == .ok)
        #expect(try outcome(-200) == .ok)
        #expect(try outcome(299) == .ok)
        #expect(try outcome(-301) == .clockSuspect)
        #expect(try outcome(301) == .clockSuspect)
    }

    @Test func `time passes even when the clock is set back`() throws {
        var event = try TestEvent()
        let card = try event.card(try event.person())
        event.leaseEnd = TestEvent.start + 3600
        let door = Door(try event.snapshot())
        var clock = StationClock(raw: TestEvent.start + -7200, floor: TestEvent.start + 3601)
        // Nobody is admitted by a clock that went back, and past the lease not by a right one.
        #expect(door.decide(card.scan(), StationMemory(), clock).outcome == .clockSuspect)
        clock.offset = 0
        #expect(door.decide(card.scan(), StationMemory(), clock).outcome == .snapshotTooOld)
    }
}
