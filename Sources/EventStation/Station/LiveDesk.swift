import TicketSeal
public import UnionTicket

/// The desk behind the kiosk page of a working station.
public actor LiveDesk: StationDesk {
    private let duty: StationDuty
    private let operators: OperatorBook
    private var mode: ScanMode = .entry
    private var shift: OperatorBook.Operator?
    private var verdicts: [DeskVerdict] = []
    private var recent: [String: (at: Int64, verdict: DeskVerdict)] = [:]
    private var admitted = 0
    private var refused = 0
    private var readers: [String: DeskStatus.Reader.State] = [:]
    private var alarm: Bilingual?
    private var hasHeld = false
    private var frozenAt: Instant?
    private var listeners: [Int: AsyncStream<DeskEvent>.Continuation] = [:]
    private var nextListener = 0
    private let clock: @Sendable () -> Int64

    /// How many verdicts the page lists.
    private static let listed = 20
    /// How many verdicts can still be admitted or annulled from the page.
    private static let remembered = 500

    /// The desk of a station.
    ///
    /// - Parameters:
    ///   - duty: The station.
    ///   - operators: Who may work at it.
    ///   - clock: Milliseconds since 1970.
    public init(
        _ duty: StationDuty,
        operators: OperatorBook,
        clock: @escaping @Sendable () -> Int64 = StationDuty.systemClock
    ) {
        (self.duty, self.operators, self.clock) = (duty, operators, clock)
    }

    private var now: Instant { Instant(seconds: clock() / 1000) }

    /// Judges and keeps one scan.
    public func scan(_ input: DeskScan) async -> DeskVerdict {
        if let known = verdicts.last(where: { $0.nonce == input.nonce }) { return known }
        if let same = same(input.text) { return same }
        let source = ScanSource(rawValue: input.source.rawValue) ?? .scanner
        let scan = Scan(mode: mode, showing: .text(input.text, source), nonce: input.nonce)
        let verdict = await judge(scan, typed: input.text)
        recent[input.text] = (clock(), verdict)
        return verdict
    }

    /// A tap of a chip on one of the station's own readers.
    public func tap(_ chip: ChipEvidence) async -> DeskVerdict {
        await judge(Scan(mode: mode, showing: .chip(chip), nonce: ""), typed: nil)
    }

    /// The verdict on the same code a moment ago: it is the same scan.
    private func same(_ text: String) -> DeskVerdict? {
        let now = clock()
        recent = recent.filter { now - $0.value.at < Post.display }
        guard let (at, verdict) = recent[text], verdict.mode == mode else { return nil }
        let limit = verdict.evidence.level == .presentation ? Post.display : Post.sameScan
        return (0..<limit).contains(now - at)
            ? verdicts.last { $0.nonce == verdict.nonce } ?? verdict : nil
    }

    private func judge(_ scan: Scan, typed: String?) async -> DeskVerdict {
        let verdict: DeskVerdict
        do {
            let answer = try await duty.scan(scan)
            alarm = nil
            verdict = await show(answer, scan, typed)
        } catch {
            alarm = (error as? JournalFile.Failure)?.message ?? Self.broken
            verdict = failed(scan)
        }
        if verdict.outcome.admission == .yes { admitted += 1 } else { refused += 1 }
        remember(verdict)
        await tell(.verdict(verdict))
        return verdict
    }

    private static let broken = Bilingual(
        "Внутренняя ошибка станции: отметка не записана.",
        "Internal failure of the station: the scan was not kept."
    )

    /// Nothing is let through that was not kept.
    private func failed(_ scan: Scan) -> DeskVerdict {
        DeskVerdict(
            nonce: scan.nonce,
            outcome: .internal,
            evidence: Evidence(.none),
            mode: scan.mode,
            at: now,
            detail: [alarm ?? Self.broken]
        )
    }

    private func show(
        _ answer: Post.Answer,
        _ scan: Scan,
        _ typed: String?
    ) async -> DeskVerdict {
        let decision = answer.decision
        let snapshot = await duty.snapshot
        var name = DeskVerdict.Name.none
        if let text = decision.name {
            name = .opened(text)
        } else if decision.pseudonym != nil {
            name = .notAvailableOffline
        }
        return DeskVerdict(
            nonce: answer.entry?.nonce ?? scan.nonce,
            outcome: decision.outcome,
            evidence: decision.evidence,
            mode: scan.mode,
            at: now,
            number: Self.number(decision, typed),
            name: name,
            firstEntry: decision.firstEntry.map { .init(at: $0.at, station: $0.station) },
            detail: Self.detail(decision, snapshot),
            candidates: await candidates(decision, snapshot)
        )
    }

    private static func number(_ decision: Decision, _ typed: String?) -> String? {
        if let ticket = decision.ticket { return ticket.description }
        guard let typed, typed.utf8.count <= 64 else { return nil }
        switch TypedNumber(typed) {
        case .ticket(let ticket): return ticket.description
        case .carrier(let carrier): return carrier.ticket.description
        case .refused: return nil
        }
    }

    private static func detail(_ decision: Decision, _ snapshot: EventSnapshot) -> [Bilingual] {
        var lines: [Bilingual] = []
        if let person = decision.person.map(snapshot.person), decision.outcome.admission != .no {
            let number = person.mandate.number
            lines.append(Bilingual("Мандат № \(number)", "Mandate \(number)"))
        }
        if let passed = decision.passedOver {
            let words = OutcomeFace(passed).headline
            lines.append(
                Bilingual("Выход разрешён: \(words.russian)", "Exit allowed: \(words.english)")
            )
        }
        if let age = decision.statusAge, decision.outcome == .okStatusStale {
            lines.append(
                Bilingual(
                    "Списку статусов \(age / 3600) ч",
                    "The status list is \(age / 3600) h old"
                )
            )
        }
        return lines
    }

    private func candidates(
        _ decision: Decision,
        _ snapshot: EventSnapshot
    ) async -> [DeskPerson] {
        var people: [DeskPerson] = []
        for place in decision.candidates {
            let person = snapshot.person(place)
            people.append(await shown(person, name: nil))
        }
        return people
    }

    private func shown(_ person: EventPerson, name: String?) async -> DeskPerson {
        DeskPerson(
            id: Hex.text(person.pseudonym.bytes),
            name: name,
            detail: Bilingual(
                "Мандат № \(person.mandate.number), \(person.organisation)",
                "Mandate \(person.mandate.number), \(person.organisation)"
            ),
            isInside: await duty.gathering.presence(of: person.pseudonym).isInside
        )
    }

    private func remember(_ verdict: DeskVerdict) {
        if let place = verdicts.lastIndex(where: { $0.nonce == verdict.nonce }) {
            verdicts[place] = verdict
        } else {
            verdicts.append(verdict)
            if verdicts.count > Self.remembered { verdicts.removeFirst() }
        }
    }

    private func tell(_ event: DeskEvent) async {
        let status = await status()
        for listener in listeners.values {
            listener.yield(event)
            listener.yield(.status(status))
        }
    }

    /// What changes from now on.
    public func changes() async -> AsyncStream<DeskEvent> {
        let id = nextListener
        nextListener += 1
        let (stream, continuation) = AsyncStream<DeskEvent>.makeStream(
            bufferingPolicy: .bufferingNewest(64)
        )
        listeners[id] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.drop(id) }
        }
        return stream
    }

    private func drop(_ id: Int) { listeners[id] = nil }

    /// Ends every page's stream.
    public func stop() {
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    /// Notes how a reader is doing.
    public func note(reader name: String, _ state: DeskStatus.Reader.State?) async {
        readers[name] = state
        await tell(.status(await status()))
    }

    /// Whether the snapshot holds a ticket.
    public func knows(_ ticket: TicketNumber) async -> Bool {
        await !duty.snapshot.carrierPlaces(number: ticket.digits).isEmpty
    }
}

