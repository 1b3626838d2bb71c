public import UnionTicket

/// Orders of plastic cards, from a registrar's wish to approval.
public struct OrderBook: Sendable {
    let register: Register

    /// The orders of this register.
    public init(_ register: Register) { self.register = register }

    /// One order.
    public struct Order: Sendable, Equatable {
        /// Number of the order.
        public let id: Int64
        /// Row of the member.
        public let member: Int64
        /// The member's organisation: the present one until the order goes into a batch.
        public let organisation: OrganisationCode
        /// Why a card is ordered.
        public let reason: OrderReason
        /// How far it is.
        public let state: OrderState
        /// When it was made.
        public let createdAt: Instant
        /// What the member is now.
        let memberStatus: String
    }

    /// Whom a command means.
    public enum Selection: Sendable {
        /// Members by АИС identifier, `#row` or ticket number; one unknown refuses all.
        case members([String])
        /// Members one by one: what is wrong with one is said of that one.
        case list([Named])
        /// Every member of a subtree.
        case organisation(OrganisationCode)
        /// Orders by number.
        case orders([Int64])
    }

    /// What became of a command over many members or orders.
    public struct Outcome: Sendable {
        /// Orders made or changed.
        public var done: [Int64] = []
        /// Whom it could not be done for, and why.
        public var refused: [(subject: String, reason: Bilingual)] = []
    }

    /// Makes orders for everybody selected who may have a card; the others are listed with reasons.
    ///
    /// Without a `reason` each has the one that fits: the first card, or what became of the last one.
    /// With `submitted` the orders are handed in at once; both or neither is done. Of a list the
    /// unknown and those out of scope are refused like others; else they refuse the whole with a
    /// ``RegisterError``.
    public func create(
        _ selection: Selection,
        reason: OrderReason? = nil,
        note: String = "",
        submitted: Bool = false,
        by user: SignedInUser
    ) throws -> Outcome {
        try user.require(.order)
        return try register.write { session in
            let outcome = try create(
                selection,
                reason: reason,
                note: note,
                by: user,
                in: session
            )
            if submitted, !outcome.done.isEmpty {
                _ = try move(
                    .orders(outcome.done),
                    to: .submitted,
                    reason: "create",
                    by: user,
                    in: session
                )
            }
            return outcome
        }
    }

