import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// What can be said of the quorum, and when.
@Suite struct `The quorum` {
    /// A conference with so many delegates, each with a number of the old scheme: fast to scan.
    private static func conference(
        _ delegates: Int,
        elected: Int? = nil,
        _ threshold: QuorumThreshold? = QuorumThreshold(2, 3, .atLeast, of: .elected),
        gates: [Gate] = [],
        _ change: (inout TestEvent) throws -> Void = { _ in }
    ) throws -> TestHall {
        var event = try TestEvent(threshold)
        event.rules.electedTotal = elected ?? delegates
        event.gates = gates
        for number in 0..<delegates { event.legacy(try event.person(), "\(100_000 + number)") }
        try change(&event)
        return TestHall(try event.snapshot(), ["A", "B"])
    }

    private static func number(_ delegate: Int, _ mode: ScanMode = .entry) -> Scan {
        .text("\(100_000 + delegate)", mode)
    }

    struct Golden: Sendable, CustomTestStringConvertible {
        let threshold: QuorumThreshold?
        let needed: Int
        var testDescription: String { "\(needed) of 259" }
    }

    @Test(arguments: [
        Golden(threshold: QuorumThreshold(2, 3, .atLeast, of: .elected), needed: 173),
        Golden(threshold: QuorumThreshold(1, 2, .moreThan, of: .elected), needed: 130),
    ])
    func `of 259 elected it holds from one scan on and is lost with one exit`(
        _ golden: Golden
    ) throws {
        var hall = try Self.conference(259, golden.threshold)
        for delegate in 0..<246 {
            hall.wait(3)
            hall.scan("A", Self.number(delegate), .withDocument)
            let report = hall["A"].gathering.quorum(unheard: [])
            #expect(report.needed == golden.needed)
            #expect(report.total == 259)
            #expect(report.interval == PresenceInterval(min: delegate + 1, max: delegate + 1))
            #expect(report.verdict == (delegate + 1 >= golden.needed ? .holds : .doesNotHold))
        }
        for delegate in 0..<(246 - golden.needed) {
            hall.wait(3)
            hall.scan("A", Self.number(delegate, .exit))
            #expect(hall["A"].gathering.quorum(unheard: []).verdict == .holds)
        }
        hall.wait(3)
        hall.scan("A", Self.number(245, .exit))
        let lost = hall["A"].gathering.quorum(unheard: [])
        #expect(lost.verdict == .doesNotHold)
        #expect(lost.interval.max == golden.needed - 1)
        hall.wait(3)
        hall.scan("A", Self.number(245), .withDocument)
        #expect(hall["A"].gathering.quorum(unheard: []).verdict == .holds)
    }

    @Test func `guests and advisory votes are let in and not counted`() throws {
        var hall = try Self.conference(2) {
            $0.legacy(try $0.person(.guest), "555001")
            $0.legacy(try $0.person(.advisory), "555002")
        }
        for text in ["555001", "555002", "100000"] {
            hall.scan("A", .text(text), .withDocument)
        }
        #expect(hall["A"].gathering.insideCount == 3)
        #expect(hall["A"].gathering.quorum(unheard: []).interval.max == 1)
    }

    @Test func `a substitute and the delegate are one mandate, whoever is inside`() throws {
        var hall = try Self.conference(3) {
            $0.legacy(try $0.person(.decisive, .confirmed, mandate: 1), "777001")
        }
        hall.scan("A", .text("777001"), .withDocument)
        #expect(hall["A"].gathering.quorum(unheard: []).interval.min == 1)
        hall.scan("A", Self.number(0), .withDocument)
        #expect(hall["A"].gathering.insideCount == 2)
        #expect(hall["A"].gathering.quorum(unheard: []).interval.max == 1)
        hall.wait(60)
        hall.scan("A", Self.number(0, .exit))
        #expect(hall["A"].gathering.quorum(unheard: []).interval.min == 1)
        hall.scan("A", .text("777001", .exit))
        #expect(hall["A"].gathering.quorum(unheard: []).interval.max == 0)
    }

    @Test func `a reserve delegate whose mandate waits is not let in`() throws {
        var hall = try Self.conference(1) {
            $0.legacy(try $0.person(.decisive, .reserve, mandate: 1), "777001")
        }
        let answer = hall.scan("A", .text("777001"), .withDocument)
        #expect(answer.decision.outcome == .mandateNotConfirmed)
        #expect(!answer.passes)
    }

