public import UnionTicket

/// Rows that a person must decide: whether two rows are one person, and where that person belongs.
public struct ConflictQueue: Sendable {
    let register: Register

    /// The queue of this register.
    public init(_ register: Register) { self.register = register }

    /// What is unclear.
    public enum Kind: String, Sendable, CaseIterable {
        /// The same person, another organisation.
        case twoOrganisations = "two_organisations"
        /// The АИС identifier belongs to somebody with another name and birth date.
        case sameIdOtherPerson = "same_id_other_person"
        /// Two АИС identifiers for what looks like one person.
        case samePersonTwoIds = "same_person_two_ids"
        /// Name and birth date agree and nothing else does.
        case sameNameAndBirthDate = "same_name_and_birth_date"

        /// The question in both languages.
        public var message: Bilingual {
            switch self {
            case .twoOrganisations:
                Bilingual(
                    "Этот человек уже состоит в другой организации",
                    "This person is a member of another organisation already"
                )
            case .sameIdOtherPerson:
                Bilingual(
                    "ИД АИС принадлежит человеку с другим именем и датой рождения",
                    "The АИС identifier belongs to a person of another name and birth date"
                )
            case .samePersonTwoIds:
                Bilingual(
                    "Похоже, это один человек с двумя ИД АИС",
                    "This looks like one person with two АИС identifiers"
                )
            case .sameNameAndBirthDate:
                Bilingual(
                    "Совпали имя и дата рождения; решите, один ли это человек",
                    "Name and birth date agree; decide whether this is one person"
                )
            }
        }
    }

    /// How a person decided.
    public enum Resolution: String, Sendable, CaseIterable {
        /// Drop the row; the register stays as it is.
        case keep
        /// The row is the known person: take what it says, the organisation too.
        case take
        /// The row is another person: add them.
        case separate
    }

    /// One undecided row.
    public struct Conflict: Sendable {
        /// Number to resolve it by.
        public let id: Int64
        /// What is unclear.
        public let kind: Kind
        /// Import and line the row came by.
        public let importId: Int64
        /// Line of that file.
        public let line: Int
        /// The known member it collides with.
        public let member: Int64
        /// The organisation the row names.
        public let organisation: OrganisationCode
    }

    /// What is already known about a row seen before.
    struct Standing: Sendable {
        let state: State
        /// Whom the row was decided to be.
        let member: Int64?

        enum State: Sendable {
            /// Nobody decided it yet.
            case open
            /// Decided.
            case decided
            /// Decided when the member was elsewhere or in another standing.
            case outdated
        }
    }

    /// What is already known of rows, by their fingerprints.
    static func standing(
        of fingerprints: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: Standing] {
        var found: [Int64: Standing] = [:]
        for part in fingerprints.map(SQLValue.integer).parts(of: 256) {
            try session.query(
                """
                SELECT c.fingerprint, c.resolution, c.resolved_member,
                    CASE WHEN \(isOutdated) THEN 1 ELSE 0 END
                FROM conflict c WHERE c.fingerprint IN (\(part.placeholders))
                """,
                part.padded
            ) {
                found[$0.integer(0)] = Standing(
                    state: $0.isNull(1) ? .open : $0.integer(3) == 0 ? .decided : .outdated,
                    member: $0.optionalInteger(2)
                )
            }
        }
        return found
    }

    /// That the conflict `c` was decided about a member who has changed since.
    ///
    /// Who was decided to be the row's person is no longer where the row says; or whose row was dropped has
    /// another place or standing. A change in the very second of the decision counts: asking once more
    /// harms nobody.
    private static let isOutdated = """
        CASE WHEN c.resolved_member IS NOT NULL THEN NOT EXISTS (SELECT 1 FROM member m
                WHERE m.id = c.resolved_member AND m.organisation = c.organisation)
            ELSE EXISTS (SELECT 1 FROM member_event e
                WHERE e.member_id = c.member_id AND e.at >= c.resolved_at
                AND (e.kind = 'status' OR (e.kind = 'update' AND e.detail LIKE '%\(moved)%')))
        END
        """

    /// What the event of a member's change of organisation says, the organisations after it.
    static let moved = " organisation "

    /// Members who were decided to be what a row of this file says, at an import of it before, and are
    /// where it says.
    static func taken(
        ofFile sha256: [UInt8],
        in session: any DatabaseSession
    ) throws -> Set<Int64> {
        // Members that come one by one are no file.
        guard !sha256.isEmpty else { return [] }
        let members = try session.all(
            """
            SELECT c.resolved_member FROM conflict c
            JOIN member m ON m.id = c.resolved_member AND m.organisation = c.organisation
            WHERE c.resolution = $1
            AND c.import_id IN (SELECT id FROM file_import WHERE file_sha256 = $2)
            """,
            [.text(Resolution.take.rawValue), .blob(sha256)]
        ) { $0.integer(0) }
        return Set(members)
    }

    /// The undecided rows within the user's scope.
    public func list(by user: SignedInUser) throws -> [Conflict] {
        try user.require(.resolveConflicts)
        let range = user.scope.subtree
        return try register.read { session in
            try session.all(
                """
                SELECT id, kind, import_id, line, member_id, organisation FROM conflict
                WHERE resolution IS NULL AND organisation BETWEEN $1 AND $2 ORDER BY id
                """,
                [.integer(range.lowerBound), .integer(range.upperBound)],
                Self.conflict
            ).compactMap(\.self)
        }
    }

