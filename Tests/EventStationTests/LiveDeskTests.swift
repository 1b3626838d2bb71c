import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// The desk behind the page, with a real station's folder and a clock that the test moves.
@Suite struct `A desk at work` {
    private final class Clock: Sendable {
        private let state = Mutex(TestEvent.start.seconds * 1000)

        var now: Int64 { state.withLock { $0 } }
        var instant: Instant { Instant(seconds: now / 1000) }

        func pass(_ milliseconds: Int64) { state.withLock { $0 += milliseconds } }
    }

    private static let passphrase = "test station"
    private static let (pin, supervisor) = (DeskSecret("1234"), DeskSecret("987654"))
    private let clock = Clock()
    private let folder: StationFolder

    init() throws {
        let root = TestKeys.root.signing.publicKey.thumbprint
        let token = CBOR.array([
            .integer(7), .text("A"), .bytes([UInt8](repeating: 7, count: 16)),
            .array([.bytes(root)]),
        ])
        folder = try StationFolder.provision(
            NSTemporaryDirectory() + "desk-\(UUID().uuidString)",
            token: try #require(StationToken(text: DigitText.encode(token.encoded))),
            passphrase: Self.passphrase
        ).folder
        var book = OperatorBook(folder)
        try book.add(.init(name: "Оператор", isSupervisor: false), pin: Self.pin.text)
        try book.add(.init(name: "Старшая", isSupervisor: true), pin: Self.supervisor.text)
    }

    private func desk(_ event: TestEvent? = nil) throws -> LiveDesk {
        let clock = clock
        if let event {
            _ = try folder.take(snapshot: try event.file()) {
                ClockContact.Machine(clock: clock.now, uptime: clock.now, boot: "")
            }
        }
        let duty = try StationDuty(folder, passphrase: Self.passphrase) { clock.now }
        return LiveDesk(duty, operators: OperatorBook(folder)) { clock.now }
    }

    private static func nonce() -> String { Hex.text(SecureRandom.bytes(16)) }

    private static func scan(_ text: String, _ desk: LiveDesk) async -> DeskVerdict {
        await desk.scan(DeskScan(text: text, source: .scanner, nonce: nonce()))
    }

    private static func text(_ scan: Scan) -> String {
        if case .text(let text, _) = scan.showing { text } else { "" }
    }

    private static func admit(
        _ verdict: DeskVerdict,
        _ desk: LiveDesk,
        pin: DeskSecret?,
        person: String? = nil
    ) async throws(DeskRefusal) -> DeskVerdict {
        try await desk.admit(
            DeskAdmission(nonce: verdict.nonce, person: person, reason: "паспорт", pin: pin)
        )
    }

    @Test func `however a scanner dresses it up, the same code is the same scan`() async throws {
        var event = try TestEvent()
        let card = try event.card(event.person())
        event.legacy(try event.person(), "936179")
        let desk = try desk(event)
        let first = await Self.scan(card.text, desk)
        #expect(first.outcome == .ok)
        let bare = DigitText.encode(card.payload)
        for text in ["]Q1" + card.text, bare, card.text + "\r\n", bare + " "] {
            clock.pass(300)
            #expect(await Self.scan(text, desk).nonce == first.nonce, "\(text.prefix(8))")
        }
        let old = await Self.scan("936179", desk)
        #expect(await Self.scan("936179\r\n", desk).nonce == old.nonce)
        let number = await Self.scan(card.number.digits, desk)
        #expect(number.outcome == .alreadyInside)
        #expect(await Self.scan("]C0" + card.number.digits, desk).nonce == number.nonce)
        clock.pass(2_000)
        #expect(await Self.scan("]Q1" + card.text, desk).outcome == .alreadyInside)
    }