// What operators do.
extension LiveDesk {
    /// The person behind a PIN, or whoever has the shift.
    private func person(
        _ pin: DeskSecret?
    ) throws(DeskRefusal) -> OperatorBook.Operator {
        guard let pin else {
            guard let shift else { throw .pinNeeded }
            return shift
        }
        guard let person = operators.person(pin: pin.text) else { throw .wrongPIN }
        return person
    }

    private func doing(
        _ body: () async throws -> JournalEntry
    ) async throws(DeskRefusal) -> JournalEntry {
        do { return try await body() } catch {
            switch error {
            case let refusal as Post.Refusal: throw Self.refusal(refusal)
            case let failure as JournalFile.Failure:
                alarm = failure.message
                throw .journalFailed
            default: throw .journalFailed
            }
        }
    }

    private static func refusal(_ refusal: Post.Refusal) -> DeskRefusal {
        switch refusal {
        case .unknownEntry: .unknownScan
        case .tooLate: .tooLate
        case .alreadyAnnulled: .alreadyDone
        case .noReason: .reasonNeeded
        case .notAdmissible: .notAdmissible
        }
    }

    private func verdict(_ nonce: String) throws(DeskRefusal) -> DeskVerdict {
        guard let verdict = verdicts.last(where: { $0.nonce == nonce }) else { throw .unknownScan }
        return verdict
    }

