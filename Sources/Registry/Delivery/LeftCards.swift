public import UnionTicket

/// Cards that nobody came for: unclaimed, sent back, destroyed with an act.
public struct LeftCards: Sendable {
    let register: Register

    /// The cards left in this register.
    public init(_ register: Register) { self.register = register }

    /// After how many days a card that waits at its primary organisation is unclaimed.
    public static let usualDays = 90

    /// The setting, or ``usualDays``.
    public func days() throws -> Int {
        try register.read { try days(in: $0) }
    }

    func days(in session: any DatabaseSession) throws -> Int {
        try Setting.unclaimedDays.value(in: session).flatMap { Int($0) } ?? Self.usualDays
    }

    /// Changes the setting.
    public func set(days: Int, by user: SignedInUser) throws {
        try user.requireEverywhere(.acceptBatches)
        guard (1...3650).contains(days) else {
            throw RegisterError(
                .badInput,
                "Срок невостребованности: от 1 до 3650 дней.",
                "Cards are unclaimed after 1 to 3650 days."
            )
        }
        try register.write { session in
            try Setting.unclaimedDays.set("\(days)", in: session)
            try AuditLog(register).record(
                "handout.days",
                "setting",
                "\(days)",
                by: user,
                in: session
            )
        }
    }

    /// Marks cards as unclaimed, also those that came into force with their parcel.
    public func mark(_ references: [String], by user: SignedInUser) throws -> Int {
        try change(references, "handout.unclaimed", by: user) { carrier, session in
            switch carrier.state {
            case .atPrimary, .active: [.unclaimed]
            default: []
            }
        }
    }

    /// Notes cards as sent back to the region, where they wait to be sent anew or destroyed.
    public func sendBack(_ references: [String], by user: SignedInUser) throws -> Int {
        try change(references, "handout.return", by: user) { carrier, session in
            switch carrier.state {
            case .unclaimed: [.atRegion]
            case .atPrimary, .active: [.unclaimed, .atRegion]
            default: []
            }
        }
    }

    /// Notes cards that were sent back as arrived at a primary organisation again.
    public func bringAgain(_ references: [String], by user: SignedInUser) throws -> Int {
        try change(references, "handout.again", by: user) { carrier, session in
            switch carrier.state {
            case .unclaimed: return [.atPrimary]
            case .atRegion:
                // What came from the plant arrives with its parcel, which is counted.
                guard try CardWay.isSentBack(carrier.id, in: session) else {
                    throw Self.inParcel(carrier)
                }
                return [.atPrimary]
            default: return []
            }
        }
    }

    private func change(
        _ references: [String],
        _ action: String,
        by user: SignedInUser,
        _ path: (CarrierFile.Carrier, any DatabaseSession) throws -> [CarrierState]
    ) throws -> Int {
        try user.require(.handOut)
        return try register.write { session in
            let file = CarrierFile(register)
            var count = 0
            for var carrier in try cards(references, by: user, in: session) {
                let steps = try path(carrier, session)
                guard !steps.isEmpty else { throw Self.noStep(carrier) }
                for state in steps {
                    try file.set(carrier, to: state, reason: action, by: user, in: session)
                    carrier = carrier.moved(to: state)
                }
                count += 1
            }
            try AuditLog(register).record(
                action,
                "carriers/\(count)",
                "",
                by: user,
                in: session
            )
            return count
        }
    }

