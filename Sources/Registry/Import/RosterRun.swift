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
    /// Puts new members' keys away on another core.
    let keys: KeyLine
    /// Whom this import has met or made so far.
    var met = MetFilter(blocks: MetFilter.file)
    /// Whom only rows of records that were merged into theirs have named so far.
    var metAsHeirs: Set<Int64> = []
    /// Rows that this import put into the conflict queue.
    var queued: [Int64: ConflictQueue.Standing] = [:]
    /// Members of whom this very file had another row taken: its rest of them is decided with it.
    let taken: Set<Int64>
    /// What records that were merged away go on as.
    let heirs: [Int64: Int64]
    /// Whether any known member was met in an earlier chunk.
    var hasSeen = false
    private var freeIds: Range<Int64> = 0..<0
    private var nextBlock = 1024
    let organisations: OrganisationGate
    private var summary = RosterImport.Summary()
    /// How many rows of a region ended how; region 0 stands for rows that name none.
    private var ends: [End: Int] = [:]

    private struct End: Hashable {
        let region: UInt8
        let outcome: RowOutcome
    }

    init(
        _ register: Register,
        _ options: RosterImport.Options,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        (self.register, self.options, self.user, self.session) = (register, options, user, session)
        if let whole = options.completeFor, whole != .centralCouncil {
            _ = try OrganisationTree(register).requireKnown(whole, in: session)
        }
        at = register.now().seconds
        keys = KeyLine(MemberVault(register: register))
        importId = try Counter.fileImport.take(in: session)
        consents = try ConsentLedger(choosing: options.consentTexts, in: session)
        organisations = try OrganisationGate(
            today: Instant(seconds: at).moscowDate,
            completeFor: options.completeFor,
            scope: user.scope,
            named: options.named,
            in: session
        )
        let heirs = try MemberMerge.heirs(in: session)
        self.heirs = heirs
        taken = Set(
            try ConflictQueue.taken(ofFile: options.fileSHA256, in: session)
                .map { heirs[$0] ?? $0 }
        )
        try session.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS import_seen
            (member_id BIGINT NOT NULL PRIMARY KEY, line BIGINT NOT NULL)
            """
        )
        try session.execute(
            """
            CREATE TEMPORARY TABLE IF NOT EXISTS import_mentioned
            (member_id BIGINT NOT NULL PRIMARY KEY)
            """
        )
        try session.execute("DELETE FROM import_seen")
        try session.execute("DELETE FROM import_mentioned")
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
    func take(_ prepared: PreparedChunk) throws -> [RosterImport.RowResult] {
        var chunk = try RosterChunk(prepared, in: self)
        var results: [RosterImport.RowResult] = []
        results.reserveCapacity(prepared.rows.count)
        for index in prepared.rows.indices {
            var issues = prepared.rows[index].issues
            let draft = prepared.rows[index].draft
            let outcome = try draft.map { try chunk.take($0, at: index, &issues) } ?? .error
            ends[.init(region: prepared.rows[index].region, outcome: outcome), default: 0] += 1
            if outcome != .error, issues.contains(where: { $0.severity == .warning }) {
                summary.warnings += 1
            }
            results.append(
                .init(line: prepared.rows[index].line, outcome: outcome, issues: issues)
            )
        }
        try chunk.store()
        if organisations.isWhole { try mention(prepared.mentioned + chunk.mentioned) }
        return results
    }

    /// Remembers members whose rows were refused: they stand in the file all the same.
    private func mention(_ members: [Int64]) throws {
        let named = members.map { SQLValue.integer(heirs[$0] ?? $0) }
        for part in named.parts(of: 256) {
            let values = (1...part.padded.count).map { "($\($0))" }.joined(separator: ", ")
            try session.execute(
                """
                INSERT INTO import_mentioned (member_id) VALUES \(values)
                ON CONFLICT (member_id) DO NOTHING
                """,
                part.padded
            )
        }
    }

    /// A new member's id; ids are taken from the register in blocks, larger ones for larger files.
    func nextMember() throws -> Int64 {
        if freeIds.isEmpty {
            let first = try Counter.member.take(nextBlock, in: session)
            freeIds = first..<first + Int64(nextBlock)
            nextBlock = min(2 * nextBlock, 65_536)
        }
        return freeIds.removeFirst()
    }

    /// Closes the import: absent members, counts, audit.
    func finish() throws -> RosterImport.Summary {
        try keys.drain()
        summary.importId = importId
        for (end, count) in ends { summary.counts[end.outcome, default: 0] += count }
        if let code = options.completeFor { try listAbsent(of: code) }
        let counts = RowOutcome.allCases.map { "\($0.rawValue) \(summary[$0])" }
            .joined(separator: ", ")
        try session.execute(
            "UPDATE file_import SET counts = $1 WHERE id = $2",
            [.text(counts), .integer(importId)]
        )
        try keepRegions()
        try AuditLog(register).record(
            "roster.import",
            "import/\(importId)",
            counts,
            by: user,
            in: session
        )
        return summary
    }

    /// What the quality report says of rejects; members that come one by one are no file.
    private func keepRegions() throws {
        guard !options.fileSHA256.isEmpty else { return }
        for region in Set(ends.keys.map(\.region)) {
            func counted(_ outcomes: RowOutcome...) -> Int {
                outcomes.reduce(0) { $0 + (ends[.init(region: region, outcome: $1)] ?? 0) }
            }
            try session.execute(
                """
                INSERT INTO import_region
                    (import_id, region, accepted, duplicates, conflicts, errors)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .integer(importId), .int(region),
                    .int(counted(.added, .updated, .unchanged)), .int(counted(.duplicate)),
                    .int(counted(.conflict)), .int(counted(.error)),
                ]
            )
        }
    }

    private func listAbsent(of code: OrganisationCode) throws {
        let range = code.subtree
        let absent = try session.all(
            """
            SELECT id, ais_id FROM member
            WHERE organisation BETWEEN $1 AND $2 AND \(DataQuality.Table.standing)
            AND import_id <> $3 AND id NOT IN (SELECT member_id FROM import_seen)
            AND id NOT IN (SELECT member_id FROM import_mentioned)
            ORDER BY id
            """,
            [.integer(range.lowerBound), .integer(range.upperBound), .integer(importId)]
        ) { (id: $0.integer(0), ais: $0.optionalText(1)) }
        summary.absent = absent.map { $0.ais ?? "#\($0.id)" }
        guard let status = options.markAbsent, !absent.isEmpty else { return }
        guard summary[.error] == 0 else {
            throw RegisterError(
                .refused,
                "Отклонено строк: \(summary[.error]). Пока они не исправлены, неизвестно, кого нет в "
                    + "списке: отсутствующих не отметили, ничего не записано. Исправьте строки или "
                    + "загрузите без --mark-absent.",
                "Rows were refused: \(summary[.error]). Until they are mended, nobody can say who is "
                    + "absent: nobody was marked and nothing kept. Mend the rows, or import without "
                    + "--mark-absent."
            )
        }
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
            WHERE organisation BETWEEN $1 AND $2 AND \(DataQuality.Table.standing)
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
