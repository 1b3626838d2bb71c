import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// One scan in one situation, the row that decides it, and what would be said without that row.
struct DoorCase: Sendable, CustomTestStringConvertible {
    let name: String
    let outcome: ScanOutcome
    let row: Door.Row
    let without: ScanOutcome
    let prepare: @Sendable (inout Situation) throws -> Scan

    var testDescription: String { name }

    init(
        _ name: String,
        _ outcome: ScanOutcome,
        by row: Door.Row,
        without: ScanOutcome,
        _ prepare: @escaping @Sendable (inout Situation) throws -> Scan
    ) {
        self.name = name
        self.outcome = outcome
        self.row = row
        self.without = without
        self.prepare = prepare
    }

    /// What surrounds a scan.
    struct Situation {
        var event: TestEvent
        var memory = StationMemory()
        var clock = StationClock(raw: TestEvent.start)
        /// The last counter of a chip.
        var counter: (uid: [UInt8], value: UInt32)?

        init() throws { event = try TestEvent() }

        /// A delegate with a confirmed mandate and an active card.
        mutating func delegate() throws -> TestCard { try event.card(event.person()) }

        /// The person is inside since half an hour.
        mutating func isInside(_ person: Int) {
            let entry = StationMemory.Entry(at: TestEvent.start + -1800, station: "Вход 2")
            memory.inside[event.name(person)] = entry
            memory.admitted.insert(event.name(person))
        }
    }

    /// Decides the case, by all rows or without one.
    func decide(
        without row: Door.Row? = nil,
        _ mode: ScanMode? = nil
    ) throws -> Decision {
        var situation = try Situation()
        var scan = try prepare(&situation)
        scan.mode = mode ?? scan.mode
        let snapshot = try situation.event.snapshot()
        if let (uid, value) = situation.counter {
            situation.memory.counters[snapshot.hash(uid: uid)] = value
        }
        return Door(snapshot, without: row).decide(scan, situation.memory, situation.clock)
    }
}