    /// Decides one conflict; who decided stays on record.
    ///
    /// - Returns: What of a row that was taken is worth a look, as at an import.
    /// - Throws: ``RegisterError``: no such open conflict, out of scope, or the row says what cannot be.
    @discardableResult
    public func resolve(
        _ id: Int64,
        as resolution: Resolution,
        by user: SignedInUser
    ) throws -> RowIssue? {
        try user.require(.resolveConflicts)
        return try register.write { session in
            let found = try session.first(
                """
                SELECT kind, import_id, line, member_id, organisation, sealed, resolution
                FROM conflict WHERE id = $1
                """,
                [.integer(id)]
            ) { row in
                (
                    importId: row.integer(1), line: Int(row.integer(2)), member: row.integer(3),
                    organisation: OrganisationCode(ordinal: row.integer(4)), sealed: row.blob(5),
                    isResolved: !row.isNull(6)
                )
            }
            guard let found, !found.isResolved, let organisation = found.organisation else {
                throw RegisterError(
                    .notFound,
                    "Нет нерешённого конфликта \(id): profbilet roster conflicts list.",
                    "There is no open conflict \(id): profbilet roster conflicts list."
                )
            }
            try user.require(.resolveConflicts, at: organisation)
            let heir = try MemberMerge.heirs(of: [found.member], in: session)[found.member]
            let known = heir ?? found.member
            try user.require(
                .resolveConflicts,
                at: try MemberFile(register).organisation(of: known, in: session)
            )
            let draft = try open(found.sealed)
            let (member, warning) = try apply(
                resolution,
                PreparedDraft(draft, register.secrets),
                known: known,
                import: found.importId,
                line: found.line,
                by: user,
                in: session
            )
            try session.execute(
                """
                UPDATE conflict SET resolution = $1, resolved_by = $2, resolved_at = $3,
                    resolved_member = $4 WHERE id = $5
                """,
                [
                    .text(resolution.rawValue), .integer(user.id),
                    .integer(register.now().seconds), .optional(member), .integer(id),
                ]
            )
            try AuditLog(register).record(
                "conflict.resolve",
                "conflict/\(id)",
                resolution.rawValue,
                by: user,
                in: session
            )
            return warning
        }
    }

    /// Puts a row into the queue, or back into it where the decision about it is outdated; who had decided
    /// stays in the audit log.
    func ask(
        _ kind: Kind,
        _ prepared: PreparedDraft,
        member: Int64,
        import importId: Int64,
        line: Int,
        in session: any DatabaseSession
    ) throws {
        let id = try Counter.conflict.take(in: session)
        try session.execute(
            """
            INSERT INTO conflict (id, region, organisation, kind, member_id, import_id, line,
                fingerprint, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (fingerprint) DO UPDATE SET kind = excluded.kind,
                member_id = excluded.member_id, import_id = excluded.import_id,
                line = excluded.line, sealed = excluded.sealed, resolution = NULL,
                resolved_by = NULL, resolved_at = NULL, resolved_member = NULL
            """,
            [
                .integer(id), .int(prepared.draft.organisation.region),
                .integer(prepared.draft.organisation.ordinal), .text(kind.rawValue),
                .integer(member), .integer(importId), .int(line), .integer(prepared.fingerprint),
                .blob(try seal(prepared.draft)),
            ]
        )
    }

    private func apply(
        _ resolution: Resolution,
        _ prepared: PreparedDraft,
        known: Int64,
        import importId: Int64,
        line: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (member: Int64?, warning: RowIssue?) {
        let consents = try ConsentLedger(in: session)
        switch resolution {
        case .keep: return (nil, nil)
        case .take:
            let overlay = try MemberFile(register).update(
                known,
                with: prepared,
                import: importId,
                line: line,
                at: register.now().seconds,
                by: user,
                consents: consents,
                in: session
            )
            switch overlay {
            case .refused(let issue):
                throw RegisterError(.refused, issue.message.russian, issue.message.english)
            case .unchanged(let warning), .changed(let warning): return (known, warning)
            }
        case .separate:
            let added = try addSeparately(
                prepared,
                import: importId,
                line: line,
                consents: consents,
                in: session
            )
            return (added, nil)
        }
    }

    private func addSeparately(
        _ prepared: PreparedDraft,
        import importId: Int64,
        line: Int,
        consents: ConsentLedger,
        in session: any DatabaseSession
    ) throws -> Int64 {
        if let ais = prepared.draft.aisId,
            try session.first(
                "SELECT id FROM member WHERE ais_id = $1",
                [.text(ais)],
                {
                    $0.integer(0)
                }
            ) != nil
        {
            throw RegisterError(
                .refused,
                "Этот ИД АИС уже занят: двух людей с одним ИД быть не может. Исправьте строку.",
                "This АИС identifier is taken: two people cannot share one. Mend the row."
            )
        }
        try register.requireReclaimed(session)
        let vault = MemberVault(register: register)
        let id = try Counter.member.take(in: session)
        let sealed = try MemberVault.seal(prepared.encoded)
        try vault.store([(id, sealed.key)])
        let at = register.now().seconds
        try session.load("member", MemberFile.columns, count: 1) { _, row in
            MemberFile.put(
                prepared,
                id: id,
                sealed: sealed.fields,
                import: importId,
                line: line,
                at: at,
                into: row
            )
        }
        try consents.load([(id, prepared)], import: importId, at: at, in: session)
        return id
    }

    private static func conflict(_ row: any DatabaseRow) -> Conflict? {
        guard let kind = Kind(rawValue: row.text(1)),
            let organisation = OrganisationCode(ordinal: row.integer(5))
        else { return nil }
        return Conflict(
            id: row.integer(0),
            kind: kind,
            importId: row.integer(2),
            line: Int(row.integer(3)),
            member: row.integer(4),
            organisation: organisation
        )
    }
}
