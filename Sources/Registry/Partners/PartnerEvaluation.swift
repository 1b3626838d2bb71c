import UnionTicket

/// Who may be exported to one partner on a day, and as what; reads only.
///
/// A member in good standing, with a consent to this partner that holds on the day, of age or with a
/// representative's consent, whose ticket was issued and is not blocked (partner.md).
struct PartnerEvaluation {
    /// What holds of one member.
    struct Verdict {
        /// What the partner may see; nil when nothing.
        var content: Content?
        /// Whether the person's data were destroyed.
        var isErased = false
        /// The member that this record goes on as, at the end of all its merges.
        var mergedInto: Int64?
        /// The day of the last withdrawal, or after the last consent ended; see ``endings(of:in:)``.
        var since: Int64?
        /// The next day on which time alone may change the verdict.
        var due: Int64?
        /// Whether consent holds and only the age is missing.
        var isTooYoung = false
        /// Whether a consent to this partner holds.
        var hasConsent = false
        /// Whether the consent to the keeping of the record is withdrawn: no other one holds then.
        var isStopped = false
    }

    /// The part of a row that comes from the register.
    struct Content: Equatable {
        var status: PartnerStatus
        var number: Int64?
        var validUntil: Int64
        var carriers: Int64
        var region: Int64
    }

    let register: Register
    let terms: Partners.Terms
    let day: CalendarDate
    /// Texts of consents to this partner: those of adults and those of representatives.
    private let texts: (own: [Int64], representative: Set<Int64>)

    init(
        _ register: Register,
        _ terms: Partners.Terms,
        on day: CalendarDate,
        in session: any DatabaseSession
    ) throws {
        (self.register, self.terms, self.day) = (register, terms, day)
        let found = try session.all(
            "SELECT id, form FROM consent_text WHERE purpose = 'bonusTransfer' AND recipient = $1",
            [.text(terms.recipient)]
        ) { (id: $0.integer(0), isRepresentative: $0.text(1) == Self.representative) }
        texts = (found.map(\.id), Set(found.filter(\.isRepresentative).map(\.id)))
    }

    /// The form of a consent that a parent or guardian gave.
    static let representative = "representative"

    /// The ids of every text, for SQL; 0 stands where there is none.
    var textList: String {
        texts.own.isEmpty ? "0" : texts.own.map(String.init).joined(separator: ", ")
    }

    /// The verdicts on members, at most 256 at a time.
    func verdicts(
        on members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: Verdict] {
        guard let part = members.map(SQLValue.integer).parts(of: 256).first else { return [:] }
        var found: [Int64: Verdict] = [:]
        var sealed: [(member: Int64, fields: [UInt8])] = []
        var regions: [Int64: Int64] = [:]
        let consents = try consents(part, in: session)
        try session.query(
            """
            SELECT m.id, m.state, m.region, m.sealed,
                (SELECT min(w.withdrawn_on) FROM consent_withdrawal w WHERE w.member_id = m.id
                AND w.purpose = 'register' AND w.done_at IS NULL)
            FROM member m WHERE m.id IN (\(part.placeholders))
            """,
            part.padded
        ) { row in
            let id = row.integer(0)
            var verdict = Verdict()
            let consent = consents[id]
            (verdict.since, verdict.due) = (consent?.withdrawnOn, consent?.due)
            let fields = row.blob(3)
            verdict.isErased = fields.isEmpty
            let stopped = row.optionalInteger(4)
            verdict.isStopped = stopped != nil
            verdict.hasConsent = consent?.holds == true && !verdict.isStopped
            if let stopped {
                let ended = consent?.holds == true ? nil : verdict.since
                verdict.since = min(ended ?? stopped, stopped)
            }
            if verdict.hasConsent, row.text(1) == MemberStatus.active.rawValue,
                !verdict.isErased
            {
                regions[id] = row.integer(2)
                if consent?.isRepresentative == false { sealed.append((id, fields)) }
            }
            found[id] = verdict
        }
        for (member, heir) in try MemberMerge.heirs(of: members, in: session) {
            found[member]?.mergedInto = heir
        }
        for (member, birth) in try MemberVault(register: register).birthDays(of: sealed)
        where birth.adding(years: terms.minimumAge) > day {
            regions[member] = nil
            found[member]?.isTooYoung = true
            found[member]?.due = Int64(day.day) + 1
        }
        let tickets = try tickets(Array(regions.keys), in: session)
        for (member, region) in regions where found[member]?.mergedInto == nil {
            guard let ticket = tickets[member] else { continue }
            let due = found[member]?.due
            found[member]?.due = ticket.over.map { min(due ?? $0, $0) } ?? due
            found[member]?.content = ticket.content
            found[member]?.content?.region = region
        }
        return found
    }

