import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// What people bring along.
@Suite struct `What is shown at a door` {
    @Test func `plastic then virtual of one person is one presence`() throws {
        var event = try TestEvent()
        let person = try event.person()
        let plastic = try event.card(person)
        let phone = try event.card(person, issue: 0)
        var hall = TestHall(try event.snapshot())
        #expect(hall.scan("A", plastic.scan()).passes)
        hall.wait(60)
        let again = hall.scan("A", try phone.screen(at: hall.instant))
        #expect(again.decision.outcome == .alreadyInside)
        #expect(hall["A"].gathering.insideCount == 1)
        hall.wait(60)
        #expect(hall.scan("A", try phone.screen(at: hall.instant, .exit)).passes)
        #expect(hall["A"].gathering.insideCount == 0)
    }

    @Test func `a phone enrolled after the snapshot is its member's`() throws {
        var event = try TestEvent()
        let person = try event.person()
        let plastic = try event.card(person)
        let phone = try event.card(person, issue: 0, isNew: true)
        var hall = TestHall(try event.snapshot())
        let answer = hall.scan("A", try phone.screen(at: hall.instant))
        #expect(answer.decision.outcome == .ok)
        #expect(answer.decision.pseudonym == event.name(person))
        // Nothing in the snapshot opens the name for it.
        #expect(answer.decision.name == nil)
        hall.wait(60)
        #expect(hall.scan("A", plastic.scan()).decision.outcome == .alreadyInside)
    }

    @Test func `a code re-encoded as another text of a blocked carrier stays blocked`() throws {
        var event = try TestEvent()
        let card = try event.card(event.person(), .lost)
        let bare = DigitText.encode(card.payload)
        // Tag 61 around it and a header nobody signs: the same carrier in other bytes.
        var loose = card.payload
        loose.replaceSubrange(0..<1, with: [0xD8, 61, 0xD2])
        let unprotected = try #require(loose.firstIndex(of: 0xA0))
        loose.replaceSubrange(unprotected...unprotected, with: [0xA1, 0x18, 99, 1])
        let texts = [
            card.text, bare, "]Q1" + bare, "\\000026" + bare, bare + "\r\n",
            "HTTPS://ELSEWHERE/X/" + bare, DigitText.encode(loose), card.number.digits,
            card.ticket.printed, card.ticket.filed,
        ]
        var hall = TestHall(try event.snapshot())
        for text in texts {
            #expect(hall.scan("A", .text(text)).decision.outcome == .lost, "\(text.prefix(24))")
        }
    }