    /// The plastic cards named, none of them handed out, all in the user's scope.
    private func cards(
        _ references: [String],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [CarrierFile.Carrier] {
        var found: [CarrierFile.Carrier] = []
        for reference in references {
            let own = try CarrierFile(register).find(reference, by: user, in: session)
                .filter { $0.kind == .plastic }
            guard let carrier = own.last else { throw CarrierFile.unknown }
            if let member = carrier.member {
                let place = try MemberFile(register).organisation(of: member, in: session)
                try user.require(.handOut, at: place)
            } else {
                try user.requireEverywhere(.handOut)
            }
            guard !found.contains(where: { $0.id == carrier.id }) else { continue }
            let isHandedOut = try session.first(
                "SELECT 1 FROM carrier WHERE id = $1 AND handed_out_on IS NOT NULL",
                [.integer(carrier.id)]
            ) { $0.integer(0) }
            let ends: Set<CarrierState> = [
                .lost, .stolen, .damaged, .replaced, .expired, .withdrawn, .spoiled,
            ]
            guard isHandedOut == nil || ends.contains(carrier.state) else {
                throw Self.noStep(carrier)
            }
            found.append(carrier)
        }
        return found
    }

    private static func inParcel(_ carrier: CarrierFile.Carrier) -> RegisterError {
        let number = carrier.number.map { "\($0)" } ?? ""
        return RegisterError(
            .refused,
            "Карта \(number) ещё не возвращалась: она придёт с посылкой. Примите посылку: profbilet "
                + "parcel receive.",
            "Card \(number) was not sent back yet: it comes with its parcel. Receive that: profbilet "
                + "parcel receive."
        )
    }

    private static func noStep(_ carrier: CarrierFile.Carrier) -> RegisterError {
        let number = carrier.number.map { "\($0)" } ?? ""
        return RegisterError(
            .refused,
            "Карта \(number) в состоянии «\(carrier.state.rawValue)»: так её не отметить.",
            "Card \(number) is \(carrier.state.rawValue): it cannot be marked so."
        )
    }
}

// Destruction.
extension LeftCards {
    /// An act of destruction (акт об уничтожении) with its cards.
    public struct Act: Sendable {
        /// Its number.
        public let id: Int64
        /// When.
        public let at: Instant
        /// Who entered it.
        public let user: String
        /// Of which organisation.
        public let organisation: OrganisationCode
        /// The organisation's name.
        public let name: String
        /// Why.
        public let reason: String
        /// The cards' printed names and what they were before.
        public let cards: [(carrier: CarrierNumber, was: CarrierState)]
    }

