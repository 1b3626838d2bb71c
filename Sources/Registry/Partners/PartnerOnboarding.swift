import UnionTicket
import TicketSeal

/// Finds the tickets of participants that a partner had before there was an exchange.
public struct PartnerOnboarding: Sendable {
    let register: Register

    /// The onboarding in this register.
    public init(_ register: Register) { self.register = register }

    /// One participant as the partner knows it.
    public struct Participant: Sendable {
        /// Line of the file.
        public var line: Int
        /// The partner's own identifier.
        public var reference: String
        /// A ticket's number as typed.
        public var number: String?
        /// A number of the old scheme.
        public var legacy: String?
        /// A one-time code for this partner.
        public var code: String?

        /// A participant of a line.
        public init(line: Int, reference: String) {
            (self.line, self.reference) = (line, reference)
        }
    }

    /// How a participant ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// Found and exported: the pseudonym is told.
        case matched
        /// Found by an old number that several people bear, or several lines give this participant
        /// the tickets of several people.
        case ambiguous
        /// A code is given, and it is not an open one of the ticket that the number names.
        case contradictory
        /// Nobody was found.
        case unmatched
        /// Found, and no consent to this partner stands.
        case noConsent
        /// Found, consents, and is not to be exported: age, standing or a blocked ticket.
        case notEligible
        /// The same ticket was found for an earlier line.
        case duplicate
    }

    /// One participant with the outcome; for the union only, since it tells who is a member.
    public struct Result: Sendable, Equatable {
        /// Line of the file.
        public let line: Int
        /// The partner's own identifier.
        public let reference: String
        /// How it ended.
        public let outcome: Outcome
        /// By what it was found: `number`, `legacy` or `code`.
        public let by: String?
        /// The pseudonym, for those matched only.
        public let pseudonym: PartnerPseudonym?
    }

    /// Matches participants, at most 256 at a time, in one transaction each time.
    ///
    /// - Parameters:
    ///   - participants: Any number of them.
    ///   - partner: The partner's short name.
    ///   - user: Who does it.
    /// - Returns: A result for each, in their order.
    /// - Throws: ``RegisterError``.
    public func match(
        _ participants: [Participant],
        of partner: String,
        by user: SignedInUser
    ) throws -> [Result] {
        try user.requireEverywhere(.managePartners)
        var hits: [Hit] = []
        hits.reserveCapacity(participants.count)
        let slices = stride(from: 0, to: participants.count, by: 256).map {
            $0..<min($0 + 256, participants.count)
        }
        for slice in slices {
            hits += try register.read { session in
                let known = try Partners(register).partner(partner, in: session)
                return try participants[slice].map { try find($0, known, in: session) }
            }
        }
        settle(participants, &hits)
        var seen: Set<Int64> = []
        var results: [Result] = []
        for slice in slices {
            let found = Array(zip(participants[slice], hits[slice]))
            let (part, members) = try register.write { session in
                try match(found, partner, seen, in: session)
            }
            results += part
            seen.formUnion(members)
        }
        try register.write { session in
            let matched = results.count { $0.outcome == .matched }
            try Partners(register).log(
                "partner.onboard",
                partner,
                "rows \(results.count) matched \(matched)",
                user,
                session
            )
        }
        return results
    }
}

extension PartnerOnboarding {
    /// Whom a line leads to.
    private struct Hit {
        var members: [Int64] = []
        var by = ""
        var isContradictory = false
    }

    /// Lines that give one participant the tickets of several people say nothing of any of them.
    private func settle(_ participants: [Participant], _ hits: inout [Hit]) {
        var people: [String: Int64] = [:]
        var torn: [String: Set<Int64>] = [:]
        for (participant, hit) in zip(participants, hits) {
            guard hit.members.count == 1, !hit.isContradictory else { continue }
            let first = people[participant.reference]
            if let first, first != hit.members[0] {
                torn[participant.reference, default: [first]].insert(hit.members[0])
            }
            if first == nil { people[participant.reference] = hit.members[0] }
        }
        for place in hits.indices where hits[place].members.count == 1 {
            if let all = torn[participants[place].reference] { hits[place].members = all.sorted() }
        }
    }

    private func match(
        _ found: [(participant: Participant, hit: Hit)],
        _ partner: String,
        _ seen: Set<Int64>,
        in session: any DatabaseSession
    ) throws -> ([Result], Set<Int64>) {
        let known = try Partners(register).partner(partner, in: session)
        let evaluation = try PartnerEvaluation(
            register,
            known.terms,
            on: register.now().moscowDate,
            in: session
        )
        let members = Array(
            Set(found.compactMap { $0.hit.members.count == 1 ? $0.hit.members[0] : nil })
        )
        let verdicts = try evaluation.verdicts(on: members, in: session)
        var taken = seen
        var exported: [Int64] = []
        let results = found.map { participant, hit -> Result in
            var outcome = Outcome.unmatched
            var pseudonym: PartnerPseudonym?
            if hit.members.count > 1 { outcome = .ambiguous }
            if hit.isContradictory {
                outcome = .contradictory
            } else if hit.members.count == 1, let member = hit.members.first {
                let verdict = verdicts[member]
                if !taken.insert(member).inserted {
                    outcome = .duplicate
                } else if verdict?.content != nil {
                    outcome = .matched
                    pseudonym = PartnerPseudonym(bytes: known.key.pseudonym(of: member))
                    exported.append(member)
                } else {
                    outcome = verdict?.hasConsent == true ? .notEligible : .noConsent
                }
            }
            return Result(
                line: participant.line,
                reference: participant.reference,
                outcome: outcome,
                by: hit.members.isEmpty ? nil : hit.by,
                pseudonym: pseudonym
            )
        }
        let judgement = PartnerJudgement(register: register)
        for member in exported { try judgement.judge(member, for: known, in: session) }
        return (results, taken)
    }

    private func find(
        _ participant: Participant,
        _ partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> Hit {
        let bearer = try participant.code.flatMap {
            try PartnerCodes(register).holder($0, partner.id, in: session)
        }
        if let number = participant.number, let ticket = ticket(number) {
            let member =
                try session.first(
                    "SELECT member_id FROM ticket_number WHERE number = $1 AND state = 'assigned'",
                    [.int(ticket.value)]
                ) { $0.optionalInteger(0) } ?? nil
            if let member {
                let isContradictory = participant.code != nil && bearer != member
                return Hit(members: [member], by: "number", isContradictory: isContradictory)
            }
        }
        if let bearer { return Hit(members: [bearer], by: "code") }
        guard let legacy = participant.legacy, legacy.utf8.count <= 64 else { return Hit() }
        let members = try session.all(
            """
            SELECT member_id FROM carrier WHERE kind = 'legacyPlastic' AND legacy_number = $1
                AND member_id IS NOT NULL
            UNION SELECT id FROM member WHERE legacy_number = $2 AND state = 'active'
            """,
            [.text(legacy), .text(legacy)]
        ) { $0.integer(0) }
        let isContradictory = participant.code != nil && members.count == 1
        return Hit(members: members, by: "legacy", isContradictory: isContradictory)
    }

    private func ticket(_ text: String) -> TicketNumber? {
        switch TypedNumber(text) {
        case .ticket(let ticket): ticket
        case .carrier(let carrier): carrier.ticket
        case .refused: nil
        }
    }
}
