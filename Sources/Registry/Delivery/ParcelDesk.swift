public import UnionTicket

/// Parcels (посылки) on their way: shipped by the plant, counted at the region, then at the primary
/// organisation, where cards of most batches come into force (production.md § 2).
public struct ParcelDesk: Sendable {
    let register: Register

    /// The parcels of this register.
    public init(_ register: Register) { self.register = register }

    /// One primary organisation's cards of one batch.
    public struct Parcel: Sendable, Equatable {
        /// The batch.
        public let batch: Int64
        /// Its number in the batch, from 1.
        public let number: Int
        /// Where it goes.
        public let organisation: OrganisationCode
        /// Places of its cards in the run.
        public let places: ClosedRange<Int>
        /// Where it is.
        public let state: ParcelState
        /// When it left the plant.
        public let shippedAt: Instant?
        /// When it was counted at the region.
        public let regionAt: Instant?
        /// When it was counted at the primary organisation.
        public let primaryAt: Instant?

        /// `000001/17`, as commands take it.
        public var name: String { "\(IssuanceManifest.name(batch))/\(number)" }

        /// The rows of its cards, in a batch whose first card has this row.
        func rows(from first: Int64) -> ClosedRange<Int64> {
            let low = first + Int64(places.lowerBound) - 1
            return low...(low + Int64(places.count) - 1)
        }
    }

    /// Which parcels a command means.
    public enum Selection: Sendable {
        /// By batch and number.
        case some([(batch: Int64, number: Int)])
        /// All of a batch that lie in the user's scope.
        case all(batch: Int64)
    }

    /// Where a parcel is counted.
    public enum Place: String, Sendable, CaseIterable {
        /// At the regional organisation.
        case region
        /// At the primary organisation.
        case primary
    }

    /// What a count did.
    public struct Outcome: Sendable, Equatable {
        /// Parcels that were counted now.
        public var parcels = 0
        /// Parcels that had been counted there before.
        public var known = 0
        /// Cards that were moved.
        public var cards = 0
        /// Cards that came into force.
        public var activated = 0
        /// Cards named as missing from their parcel.
        public var lost = 0
    }

    /// Parcels in the user's scope, by batch and number.
    ///
    /// - Parameters:
    ///   - batch: Of this batch only.
    ///   - state: In this state only.
    ///   - after: The last parcel that was listed before; those after it are listed.
    ///   - limit: How many at most.
    ///   - user: Who reads.
    /// - Returns: The parcels.
    /// - Throws: ``RegisterError`` when the user may not.
    public func list(
        batch: Int64? = nil,
        state: ParcelState? = nil,
        after: (batch: Int64, number: Int) = (0, 0),
        limit: Int = 100_000,
        by user: SignedInUser
    ) throws -> [Parcel] {
        try user.require(.handOut)
        return try register.read { session in
            let range = user.scope.subtree
            return try session.all(
                """
                \(Self.columns) WHERE p.organisation BETWEEN $1 AND $2
                AND (p.batch_id = $3 OR $3 = 0) AND (p.state = $4 OR $4 = '')
                AND (p.batch_id > $5 OR (p.batch_id = $5 AND p.number > $6))
                ORDER BY p.batch_id, p.number LIMIT $7
                """,
                [
                    .integer(range.lowerBound), .integer(range.upperBound),
                    .integer(batch ?? 0), .text(state?.rawValue ?? ""), .integer(after.batch),
                    .int(after.number), .int(limit),
                ],
                Self.parcel
            ).compactMap(\.self)
        }
    }

    /// Whether a batch was shipped and nothing that is made lies at the plant.
    public func isShipped(_ id: Int64) throws -> Bool {
        try register.read { session in
            let batch = try BatchBook(register).batch(id, in: session)
            guard batch.state == .shipped, let first = batch.firstCarrier else { return false }
            return try session.first(
                "SELECT 1 FROM carrier WHERE id BETWEEN $1 AND $2 AND state = 'printed'",
                [.integer(first), .integer(first + Int64(batch.cards) - 1)]
            ) { _ in true } == nil
        }
    }

    /// Sends everything that is made and still at the plant; may be repeated for cards made later.
    ///
    /// - Returns: How many cards left.
    /// - Throws: ``RegisterError`` when there is nothing to send or the batch is not accepted.
    public func ship(_ id: Int64, by user: SignedInUser) throws -> Int {
        try user.requireEverywhere(.acceptBatches)
        return try register.write { session in
            let book = BatchBook(register)
            let batch = try book.batch(id, in: session)
            guard [.accepted, .shipped].contains(batch.state), let first = batch.firstCarrier else {
                throw BatchBook.noStep(batch, .shipped)
            }
            let moves = CarrierMoves(register: register, user: user, session: session)
            return try session.withLargeCache {
                let spans = try moves.spans(
                    "c.id BETWEEN $1 AND $2 AND c.state = 'printed'",
                    [.integer(first), .integer(first + Int64(batch.cards) - 1)]
                )
                guard !spans.isEmpty else { throw Self.nothing(batch) }
                let count = try moves.move(
                    spans,
                    from: .printed,
                    to: .shipped,
                    reason: "batch \(id)"
                )
                try moves.orders(of: spans, from: [.produced], to: .shipped)
                try session.execute(
                    """
                    UPDATE parcel SET state = 'shipped', shipped_at = $1
                    WHERE batch_id = $2 AND state = 'packed' AND EXISTS
                        (SELECT 1 FROM carrier c
                         WHERE c.id BETWEEN \(first - 1) + parcel.first_seq
                            AND \(first - 1) + parcel.last_seq AND c.state = 'shipped')
                    """,
                    [.integer(register.now().seconds), .integer(id)]
                )
                if batch.state == .accepted {
                    try book.move(batch, to: .shipped, "cards \(count)", by: user, in: session)
                } else {
                    try book.note(id, "batch.ship", "cards \(count)", by: user, in: session)
                }
                return count
            }
        }
    }