    /// Admits by hand the person of a shown verdict.
    public func admit(_ admission: DeskAdmission) async throws(DeskRefusal) -> DeskVerdict {
        let person = try person(admission.pin)
        var verdict = try verdict(admission.nonce)
        guard verdict.standing == .shown else { throw .alreadyDone }
        if verdict.outcome.admission == .supervisor, !person.isSupervisor { throw .notAllowed }
        let chosen = admission.person.flatMap { Hex.bytes($0) }.flatMap { Pseudonym($0) }
        var hand = Post.Hand()
        hand.operatorName = person.name
        hand.forces = person.isSupervisor && verdict.outcome.admission == .supervisor
        hand.reason = admission.reason
        let (duty, action) = (duty, hand)
        _ = try await doing { try await duty.admit(admission.nonce, person: chosen, action) }
        verdict.standing = .admitted
        admitted += 1
        refused -= 1
        remember(verdict)
        await tell(.verdict(verdict))
        return verdict
    }

    /// Takes a scan back.
    public func annul(_ annulment: DeskAnnulment) async throws(DeskRefusal) -> DeskVerdict {
        let person = try person(annulment.pin)
        var verdict = try verdict(annulment.nonce)
        let duty = duty
        _ = try await doing {
            try await duty.annul(
                annulment.nonce,
                reason: annulment.reason,
                bySupervisor: person.isSupervisor,
                operatorName: person.name
            )
        }
        verdict.standing = .annulled
        remember(verdict)
        recent = [:]
        await tell(.verdict(verdict))
        return verdict
    }

    /// Turns the gate.
    public func turn(to mode: ScanMode, pin: DeskSecret) async throws(DeskRefusal) {
        let person = try person(pin)
        let gate = await duty.gate
        switch mode {
        case .entry where !gate.letsIn, .exit where !gate.letsOut: throw .unavailable
        default: break
        }
        let duty = duty
        do { try await duty.note("mode \(mode.rawValue)", operatorName: person.name) } catch {
            throw .journalFailed
        }
        self.mode = mode
        await tell(.status(await status()))
    }

    /// Begins or ends a shift.
    public func takeShift(pin: DeskSecret?) async throws(DeskRefusal) {
        shift = try pin.map { pin throws(DeskRefusal) in try person(pin) }
        await tell(.status(await status()))
    }

    /// Fixes the quorum before a vote.
    public func freezeQuorum(pin: DeskSecret) async throws(DeskRefusal) -> DeskQuorum {
        _ = try person(pin)
        guard await duty.snapshot.mode == .event else { throw .unavailable }
        let duty = duty
        _ = try await doing { try await duty.freeze().entry }
        frozenAt = now
        await tell(.status(await status()))
        return await quorum()
    }