    private struct Consents {
        var holds = false
        var isRepresentative = false
        var withdrawnOn: Int64?
        var due: Int64?
    }

    private func consents(
        _ part: ArgumentPart,
        in session: any DatabaseSession
    ) throws -> [Int64: Consents] {
        let today = Int64(day.day)
        var found: [Int64: Consents] = [:]
        try session.query(
            """
            SELECT c.member_id, c.text_id, c.given_on, c.until, c.withdrawn_on,
                (SELECT count(*) FROM consent_act a
                 WHERE a.id = -c.import_id AND a.sealed_representative IS NOT NULL)
            FROM consent c
            WHERE c.member_id IN (\(part.placeholders)) AND c.text_id IN (\(textList))
            """,
            part.padded
        ) { row in
            let id = row.integer(0)
            let (given, until) = (row.integer(2), row.optionalInteger(3))
            if let withdrawn = row.optionalInteger(4) {
                let last = max(found[id]?.withdrawnOn ?? withdrawn, withdrawn)
                found[id, default: Consents()].withdrawnOn = last
                return
            }
            if let until, until < today {
                found[id, default: Consents()].withdrawnOn = max(
                    found[id]?.withdrawnOn ?? until + 1,
                    until + 1
                )
                return
            }
            let next = given > today ? given : until.map { $0 + 1 }
            if let next {
                let first = min(found[id]?.due ?? next, next)
                found[id, default: Consents()].due = first
            }
            guard given <= today else { return }
            found[id, default: Consents()].holds = true
            if texts.representative.contains(row.integer(1)) || row.integer(5) > 0 {
                found[id]?.isRepresentative = true
            }
        }
        return found
    }

    /// Tickets that were issued and are not blocked for good.
    private func tickets(
        _ members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: (content: Content, over: Int64?)] {
        guard let part = members.map(SQLValue.integer).parts(of: 256).first else { return [:] }
        var standing: [Int64: Standing] = [:]
        try session.query(
            """
            SELECT member_id, kind, state, expires_at FROM carrier
            WHERE member_id IN (\(part.placeholders)) AND kind <> 'legacyPlastic'
            """,
            part.padded
        ) { row in
            guard let kind = CarrierKind(rawValue: row.text(1)),
                let state = CarrierState(rawValue: row.text(2))
            else { return }
            standing[row.integer(0), default: Standing()].meet(
                kind,
                state,
                until: row.optionalInteger(3),
                on: day
            )
        }
        var found: [Int64: (content: Content, over: Int64?)] = [:]
        try session.query(
            """
            SELECT member_id, number FROM ticket_number
            WHERE state = 'assigned' AND member_id IN (\(part.placeholders))
            """,
            part.padded
        ) { row in
            let member = row.integer(0)
            guard let ticket = standing[member], let status = ticket.status else { return }
            let content = Content(
                status: status,
                number: terms.columns.contains(.number) ? row.integer(1) : nil,
                validUntil: ticket.validUntil,
                carriers: ticket.carriers,
                region: 0
            )
            found[member] = (content, ticket.over)
        }
        return found
    }

    /// What a member's carriers come to.
    private struct Standing {
        private var isLive = false
        private var isSuspended = false
        private var plastic: Int64?
        private var virtual: Int64?
        private(set) var carriers: Int64 = 0
        /// The day after the first card's last one.
        private(set) var over: Int64?

        mutating func meet(
            _ kind: CarrierKind,
            _ state: CarrierState,
            until: Int64?,
            on day: CalendarDate
        ) {
            let isOnItsWay = kind == .plastic && state.isInPipeline
            guard state.isUsable || isOnItsWay else { return }
            if kind == .plastic, let until {
                let last = Instant(seconds: until).moscowDate
                guard last >= day else { return }
                over = min(over ?? .max, Int64(last.day) + 1)
            }
            if state == .suspended { isSuspended = true } else { isLive = true }
            if state.isUsable { carriers |= kind == .plastic ? 1 : 2 }
            if kind == .plastic {
                plastic = max(plastic ?? 0, until ?? 0)
            } else {
                virtual = max(virtual ?? 0, until ?? 0)
            }
        }

        /// A reissue on its way keeps the ticket alive; without any carrier it is blocked.
        var status: PartnerStatus? { isLive ? .active : isSuspended ? .suspended : nil }

        /// Of the plastic where there is one: a virtual card is renewed every few days.
        var validUntil: Int64 {
            Int64(Instant(seconds: plastic ?? virtual ?? 0).moscowDate.day)
        }
    }
}