    func create(
        _ selection: Selection,
        reason: OrderReason?,
        note: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Outcome {
        var outcome = Outcome()
        var accepted: [(applicant: Applicant, reason: OrderReason)] = []
        var chosen: Set<Int64> = []
        let wishes: [(applicant: Applicant, reason: OrderReason?)]
        if case .list(let list) = selection {
            wishes = try applicants(named: list, reason, &outcome, by: user, in: session)
        } else {
            wishes = try applicants(selection, by: user, in: session).map { ($0, reason) }
        }
        for wish in wishes {
            let isRepeated = !chosen.insert(wish.applicant.member).inserted
            let refusal = wish.applicant.refusal(wish.reason)
            if let refusal = isRepeated ? MemberFile.namedTwice : refusal {
                outcome.refused.append((wish.applicant.reference, refusal))
            } else {
                let fitting = wish.applicant.reissue ?? .first
                accepted.append((wish.applicant, wish.reason ?? fitting))
            }
        }
        let first = try Counter.cardOrder.take(accepted.count, in: session)
        outcome.done = accepted.indices.map { first + Int64($0) }
        let at = register.now().seconds
        try session.load("card_order", Self.newOrder, count: accepted.count) { index, row in
            let (applicant, reason) = accepted[index]
            row.put(outcome.done[index])
            row.put(Int64(applicant.organisation.region))
            row.put(applicant.organisation.ordinal)
            row.put(applicant.member)
            row.put(reason.rawValue)
            row.put(OrderState.draft.rawValue)
            row.put(at)
            row.put(user.id)
            row.put(note)
        }
        let named = reason?.rawValue ?? "by the last card"
        try log("order.create", outcome, named, by: user, in: session)
        return outcome
    }

    static let newOrder = [
        "id", "region", "organisation", "member_id", "reason", "state", "created_at", "created_by",
        "note",
    ]

    /// Moves orders on: submit, approve, reject or cancel.
    public func move(
        _ selection: Selection,
        to state: OrderState,
        reason: String,
        by user: SignedInUser
    ) throws -> Outcome {
        try register.write {
            try move(selection, to: state, reason: reason, by: user, in: $0)
        }
    }

    func move(
        _ selection: Selection,
        to state: OrderState,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Outcome {
        let permission: Permission =
            state == .approved || state == .rejected ? .approveOrder : .order
        try user.require(permission)
        var outcome = Outcome()
        var accepted: [Order] = []
        var chosen: Set<Int64> = []
        let orders: [Order]
        if case .list(let list) = selection {
            orders = try self.orders(named: list, before: state, &outcome, by: user, in: session)
        } else {
            orders = try self.orders(selection, before: state, by: user, in: session)
        }
        let goesOn = state == .approved || state == .submitted
        let heirs = try MemberMerge.heirs(of: goesOn ? orders.map(\.member) : [], in: session)
        for order in orders where chosen.insert(order.id).inserted {
            guard user.scope.contains(order.organisation) else {
                throw Self.unknown(order.id, to: user)
            }
            if let refusal = try heirs[order.member].map(MemberMerge.refusal)
                ?? order.refusal(to: state)
                ?? cancelling(order, as: state, reason, by: user, in: session)
            {
                outcome.refused.append(("\(order.id)", refusal))
            } else {
                accepted.append(order)
            }
        }
        try set(accepted, to: state, reason: reason, by: user, in: session)
        // Reported with the handing in: nobody waits for an approval while a finder tries the door.
        let reports = goesOn ? accepted.filter(\.reason.revokesAtOnce) : []
        // What the register knew before is no report: the card has ended, and what else is in the
        // member's hands, such as an old card, was not lost with it.
        let known = try CardsFate.reissues(of: reports.map(\.member), in: session)
        for order in reports where known[order.member] != order.reason {
            try CarrierFile(register).revokeUsable(
                of: order.member,
                as: order.reason == .lost ? .lost : .stolen,
                isNews: state == .submitted,
                by: user,
                in: session
            )
        }
        if state == .approved { try endExpired(accepted, by: user, in: session) }
        outcome.done = accepted.map(\.id)
        try log("order.\(state.rawValue)", outcome, reason, by: user, in: session)
        return outcome
    }

    /// What is still in the members' hands past its last day is over once another card was approved.
    private func endExpired(
        _ orders: [Order],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let now = register.now().seconds
        guard
            try session.first(
                "SELECT 1 FROM issuance WHERE expires_at <= $1",
                [.integer(now)],
                {
                    $0.integer(0)
                }
            ) != nil
        else { return }
        var over: [CarrierState: [Int64]] = [:]
        for part in orders.map({ SQLValue.integer($0.member) }).parts(of: 256) {
            try session.query(
                """
                SELECT id, state FROM carrier WHERE kind = 'plastic' AND expires_at <= \(now)
                AND member_id IN (\(part.placeholders))
                """,
                part.padded
            ) { row in
                guard let state = CarrierState(rawValue: row.text(1)), state.isUsable else {
                    return
                }
                over[state, default: []].append(row.integer(0))
            }
        }
        let moves = CarrierMoves(register: register, user: user, session: session)
        for (state, rows) in over.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            try moves.move(Array(rows: rows), from: state, to: .expired, reason: "expired")
        }
    }

    /// Orders in the user's scope, the newest first.
    public func list(
        state: OrderState? = nil,
        organisation: OrganisationCode? = nil,
        limit: Int = 1000,
        by user: SignedInUser
    ) throws -> [Order] {
        var filter = Filter()
        (filter.state, filter.organisation) = (state, organisation)
        return try list(filter, limit: limit, by: user)
    }

    /// Cancels what is open of somebody who is no longer a member.
    func cancelOpen(
        of member: Int64,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let open = try session.all(
            """
            \(Self.columns) WHERE o.member_id = $1
            AND (\(RegisterSchema.oneOf("o.state", OrderState.beforeBatch)))
            """,
            [.integer(member)],
            Self.order
        ).compactMap(\.self)
        try set(open, to: .cancelled, reason: reason, by: user, in: session)
    }

    /// Takes a member's open order along to another organisation, whose people see it from now on.
    func follow(
        _ member: Int64,
        to organisation: OrganisationCode,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            UPDATE card_order SET organisation = $1, region = $2 WHERE member_id = $3
            AND (\(RegisterSchema.oneOf("state", OrderState.beforeBatch)))
            """,
            [.integer(organisation.ordinal), .int(organisation.region), .integer(member)]
        )
    }

    /// Moves orders inside the caller's transaction; the database refuses an illegal step.
    func set(
        _ orders: [Order],
        to state: OrderState,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        for part in orders.map({ SQLValue.integer($0.id) }).parts(of: 256) {
            try session.execute(
                """
                UPDATE card_order SET state = '\(state.rawValue)'
                WHERE id IN (\(part.placeholders))
                """,
                part.padded
            )
        }
        let first = try Counter.orderEvent.take(orders.count, in: session)
        let at = register.now().seconds
        try session.load(
            "order_event",
            ["seq", "region", "order_id", "at", "user_id", "to_state", "reason"],
            count: orders.count
        ) {
            $1.put(first + Int64($0))
            $1.put(Int64(orders[$0].organisation.region))
            $1.put(orders[$0].id)
            $1.put(at)
            $1.put(user.id)
            $1.put(state.rawValue)
            $1.put(reason)
        }
    }
}
