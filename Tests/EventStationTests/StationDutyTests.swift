import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// A station with its folder, a clock that the test moves, and what it is handed.
@Suite struct `A station at work` {
    /// What the computer's clocks read.
    private final class Clocks: Sendable {
        private let state: Mutex<ClockContact.Machine>

        init() {
            state = Mutex(
                .init(clock: TestEvent.start.seconds * 1000, uptime: 1_000_000, boot: "b")
            )
        }

        var now: ClockContact.Machine { state.withLock { $0 } }

        func pass(_ seconds: Int64) {
            state.withLock {
                $0.clock += seconds * 1000
                $0.uptime += seconds * 1000
            }
        }

        func set(_ seconds: Int64) { state.withLock { $0.clock += seconds * 1000 } }
    }

    private let clocks = Clocks()
    private let folder: StationFolder

    init() throws {
        let root = TestKeys.root.signing.publicKey.thumbprint
        let token = CBOR.array([
            .integer(7), .text("A"), .bytes([UInt8](repeating: 7, count: 16)),
            .array([.bytes(root)]),
        ])
        let path = NSTemporaryDirectory() + "station-\(UUID().uuidString)"
        folder = try StationFolder.provision(
            path,
            token: try #require(StationToken(text: DigitText.encode(token.encoded))),
            passphrase: "test station"
        ).folder
    }

    private func duty(_ event: TestEvent) throws -> StationDuty {
        let clocks = clocks
        _ = try folder.take(snapshot: try event.file()) { clocks.now }
        return try StationDuty(folder, passphrase: "test station") { clocks.now }
    }

    private func last(_ duty: StationDuty) async throws -> JournalEntry {
        try #require(await duty.gathering.journals.entries(of: "A").last)
    }

    @Test func `an entry says how far the clock was off and how sure that is`() async throws {
        var event = try TestEvent()
        let card = try event.card(try event.person())
        let duty = try duty(event)
        _ = try await duty.scan(card.scan())
        // Never compared: as much as a clock may be off before it is suspect.
        #expect(try await last(duty).uncertainty == 300_000)
        let contact = ClockContact(.person, clocks.now, offset: -20_000, uncertainty: 1_500)
        #expect(try await duty.record(contact, operatorName: "Иванова"))
        clocks.pass(60)
        _ = try await duty.scan(card.scan())
        let entry = try await last(duty)
        #expect(entry.offset == -20_000)
        #expect(entry.uncertainty == 1_506)
        #expect(entry.correctedClock == entry.clock + 20_000)
        #expect(folder.clockContact == contact)
        let notes = await duty.gathering.journals.entries(of: "A").filter { $0.kind == .note }
        #expect(notes.last?.reason == "clock operator offset=-20000 uncertainty=1500")
        #expect(notes.last?.operatorName == "Иванова")
    }

    @Test func `a comparison that another program records is found, and holds up the gate`()
        async throws
    {
        var event = try TestEvent()
        let card = try event.card(try event.person())
        let duty = try duty(event)
        #expect(await duty.clockState == .unchecked)
        let contact = ClockContact(
            service: clocks.now.clock + 400_000,
            asked: clocks.now,
            answered: clocks.now,
            precision: 10
        )
        try folder.record(clockContact: contact)
        try await duty.tend()
        #expect(await duty.clockState == .suspect)
        #expect(try await duty.scan(card.scan()).decision.outcome == .clockSuspect)
        // Somebody sets the clock right: the same comparison now tells that it is.
        clocks.set(400)
        #expect(await duty.clockState == .good)
        #expect(try await duty.scan(card.scan()).decision.outcome == .ok)
    }

    @Test func `a status list of the future is told as that, not as a stranger's`() throws {
        var event = try TestEvent()
        event.listIssuedAt = event.issuedAt + PublicationDate.tolerance
        _ = try event.snapshot()
        event.listIssuedAt = event.listIssuedAt + 1
        let ahead = event
        #expect(throws: EventSnapshot.Refusal.futureStatusList) { try ahead.snapshot() }
    }

    @Test func `a snapshot of the future tells that the clock is slow`() async throws {
        var event = try TestEvent()
        let card = try event.card(try event.person())
        event.issuedAt = TestEvent.start + 900
        let duty = try duty(event)
        #expect(await duty.clockContact?.source == .file)
        #expect(try await duty.scan(card.scan()).decision.outcome == .clockSuspect)
    }

    @Test func `past the lease a running station erases its snapshot and admits nobody`()
        async throws
    {
        var event = try TestEvent()
        let card = try event.card(try event.person())
        event.leaseEnd = TestEvent.start + 3600
        let duty = try duty(event)
        try await duty.tend()
        #expect((try? folder.snapshot()) != nil)
        clocks.pass(3600)
        // Set back, the time that has passed still has.
        clocks.set(-200)
        try await duty.tend()
        #expect((try? folder.snapshot()) == nil)
        #expect(try await duty.scan(card.scan()).decision.outcome == .snapshotTooOld)
        #expect(
            await duty.gathering.journals.entries(of: "A").contains { $0.reason == "lease over" }
        )
    }

    @Test func `a snapshot without the station's name ends it`() async throws {
        var event = try TestEvent()
        event.gates = [Gate(name: "A", key: try folder.key(passphrase: "test station").publicKey)]
        let duty = try duty(event)
        event.gates = [Gate(name: "B")]
        event.sequence = 2
        await #expect(throws: StationFolder.Failure.self) {
            try await duty.take(snapshot: try event.file())
        }
        #expect(await duty.isRevoked)
        #expect((try? folder.snapshot()) == nil)
    }

    @Test func `the inbox carries a request and its answer, and refuses when nobody works`()
        async throws
    {
        let inbox = StationInbox(folder)
        #expect(!inbox.isServed)
        let server = Task {
            try await inbox.serve { request in (request.reversed(), request != [9, 9]) }
        }
        while !inbox.isServed { await Task.yield() }
        let answer = try await Task.detached { try inbox.ask([1, 2, 3]) }.value
        #expect(answer == [3, 2, 1])
        #expect(try await Task.detached { try inbox.ask([9, 9]) }.value == [9, 9])
        try await server.value
        #expect(!inbox.isServed)
        let refusal = try #require(throws: StationFolder.Failure.self) { try inbox.ask([1]) }
        #expect(refusal.code == .busy)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/inbox")
        #expect(left == [])
    }
}
