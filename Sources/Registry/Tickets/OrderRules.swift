import UnionTicket

// The rules.
extension OrderBook {
    static let columns = """
        SELECT id, member_id, organisation, reason, state, created_at FROM card_order
        """

    static func order(_ row: any DatabaseRow) -> Order? {
        guard let organisation = OrganisationCode(ordinal: row.integer(2)),
            let reason = OrderReason(rawValue: row.text(3)),
            let state = OrderState(rawValue: row.text(4))
        else { return nil }
        return Order(
            id: row.integer(0),
            member: row.integer(1),
            organisation: organisation,
            reason: reason,
            state: state,
            createdAt: Instant(seconds: row.integer(5))
        )
    }

    func members(
        _ selection: Selection,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [(id: Int64, reference: String)] {
        switch selection {
        case .members(let references):
            return try references.map { reference in
                let id = try MemberFile(register).find(reference, in: session)
                let place = try MemberFile(register).organisation(of: id, in: session)
                try user.require(.order, at: place)
                return (id, reference)
            }
        case .organisation(let code):
            try user.require(.order, at: code)
            _ = try OrganisationTree(register).requireKnown(code, in: session)
            let range = code.subtree
            return try session.all(
                """
                SELECT id, ais_id FROM member
                WHERE organisation BETWEEN $1 AND $2 AND state = 'active' ORDER BY id
                """,
                [.integer(range.lowerBound), .integer(range.upperBound)]
            ) { ($0.integer(0), $0.optionalText(1) ?? "#\($0.integer(0))") }
        case .orders: return []
        }
    }

    func orders(
        _ selection: Selection,
        before state: OrderState,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Order] {
        switch selection {
        case .orders(let ids):
            return try ids.map { id in
                let order = try session.first(
                    "\(Self.columns) WHERE id = $1",
                    [.integer(id)],
                    Self.order
                )
                guard let order = order ?? nil else {
                    throw RegisterError(
                        .notFound,
                        "Нет заявки \(id): profbilet order list.",
                        "There is no order \(id): profbilet order list."
                    )
                }
                return order
            }
        case .members(let references):
            return try references.flatMap { reference in
                let id = try MemberFile(register).find(reference, in: session)
                return try open("member_id = $1", [.integer(id)], before: state, in: session)
            }
        case .organisation(let code):
            try user.require(.order, at: code)
            let range = code.subtree
            return try open(
                "organisation BETWEEN $1 AND $2",
                [.integer(range.lowerBound), .integer(range.upperBound)],
                before: state,
                in: session
            )
        }
    }

    func open(
        _ condition: String,
        _ arguments: [SQLValue],
        before state: OrderState,
        in session: any DatabaseSession
    ) throws -> [Order] {
        let sources = OrderState.allCases.filter { $0.successors.contains(state) }
        return try session.all(
            """
            \(Self.columns) WHERE \(condition)
            AND (\(RegisterSchema.oneOf("state", sources))) ORDER BY id
            """,
            arguments,
            Self.order
        ).compactMap(\.self)
    }

    /// Why a member may not get this order, or nil.
    func refusal(
        _ member: Int64,
        _ reason: OrderReason,
        in session: any DatabaseSession
    ) throws -> Bilingual? {
        let draft = try MemberFile(register).draft(of: member, in: session)
        if draft.status != .active {
            return Bilingual(
                "не является действующим членом Профсоюза",
                "is not an active member"
            )
        }
        if draft.aisId == nil {
            return Bilingual(
                "нет ИД АИС: он нужен для заказа карты",
                "has no АИС identifier, which a card needs"
            )
        }
        if !draft.consents.contains(where: { $0.purpose == .cardProduction && $0.isGiven }) {
            return Bilingual(
                "нет согласия на изготовление билета",
                "has not consented to card production"
            )
        }
        let open = try session.first(
            """
            SELECT id FROM card_order
            WHERE member_id = $1 AND state IN ('draft', 'submitted', 'approved')
            """,
            [.integer(member)]
        ) { $0.integer(0) }
        if let open {
            return Bilingual("уже есть заявка \(open)", "already has the order \(open)")
        }
        return try cardRefusal(member, reason, in: session)
    }

    func cardRefusal(
        _ member: Int64,
        _ reason: OrderReason,
        in session: any DatabaseSession
    ) throws -> Bilingual? {
        let states = try session.all(
            "SELECT state FROM carrier WHERE member_id = $1 AND kind = 'plastic'",
            [.integer(member)]
        ) { CarrierState(rawValue: $0.text(0)) }.compactMap(\.self)
        let isWaiting = states.contains(where: \.isInPipeline)
        let hasUsable = states.contains(where: \.isUsable)
        if reason == .first {
            if isWaiting || hasUsable {
                return Bilingual(
                    "карта уже есть; для перевыпуска укажите причину (--reason)",
                    "has a card already; name a reason to reissue it (--reason)"
                )
            }
            return nil
        }
        if isWaiting {
            return Bilingual(
                "новая карта уже изготавливается",
                "a new card is in production already"
            )
        }
        if states.isEmpty {
            return Bilingual(
                "перевыпускать нечего: карты не было",
                "has no card to be reissued"
            )
        }
        return nil
    }

    func refusal(
        _ order: Order,
        to state: OrderState,
        in session: any DatabaseSession
    ) throws -> Bilingual? {
        guard order.state.successors.contains(state) else {
            return Bilingual(
                "заявка в состоянии «\(order.state.rawValue)» не переходит в «\(state.rawValue)»",
                "an order that is \(order.state.rawValue) cannot become \(state.rawValue)"
            )
        }
        guard state == .approved || state == .submitted else { return nil }
        let status = try session.first(
            "SELECT state FROM member WHERE id = $1",
            [.integer(order.member)]
        ) { $0.text(0) }
        return status == MemberStatus.active.rawValue
            ? nil
            : Bilingual("не является действующим членом Профсоюза", "is not an active member")
    }

    func add(
        _ member: Int64,
        _ reason: OrderReason,
        _ note: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let id = try Counter.cardOrder.take(in: session)
        let place = try MemberFile(register).organisation(of: member, in: session)
        try session.execute(
            """
            INSERT INTO card_order (id, region, organisation, member_id, reason, state, created_at,
                created_by, note) VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8)
            """,
            [
                .integer(id), .int(place.region), .integer(place.ordinal), .integer(member),
                .text(reason.rawValue), .integer(register.now().seconds), .integer(user.id),
                .text(note),
            ]
        )
        return id
    }

    func log(
        _ action: String,
        _ outcome: Outcome,
        _ detail: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let place =
            outcome.done.count == 1 ? "order/\(outcome.done[0])" : "orders/\(outcome.done.count)"
        try AuditLog(register).record(
            action,
            place,
            "\(detail); refused \(outcome.refused.count)",
            by: user,
            in: session
        )
    }
}
