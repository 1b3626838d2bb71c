import TicketSeal
public import UnionTicket

/// One-time codes with which members bind their phones; the register keeps keyed hashes only.
///
/// A code is shown once, to whoever made it. A newer code takes the place of an open one, a block of
/// any carrier revokes it, and whatever becomes of codes never locks the member: a new one can
/// always be made.
public struct ActivationCodes: Sendable {
    let register: Register

    /// The codes of this register.
    public init(_ register: Register) { self.register = register }

    /// Codes made by one call at the most.
    public static let limit = 10_000

    /// Whose codes are wanted.
    public enum Selection: Sendable {
        /// Members by АИС identifier, `#row` or ticket number.
        case members([String])
        /// Every member of a subtree who may have a virtual card.
        case organisation(OrganisationCode)
    }

    /// A code with whom it is for, to be printed and handed over.
    public struct Made: Sendable {
        /// Row of the code.
        public let id: Int64
        /// Row of its member.
        public let member: Int64
        /// The member's АИС identifier.
        public let aisId: String?
        /// The member's name.
        public let name: PersonName
        /// The member's organisation.
        public let organisation: OrganisationCode
        /// The ticket it belongs to.
        public let ticket: TicketNumber
        /// The secret; never readable again.
        public let code: ActivationCode
        /// From when on it is refused.
        public let expiresAt: Instant
    }

    /// What became of a call.
    public struct Outcome: Sendable {
        /// The codes made.
        public var made: [Made] = []
        /// Whom none could be made for, and why.
        public var refused: [(subject: String, reason: Bilingual)] = []
    }

    /// One code as a list shows it, without its secret.
    public struct Listed: Sendable, Equatable {
        /// Row of the code.
        public let id: Int64
        /// Row of its member.
        public let member: Int64
        /// The ticket it belongs to.
        public let ticket: TicketNumber?
        /// Printed or sent.
        public let channel: CodeChannel
        /// `open, used, spent, revoked` or `expired`.
        public let state: String
        /// When it was made.
        public let createdAt: Instant
        /// From when on it is refused.
        public let expiresAt: Instant
    }

    /// Makes codes to be printed; with them the names are read, which is logged per member.
    ///
    /// - Throws: ``RegisterError``: a member or an organisation that is unknown or out of scope refuses
    ///   the whole.
    public func create(_ selection: Selection, by user: SignedInUser) throws -> Outcome {
        try create(selection, leavingOut: [], by: user)
    }

    /// The same for members of a list, of whom those who are unknown, out of scope or named twice are
    /// listed with the others that no code could be made for.
    public func create(each references: [String], by user: SignedInUser) throws -> Outcome {
        try create(
            .members(references),
            leavingOut: [.notFound, .forbidden, .badInput],
            by: user
        )
    }

    private func create(
        _ selection: Selection,
        leavingOut codes: Set<RegisterError.Code>,
        by user: SignedInUser
    ) throws -> Outcome {
        try user.require(.manageCodes)
        if case .organisation(let code) = selection { try user.require(.manageCodes, at: code) }
        return try register.write { session in
            var outcome = Outcome()
            let now = register.now()
            let expiresAt = now + (try VirtualTerms(session)).codeLife(.printed)
            let holders = try holders(selection, by: user, in: session) { reference, error in
                guard codes.contains(error.code) else { throw error }
                outcome.refused.append((reference, error.message))
            }
            var chosen: Set<Int64> = []
            for (reference, holder) in holders {
                let isRepeated = !chosen.insert(holder.member).inserted
                if let refusal = isRepeated ? MemberFile.namedTwice : holder.refusal {
                    outcome.refused.append((reference, refusal))
                    continue
                }
                guard outcome.made.count < Self.limit else { throw Self.tooMany }
                let made = try make(holder, .printed, until: expiresAt, by: user, in: session)
                guard let ticket = holder.ticket else { continue }
                let draft = try MemberFile(register).draft(of: holder.member, in: session)
                outcome.made.append(
                    Made(
                        id: made.id,
                        member: holder.member,
                        aisId: draft.aisId,
                        name: draft.name,
                        organisation: holder.organisation,
                        ticket: ticket,
                        code: made.code,
                        expiresAt: expiresAt
                    )
                )
            }
            return outcome
        }
    }

    /// The codes of one member, or the open ones of a subtree, newest first.
    public func list(
        _ selection: Selection,
        limit: Int = 1000,
        by user: SignedInUser
    ) throws -> [Listed] {
        try user.require(.manageCodes)
        return try register.write { session in
            switch selection {
            case .members(let references):
                return try references.flatMap { reference in
                    let member = try MemberFile(register).row(reference, by: user, in: session)
                    try AuditLog(register)
                        .record("member.read", "member/\(member)", "codes", by: user, in: session)
                    return try listed("c.member_id = $1", [.integer(member)], limit, in: session)
                }
            case .organisation(let code):
                try user.require(.manageCodes, at: code)
                try OrganisationTree(register).requireReal(code, in: session)
                let range = code.subtree
                return try listed(
                    "c.state = 'open' AND m.organisation BETWEEN $1 AND $2",
                    [.integer(range.lowerBound), .integer(range.upperBound)],
                    limit,
                    in: session
                )
            }
        }
    }

    /// Revokes a member's open codes.
    ///
    /// - Returns: How many there were.
    public func revoke(_ reference: String, by user: SignedInUser) throws -> Int {
        try user.require(.manageCodes)
        return try register.write { session in
            let member = try MemberFile(register).row(reference, by: user, in: session)
            let count = try end(of: member, as: .revoked, in: session)
            try AuditLog(register).record(
                "code.revoke",
                "member/\(member)",
                "\(count)",
                by: user,
                in: session
            )
            return count
        }
    }
}

