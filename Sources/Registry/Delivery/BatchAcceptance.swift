import TicketSeal
public import UnionTicket

/// Takes manufacturers' reports in and reconciles them to the last card (production.md § 3).
///
/// A report replaces what earlier ones said: a card it does not name is missing. A supplement adds
/// to them: it speaks of the cards it names only. The same file again changes nothing, unless it is to
/// come into force again after others.
public struct BatchAcceptance: Sendable {
    let register: Register

    /// The acceptance of this register's batches.
    public init(_ register: Register) { self.register = register }

    /// Figures of the plant's covering letter, where it names them.
    public struct Expected: Sendable, Equatable {
        /// Cards made.
        public var produced: Int?
        /// Cards spoiled.
        public var spoiled: Int?

        /// Figures; nil where the letter names none.
        public init(produced: Int? = nil, spoiled: Int? = nil) {
            (self.produced, self.spoiled) = (produced, spoiled)
        }
    }

    /// One report that was taken in.
    public struct Revision: Sendable, Equatable {
        /// 1, 2, 3 … within its batch.
        public let number: Int
        /// When it was taken in.
        public let at: Instant
        /// By whom.
        public let user: String
        /// SHA-256 of the file.
        public let sha256: [UInt8]
        /// Whether it speaks of the cards it names only.
        public let isSupplement: Bool
        /// Rows in it.
        public let rows: Int
        /// Cards it says are made.
        public let produced: Int
        /// Cards it says are spoiled.
        public let spoiled: Int
        /// Cards it says are missing, and with a whole report those it does not name.
        public let missing: Int
        /// Places past the run's end.
        public let surplus: Int
        /// Numbers that are not in the batch.
        public let unknown: Int
        /// Cards named twice.
        public let duplicate: Int
    }

    /// What became of a report.
    public struct Outcome: Sendable {
        /// The report as kept.
        public let revision: Revision
        /// Whether the same file had been taken in before: then nothing was changed.
        public let isRepeated: Bool
        /// The report that was taken in last.
        public let latest: Int
        /// Where the batch stands now.
        public let standing: BatchStanding
        /// Orders made anew for spoiled cards.
        public let remade: [Int64]
    }

    /// Takes a report in, in one transaction.
    ///
    /// - Parameters:
    ///   - id: The batch.
    ///   - terms: What it is accepted by; fixed with the first report.
    ///   - sha256: Of the file.
    ///   - isSupplement: Whether it speaks of the cards it names only.
    ///   - isAgain: Whether a file that was taken in before others comes into force again.
    ///   - expected: Figures that must come out.
    ///   - user: Who accepts.
    ///   - rows: Opens the report anew each time it is called (a server may ask to repeat a
    ///     transaction) and gives what yields its rows, none at its end.
    /// - Returns: What became of it.
    /// - Throws: ``RegisterError`` when the batch is not sealed yet or closed, or the report cannot be
    ///   its report; then nothing was changed.
    public func accept(
        _ id: Int64,
        _ terms: AcceptanceTerms,
        sha256: [UInt8],
        isSupplement: Bool = false,
        isAgain: Bool = false,
        expecting expected: Expected = Expected(),
        by user: SignedInUser,
        rows: () throws -> (() throws -> [ReportRow])
    ) throws -> Outcome {
        try user.requireEverywhere(.acceptBatches)
        return try register.write { session in
            let book = BatchBook(register)
            let batch = try book.batch(id, in: session)
            let latest = try lastRevision(of: id, in: session)
            if let known = try revision(of: id, sha256: sha256, in: session),
                !isAgain || known.number == latest
            {
                return Outcome(
                    revision: known,
                    isRepeated: true,
                    latest: latest,
                    standing: try BatchStanding(batch, in: session),
                    remade: []
                )
            }
            guard [.sealed, .accepted, .shipped].contains(batch.state),
                let firstCarrier = batch.firstCarrier
            else { throw BatchBook.noStep(batch, .accepted) }
            let terms = try fix(terms, batch, in: session)
            var tally = ReportTally(batch, firstCarrier: firstCarrier, hasChips: terms.hasChips)
            let next = try rows()
            while case let part = try next(), !part.isEmpty { try tally.add(part, in: session) }
            try tally.check(expecting: expected)
            return try session.withLargeCache {
                var run = AcceptanceRun(
                    register: register,
                    user: user,
                    session: session,
                    batch: batch,
                    firstCarrier: firstCarrier,
                    terms: terms,
                    tally: tally,
                    isSupplement: isSupplement
                )
                return try finish(&run, sha256)
            }
        }
    }

    private func finish(_ run: inout AcceptanceRun, _ sha256: [UInt8]) throws -> Outcome {
        let (batch, session) = (run.batch, run.session)
        let number = Int64(try lastRevision(of: batch.id, in: session) + 1)
        try run.apply(revision: number)
        try keep(run, sha256, number: number)
        let book = BatchBook(register)
        if batch.state == .sealed {
            try book.move(batch, to: .accepted, "", by: run.user, in: session)
        }
        try book.note(
            batch.id,
            "batch.report",
            "\(Hex.text(sha256)) produced \(run.tally.count(.produced))",
            by: run.user,
            in: session
        )
        guard let revision = try revision(of: batch.id, sha256: sha256, in: session) else {
            throw DatabaseError(.misuse, reason: "batch_report")
        }
        return Outcome(
            revision: revision,
            isRepeated: false,
            latest: revision.number,
            standing: try BatchStanding(try book.batch(batch.id, in: session), in: session),
            remade: run.remade
        )
    }

