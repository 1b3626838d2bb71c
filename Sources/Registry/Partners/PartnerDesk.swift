import UnionTicket
import TicketSeal

/// What a partner's own programs may ask: always one partner, bound by whoever makes the desk.
///
/// The service makes it for an API client that speaks for this partner; nothing here reaches another
/// partner's rows, and every refusal to a question about a person looks the same (privacy.md L10).
public struct PartnerDesk: Sendable {
    let register: Register
    /// The partner's short name.
    public let partner: String
    private let user: SignedInUser

    /// The desk of one partner, acting as `user` in the audit log.
    public init(_ register: Register, partner: String, actingAs user: SignedInUser) {
        (self.register, self.partner, self.user) = (register, partner, user)
    }

    /// Ids that one status question may name.
    public static let questionLimit = 1_000

    /// How a consent reached the register.
    public enum ConsentWay: String, Sendable, CaseIterable {
        /// It is recorded in the register already.
        case recorded
        /// The member gave it on the partner's page to the registered electronic text.
        case relayed
    }

    /// Joins a participant of the partner to a ticket.
    ///
    /// The code is used up only after everything else was found right.
    ///
    /// - Parameters:
    ///   - number: The ticket's number as typed.
    ///   - code: The one-time code that the member was given for this partner.
    ///   - way: `relayed` records a consent given on the partner's page.
    /// - Returns: The pseudonym, or nil: every reason against it is one to the partner.
    /// - Throws: ``RegisterError`` when there is no such partner.
    public func link(
        number: String,
        code: String,
        consent way: ConsentWay
    ) throws -> PartnerPseudonym? {
        try register.write { session in
            let known = try Partners(register).partner(partner, in: session)
            let codes = PartnerCodes(register)
            let bearer = try bearer(of: number, in: session)
            let holder = try codes.holder(code, known.id, in: session)
            guard let member = holder, member == bearer else {
                if let bearer { try codes.fail(of: bearer, known.id, in: session) }
                try log("partner.link", "refused", in: session)
                return nil
            }
            let evaluation = try PartnerEvaluation(
                register,
                known.terms,
                on: register.now().moscowDate,
                in: session
            )
            var verdict = try evaluation.verdicts(on: [member], in: session)[member]
            if way == .relayed, let found = verdict, !found.hasConsent, !found.isStopped {
                guard try record(member, known, in: session) else {
                    try log("partner.link", "refused", in: session)
                    return nil
                }
                let again = try PartnerEvaluation(
                    register,
                    known.terms,
                    on: register.now().moscowDate,
                    in: session
                )
                verdict = try again.verdicts(on: [member], in: session)[member]
            }
            guard verdict?.content != nil else {
                try log("partner.link", "refused", in: session)
                return nil
            }
            try PartnerJudgement(register: register).judge(member, for: known, in: session)
            try codes.use(of: member, known.id, in: session)
            try log("partner.link", "linked", of: member, in: session)
            return PartnerPseudonym(bytes: known.key.pseudonym(of: member))
        }
    }

    /// What holds now of ids that were exported to this partner; nil for everything else.
    ///
    /// - Parameter ids: At most ``questionLimit``, in any order.
    /// - Returns: The ids in their order.
    /// - Throws: ``RegisterError`` when there are more.
    public func status(of ids: [String]) throws -> [(id: String, status: PartnerStatus?)] {
        guard ids.count <= Self.questionLimit else {
            throw RegisterError(
                .badInput,
                "За один раз не больше \(Self.questionLimit) идентификаторов.",
                "No more than \(Self.questionLimit) ids at a time."
            )
        }
        let names = ids.map { PartnerPseudonym($0)?.bytes }
        return try register.read { session in
            let known = try Partners(register).partner(partner, in: session)
            let exported = try exported(names.compactMap(\.self), known, in: session)
            let members = Array(Set(exported.values))
            let evaluation = try PartnerEvaluation(
                register,
                known.terms,
                on: register.now().moscowDate,
                in: session
            )
            var found: [Int64: PartnerStatus] = [:]
            for start in stride(from: 0, to: members.count, by: 256) {
                let slice = Array(members[start..<min(start + 256, members.count)])
                for (member, verdict) in try evaluation.verdicts(on: slice, in: session) {
                    found[member] = verdict.content?.status
                }
            }
            return zip(ids, names).map { id, name in
                (id, name.flatMap { exported[$0] }.flatMap { found[$0] })
            }
        }
    }

