import Synchronization
public import UnionTicket

/// Members as a cabinet asks for them: by their АИС identifier only, within its reach.
extension MemberFile {
    /// One member's record by АИС identifier; the look-up is logged.
    ///
    /// Whoever has a part of the union only gets one refusal for the unknown and for those elsewhere,
    /// so that it tells nothing of who is a member.
    ///
    /// - Throws: ``RegisterError`` `notFound` for the whole union, `forbidden` for a part of it.
    public func record(aisId: String, reason: String, by user: SignedInUser) throws -> Record {
        try user.require(.readMembers)
        return try register.write { session in
            let id = try row(aisId: aisId, by: user, in: session)
            try AuditLog(register)
                .record("member.read", "member/\(id)", reason, by: user, in: session)
            return Record(
                id: id,
                draft: try draft(of: id, in: session),
                ticket: try ticket(of: id, in: session),
                consents: try ConsentLedger.history(of: id, in: session)
            )
        }
    }

    /// The row of a member within the user's reach.
    func row(
        aisId: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let found = try session.first(
            "SELECT id, organisation FROM member WHERE ais_id = $1",
            [.text(aisId)]
        ) { ($0.integer(0), OrganisationCode(ordinal: $0.integer(1))) }
        guard let (id, organisation) = found, let organisation,
            user.scope.contains(organisation)
        else { throw Self.unknown(to: user) }
        return id
    }

    /// The row that a reference means (``find(_:in:)``), within the user's reach.
    ///
    /// - Throws: ``RegisterError``: to whoever has a part of the union only, the same for the unknown and
    ///   for those elsewhere.
    func row(
        _ reference: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        guard user.scope != .centralCouncil else { return try find(reference, in: session) }
        let found: Int64?
        do { found = try find(reference, in: session) } catch let error as RegisterError {
            guard error.code == .notFound else { throw error }
            found = nil
        }
        guard let found, user.scope.contains(try organisation(of: found, in: session)) else {
            throw Self.elsewhere
        }
        return found
    }

    private static let elsewhere = RegisterError(
        .forbidden,
        "В вашей области такого члена Профсоюза нет. Укажите ИД АИС или номер билета.",
        "Within your scope there is no such member. Give an АИС identifier or a ticket number."
    )

    /// Why a second naming of one member in a list is refused.
    static let namedTwice = Bilingual("назван дважды", "is named twice")

    private static func unknown(to user: SignedInUser) -> RegisterError {
        user.scope == .centralCouncil
            ? RegisterError(
                .notFound,
                "Члена Профсоюза с таким ИД АИС нет в реестре.",
                "No member has this АИС identifier."
            )
            : RegisterError(
                .forbidden,
                "В вашей области нет члена Профсоюза с таким ИД АИС.",
                "Within your scope no member has this АИС identifier."
            )
    }
}

/// Rows that come over the API, judged by the same rules and matched by the same matching as a
/// roster's.
extension RosterImport {
    /// Takes a few rows in one transaction; each ends by itself.
    ///
    /// - Parameters:
    ///   - rows: At most some thousand, judged already.
    ///   - hash: SHA-256 of what they came in.
    ///   - user: Who sends them.
    /// - Returns: How each row ended, in order, and the import's number.
    /// - Throws: ``RegisterError``: nothing was kept then.
    public func take(
        _ rows: [RosterRow],
        hash: [UInt8],
        by user: SignedInUser
    ) throws -> (results: [RowResult], importId: Int64) {
        var options = Options()
        options.fileSHA256 = hash
        options.format = "api"
        options.isRecord = true
        options.named = Set(rows.compactMap(\.organisation))
        var results: [RowResult] = []
        let summary = try run(options, by: user) {
            results = []
            let rest = Mutex<[RosterRow]?>(rows)
            return { rest.withLock { $0.take() } }
        } each: {
            results.append($0)
        }
        return (results, summary.importId)
    }
}
