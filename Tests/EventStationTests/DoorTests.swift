import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

@Suite struct `The rows of the door` {
    @Test(arguments: DoorCase.all) func `each case gets its outcome`(_ test: DoorCase) throws {
        #expect(try test.decide().outcome == test.outcome)
    }

    @Test(arguments: DoorCase.all)
    func `without its row a case ends elsewhere`(_ test: DoorCase) throws {
        #expect(test.without != test.outcome)
        #expect(try test.decide(without: test.row).outcome == test.without)
    }

    @Test func `every row decides a case, and every outcome of an entry is reached`() {
        #expect(Set(DoorCase.all.map(\.row)) == Set(Door.Row.allCases))
        let reached = Set(DoorCase.all.map(\.outcome))
        // Exit, hand-out and merging have tests of their own; `internal` is what no case may reach.
        let others: Set<ScanOutcome> = [
            .okExit, .activated, .duplicateOffline, .internal, .stationClosed,
        ]
        #expect(reached.union(others) == Set(ScanOutcome.allCases))
        #expect(reached.isDisjoint(with: others))
    }

    @Test(arguments: DoorCase.all)
    func `rows 1 to 9 hold at an exit, nobody else is kept in`(_ test: DoorCase) throws {
        let rows = Door.Row.allCases.prefix { $0 != .dates }
        var expected = rows.contains(test.row) ? test.outcome : .okExit
        // A card is let out whatever the clock reads.
        if test.row == .clock { expected = .okExit }
        #expect(try test.decide(.exit).outcome == expected)
    }

    @Test func `an exit says what it passed over`() throws {
        for test in DoorCase.ofTheCarrier where test.row == .dates || test.row == .status {
            #expect(try test.decide(.exit).passedOver == test.outcome)
        }
        let good = try #require(DoorCase.admitting.first)
        #expect(try good.decide(.exit).passedOver == nil)
    }

    @Test(arguments: DoorCase.all)
    func `hand-out gives a card, or the row that forbids it`(_ test: DoorCase) throws {
        let found = try test.decide(.handOut).outcome
        switch test.row {
        // What matters at a gate only: the mandate, presence, which vote.
        case .mandate, .presence, .statusOnly: #expect(found == .activated)
        case .legacy: #expect(found == .legacyUnsigned)
        case .admitted:
            #expect(found == (test.name == "a phone" ? .unknownFormat : .activated))
        // The parcel is what is given out.
        case .status where test.outcome == .notHandedOut: #expect(found == .activated)
        default: #expect(found == test.outcome)
        }
    }

    @Test(arguments: DoorCase.all)
    func `only what is genuine opens a name, within the lease`(_ test: DoorCase) throws {
        let nameless: [Door.Row] = [
            .unreadable, .unknownFormat, .malformed, .lease, .keys, .unknown, .ambiguous, .list,
            .legacy, .statusOnly,
        ]
        let expected = nameless.contains(test.row) ? nil : "Орлова Анна Петровна"
        #expect(try test.decide().name == expected)
    }
}