    @Test func `with a station not heard of it cannot be asserted, and which one is named`() throws
    {
        let gates = [Gate(name: "A"), Gate(name: "B")]
        var hall = try Self.conference(6, gates: gates)
        for delegate in 0..<5 { hall.scan("A", Self.number(delegate), .withDocument) }
        let alone = hall["A"].gathering.quorum(unheard: [gates[1]])
        #expect(alone.interval == PresenceInterval(min: 0, max: 6))
        #expect(alone.verdict == .cannotBeAsserted)
        #expect(alone.blocking == ["B"])
        let heard = hall["A"].gathering.quorum(unheard: [])
        #expect(heard.verdict == .holds)
        #expect(heard.blocking.isEmpty)
    }

    @Test func `what a station may do bounds what it may have done`() throws {
        let region = try #require(OrganisationCode("27"))
        var hall = try Self.conference(6) {
            $0.legacy(try $0.person(organisation: "27-001-0001"), "888001")
        }
        for delegate in 0..<4 { hall.scan("A", Self.number(delegate), .withDocument) }
        let gathering = hall["A"].gathering
        let onlyIn = gathering.quorum(unheard: [Gate(name: "B", letsOut: false)])
        #expect(onlyIn.interval == PresenceInterval(min: 4, max: 7))
        let onlyOut = gathering.quorum(unheard: [Gate(name: "B", letsIn: false)])
        #expect(onlyOut.interval == PresenceInterval(min: 0, max: 4))
        let neither = Gate(name: "B", letsIn: false, letsOut: false)
        #expect(gathering.quorum(unheard: [neither]).interval == PresenceInterval(min: 4, max: 4))
        let ofRegion = gathering.quorum(unheard: [Gate(name: "B", organisations: [region])])
        #expect(ofRegion.interval == PresenceInterval(min: 4, max: 5))
    }

    @Test func `enough organisations must be represented where the event asks for them`() throws {
        var hall = try Self.conference(0, elected: 3) {
            $0.rules.organisationShare = QuorumThreshold(1, 2, .moreThan, of: .elected)
            $0.rules.organisationsTotal = 3
            for number in 1...3 {
                let person = try $0.person(organisation: "26-001-000\(min(number, 2))")
                $0.legacy(person, "60000\(number)")
            }
            let substitute = try $0.person(mandate: 1, organisation: "26-001-0009")
            $0.legacy(substitute, "600004")
        }
        hall.scan("A", .text("600002"), .withDocument)
        hall.scan("A", .text("600003"), .withDocument)
        let one = hall["A"].gathering.quorum(unheard: [])
        #expect(one.organisations == PresenceInterval(min: 1, max: 1))
        #expect(one.verdict == .doesNotHold)
        // The substitute stands for the organisation of the delegate.
        hall.scan("A", .text("600004"), .withDocument)
        let two = hall["A"].gathering.quorum(unheard: [])
        #expect(two.organisations == PresenceInterval(min: 2, max: 2))
        #expect(two.verdict == .holds)
    }

    @Test func `a frozen quorum never changes`() throws {
        var hall = try Self.conference(3)
        for delegate in 0..<2 { hall.scan("A", Self.number(delegate), .withDocument) }
        let freeze = hall["A"].freeze(unheard: [], hall.reading("A"))
        hall.keep("A", freeze)
        #expect(freeze.reason.hasPrefix("min=2 max=2 total=3 needed=2 verdict=holds"))
        #expect(freeze.reason.hasSuffix("journals=A:2"))
        hall.wait(60)
        hall.scan("A", Self.number(0, .exit))
        hall.scan("B", Self.number(2), .withDocument)
        hall.meet("A", "B")
        for gathering in [hall["A"].gathering, hall["B"].gathering, hall.merged] {
            #expect(gathering.journals[freeze.place] == freeze)
        }
        // The live count goes on.
        #expect(hall["A"].freeze(unheard: [], hall.reading("A")).reason.hasPrefix("min=2 max=2"))
        let first = try #require(hall.merged.journals.entries(of: "A").first?.person)
        #expect(!hall.merged.presence(of: first).isInside)
    }
}
