import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Where two rows hold, the upper one decides.
@Suite struct `The order of the rows` {
    static let cases: [DoorCase] = [
        order("no payload, lease over", .malformed, .malformed, .snapshotTooOld) {
            $0.event.leaseEnd = TestEvent.start
            return .text(String(repeating: "9", count: 268))
        },
        order("clock set back, lease over", .clockSuspect, .clock, .snapshotTooOld) {
            $0.event.leaseEnd = TestEvent.start
            $0.clock.lastEntry = TestEvent.start + 60
            return try $0.delegate().scan()
        },
        order("lease over, forged", .snapshotTooOld, .lease, .forged) {
            $0.event.leaseEnd = TestEvent.start
            return try forged(&$0, expiresAt: TestEvent.start + 86_400).scan()
        },
        order("lease over, unknown number", .snapshotTooOld, .lease, .unknown) {
            $0.event.leaseEnd = TestEvent.start
            return .typed(TestEvent.ticket(1_000).printed)
        },
        order("forged, expired", .forged, .keys, .expired) {
            try forged(&$0, expiresAt: TestEvent.start).scan()
        },
        order("unknown key, failed chip", .unknownKey, .keys, .clonedChip) {
            let person = try $0.event.person()
            return try $0.event.card(person, uid: DoorCase.uid, key: .stranger).tap(.failed)
        },
        order("cloned chip, expired", .clonedChip, .chip, .expired) {
            let person = try $0.event.person()
            let card = try $0.event.card(
                person,
                expiresAt: TestEvent.start,
                uid: DoorCase.uid
            )
            return card.tap(.failed)
        },
        order("stale screen of an expired payload", .staleVirtual, .virtual, .expired) {
            let card = try $0.event.card(
                $0.event.person(),
                issue: 0,
                expiresAt: TestEvent.start
            )
            return try card.screen(at: TestEvent.start + -90)
        },
        order("static virtual code of a blocked phone", .unboundVirtual, .virtual, .revoked) {
            try $0.event.card($0.event.person(), issue: 0, listed: .invalid).scan()
        },
        order("expired, blocked", .expired, .dates, .revoked) {
            let person = try $0.event.person()
            return try $0.event.card(person, listed: .invalid, expiresAt: TestEvent.start).scan()
        },
        order("blocked, list too old", .revoked, .status, .statusUnknown) {
            $0.event.listIssuedAt = TestEvent.start + -73 * 3600
            return try $0.event.card($0.event.person(), listed: .invalid).scan()
        },
        order("replaced, left", .replaced, .status, .memberLeft) {
            try $0.event.card($0.event.person(hasLeft: true), .replaced).scan()
        },
        order("blocked, not on the list", .revoked, .status, .notOnList) {
            // Why a stranger's card is blocked the snapshot does not know.
            try $0.event.card(100, .replaced).scan()
        },
        order("list too old, left", .statusUnknown, .freshness, .memberLeft) {
            $0.event.listIssuedAt = TestEvent.start + -73 * 3600
            return try $0.event.card($0.event.person(hasLeft: true)).scan()
        },
        order("left, mandate withdrawn", .memberLeft, .membership, .mandateNotConfirmed) {
            let person = try $0.event.person(.decisive, .withdrawn, hasLeft: true)
            return try $0.event.card(person).scan()
        },
        order("mandate withdrawn, inside", .mandateNotConfirmed, .mandate, .alreadyInside) {
            let person = try $0.event.person(.decisive, .withdrawn)
            $0.isInside(person)
            return try $0.event.card(person).scan()
        },
        order("inside, legacy card", .alreadyInside, .presence, .legacyUnsigned) {
            let person = try $0.event.person()
            $0.isInside(person)
            $0.event.legacy(person, "936179")
            return .text("936179")
        },
    ]

    private static func order(
        _ name: String,
        _ outcome: ScanOutcome,
        _ row: Door.Row,
        _ next: ScanOutcome,
        _ prepare: @escaping @Sendable (inout DoorCase.Situation) throws -> Scan
    ) -> DoorCase {
        DoorCase(name, outcome, by: row, without: next, prepare)
    }

    /// A card whose last signature byte is another's.
    private static func forged(
        _ situation: inout DoorCase.Situation,
        expiresAt: Instant
    ) throws -> TestCard {
        let card = try situation.event.card(situation.event.person(), expiresAt: expiresAt)
        var bytes = card.payload
        bytes[bytes.count - 1] ^= 1
        return TestCard(
            ticket: card.ticket,
            number: card.number,
            coordinate: card.coordinate,
            uid: nil,
            payload: bytes
        )
    }

    @Test(arguments: cases) func `the upper row decides, then the next`(_ test: DoorCase) throws {
        #expect(try test.decide().outcome == test.outcome)
        #expect(try test.decide(without: test.row).outcome == test.without)
    }

    @Test func `a clock that cannot be right holds up only what depends on time`() throws {
        let timeless: Set<ScanOutcome> = [
            .unreadable, .unknownFormat, .malformed, .unknownKey, .revokedKey, .forged,
            .clonedChip, .unboundVirtual, .unknown, .lost, .replaced, .revoked, .notHandedOut,
            .suspended, .memberLeft, .notOnList, .mandateNotConfirmed, .alreadyInside,
            .reEntryForbidden, .replayedVirtual,
        ]
        for test in DoorCase.all where timeless.contains(test.outcome) {
            let late = DoorCase(test.name, test.outcome, by: test.row, without: test.without) {
                let scan = try test.prepare(&$0)
                $0.clock.lastEntry = $0.clock.raw + 1
                return scan
            }
            #expect(try late.decide().outcome == test.outcome, "\(test.name)")
        }
        for test in DoorCase.admitting {
            let late = DoorCase(test.name, test.outcome, by: test.row, without: test.without) {
                let scan = try test.prepare(&$0)
                $0.clock.lastEntry = $0.clock.raw + 1
                return scan
            }
            #expect(try late.decide().outcome == .clockSuspect, "\(test.name)")
        }
    }
}
