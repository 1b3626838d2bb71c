import TicketSeal
public import UnionTicket

/// The desk behind the kiosk page of a working station.
public actor LiveDesk: StationDesk {
    let duty: StationDuty
    let operators: OperatorBook
    var mode: ScanMode = .entry
    var shift: OperatorBook.Operator?
    var verdicts: [DeskVerdict] = []
    var readers: [String: DeskStatus.Reader.State] = [:]
    var alarm: Bilingual?
    var hasHeld = false
    var frozenAt: Instant?
    private var listeners: [Int: AsyncStream<DeskEvent>.Continuation] = [:]
    private var nextListener = 0
    private let clock: @Sendable () -> Int64

    /// How many verdicts the page lists.
    static let listed = 20
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

    var now: Instant { Instant(seconds: clock() / 1000) }

    /// Judges and keeps one scan.
    public func scan(_ input: DeskScan) async -> DeskVerdict {
        if let known = verdicts.last(where: { $0.nonce == input.nonce }) { return known }
        let scan = Scan(
            mode: mode,
            showing: .text(input.text, input.source),
            nonce: input.nonce,
            joinsRecent: true
        )
        return await judge(scan, typed: input.text)
    }

    /// A tap of a chip on one of the station's own readers.
    public func tap(_ chip: ChipEvidence) async -> DeskVerdict {
        await judge(Scan(mode: mode, showing: .chip(chip), nonce: ""), typed: nil)
    }

    /// A code that one of the station's own scanners read.
    public func read(_ text: String) async -> DeskVerdict {
        await judge(Scan(mode: mode, showing: .text(text, .scanner), nonce: ""), typed: text)
    }

    /// One of the station's own scanners broke off in the middle of a code.
    public func brokeOff() async -> DeskVerdict {
        await judge(Scan(mode: mode, showing: .broken, nonce: ""), typed: nil)
    }

    /// Tells the pages of what changed without a scan: newer files, the clock, the lease.
    public func refresh() async { await tell(.status(await status())) }

    private func judge(_ scan: Scan, typed: String?) async -> DeskVerdict {
        let verdict: DeskVerdict
        do {
            let answer = try await duty.scan(scan)
            alarm = nil
            if answer.entry == nil, let known = verdicts.last(where: { $0.nonce == answer.nonce }) {
                return known
            }
            verdict = await show(answer, scan, typed)
        } catch {
            alarm = (error as? JournalFile.Failure)?.message ?? Self.broken
            verdict = failed(scan)
        }
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
            nonce: answer.nonce,
            outcome: decision.outcome,
            evidence: decision.evidence,
            mode: scan.mode,
            at: now,
            number: Self.number(decision, typed),
            name: name,
            firstEntry: decision.firstEntry,
            detail: Self.detail(decision, scan.mode, snapshot),
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

    private static func detail(
        _ decision: Decision,
        _ mode: ScanMode,
        _ snapshot: EventSnapshot
    ) -> [Bilingual] {
        var lines: [Bilingual] = []
        if mode == .handOut, [.legacyUnsigned, .unknownFormat].contains(decision.outcome),
            decision.pseudonym != nil
        {
            lines.append(
                Bilingual(
                    "Выдают только карту нового образца: этот билет действует без выдачи",
                    "Only cards of the new kind are handed out: this ticket needs no hand-out"
                )
            )
        }
        if let person = decision.person.map(snapshot.person), decision.outcome.admission != .no {
            let number = person.mandate.number
            lines.append(Bilingual("Мандат № \(number)", "Mandate \(number)"))
        }
        if decision.isOfOtherGate {
            lines.append(
                Bilingual(
                    "Мероприятие допускает, но не через этот вход: к другому входу или к старшему",
                    "The event admits, but not at this gate: to another one or to the supervisor"
                )
            )
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

    func shown(_ person: EventPerson, name: String?) async -> DeskPerson {
        DeskPerson(
            id: Hex.text(person.pseudonym.bytes),
            name: name,
            detail: person.standing,
            isInside: await duty.isInside(person.pseudonym)
        )
    }

    func remember(_ verdict: DeskVerdict) {
        if let place = verdicts.lastIndex(where: { $0.nonce == verdict.nonce }) {
            verdicts[place] = verdict
        } else {
            verdicts.append(verdict)
            if verdicts.count > Self.remembered { verdicts.removeFirst() }
        }
    }

    func tell(_ event: DeskEvent) async {
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
