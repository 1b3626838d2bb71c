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
    /// Cards that came to an end otherwise: withdrawn with their member or written off.
    public let withdrawn: Int
    /// Of the cards made, given to their members.
    public let handedOut: Int
    /// What is not settled.
    public let differences: [Difference]

    /// How many cards are missing.
    public var missingCount: Int { missing.reduce(0) { $0 + $1.count } }

    /// Whether something keeps the batch from being closed.
    public var isOpen: Bool { !missing.isEmpty || unshipped > 0 || !differences.isEmpty }

    init(_ batch: BatchBook.Batch, in session: any DatabaseSession) throws {
        guard let first = batch.firstCarrier else {
            throw BatchBook.noStep(batch, .accepted)
        }
        let range: [SQLValue] = [
            .integer(first), .integer(first + Int64(batch.cards) - 1),
        ]
        var counts: [CarrierState: Int] = [:]
        var handedOut = 0
        try session.query(
            """
            SELECT state, count(*), count(handed_out_on) FROM carrier
            WHERE id BETWEEN $1 AND $2 GROUP BY state
            """,
            range
        ) { row in
            guard let state = CarrierState(rawValue: row.text(0)) else { return }
            counts[state] = Int(row.integer(1))
            handedOut += Int(row.integer(2))
        }
        var missing: [ClosedRange<Int64>] = []
        try session.query(
            """
            SELECT id FROM carrier WHERE id BETWEEN $1 AND $2 AND state = 'allocated' ORDER BY id
            """,
            range
        ) { missing.add($0.integer(0) - first + 1) }
        state = batch.state
        cards = batch.cards
        (spoiled, unshipped) = (counts[.spoiled] ?? 0, counts[.printed] ?? 0)
        let madeAndEnded = try Self.madeAndEnded(range, in: session)
        withdrawn = (counts[.withdrawn] ?? 0) + (counts[.destroyed] ?? 0) - madeAndEnded
        self.missing = missing.map { Int($0.lowerBound)...Int($0.upperBound) }
        let missingCount = missing.reduce(0) { $0 + $1.count }
        produced = batch.cards - spoiled - withdrawn - missingCount
        self.handedOut = handedOut
        differences = try Self.open(batch.id, in: session)
    }

    /// Cards made that were withdrawn or destroyed later.
    private static func madeAndEnded(
        _ range: [SQLValue],
        in session: any DatabaseSession
    ) throws -> Int {
        try session.first(
            """
            SELECT count(*) FROM carrier WHERE id BETWEEN $1 AND $2
            AND state IN ('withdrawn', 'destroyed') AND produced_on IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM carrier_event e
                WHERE e.carrier_id = carrier.id AND e.to_state = 'spoiled')
            """,
            range
        ) { Int($0.integer(0)) } ?? 0
    }

    private static func open(
        _ batch: Int64,
        in session: any DatabaseSession
    ) throws -> [Difference] {
        try session.all(
            """
            SELECT id, kind, seq, line, revision, detail FROM batch_difference
            WHERE batch_id = $1 AND closed_at IS NULL ORDER BY id
            """,
            [.integer(batch)]
        ) { row -> Difference? in
            guard let kind = DifferenceKind(rawValue: row.text(1)) else { return nil }
            return Difference(
                id: row.integer(0),
                kind: kind,
                sequence: row.optionalInteger(2).map { Int($0) },
                line: Int(row.integer(3)),
                revision: Int(row.integer(4)),
                detail: row.text(5)
            )
        }.compactMap(\.self)
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
