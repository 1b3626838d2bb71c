public import UnionTicket

/// Somebody a card may be ordered for, with all that the rules ask about.
struct Applicant: Sendable {
    let member: Int64
    /// How the caller named them, or how they are named best.
    let reference: String
    let organisation: OrganisationCode
    let status: MemberStatus
    let hasAisId: Bool
    let hasConsent: Bool
    let openOrder: Int64?
    /// Has had a plastic card of ours.
    let hadCard: Bool
    /// A plastic card is between allotment and hand-out.
    let isWaiting: Bool
    /// A plastic card is in hand.
    let hasUsable: Bool
    /// The reason that follows from what became of the last card, where it was lost, stolen or damaged.
    var reissue: OrderReason?
    /// The record that goes on where this one was merged away.
    var heir: Int64?

    /// Why no card may be ordered for this reason, or nil (production.md § 2).
    ///
    /// No reason means the one that fits.
    func refusal(_ reason: OrderReason?) -> Bilingual? {
        if let heir { return MemberMerge.refusal(heir: heir) }
        if status != .active {
            return Bilingual(
                "не является действующим членом Профсоюза",
                "is not an active member"
            )
        }
        if !hasAisId {
            return Bilingual(
                "нет ИД АИС: он нужен для заказа карты",
                "has no АИС identifier, which a card needs"
            )
        }
        if !hasConsent {
            return Bilingual(
                "нет согласия на изготовление билета",
                "has not consented to card production"
            )
        }
        if let openOrder {
            return Bilingual("уже есть заявка \(openOrder)", "already has the order \(openOrder)")
        }
        return cardRefusal(reason)
    }

    private func cardRefusal(_ reason: OrderReason?) -> Bilingual? {
        if reason == nil || reason == .first {
            if isWaiting || hasUsable {
                return Bilingual(
                    "карта уже есть; для перевыпуска укажите его причину: lost, stolen, damaged, defect, renamed",
                    "has a card already; name the reason of a reissue: lost, stolen, damaged, defect, renamed"
                )
            }
            guard reason != nil, let reissue else { return nil }
            return Bilingual(
                "карта уже была, это перевыпуск: укажите причину \(reissue.rawValue) или не указывайте её",
                "had a card, this is a reissue: name the reason \(reissue.rawValue), or none"
            )
        }
        if isWaiting {
            return Bilingual(
                "новая карта уже изготавливается",
                "a new card is in production already"
            )
        }
        if !hadCard {
            return Bilingual(
                "перевыпускать нечего: карты не было",
                "has no card to be reissued"
            )
        }
        return nil
    }
}

extension OrderState {
    /// Before a print run takes the order: at most one such order per member.
    public static let beforeBatch: [OrderState] = [.draft, .submitted, .approved]
}

extension OrderBook.Order {
    /// Why the order may not take this step, or nil.
    func refusal(to state: OrderState) -> Bilingual? {
        guard self.state.successors.contains(state) else {
            return Bilingual(
                "заявка в состоянии «\(self.state.rawValue)» не переходит в «\(state.rawValue)»",
                "an order that is \(self.state.rawValue) cannot become \(state.rawValue)"
            )
        }
        guard state == .approved || state == .submitted,
            memberStatus != MemberStatus.active.rawValue
        else { return nil }
        return Bilingual("не является действующим членом Профсоюза", "is not an active member")
    }
}