    @Test func `a replaced issue is refused by code, barcode and chip, the new one admitted`()
        throws
    {
        var event = try TestEvent()
        let person = try event.person()
        let old = try event.card(person, .replaced, uid: DoorCase.uid)
        let new = try event.card(person, issue: 2)
        var hall = TestHall(try event.snapshot())
        let shown: [Scan] = [old.scan(), .text(old.number.digits), old.tap()]
        for scan in shown { #expect(hall.scan("A", scan).decision.outcome == .replaced) }
        #expect(hall.scan("A", new.scan()).decision.outcome == .ok)
        // The ticket's number stands for whichever carrier is good.
        #expect(hall.scan("A", new.typed()).decision.outcome == .alreadyInside)
    }

    @Test func `a conference where every card is legacy runs`() throws {
        var event = try TestEvent()
        for number in 0..<3 { event.legacy(try event.person(), "93617\(number)") }
        var hall = TestHall(try event.snapshot())
        for number in 0..<3 {
            let looked = hall.scan("A", .text("93617\(number)"))
            #expect(looked.decision.outcome == .legacyUnsigned)
            #expect(!looked.passes)
            let nonce = try #require(looked.entry?.nonce)
            let entry = try hall["A"].admission(of: nonce, .withDocument, hall.reading("A"))
            hall.keep("A", entry)
            #expect(!entry.isForced)
        }
        let report = hall["A"].gathering.quorum(unheard: [])
        #expect(report.interval == PresenceInterval(min: 3, max: 3))
        #expect(report.verdict == .holds)
        hall.wait(60)
        #expect(hall.scan("A", .text("936171", .exit)).passes)
        #expect(hall["A"].gathering.quorum(unheard: []).interval.max == 2)
    }

    @Test(arguments: [CarrierState.allocated, .printed, .atPrimary, .handedOut])
    func `a legacy card whose hand-out nobody wrote down is one like any other`(
        _ state: CarrierState
    ) throws {
        var event = try TestEvent()
        event.legacy(try event.person(), "936179", state)
        var hall = TestHall(try event.snapshot())
        #expect(hall.scan("A", .text("936179")).decision.outcome == .legacyUnsigned)
        #expect(hall.scan("A", .text("936179", .handOut)).decision.outcome == .legacyUnsigned)
    }

    @Test func `what nobody vouches for tells of nobody, and opens no name`() throws {
        var event = try TestEvent()
        let card = try event.card(event.person())
        let strange = try event.card(event.person(), key: .stranger)
        var bytes = card.payload
        bytes[bytes.count - 1] ^= 1
        event.leaseEnd = TestEvent.start + 60
        var hall = TestHall(try event.snapshot())
        let shown: [Scan] = [.text(DigitText.encode(bytes)), strange.scan()]
        for wait in [Int64(0), 60] {
            hall.wait(wait)
            for scan in shown {
                let answer = hall.scan("A", scan, .supervisor)
                #expect(!answer.passes)
                #expect(answer.decision.pseudonym == nil && answer.decision.person == nil)
                #expect(answer.decision.coordinate == nil && answer.decision.ticket == nil)
                #expect(answer.decision.name == nil)
            }
        }
    }

    @Test func `of two people with one legacy number the operator chooses`() throws {
        var event = try TestEvent()
        for _ in 0..<2 { event.legacy(try event.person(), "100200") }
        var hall = TestHall(try event.snapshot())
        let asked = hall.scan("A", .text("100200"))
        #expect(asked.decision.outcome == .ambiguous)
        #expect(asked.decision.candidates == [0, 1])
        #expect(!asked.passes)
        var hand = Post.Hand.withDocument
        hand.chosen = 1
        #expect(hall.scan("A", .text("100200"), hand).decision.pseudonym == event.name(1))
        // The one who is inside is who goes out; with nobody inside it has to be asked.
        hall.wait(60)
        #expect(hall.scan("A", .text("100200", .exit)).decision.pseudonym == event.name(1))
        hall.wait(60)
        #expect(hall.scan("A", .text("100200", .exit)).decision.outcome == .ambiguous)
    }

    @Test func `a delegate with a passport only is found by name and admitted`() throws {
        var event = try TestEvent()
        event.supervisorPassphrase = "три слова вместе"
        let person = try event.person(name: "Соловьёв Пётр Ильич")
        _ = try event.card(person)
        _ = try event.card(event.person(name: "Орлова Анна Петровна"))
        let snapshot = try event.snapshot()
        #expect(NameIndex(snapshot, passphrase: "не те слова") == nil)
        let index = try #require(NameIndex(snapshot, passphrase: "три слова вместе"))
        #expect(index.find("соловьев петр").map(\.person) == [person])
        #expect(index.find("со").isEmpty)
        var hall = TestHall(snapshot)
        let name = event.name(person)
        let refused = Post.Refusal.noReason
        #expect(throws: refused) {
            try hall["A"].admission(byDocument: name, .entry, .withDocument, hall.reading("A"))
        }
        let entry = try hall["A"].admission(
            byDocument: name,
            .entry,
            .supervisor,
            hall.reading("A")
        )
        hall.keep("A", entry)
        #expect(entry.evidence == Evidence(.document))
        #expect(hall["A"].gathering.quorum(unheard: []).interval.min == 1)
    }

