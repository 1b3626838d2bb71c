public import UnionTicket
import TicketSeal

/// Destroys one person's data for good: the data key first, so that no copy of the register opens it
/// again.
///
/// What stays names nobody: the number as a tombstone, carriers with their published status, what past
/// days are counted by (`erased_carrier`, `erased_record`: rows without a person), and the audit rows.
/// The signed line of the erasure log lies outside backups and is replayed by a restore.
public struct MemberErasure: Sendable {
    let register: Register

    /// Erasures in this register.
    public init(_ register: Register) { self.register = register }

    /// What was erased.
    public struct Report: Sendable, Equatable {
        /// Row of the member.
        public let member: Int64
        /// Rows of the person's other records, merged into this one: their data went with it.
        public internal(set) var merged: [Int64] = []
        /// When the key was destroyed.
        public let at: Instant
        /// Numbers that are tombstones from now on.
        public internal(set) var numbers: Int
        /// Carriers that belong to nobody from now on.
        public internal(set) var carriers: Int
        /// The log that holds the signed line.
        public let log: String
        /// Folders that still hold the person's print data.
        public internal(set) var printFiles: [PrintFiles.Remnant]
        /// Whether the database's journal was emptied; with false a reader kept old rows in it.
        public internal(set) var isJournalEmpty = false
    }

    /// Erases a person who is no longer a member, with all records that were merged into theirs.
    ///
    /// - Parameters:
    ///   - reference: АИС identifier, `#row` or ticket number.
    ///   - reason: On what ground; goes to the audit log, so no name may stand in it.
    ///   - user: Who does it.
    /// - Returns: What was erased.
    /// - Throws: ``RegisterError``: still a member, a row waits for a decision, or a card of the
    ///   person is being made.
    public func erase(
        _ reference: String,
        reason: String,
        by user: SignedInUser
    ) throws -> Report {
        try user.requireEverywhere(.changeMembers)
        let reason = try Ground.require(reason)
        // The person's own record goes last: a command that was killed finds the others by it.
        let records = try register.read { session in
            let id = try MemberFile(register).find(reference, in: session)
            let records = try MemberMerge.held(under: id, in: session) + [id]
            for record in records { try requireOver(record, in: session) }
            return records
        }
        let now = register.now()
        try PrintFiles(register).sweep()
        var reports = try records.map { try destroy($0, at: now, reason: reason, by: user) }
        var report = reports.removeLast()
        for other in reports {
            report.merged.append(other.member)
            report.numbers += other.numbers
            report.carriers += other.carriers
            report.printFiles += other.printFiles
        }
        report.isJournalEmpty = try emptyJournals()
        return report
    }

    /// Destroys one record's data.
    private func destroy(
        _ member: Int64,
        at now: Instant,
        reason: String,
        by user: SignedInUser
    ) throws -> Report {
        // The log, then the key, then the tables: a command that was killed is repeated by its row.
        try ErasureLog(register).erase(member, at: now)
        let (noted, remnants) = try register.write { session in
            try requireOver(member, in: session)
            let remnants = try PrintFiles(register).holding(member, in: session)
            let (numbers, carriers) = try clear(member, at: now, in: session)
            for left in remnants {
                try AuditLog(register).record(
                    ErasureActs.remnant,
                    "member/\(member)",
                    "\(left.folder): \(left.removedBy)",
                    by: user,
                    in: session
                )
            }
            try AuditLog(register).record(
                "member.erase",
                "member/\(member)",
                reason,
                by: user,
                in: session
            )
            try ConsentWithdrawals(register).settleErased(member, by: user, in: session)
            let noted = try ErasureActs(register).note(
                member,
                at: now,
                reason: reason,
                numbers: numbers,
                carriers: carriers,
                by: user,
                in: session
            )
            return (noted, remnants)
        }
        return Report(
            member: member,
            at: noted.at,
            numbers: noted.numbers,
            carriers: noted.carriers,
            log: register.directory.erasureLog,
            printFiles: remnants
        )
    }

    /// What stood in the rows before is overwritten in the file, and stands in the journal until that is
    /// begun anew.
    func emptyJournals() throws -> Bool {
        do {
            let isEmpty = try register.database.emptyJournal()
            return try register.keyStore.emptyJournal() && isEmpty
        } catch let failure as DatabaseError { throw RegisterError(failure) }
    }

    /// How many erased people the log outside backups does not name; `retention run` and the next
    /// `erase` write it whole again.
    public func missingInLog() throws -> Int { try ErasureLog(register).missing().count }

