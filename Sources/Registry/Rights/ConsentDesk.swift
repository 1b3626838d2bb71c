import TicketSeal
public import UnionTicket

/// Consents given and withdrawn one by one, each with its text, form and date (privacy.md L1, L15).
public struct ConsentDesk: Sendable {
    let register: Register

    /// The desk of this register.
    public init(_ register: Register) { self.register = register }

    /// A consent as the signed sheet or the member's cabinet says it.
    public struct Given: Sendable {
        /// What for; one purpose, never two by one answer.
        public var purpose: ConsentPurpose
        /// The partner, for `bonusTransfer`; empty otherwise.
        public var recipient: String
        /// The text it was given to: its hash or the hash's first six digits or more; nil takes the
        /// newest of the purpose.
        public var text: String?
        /// The day it was given; nil is today.
        public var day: CalendarDate?
        /// Who gave it for somebody of 14–17 years; sealed with the member's own key.
        public var representative: String?

        /// A consent by the member, today, to the newest text.
        public init(_ purpose: ConsentPurpose, recipient: String? = nil) {
            self.purpose = purpose
            self.recipient = recipient ?? (purpose == .bonusTransfer ? "profcards" : "")
        }

        /// The representative's name, cleaned; empty where the member gave it.
        var signer: String {
            representative?.split(separator: " ").joined(separator: " ") ?? ""
        }
    }

    /// One act of giving or withdrawing.
    public struct Act: Sendable, Equatable {
        /// What for.
        public let purpose: ConsentPurpose
        /// The partner, for `bonusTransfer`.
        public let recipient: String
        /// Given, or withdrawn.
        public let isGiven: Bool
        /// The day on the paper.
        public let day: CalendarDate
        /// When it was recorded.
        public let at: Instant
        /// Who recorded it.
        public let user: String
        /// The representative of a minor, where one signed.
        public let representative: String?
    }

    /// Records a consent.
    ///
    /// - Parameters:
    ///   - given: The consent.
    ///   - reference: АИС identifier, `#row` or ticket number.
    ///   - user: Who records it.
    /// - Returns: The consent just recorded.
    /// - Throws: ``RegisterError``: the text is unknown or of another purpose, the date lies in the
    ///   future or before an earlier answer, a minor needs a representative, or the consent to the
    ///   keeping of the record is withdrawn and this is another.
    public func give(
        _ given: Given,
        to reference: String,
        by user: SignedInUser
    ) throws -> MemberFile.GivenConsent {
        try user.require(.recordConsents)
        return try register.write { session in
            let member = try entitled(reference, user, in: session)
            let day = given.day ?? register.now().moscowDate
            try requireProcessing(given.purpose, of: member.id, in: session)
            try requireOrder(given, day, of: member.id, in: session)
            try requireAge(given, day, of: member)
            let text = try text(for: given, in: session)
            let act = try enter(
                given,
                to: text,
                on: day,
                of: member.id,
                region: member.region,
                by: user,
                in: session
            )
            let rows = try ConsentLedger.history(of: member.id, act: act, in: session)
            guard let found = rows.first else { throw DatabaseError(.corrupt, reason: "consent") }
            return found
        }
    }

    /// Records a withdrawal; what the register does for the purpose stops in the same transaction.
    ///
    /// - Parameters:
    ///   - purpose: What is withdrawn; `register` takes every other purpose with it.
    ///   - recipient: The partner, for `bonusTransfer`.
    ///   - day: The day the withdrawal came in; nil is today.
    ///   - reference: АИС identifier, `#row` or ticket number.
    ///   - user: Who records it.
    /// - Returns: What was withdrawn, each with the last day for what is left to do.
    /// - Throws: ``RegisterError``: no such consent stands, or the date does not follow it.
    public func withdraw(
        _ purpose: ConsentPurpose,
        recipient: String? = nil,
        on day: CalendarDate? = nil,
        of reference: String,
        by user: SignedInUser
    ) throws -> [ConsentWithdrawals.Withdrawal] {
        try user.require(.recordConsents)
        let given = Given(purpose, recipient: recipient)
        return try register.write { session in
            let member = try entitled(reference, user, in: session)
            let day = day ?? register.now().moscowDate
            try requirePast(day)
            let standing = try ConsentLedger.standing(
                of: member.id,
                on: Int64(register.now().moscowDate.day),
                in: session
            ).first { $0.purpose == purpose && $0.recipient == given.recipient }
            guard let standing else { throw Self.nothingStands(purpose) }
            guard standing.givenOn <= day else { throw Self.beforeGiven(standing.givenOn) }
            _ = try note(
                given,
                isGiven: false,
                day,
                of: member.id,
                region: member.region,
                by: user,
                in: session
            )
            try AuditLog(register).record(
                "consent.withdraw",
                "member/\(member.id)",
                "\(purpose.rawValue) \(given.recipient) \(day.iso)",
                by: user,
                in: session
            )
            return try ConsentWithdrawals(register).begin(
                .init(purpose: purpose, recipient: given.recipient, on: day),
                of: member.id,
                region: member.region,
                by: user,
                in: session
            )
        }
    }

