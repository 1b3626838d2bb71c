public import TicketSeal
public import UnionTicket

/// Binding a phone to a ticket: a number and a code become a virtual card.
///
/// Answers are the same whether or not a number exists: an enrolment for a number that nobody has is
/// kept like any other and can never be confirmed.
public struct VirtualEnrolments: Sendable {
    /// As many enrolments as may be were begun within the hour (``VirtualRefusal/tooMany``).
    public struct TooMany: Error, Equatable {
        /// Seconds until the next may begin.
        public let wait: Int
    }

    let register: Register

    /// The enrolments of this register.
    public init(_ register: Register) { self.register = register }

    /// What an app is told when an enrolment begins.
    public struct Started: Sendable, Equatable {
        /// Names the enrolment.
        public let id: String
        /// 32 random bytes that the proof of possession must hold.
        public let nonce: [UInt8]
        /// Until when it can be confirmed.
        public let expiresAt: Instant
    }

    /// What an app sends to end an enrolment.
    public struct Confirmation: Sendable {
        /// The enrolment's name.
        public let enrolment: String
        /// The code as typed.
        public let code: String
        /// The phone's public key.
        public let deviceKey: VerificationKey
        /// ``DeviceStatement/possession(nonce:enrolment:codeDigest:key:)`` by that key.
        public let proof: [UInt8]

        /// A confirmation.
        public init(
            enrolment: String,
            code: String,
            deviceKey: VerificationKey,
            proof: [UInt8]
        ) {
            self.enrolment = enrolment
            self.code = code
            self.deviceKey = deviceKey
            self.proof = proof
        }
    }

    /// Begins an enrolment.
    ///
    /// - Parameters:
    ///   - number: The ticket number as typed.
    ///   - channel: With `sent` the member is sent a code, where there is a member.
    ///   - address: Where the request came from; kept as a keyed hash for the limits.
    ///   - app: The client.
    ///   - user: Who the client acts as; outside its scope no number exists.
    /// - Returns: The same form for a number that nobody has.
    /// - Throws: ``VirtualRefusal``: a mistyped number, or too many enrolments.
    public func start(
        number: String,
        channel: CodeChannel,
        address: String,
        app: Int64,
        as user: SignedInUser
    ) throws -> Started {
        let ticket: TicketNumber
        switch TypedNumber(number) {
        case .ticket(let found): ticket = found
        case .carrier(let found): ticket = found.ticket
        case .refused: throw VirtualRefusal.numberMalformed
        }
        let (numberHash, addressHash) = (
            hash(of: ticket),
            register.secrets.visits.integer(Array("address/\(address)".utf8))
        )
        let random = SecureRandom.bytes(48)
        return try register.write { session in
            let now = register.now()
            let terms = try VirtualTerms(session)
            for (column, hash, most) in [
                ("number_hash", numberHash, terms.perNumber),
                ("address_hash", addressHash, terms.perAddress),
            ] {
                let hour: Int64 = 3600
                let oldest = try session.first(
                    """
                    SELECT created_at FROM enrolment WHERE \(column) = $1 AND created_at > $2
                    ORDER BY created_at DESC LIMIT 1 OFFSET \(most - 1)
                    """,
                    [.integer(hash), .integer(now.seconds - hour)]
                ) { $0.integer(0) }
                if let oldest { throw TooMany(wait: Int(oldest + hour - now.seconds)) }
            }
            let started = Started(
                id: Base64URL.text(Array(random.prefix(16))),
                nonce: Array(random.suffix(32)),
                expiresAt: now + Int64(terms.enrolmentMinutes) * 60
            )
            try session.execute(
                """
                INSERT INTO enrolment (id, region, client, member_id, nonce, number_hash,
                    address_hash, channel, state, created_at, expires_at, code_due)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11)
                """,
                [
                    .text(started.id), .int(ticket.region), .integer(app),
                    .optional(try holder(of: ticket, in: user.scope, session)),
                    .blob(started.nonce), .integer(numberHash), .integer(addressHash),
                    .text(channel.rawValue), .integer(now.seconds),
                    .integer(started.expiresAt.seconds), .int(channel == .sent ? 1 : 0),
                ]
            )
            return started
        }
    }

    /// What an enrolment keeps of the number it was begun for.
    func hash(of ticket: TicketNumber) -> Int64 {
        register.secrets.visits.integer(Array("number/\(ticket.digits)".utf8))
    }

    private func holder(
        of ticket: TicketNumber,
        in scope: OrganisationCode,
        _ session: any DatabaseSession
    ) throws -> Int64? {
        try session.first(
            """
            SELECT m.id FROM ticket_number t JOIN member m ON m.id = t.member_id
            WHERE t.number = $1 AND t.state = 'assigned' AND m.organisation BETWEEN $2 AND $3
            """,
            [
                .int(ticket.value), .integer(scope.subtree.lowerBound),
                .integer(scope.subtree.upperBound),
            ]
        ) { $0.integer(0) }
    }

    /// Whether a confirmation's proof is the key's over its enrolment, whatever became of that.
    ///
    /// Asked before a kept answer is given again: whoever repeats a request proves to be who sent it.
    ///
    /// - Returns: True too where there is nothing to prove: the app has no such enrolment, or the code
    ///   can be none.
    public func isProven(_ confirmation: Confirmation, app: Int64) throws -> Bool {
        guard let code = ActivationCode(typed: confirmation.code) else { return true }
        let nonce = try register.read { session in
            try session.first(
                "SELECT nonce FROM enrolment WHERE id = $1 AND client = $2",
                [.text(confirmation.enrolment), .integer(app)]
            ) { $0.blob(0) }
        }
        return nonce.map { proves(confirmation, code, $0) } ?? true
    }

