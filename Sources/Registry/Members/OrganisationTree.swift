public import UnionTicket

/// The union's organisations as a tree; unknown ones are never created on the fly.
public struct OrganisationTree: Sendable {
    let register: Register

    /// The organisations of this register.
    public init(_ register: Register) { self.register = register }

    /// One organisation.
    public struct Organisation: Sendable, Equatable {
        /// Its place in the tree.
        public let code: OrganisationCode
        /// Its present name.
        public let name: String
        /// When it was closed.
        public let closedOn: CalendarDate?
    }

    /// How the import of a list ended.
    public struct Report: Sendable, Equatable {
        /// New organisations.
        public var added = 0
        /// Known ones with a new name, kind or date.
        public var updated = 0
        /// Known ones with nothing new.
        public var unchanged = 0
        /// Rows refused, each with its line and issues.
        public var rejected: [(line: Int, issues: [RowIssue])] = []

        /// Counts and refused lines are equal.
        public static func == (left: Self, right: Self) -> Bool {
            left.added == right.added && left.updated == right.updated
                && left.unchanged == right.unchanged
                && left.rejected.map(\.line) == right.rejected.map(\.line)
        }
    }

    /// Takes a list of organisations, parents before children in any order, in one transaction.
    public func `import`(
        _ rows: [(line: Int, draft: OrganisationDraft)],
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.importOrganisations)
        let ordered = rows.enumerated().sorted {
            ($0.element.draft.code, $0.offset) < ($1.element.draft.code, $1.offset)
        }.map(\.element)
        return try register.write { session in
            var report = Report()
            try ensureCentralCouncil(session)
            var taken: [OrganisationCode: [CalendarDate?: Int]] = [:]
            for (line, draft) in ordered {
                // The same organisation may come with several dated names.
                if let before = taken[draft.code]?[draft.nameSince] {
                    report.rejected.append((line, [Self.repeated(draft.code, before)]))
                    continue
                }
                taken[draft.code, default: [:]][draft.nameSince] = line
                guard user.scope.contains(draft.code) else {
                    report.rejected.append((line, [Self.outside(draft.code, user.scope)]))
                    continue
                }
                if let parent = draft.code.parent, try find(parent, in: session) == nil {
                    report.rejected.append((line, [Self.orphan(draft.code, parent)]))
                    continue
                }
                try take(draft, in: session, &report)
            }
            report.rejected.sort { $0.line < $1.line }
            try AuditLog(register).record(
                "organisation.import",
                "organisation",
                "added \(report.added), updated \(report.updated), rejected \(report.rejected.count)",
                by: user,
                in: session
            )
            return report
        }
    }

    /// The organisation with this code, or nil.
    public func find(_ code: OrganisationCode) throws -> Organisation? {
        try register.read { try find(code, in: $0) }
    }

    /// The names of many organisations; unknown ones are left out.
    public func names(of codes: [OrganisationCode]) throws -> [OrganisationCode: String] {
        var names: [OrganisationCode: String] = [:]
        try register.read { session in
            for part in codes.map({ SQLValue.integer($0.ordinal) }).parts(of: 256) {
                try session.query(
                    "SELECT code, name FROM organisation WHERE code IN (\(part.placeholders))",
                    part.padded
                ) { row in
                    if let code = OrganisationCode(ordinal: row.integer(0)) {
                        names[code] = row.text(1)
                    }
                }
            }
        }
        return names
    }

    func find(_ code: OrganisationCode, in session: any DatabaseSession) throws -> Organisation? {
        try session.first(
            "SELECT name, closed_on FROM organisation WHERE code = $1",
            [.integer(code.ordinal)]
        ) {
            Organisation(
                code: code,
                name: $0.text(0),
                closedOn: $0.optionalInteger(1).map { CalendarDate(day: Int($0)) }
            )
        }
    }

    /// Whether the register has an organisation; the whole union always.
    public func isKnown(_ code: OrganisationCode) throws -> Bool {
        try code == .centralCouncil || register.read { try find(code, in: $0) != nil }
    }

    /// The open organisation with this code, or a refusal that names it.
    func requireKnown(
        _ code: OrganisationCode,
        in session: any DatabaseSession
    ) throws -> Organisation {
        if let found = try find(code, in: session) { return found }
        throw RegisterError(
            .notFound,
            "Организации \(code) нет в реестре. Загрузите её: profbilet organisation import.",
            "Organisation \(code) is not in the register. Load it: profbilet organisation import."
        )
    }

    /// Refuses what narrows a command and is neither the whole union nor in the register: an empty answer
    /// would pass for one about real people.
    func requireReal(
        _ code: OrganisationCode?,
        in session: any DatabaseSession
    ) throws {
        if let code, code != .centralCouncil { _ = try requireKnown(code, in: session) }
    }

    private func ensureCentralCouncil(_ session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO organisation (code, region, parent, name) VALUES ($1, 99, NULL, $2)
            ON CONFLICT (code) DO NOTHING
            """,
            [.integer(OrganisationCode.centralCouncil.ordinal), .text("Центральный Совет")]
        )
    }

    private func take(
        _ draft: OrganisationDraft,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let code = SQLValue.integer(draft.code.ordinal)
        let values: [SQLValue] = [
            .text(draft.name), .optional(draft.kind), .optional(draft.okrug),
            .integer(draft.hasTerritorialRights ? 1 : 0),
            .optional(draft.openedOn.map { Int64($0.day) }),
            .optional(draft.closedOn.map { Int64($0.day) }),
        ]
        let known = try session.first(
            """
            SELECT name, kind, okrug, territorial_rights, opened_on, closed_on
            FROM organisation WHERE code = $1
            """,
            [code]
        ) { row -> [SQLValue] in
            [
                .text(row.text(0)), .optional(row.optionalText(1)), .optional(row.optionalText(2)),
                .integer(row.integer(3)), .optional(row.optionalInteger(4)),
                .optional(row.optionalInteger(5)),
            ]
        }
        if known == values {
            report.unchanged += 1
            return
        }
        try session.execute(
            """
            INSERT INTO organisation
                (code, region, parent, name, kind, okrug, territorial_rights, opened_on, closed_on)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind,
                okrug = excluded.okrug, territorial_rights = excluded.territorial_rights,
                opened_on = excluded.opened_on, closed_on = excluded.closed_on
            """,
            [code, .int(draft.code.region), .optional(draft.code.parent.map(\.ordinal))] + values
        )
        let since = draft.nameSince ?? draft.openedOn ?? register.now().moscowDate
        if known?.first != values.first {
            try session.execute(
                """
                INSERT INTO organisation_name (code, since, name) VALUES ($1, $2, $3)
                ON CONFLICT (code, since) DO UPDATE SET name = excluded.name
                """,
                [code, .int(since.day), .text(draft.name)]
            )
        }
        if known?[3] ?? .integer(0) != values[3] {
            let today = known == nil ? nil : register.now().moscowDate
            let since = draft.rightsSince ?? today ?? draft.openedOn
            try session.execute(
                """
                INSERT INTO organisation_rights (code, since, territorial) VALUES ($1, $2, $3)
                ON CONFLICT (code, since) DO UPDATE SET territorial = excluded.territorial
                """,
                [code, .int(since?.day ?? 0), values[3]]
            )
        }
        if known == nil { report.added += 1 } else { report.updated += 1 }
    }

    static func repeated(_ code: OrganisationCode, _ line: Int) -> RowIssue {
        RowIssue(
            field: "code",
            column: nil,
            code: "code_repeated",
            severity: .error,
            message: Bilingual(
                "Организация \(code) уже есть в строке \(line): взята та строка.",
                "Organisation \(code) stands in line \(line) already: that line was taken."
            )
        )
    }

    private static func orphan(
        _ code: OrganisationCode,
        _ parent: OrganisationCode
    ) -> RowIssue {
        RowIssue(
            field: "code",
            column: nil,
            code: "parent_unknown",
            severity: .error,
            message: Bilingual(
                "Вышестоящей организации \(parent) нет ни в файле, ни в реестре.",
                "The organisation above, \(parent), is neither in the file nor in the register."
            )
        )
    }

    private static func outside(_ code: OrganisationCode, _ scope: OrganisationCode) -> RowIssue {
        RowIssue(
            field: "code",
            column: nil,
            code: "outside_scope",
            severity: .error,
            message: Bilingual(
                "Организация \(code) вне вашей области \(scope).",
                "Organisation \(code) is outside your scope \(scope)."
            )
        )
    }
}
