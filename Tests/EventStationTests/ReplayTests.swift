import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Recorded scans, played.
@Suite struct `Replaying scans` {
    private static let start = TestEvent.start.seconds

    private static func play(
        _ snapshot: EventSnapshot,
        _ texts: [String]
    ) throws -> (answers: [Replay.Answer], merged: Replay.Merged) {
        let lines = try texts.enumerated().compactMap { index, text in
            try ReplayLine(text, number: index + 1)
        }
        var replay = Replay(snapshot, lines)
        let answers = lines.map { replay.play($0) }
        return (answers, replay.merged())
    }

    private static func event() throws -> (event: TestEvent, cards: [TestCard]) {
        var event = try TestEvent()
        let cards = try (0..<3).map { _ in try event.card(event.person(), uid: DoorCase.uid) }
        return (event, cards)
    }

    private static func line(_ at: Int64, _ station: String, _ rest: String) -> String {
        "{\"at\": \(start + at), \"station\": \"\(station)\", \(rest)}"
    }

    private static func text(
        _ at: Int64,
        _ station: String,
        _ card: TestCard,
        _ rest: String = ""
    ) -> String {
        line(at, station, "\"text\": \"\(card.text)\"\(rest.isEmpty ? "" : ", " + rest)")
    }

    @Test func `each line gets the answer of its own station`() throws {
        let (event, cards) = try Self.event()
        let (answers, merged) = try Self.play(
            event.snapshot(),
            [
                Self.text(0, "A", cards[0]),
                "   ",
                Self.text(60, "A", cards[0]),
                Self.text(120, "B", cards[0]),
                Self.text(130, "B", cards[1]),
                "{\"at\": \(Self.start + 180), \"sync\": [\"B\", \"A\"]}",
                Self.text(240, "A", cards[1], "\"mode\": \"exit\""),
                Self.text(250, "A", cards[2], "\"mode\": \"handout\""),
            ]
        )
        #expect(answers.map(\.line) == [1, 3, 4, 5, 6, 7, 8])
        #expect(
            answers.map(\.outcome) == [
                "ok", "already_inside", "ok", "ok", "synced", "ok_exit", "activated",
            ]
        )
        #expect(answers.map(\.station) == ["A", "A", "B", "B", "", "A", "A"])
        #expect(answers[1].firstEntry?.station == "A")
        #expect(answers.map(\.passes) == [true, false, true, true, false, true, true])
        #expect(answers.prefix(4).allSatisfy { $0.evidence == Evidence(.signedData) })
        // Before they meet neither station can say; when they meet both are known.
        #expect(answers[0].quorum.interval == PresenceInterval(min: 0, max: 3))
        #expect(answers[0].quorum.blocking == ["B"])
        #expect(answers[4].quorum.interval == PresenceInterval(min: 2, max: 2))
        #expect(answers[4].quorum.verdict == .holds)
        #expect(answers[5].quorum.verdict == .cannotBeAsserted)
        #expect(merged.quorum.interval == PresenceInterval(min: 1, max: 1))
        let anomaly = try #require(merged.gathering.duplicates.first)
        #expect(merged.lines[anomaly.canonical] == 1)
        #expect(merged.lines[anomaly.repeated] == 4)
    }

    @Test func `the same lines give the same answers`() throws {
        let (event, cards) = try Self.event()
        let snapshot = try event.snapshot()
        var lines = cards.indices.map {
            Self.text(Int64($0) * 10, "ABC".prefix($0 + 1) + "", cards[$0])
        }
        lines.append("{\"at\": \(Self.start + 60), \"sync\": [\"A\", \"AB\", \"ABC\"]}")
        let runs = try (0..<3).map { _ in try Self.play(snapshot, lines) }
        for run in runs {
            #expect(run.answers.map(\.outcome) == runs[0].answers.map(\.outcome))
            #expect(run.answers.map(\.quorum) == runs[0].answers.map(\.quorum))
            #expect(run.answers.map(\.person) == runs[0].answers.map(\.person))
            #expect(run.merged.quorum == runs[0].merged.quorum)
        }
    }

    @Test func `one station alone knows everything`() throws {
        let (event, cards) = try Self.event()
        let lines = cards.indices.map { Self.text(Int64($0), "A", cards[$0]) }
        let (answers, _) = try Self.play(event.snapshot(), lines)
        #expect(answers.map(\.quorum.interval.min) == [1, 2, 3])
        #expect(answers.map(\.quorum.verdict) == [.doesNotHold, .holds, .holds])
    }

    @Test func `an annulment is kept by the clock of the entry`() throws {
        let (event, cards) = try Self.event()
        let late = "\"annul\": \"n1\", \"reason\": \"ошибся дверью\", \"clockOffset\": -3600"
        let (answers, merged) = try Self.play(
            event.snapshot(),
            [
                Self.text(0, "A", cards[0], "\"nonce\": \"n1\""),
                Self.line(1, "B", "\"text\": \"x\", \"clockOffset\": -3600"),
                "{\"at\": \(Self.start + 2), \"sync\": [\"A\", \"B\"]}",
                Self.line(600, "B", late),
                Self.line(601, "B", late),
                Self.line(602, "A", "\"annul\": \"n1\""),
                Self.line(603, "A", "\"annul\": \"n9\", \"reason\": \"нет такого\""),
                Self.text(604, "A", cards[1], "\"nonce\": \"n2\""),
                Self.line(1_505, "A", "\"annul\": \"n2\", \"reason\": \"поздно\""),
            ]
        )
        #expect(
            answers.map(\.outcome) == [
                "ok", "unknown_format", "synced", "annulled", "already_annulled", "no_reason",
                "unknown_entry", "ok", "annulment_refused",
            ]
        )
        #expect(merged.gathering.presence(of: event.name(0)).wasAdmitted == false)
        #expect(merged.quorum.interval == PresenceInterval(min: 1, max: 1))
    }

    @Test(arguments: [-3600, 3600])
    func `a station that was only met before its first line had that line's clock`(
        _ offset: Int
    ) throws {
        let (event, cards) = try Self.event()
        let clock = "\"clockOffset\": \(offset)"
        let (answers, merged) = try Self.play(
            event.snapshot(),
            [
                Self.text(0, "A", cards[0], "\"nonce\": \"n1\""),
                "{\"at\": \(Self.start + 10), \"sync\": [\"A\", \"B\"]}",
                Self.line(20, "B", "\"annul\": \"n1\", \"reason\": \"ошибка\", \(clock)"),
                Self.text(30, "B", cards[1], clock),
            ]
        )
        #expect(answers.map(\.outcome) == ["ok", "synced", "annulled", "ok"])
        #expect(merged.quorum.interval == PresenceInterval(min: 1, max: 1))
    }

    @Test func `force and the look at a document are what the line says`() throws {
        var (event, cards) = try Self.event()
        event.legacy(try event.person(), "936179")
        event.publish(cards[0], .suspended)
        let (answers, _) = try Self.play(
            event.snapshot(),
            [
                Self.line(0, "A", "\"text\": \"936179\", \"checked\": false"),
                Self.line(1, "A", "\"text\": \"936179\""),
                Self.text(2, "A", cards[0]),
                Self.text(3, "A", cards[0], "\"force\": true"),
                Self.text(4, "A", cards[1], "\"force\": true"),
                Self.line(
                    5,
                    "A",
                    "\"text\": \"\(cards[2].ticket.printed)\", \"source\": \"keyboard\""
                ),
            ]
        )
        #expect(answers.map(\.passes) == [false, true, false, true, true, true])
        #expect(answers.map(\.isForced) == [false, false, false, true, false, false])
        #expect(answers.last?.outcome == "ok_status_only")
        #expect(answers.last?.evidence?.level == .typedNumber)
    }

    @Test func `one nonce is one admission; what is decided otherwise about it is new`() throws {
        var (event, cards) = try Self.event()
        event.legacy(try event.person(), "936179")
        event.publish(cards[0], .invalid)
        let old = "\"text\": \"936179\", \"nonce\": \"q\""
        let (answers, merged) = try Self.play(
            event.snapshot(),
            [
                Self.line(0, "A", old + ", \"checked\": false"),
                Self.line(5, "A", old + ", \"checked\": false"),
                Self.line(9, "A", old),
                Self.line(20, "A", old),
                Self.text(30, "A", cards[0], "\"nonce\": \"f\""),
                Self.text(31, "A", cards[0], "\"nonce\": \"f\""),
                Self.text(32, "A", cards[0], "\"nonce\": \"f\", \"force\": true"),
                Self.text(40, "A", cards[1], "\"nonce\": \"w\""),
                Self.line(42, "A", "\"annul\": \"w\", \"reason\": \"ошибка\""),
                // A name that was taken back is used up.
                Self.text(45, "A", cards[1], "\"nonce\": \"w\""),
                Self.text(46, "A", cards[1], "\"nonce\": \"w2\""),
            ]
        )
        #expect(
            answers.map(\.passes) == [
                false, false, true, true, false, false, true, true, false, false, true,
            ]
        )
        #expect(answers[6].isForced)
        #expect(merged.gathering.journals.count == 7)
    }

    @Test func `a chip's evidence is judged as a tap`() throws {
        let (event, cards) = try Self.event()
        let payload = Hex.text(cards[0].payload)
        let uid = Hex.text(DoorCase.uid)
        let (answers, _) = try Self.play(
            event.snapshot(),
            [
                Self.line(0, "A", "\"chip\": {\"fault\": \"pulled\"}"),
                Self.line(
                    1,
                    "A",
                    """
                    "chip": {"uid": "\(uid)", "payload": "\(payload)", \
                    "authentication": "passed", "counter": 7}
                    """
                ),
                Self.line(9, "A", "\"chip\": {\"uid\": \"04999999\", \"payload\": \"\(payload)\"}"),
                Self.line(10, "A", "\"chip\": {\"uid\": \"01020304\"}"),
            ]
        )
        #expect(answers.map(\.outcome) == ["unreadable", "ok", "cloned_chip", "unknown"])
        #expect(answers[1].evidence == Evidence(.dynamicMAC))
    }

    @Test func `moves at the moment of a meeting are not heard by it`() throws {
        let (event, cards) = try Self.event()
        let (answers, _) = try Self.play(
            event.snapshot(),
            [
                Self.text(0, "A", cards[0]),
                "{\"at\": \(Self.start + 5), \"sync\": [\"A\", \"B\"]}",
                Self.text(5, "B", cards[1]),
                Self.text(5, "A", cards[2]),
                // Of an earlier second, but written after the meeting.
                Self.text(4, "B", cards[1], "\"mode\": \"exit\""),
            ]
        )
        #expect(answers[1].quorum.interval == PresenceInterval(min: 1, max: 1))
        // Two are inside beside the one known: A cannot know of the one at B.
        #expect(answers[3].quorum.interval.max == 3)
        #expect(answers[3].quorum.blocking == ["B"])
    }

    @Test func `a gate of the snapshot has its rights and those it uses`() throws {
        var (event, cards) = try Self.event()
        event.gates = [Gate(name: "A"), Gate(name: "B", letsOut: false), Gate(name: "unused")]
        let snapshot = try event.snapshot()
        let entering = [Self.text(0, "A", cards[0]), Self.text(1, "B", cards[1])]
        let (onlyIn, _) = try Self.play(snapshot, entering)
        #expect(onlyIn[0].quorum.interval == PresenceInterval(min: 1, max: 3))
        let leaving = entering + [Self.text(9, "B", cards[1], "\"mode\": \"exit\"")]
        let (both, _) = try Self.play(snapshot, leaving)
        #expect(both[0].quorum.interval == PresenceInterval(min: 0, max: 3))
    }
}