    private func proves(
        _ confirmation: Confirmation,
        _ code: ActivationCode,
        _ nonce: [UInt8]
    ) -> Bool {
        let statement = DeviceStatement.possession(
            nonce: nonce,
            enrolment: confirmation.enrolment,
            codeDigest: SHA256Digest.of(Array(code.digits.utf8)),
            key: confirmation.deviceKey
        )
        return statement.refusal(of: confirmation.proof, by: confirmation.deviceKey) == nil
    }

    /// Ends an enrolment with a virtual card, or spends it.
    ///
    /// In one transaction: the proof, then the code, then the member; the code is consumed only after
    /// all of them, and a wrong code spends the enrolment and the ticket's open codes.
    ///
    /// - Returns: The card, or why there is none; what was spent is spent either way.
    /// - Throws: ``RegisterError`` when the register cannot work or sign.
    public func confirm(
        _ confirmation: Confirmation,
        app: Int64,
        as user: SignedInUser,
        secrets: SigningSecrets
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        guard let code = ActivationCode(typed: confirmation.code) else {
            return .failure(.codeMalformed)
        }
        guard confirmation.deviceKey.algorithm == .es256 else {
            return .failure(.deviceKeyMalformed)
        }
        return try register.write { session in
            try register.requireReclaimed(session)
            do {
                let open = try self.open(confirmation, code, app, user.scope, in: session)
                let holder = try match(open, code, in: session)
                return .success(
                    try VirtualIssue(register, secrets).bind(
                        confirmation.deviceKey,
                        to: holder.holder,
                        app: app,
                        by: user,
                        in: session
                    ) {
                        try use(holder.code, confirmation.enrolment, in: session)
                    }
                )
            } catch let refusal as VirtualRefusal { return .failure(refusal) }
        }
    }
}

extension VirtualEnrolments {
    private struct Open {
        let id: String
        /// Nil where nobody has the number, or the member is outside the app's scope by now.
        let member: Int64?
    }

    /// The app's open enrolment, after the proof for it.
    private func open(
        _ confirmation: Confirmation,
        _ code: ActivationCode,
        _ app: Int64,
        _ scope: OrganisationCode,
        in session: any DatabaseSession
    ) throws -> Open {
        let row = try session.first(
            """
            SELECT m.id, e.nonce FROM enrolment e LEFT JOIN member m
                ON m.id = e.member_id AND m.organisation BETWEEN $4 AND $5
            WHERE e.id = $1 AND e.client = $2 AND e.state = 'open' AND e.expires_at > $3
            """,
            [
                .text(confirmation.enrolment), .integer(app),
                .integer(register.now().seconds),
                .integer(scope.subtree.lowerBound), .integer(scope.subtree.upperBound),
            ]
        ) { (member: $0.optionalInteger(0), nonce: $0.blob(1)) }
        guard let row else { throw VirtualRefusal.enrolmentOver }
        // Before the code is looked at: a wrong proof tells nothing of the code and spends nothing.
        guard proves(confirmation, code, row.nonce) else { throw VirtualRefusal.proofRefused }
        return Open(id: confirmation.enrolment, member: row.member)
    }

    /// The code's row and the holder, when the code is the enrolment's and the holder entitled.
    private func match(
        _ open: Open,
        _ code: ActivationCode,
        in session: any DatabaseSession
    ) throws -> (code: Int64, holder: TicketHolder) {
        let now = register.now()
        let found = try session.first(
            """
            SELECT id, member_id FROM activation_code
            WHERE hash = $1 AND state = 'open' AND expires_at > $2
            """,
            [.blob(ActivationCodes(register).hash(code)), .integer(now.seconds)]
        ) { (id: $0.integer(0), member: $0.integer(1)) }
        guard let found, found.member == open.member else {
            try session.execute(
                "UPDATE enrolment SET state = 'spent' WHERE id = $1",
                [.text(open.id)]
            )
            // The same statement for a number nobody has: rows count from 1.
            try ActivationCodes(register).end(of: open.member ?? 0, as: .spent, in: session)
            throw VirtualRefusal.enrolmentRefused
        }
        let holder = try TicketHolder.of(found.member, at: now, in: session)
        guard let holder, holder.refusal == nil else { throw VirtualRefusal.notEntitled }
        return (found.id, holder)
    }

    private func use(
        _ code: Int64,
        _ enrolment: String,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            "UPDATE activation_code SET state = 'used', ended_at = $1 WHERE id = $2",
            [.integer(register.now().seconds), .integer(code)]
        )
        try session.execute(
            "UPDATE enrolment SET state = 'done' WHERE id = $1",
            [.text(enrolment)]
        )
    }

    /// Forgets enrolments of which nothing can come any more.
    ///
    /// - Returns: How many were forgotten.
    @discardableResult
    public func forgetOld() throws -> Int {
        try register.write { session in
            try session.execute(
                "DELETE FROM enrolment WHERE created_at <= $1",
                [.integer(register.now().seconds - 7 * 86_400)]
            )
        }
    }
}
