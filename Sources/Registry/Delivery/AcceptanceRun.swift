import UnionTicket

/// One report on its way into the register: which cards move, what differs, what is charged.
struct AcceptanceRun {
    let register: Register
    let user: SignedInUser
    let session: any DatabaseSession
    let batch: BatchBook.Batch
    let firstCarrier: Int64
    let terms: AcceptanceTerms
    var tally: ReportTally
    let isSupplement: Bool
    /// Orders made anew for spoiled cards.
    private(set) var remade: [Int64] = []
    /// The UIDs that the batch's cards bear already.
    private var held: [ChipUID?] = []

    init(
        register: Register,
        user: SignedInUser,
        session: any DatabaseSession,
        batch: BatchBook.Batch,
        firstCarrier: Int64,
        terms: AcceptanceTerms,
        tally: ReportTally,
        isSupplement: Bool
    ) {
        (self.register, self.user, self.session) = (register, user, session)
        (self.batch, self.firstCarrier, self.terms) = (batch, firstCarrier, terms)
        (self.tally, self.isSupplement) = (tally, isSupplement)
    }

    /// Runs of carriers by the step they take.
    private struct Steps {
        var made: [ClosedRange<Int64>] = []
        var unmade: [ClosedRange<Int64>] = []
        /// Revoked: by the state they are in.
        var spoiled: [CarrierState: [ClosedRange<Int64>]] = [:]
    }

    private var reason: String { "batch \(batch.id)" }

    /// Moves the cards, notes the differences, posts what is charged.
    mutating func apply(revision: Int64) throws {
        try closeEarlier(revision)
        if terms.hasChips { try readChips() }
        let steps = try plan()
        let moves = CarrierMoves(register: register, user: user, session: session)
        let charged = try counts(steps.made)
        let returned = try counts(steps.unmade)
        let day = register.now().moscowDate.day
        try moves.move(
            steps.made,
            from: .allocated,
            to: .printed,
            reason: reason,
            setting: "produced_on = \(day)"
        )
        try moves.orders(of: steps.made, from: [.batched], to: .produced)
        try moves.move(
            steps.unmade,
            from: .printed,
            to: .allocated,
            reason: "\(reason) revision \(revision)",
            setting: "produced_on = NULL"
        )
        try moves.orders(of: steps.unmade, from: [.produced], to: .batched)
        let spoiled = try spoil(steps.spoiled, moves)
        if terms.hasChips { try bindChips() }
        try note(revision)
        try Ledger(register).post(
            CardCharges(
                batch: batch.id,
                made: charged,
                unmade: returned.merging(uncharged, uniquingKeysWith: +),
                spoiled: spoiled
            ),
            by: user,
            in: session
        )
    }

    /// What each card's step is, by what the report says and where the card is.
    private mutating func plan() throws -> Steps {
        var states: [CarrierState] = []
        states.reserveCapacity(batch.cards)
        try session.query(
            "SELECT state FROM carrier WHERE id BETWEEN $1 AND $2 ORDER BY id",
            [.integer(firstCarrier), .integer(firstCarrier + Int64(batch.cards) - 1)]
        ) { row in
            guard let state = CarrierState(rawValue: row.text(0)) else {
                throw DatabaseError(.corrupt, reason: "carrier.state")
            }
            states.append(state)
        }
        guard states.count == batch.cards else { throw BatchBook.damaged(batch.name) }
        var steps = Steps()
        for sequence in 1...batch.cards {
            let said = tally.result(sequence)
            if said == nil, isSupplement { continue }
            step(sequence, said ?? .missing, states[sequence - 1], &steps)
        }
        return steps
    }

    private mutating func step(
        _ sequence: Int,
        _ said: ReportedResult,
        _ state: CarrierState,
        _ steps: inout Steps
    ) {
        let id = firstCarrier + Int64(sequence) - 1
        switch (said, state) {
        case (.produced, .allocated): steps.made.add(id)
        case (.produced, .spoiled), (.produced, .withdrawn), (.produced, .destroyed):
            // Revoked already: the card must not leave the plant.
            differ(.contradiction, sequence, said, state)
        case (.produced, _): break
        case (.spoiled, .allocated), (.spoiled, .printed):
            if terms.spoilage == .reissue {
                steps.spoiled[state, default: []].add(id)
            } else {
                if state == .printed { steps.unmade.add(id) }
                differ(.spoiled, sequence, said, state)
            }
        case (.spoiled, .spoiled), (.spoiled, .withdrawn), (.spoiled, .destroyed),
            (.spoiled, .replaced):
            break
        case (.missing, .printed): steps.unmade.add(id)
        case (.missing, .allocated), (.missing, .spoiled), (.missing, .withdrawn),
            (.missing, .destroyed):
            break
        case (.spoiled, _), (.missing, _): differ(.contradiction, sequence, said, state)
        }
        if said == .produced, terms.hasChips, tally.uids[sequence - 1] == nil,
            held[sequence - 1] == nil, state == .allocated || state == .printed
        {
            differ(.chipMissing, sequence, said, state)
        }
    }

    private mutating func differ(
        _ kind: DifferenceKind,
        _ sequence: Int,
        _ said: ReportedResult,
        _ state: CarrierState
    ) {
        tally.add(
            ReportTally.Extra(
                kind: kind,
                sequence: sequence,
                line: tally.line(sequence),
                detail: "\(said.rawValue) / \(state.rawValue)"
            )
        )
    }

