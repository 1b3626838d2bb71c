import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import CardReader

@Suite("What happens at the readers")
struct ReaderStatesTests {
    private static let one = ReaderName("one")
    private static let two = ReaderName("two")
    private static let moment = ContinuousClock.now

    private func report(_ flags: UInt, _ counter: UInt) -> ReaderStates.Report {
        ReaderStates.Report(name: Self.one, event: counter << 16 | flags | 2, atr: [0x3B])
    }

    private func inserted(isMute: Bool = false) -> ReaderEvent {
        .cardInserted(
            CardPresence(reader: Self.one, atr: [0x3B], isMute: isMute, noticedAt: Self.moment)
        )
    }

    /// Feeds reports of reader one, the first being its state at the start.
    private func events(_ reports: [ReaderStates.Report]) -> [[ReaderEvent]] {
        var states = ReaderStates()
        _ = states.list([Self.one])
        return reports.map { states.take($0, at: Self.moment) }
    }

    @Test func `a card comes and goes`() {
        let seen = events([report(0x10, 0), report(0x20, 1), report(0x120, 1), report(0x10, 2)])
        #expect(seen == [[], [inserted()], [], [.cardRemoved(Self.one)]])
    }

    @Test func `a card that lies there at the start is a tap`() {
        #expect(events([report(0x20, 5)]) == [[inserted()]])
        #expect(events([report(0x10, 6)]) == [[]])
    }

    @Test func `a card swapped within one round is removed and inserted`() {
        let seen = events([report(0x20, 1), report(0x20, 3)])
        #expect(seen[1] == [.cardRemoved(Self.one), inserted()])
    }

    @Test func `the counter may wrap round`() {
        let seen = events([report(0x20, 0xFFFF), report(0x20, 1)])
        #expect(seen[1] == [.cardRemoved(Self.one), inserted()])
    }

    @Test func `a card too quick to be seen is told of`() {
        let seen = events([report(0x10, 2), report(0x10, 4)])
        #expect(seen[1] == [inserted(), .cardRemoved(Self.one)])
    }

    @Test func `a mute card is inserted as such`() {
        #expect(events([report(0x10, 0), report(0x220, 1)])[1] == [inserted(isMute: true)])
    }

    @Test func `a reader that leaves takes its card along`() {
        var states = ReaderStates()
        #expect(states.list([Self.one, Self.two]).count == 2)
        _ = states.take(report(0x20, 1), at: Self.moment)
        let gone: [ReaderEvent] = [.cardRemoved(Self.one), .readerDisappeared(Self.one)]
        #expect(states.list([Self.two]) == gone)
        #expect(states.clear() == [.readerDisappeared(Self.two)])
    }

    @Test func `a reader that is listed but cannot be reached is gone until it answers`() {
        let seen = events([report(0x20, 1), report(0x0C, 2), report(0x08, 3), report(0x20, 4)])
        #expect(seen[1] == [.cardRemoved(Self.one), .readerDisappeared(Self.one)])
        #expect(seen[2] == [])
        #expect(seen[3] == [.readerAppeared(Self.one), inserted()])
    }

    static let codes: [(UInt32, ReaderFailure.Code, ChipEvidence.Fault)] = [
        (0x8010_0013, .serviceAway, .readerFailed), (0x8010_001D, .serviceAway, .readerFailed),
        (0x8010_006A, .serviceAway, .readerFailed),
        (0x8010_0009, .readerGone, .readerFailed), (0x8010_0016, .cardGone, .pulled),
        (0x8010_0069, .cardGone, .pulled), (0x8010_0068, .cardReset, .readerBusy),
        (0x8010_000B, .readerBusy, .readerBusy), (0x8010_0066, .mute, .mute),
        (0x8010_0067, .mute, .mute), (0x8010_0001, .unexpected, .readerFailed),
    ]

    @Test(arguments: codes)
    func `each code of PC-SC has its answer`(
        _ status: UInt32,
        _ code: ReaderFailure.Code,
        _ fault: ChipEvidence.Fault
    ) {
        let failure = ReaderFailure(pcsc: status)
        #expect(failure.code == code)
        #expect(failure.fault == fault)
        #expect(failure.cause == status)
        #expect(!failure.reason.russian.isEmpty && !failure.reason.english.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a stopped monitor ends its events, with or without pcscd`() async {
        let monitor = ReaderMonitor()
        await monitor.stop()
        await monitor.stop()
        var last: ReaderEvent?
        for await event in monitor.events { last = event }
        #expect(last != .serviceBack)
    }

    @Test func `a cancelled session ends at once`() async throws {
        let task = Task {
            do throws(ReaderFailure) {
                return try await CardSession.run(on: ReaderName("none")) { _ in 1 }
            } catch { return -1 }
        }
        task.cancel()
        #expect(await task.value == -1)
    }
}

@Suite("Keys and counters")
struct ChipKeyringTests {
    private static let sets = [ChipKeyring.KeySet(random: "a"), ChipKeyring.KeySet(random: "b")]

    @Test func `a sealed file gives the same keys back`() throws {
        let file = try ChipKeyring(Self.sets).sealed(passphrase: "a phrase")
        let keyring = try ChipKeyring(sealed: file, passphrase: "a phrase")
        #expect(keyring.sets.map(\.reference) == ["a", "b"])
        #expect(keyring["b"]?.metaRead == Self.sets[1].metaRead)
        #expect(keyring["b"]?.fileReadMaster == Self.sets[1].fileReadMaster)
        #expect(keyring["c"] == nil)
        #expect(throws: ChipKeyring.Refusal.notOpened(.wrongPassphrase)) {
            try ChipKeyring(sealed: file, passphrase: "another")
        }
    }

    @Test func `keys that are not marked as specimen are refused`() throws {
        let file = try ChipKeyring(Self.sets).sealed(passphrase: "a phrase", isSpecimen: false)
        #expect(throws: ChipKeyring.Refusal.notSpecimen) {
            try ChipKeyring(sealed: file, passphrase: "a phrase")
        }
    }

    @Test func `a file of another purpose is refused`() throws {
        let file = try SealedFile.seal([1], passphrase: "a phrase", purpose: .userKey, cost: 10)
        #expect(throws: ChipKeyring.Refusal.notOpened(.wrongPurpose)) {
            try ChipKeyring(sealed: file, passphrase: "a phrase")
        }
        let empty = try SealedFile.seal([1], passphrase: "a phrase", purpose: .chipKeys, cost: 10)
        #expect(throws: ChipKeyring.Refusal.malformed) {
            try ChipKeyring(sealed: empty, passphrase: "a phrase")
        }
    }

    @Test func `a message is fresh only where its counter advances in a shared store`() {
        let reading = ChipReading(
            .ntag424,
            ChipEvidence(level: .dynamicMAC, uid: [4], authentication: .passed, counter: 5)
        )
        let presence = CardPresence(reader: ReaderName("one"))
        for isShared in [false, true] {
            let store = MemoryCounterStore(isShared: isShared)
            #expect(store.take(4, of: [4]) == .firstSeen)
            let tap = CardTap(presence, reading, store)
            #expect(tap.evidence == Evidence(.dynamicMAC, fresh: isShared))
            #expect(!tap.isCopy)
            let again = CardTap(presence, reading, store)
            #expect(again.counter == .wentBack)
            #expect(again.isCopy && !again.evidence.fresh)
        }
    }
}