    /// Takes out of the tables what names a person, keyed hashes included.
    @discardableResult
    func clear(
        _ member: Int64,
        at now: Instant,
        in session: any DatabaseSession
    ) throws -> (numbers: Int, carriers: Int) {
        try Self.keepCounts(member, in: session)
        try session.execute(
            """
            UPDATE member SET ais_id = NULL, name_hash = 0, birth_hash = 0, sex = NULL,
                joined_on = 0, legacy_number = NULL, sealed = $1, fingerprint = 0 WHERE id = $2
            """,
            [.blob([]), .integer(member)]
        )
        for sql in [
            // Another mark in the place of the row's own keyed hash, by which it is known again.
            "UPDATE conflict SET sealed = $1, fingerprint = -id WHERE member_id = $2",
            "UPDATE conflict SET sealed = $1, fingerprint = -id WHERE resolved_member = $2",
            "UPDATE batch_card SET sealed = $1 WHERE member_id = $2",
            "UPDATE outgoing_message SET secret = $1 WHERE member_id = $2",
            """
            UPDATE virtual_card SET device = $1 WHERE carrier_id IN
                (SELECT id FROM carrier WHERE member_id = $2)
            """,
        ] { try session.execute(sql, [.blob([]), .integer(member)]) }
        try session.execute("DELETE FROM enrolment WHERE member_id = $1", [.integer(member)])
        try ActivationCodes(register).end(of: member, as: .revoked, in: session)
        try session.execute(
            "UPDATE partner_code SET state = 'revoked' WHERE member_id = $1 AND state = 'open'",
            [.integer(member)]
        )
        // Retired ones by their carriers: only the assigned number is found by its member.
        let tombstone = "UPDATE ticket_number SET state = 'retired', member_id = NULL, at = $1"
        let numbers = try [
            "state = 'assigned' AND member_id = $2",
            "number IN (SELECT number FROM carrier WHERE member_id = $2) AND member_id = $2",
        ].reduce(0) {
            try $0
                + session.execute(
                    "\(tombstone) WHERE \($1)",
                    [.integer(now.seconds), .integer(member)]
                )
        }
        try PartnerJudgement.mark(member, in: session)
        let carriers = try session.execute(
            "UPDATE carrier SET member_id = NULL WHERE member_id = $1",
            [.integer(member)]
        )
        return (numbers, carriers)
    }

    /// Keeps what a report of a past day counts the person by: whose the carriers were by row, and
    /// whether there was an identifier in АИС.
    private static func keepCounts(_ member: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO erased_record (member_id, had_ais_id)
            SELECT id, CASE WHEN ais_id IS NULL THEN 0 ELSE 1 END FROM member WHERE id = $1
            ON CONFLICT (member_id) DO NOTHING
            """,
            [.integer(member)]
        )
        try session.execute(
            """
            INSERT INTO erased_carrier (carrier_id, member_id)
            SELECT id, member_id FROM carrier WHERE member_id = $1
            ON CONFLICT (carrier_id) DO NOTHING
            """,
            [.integer(member)]
        )
    }

    private func requireOver(_ id: Int64, in session: any DatabaseSession) throws {
        func holds(_ sql: String) throws -> Bool {
            try session.first(sql, [.integer(id)]) { $0.integer(0) } ?? 0 > 0
        }
        if try holds(
            """
            SELECT count(*) FROM member
            WHERE id = $1 AND \(DataQuality.Table.standing)
            """
        ) {
            throw RegisterError(
                .refused,
                "#\(id) — член Профсоюза: сначала profbilet member set-status … left.",
                "#\(id) is a member: first profbilet member set-status … left."
            )
        }
        if try holds("SELECT count(*) FROM conflict WHERE member_id = $1 AND resolution IS NULL") {
            throw RegisterError(
                .refused,
                "О записи #\(id) ждёт решения строка списка: profbilet roster conflicts resolve.",
                "A row about #\(id) waits for a decision: profbilet roster conflicts resolve."
            )
        }
        if try holds(
            """
            SELECT count(*) FROM batch_card c JOIN batch b ON b.id = c.batch_id
            WHERE c.member_id = $1 AND c.live = 1
            AND b.state IN ('planned', 'approved', 'built', 'verified')
            """
        ) {
            throw RegisterError(
                .refused,
                "Карта записи #\(id) в незавершённой партии: завершите или отмените партию.",
                "A card of #\(id) is in an unfinished batch: finish or cancel the batch."
            )
        }
    }
}
