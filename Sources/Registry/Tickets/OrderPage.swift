public import UnionTicket

/// Orders as a cabinet asks for them: page by page, one with its history, each member by itself.
extension OrderBook {
    /// An order with its member's АИС identifier.
    public struct Listed: Sendable, Equatable {
        /// The order.
        public let order: Order
        /// The member's identifier; nil where there is none any more.
        public let aisId: String?
    }

    /// One step of an order.
    public struct Step: Sendable, Equatable {
        /// When.
        public let at: Instant
        /// Into which state.
        public let state: String
        /// Why.
        public let reason: String
    }

    /// Orders in the user's scope before one of them, the newest first.
    ///
    /// - Parameters:
    ///   - before: Only orders of a smaller number; nil begins with the newest.
    ///   - state: Only orders in this state.
    ///   - organisation: Only this subtree, which must lie in the user's scope.
    ///   - limit: How many at most.
    ///   - user: Who asks.
    /// - Returns: At most `limit` orders.
    /// - Throws: ``RegisterError``, also for an organisation that nobody knows.
    public func page(
        before: Int64?,
        state: OrderState?,
        organisation: OrganisationCode?,
        limit: Int,
        by user: SignedInUser
    ) throws -> [Listed] {
        try user.require(.order, at: organisation)
        let range = (organisation ?? user.scope).subtree
        return try register.write { session in
            try OrganisationTree(register).requireReal(organisation, in: session)
            let found = try session.all(
                """
                \(Self.listedColumns) WHERE o.id < $1 AND o.organisation BETWEEN $2 AND $3
                AND (o.state = $4 OR $5 = '') ORDER BY o.id DESC LIMIT $6
                """,
                [
                    .integer(before ?? .max), .integer(range.lowerBound),
                    .integer(range.upperBound), .text(state?.rawValue ?? ""),
                    .text(state?.rawValue ?? ""), .int(limit),
                ],
                Self.listed
            ).compactMap(\.self)
            try note(found, by: user, in: session)
            return found
        }
    }

    /// Whose orders were read.
    private func note(
        _ orders: [Listed],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        for member in Set(orders.map(\.order.member)).sorted() {
            try AuditLog(register)
                .record("member.read", "member/\(member)", "orders", by: user, in: session)
        }
    }

    /// One order with its steps.
    ///
    /// - Throws: ``RegisterError`` `notFound` for the whole union, `forbidden` for a part of it.
    public func show(
        _ id: Int64,
        by user: SignedInUser
    ) throws -> (listed: Listed, steps: [Step]) {
        try user.require(.order)
        return try register.write { session in
            let found =
                try session.first(
                    "\(Self.listedColumns) WHERE o.id = $1",
                    [.integer(id)],
                    Self.listed
                ) ?? nil
            guard let found, user.scope.contains(found.order.organisation) else {
                throw Self.unknown(id, to: user)
            }
            let steps = try session.all(
                "SELECT at, to_state, reason FROM order_event WHERE order_id = $1 ORDER BY seq",
                [.integer(id)]
            ) { Step(at: Instant(seconds: $0.integer(0)), state: $0.text(1), reason: $0.text(2)) }
            try note([found], by: user, in: session)
            return (found, steps)
        }
    }

    /// Makes and submits orders for members by АИС identifier; who is unknown, elsewhere, named twice or
    /// may have no card is listed with the reason, and the others get theirs.
    ///
    /// Without a `reason` each has the one that fits.
    ///
    /// - Returns: The orders made, and whom it could not be done for, by the identifiers given.
    public func create(
        each aisIds: [String],
        reason: OrderReason?,
        note: String,
        by user: SignedInUser
    ) throws -> (made: [Listed], refused: [(subject: String, reason: Bilingual)]) {
        try user.require(.order)
        return try register.write { session in
            var names: [String: String] = [:]
            var refused: [(subject: String, reason: Bilingual)] = []
            for aisId in aisIds {
                do {
                    let id = try MemberFile(register).row(aisId: aisId, by: user, in: session)
                    if names.updateValue(aisId, forKey: "#\(id)") != nil {
                        refused.append((aisId, MemberFile.namedTwice))
                    }
                } catch let error as RegisterError { refused.append((aisId, error.message)) }
            }
            let outcome = try create(
                .members(names.keys.sorted()),
                reason: reason,
                note: note,
                by: user,
                in: session
            )
            _ = try move(
                .orders(outcome.done),
                to: .submitted,
                reason: "api",
                by: user,
                in: session
            )
            refused += outcome.refused.map { (names[$0.subject] ?? $0.subject, $0.reason) }
            let made = try outcome.done.compactMap {
                try session.first(
                    "\(Self.listedColumns) WHERE o.id = $1",
                    [.integer($0)],
                    Self.listed
                ) ?? nil
            }
            return (made, refused)
        }
    }

    private static let listedColumns = """
        SELECT o.id, o.member_id, o.organisation, o.reason, o.state, o.created_at, m.state, m.ais_id
        FROM card_order o JOIN member m ON m.id = o.member_id
        """

    private static func listed(_ row: any DatabaseRow) -> Listed? {
        order(row).map { Listed(order: $0, aisId: row.optionalText(7)) }
    }

    /// One refusal for the unknown and for those elsewhere, to whoever has a part of the union only.
    static func unknown(_ id: Int64, to user: SignedInUser) -> RegisterError {
        user.scope == .centralCouncil
            ? RegisterError(.notFound, "Нет заявки \(id).", "There is no order \(id).")
            : RegisterError(
                .forbidden,
                "В вашей области нет заявки \(id).",
                "Within your scope there is no order \(id)."
            )
    }
}
