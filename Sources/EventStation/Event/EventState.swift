public import Registry
import TicketSeal
public import UnionTicket

extension EventOffice {
    /// The state of an event as headquarters knows it.
    public struct Report: Sendable {
        /// The event.
        public let event: Int64
        /// Its title.
        public let title: String
        /// Its kind.
        public let kind: EventKind
        /// People with a confirmed decisive vote.
        public let decisive: Int
        /// How many of them are inside.
        public let decisiveInside: Int
        /// People with a confirmed advisory vote.
        public let advisory: Int
        /// How many of them are inside.
        public let advisoryInside: Int
        /// Guests.
        public let guests: Int
        /// How many of them are inside.
        public let guestsInside: Int
        /// The stations.
        public let stations: [(name: String, entries: Int, state: String)]
        /// The quorum.
        public let quorum: QuorumReport
        /// Admissions that only merging showed to be second ones.
        public let duplicates: [PersonPresence.Duplicate]
        /// Entries that wait beyond a gap in their station's journal, by station.
        public let waiting: [String: Int]
        /// Numbers that a station's key signed twice: it is in two places.
        public let forks: [String: [UInt64]]
    }

    /// The moment by which headquarters goes.
    public var now: Instant { book.now }

    /// Takes a list of delegates.
    public func take(
        _ rows: [(line: Int, draft: DelegateDraft?, issues: [RowIssue])]
    ) throws -> [EventBook.RowResult] {
        try book.take(rows, event: event.id, by: user)
    }

    /// Who is inside, by the journals taken in and the mandates as they are now.
    ///
    /// - Parameters:
    ///   - moment: Only entries up to this moment count; nil counts all.
    ///   - participants: Everybody, read by the caller.
    /// - Returns: The gathering, and the hash of each journal's end.
    /// - Throws: ``RegisterError``.
    public func gathering(
        at moment: Instant? = nil,
        _ participants: [EventBook.Participant]
    ) throws -> (gathering: Gathering, heads: [String: [UInt8]]) {
        let people = participants.compactMap { participant in
            Pseudonym(participant.pseudonym).map {
                EventPerson(
                    pseudonym: $0,
                    mandate: participant.mandate,
                    hasLeft: participant.hasLeft,
                    organisation: participant.organisation
                )
            }
        }
        let snapshot = EventSnapshot(
            counting: people,
            rules: rules,
            gates: try gates(),
            issuedAt: now
        )
        var gathering = Gathering(snapshot)
        let (entries, heads) = try entries()
        for entry in entries
        where moment.map({ entry.correctedClock <= $0.seconds * 1000 + 999 }) ?? true {
            gathering.add(entry)
        }
        return (gathering, heads)
    }

    /// Everybody with their names; the reading is logged.
    public func participants(for reason: String) throws -> [EventBook.Participant] {
        try book.participants(of: event.id, reason: reason, by: user)
    }

    /// The stations that have not been heard of up to a moment; one that closed is heard of until
    /// it says that it was opened again.
    ///
    /// A station is heard of up to its last entry, or up to the clock it handed its whole journal over
    /// at: that is its watermark.
    ///
    /// - Parameters:
    ///   - gathering: The journals taken in.
    ///   - moment: The moment; nil asks for all time, which only closed stations answer for.
    /// - Returns: Their gates.
    /// - Throws: ``RegisterError``.
    public func unheard(_ gathering: Gathering, at moment: Instant?) throws -> [Gate] {
        let contacts = try book.contacts(of: event.id)
        return try gates().filter { gate in
            let last = gathering.journals.entries(of: gate.name).last
            if gathering.journals.isClosed(gate.name) { return false }
            guard let moment else { return true }
            let contact = contacts[gate.name].flatMap {
                $0.sequence <= gathering.journals.last(of: gate.name) ? $0.clock : nil
            }
            guard let heard = [last?.correctedClock, contact].compactMap(\.self).max() else {
                return true
            }
            return heard < moment.seconds * 1000
        }
    }

    /// What can be said of the quorum at a moment.
    public func quorum(at moment: Instant?) throws -> QuorumReport {
        let participants = try participants(for: "quorum")
        let all = try gathering(participants).gathering
        let unheard = try unheard(all, at: moment)
        // Without a moment everything counts, and everything is read already.
        let counted = try moment == nil ? all : gathering(at: moment, participants).gathering
        return counted.quorum(unheard: unheard)
    }

    /// The event's papers; the reading of names is logged.
    public func papers(for reason: String) throws -> EventPapers {
        let participants = try participants(for: reason)
        let (gathering, heads) = try gathering(participants)
        let people = participants.compactMap { participant in
            Pseudonym(participant.pseudonym).map {
                PaperPerson(
                    pseudonym: $0,
                    name: participant.name,
                    organisationName: participant.organisationName.isEmpty
                        ? "\(participant.organisation)" : participant.organisationName
                )
            }
        }
        return EventPapers(gathering, people: people, issuedAt: now, heads: heads)
    }

    /// The state of the event now.
    public func report() throws -> Report {
        let participants = try participants(for: "report")
        let gathering = try gathering(participants).gathering
        let odd = try book.odd(of: event.id)
        func count(_ participation: Participation, insideOnly: Bool) -> Int {
            participants.count { participant in
                guard participant.mandate.participation == participation,
                    participant.mandate.state.admits, !participant.hasLeft
                else { return false }
                guard insideOnly else { return true }
                return Pseudonym(participant.pseudonym).map {
                    gathering.presence(of: $0).isInside
                } ?? false
            }
        }
        return Report(
            event: event.id,
            title: event.title,
            kind: rules.kind,
            decisive: count(.decisive, insideOnly: false),
            decisiveInside: count(.decisive, insideOnly: true),
            advisory: count(.advisory, insideOnly: false),
            advisoryInside: count(.advisory, insideOnly: true),
            guests: count(.guest, insideOnly: false),
            guestsInside: count(.guest, insideOnly: true),
            stations: try stationLines(gathering),
            quorum: gathering.quorum(unheard: try unheard(gathering, at: nil)),
            duplicates: gathering.duplicates,
            waiting: odd.waiting,
            forks: odd.forks
        )
    }

    private func stationLines(
        _ gathering: Gathering
    ) throws -> [(name: String, entries: Int, state: String)] {
        try book.stations(of: event.id).map { station in
            let entries = gathering.journals.entries(of: station.name)
            let state =
                station.revokedAt != nil
                ? "revoked"
                : station.publicKey == nil
                    ? "new" : gathering.journals.isClosed(station.name) ? "closed" : "open"
            return (station.name, entries.count, state)
        }
    }
}
