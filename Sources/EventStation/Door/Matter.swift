import TicketSeal
import UnionTicket

/// One scan on its way through the rows: what was read, whose it is, what has been found out so far.
struct Matter {
    let mode: ScanMode
    let snapshot: EventSnapshot
    let memory: StationMemory
    let clock: StationClock
    let gate: Gate?
    let reading: Reading
    /// The clock cannot be right, so rows that ask for time pass.
    var ignoresTime = false
    /// Whether a row has asked for time.
    var askedTime = false
    /// The carrier that is judged, where the snapshot knows it.
    var carrier: EventCarrier?
    var candidates: [Int] = []
    private var evidence: Evidence
    private var statusAge: Int64?
    private var isStale = false

    init(
        _ mode: ScanMode,
        _ reading: Reading,
        _ snapshot: EventSnapshot,
        _ memory: StationMemory,
        _ clock: StationClock,
        at gate: Gate?
    ) {
        self.mode = mode
        self.gate = gate
        self.snapshot = snapshot
        self.memory = memory
        self.clock = clock
        self.reading = reading
        evidence = reading.evidence
        identify()
        person = place.map(snapshot.person)
    }

    /// The claims of a payload.
    var claims: TicketClaims? {
        guard case .payload(let judgement) = reading.content else { return nil }
        return judgement.claims
    }

    /// The identity of the carrier that was shown.
    var coordinate: StatusCoordinate? { claims?.coordinate ?? carrier?.coordinate }

    /// The person's place, where the snapshot knows one: the carrier's, or for a carrier that is newer
    /// than the snapshot that of its ticket.
    var place: Int? { carrier?.person ?? ticketHolder }
    private var ticketHolder: Int?
    /// Where the snapshot has the carrier that a payload names.
    private var carrierPlace: Int?

    /// The person, where the snapshot knows one.
    private(set) var person: EventPerson?

    /// Whether the event admits the person, but not here: gates may be limited to organisations.
    private var isOfOtherGate: Bool {
        person.map { gate?.serves($0.organisation) == false } ?? false
    }

    private mutating func identify() {
        switch reading.content {
        case .payload(let judgement):
            carrierPlace = judgement.claims.flatMap { snapshot.carrierPlace($0.coordinate) }
            carrier = carrierPlace.map(snapshot.carrier)
            if carrierPlace == nil { ticketHolder = holder(judgement.claims) }
        case .chip(let place):
            carrier = place.map(snapshot.carrier)
        case .number(_, let places):
            let carriers = places.map(snapshot.carrier)
            let people = Set(carriers.map(\.person)).sorted()
            candidates = mode == .exit ? inside(people) : people
            if candidates.isEmpty, people.count > 1 { candidates = people }
            if candidates.count <= 1 {
                let person = candidates.first ?? people.first
                carrier = best(carriers.filter { $0.person == person })
                candidates = []
            }
        case .person(let place): ticketHolder = place
        case .fault, .unknownFormat, .malformed: break
        }
    }

    /// Whose ticket a payload shows, by the ticket's number.
    private func holder(_ claims: TicketClaims?) -> Int? {
        guard let ticket = claims?.carrier.ticket else { return nil }
        return snapshot.carrierPlaces(number: ticket.digits).lazy.map(snapshot.carrier)
            .first { $0.kind != .legacyPlastic }?.person
    }

    private func inside(_ people: [Int]) -> [Int] {
        people.filter { memory.inside[snapshot.person($0).pseudonym] != nil }
    }

    /// Of the carriers that bear one number the one that is in the best standing.
    private func best(_ carriers: [EventCarrier]) -> EventCarrier? {
        carriers.first { refusal(of: $0) == nil } ?? carriers.last
    }

    /// Whether a row holds, and with which outcome.
    mutating func outcome(of row: Door.Row) -> ScanOutcome? {
        switch row {
        case .unreadable, .unknownFormat, .malformed, .clock: understood(row)
        case .lease: lease()
        case .keys: keys()
        case .chip: chip()
        case .virtual: virtual()
        case .unknown: unknown()
        // Nobody knows whose exit an ambiguous number would be.
        case .ambiguous: candidates.isEmpty ? nil : .ambiguous
        default: mode == .exit ? .okExit : afterIdentity(row)
        }
    }

    private mutating func afterIdentity(_ row: Door.Row) -> ScanOutcome? {
        switch row {
        case .dates: dates()
        case .status: carrierStatus()
        case .freshness: freshness()
        case .membership: person?.hasLeft == true ? .memberLeft : nil
        case .list: person == nil && snapshot.mode == .event || isOfOtherGate ? .notOnList : nil
        default: mode == .handOut ? handedOut() : ofPerson(row)
        }
    }

