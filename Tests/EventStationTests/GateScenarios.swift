import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Gates that are limited to organisations.
@Suite struct `A gate for some organisations` {
    private static let region = OrganisationCode("27")

    private static func hall() throws -> TestHall {
        var event = try TestEvent()
        event.rules.electedTotal = 2
        event.gates = [
            Gate(name: "A"), Gate(name: "B", organisations: try [#require(region)]),
        ]
        event.legacy(try event.person(), "260001")
        event.legacy(try event.person(organisation: "27-001-0001"), "270001")
        return TestHall(try event.snapshot(), ["A", "B"])
    }

    @Test func `admits its own and nobody else, not even by force`() throws {
        var hall = try Self.hall()
        #expect(hall.scan("B", .text("270001"), .withDocument).passes)
        let other = hall.scan("B", .text("260001"), .withDocument)
        #expect(other.decision.outcome == .notOnList)
        #expect(other.decision.isOfOtherGate)
        #expect(!other.passes)
        hall.wait(60)
        #expect(!hall.scan("B", .text("260001"), .supervisor).passes)
        #expect(throws: Post.Refusal.notAdmissible) {
            try hall["B"].admission(of: other.nonce, .supervisor, hall.reading("B"))
        }
        let person = try #require(other.decision.pseudonym)
        #expect(throws: Post.Refusal.notAdmissible) {
            try hall["B"].admission(byDocument: person, .entry, .supervisor, hall.reading("B"))
        }
        // The gate for everybody admits the same person, and so does force there.
        #expect(hall.scan("A", .text("260001"), .withDocument).passes)
        // Somebody whom the event does not know is told the same.
        let stranger = hall.scan("A", .text("999001"), .withDocument)
        #expect(!stranger.decision.isOfOtherGate)
    }

    @Test func `what it may not admit is not in the maximum, and was not admitted`() throws {
        var hall = try Self.hall()
        hall.scan("B", .text("260001"), .supervisor)
        hall.scan("B", .text("270001"), .withDocument)
        let unheard = hall.snapshot.gates.filter { $0.name == "B" }
        let bounds = hall["A"].gathering.quorum(unheard: unheard).interval
        #expect(bounds == PresenceInterval(min: 0, max: 1))
        #expect(hall.merged.insideCount == 1)
    }

    @Test func `an exit is never refused; once it let a stranger out it bounds no exit`() throws {
        var hall = try Self.hall()
        hall.scan("A", .text("260001"), .withDocument)
        let unheard = hall.snapshot.gates.filter { $0.name == "B" }
        #expect(hall["A"].gathering.quorum(unheard: unheard).interval.min == 1)
        hall.meet("A", "B")
        let out = hall.scan("B", .text("260001", .exit))
        #expect(out.decision.outcome == .okExit)
        #expect(out.decision.passedOver == .notOnList)
        hall.wait(60)
        hall.scan("A", .text("260001"), .withDocument)
        hall.meet("A", "B")
        hall.scan("A", .text("270001"), .withDocument)
        hall.wait(60)
        #expect(hall["A"].gathering.quorum(unheard: unheard).interval.min == 0)
    }

    @Test func `a replay enforces it too`() throws {
        let snapshot = try Self.hall().snapshot
        let lines = [
            #"{"at": 1800000000, "station": "B", "text": "260001"}"#,
            #"{"at": 1800000010, "station": "B", "text": "270001"}"#,
            #"{"at": 1800000020, "station": "A", "text": "260001"}"#,
        ]
        let parsed = try lines.enumerated().compactMap { number, text in
            try ReplayLine(text, number: number + 1)
        }
        var replay = Replay(snapshot, parsed)
        let outcomes = parsed.map { replay.play($0).outcome }
        #expect(outcomes == ["not_on_list", "legacy_unsigned", "legacy_unsigned"])
        #expect(replay.merged().gathering.insideCount == 2)
    }
}
