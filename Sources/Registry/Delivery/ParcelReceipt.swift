import UnionTicket

extension ParcelDesk {
    /// What a person found in a parcel.
    public struct Count: Sendable {
        /// Where it was counted.
        public var place: Place
        /// How many cards were in it; nil where nobody counted.
        public var cards: Int?
        /// Carriers that should be in it and are not.
        public var missing: [String]

        /// A count.
        public init(_ place: Place, cards: Int? = nil, missing: [String] = []) {
            (self.place, self.cards, self.missing) = (place, cards, missing)
        }
    }

    /// Accounts for parcels at the region or the primary organisation, in one transaction.
    ///
    /// At the primary organisation cards of a batch with ``UnionTicket/CardActivation/delivery`` come
    /// into force, except where the member still holds a usable card: that one ends with the hand-out.
    /// What was sent back since is in no parcel any more: ``LeftCards/bringAgain(_:by:)`` brings it.
    ///
    /// - Throws: ``RegisterError`` when a parcel has not left the plant, the count does not agree, or a
    ///   card named as missing is not in the parcel; then nothing was changed.
    public func receive(
        _ selection: Selection,
        _ count: Count,
        by user: SignedInUser
    ) throws -> Outcome {
        try user.require(.handOut)
        guard count.place != .region || [.central, .regional].contains(user.scope.level) else {
            throw Self.notTheRegion(user)
        }
        return try register.write { session in
            try session.withLargeCache {
                var outcome = Outcome()
                let chosen = try parcels(selection, by: user, in: session)
                let many = chosen.values.reduce(0) { $0 + $1.count } > 1
                if many, count.cards != nil || !count.missing.isEmpty {
                    throw RegisterError(
                        .badInput,
                        "Число карт и недостающие указываются для одной посылки.",
                        "A count and missing cards are given for one parcel."
                    )
                }
                for (batch, parcels) in chosen.sorted(by: { $0.key < $1.key }) {
                    try receive(parcels, of: batch, count, by: user, &outcome, in: session)
                }
                try AuditLog(register).record(
                    "parcel.\(count.place.rawValue)",
                    "parcels/\(outcome.parcels)",
                    "cards \(outcome.cards) lost \(outcome.lost)",
                    by: user,
                    in: session
                )
                return outcome
            }
        }
    }

    private func receive(
        _ parcels: [Parcel],
        of id: Int64,
        _ count: Count,
        by user: SignedInUser,
        _ outcome: inout Outcome,
        in session: any DatabaseSession
    ) throws {
        let batch = try BatchBook(register).batch(id, in: session)
        guard let first = batch.firstCarrier else { throw BatchBook.noStep(batch, .shipped) }
        let late = try shippedLate(id, first, in: session)
        let sent = parcels.filter { parcel in
            switch parcel.state {
            case .packed: false
            case .lost: parcel.primaryAt != nil || late[parcel.number] != nil
            case .shipped, .atRegion, .atPrimary: true
            }
        }
        if sent.isEmpty, let parcel = parcels.first { throw Self.notSent(parcel) }
        let moves = CarrierMoves(register: register, user: user, session: session)
        let receipt = ParcelReceipt(moves, first: first, parcels: sent, reason: "batch \(id)")
        if let parcel = sent.first, sent.count == 1 {
            outcome.lost += try lose(count, parcel, first, by: user, in: session)
        }
        var arrived = try receipt.arriveAtRegion()
        if count.place == .primary {
            arrived = try receipt.arriveAtPrimary()
            let terms = try BatchBook(register).terms(id, in: session)
            if terms?.activation == .delivery {
                outcome.activated += try receipt.activate(arrived)
            }
        }
        outcome.cards += arrived.reduce(0) { $0 + $1.count }
        let target = count.place == .region ? [ParcelState.shipped] : [.shipped, .atRegion]
        let fresh = sent.filter { parcel in
            late[parcel.number].map { count.place == .primary || $0 }
                ?? target.contains(parcel.state)
        }
        outcome.parcels += fresh.count
        outcome.known += sent.count - fresh.count
        try mark(fresh, at: count.place, in: session)
    }