    private func keep(_ run: AcceptanceRun, _ sha256: [UInt8], number: Int64) throws {
        let tally = run.tally
        let named = (1...run.batch.cards).count { tally.result($0) != nil }
        let silent = run.isSupplement ? 0 : run.batch.cards - named
        let counts = [
            tally.rows, tally.count(.produced), tally.count(ReportedResult.spoiled),
            tally.count(ReportedResult.missing) + silent, tally.count(.surplus),
            tally.count(.unknown), tally.count(.duplicate),
        ]
        try run.session.execute(
            """
            INSERT INTO batch_report (batch_id, revision, at, user_id, sha256, is_supplement,
                rows_read, produced, spoiled, missing, surplus, unknown, duplicate)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            [
                .integer(run.batch.id), .integer(number), .integer(register.now().seconds),
                .integer(run.user.id), .blob(sha256), .int(run.isSupplement ? 1 : 0),
            ] + counts.map { SQLValue.int($0) }
        )
    }

    /// The terms that the first report fixed, or these.
    private func fix(
        _ terms: AcceptanceTerms,
        _ batch: BatchBook.Batch,
        in session: any DatabaseSession
    ) throws -> AcceptanceTerms {
        if let fixed = try BatchBook(register).terms(batch.id, in: session) { return fixed }
        let today = Int64(register.now().moscowDate.day)
        try session.execute(
            """
            UPDATE batch SET activation = $1, spoilage = $2, has_chips = $3, price_tier = $4,
                price = $5, charges = $6,
                shares_since = (SELECT max(s.since) FROM cost_share s WHERE s.since <= $7)
            WHERE id = $8
            """,
            [
                .text(terms.activation.rawValue), .text(terms.spoilage.rawValue),
                .int(terms.hasChips ? 1 : 0), .text(terms.tier), .integer(terms.price.value),
                .text(terms.chargeText), .integer(today), .integer(batch.id),
            ]
        )
        try ParcelDesk(register).lay(out: batch, in: session)
        return terms
    }
}

extension BatchAcceptance {
    private static let columns = """
        SELECT r.revision, r.at, u.name, r.sha256, r.is_supplement, r.rows_read, r.produced,
            r.spoiled, r.missing, r.surplus, r.unknown, r.duplicate
        FROM batch_report r JOIN app_user u ON u.id = r.user_id
        """

    /// The reports of a batch, the first one first.
    public func revisions(of id: Int64, by user: SignedInUser) throws -> [Revision] {
        try user.require(.readReports)
        return try register.read { session in
            try session.all(
                "\(Self.columns) WHERE r.batch_id = $1 ORDER BY r.revision",
                [.integer(id)],
                Self.revision
            )
        }
    }

    /// The number of the report taken in last; 0 where there is none.
    private func lastRevision(of id: Int64, in session: any DatabaseSession) throws -> Int {
        try session.first(
            "SELECT coalesce(max(revision), 0) FROM batch_report WHERE batch_id = $1",
            [.integer(id)]
        ) { Int($0.integer(0)) } ?? 0
    }

    private func revision(
        of id: Int64,
        sha256: [UInt8],
        in session: any DatabaseSession
    ) throws -> Revision? {
        try session.first(
            """
            \(Self.columns) WHERE r.batch_id = $1 AND r.sha256 = $2
            ORDER BY r.revision DESC LIMIT 1
            """,
            [.integer(id), .blob(sha256)],
            Self.revision
        )
    }

    private static func revision(_ row: any DatabaseRow) -> Revision {
        Revision(
            number: Int(row.integer(0)),
            at: Instant(seconds: row.integer(1)),
            user: row.text(2),
            sha256: row.blob(3),
            isSupplement: row.integer(4) != 0,
            rows: Int(row.integer(5)),
            produced: Int(row.integer(6)),
            spoiled: Int(row.integer(7)),
            missing: Int(row.integer(8)),
            surplus: Int(row.integer(9)),
            unknown: Int(row.integer(10)),
            duplicate: Int(row.integer(11))
        )
    }
}

extension BatchBook {
    /// What a batch is accepted by; nil before its first report.
    public func terms(_ id: Int64) throws -> AcceptanceTerms? {
        try register.read { try terms(id, in: $0) }
    }

    func terms(_ id: Int64, in session: any DatabaseSession) throws -> AcceptanceTerms? {
        let found = try session.first(
            """
            SELECT activation, spoilage, has_chips, price_tier, price, charges
            FROM batch WHERE id = $1
            """,
            [.integer(id)]
        ) { row -> AcceptanceTerms? in
            guard let activation = CardActivation(rawValue: row.text(0)),
                let spoilage = SpoilagePolicy(rawValue: row.text(1))
            else { return nil }
            return AcceptanceTerms(
                activation: activation,
                spoilage: spoilage,
                hasChips: row.integer(2) != 0,
                tier: row.text(3),
                price: Kopecks(row.integer(4)),
                charges: AcceptanceTerms.charges(row.text(5))
            )
        }
        return found ?? nil
    }
}