extension ActivationCodes {
    /// What the register keeps of a code.
    func hash(_ code: ActivationCode) -> [UInt8] {
        register.secrets.activation.bytes(Array(code.digits.utf8))
    }

    /// A fresh code in place of the holder's open one of the same channel.
    func make(
        _ holder: TicketHolder,
        _ channel: CodeChannel,
        until expiresAt: Instant,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (id: Int64, code: ActivationCode) {
        try end(of: holder.member, channel, as: .revoked, in: session)
        var generator = SystemRandomNumberGenerator()
        let code = ActivationCode(
            number: UInt64.random(in: 0..<ActivationCode.count, using: &generator)
        )
        let id = try Counter.activationCode.take(in: session)
        try session.execute(
            """
            INSERT INTO activation_code (id, region, member_id, hash, channel, state, created_at,
                created_by, expires_at) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)
            """,
            [
                .integer(id), .int(holder.region), .integer(holder.member), .blob(hash(code)),
                .text(channel.rawValue), .integer(register.now().seconds), .integer(user.id),
                .integer(expiresAt.seconds),
            ]
        )
        try AuditLog(register).record(
            "code.create",
            "member/\(holder.member)",
            channel.rawValue,
            by: user,
            in: session
        )
        return (id, code)
    }

    /// Ends a member's open codes, all or those of one channel.
    @discardableResult
    func end(
        of member: Int64,
        _ channel: CodeChannel? = nil,
        as state: CodeState,
        in session: any DatabaseSession
    ) throws -> Int {
        let condition = channel.map { " AND channel = '\($0.rawValue)'" } ?? ""
        return try session.execute(
            """
            UPDATE activation_code SET state = $1, ended_at = $2
            WHERE member_id = $3 AND state = 'open'\(condition)
            """,
            [.text(state.rawValue), .integer(register.now().seconds), .integer(member)]
        )
    }

    /// Ends what could still bind a phone to somebody who is no longer a member: codes and enrolments.
    func endAll(of member: Int64, in session: any DatabaseSession) throws {
        try end(of: member, as: .revoked, in: session)
        // Found by the number's hash, which is indexed: a roster may bring thousands who left.
        let number = try session.first(
            "SELECT number FROM ticket_number WHERE member_id = $1 AND state = 'assigned'",
            [.integer(member)]
        ) { $0.integer(0) }
        guard let number, let ticket = TicketNumber(value: UInt64(number)) else { return }
        try session.execute(
            """
            UPDATE enrolment SET state = 'spent'
            WHERE number_hash = $1 AND member_id = $2 AND state = 'open'
            """,
            [.integer(VirtualEnrolments(register).hash(of: ticket)), .integer(member)]
        )
    }

    private func holders(
        _ selection: Selection,
        by user: SignedInUser,
        in session: any DatabaseSession,
        isUnknown: (_ reference: String, RegisterError) throws -> Void
    ) throws -> [(reference: String, holder: TicketHolder)] {
        let now = register.now()
        switch selection {
        case .members(let references):
            guard references.count <= Self.limit else { throw Self.tooMany }
            return try references.compactMap { reference in
                let member: Int64
                do {
                    member = try MemberFile(register).row(reference, by: user, in: session)
                } catch let error as RegisterError {
                    try isUnknown(reference, error)
                    return nil
                }
                return try TicketHolder.of(member, at: now, in: session).map { (reference, $0) }
            }
        case .organisation(let code):
            try OrganisationTree(register).requireReal(code, in: session)
            let day = Int64(now.moscowDate.day)
            let range = code.subtree
            return try TicketHolder.find(
                """
                m.organisation BETWEEN $1 AND $2 AND m.state = 'active' AND t.number IS NOT NULL
                    AND \(TicketHolder.consents(on: day)) AND NOT \(TicketHolder.suspends)
                """,
                [.integer(range.lowerBound), .integer(range.upperBound)],
                at: now,
                in: session
            ).map { ("#\($0.member)", $0) }
        }
    }

    private func listed(
        _ condition: String,
        _ arguments: [SQLValue],
        _ limit: Int,
        in session: any DatabaseSession
    ) throws -> [Listed] {
        let now = register.now()
        return try session.all(
            """
            SELECT c.id, c.member_id, t.number, c.channel, c.state, c.created_at, c.expires_at
            FROM activation_code c JOIN member m ON m.id = c.member_id
            LEFT JOIN ticket_number t ON t.member_id = m.id AND t.state = 'assigned'
            WHERE \(condition) ORDER BY c.id DESC LIMIT \(max(0, limit))
            """,
            arguments
        ) { row -> Listed in
            let expiresAt = Instant(seconds: row.integer(6))
            let isPast = row.text(4) == CodeState.open.rawValue && expiresAt <= now
            return Listed(
                id: row.integer(0),
                member: row.integer(1),
                ticket: row.optionalInteger(2).flatMap { TicketNumber(value: UInt64($0)) },
                channel: CodeChannel(rawValue: row.text(3)) ?? .printed,
                state: isPast ? "expired" : row.text(4),
                createdAt: Instant(seconds: row.integer(5)),
                expiresAt: expiresAt
            )
        }
    }

    private static var tooMany: RegisterError {
        RegisterError(
            .badInput,
            "Больше \(limit) кодов за один раз нельзя: выберите организацию поменьше.",
            "No more than \(limit) codes at a time: choose a smaller organisation."
        )
    }
}