    private func ofPerson(_ row: Door.Row) -> ScanOutcome? {
        switch row {
        case .mandate: person.map { $0.mandate.state.admits } ?? true ? nil : .mandateNotConfirmed
        case .presence: presence()
        case .legacy: carrier?.kind == .legacyPlastic ? .legacyUnsigned : nil
        case .statusOnly: isStatusOnly ? .okStatusOnly : nil
        default: admitted()
        }
    }

    /// The decision with everything that was found on the way.
    func decision(_ outcome: ScanOutcome) -> Decision {
        var decision = Decision(outcome, evidence)
        // What nobody vouches for tells of no person, no carrier and no ticket.
        guard keys() == nil else { return decision }
        decision.person = place
        decision.pseudonym = presenceName
        decision.coordinate = coordinate
        decision.ticket = claims?.carrier.ticket
        decision.candidates = candidates
        decision.statusAge = statusAge
        decision.isOfOtherGate = outcome == .notOnList && isOfOtherGate
        decision.screen = screen
        if let chip = reading.chip, let uid = chip.uid, let counter = chip.counter,
            chip.authentication == .passed
        {
            decision.chip = (snapshot.hash(uid: uid), counter)
        }
        if outcome == .alreadyInside {
            decision.firstEntry = presenceName.flatMap { memory.inside[$0] }
        }
        if outcome == .okExit { decision.passedOver = passedOver }
        if outcome != .snapshotTooOld, let carrierPlace, let coordinate,
            let secret = reading.secret
        {
            decision.name = snapshot.name(carrier: carrierPlace, coordinate, secret: secret)
        }
        return decision
    }

    /// By what name presence is kept: the person's, without people the ticket's.
    var presenceName: Pseudonym? {
        if let person { return person.pseudonym }
        guard snapshot.mode == .cardsOnly, let ticket = claims?.carrier.ticket else { return nil }
        return Pseudonym(snapshot.hash(number: ticket.digits).prefix(Pseudonym.length))
    }

    private var screen: StationMemory.Screen? {
        guard case .payload(let judgement) = reading.content, let shown = judgement.presentedAt,
            let coordinate = judgement.claims?.coordinate
        else { return nil }
        return StationMemory.Screen(coordinate: coordinate, shownAt: shown)
    }
}

// Rows 1–9.
extension Matter {
    private func understood(_ row: Door.Row) -> ScanOutcome? {
        switch (row, reading.content) {
        case (.unreadable, .fault): .unreadable
        case (.unknownFormat, .unknownFormat): .unknownFormat
        case (.malformed, .malformed): .malformed
        default: nil
        }
    }

    private mutating func lease() -> ScanOutcome? {
        // An exit with a wrong clock is let through; with a right one the lease holds for it too.
        if mode != .exit { askedTime = true }
        guard !ignoresTime else { return nil }
        return clock.now >= snapshot.leaseEnd || clock.now >= snapshot.bundleEnd
            ? .snapshotTooOld : nil
    }

    private func keys() -> ScanOutcome? {
        guard case .payload(let judgement) = reading.content else { return nil }
        switch judgement.verdict {
        case .unknownKey: return .unknownKey
        case .revokedKey: return .revokedKey
        case .badSignature: return .forged
        default: return nil
        }
    }

    private mutating func chip() -> ScanOutcome? {
        guard let chip = reading.chip else { return nil }
        if chip.authentication == .failed { return .clonedChip }
        let bound = claims?.chipUID ?? carrier?.uid
        if let bound, let uid = chip.uid, bound != uid { return .clonedChip }
        if chip.authentication == .passed, let uid = chip.uid, let counter = chip.counter,
            let last = memory.counters[snapshot.hash(uid: uid)], counter <= last
        {
            return .clonedChip
        }
        // Without the binding the chip's own proof says nothing of this carrier (ticket.md § 6).
        if bound == nil || chip.uid == nil, claims != nil { evidence.level = .signedData }
        evidence.fresh = chip.isLive && evidence.level != .signedData
        return nil
    }

    private mutating func virtual() -> ScanOutcome? {
        guard case .payload(let judgement) = reading.content, let claims = judgement.claims,
            claims.carrier.issue == 0
        else { return nil }
        guard let shown = judgement.presentedAt, let screen else { return .unboundVirtual }
        askedTime = true
        let distance = clock.corrected.seconds.subtractingReportingOverflow(shown.seconds)
        let isNear =
            !distance.overflow
            && distance.partialValue.magnitude <= UInt64(Presentation.tolerance)
        if !ignoresTime, !isNear { return .staleVirtual }
        return memory.screens.contains(screen) ? .replayedVirtual : nil
    }

    private func unknown() -> ScanOutcome? {
        switch reading.content {
        case .number(let digits, let carriers) where carriers.isEmpty:
            let ticket = digits.utf8.count == 16 ? String(digits.prefix(15)) : digits
            return snapshot.wasIssued(number: ticket) ? nil : .unknown
        case .chip(nil): return .unknown
        default: return nil
        }
    }
}