/// Rows 1–9: what was shown.
extension DoorCase {
    static let ofTheEvidence: [DoorCase] = [
        DoorCase("a mute chip", .unreadable, by: .unreadable, without: .notOnList) { _ in
            let chip = ChipEvidence(level: .none, fault: .mute)
            return Scan(mode: .entry, showing: .chip(chip), nonce: "")
        },
        DoorCase("a poster's QR", .unknownFormat, by: .unknownFormat, without: .notOnList) { _ in
            .text("https://example.org/")
        },
        DoorCase("digits of no payload", .malformed, by: .malformed, without: .notOnList) { _ in
            .text(String(repeating: "9", count: 268))
        },
        DoorCase("a clock set back", .clockSuspect, by: .clock, without: .ok) {
            $0.clock.lastEntry = TestEvent.start + 60
            return try $0.delegate().scan()
        },
        DoorCase("a clock before the bundle", .clockSuspect, by: .clock, without: .ok) {
            $0.clock.raw = $0.event.bundleIssuedAt + -1
            return try $0.delegate().scan()
        },
        DoorCase("a clock ten minutes off", .clockSuspect, by: .clock, without: .ok) {
            $0.clock.offset = -600
            return try $0.delegate().scan()
        },
        DoorCase("a lease that is over", .snapshotTooOld, by: .lease, without: .ok) {
            $0.event.leaseEnd = TestEvent.start
            return try $0.delegate().scan()
        },
        DoorCase("a bundle past its end", .snapshotTooOld, by: .lease, without: .ok) {
            $0.event.bundleEnd = TestEvent.start
            return try $0.delegate().scan()
        },
        DoorCase("a key that nobody names", .unknownKey, by: .keys, without: .ok) {
            try $0.event.card($0.event.person(), key: .stranger).scan()
        },
        DoorCase("a key not in use yet", .unknownKey, by: .keys, without: .ok) {
            try $0.event.card($0.event.person(), key: .nextPlastic).scan()
        },
        DoorCase("plastic by the virtual key", .unknownKey, by: .keys, without: .ok) {
            try $0.event.card($0.event.person(), key: .virtual).scan()
        },
        DoorCase("a retired key", .revokedKey, by: .keys, without: .ok) {
            try $0.event.card($0.event.person(), key: .retiredPlastic).scan()
        },
        DoorCase("a changed signature", .forged, by: .keys, without: .ok) {
            let card = try $0.delegate()
            var bytes = card.payload
            bytes[bytes.count - 1] ^= 1
            return .text(DigitText.encode(bytes))
        },
        DoorCase("a chip that fails its proof", .clonedChip, by: .chip, without: .ok) {
            try $0.event.card($0.event.person(), uid: Self.uid).tap(.failed)
        },
        DoorCase("a chip with another UID than reported", .clonedChip, by: .chip, without: .ok) {
            try $0.event.card($0.event.person(), uid: Self.uid).tap(uid: [4, 9, 9, 9, 9, 9, 9])
        },
        DoorCase("a chip with another UID than signed", .clonedChip, by: .chip, without: .ok) {
            try $0.event.card($0.event.person(), signedUID: Self.uid).tap(uid: [4, 9, 9, 9])
        },
        DoorCase("a chip whose counter went back", .clonedChip, by: .chip, without: .ok) {
            let card = try $0.event.card($0.event.person(), uid: Self.uid)
            $0.counter = (Self.uid, 9)
            return card.tap(.passed, counter: 9)
        },
        DoorCase("a static virtual code", .unboundVirtual, by: .virtual, without: .ok) {
            try $0.event.card($0.event.person(), issue: 0).scan()
        },
        DoorCase("a screen of two minutes ago", .staleVirtual, by: .virtual, without: .ok) {
            try $0.event.card($0.event.person(), issue: 0).screen(at: TestEvent.start + -120)
        },
        DoorCase("a screen of the future", .staleVirtual, by: .virtual, without: .ok) {
            try $0.event.card($0.event.person(), issue: 0).screen(at: TestEvent.start + 61)
        },
        DoorCase("a screen that was used", .replayedVirtual, by: .virtual, without: .ok) {
            let card = try $0.event.card($0.event.person(), issue: 0)
            let screen = StationMemory.Screen(
                coordinate: card.coordinate,
                shownAt: TestEvent.start
            )
            $0.memory.screens.insert(screen)
            return try card.screen(at: TestEvent.start)
        },
        DoorCase("a number nobody issued", .unknown, by: .unknown, without: .notOnList) {
            _ = try $0.delegate()
            return .typed(TestEvent.ticket(1_000).printed)
        },
        DoorCase("a chip nobody reported", .unknown, by: .unknown, without: .notOnList) {
            _ = try $0.delegate()
            let chip = ChipEvidence(level: .uid, uid: [1, 2, 3, 4])
            return Scan(mode: .entry, showing: .chip(chip), nonce: "")
        },
    ]

    static let uid: [UInt8] = [0x04, 1, 2, 3, 4, 5, 6]
}

