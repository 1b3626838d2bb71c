import EventStation
import Synchronization
import UnionTicket

/// A desk of one gate that keeps real state: a ticket enters once, a PIN is right or wrong.
final class SmallDesk: StationDesk {
    private struct State {
        var verdicts: [String: DeskVerdict] = [:]
        var mode = ScanMode.entry
        var hasShift = false
        var pinsTried = 0
    }

    static let pin = "1357"
    static let passphrase = "of the index"
    static let now = Instant(seconds: 1_800_000_000)
    private let state = Mutex(State())
    private let refusal: DeskRefusal?
    private let stream: AsyncStream<DeskEvent>
    private let changed: AsyncStream<DeskEvent>.Continuation

    /// - Parameter refusal: What every action by hand is answered with once its PIN is right.
    init(refusing refusal: DeskRefusal? = nil) {
        self.refusal = refusal
        (stream, changed) = AsyncStream.makeStream()
    }

    var pinsTried: Int { state.withLock { $0.pinsTried } }
    var admitted: Int { state.withLock { $0.verdicts.values.count { $0.outcome == .ok } } }

    func scan(_ input: DeskScan) async -> DeskVerdict {
        let verdict = state.withLock { state in
            if let known = state.verdicts[input.nonce] { return known }
            let isIn = state.verdicts.values.contains { $0.number == input.text }
            let verdict = DeskVerdict(
                nonce: input.nonce,
                outcome: isIn ? .alreadyInside : .ok,
                evidence: Evidence(input.source == .keyboard ? .typedNumber : .signedData),
                mode: state.mode,
                at: Self.now,
                number: input.text
            )
            state.verdicts[input.nonce] = verdict
            return verdict
        }
        changed.yield(.verdict(verdict))
        return verdict
    }

    func admit(_ admission: DeskAdmission) async throws(DeskRefusal) -> DeskVerdict {
        if let pin = admission.pin {
            try check(pin)
        } else if !state.withLock({ $0.hasShift }) {
            throw .pinNeeded
        }
        return try stand(admission.nonce, .admitted)
    }

    func annul(_ annulment: DeskAnnulment) async throws(DeskRefusal) -> DeskVerdict {
        try check(annulment.pin)
        return try stand(annulment.nonce, .annulled)
    }

    func turn(to mode: ScanMode, pin: DeskSecret) async throws(DeskRefusal) {
        try check(pin)
        state.withLock { $0.mode = mode }
    }

    func reopen(pin: DeskSecret) async throws(DeskRefusal) { try check(pin) }

    func takeShift(pin: DeskSecret?) async throws(DeskRefusal) {
        if let pin { try check(pin) }
        state.withLock { $0.hasShift = pin != nil }
    }

    func freezeQuorum(pin: DeskSecret) async throws(DeskRefusal) -> DeskQuorum {
        try check(pin)
        return DeskQuorum(minimum: 173, maximum: 175, threshold: 173, base: 259, verdict: .holds)
    }

    func findByName(
        _ query: String,
        passphrase: DeskSecret
    ) async throws(DeskRefusal) -> [DeskPerson] {
        guard passphrase.text == Self.passphrase else { throw .wrongPassphrase }
        return [DeskPerson(id: "a", name: "Орлова Анна")].filter {
            $0.name?.hasPrefix(query) == true
        }
    }

    func admitPerson(_ admission: DeskPersonAdmission) async throws(DeskRefusal) -> DeskVerdict {
        try check(admission.pin)
        return await scan(DeskScan(text: "person", source: .keyboard, nonce: admission.nonce))
    }

    func knows(_ ticket: TicketNumber) async -> Bool { ticket.value == 177_481_516_234_216 }

    func status() async -> DeskStatus {
        DeskStatus(
            event: "Собрание",
            station: "А",
            mode: state.withLock { $0.mode },
            offline: .cardOnly,
            now: Self.now,
            clock: .good,
            shift: state.withLock { $0.hasShift } ? "оператор" : nil,
            counts: .init(inside: admitted, admitted: admitted, refused: 0)
        )
    }

    func changes() async -> AsyncStream<DeskEvent> { stream }

    private func check(_ pin: DeskSecret) throws(DeskRefusal) {
        state.withLock { $0.pinsTried += 1 }
        guard pin.text == Self.pin else { throw .wrongPIN }
        if let refusal { throw refusal }
    }

    private func stand(
        _ nonce: String,
        _ standing: DeskVerdict.Standing
    ) throws(DeskRefusal) -> DeskVerdict {
        let verdict = state.withLock { state -> DeskVerdict? in
            state.verdicts[nonce]?.standing = standing
            return state.verdicts[nonce]
        }
        guard let verdict else { throw .unknownScan }
        return verdict
    }
}
