import EventStation
import Synchronization
import UnionTicket

/// A desk that keeps real state, and whose verdicts follow a script instead of a snapshot.
///
/// Text `0000000900NN` gives the NN-th outcome; a well-formed ticket number gives
/// `ok` once and `already_inside` after that; anything else is `unknown_format`.
final class ScriptedDesk: StationDesk {
    private struct State {
        var mode = ScanMode.entry
        var shift: String?
        var verdicts: [DeskVerdict] = []
        var inside: Set<String> = []
        var frozenAt: Instant?
        var minimum = 0
        var listeners: [AsyncStream<DeskEvent>.Continuation] = []
    }

    static let pin = "2468"
    static let passphrase = "open the index"
    /// The station's time never moves: screenshots stay the same.
    static let now = Instant(seconds: 1_795_250_400)
    private static let people = [
        DeskPerson(
            id: "p1",
            name: "Орлова Анна Сергеевна",
            detail: Bilingual("Мандат 17, решающий голос", "Mandate 17, deciding vote")
        ),
        DeskPerson(
            id: "p2",
            name: "Орлова Анна Петровна",
            detail: Bilingual("Гость", "Guest"),
            isInside: true
        ),
    ]

    private let state = Mutex(State())
    private let known: TicketNumber?

    init() {
        known = TicketNumber(value: 177_481_516_234_216)
    }

    func scan(_ input: DeskScan) async -> DeskVerdict {
        let verdict = state.withLock { state in
            if let earlier = state.verdicts.first(where: { $0.nonce == input.nonce }) {
                return earlier
            }
            let verdict = Self.judge(input, &state)
            state.verdicts.insert(verdict, at: 0)
            return verdict
        }
        tell(verdict)
        return verdict
    }

    private static func judge(_ input: DeskScan, _ state: inout State) -> DeskVerdict {
        let outcome = outcome(of: input, &state)
        return DeskVerdict(
            nonce: input.nonce,
            outcome: outcome,
            evidence: evidence(of: input),
            mode: state.mode,
            at: now + Int64(state.verdicts.count),
            number: outcome == .unknownFormat ? nil : "177 •••• •••• 4216",
            name: name(for: outcome),
            firstEntry: [.alreadyInside, .reEntryForbidden, .duplicateOffline].contains(outcome)
                ? StationMemory.Entry(at: now + -5400, station: "Станция А, главный вход") : nil,
            detail: outcome == .ok ? [people[0].detail ?? Bilingual("", "")] : [],
            candidates: outcome == .ambiguous ? people : []
        )
    }