    /// Searches the supervisor's name index; the search is journalled, the words are not.
    public func findByName(
        _ query: String,
        passphrase: DeskSecret
    ) async throws(DeskRefusal) -> [DeskPerson] {
        let snapshot = await duty.snapshot
        guard !snapshot.nameIndex.isEmpty else { throw .unavailable }
        guard let index = NameIndex(snapshot, passphrase: passphrase.text) else {
            throw .wrongPassphrase
        }
        do { try await duty.note("name search") } catch { throw .journalFailed }
        var people: [DeskPerson] = []
        for found in index.find(query) {
            people.append(await shown(snapshot.person(found.person), name: found.name))
        }
        return people
    }

    /// Admits a person found by name.
    public func admitPerson(
        _ admission: DeskPersonAdmission
    ) async throws(DeskRefusal) -> DeskVerdict {
        let person = try person(admission.pin)
        guard person.isSupervisor else { throw .notAllowed }
        let pseudonym = Hex.bytes(admission.person).flatMap { Pseudonym($0) }
        guard let pseudonym else { throw .unknownScan }
        var hand = Post.Hand()
        hand.operatorName = person.name
        hand.forces = true
        hand.reason = admission.reason
        let (duty, mode, action) = (duty, mode, hand)
        let entry = try await doing {
            try await duty.admit(byDocument: pseudonym, mode, action)
        }
        let verdict = DeskVerdict(
            nonce: entry.nonce,
            outcome: entry.outcome ?? .okStatusOnly,
            evidence: Evidence(.document),
            mode: mode,
            at: now,
            standing: .admitted,
            name: .notAvailableOffline
        )
        admitted += 1
        remember(verdict)
        await tell(.verdict(verdict))
        return verdict
    }
}

// What the panels show.
extension LiveDesk {
    /// What the panels show now.
    public func status() async -> DeskStatus {
        let snapshot = await duty.snapshot
        let lists = snapshot.statuses.values
        let oldest = lists.map(\.issuedAt).min()
        let isStale = lists.contains { $0.freshness(at: now) != .fresh }
        let isEvent = snapshot.mode == .event
        return DeskStatus(
            event: snapshot.rules.title,
            station: duty.folder.name,
            mode: mode,
            offline: isEvent ? .eventSnapshot : .cardOnly,
            now: now,
            clock: await duty.clockState,
            snapshotAt: isEvent ? snapshot.issuedAt : nil,
            statusListsAt: oldest,
            statusListsAreStale: isStale,
            leaseEndsAt: snapshot.leaseEnd,
            shift: shift?.name,
            counts: .init(
                inside: await duty.gathering.insideCount,
                admitted: admitted,
                refused: refused
            ),
            quorum: isEvent ? await quorum() : nil,
            readers: readers.sorted { $0.key < $1.key }.map {
                .init(name: $0.key, state: $0.value)
            },
            lastScans: verdicts.suffix(Self.listed).reversed(),
            alarms: alarm.map { [$0] } ?? []
        )
    }

    private func quorum() async -> DeskQuorum {
        let report = await duty.quorum()
        var alert: DeskQuorum.Alert?
        if report.verdict == .holds {
            hasHeld = true
            if report.interval.min - report.needed <= Self.thin(report.needed) {
                alert = .thinMargin
            }
        } else if hasHeld {
            alert = .lost
        }
        return DeskQuorum(
            minimum: report.interval.min,
            maximum: report.interval.max,
            threshold: report.needed,
            base: report.total,
            verdict: DeskQuorum.Verdict(rawValue: report.verdict.rawValue) ?? .cannotBeAsserted,
            blocking: report.blocking,
            alert: alert,
            frozenAt: frozenAt
        )
    }

    /// How few above the threshold are a thin margin: a twentieth of it.
    private static func thin(_ needed: Int) -> Int { needed / 20 }
}
