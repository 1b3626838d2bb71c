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
        /// The member's organisation when the order was made.
        public let organisation: OrganisationCode
        /// Why a card is ordered.
        public let reason: OrderReason
        /// How far it is.
        public let state: OrderState
        /// When it was made.
        public let createdAt: Instant
    }

    /// Whom a command means.
    public enum Selection: Sendable {
        /// Members by АИС identifier, `#row` or ticket number.
        case members([String])
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
    /// - Throws: ``RegisterError`` when a selected member is unknown or out of scope.
    public func create(
        _ selection: Selection,
        reason: OrderReason,
        note: String = "",
        by user: SignedInUser
    ) throws -> Outcome {
        try user.require(.order)
        return try register.write { session in
            var outcome = Outcome()
            for member in try members(selection, by: user, in: session) {
                if let refusal = try refusal(member.id, reason, in: session) {
                    outcome.refused.append((member.reference, refusal))
                } else {
                    outcome.done.append(
                        try add(member.id, reason, note, by: user, in: session)
                    )
                }
            }
            try log("order.create", outcome, reason.rawValue, by: user, in: session)
            return outcome
        }
    }

    /// Moves orders on: submit, approve, reject or cancel.
    public func move(
        _ selection: Selection,
        to state: OrderState,
        reason: String,
        by user: SignedInUser
    ) throws -> Outcome {
        let permission: Permission =
            state == .approved || state == .rejected ? .approveOrder : .order
        try user.require(permission)
        return try register.write { session in
            var outcome = Outcome()
            for order in try orders(selection, before: state, by: user, in: session) {
                try user.require(permission, at: order.organisation)
                if let refusal = try refusal(order, to: state, in: session) {
                    outcome.refused.append(("\(order.id)", refusal))
                    continue
                }
                try set(order.id, to: state, reason: reason, by: user, in: session)
                if state == .approved, order.reason.revokesAtOnce {
                    try CarrierFile(register).revokeUsable(
                        of: order.member,
                        as: order.reason == .lost ? .lost : .stolen,
                        by: user,
                        in: session
                    )
                }
                outcome.done.append(order.id)
            }
            try log("order.\(state.rawValue)", outcome, reason, by: user, in: session)
            return outcome
        }
    }

    /// Orders in the user's scope, the newest first.
    public func list(
        state: OrderState? = nil,
        organisation: OrganisationCode? = nil,
        limit: Int = 1000,
        by user: SignedInUser
    ) throws -> [Order] {
        if !user.role.permits(.readReports) { try user.require(.order) }
        let range = (organisation ?? user.scope).subtree
        if let organisation { try user.require(.readReports, at: organisation) }
        return try register.read { session in
            try session.all(
                """
                \(Self.columns) WHERE organisation BETWEEN $1 AND $2 AND (state = $3 OR $4 = '')
                ORDER BY id DESC LIMIT $5
                """,
                [
                    .integer(range.lowerBound), .integer(range.upperBound),
                    .text(state?.rawValue ?? ""), .text(state?.rawValue ?? ""), .int(limit),
                ],
                Self.order
            ).compactMap(\.self)
        }
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
            SELECT id FROM card_order
            WHERE member_id = $1 AND state IN ('draft', 'submitted', 'approved')
            """,
            [.integer(member)]
        ) { $0.integer(0) }
        for id in open { try set(id, to: .cancelled, reason: reason, by: user, in: session) }
    }

    /// Moves one order inside the caller's transaction; the database refuses an illegal step.
    func set(
        _ id: Int64,
        to state: OrderState,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let region = try session.first(
            "UPDATE card_order SET state = $1 WHERE id = $2 RETURNING region",
            [.text(state.rawValue), .integer(id)]
        ) { $0.integer(0) }
        try session.execute(
            """
            INSERT INTO order_event (seq, region, order_id, at, user_id, to_state, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(try Counter.orderEvent.take(in: session)), .integer(region ?? 0),
                .integer(id), .integer(register.now().seconds), .integer(user.id),
                .text(state.rawValue), .text(reason),
            ]
        )
    }
}