    @Test func `the same code within two seconds is the same scan`() throws {
        var event = try TestEvent()
        let card = try event.card(event.person())
        var hall = TestHall(try event.snapshot())
        hall.scan("A", card.scan())
        hall.now += 1_999
        let same = hall.scan("A", card.scan())
        #expect(same.decision.outcome == .ok)
        #expect(same.entry == nil)
        hall.now += 1
        #expect(hall.scan("A", card.scan()).decision.outcome == .alreadyInside)
        hall.now += 500
        #expect(hall.scan("A", card.scan(.exit)).decision.outcome == .okExit)
        hall.now += 500
        let back = hall.scan("A", card.scan())
        #expect(back.decision.outcome == .okRepeatEntry)
        #expect(back.entry != nil)
    }

    @Test func `an annulled scan is no answer to the same code`() throws {
        var event = try TestEvent()
        let phone = try event.card(event.person(), issue: 0)
        var hall = TestHall(try event.snapshot())
        let screen = try phone.screen(at: hall.instant)
        let nonce = try #require(hall.scan("A", screen).entry?.nonce)
        try hall.annul("A", nonce)
        hall.wait(5)
        let again = hall.scan("A", screen)
        #expect(again.decision.outcome == .replayedVirtual)
        #expect(!again.passes)
    }

    @Test func `a screen is one scan while it is displayed, then a replay, everywhere`() throws {
        var event = try TestEvent()
        let phone = try event.card(event.person(), issue: 0)
        var hall = TestHall(try event.snapshot(), ["A", "B"])
        let screen = try phone.screen(at: hall.instant)
        #expect(hall.scan("A", screen).decision.outcome == .ok)
        hall.wait(29)
        #expect(hall.scan("A", screen).entry == nil)
        hall.meet("A", "B")
        #expect(hall.scan("B", screen).decision.outcome == .replayedVirtual)
        hall.wait(1)
        #expect(hall.scan("A", screen).decision.outcome == .replayedVirtual)
        hall.wait(31)
        #expect(hall.scan("A", screen).decision.outcome == .staleVirtual)
    }

    @Test func `another phone's signature is no signature`() throws {
        var event = try TestEvent()
        let phone = try event.card(event.person(), issue: 0)
        var hall = TestHall(try event.snapshot())
        let screen = try phone.screen(at: hall.instant, phone: .otherPhone)
        #expect(hall.scan("A", screen).decision.outcome == .forged)
    }

    @Test func `what a chip proves depends on what binds it`() throws {
        var event = try TestEvent()
        let reported = try event.card(event.person(), uid: DoorCase.uid)
        let unbound = try event.card(event.person())
        var hall = TestHall(try event.snapshot())
        let first = hall.scan("A", reported.tap(.passed, counter: 5))
        #expect(first.decision.evidence == Evidence(.dynamicMAC))
        #expect(
            hall.scan("A", unbound.tap(uid: [1, 2, 3, 4], .passed)).decision.evidence.level
                == .signedData
        )
        hall.wait(60)
        // A recording of the first tap.
        #expect(hall.scan("A", reported.tap(.passed, counter: 5)).decision.outcome == .clonedChip)
        let next = hall.scan("A", reported.tap(.passed, counter: 6, .exit))
        #expect(next.decision.outcome == .okExit)
    }

    @Test func `without an event the cards alone are judged`() throws {
        var event = try TestEvent()
        event.mode = .cardsOnly
        let card = try event.card(100)
        let blocked = try event.card(101, listed: .invalid)
        let sleeping = try event.card(102, listed: .suspended)
        var hall = TestHall(try event.snapshot())
        #expect(hall.scan("A", card.scan()).decision.outcome == .ok)
        #expect(hall.scan("A", blocked.scan()).decision.outcome == .revoked)
        #expect(hall.scan("A", sleeping.scan()).decision.outcome == .suspended)
        hall.wait(60)
        #expect(hall.scan("A", card.scan()).decision.outcome == .alreadyInside)
        #expect(!hall.scan("A", card.typed()).passes)
    }
}