    /// Revokes spoiled cards and orders them anew, with the same reason: issue + 1 of the number.
    private mutating func spoil(
        _ spans: [CarrierState: [ClosedRange<Int64>]],
        _ moves: CarrierMoves
    ) throws -> [CardCharges.Group: Int] {
        var counts: [CardCharges.Group: Int] = [:]
        for state in [CarrierState.allocated, .printed] {
            guard let own = spans[state] else { continue }
            // What had been charged as made is taken back, then claimed as spoiled.
            for (group, count) in try self.counts(own) {
                counts[group, default: 0] += count
                if state == .printed { uncharged[group, default: 0] += count }
            }
            try moves.move(
                own,
                from: state,
                to: .spoiled,
                reason: reason,
                setting: "produced_on = NULL"
            )
            try moves.orders(of: own, from: [.produced], to: .batched)
            remade += try Remaking(register, batch, user, session).order(own)
        }
        return counts
    }

    /// Cards charged before that turned out to be spoiled.
    private(set) var uncharged: [CardCharges.Group: Int] = [:]

    /// How many cards of each region and reason there are.
    private func counts(_ spans: [ClosedRange<Int64>]) throws -> [CardCharges.Group: Int] {
        var counts: [CardCharges.Group: Int] = [:]
        for span in spans { try CardCharges.count(span, into: &counts, in: session) }
        return counts
    }
}

// Chips and differences.
extension AcceptanceRun {
    private mutating func readChips() throws {
        held = Array(repeating: nil, count: batch.cards)
        try session.query(
            "SELECT carrier_id, uid FROM carrier_chip WHERE carrier_id BETWEEN $1 AND $2",
            [.integer(firstCarrier), .integer(firstCarrier + Int64(batch.cards) - 1)]
        ) { held[Int($0.integer(0) - firstCarrier)] = ChipUID($0.blob(1)) }
    }

    /// Binds UIDs to carriers; one that another card bears becomes a difference.
    private mutating func bindChips() throws {
        var fresh = (1...batch.cards).filter { sequence in
            tally.result(sequence) == .produced && tally.uids[sequence - 1] != nil
                && tally.uids[sequence - 1] != held[sequence - 1]
        }
        try refuseBorne(&fresh)
        let changed = fresh.filter { held[$0 - 1] != nil }.map { firstCarrier + Int64($0) - 1 }
        for part in changed.map(SQLValue.integer).parts(of: 256) {
            try session.execute(
                "DELETE FROM carrier_chip WHERE carrier_id IN (\(part.placeholders))",
                part.padded
            )
        }
        let rows = fresh
        try session.load("carrier_chip", ["carrier_id", "uid"], count: rows.count) {
            $1.put(firstCarrier + Int64(rows[$0]) - 1)
            $1.put(tally.uids[rows[$0] - 1]?.bytes ?? [])
        }
    }

    /// Leaves out what is borne by a card that keeps its UID.
    private mutating func refuseBorne(_ fresh: inout [Int]) throws {
        let places = Dictionary(
            fresh.compactMap { place in tally.uids[place - 1].map { ($0, place) } },
            uniquingKeysWith: { first, _ in first }
        )
        let moving = Set(fresh)
        var borne: Set<Int> = []
        let range = firstCarrier..<(firstCarrier + Int64(batch.cards))
        for part in places.keys.map({ SQLValue.blob($0.bytes) }).parts(of: 256) {
            try session.query(
                "SELECT uid, carrier_id FROM carrier_chip WHERE uid IN (\(part.placeholders))",
                part.padded
            ) { row in
                guard let uid = ChipUID(row.blob(0)), let place = places[uid] else { return }
                let owner = row.integer(1)
                let isMoving =
                    range.contains(owner) && moving.contains(Int(owner - firstCarrier) + 1)
                if !isMoving { borne.insert(place) }
            }
        }
        for place in borne.sorted() { tally.unbind(place, detail: "другая партия/another batch") }
        fresh.removeAll { borne.contains($0) }
    }

    /// A whole report speaks anew of everything, a supplement of the cards it names.
    private func closeEarlier(_ revision: Int64) throws {
        let open = try session.all(
            """
            SELECT id, seq FROM batch_difference WHERE batch_id = $1 AND closed_at IS NULL
            """,
            [.integer(batch.id)]
        ) { (id: $0.integer(0), sequence: $0.optionalInteger(1).map(Int.init)) }
        let over = open.filter { entry in
            guard isSupplement else { return true }
            guard let place = entry.sequence, (1...batch.cards).contains(place) else {
                return false
            }
            return tally.result(place) != nil
        }
        try BatchStanding.close(
            over.map(\.id),
            resolution: "revision \(revision)",
            at: register.now(),
            by: user,
            in: session
        )
    }

    private func note(_ revision: Int64) throws {
        let extras = tally.extras
        let first = try Counter.batchDifference.take(extras.count, in: session)
        try session.load(
            "batch_difference",
            ["id", "batch_id", "revision", "kind", "seq", "line", "detail"],
            count: extras.count
        ) { index, row in
            let extra = extras[index]
            row.put(first + Int64(index))
            row.put(batch.id)
            row.put(revision)
            row.put(extra.kind.rawValue)
            if let sequence = extra.sequence { row.put(Int64(sequence)) } else { row.putNull() }
            row.put(Int64(extra.line))
            row.put(extra.detail)
        }
    }
}