    private static func outcome(of input: DeskScan, _ state: inout State) -> ScanOutcome {
        let digits = String(input.text.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        if digits.hasPrefix("0000000900"), let place = Int(digits.dropFirst(10)),
            ScanOutcome.allCases.indices.contains(place)
        {
            return ScanOutcome.allCases[place]
        }
        guard digits.count >= 100 || (15...16).contains(digits.count) else { return .unknownFormat }
        if state.mode == .exit {
            state.inside.remove(digits)
            return .okExit
        }
        return state.inside.insert(digits).inserted ? .ok : .alreadyInside
    }

    private static func evidence(of input: DeskScan) -> Evidence {
        Evidence(input.source == .keyboard ? .typedNumber : .signedData)
    }

    private static func name(for outcome: ScanOutcome) -> DeskVerdict.Name {
        switch outcome {
        case .ok, .okRepeatEntry, .alreadyInside, .okExit, .activated:
            .opened("Орлова Анна Сергеевна")
        case .legacyUnsigned, .okStatusOnly: .notAvailableOffline
        default: .none
        }
    }

    func admit(_ admission: DeskAdmission) async throws(DeskRefusal) -> DeskVerdict {
        if let pin = admission.pin {
            try Self.check(pin)
        } else if state.withLock({ $0.shift == nil }) {
            throw .pinNeeded
        }
        return try change(admission.nonce, to: .admitted) { verdict in
            [.ok, .okExit, .unknown, .unknownFormat].contains(verdict.outcome)
                ? .notAdmissible : nil
        }
    }

    func annul(_ annulment: DeskAnnulment) async throws(DeskRefusal) -> DeskVerdict {
        try Self.check(annulment.pin)
        return try change(annulment.nonce, to: .annulled) { verdict in
            verdict.standing == .annulled ? .alreadyDone : nil
        }
    }

    private func change(
        _ nonce: String,
        to standing: DeskVerdict.Standing,
        unless objection: (DeskVerdict) -> DeskRefusal?
    ) throws(DeskRefusal) -> DeskVerdict {
        let changed = state.withLock { state -> Result<DeskVerdict, DeskRefusal> in
            guard let place = state.verdicts.firstIndex(where: { $0.nonce == nonce }) else {
                return .failure(.unknownScan)
            }
            if let refusal = objection(state.verdicts[place]) { return .failure(refusal) }
            state.verdicts[place].standing = standing
            return .success(state.verdicts[place])
        }
        let verdict = try changed.get()
        tell(verdict)
        return verdict
    }

    func turn(to mode: ScanMode, pin: DeskSecret) async throws(DeskRefusal) {
        try Self.check(pin)
        state.withLock { $0.mode = mode }
        tell(nil)
    }

    func reopen(pin: DeskSecret) async throws(DeskRefusal) {
        try Self.check(pin)
        throw .unavailable
    }

    func takeShift(pin: DeskSecret?) async throws(DeskRefusal) {
        if let pin { try Self.check(pin) }
        state.withLock { $0.shift = pin == nil ? nil : "Петров И. А." }
        tell(nil)
    }

    func freezeQuorum(pin: DeskSecret) async throws(DeskRefusal) -> DeskQuorum {
        try Self.check(pin)
        state.withLock { $0.frozenAt = Self.now }
        tell(nil)
        return quorum()
    }

    func findByName(
        _ query: String,
        passphrase: DeskSecret
    ) async throws(DeskRefusal) -> [DeskPerson] {
        guard passphrase.text == Self.passphrase else { throw .wrongPassphrase }
        return Self.people.filter { $0.name?.lowercased().hasPrefix(query.lowercased()) == true }
    }

    func admitPerson(_ admission: DeskPersonAdmission) async throws(DeskRefusal) -> DeskVerdict {
        try Self.check(admission.pin)
        guard let person = Self.people.first(where: { $0.id == admission.person }) else {
            throw .unknownScan
        }
        let verdict = DeskVerdict(
            nonce: admission.nonce,
            outcome: person.isInside ? .alreadyInside : .ok,
            evidence: Evidence(.document),
            mode: .entry,
            at: Self.now,
            name: person.name.map { .opened($0) } ?? .none
        )
        state.withLock { $0.verdicts.insert(verdict, at: 0) }
        tell(verdict)
        return verdict
    }

    func knows(_ ticket: TicketNumber) async -> Bool { ticket == known }

    func status() async -> DeskStatus { panels() }

    func changes() async -> AsyncStream<DeskEvent> {
        let (stream, continuation) = AsyncStream<DeskEvent>.makeStream(
            bufferingPolicy: .bufferingNewest(32)
        )
        state.withLock { $0.listeners.append(continuation) }
        return stream
    }

    private static func check(_ pin: DeskSecret) throws(DeskRefusal) {
        guard pin.text == Self.pin else { throw .wrongPIN }
    }

    private func tell(_ verdict: DeskVerdict?) {
        let listeners = state.withLock { $0.listeners }
        let status = panels()
        for listener in listeners {
            if let verdict { listener.yield(.verdict(verdict)) }
            listener.yield(.status(status))
        }
    }
}

extension ScriptedDesk {
    private func panels() -> DeskStatus {
        let (mode, shift, verdicts) = state.withLock { ($0.mode, $0.shift, $0.verdicts) }
        let admitted = verdicts.filter { $0.outcome.admission == .yes }.count
        return DeskStatus(
            event: "XI отчётно-выборная конференция",
            station: "Станция Б, боковой вход",
            mode: mode,
            offline: .eventSnapshot,
            now: Self.now,
            clock: .good,
            snapshotAt: Self.now + -7300,
            statusListsAt: Self.now + -93_000,
            statusListsAreStale: true,
            leaseEndsAt: Self.now + 36_000,
            shift: shift,
            counts: .init(
                inside: 246 + admitted,
                admitted: admitted,
                refused: verdicts.filter { $0.outcome.admission == .no }.count
            ),
            quorum: quorum(),
            readers: [.init(name: "ACS ACR1252", state: .ready)],
            lastScans: Array(verdicts.prefix(20)),
            alarms: verdicts.first?.outcome == .internal
                ? [Bilingual("Мало места на диске.", "The disk is nearly full.")] : []
        )
    }

    /// 171 surely inside, 173 needed: the first two admissions carry it over.
    private func quorum() -> DeskQuorum {
        let (inside, frozenAt) = state.withLock { ($0.inside.count, $0.frozenAt) }
        let minimum = 171 + inside
        let verdict: QuorumVerdict = minimum >= 173 ? .holds : .cannotBeAsserted
        return DeskQuorum(
            minimum: minimum,
            maximum: minimum + 8,
            threshold: 173,
            base: 259,
            verdict: verdict,
            blocking: verdict == .holds ? [] : ["Станция В"],
            alert: verdict == .holds ? .thinMargin : nil,
            frozenAt: frozenAt
        )
    }
}