    /// A member's consents, withdrawals and the acts behind them; the look is logged.
    public func history(
        of reference: String,
        by user: SignedInUser
    ) throws -> (
        consents: [MemberFile.GivenConsent], withdrawals: [ConsentWithdrawals.Withdrawal],
        acts: [Act]
    ) {
        try user.require(.readMembers)
        return try register.write { session in
            let id = try MemberFile(register).row(reference, by: user, in: session)
            try AuditLog(register).record(
                "consent.read",
                "member/\(id)",
                "",
                by: user,
                in: session
            )
            return (
                try ConsentLedger.history(of: id, in: session),
                try ConsentWithdrawals.history(of: id, in: session),
                try acts(of: id, in: session)
            )
        }
    }
}

extension ConsentDesk {
    private struct Subject {
        let id: Int64
        let region: UInt8
        let born: CalendarDate
    }

    private func entitled(
        _ reference: String,
        _ user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Subject {
        try user.require(.recordConsents)
        let id = try MemberFile(register).row(reference, by: user, in: session)
        let draft = try MemberFile(register).draft(of: id, in: session)
        return Subject(id: id, region: draft.organisation.region, born: draft.birthDate)
    }

    private func requirePast(_ day: CalendarDate) throws {
        guard day <= register.now().moscowDate else {
            throw RegisterError(
                .badInput,
                "Дата \(day.russian) ещё не наступила. Проверьте дату на бланке.",
                "The date \(day.iso) has not come yet. Check the date on the sheet."
            )
        }
    }

    /// Whoever took back the consent to the keeping of the record gives that one first.
    private func requireProcessing(
        _ purpose: ConsentPurpose,
        of member: Int64,
        in session: any DatabaseSession
    ) throws {
        guard purpose != .register, try ConsentWithdrawals.stopsAll(of: member, in: session) else {
            return
        }
        throw Self.isStopped
    }

    /// Answers come in the order of their dates.
    private func requireOrder(
        _ given: Given,
        _ day: CalendarDate,
        of member: Int64,
        in session: any DatabaseSession
    ) throws {
        try requirePast(day)
        // A withdrawal of the keeping of the record ended whatever was consented to before it.
        let ends: [(ConsentPurpose, String)] = [
            (given.purpose, given.recipient), (.register, ""),
        ]
        let last = try ends.compactMap {
            try ConsentLedger.lastWithdrawal($0.0, $0.1, of: member, in: session)
        }.max()
        if let last, day < last {
            throw RegisterError(
                .refused,
                "Согласие от \(day.russian) дано раньше отзыва от \(last.russian): оно отозвано. "
                    + "Нужен бланк с более поздней датой.",
                "The consent of \(day.iso) is older than the withdrawal of \(last.iso), which ended "
                    + "it. A sheet of a later date is needed."
            )
        }
        let standing = try ConsentLedger.standing(
            of: member,
            on: Int64(register.now().moscowDate.day),
            in: session
        ).first { $0.purpose == given.purpose && $0.recipient == given.recipient }
        if let standing, day <= standing.givenOn, given.representative == nil {
            throw RegisterError(
                .refused,
                "Согласие на это от \(standing.givenOn.russian) уже действует.",
                "A consent to this of \(standing.givenOn.iso) stands already."
            )
        }
    }

    /// Refuses who was a child, and a minor's own word about a transfer to a partner.
    private func requireAge(
        _ given: Given,
        _ day: CalendarDate,
        of member: Subject
    ) throws {
        guard member.born.adding(years: 14) <= day else {
            throw RegisterError(
                .badInput,
                "На \(day.russian) человеку не было 14 лет: проверьте дату.",
                "On \(day.iso) the person was not 14 yet: check the date."
            )
        }
        let isMinor = member.born.adding(years: 18) > day
        if isMinor, given.purpose == .bonusTransfer, given.signer.isEmpty {
            throw RegisterError(
                .refused,
                "Человеку нет 18 лет: передачу партнёру разрешает законный представитель "
                    + "(--representative).",
                "The person is below 18: a transfer to a partner needs a representative's consent "
                    + "(--representative)."
            )
        }
    }

    private func text(
        for given: Given,
        in session: any DatabaseSession
    ) throws -> ConsentLedger.Text {
        let known = try session.all(
            """
            SELECT id, years, version_hash FROM consent_text
            WHERE purpose = $1 AND recipient = $2 AND added_at IS NOT NULL ORDER BY id DESC
            """,
            [.text(given.purpose.rawValue), .text(given.recipient)]
        ) { row in
            (
                text: ConsentLedger.Text(
                    purpose: given.purpose,
                    recipient: given.recipient,
                    id: row.integer(0),
                    years: row.optionalInteger(1).map(Int.init)
                ), hash: row.text(2)
            )
        }
        guard let wanted = given.text?.lowercased() else {
            guard let newest = known.first?.text else { throw Self.noText(given.purpose) }
            return newest
        }
        let fitting = known.filter { wanted.count >= 6 && $0.hash.hasPrefix(wanted) }
        guard fitting.count == 1 else { throw Self.noText(given.purpose) }
        return fitting[0].text
    }
}
