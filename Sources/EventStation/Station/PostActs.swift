public import UnionTicket

/// What people at a station do beside scanning: each gives the entry to make durable and commit.
extension Post {
    /// Why an act is refused.
    public enum Refusal: String, Error, Equatable, Sendable {
        /// No entry of that name is known here.
        case unknownEntry = "unknown_entry"
        /// More than 15 minutes ago, or of another station and not by a supervisor.
        case tooLate = "annulment_refused"
        /// It was annulled before.
        case alreadyAnnulled = "already_annulled"
        /// A reason must be given.
        case noReason = "no_reason"
        /// This scan admits nobody, whoever asks.
        case notAdmissible = "not_admissible"
        /// The station is closed.
        case closed = "station_closed"
    }

    /// Takes an entry back.
    ///
    /// - Parameters:
    ///   - nonce: The scan's.
    ///   - reason: Why; not empty.
    ///   - isSupervisor: Whether a supervisor acts, who may take back what other stations wrote.
    ///   - operatorName: Who acts.
    ///   - reading: The clock.
    /// - Returns: The entry to keep.
    /// - Throws: Why not.
    public func annulment(
        of nonce: String,
        reason: String,
        bySupervisor isSupervisor: Bool,
        operatorName: String = "",
        _ reading: Reading
    ) throws(Refusal) -> JournalEntry {
        guard !isClosed else { throw .closed }
        guard !reason.isEmpty else { throw .noReason }
        let journals = gathering.journals
        let entries = journals.entries(nonce: nonce)
        guard !entries.isEmpty else { throw .unknownEntry }
        guard !entries.allSatisfy(journals.isAnnulled) else { throw .alreadyAnnulled }
        var entry = next(.annulment, nonce: nonce, reading)
        entry.reason = reason
        entry.bySupervisor = isSupervisor
        entry.operatorName = operatorName
        entry.person = entries.compactMap(\.person).first
        guard entries.contains(where: { journals.annuls(entry, $0) }) else { throw .tooLate }
        return entry
    }

    /// Admits whom a scan had not: after a look at a document, or by a supervisor.
    ///
    /// - Parameters:
    ///   - nonce: The scan's.
    ///   - person: Which of several people it is, whose own rows are asked then; nil takes the one the
    ///     scan found.
    ///   - hand: Who admits and why.
    ///   - reading: The clock.
    /// - Returns: The entry to keep.
    /// - Throws: Why not.
    public func admission(
        of nonce: String,
        person: Pseudonym? = nil,
        _ hand: Hand,
        _ reading: Reading
    ) throws(Refusal) -> JournalEntry {
        let scans = gathering.journals.entries(nonce: nonce).filter { $0.kind == .scan }
        guard let scan = scans.first, let outcome = scan.outcome else { throw .unknownEntry }
        guard !isClosed else { throw .closed }
        guard person == nil || person == scan.person || outcome == .ambiguous,
            let person = person ?? scan.person, isServed(person), !hasPassed(nonce),
            outcome.canBeForced, scan.mode == .entry
        else { throw .notAdmissible }
        let chosen = outcome == .ambiguous ? try judged(person, .entry, reading) : nil
        let isAfterCheck =
            [.afterCheck, .choice].contains(outcome.admission) && !isInside(person)
            && chosen?.outcome.needsForce != true
        guard isAfterCheck || hand.forces else { throw .notAdmissible }
        guard isAfterCheck || !hand.reason.isEmpty else { throw .noReason }
        var entry = next(.admission, nonce: nonce, reading)
        entry.outcome = outcome
        entry.evidence = scan.evidence
        entry.coordinate = scan.coordinate
        entry.person = person
        entry.passed = true
        entry.isForced = !isAfterCheck
        entry.bySupervisor = hand.forces
        entry.reason = hand.reason
        entry.operatorName = hand.operatorName
        return entry
    }