    /// The packages of this partner, oldest first.
    public func packages() throws -> [PartnerPackages.Package] {
        try register.read { session in
            try PartnerPackages(register).packages(
                try Partners(register).partner(partner, in: session),
                "state <> 'prepared'",
                in: session
            )
        }
    }

    /// Takes an acknowledgement of this partner.
    public func acknowledge(
        _ acknowledgement: PartnerAcknowledgements.Acknowledgement,
        bytes: [UInt8]
    ) throws -> (answer: PartnerAcknowledgements.Answer, isRepeated: Bool) {
        try PartnerAcknowledgements(register).take(acknowledgement, partner, bytes, user)
    }

    /// Takes statistics of this partner; false when the same figures were taken before.
    public func take(_ report: PartnerStatistics.Report, bytes: [UInt8]) throws -> Bool {
        try PartnerStatistics(register).take(report, partner, bytes, user)
    }

    /// Notes that a package was fetched.
    public func noteDownload(_ sequence: Int) throws {
        try register.write { try log("partner.download", "\(sequence)", in: $0) }
    }
}

extension PartnerDesk {
    private func bearer(of number: String, in session: any DatabaseSession) throws -> Int64? {
        guard number.utf8.count <= 64, case .ticket(let ticket) = TypedNumber(number) else {
            return nil
        }
        return try session.first(
            "SELECT member_id FROM ticket_number WHERE number = $1 AND state = 'assigned'",
            [.int(ticket.value)]
        ) { $0.optionalInteger(0) } ?? nil
    }

    /// Records the consent given on the partner's page; false where no electronic text is registered.
    private func record(
        _ member: Int64,
        _ known: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> Bool {
        let recipient = known.terms.recipient
        let text = try session.first(
            """
            SELECT id, years FROM consent_text WHERE purpose = 'bonusTransfer' AND recipient = $1
                AND form = 'electronic' AND added_at IS NOT NULL ORDER BY id DESC
            """,
            [.text(recipient)]
        ) {
            ConsentLedger.Text(
                purpose: .bonusTransfer,
                recipient: recipient,
                id: $0.integer(0),
                years: $0.optionalInteger(1).map(Int.init)
            )
        }
        guard let text else { return false }
        _ = try ConsentDesk(register).enter(
            .init(.bonusTransfer, recipient: recipient),
            to: text,
            on: register.now().moscowDate,
            of: member,
            region: try MemberFile(register).organisation(of: member, in: session).region,
            by: user,
            in: session
        )
        return true
    }

    /// The members behind ids whose last sent row still stands.
    private func exported(
        _ names: [[UInt8]],
        _ known: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> [[UInt8]: Int64] {
        var sealed: [[UInt8]: [UInt8]] = [:]
        for part in names.map(SQLValue.blob).parts(of: 256) {
            try session.query(
                """
                SELECT l.pseudonym, l.sealed_member FROM partner_link l
                WHERE l.pseudonym IN (\(part.placeholders)) AND l.partner_id = \(known.id)
                AND (SELECT r.status FROM partner_row r WHERE r.partner_id = l.partner_id
                    AND r.pseudonym = l.pseudonym AND r.sequence <= \(known.sequence)
                    ORDER BY r.sequence DESC LIMIT 1) IN ('active', 'suspended')
                """,
                part.padded
            ) { sealed[$0.blob(0)] = $0.blob(1) }
        }
        var found: [[UInt8]: Int64] = [:]
        for (name, bytes) in sealed { found[name] = try known.key.open(bytes, of: name) }
        return found
    }

    private func log(
        _ action: String,
        _ detail: String,
        of member: Int64? = nil,
        in session: any DatabaseSession
    ) throws {
        let subject = member.map { "member/\($0)" } ?? "partner/\(partner)"
        try AuditLog(register).record(
            action,
            subject,
            member == nil ? detail : "\(partner) \(detail)",
            by: user,
            in: session
        )
    }
}