// Rows 11–13.
extension Matter {
    private mutating func dates() -> ScanOutcome? {
        guard let claims else { return nil }
        askedTime = true
        guard !ignoresTime else { return nil }
        if clock.now >= claims.expiresAt { return .expired }
        return claims.notBefore.map { clock.now < $0 } == true ? .notYetValid : nil
    }

    private func carrierStatus() -> ScanOutcome? {
        if let carrier { return refusal(of: carrier) }
        return coordinate.flatMap { refusal(published: published($0), state: nil) }
    }

    /// What stands against a carrier: the status list first, with the snapshot's reason where there
    /// is one; what either knows to be blocked is blocked at any age.
    func refusal(of carrier: EventCarrier) -> ScanOutcome? {
        let listed = carrier.coordinate.flatMap(published)
        // A card of the old scheme has no hand-out that a station could learn of: who holds it has it.
        if carrier.kind == .legacyPlastic, carrier.state.isInPipeline || carrier.state == .handedOut
        {
            return nil
        }
        if let coordinate = carrier.coordinate, memory.activated.contains(coordinate),
            listed != .invalid, carrier.state.isInPipeline || carrier.state == .handedOut
        {
            return nil
        }
        if mode == .handOut, listed != .invalid,
            carrier.state.isInPipeline || carrier.state == .handedOut
        {
            return nil
        }
        return refusal(published: listed, state: isOvertaken(carrier, listed) ? nil : carrier.state)
    }

    /// A list that is newer than the snapshot knows of a hand-out that the snapshot does not.
    private func isOvertaken(_ carrier: EventCarrier, _ listed: PublishedStatus?) -> Bool {
        guard listed == .valid, carrier.state.published == .suspended,
            let token = carrier.coordinate.flatMap({ snapshot.statuses[$0.list] })
        else { return false }
        return token.issuedAt > snapshot.issuedAt
    }

    private func refusal(
        published: PublishedStatus?,
        state: CarrierState?
    ) -> ScanOutcome? {
        let known = state?.published ?? .valid
        guard published ?? .valid != .valid || known != .valid else { return nil }
        switch state {
        case .lost, .stolen: return .lost
        case .replaced: return .replaced
        case .some(let state) where known == .invalid:
            return state == .expired ? .expired : .revoked
        default: break
        }
        if published == .invalid { return .revoked }
        if let state, state.isInPipeline || state == .handedOut { return .notHandedOut }
        return .suspended
    }

    private func published(_ coordinate: StatusCoordinate) -> PublishedStatus? {
        guard let token = snapshot.statuses[coordinate.list],
            Int(coordinate.index) < token.list.count
        else { return nil }
        return PublishedStatus(rawValue: token.list[Int(coordinate.index)]) ?? .invalid
    }

    private mutating func freshness() -> ScanOutcome? {
        guard let coordinate else {
            // A card of the old scheme has no status but the snapshot's.
            let isKnown = carrier != nil || snapshot.mode == .event
            return isKnown ? nil : .statusUnknown
        }
        guard let token = snapshot.statuses[coordinate.list],
            Int(coordinate.index) < token.list.count
        else { return .statusUnknown }
        askedTime = true
        guard !ignoresTime else { return nil }
        statusAge = clock.now.seconds - token.issuedAt.seconds
        switch token.freshness(at: clock.now, limit: snapshot.rules.statusLimit) {
        case .fresh: return nil
        case .stale:
            isStale = true
            return nil
        case .unknown: return .statusUnknown
        }
    }
}

// Rows 16–20 and the other two modes.
extension Matter {
    private func presence() -> ScanOutcome? {
        guard let name = presenceName else { return nil }
        if memory.inside[name] != nil { return .alreadyInside }
        return memory.admitted.contains(name) && !snapshot.rules.allowsReEntry
            ? .reEntryForbidden : nil
    }

    private var isStatusOnly: Bool {
        // Whoever has no vote is admitted as a guest by a document too.
        if case .person = reading.content, person?.mandate.participation != .decisive {
            return false
        }
        return [.typedNumber, .barcode, .uid, .document].contains(evidence.level)
    }

    private func admitted() -> ScanOutcome {
        if let mandate = person?.mandate, mandate.participation != .decisive { return .okGuest }
        if presenceName.map(memory.admitted.contains) == true { return .okRepeatEntry }
        return isStale ? .okStatusStale : .ok
    }

    private func handedOut() -> ScanOutcome {
        if carrier?.kind == .legacyPlastic { return .legacyUnsigned }
        return claims?.carrier.issue == 0 || coordinate == nil ? .unknownFormat : .activated
    }

    /// What would have refused this person's entry: an exit passes it over and says so.
    private var passedOver: ScanOutcome? {
        var matter = self
        for row in [Door.Row.dates, .status, .freshness, .membership, .list] {
            if let outcome = matter.afterIdentity(row) { return outcome }
        }
        return nil
    }
}