    /// The lost parcels of a batch for which the plant shipped cards after the loss that are on their
    /// way: by number, whether one of those was not counted at the region yet.
    private func shippedLate(
        _ batch: Int64,
        _ first: Int64,
        in session: any DatabaseSession
    ) throws -> [Int: Bool] {
        var late: [Int: Bool] = [:]
        try session.query(
            """
            SELECT p.number, max(CASE WHEN c.state = 'shipped' THEN 1 ELSE 0 END)
            FROM parcel p JOIN carrier c ON c.id BETWEEN \(first - 1) + p.first_seq
                AND \(first - 1) + p.last_seq
            WHERE p.batch_id = $1 AND p.state = 'lost' AND \(CardWay.onTheWay) GROUP BY p.number
            """,
            [.integer(batch)]
        ) { late[Int($0.integer(0))] = $0.integer(1) == 1 }
        return late
    }

    /// A lost parcel stays lost: it only gets the days on which what was shipped later came.
    private func mark(
        _ parcels: [Parcel],
        at place: Place,
        in session: any DatabaseSession
    ) throws {
        let now = register.now().seconds
        for part in parcels.map({ SQLValue.int($0.number) }).parts(of: 256) {
            let these = "batch_id = \(parcels[0].batch) AND number IN (\(part.placeholders))"
            try session.execute(
                """
                UPDATE parcel SET state = 'atRegion', region_at = \(now)
                WHERE \(these) AND state = 'shipped'
                """,
                part.padded
            )
            try session.execute(
                """
                UPDATE parcel SET region_at = COALESCE(region_at, \(now))
                WHERE \(these) AND state = 'lost'
                """,
                part.padded
            )
            guard place == .primary else { continue }
            try session.execute(
                """
                UPDATE parcel SET primary_at = COALESCE(primary_at, \(now))
                WHERE \(these) AND state = 'lost'
                """,
                part.padded
            )
            try session.execute(
                """
                UPDATE parcel SET state = 'atPrimary', primary_at = \(now)
                WHERE \(these) AND state = 'atRegion'
                """,
                part.padded
            )
        }
    }

    /// Ends the cards that a count names as missing, and holds the rest against its figure.
    private func lose(
        _ count: Count,
        _ parcel: Parcel,
        _ first: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int {
        let file = CarrierFile(register)
        let rows = parcel.rows(from: first)
        for reference in Set(count.missing) {
            let found = try file.find(reference, by: user, in: session)
            let inside = found.filter { rows.contains($0.id) }
            guard inside.count == 1, inside[0].state == .shipped || inside[0].state == .atRegion,
                try !CardWay.isSentBack(inside[0].id, in: session)
            else { throw Self.notInside(parcel) }
            try file.set(
                inside[0],
                to: .lost,
                reason: "parcel \(parcel.name)",
                by: user,
                in: session
            )
            try session.execute(
                """
                UPDATE card_order SET state = 'closed' WHERE state = 'shipped'
                AND id = (SELECT order_id FROM carrier WHERE id = $1)
                """,
                [.integer(inside[0].id)]
            )
        }
        guard let counted = count.cards else { return Set(count.missing).count }
        // Counted anew, a parcel held what came with it, whatever became of those cards since; a lost
        // one holds what was shipped later only, also where the loss came after the region's count.
        let held =
            count.place == .region && parcel.state != .lost
            ? "(c.state = 'shipped' OR \(CardWay.reachedRegion))"
            : "(\(CardWay.onTheWay) OR \(CardWay.arrived))"
        let expected =
            try session.first(
                "SELECT count(*) FROM carrier c WHERE c.id BETWEEN $1 AND $2 AND \(held)",
                [.integer(rows.lowerBound), .integer(rows.upperBound)]
            ) { Int($0.integer(0)) } ?? 0
        guard counted == expected else {
            throw RegisterError(
                .refused,
                "В посылке \(parcel.name) должно быть карт \(expected), насчитано \(counted). Назовите "
                    + "недостающие: --missing НОМЕР.",
                "Parcel \(parcel.name) should hold \(expected) cards, \(counted) were counted. Name the "
                    + "missing ones: --missing NUMBER."
            )
        }
        return Set(count.missing).count
    }

    /// Ends a whole parcel that was lost or stolen on its way: none of its cards verifies any more.
    ///
    /// - Returns: How many cards ended.
    public func lose(
        _ batch: Int64,
        _ number: Int,
        isStolen: Bool,
        reason: String,
        by user: SignedInUser
    ) throws -> Int {
        try user.require(.handOut)
        return try register.write { session in
            let parcel = try parcel(batch, number, by: user, in: session)
            guard let first = try BatchBook(register).batch(batch, in: session).firstCarrier,
                try parcel.state.successors.contains(.lost)
                    || shippedLate(batch, first, in: session)[number] != nil
            else { throw Self.notSent(parcel) }
            let moves = CarrierMoves(register: register, user: user, session: session)
            let receipt = ParcelReceipt(moves, first: first, parcels: [parcel], reason: reason)
            let count = try receipt.end(isStolen ? .stolen : .lost)
            try session.execute(
                "UPDATE parcel SET state = 'lost' WHERE batch_id = $1 AND number = $2",
                [.integer(batch), .int(number)]
            )
            try AuditLog(register).record(
                "parcel.lost",
                "parcel/\(parcel.name)",
                "cards \(count)",
                by: user,
                in: session
            )
            return count
        }
    }

    private static func notSent(_ parcel: Parcel) -> RegisterError {
        RegisterError(
            .refused,
            "Посылка \(parcel.name) в состоянии «\(parcel.state.rawValue)»: в пути её нет.",
            "Parcel \(parcel.name) is \(parcel.state.rawValue): it is not on its way."
        )
    }

    private static func notTheRegion(_ user: SignedInUser) -> RegisterError {
        RegisterError(
            .forbidden,
            "Приёмку в регионе записывает региональная организация; ваша область — \(user.scope): "
                + "примите посылку в первичной организации.",
            "The receipt at the region is the regional organisation's to record; your scope is "
                + "\(user.scope): receive the parcel at the primary organisation."
        )
    }

    private static func notInside(_ parcel: Parcel) -> RegisterError {
        RegisterError(
            .refused,
            "Недостающей названа карта, которой нет среди ожидаемых в посылке \(parcel.name).",
            "A card named as missing is not among those expected in parcel \(parcel.name)."
        )
    }
}

/// Moves the cards of parcels of one batch.
struct ParcelReceipt {
    private let moves: CarrierMoves
    private let ranges: [ClosedRange<Int64>]
    private let reason: String