    private static func nothing(_ batch: BatchBook.Batch) -> RegisterError {
        RegisterError(
            .refused,
            "В партии \(batch.name) нечего отгружать: изготовленных карт на заводе нет.",
            "Batch \(batch.name) has nothing to ship: no made card is at the plant."
        )
    }
}

extension ParcelDesk {
    static let columns = """
        SELECT p.batch_id, p.number, p.organisation, p.first_seq, p.last_seq, p.state,
            p.shipped_at, p.region_at, p.primary_at
        FROM parcel p
        """

    static func parcel(_ row: any DatabaseRow) -> Parcel? {
        guard let organisation = OrganisationCode(ordinal: row.integer(2)),
            let state = ParcelState(rawValue: row.text(5))
        else { return nil }
        func instant(_ column: Int) -> Instant? {
            row.optionalInteger(column).map { Instant(seconds: $0) }
        }
        return Parcel(
            batch: row.integer(0),
            number: Int(row.integer(1)),
            organisation: organisation,
            places: Int(row.integer(3))...Int(row.integer(4)),
            state: state,
            shippedAt: instant(6),
            regionAt: instant(7),
            primaryAt: instant(8)
        )
    }

    /// Lays a batch's parcels out: a parcel a run of one organisation's cards, as its plan has them.
    func lay(out batch: BatchBook.Batch, in session: any DatabaseSession) throws {
        var parcels: [(organisation: Int64, first: Int64, last: Int64)] = []
        try session.query(
            "SELECT seq, organisation FROM batch_card WHERE batch_id = $1 ORDER BY seq",
            [.integer(batch.id)]
        ) { row in
            let (sequence, organisation) = (row.integer(0), row.integer(1))
            if parcels.last?.organisation == organisation {
                parcels[parcels.count - 1].last = sequence
            } else {
                parcels.append((organisation, sequence, sequence))
            }
        }
        try session.load(
            "parcel",
            [
                "batch_id", "number", "region", "organisation", "first_seq", "last_seq", "state",
            ],
            count: parcels.count
        ) { index, row in
            let parcel = parcels[index]
            row.put(batch.id)
            row.put(Int64(index + 1))
            row.put(parcel.organisation / 10_010_000)
            row.put(parcel.organisation)
            row.put(parcel.first)
            row.put(parcel.last)
            row.put(ParcelState.packed.rawValue)
        }
    }

    /// The parcels meant, by batch; one that is unknown or out of scope refuses the whole.
    func parcels(
        _ selection: Selection,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Int64: [Parcel]] {
        switch selection {
        case .all(let batch):
            _ = try BatchBook(register).batch(batch, in: session)
            let range = user.scope.subtree
            let found = try session.all(
                """
                \(Self.columns) WHERE p.batch_id = $1 AND p.organisation BETWEEN $2 AND $3
                ORDER BY p.number
                """,
                [.integer(batch), .integer(range.lowerBound), .integer(range.upperBound)],
                Self.parcel
            ).compactMap(\.self)
            return [batch: found]
        case .some(let names):
            var found: [Int64: [Parcel]] = [:]
            for (batch, number) in names {
                let parcel = try parcel(batch, number, by: user, in: session)
                // A label read twice is one parcel.
                if found[batch]?.contains(where: { $0.number == number }) ?? false { continue }
                found[batch, default: []].append(parcel)
            }
            return found.mapValues { $0.sorted { $0.number < $1.number } }
        }
    }

    func parcel(
        _ batch: Int64,
        _ number: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Parcel {
        let found = try session.first(
            "\(Self.columns) WHERE p.batch_id = $1 AND p.number = $2",
            [.integer(batch), .int(number)],
            Self.parcel
        )
        try user.require(.handOut)
        let isWhole = user.scope == .centralCouncil
        // To whoever has a part of the union only, what is elsewhere is not there.
        guard let parcel = found ?? nil, user.scope.contains(parcel.organisation) else {
            throw RegisterError(
                isWhole ? .notFound : .forbidden,
                (isWhole ? "Нет посылки" : "В вашей области нет посылки")
                    + " \(batch)/\(number): profbilet parcel list.",
                (isWhole ? "There is no parcel" : "Within your scope there is no parcel")
                    + " \(batch)/\(number): profbilet parcel list."
            )
        }
        return parcel
    }
}