    @Test func `a screen is one scan by its carrier and time, after a new start too`() async throws
    {
        var event = try TestEvent()
        let phone = try event.card(event.person(), issue: 0)
        let shownAt = clock.instant
        let text = Self.text(try phone.screen(at: shownAt))
        // ES256 is not deterministic: the phone signs the same second in other bytes.
        let resigned = Self.text(try phone.screen(at: shownAt))
        #expect(text != resigned)
        let scanned = try await { [clock] in
            let desk = try self.desk(event)
            let first = await Self.scan(text, desk)
            #expect(first.outcome == .ok)
            clock.pass(4_000)
            for again in [text, "]Q1" + text, resigned] {
                #expect(await Self.scan(again, desk).nonce == first.nonce)
            }
            return first.nonce
        }()
        let desk = try self.desk()
        let after = await Self.scan(text, desk)
        #expect(after.outcome == .ok && after.nonce == scanned)
        #expect(await desk.status().counts.admitted == 1)
        clock.pass(26_000)
        #expect(await Self.scan(resigned, desk).outcome == .replayedVirtual)
        let next = await Self.scan(Self.text(try phone.screen(at: clock.instant)), desk)
        #expect(next.outcome == .alreadyInside)
    }

    @Test func `in spite of a row a supervisor admits, by PIN, where somebody is known`()
        async throws
    {
        var event = try TestEvent()
        let lost = try event.card(event.person(), .lost)
        let unconfirmed = try event.card(event.person(.decisive, .elected))
        let inside = try event.card(event.person())
        let forged = try event.card(event.person(), key: .stranger)
        let stranger = try event.card(100)
        let desk = try desk(event)
        _ = await Self.scan(inside.text, desk)
        clock.pass(3_000)
        try await desk.takeShift(pin: Self.supervisor)
        for card in [lost, unconfirmed, inside] {
            let verdict = await Self.scan(card.text, desk)
            #expect(verdict.outcome.admission == .no && verdict.isForceable)
            await #expect(throws: DeskRefusal.pinNeeded) {
                try await Self.admit(verdict, desk, pin: nil)
            }
            await #expect(throws: DeskRefusal.notAllowed) {
                try await Self.admit(verdict, desk, pin: Self.pin)
            }
            let forced = try await Self.admit(verdict, desk, pin: Self.supervisor)
            #expect(forced.standing == .admitted && !forced.isForceable)
            let entry = await desk.duty.gathering.journals.entries(of: "A").last
            #expect(entry?.isForced == true && entry?.outcome == verdict.outcome)
            #expect(entry?.operatorName == "Старшая")
        }
        #expect(await desk.status().counts.inside == 3)
        for card in [forged, stranger] {
            let verdict = await Self.scan(card.text, desk)
            #expect(!verdict.isForceable)
            await #expect(throws: DeskRefusal.notAdmissible) {
                try await Self.admit(verdict, desk, pin: Self.supervisor)
            }
        }
    }

    @Test func `of several the chosen one's own rows are asked`() async throws {
        var event = try TestEvent()
        let good = try event.person()
        for person in [good, try event.person(.decisive, .withdrawn)] {
            event.legacy(person, "100200")
        }
        let desk = try desk(event)
        let verdict = await Self.scan("100200", desk)
        let ids = verdict.candidates.map(\.id)
        #expect(ids.count == 2)
        #expect(verdict.candidates[1].detail?.russian.contains("отозван") == true)
        let withdrawn = try #require(ids.last)
        await #expect(throws: DeskRefusal.notAdmissible) {
            try await Self.admit(verdict, desk, pin: Self.pin, person: withdrawn)
        }
        let nobody = String(repeating: "00", count: 16)
        await #expect(throws: DeskRefusal.notAdmissible) {
            try await Self.admit(verdict, desk, pin: Self.supervisor, person: nobody)
        }
        _ = try await Self.admit(verdict, desk, pin: Self.pin, person: ids.first)
        #expect(await desk.isInside(event.name(good)))
    }

    private struct Found: Sendable {
        let participation: Participation
        let state: MandateState
        let hasLeft: Bool
        let outcome: ScanOutcome
        let isForced: Bool
        let words: String
    }

    @Test func `by name the person's rows hold as by a card`() async throws {
        var event = try TestEvent()
        event.supervisorPassphrase = "три слова вместе"
        let cases: [Found] = [
            Found(
                participation: .decisive,
                state: .confirmed,
                hasLeft: false,
                outcome: .okStatusOnly,
                isForced: false,
                words: "Мандат"
            ),
            Found(
                participation: .decisive,
                state: .withdrawn,
                hasLeft: false,
                outcome: .mandateNotConfirmed,
                isForced: true,
                words: "отозван"
            ),
            Found(
                participation: .decisive,
                state: .elected,
                hasLeft: false,
                outcome: .mandateNotConfirmed,
                isForced: true,
                words: "не подтверждён"
            ),
            Found(
                participation: .decisive,
                state: .confirmed,
                hasLeft: true,
                outcome: .memberLeft,
                isForced: true,
                words: "не член"
            ),
            Found(
                participation: .advisory,
                state: .confirmed,
                hasLeft: false,
                outcome: .okGuest,
                isForced: false,
                words: "совещательный"
            ),
            Found(
                participation: .guest,
                state: .confirmed,
                hasLeft: false,
                outcome: .okGuest,
                isForced: false,
                words: "Приглашённый"
            ),
        ]
        let letters = ["Аа", "Бб", "Вв", "Гг", "Дд", "Ее"]
        for (found, letter) in zip(cases, letters) {
            _ = try event.person(
                found.participation,
                found.state,
                hasLeft: found.hasLeft,
                name: "\(letter)ов Пётр"
            )
        }
        let desk = try desk(event)
        for (found, letter) in zip(cases, letters) {
            let people = try await desk.findByName(
                "\(letter)ов",
                passphrase: DeskSecret("три слова вместе")
            )
            let person = try #require(people.first)
            #expect(person.detail?.russian.contains(found.words) == true)
            let admission = DeskPersonAdmission(
                person: person.id,
                reason: "паспорт",
                nonce: Self.nonce(),
                pin: Self.supervisor
            )
            let verdict = try await desk.admitPerson(admission)
            #expect(
                verdict.outcome == found.outcome
                    && verdict.outcome.counts == (found.outcome == .okStatusOnly)
            )
            // The same request again is the same admission.
            #expect(try await desk.admitPerson(admission) == verdict)
            let entry = await desk.duty.gathering.journals.entries(of: "A").last
            #expect(entry?.nonce == admission.nonce && entry?.isForced == found.isForced)
            #expect(entry?.outcome == found.outcome)
        }
        let quorum = try #require(await desk.status().quorum)
        #expect(quorum.minimum == 1)
    }

    @Test func `a closed station lets nobody through until somebody opens it again`() async throws {
        var event = try TestEvent()
        let cards = try (0..<2).map { _ in try event.card(event.person()) }
        let desk = try desk(event)
        let first = await Self.scan(cards[0].text, desk)
        let duty = await desk.duty
        try await duty.close()
        try await duty.close()
        #expect(await duty.gathering.journals.entries(of: "A").count { $0.kind == .close } == 1)
        #expect(await desk.status().isClosed)
        clock.pass(3_000)
        let refused = await Self.scan(cards[1].text, desk)
        #expect(refused.outcome == .stationClosed && !refused.isForceable)
        try await desk.turn(to: .exit, pin: Self.pin)
        #expect(await Self.scan(cards[0].text, desk).outcome == .stationClosed)
        await #expect(throws: DeskRefusal.stationClosed) {
            try await desk.annul(
                DeskAnnulment(nonce: first.nonce, reason: "ошибка", pin: Self.supervisor)
            )
        }
        // What was refused since stands in the journal, and the station is still closed for others.
        var journals = await duty.gathering.journals
        #expect(journals.entries(of: "A").last?.outcome == .stationClosed)
        #expect(journals.known(of: "A", clock: clock.now)["A"]?.isClosed == true)
        await #expect(throws: DeskRefusal.wrongPIN) {
            try await desk.reopen(pin: DeskSecret("0000"))
        }
        try await desk.reopen(pin: Self.pin)
        #expect(await !desk.status().isClosed)
        journals = await duty.gathering.journals
        #expect(journals.entries(of: "A").last?.kind == .reopen)
        #expect(journals.entries(of: "A").last?.operatorName == "Оператор")
        #expect(journals.known(of: "A", clock: clock.now)["A"]?.isClosed == false)
        #expect(await Self.scan(cards[0].text, desk).outcome == .okExit)
        // A new start reads it from the journal.
        try await duty.close()
        #expect(
            await JournalEntry(
                encoded: duty.gathering.journals.entries(of: "A").last?.encoded ?? []
            )?.kind == .close
        )
    }
}

extension LiveDesk {
    fileprivate func isInside(_ person: Pseudonym) async -> Bool { await duty.isInside(person) }
}
