import UnionTicket

/// Decides what a station says of a scan: pure, replayable, total (station.md § One total function).
public struct Door: Sendable {
    /// The rows of the table, in the order in which they decide.
    public enum Row: String, Sendable, CaseIterable {
        /// 1–3: nothing that could be judged.
        case unreadable, unknownFormat, malformed
        /// 4–5: the station itself cannot judge.
        case clock, lease
        /// 6–8: not genuine, a copy, a replay.
        case keys, chip, virtual
        /// 9–10: a number without one person.
        case unknown, ambiguous
        /// 11–13: the carrier.
        case dates, status, freshness
        /// 14–16: the person.
        case membership, list, mandate
        /// 17: inside already.
        case presence
        /// 18–19: admitted after a look at a document.
        case legacy, statusOnly
        /// 20: admitted.
        case admitted
    }

    /// What the event's stations know.
    public let snapshot: EventSnapshot
    /// The station's rights; nil for a station that the snapshot does not name.
    private let gate: Gate?
    private let rows: [Row]

    /// The door of an event, at one of its stations.
    public init(_ snapshot: EventSnapshot, at station: String? = nil) {
        self.init(snapshot, at: station, without: nil)
    }

    /// A door that lacks one row; shows that the row is needed.
    init(_ snapshot: EventSnapshot, at station: String? = nil, without row: Row?) {
        self.snapshot = snapshot
        gate = station.flatMap { name in snapshot.gates.first { $0.name == name } }
        rows = Row.allCases.filter { $0 != row }
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - scan: What was shown.
    ///   - memory: What the station's journal says of the past.
    ///   - clock: What the station's clock reads.
    /// - Returns: Exactly one outcome, with what it rests on.
    public func decide(
        _ scan: Scan,
        _ memory: StationMemory,
        _ clock: StationClock
    ) -> Decision {
        decide(Matter(scan.mode, Reading(scan, snapshot), snapshot, memory, clock, at: gate))
    }

    /// Decides of a person found by name, whose document is looked at: the same rows, without a carrier.
    ///
    /// - Returns: Nil for a person whom the event does not know.
    func decide(
        byDocument name: Pseudonym,
        _ mode: ScanMode,
        _ memory: StationMemory,
        _ clock: StationClock
    ) -> Decision? {
        let places = 0..<snapshot.personCount
        return places.first { snapshot.person($0).pseudonym == name }.map { place in
            decide(Matter(mode, Reading(person: place), snapshot, memory, clock, at: gate))
        }
    }

    private func decide(_ matter: Matter) -> Decision {
        var matter = matter
        let outcome = first(of: rows, &matter) ?? .internal
        return matter.decision(outcome)
    }

    private func first(of rows: [Row], _ matter: inout Matter) -> ScanOutcome? {
        for row in rows {
            if row == .clock {
                guard clockDecides(&matter, rows) else { continue }
                return .clockSuspect
            }
            if let outcome = matter.outcome(of: row) { return outcome }
        }
        return nil
    }

    /// Row 4 holds only when the verdict would depend on time: what is refused at any time is refused,
    /// and what asks for no time is not held up.
    private func clockDecides(_ matter: inout Matter, _ rows: [Row]) -> Bool {
        guard matter.clock.isSuspect(snapshot) else { return false }
        matter.ignoresTime = true
        var timeless = matter
        let rest = first(of: rows.filter { $0 != .clock }, &timeless) ?? .internal
        return rest.admission != .no && timeless.askedTime
    }
}