/// Rows 10–20: the carrier and the person.
extension DoorCase {
    static let ofTheCarrier: [DoorCase] = [
        DoorCase("a legacy number of two", .ambiguous, by: .ambiguous, without: .notOnList) {
            $0.event.legacy(try $0.event.person(), "100200")
            $0.event.legacy(try $0.event.person(), "100200")
            return .text("100200")
        },
        DoorCase("a payload of tomorrow", .notYetValid, by: .dates, without: .ok) {
            try $0.event.card($0.event.person(), notBefore: TestEvent.start + 1).scan()
        },
        DoorCase("a payload past its end", .expired, by: .dates, without: .ok) {
            try $0.event.card($0.event.person(), expiresAt: TestEvent.start).scan()
        },
        DoorCase("a stolen card", .lost, by: .status, without: .ok) {
            try $0.event.card($0.event.person(), .stolen).scan()
        },
        DoorCase("a card with a newer issue", .replaced, by: .status, without: .ok) {
            try $0.event.card($0.event.person(), .replaced).scan()
        },
        DoorCase("a card blocked since", .revoked, by: .status, without: .ok) {
            try $0.event.card($0.event.person(), listed: .invalid).scan()
        },
        DoorCase("a stolen parcel", .notHandedOut, by: .status, without: .ok) {
            try $0.event.card($0.event.person(), .shipped).scan()
        },
        DoorCase("a card blocked for now", .suspended, by: .status, without: .ok) {
            try $0.event.card($0.event.person(), listed: .suspended).scan()
        },
        DoorCase("no status list", .statusUnknown, by: .freshness, without: .ok) {
            try $0.event.card($0.event.person(), list: 27).scan()
        },
        DoorCase("a status list of last week", .statusUnknown, by: .freshness, without: .ok) {
            $0.event.listIssuedAt = TestEvent.start + -73 * 3600
            return try $0.delegate().scan()
        },
        DoorCase("a list older than the event bears", .statusUnknown, by: .freshness, without: .ok)
        {
            // The list's own time to live is twelve hours: the event is stricter.
            $0.event.rules.statusLimit = 3599
            return try $0.delegate().scan()
        },
        DoorCase("a status list past its end", .statusUnknown, by: .freshness, without: .ok) {
            $0.event.rules.statusLimit = 40 * 86_400
            $0.event.listIssuedAt = TestEvent.start + -30 * 86_400
            return try $0.delegate().scan()
        },
        DoorCase("a former member", .memberLeft, by: .membership, without: .ok) {
            try $0.event.card($0.event.person(hasLeft: true)).scan()
        },
        DoorCase("somebody else's ticket", .notOnList, by: .list, without: .ok) {
            try $0.event.card(100).scan()
        },
        DoorCase("an unconfirmed mandate", .mandateNotConfirmed, by: .mandate, without: .ok) {
            try $0.event.card($0.event.person(.decisive, .elected)).scan()
        },
        DoorCase("a withdrawn mandate", .mandateNotConfirmed, by: .mandate, without: .ok) {
            try $0.event.card($0.event.person(.decisive, .withdrawn)).scan()
        },
        DoorCase("somebody inside", .alreadyInside, by: .presence, without: .okRepeatEntry) {
            let person = try $0.event.person()
            $0.isInside(person)
            return try $0.event.card(person).scan()
        },
        DoorCase("a second entry", .reEntryForbidden, by: .presence, without: .okRepeatEntry) {
            $0.event.rules.allowsReEntry = false
            let person = try $0.event.person()
            $0.memory.admitted.insert($0.event.name(person))
            return try $0.event.card(person).scan()
        },
        DoorCase("a legacy card", .legacyUnsigned, by: .legacy, without: .okStatusOnly) {
            $0.event.legacy(try $0.event.person(), "936179")
            return .text("936179")
        },
        DoorCase("a typed number", .okStatusOnly, by: .statusOnly, without: .ok) {
            try $0.delegate().typed()
        },
    ]

    static let admitting: [DoorCase] = [
        DoorCase("a good card", .ok, by: .admitted, without: .internal) {
            try $0.delegate().scan()
        },
        DoorCase("a phone", .ok, by: .admitted, without: .internal) {
            try $0.event.card($0.event.person(), issue: 0).screen(at: TestEvent.start + -60)
        },
        DoorCase("again after an exit", .okRepeatEntry, by: .admitted, without: .internal) {
            let person = try $0.event.person()
            $0.memory.admitted.insert($0.event.name(person))
            return try $0.event.card(person).scan()
        },
        DoorCase("a list of yesterday", .okStatusStale, by: .admitted, without: .internal) {
            $0.event.listIssuedAt = TestEvent.start + -24 * 3600
            return try $0.delegate().scan()
        },
        DoorCase("a guest", .okGuest, by: .admitted, without: .internal) {
            try $0.event.card($0.event.person(.guest)).scan()
        },
        DoorCase("an advisory vote", .okGuest, by: .admitted, without: .internal) {
            try $0.event.card($0.event.person(.advisory)).scan()
        },
    ]

    static let all = ofTheEvidence + ofTheCarrier + admitting
}
