import TicketSeal
public import UnionTicket

/// The hotline: a dictated number, questions to the caller, and nothing but a suspension.
///
/// Whether a well-formed number was issued shows in no answer: an unknown one is asked about, compared
/// (with somebody else's record, for the same work) and never fits. Of a number that cannot be one of
/// ours the wrong group is named, which tells that one slip away an issued number lies: of the client's
/// own reach, and so often a day. Every step is logged.
public struct Hotline: Sendable {
    let register: Register

    /// The hotline of this register.
    public init(_ register: Register) { self.register = register }

    /// How long a look-up can be answered, seconds.
    public static let life: Int64 = 30 * 60
    /// How long after a match the ticket can be suspended, seconds.
    public static let identified: Int64 = 15 * 60
    /// Wrong answers that spend a look-up.
    public static let attempts = 3
    /// Wrong answers about one number, by whoever, within ``window``.
    public static let attemptsPerNumber = 6
    /// Mistyped numbers within ``window`` for which a client is told the wrong group by the register.
    public static let hints = 60
    /// Seconds over which wrong answers about one number are counted.
    public static let window: Int64 = 24 * 3600

    /// A look-up that was begun.
    public struct Lookup: Sendable, Equatable {
        /// Names the look-up; 16 random bytes.
        public let id: [UInt8]
        /// The number; shown masked only.
        public let number: TicketNumber
        /// Until when it can be answered.
        public let until: Instant
    }

    /// What the answers came to.
    public enum Verdict: Sendable, Equatable {
        /// They are the member's; the ticket may be suspended until then.
        case match(until: Instant)
        /// They are not, or there is no such ticket; so many attempts are left.
        case noMatch(left: Int)
        /// No attempt is left, of this look-up or about this number; seconds until one is.
        case exhausted(retryAfter: Int64)
    }

    /// Begins with a dictated number; whether it was issued is not told.
    ///
    /// - Returns: The look-up, or ``RegisterError`` `badInput` that names the wrong group where the
    ///   number cannot be one of ours.
    public func lookUp(_ text: String, by user: SignedInUser) throws -> Lookup {
        try user.require(.findByNumber)
        let number: TicketNumber
        switch TypedNumber(text) {
        case .ticket(let ticket): number = ticket
        case .carrier(let carrier): number = carrier.ticket
        case .refused(let refusal): throw try self.refusal(refusal, of: text, by: user)
        }
        let lookup = Lookup(
            id: SecureRandom.bytes(16),
            number: number,
            until: register.now() + Self.life
        )
        try register.write { session in
            let person = try person(number, user, in: session)
            try session.execute(
                "INSERT INTO hotline_lookup (id, at, client, number) VALUES ($1, $2, $3, $4)",
                [
                    .blob(lookup.id), .integer(register.now().seconds), .text(user.name),
                    .int(number.value),
                ]
            )
            try log("hotline.lookup", person, "number", by: user, in: session)
        }
        return lookup
    }

    /// What is wrong with a number that cannot be one of ours; the look-up is logged.
    private func refusal(
        _ refusal: TypedNumber.Refusal,
        of text: String,
        by user: SignedInUser
    ) throws -> RegisterError {
        try register.write { session in
            try log("hotline.lookup", nil, "refused", by: user, in: session)
            let repairs = TypedNumber.repairs(of: text)
            guard !repairs.isEmpty, try takeHint(of: user, in: session) else {
                return TicketSearch.error(refusal)
            }
            return try TicketSearch(register).hint(repairs, by: user, in: session)
                ?? TicketSearch.error(refusal)
        }
    }

    /// Counts one hint of a client; false when it had all of this day's.
    private func takeHint(of user: SignedInUser, in session: any DatabaseSession) throws -> Bool {
        let now = register.now().seconds
        let had = try session.first(
            "SELECT count(*) FROM hotline_lookup WHERE number = 0 AND client = $1 AND at > $2",
            [.text(user.name), .integer(now - Self.window)]
        ) { Int($0.integer(0)) }
        guard had ?? 0 < Self.hints else { return false }
        try session.execute(
            "INSERT INTO hotline_lookup (id, at, client, number) VALUES ($1, $2, $3, 0)",
            [.blob(SecureRandom.bytes(16)), .integer(now), .text(user.name)]
        )
        return true
    }

    /// Compares a caller's answers with the record.
    ///
    /// - Throws: ``RegisterError``: too few answers, or no such look-up of this client.
    public func answer(
        _ id: [UInt8],
        _ answers: IdentityAnswers,
        by user: SignedInUser
    ) throws -> Verdict {
        try user.require(.findByNumber)
        guard answers.suffices else { throw Self.tooFew }
        return try register.write { session in
            let open = try begun(id, by: user, in: session)
            let spent = try self.spent(on: open.number, in: session)
            guard open.wrong < Self.attempts, spent < Self.attemptsPerNumber else {
                try log("hotline.answer", nil, "exhausted", by: user, in: session)
                return .exhausted(retryAfter: Self.window)
            }
            let person = try person(open.number, user, in: session)
            let stranger = try stranger(open.number, in: session)
            let compared = try known(person ?? stranger, in: session)
            let fits = compared.map { answers.fit($0, register.secrets) } ?? false
            let isMatch = fits && person != nil
            try note(id, isMatch: isMatch, in: session)
            let asked = answers.questions.map(\.rawValue).joined(separator: ",")
            let detail = (isMatch ? "match " : "no match ") + asked
            try log("hotline.answer", person, detail, by: user, in: session)
            if isMatch { return .match(until: register.now() + Self.identified) }
            let left = min(
                Self.attempts - open.wrong,
                Self.attemptsPerNumber - spent
            )
            return .noMatch(left: left - 1)
        }
    }