// Who and what a selection means.
extension OrderBook {
    static let columns = """
        SELECT o.id, o.member_id, o.organisation, o.reason, o.state, o.created_at, m.state
        FROM card_order o JOIN member m ON m.id = o.member_id
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
            createdAt: Instant(seconds: row.integer(5)),
            memberStatus: row.text(6)
        )
    }

    func applicants(
        _ selection: Selection,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Applicant] {
        switch selection {
        case .members(let references):
            return try references.flatMap { reference in
                let id = try MemberFile(register).row(reference, by: user, in: session)
                return try applicants("m.id = $1", [.integer(id)], reference, in: session)
            }
        case .organisation(let code):
            try user.require(.order, at: code)
            _ = try OrganisationTree(register).requireKnown(code, in: session)
            let (place, range) = Self.within(code, "m.organisation")
            return try applicants("m.state = 'active' AND \(place)", range, in: session)
        case .list, .orders: return []
        }
    }

    /// Who meets a condition on `m`, in the order of the register.
    func applicants(
        _ condition: String,
        _ arguments: [SQLValue],
        _ reference: String? = nil,
        limit: Int? = nil,
        in session: any DatabaseSession
    ) throws -> [Applicant] {
        let pipeline = CarrierState.allCases.filter(\.isInPipeline)
        let now = register.now()
        let today = Int64(now.moscowDate.day)
        // The furthest of the cards: 2 waits to be handed out, 1 is in hand, 0 is over.
        var found = try session.all(
            """
            SELECT m.id, m.ais_id, m.organisation, m.state,
                (SELECT count(*) FROM consent c WHERE c.member_id = m.id
                 AND \(ConsentLedger.holds(on: today)) AND c.text_id IN
                    (SELECT id FROM consent_text
                     WHERE purpose = '\(ConsentPurpose.cardProduction.rawValue)')),
                (SELECT o.id FROM card_order o WHERE o.member_id = m.id
                 AND (\(RegisterSchema.oneOf("o.state", OrderState.beforeBatch)))),
                (SELECT max(CASE WHEN \(RegisterSchema.oneOf("k.state", pipeline)) THEN 2
                    WHEN \(Self.inHand("k", at: now)) THEN 1 ELSE 0 END)
                 FROM carrier k WHERE k.member_id = m.id AND k.kind = 'plastic')
            FROM member m WHERE \(condition) ORDER BY m.id\(limit.map { " LIMIT \($0)" } ?? "")
            """,
            arguments
        ) { row -> Applicant? in
            guard let place = OrganisationCode(ordinal: row.integer(2)),
                let status = MemberStatus(rawValue: row.text(3))
            else { return nil }
            let aisId = row.optionalText(1)
            let furthest = row.optionalInteger(6)
            return Applicant(
                member: row.integer(0),
                reference: reference ?? aisId ?? "#\(row.integer(0))",
                organisation: place,
                status: status,
                hasAisId: aisId != nil,
                hasConsent: row.integer(4) > 0,
                openOrder: row.optionalInteger(5),
                hadCard: furthest != nil,
                isWaiting: furthest == 2,
                hasUsable: furthest == 1
            )
        }.compactMap(\.self)
        let ended = found.filter { $0.hadCard && !$0.isWaiting && !$0.hasUsable }
        let reissues = try CardsFate.reissues(of: ended.map(\.member), in: session)
        if !reissues.isEmpty {
            for index in found.indices { found[index].reissue = reissues[found[index].member] }
        }
        let heirs = try MemberMerge.heirs(of: found.map(\.member), in: session)
        for index in found.indices where !heirs.isEmpty {
            found[index].heir = heirs[found[index].member]
        }
        return found
    }

    /// A condition for plastic in its member's hands whose last day has not passed: past it the card may
    /// be followed by another.
    static func inHand(_ carrier: String, at now: Instant) -> String {
        let usable = CarrierState.allCases.filter(\.isUsable)
        return """
            ((\(RegisterSchema.oneOf("\(carrier).state", usable)))
             AND (\(carrier).expires_at IS NULL OR \(carrier).expires_at > \(now.seconds)))
            """
    }

    func orders(
        _ selection: Selection,
        before state: OrderState,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Order] {
        switch selection {
        case .orders(let ids): return try orders(ids, by: user, in: session)
        case .list: return []
        case .members(let references):
            return try references.flatMap { reference in
                let id = try MemberFile(register).row(reference, by: user, in: session)
                return try open("o.member_id = $1", [.integer(id)], before: state, in: session)
            }
        case .organisation(let code):
            try user.require(.order, at: code)
            _ = try OrganisationTree(register).requireKnown(code, in: session)
            let (place, range) = Self.within(code, "o.organisation")
            return try open(place, range, before: state, in: session)
        }
    }

    /// A condition for a subtree, with its arguments.
    ///
    /// None for the whole union: an index would lead SQLite through all rows in random order.
    static func within(_ code: OrganisationCode, _ column: String) -> (String, [SQLValue]) {
        if code == .centralCouncil { return ("1 = 1", []) }
        let range = code.subtree
        return (
            "\(column) BETWEEN $1 AND $2",
            [.integer(range.lowerBound), .integer(range.upperBound)]
        )
    }

    /// Orders by number, in the order of the numbers given.
    private func orders(
        _ ids: [Int64],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Order] {
        var found: [Int64: Order] = [:]
        for part in ids.map(SQLValue.integer).parts(of: 256) {
            try session.query("\(Self.columns) WHERE o.id IN (\(part.placeholders))", part.padded) {
                if let order = Self.order($0) { found[order.id] = order }
            }
        }
        return try ids.map { id in
            guard let order = found[id], user.scope.contains(order.organisation) else {
                throw user.scope == .centralCouncil ? Self.absent(id) : Self.unknown(id, to: user)
            }
            return order
        }
    }

    private static func absent(_ id: Int64) -> RegisterError {
        RegisterError(
            .notFound,
            "Нет заявки \(id): profbilet order list.",
            "There is no order \(id): profbilet order list."
        )
    }

    private func open(
        _ condition: String,
        _ arguments: [SQLValue],
        before state: OrderState,
        in session: any DatabaseSession
    ) throws -> [Order] {
        let sources = OrderState.allCases.filter { $0.successors.contains(state) }
        return try session.all(
            """
            \(Self.columns) WHERE \(condition)
            AND (\(RegisterSchema.oneOf("o.state", sources))) ORDER BY o.id
            """,
            arguments,
            Self.order
        ).compactMap(\.self)
    }

    /// Takes back the card of an order that is to be cancelled after its number was allotted.
    ///
    /// - Returns: Why the order cannot be cancelled: its card exists.
    func cancelling(
        _ order: Order,
        as state: OrderState,
        _ reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Bilingual? {
        guard state == .cancelled, order.state == .batched else { return nil }
        let file = CarrierFile(register)
        let card =
            try session.first(
                "\(CarrierFile.columns) WHERE member_id = $1 AND order_id = $2 ORDER BY id DESC",
                [.integer(order.member), .integer(order.id)],
                CarrierFile.carrier
            ) ?? nil
        guard let card, card.state.published != .invalid else { return nil }
        guard card.state == .allocated else {
            return Bilingual(
                "карта уже есть («\(card.state.rawValue)»): её отзывает carrier block",
                "its card exists (\(card.state.rawValue)): carrier block takes it back"
            )
        }
        try file.set(
            card,
            to: .withdrawn,
            reason: "order cancelled: \(reason)",
            by: user,
            in: session
        )
        return nil
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
