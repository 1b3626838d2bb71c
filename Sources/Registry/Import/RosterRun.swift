import TicketSeal
import UnionTicket

/// One import in progress: what all its chunks share.
final class RosterRun {
    let register: Register
    let session: any DatabaseSession
    let options: RosterImport.Options
    let user: SignedInUser
    let importId: Int64
    let at: Int64
    let consents: ConsentLedger
    private let vault: MemberVault
    private let openOrganisations: [Int64: Int64?]
    private var summary = RosterImport.Summary()

    init(
        _ register: Register,
        _ options: RosterImport.Options,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        (self.register, self.options, self.user, self.session) = (register, options, user, session)
        at = register.now().seconds
        vault = MemberVault(register: register)
        importId = try Counter.fileImport.take(in: session)
        consents = try ConsentLedger(in: session)
        var organisations: [Int64: Int64?] = [:]
        try session.query("SELECT code, closed_on FROM organisation", []) {
            organisations[$0.integer(0)] = $0.optionalInteger(1)
        }
        openOrganisations = organisations
        try session.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS import_seen
            (member_id BIGINT NOT NULL PRIMARY KEY, line BIGINT NOT NULL)
            """
        )
        try session.execute("DELETE FROM import_seen")
        try session.execute(
            """
            INSERT INTO file_import
                (id, kind, at, user_id, file_sha256, format, complete_for, counts)
            VALUES ($1, 'roster', $2, $3, $4, $5, $6, '')
            """,
            [
                .integer(importId), .integer(at), .integer(user.id), .blob(options.fileSHA256),
                .text(options.format), .optional(options.completeFor?.ordinal),
            ]
        )
    }

    /// Matches and stores one chunk.
    func take(_ rows: [RosterRow]) throws -> [RosterImport.RowResult] {
        let prepared = try Cores.map(rows.count) { [register] index in
            rows[index].draft.map { PreparedDraft($0, register.secrets) }
        }
        var chunk = try RosterChunk(rows, prepared, in: self)
        var results: [RosterImport.RowResult] = []
        results.reserveCapacity(rows.count)
        for (row, draft) in zip(rows, prepared) {
            var issues = row.issues
            let outcome = try judge(row, draft, &chunk, &issues)
            summary.counts[outcome, default: 0] += 1
            if outcome != .error, issues.contains(where: { $0.severity == .warning }) {
                summary.warnings += 1
            }
            results.append(.init(line: row.line, outcome: outcome, issues: issues))
        }
        try store(chunk)
        return results
    }

    /// Closes the import: absent members, counts, audit.
    func finish() throws -> RosterImport.Summary {
        summary.importId = importId
        if let code = options.completeFor { try listAbsent(of: code) }
        let counts = RowOutcome.allCases.map { "\($0.rawValue) \(summary[$0])" }
            .joined(separator: ", ")
        try session.execute(
            "UPDATE file_import SET counts = $1 WHERE id = $2",
            [.text(counts), .integer(importId)]
        )
        try AuditLog(register).record(
            "roster.import",
            "import/\(importId)",
            counts,
            by: user,
            in: session
        )
        return summary
    }

    private func judge(
        _ row: RosterRow,
        _ prepared: PreparedDraft?,
        _ chunk: inout RosterChunk,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        if let refusal = row.organisation.flatMap(refusal) {
            issues.append(refusal)
            return .error
        }
        guard let prepared else { return .error }
        return try chunk.match(prepared, line: row.line, &issues)
    }

    private func refusal(_ code: OrganisationCode) -> RowIssue? {
        guard let closed = openOrganisations[code.ordinal] else {
            return .organisation(
                "organisation_unknown",
                "Организации \(code) нет в реестре: загрузите список организаций.",
                "Organisation \(code) is not in the register: load the list of organisations."
            )
        }
        if let closed, closed <= Instant(seconds: at).moscowDate.day {
            return .organisation(
                "organisation_closed",
                "Организация \(code) закрыта: укажите действующую.",
                "Organisation \(code) is closed: name an open one."
            )
        }
        if let whole = options.completeFor, !whole.contains(code) {
            return .organisation(
                "outside_complete_roster",
                "Организация \(code) не входит в \(whole), чей полный список загружается.",
                "Organisation \(code) is not within \(whole), whose whole roster this is."
            )
        }
        guard user.scope.contains(code) else {
            return .organisation(
                "outside_scope",
                "Организация \(code) вне вашей области \(user.scope).",
                "Organisation \(code) is outside your scope \(user.scope)."
            )
        }
        return nil
    }

    private func store(_ chunk: consuming RosterChunk) throws {
        var chunk = chunk
        try chunk.storeNew(vault)
        try session.load("import_seen", ["member_id", "line"], count: chunk.seen.count) {
            $1.put(chunk.seen[$0].member)
            $1.put(Int64(chunk.seen[$0].line))
        }
    }

    private func listAbsent(of code: OrganisationCode) throws {
        let range = code.subtree
        let absent = try session.all(
            """
            SELECT id, ais_id FROM member
            WHERE organisation BETWEEN $1 AND $2 AND state IN ('candidate', 'active', 'suspended')
            AND import_id <> $3 AND id NOT IN (SELECT member_id FROM import_seen)
            ORDER BY id
            """,
            [.integer(range.lowerBound), .integer(range.upperBound), .integer(importId)]
        ) { (id: $0.integer(0), ais: $0.optionalText(1)) }
        summary.absent = absent.map { $0.ais ?? "#\($0.id)" }
        guard let status = options.markAbsent, !absent.isEmpty else { return }
        try requireSecondPerson(absent: absent.count, in: range)
        for member in absent {
            try MemberFile(register).change(
                member.id,
                to: status,
                reason: "absent from a complete roster",
                by: user,
                in: session
            )
            summary.marked += 1
        }
    }

    private func requireSecondPerson(absent: Int, in range: ClosedRange<Int64>) throws {
        let all = try session.first(
            """
            SELECT count(*) FROM member
            WHERE organisation BETWEEN $1 AND $2 AND state IN ('candidate', 'active', 'suspended')
            """,
            [.integer(range.lowerBound), .integer(range.upperBound)]
        ) { $0.integer(0) }
        guard Int64(absent) * 20 > all ?? 0 else { return }
        guard let second = options.secondPerson, second.id != user.id else {
            throw RegisterError(
                .refused,
                "Отсутствует более 5 % организации (\(absent)): нужно подтверждение второго человека "
                    + "(--second-user).",
                "More than 5 % of the organisation are absent (\(absent)): a second person must "
                    + "confirm (--second-user)."
            )
        }
        try second.require(.changeMembers, at: options.completeFor)
        try AuditLog(register).record(
            "roster.confirmAbsent",
            "import/\(importId)",
            "\(absent)",
            by: second,
            in: session
        )
    }
}

extension RowIssue {
    static func organisation(_ code: String, _ russian: String, _ english: String) -> RowIssue {
        RowIssue(
            field: "organisation",
            column: nil,
            code: code,
            severity: .error,
            message: Bilingual(russian, english)
        )
    }
}