    /// Admits a person found by name, by a document (station.md § Events).
    ///
    /// - Parameters:
    ///   - person: The person's name at the event.
    ///   - mode: In or out.
    ///   - nonce: The entry's name; an empty one draws it.
    ///   - hand: The supervisor.
    ///   - reading: The clock.
    /// - Returns: The entry to keep: with the row that stood against it, and forced then.
    /// - Throws: Why not.
    public func admission(
        byDocument person: Pseudonym,
        _ mode: ScanMode,
        nonce: String = "",
        _ hand: Hand,
        _ reading: Reading
    ) throws(Refusal) -> JournalEntry {
        guard !isClosed else { throw .closed }
        guard hand.forces, !hand.reason.isEmpty else { throw .noReason }
        guard nonce.isEmpty || gathering.journals.entries(nonce: nonce).isEmpty, mode != .handOut
        else { throw .notAdmissible }
        let decision = try judged(person, mode, reading)
        var entry = next(.admission, nonce: nonce, reading)
        entry.mode = mode
        entry.outcome = decision.outcome
        entry.evidence = decision.evidence
        entry.person = person
        entry.passed = true
        entry.isForced = decision.outcome.needsForce
        entry.bySupervisor = true
        entry.reason = hand.reason
        entry.operatorName = hand.operatorName
        return entry
    }

    /// What the rows say of a person whose document is looked at.
    private func judged(
        _ person: Pseudonym,
        _ mode: ScanMode,
        _ reading: Reading
    ) throws(Refusal) -> Decision {
        let decision = door.decide(
            byDocument: person,
            mode,
            gathering.memory,
            clock(at: reading)
        )
        guard let decision, !decision.outcome.needsForce || decision.outcome.canBeForced else {
            throw .notAdmissible
        }
        return decision
    }

    private func hasPassed(_ nonce: String) -> Bool {
        gathering.journals.entries(nonce: nonce).contains {
            $0.passed && !gathering.journals.isAnnulled($0)
        }
    }

    /// Whether this station's gate is there for the person.
    private func isServed(_ person: Pseudonym) -> Bool {
        gathering.serves(person, at: name)
    }

    private func isInside(_ person: Pseudonym) -> Bool {
        gathering.memory.inside[person] != nil
    }

    /// Notes how far other stations' journals are known.
    ///
    /// - Parameters:
    ///   - handedOver: Of each journal what it tells of everybody, ``JournalSet/known(of:clock:)``.
    ///   - reading: The clock.
    /// - Returns: The entry to keep.
    public func sync(
        _ handedOver: [[String: JournalEntry.Known]],
        _ reading: Reading
    ) -> JournalEntry {
        var entry = next(.sync, nonce: "", reading)
        let last = EntryPlace(station: name, sequence: entry.sequence - 1)
        var known = gathering.journals.marks(before: last, at: reading.clock)
        for (station, mark) in handedOver.flatMap(\.self)
        where mark.sequence >= known[station]?.sequence ?? 0 {
            known[station] = mark
        }
        known[name] = nil
        entry.known = known
        return entry
    }

    /// Fixes the quorum before a vote: what was known, by which entries, for good.
    ///
    /// - Parameters:
    ///   - gates: Stations that were not heard of.
    ///   - reading: The clock.
    /// - Returns: The entry to keep.
    public func freeze(unheard gates: [Gate], _ reading: Reading) -> JournalEntry {
        let report = gathering.quorum(unheard: gates)
        var entry = next(.freeze, nonce: "", reading)
        let heads = gathering.journals.stations.map { "\($0):\(gathering.journals.last(of: $0))" }
        entry.reason = """
            min=\(report.interval.min) max=\(report.interval.max) total=\(report.total) \
            needed=\(report.needed) verdict=\(report.verdict.rawValue) \
            journals=\(heads.joined(separator: ","))
            """
        return entry
    }
}

extension ScanOutcome {
    /// Whether nobody but a supervisor lets the person through.
    var needsForce: Bool { admission == .no || admission == .supervisor }

    /// Whether a supervisor may admit in spite of it: the evidence tells of a known person.
    var canBeForced: Bool {
        switch self {
        case .unreadable, .unknownFormat, .malformed, .unknownKey, .revokedKey, .forged,
            .clonedChip, .unknown, .notOnList, .internal, .stationClosed:
            false
        default: true
        }
    }
}
