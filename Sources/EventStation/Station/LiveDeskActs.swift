import TicketSeal
public import UnionTicket

/// What operators do at the desk.
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
        case .closed: .stationClosed
        }
    }

    private func verdict(_ nonce: String) throws(DeskRefusal) -> DeskVerdict {
        guard let verdict = verdicts.last(where: { $0.nonce == nonce }) else { throw .unknownScan }
        return verdict
    }

    /// Admits by hand the person of a shown verdict; in spite of a row a supervisor does, by PIN.
    public func admit(_ admission: DeskAdmission) async throws(DeskRefusal) -> DeskVerdict {
        let person = try person(admission.pin)
        var verdict = try verdict(admission.nonce)
        guard verdict.standing == .shown else { throw .alreadyDone }
        guard verdict.outcome.canBeForced, verdict.outcome.admission != .yes else {
            throw .notAdmissible
        }
        if verdict.outcome.needsForce {
            guard admission.pin != nil else { throw .pinNeeded }
            guard person.isSupervisor else { throw .notAllowed }
        }
        if let id = admission.person, !verdict.candidates.contains(where: { $0.id == id }) {
            throw .notAdmissible
        }
        let chosen = admission.person.flatMap { Hex.bytes($0) }.flatMap { Pseudonym($0) }
        var hand = Post.Hand()
        hand.operatorName = person.name
        hand.forces = person.isSupervisor && admission.pin != nil
        hand.reason = admission.reason
        let (duty, action) = (duty, hand)
        _ = try await doing { try await duty.admit(admission.nonce, person: chosen, action) }
        verdict.standing = .admitted
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

    /// Opens the closed station again.
    public func reopen(pin: DeskSecret) async throws(DeskRefusal) {
        let person = try person(pin)
        let duty = duty
        do { _ = try await duty.reopen(operatorName: person.name) } catch { throw .journalFailed }
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
        if let known = verdicts.last(where: { $0.nonce == admission.nonce }) { return known }
        let pseudonym = Hex.bytes(admission.person).flatMap { Pseudonym($0) }
        guard let pseudonym else { throw .unknownScan }
        var hand = Post.Hand()
        hand.operatorName = person.name
        hand.forces = true
        hand.reason = admission.reason
        let (duty, mode, action) = (duty, mode, hand)
        let entry = try await doing {
            try await duty.admit(byDocument: pseudonym, mode, nonce: admission.nonce, action)
        }
        let outcome = entry.outcome ?? .internal
        let verdict = DeskVerdict(
            nonce: entry.nonce,
            outcome: outcome,
            evidence: Evidence(.document),
            mode: mode,
            at: now,
            standing: .admitted,
            name: .notAvailableOffline,
            detail: entry.isForced ? [OutcomeFace(outcome).headline] : []
        )
        remember(verdict)
        await tell(.verdict(verdict))
        return verdict
    }
}