    init(_ moves: CarrierMoves, first: Int64, parcels: [ParcelDesk.Parcel], reason: String) {
        (self.moves, self.reason) = (moves, reason)
        var ranges: [ClosedRange<Int64>] = []
        for parcel in parcels {
            let rows = parcel.rows(from: first)
            if let last = ranges.last, last.upperBound + 1 == rows.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound...rows.upperBound
            } else {
                ranges.append(rows)
            }
        }
        self.ranges = ranges
    }

    /// Cards on their way arrive at the region.
    ///
    /// - Returns: Which.
    func arriveAtRegion() throws -> [ClosedRange<Int64>] {
        let spans = try spans("c.state = 'shipped'", in: ranges)
        try moves.move(spans, from: .shipped, to: .atRegion, reason: reason)
        return spans
    }

    /// Cards at the region arrive at the primary organisation, except those that were sent back.
    ///
    /// - Returns: Which.
    func arriveAtPrimary() throws -> [ClosedRange<Int64>] {
        let spans = try spans(CardWay.inParcelAtRegion, in: ranges)
        try moves.move(spans, from: .atRegion, to: .atPrimary, reason: reason)
        try moves.orders(of: spans, from: [.shipped], to: .delivered)
        return spans
    }

    /// Brings into force what arrived at the primary organisation now and stands in no usable card's
    /// way; what was brought there again, or waited for a hand-out, goes on waiting for it.
    func activate(_ arrived: [ClosedRange<Int64>]) throws -> Int {
        let usable = RegisterSchema.oneOf("o.state", CarrierState.allCases.filter(\.isUsable))
        let spans = try spans(
            """
            NOT EXISTS (SELECT 1 FROM carrier o
            WHERE o.member_id = c.member_id AND o.kind = 'plastic' AND (\(usable)))
            """,
            in: arrived
        )
        return try moves.move(spans, from: .atPrimary, to: .active, reason: reason)
    }

    /// Ends everything in them.
    func end(_ state: CarrierState) throws -> Int {
        var count = 0
        for (before, meant) in [
            (CarrierState.shipped, "c.state = 'shipped'"), (.atRegion, CardWay.inParcelAtRegion),
        ] {
            let spans = try spans(meant, in: ranges)
            count += try moves.move(spans, from: before, to: state, reason: reason)
            try moves.orders(of: spans, from: [.shipped], to: .closed)
        }
        return count
    }

    private func spans(
        _ condition: String,
        in ranges: [ClosedRange<Int64>]
    ) throws -> [ClosedRange<Int64>] {
        try ranges.flatMap { range in
            try moves.spans(
                "c.id BETWEEN $1 AND $2 AND \(condition)",
                [.integer(range.lowerBound), .integer(range.upperBound)]
            )
        }
    }
}