    /// Suspends every carrier of the ticket whose holder was identified.
    ///
    /// - Returns: The carriers of the ticket as they are now.
    /// - Throws: ``RegisterError``: nobody was identified, or nothing can be suspended.
    public func suspend(
        _ id: [UInt8],
        reason: String,
        by user: SignedInUser
    ) throws -> [CarrierFile.Carrier] {
        try user.require(.suspendCarriers)
        return try register.together {
            let open = try register.read { try begun(id, by: user, in: $0) }
            let since = open.identifiedAt?.seconds
            guard let since, since + Self.identified > register.now().seconds else {
                throw Self.notIdentified
            }
            let number = TicketNumber(value: open.number)?.digits ?? ""
            return try CarrierFile(register).apply(.suspend, to: number, reason: reason, by: user)
        }
    }
}

// What the hotline reads and writes.
extension Hotline {
    private struct Begun {
        let number: UInt64
        let wrong: Int
        let identifiedAt: Instant?
    }

    private func begun(
        _ id: [UInt8],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Begun {
        let found = try session.first(
            """
            SELECT number, wrong, identified_at FROM hotline_lookup
            WHERE id = $1 AND client = $2 AND at > $3
            """,
            [.blob(id), .text(user.name), .integer(register.now().seconds - Self.life)]
        ) {
            Begun(
                number: UInt64(clamping: $0.integer(0)),
                wrong: Int($0.integer(1)),
                identifiedAt: $0.optionalInteger(2).map(Instant.init(seconds:))
            )
        }
        guard let found else { throw Self.noLookup }
        return found
    }

    private func spent(on number: UInt64, in session: any DatabaseSession) throws -> Int {
        try session.first(
            "SELECT sum(wrong) FROM hotline_lookup WHERE number = $1 AND at > $2",
            [.int(number), .integer(register.now().seconds - Self.window)]
        ) { Int($0.integer(0)) } ?? 0
    }

    private func note(
        _ id: [UInt8],
        isMatch: Bool,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            "UPDATE hotline_lookup SET wrong = wrong + $1, identified_at = $2 WHERE id = $3",
            [
                .integer(isMatch ? 0 : 1),
                isMatch ? .integer(register.now().seconds) : .null, .blob(id),
            ]
        )
    }

    /// The member whose number it is, within the client's reach.
    private func person(
        _ number: TicketNumber,
        _ user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64? { try person(number.value, user, in: session) }

    private func person(
        _ number: UInt64,
        _ user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64? {
        let reach = user.scope.subtree
        return try session.first(
            """
            SELECT m.id FROM ticket_number t JOIN member m ON m.id = t.member_id
            WHERE t.number = $1 AND m.organisation BETWEEN $2 AND $3
            """,
            [.int(number), .integer(reach.lowerBound), .integer(reach.upperBound)]
        ) { $0.integer(0) }
    }

    /// Somebody else's record, so that an unknown number costs what a known one does.
    private func stranger(_ number: UInt64, in session: any DatabaseSession) throws -> Int64? {
        let last = try Counter.member.last(in: session)
        let place = Int64(number % UInt64(max(1, last)))
        return try session.first(
            "SELECT id FROM member WHERE id >= $1 ORDER BY id LIMIT 1",
            [.integer(place)]
        ) { $0.integer(0) }
            ?? session.first("SELECT id FROM member ORDER BY id LIMIT 1") { $0.integer(0) }
    }

    private func known(
        _ member: Int64?,
        in session: any DatabaseSession
    ) throws -> IdentityAnswers.KnownPerson? {
        guard let member else { return nil }
        let vault = MemberVault(register: register)
        return try session.first(
            """
            SELECT name_hash, birth_hash, joined_on, organisation, ais_id, sealed FROM member
            WHERE id = $1
            """,
            [.integer(member)]
        ) {
            IdentityAnswers.KnownPerson(
                id: member,
                hash: PersonHash(name: $0.integer(0), birth: $0.integer(1)),
                joinedOn: Int($0.integer(2)),
                organisation: $0.integer(3),
                aisId: $0.optionalText(4),
                // Nobody opens the record of a person who was erased.
                phone: try? vault.open($0.blob(5), member: member).phone
            )
        }
    }

    private func log(
        _ action: String,
        _ member: Int64?,
        _ detail: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try AuditLog(register).record(
            action,
            member.map { "member/\($0)" } ?? "unknown",
            detail,
            by: user,
            in: session
        )
    }

    private static var tooFew: RegisterError {
        RegisterError(
            .badInput,
            "Нужны ответы не меньше чем на \(IdentityAnswers.needed) вопроса, среди них дата рождения.",
            "At least \(IdentityAnswers.needed) questions must be answered, the day of birth among them."
        )
    }

    private static var noLookup: RegisterError {
        RegisterError(
            .notFound,
            "Такого обращения нет или его время вышло. Начните с номера.",
            "There is no such look-up, or its time is over. Begin with the number."
        )
    }

    private static var notIdentified: RegisterError {
        RegisterError(
            .refused,
            "Звонящий не опознан: сначала ответы на вопросы.",
            "The caller was not identified: the questions come first."
        )
    }
}
