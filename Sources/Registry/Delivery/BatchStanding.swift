public import UnionTicket

/// How a batch's cards stand after its reports, and what keeps it from being closed.
public struct BatchStanding: Sendable, Equatable {
    /// One difference between report and batch that is not settled.
    public struct Difference: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// What it is.
        public let kind: DifferenceKind
        /// Place in the run, where it has one.
        public let sequence: Int?
        /// Line of the report.
        public let line: Int
        /// Which report.
        public let revision: Int
        /// What differs, without a full number.
        public let detail: String
    }

    /// A difference that a document settled.
    public struct Settled: Sendable, Equatable {
        /// What it was.
        public let difference: Difference
        /// The document, or why cards were written off.
        public let document: String
        /// When it was entered.
        public let at: Instant
    }

    /// The batch's state.
    public let state: BatchState
    /// Cards in the run.
    public let cards: Int
    /// Cards made and not revoked.
    public let produced: Int
    /// Cards revoked as spoiled at the plant.
    public let spoiled: Int
    /// Places of cards that nobody has reported made and that are not revoked.
    public let missing: [ClosedRange<Int>]
    /// Made and still at the plant.
    public let unshipped: Int
    /// Cards that the plant never delivered: given up, claimed from it and ordered anew.
    public let writtenOff: Int
    /// Cards withdrawn before they were made: their member left or took the consent back.
    public let withdrawn: Int
    /// Of the cards made, given to their members.
    public let handedOut: Int
    /// What is not settled.
    public let differences: [Difference]
    /// What documents settled; what a corrected report settled is over and not told.
    public let settled: [Settled]

    /// How many cards are missing.
    public var missingCount: Int { missing.reduce(0) { $0 + $1.count } }

    /// Whether report and batch differ in something that is not settled.
    public var differs: Bool { !missing.isEmpty || !differences.isEmpty }

    /// Whether something keeps the batch from being closed.
    public var isOpen: Bool { differs || unshipped > 0 }

    init(_ batch: BatchBook.Batch, in session: any DatabaseSession) throws {
        guard let first = batch.firstCarrier else {
            throw BatchBook.noStep(batch, .accepted)
        }
        let range: [SQLValue] = [
            .integer(first), .integer(first + Int64(batch.cards) - 1),
        ]
        (unshipped, handedOut) =
            try session.first(
                """
                SELECT count(*) FILTER (WHERE state = 'printed'), count(handed_out_on)
                FROM carrier WHERE id BETWEEN $1 AND $2
                """,
                range
            ) { (Int($0.integer(0)), Int($0.integer(1))) } ?? (0, 0)
        var missing: [ClosedRange<Int64>] = []
        try session.query(
            """
            SELECT id FROM carrier WHERE id BETWEEN $1 AND $2 AND state = 'allocated' ORDER BY id
            """,
            range
        ) { missing.add($0.integer(0) - first + 1) }
        state = batch.state
        cards = batch.cards
        let ended = try Self.ended(range, in: session)
        spoiled = ended.spoiled
        let claimed = try Self.claimed(batch.id, in: session)
        (writtenOff, withdrawn) = (claimed - spoiled, ended.unmade - (claimed - spoiled))
        self.missing = missing.map { Int($0.lowerBound)...Int($0.upperBound) }
        let missingCount = missing.reduce(0) { $0 + $1.count }
        produced = batch.cards - spoiled - ended.unmade - missingCount
        differences = try Self.open(batch.id, in: session)
        settled = try Self.settled(batch.id, in: session)
    }

    /// Cards spoiled at the plant, and others that came to their end without having been made.
    ///
    /// Either may have been destroyed with an act since.
    private static func ended(
        _ range: [SQLValue],
        in session: any DatabaseSession
    ) throws -> (spoiled: Int, unmade: Int) {
        try session.first(
            """
            SELECT count(*) FILTER (WHERE is_spoiled = 1),
                count(*) FILTER (WHERE is_spoiled = 0 AND produced_on IS NULL)
            FROM (SELECT produced_on, CASE WHEN EXISTS (SELECT 1 FROM carrier_event e
                    WHERE e.carrier_id = carrier.id AND e.to_state = 'spoiled')
                    THEN 1 ELSE 0 END AS is_spoiled
                FROM carrier WHERE id BETWEEN $1 AND $2
                AND state IN ('spoiled', 'replaced', 'withdrawn', 'destroyed')) AS ended
            """,
            range
        ) { (Int($0.integer(0)), Int($0.integer(1))) } ?? (0, 0)
    }

    /// Cards of the batch that are claimed from the plant: spoiled or never delivered.
    private static func claimed(_ batch: Int64, in session: any DatabaseSession) throws -> Int {
        try session.first(
            """
            SELECT coalesce(sum(l.cards), 0) FROM money_entry e
            JOIN money_line l ON l.entry_id = e.id
            WHERE e.batch_id = $1 AND e.kind = $2 AND l.account = $3
            """,
            [
                .integer(batch), .text(MoneyEntryKind.spoilage.rawValue),
                .text(MoneyAccount.spoilageClaim.rawValue),
            ]
        ) { Int($0.integer(0)) } ?? 0
    }

    private static let columns = "SELECT d.id, d.kind, d.seq, d.line, d.revision, d.detail"

    private static func open(
        _ batch: Int64,
        in session: any DatabaseSession
    ) throws -> [Difference] {
        try session.all(
            """
            \(columns) FROM batch_difference d
            WHERE d.batch_id = $1 AND d.closed_at IS NULL ORDER BY d.id
            """,
            [.integer(batch)],
            difference
        ).compactMap(\.self)
    }

    /// Differences that no later report took back.
    private static func settled(
        _ batch: Int64,
        in session: any DatabaseSession
    ) throws -> [Settled] {
        try session.all(
            """
            \(columns), d.resolution, d.closed_at FROM batch_difference d
            WHERE d.batch_id = $1 AND d.closed_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM batch_report r WHERE r.batch_id = d.batch_id
                AND r.revision > d.revision AND d.resolution = 'revision ' || r.revision)
            ORDER BY d.id
            """,
            [.integer(batch)]
        ) { row -> Settled? in
            guard let difference = difference(row) else { return nil }
            return Settled(
                difference: difference,
                document: row.text(6),
                at: Instant(seconds: row.integer(7))
            )
        }.compactMap(\.self)
    }

    private static func difference(_ row: any DatabaseRow) -> Difference? {
        guard let kind = DifferenceKind(rawValue: row.text(1)) else { return nil }
        return Difference(
            id: row.integer(0),
            kind: kind,
            sequence: row.optionalInteger(2).map { Int($0) },
            line: Int(row.integer(3)),
            revision: Int(row.integer(4)),
            detail: row.text(5)
        )
    }

    /// Settles differences, each with how.
    static func close(
        _ ids: [Int64],
        resolution: String,
        at now: Instant,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        for part in ids.map(SQLValue.integer).parts(of: 256) {
            // The fixed arguments come after the padded ones: placeholders count from those.
            let next = part.padded.count
            try session.execute(
                """
                UPDATE batch_difference SET closed_at = \(now.seconds), closed_by = \(user.id),
                    resolution = $\(next + 1)
                WHERE id IN (\(part.placeholders)) AND closed_at IS NULL
                """,
                part.padded + [.text(resolution)]
            )
        }
    }
}
