public import UnionTicket

/// What can be said of the quorum, and on what it rests.
public struct QuorumReport: Equatable, Sendable {
    /// Bounds of the mandates inside.
    public let interval: PresenceInterval
    /// Of how many the threshold is a share.
    public let total: Int
    /// The smallest number that meets it.
    public let needed: Int
    /// Bounds of the organisations represented, where the event asks for them.
    public let organisations: PresenceInterval?
    /// Of how many organisations that is a share.
    public let organisationsTotal: Int
    /// Both conditions together.
    public let verdict: QuorumVerdict
    /// The stations on which it depends, when it cannot be asserted.
    public let blocking: [String]
}

/// Counts mandates, each once, whoever of its two people is inside.
struct MandateCount: Sendable {
    private let rules: EventRules
    /// The people who count under each mandate.
    private let holders: [UInt32: [Holder]]
    private let mandates: [Pseudonym: UInt32]
    private var states: [Pseudonym: PersonPresence] = [:]
    private var sure: Set<UInt32> = []
    private var possible: Set<UInt32> = []
    private let organisations: [Pseudonym: OrganisationCode]
    /// Gates that let people out whom they are not there for.
    private var distrusted: Set<String> = []

    private struct Holder: Sendable {
        let person: Pseudonym
        let organisation: OrganisationCode
        let isSubstitute: Bool
    }

    init(_ snapshot: EventSnapshot) {
        rules = snapshot.rules
        var holders: [UInt32: [Holder]] = [:]
        var mandates: [Pseudonym: UInt32] = [:]
        var organisations: [Pseudonym: OrganisationCode] = [:]
        let isLimited = snapshot.gates.contains { !$0.organisations.isEmpty }
        for place in 0..<snapshot.personCount {
            let person = snapshot.person(place)
            if isLimited { organisations[person.pseudonym] = person.organisation }
            guard person.counts else { continue }
            holders[person.mandate.number, default: []].append(
                Holder(
                    person: person.pseudonym,
                    organisation: person.organisation,
                    isSubstitute: person.mandate.isSubstitute
                )
            )
            mandates[person.pseudonym] = person.mandate.number
        }
        (self.holders, self.mandates, self.organisations) = (holders, mandates, organisations)
    }

    /// A person's organisation, where gates are limited to some.
    func organisation(of person: Pseudonym) -> OrganisationCode? { organisations[person] }

    /// A gate has let somebody out whom it is not there for: its limit bounds no exit any more.
    mutating func distrust(_ gate: String) { distrusted.insert(gate) }

    /// Notes where a person is.
    mutating func put(_ person: Pseudonym, _ state: PersonPresence) {
        guard let mandate = mandates[person], let people = holders[mandate] else { return }
        states[person] = state
        let known = people.compactMap { states[$0.person] }
        sure.update(mandate, isIn: known.contains(where: \.isSurelyInside))
        possible.update(mandate, isIn: known.contains(where: \.mayBeInside))
    }

    /// The report while these stations have not been heard of.
    func report(unheard gates: [Gate]) -> QuorumReport {
        let letOut = gates.filter(\.letsOut).map { gate in
            var gate = gate
            if distrusted.contains(gate.name) { gate.organisations = [] }
            return gate
        }
        let letIn = gates.filter(\.letsIn)
        let least = letOut.isEmpty ? sure : sure.filter { !isServed($0, letOut) }
        let most =
            letIn.isEmpty
            ? possible : possible.union(holders.keys.filter { isServed($0, letIn) })
        let interval = PresenceInterval(min: least.count, max: most.count)
        var verdict = QuorumVerdict(interval, of: total, rules.threshold)
        var organisations: PresenceInterval?
        if let share = rules.organisationShare {
            let bounds = PresenceInterval(
                min: organisationCount(least),
                max: organisationCount(most)
            )
            verdict = verdict.and(QuorumVerdict(bounds, of: rules.organisationsTotal, share))
            organisations = bounds
        }
        return QuorumReport(
            interval: interval,
            total: total,
            needed: rules.threshold.least(of: total),
            organisations: organisations,
            organisationsTotal: rules.organisationsTotal,
            verdict: verdict,
            blocking: verdict == .cannotBeAsserted ? gates.map(\.name).sorted() : []
        )
    }

    private var total: Int {
        switch rules.threshold.base {
        case .elected: rules.electedTotal
        case .confirmed: holders.count
        case .onRecord: rules.onRecordTotal
        }
    }

    private func isServed(_ mandate: UInt32, _ gates: [Gate]) -> Bool {
        (holders[mandate] ?? []).contains { holder in
            gates.contains { $0.serves(holder.organisation) }
        }
    }

    /// A mandate represents the organisation of its delegate, whoever stands in.
    private func organisationCount(_ mandates: Set<UInt32>) -> Int {
        Set(
            mandates.compactMap { mandate in
                let people = holders[mandate] ?? []
                return (people.first { !$0.isSubstitute } ?? people.first)?.organisation
            }
        ).count
    }
}

extension Set {
    fileprivate mutating func update(_ member: Element, isIn: Bool) {
        if isIn { insert(member) } else { remove(member) }
    }
}