    /// Ends cards for good: withdrawn, then destroyed, under one act.
    ///
    /// - Parameters:
    ///   - references: Cards that were not handed out, or that are over: spoiled, lost and found, worn,
    ///     replaced, withdrawn.
    ///   - reason: Why; stands in the act.
    ///   - user: Who enters it.
    /// - Returns: The act.
    /// - Throws: ``RegisterError`` when a card was handed out and is good; then nothing was changed.
    public func destroy(
        _ references: [String],
        reason: String,
        by user: SignedInUser
    ) throws -> Act {
        try user.require(.handOut)
        let reason = try Ground.require(reason)
        let id = try register.write { session in
            let file = CarrierFile(register)
            let cards = try cards(references, by: user, in: session)
            guard !cards.isEmpty else {
                throw RegisterError(.badInput, "Не названо ни одной карты.", "No card was named.")
            }
            let id = try Counter.destructionAct.take(in: session)
            try session.execute(
                """
                INSERT INTO destruction_act (id, at, user_id, organisation, reason, cards)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .integer(id), .integer(register.now().seconds), .integer(user.id),
                    .integer(user.scope.ordinal), .text(reason), .int(cards.count),
                ]
            )
            for var carrier in cards {
                let way = try way(carrier, in: session)
                try session.execute(
                    "INSERT INTO destruction_card (act_id, carrier_id, was) VALUES ($1, $2, $3)",
                    [.integer(id), .integer(carrier.id), .text(carrier.state.rawValue)]
                )
                for state in way {
                    try file.set(carrier, to: state, reason: "act \(id)", by: user, in: session)
                    carrier = carrier.moved(to: state)
                }
                try session.execute(
                    """
                    UPDATE card_order SET state = 'closed' WHERE state IN ('shipped', 'delivered')
                    AND id = (SELECT order_id FROM carrier WHERE id = $1)
                    """,
                    [.integer(carrier.id)]
                )
            }
            try AuditLog(register).record(
                "handout.destroy",
                "act/\(id)",
                "cards \(cards.count)",
                by: user,
                in: session
            )
            return id
        }
        return try act(id, by: user)
    }

    /// Over other states to the end: what lay unclaimed is withdrawn first.
    private func way(
        _ carrier: CarrierFile.Carrier,
        in session: any DatabaseSession
    ) throws -> [CarrierState] {
        switch carrier.state {
        case .withdrawn, .spoiled, .lost, .stolen, .damaged, .replaced, .expired: [.destroyed]
        case .atRegion, .atPrimary, .unclaimed: [.withdrawn, .destroyed]
        case .active, .suspended: [.withdrawn, .destroyed]
        case .destroyed:
            throw try session.first(
                "SELECT act_id FROM destruction_card WHERE carrier_id = $1",
                [.integer(carrier.id)]
            ) { Self.isDestroyed(carrier, act: $0.integer(0)) } ?? Self.noStep(carrier)
        default: throw Self.noStep(carrier)
        }
    }

    private static func isDestroyed(
        _ carrier: CarrierFile.Carrier,
        act: Int64
    ) -> RegisterError {
        let number = carrier.number.map { "\($0)" } ?? ""
        return RegisterError(
            .refused,
            "Карта \(number) уже уничтожена, акт № \(act). Его бумага: profbilet handout act \(act) "
                + "--out ФАЙЛ.",
            "Card \(number) is destroyed already by act \(act). Its paper: profbilet handout act "
                + "\(act) --out FILE."
        )
    }

    /// One act.
    public func act(_ id: Int64, by user: SignedInUser) throws -> Act {
        try user.require(.handOut)
        return try register.read { session in
            let head = try session.first(
                """
                SELECT a.at, u.name, a.organisation, a.reason, o.name FROM destruction_act a
                JOIN app_user u ON u.id = a.user_id
                LEFT JOIN organisation o ON o.code = a.organisation WHERE a.id = $1
                """,
                [.integer(id)]
            ) { row in
                (
                    at: Instant(seconds: row.integer(0)), user: row.text(1),
                    organisation: OrganisationCode(ordinal: row.integer(2)), reason: row.text(3),
                    name: row.optionalText(4)
                )
            }
            guard let head, let organisation = head.organisation, user.scope.contains(organisation)
            else {
                throw RegisterError(
                    .notFound,
                    "Акта № \(id) нет.",
                    "There is no act \(id)."
                )
            }
            let cards = try session.all(
                """
                SELECT c.number, c.issue, d.was FROM destruction_card d
                JOIN carrier c ON c.id = d.carrier_id WHERE d.act_id = $1
                ORDER BY c.number, c.issue
                """,
                [.integer(id)]
            ) { row -> (carrier: CarrierNumber, was: CarrierState)? in
                guard let ticket = TicketNumber(value: UInt64(clamping: row.integer(0))),
                    let carrier = CarrierNumber(
                        ticket: ticket,
                        issue: UInt8(clamping: row.integer(1))
                    ), let was = CarrierState(rawValue: row.text(2))
                else { return nil }
                return (carrier, was)
            }.compactMap(\.self)
            return Act(
                id: id,
                at: head.at,
                user: head.user,
                organisation: organisation,
                name: head.name
                    ?? (organisation == .centralCouncil ? "Центральный Совет" : ""),
                reason: head.reason,
                cards: cards
            )
        }
    }
}

extension CarrierFile.Carrier {
    /// The same carrier in another state.
    func moved(to state: CarrierState) -> Self {
        Self(
            id: id,
            kind: kind,
            number: number,
            legacyNumber: legacyNumber,
            legacyIssuer: legacyIssuer,
            state: state,
            coordinate: coordinate,
            expiresAt: expiresAt,
            member: member
        )
    }
}
