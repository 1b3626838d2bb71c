import TicketSeal
public import UnionTicket

/// Carriers: what state each is in, how it came there, and what changes it.
public struct CarrierFile: Sendable {
    let register: Register

    /// The carriers of this register.
    public init(_ register: Register) { self.register = register }

    /// One carrier.
    public struct Carrier: Sendable, Equatable {
        /// Row of the carrier.
        public let id: Int64
        /// What it is.
        public let kind: CarrierKind
        /// Its printed name; nil for a legacy card.
        public let number: CarrierNumber?
        /// Number of a legacy card, verbatim.
        public let legacyNumber: String?
        /// Who issued a legacy card, as its list says it.
        public let legacyIssuer: String?
        /// Its state.
        public let state: CarrierState
        /// Its identity; nil for a legacy card.
        public let coordinate: StatusCoordinate?
        /// End of its validity.
        public let expiresAt: Instant?
        /// Row of its member; nil when only a manifest knows of it.
        public let member: Int64?
    }

    /// One change of state.
    public struct Event: Sendable, Equatable {
        /// When.
        public let at: Instant
        /// Who: an account, or `api:` and the client that acted under it.
        public let user: String
        /// From which state.
        public let from: String
        /// Into which state.
        public let to: String
        /// Why.
        public let reason: String
    }

    /// What a person asks to be done with a carrier.
    public enum Change: String, Sendable, CaseIterable {
        /// Block for now.
        case suspend
        /// End a suspension, or activate a card handed out.
        case unblock
        /// Block for good: lost.
        case lost
        /// Block for good: stolen.
        case stolen
        /// Block for good: taken back.
        case withdraw

        var target: CarrierState {
            switch self {
            case .suspend: .suspended
            case .unblock: .active
            case .lost: .lost
            case .stolen: .stolen
            case .withdraw: .withdrawn
            }
        }

        /// Carriers that may still come into force and could not make the step, such as a card that is
        /// being made beside a virtual one that was suspended.
        ///
        /// - Parameter carriers: What ``CarrierFile/apply(_:to:reason:by:)`` returned.
        /// - Returns: Those that stayed as they were.
        public func skipped(of carriers: [Carrier]) -> [Carrier] {
            carriers.filter { $0.state != target && $0.state.published != .invalid }
        }
    }

    /// The carriers a reference means: carrier number, ticket number, `list/index`, or `L:` and a
    /// legacy number; the look-up is logged.
    public func show(_ reference: String, by user: SignedInUser) throws -> [Carrier] {
        try user.require(.findByNumber)
        return try register.write { session in
            let found = try find(reference, by: user, in: session)
            try AuditLog(register).record(
                "carrier.read",
                found.first.map { "carrier/\($0.id)" } ?? "carrier",
                "",
                by: user,
                in: session
            )
            return found
        }
    }

    /// Every change of the carriers a reference means.
    public func history(
        _ reference: String,
        by user: SignedInUser
    ) throws -> [(carrier: Carrier, events: [Event])] {
        try user.require(.findByNumber)
        return try register.write { session in
            let found = try find(reference, by: user, in: session)
            for carrier in found {
                try AuditLog(register).record(
                    "carrier.history",
                    "carrier/\(carrier.id)",
                    "",
                    by: user,
                    in: session
                )
            }
            return try found.map { ($0, try events(of: $0, in: session)) }
        }
    }

    /// Changes one carrier, or with a ticket number all its carriers, in one transaction.
    ///
    /// - Returns: The carriers changed.
    /// - Throws: ``RegisterError`` when no carrier of them can make the step.
    public func apply(
        _ change: Change,
        to reference: String,
        reason: String,
        by user: SignedInUser
    ) throws -> [Carrier] {
        try user.require(change == .suspend ? .suspendCarriers : .changeCarriers)
        return try register.write { session in
            let found = try findOne(reference, by: user, in: session)
            let able = Self.meant(
                try found.filter { try self.may($0, change, in: session) },
                of: found,
                change
            )
            guard !able.isEmpty else { throw Self.noStep(found, change.target) }
            for carrier in able {
                if change == .unblock, carrier.kind == .plastic, carrier.state.isInPipeline {
                    try CarrierMoves(register: register, user: user, session: session)
                        .endOlder(than: [carrier.id], of: [carrier.member].compactMap(\.self))
                }
                try set(carrier, to: change.target, reason: reason, by: user, in: session)
            }
            // Whoever blocks a ticket must not find it on a phone an hour later.
            for member in Set(able.compactMap(\.member)) where change != .unblock {
                try ActivationCodes(register).end(of: member, as: .revoked, in: session)
            }
            try AuditLog(register).record(
                "carrier.\(change.rawValue)",
                "carrier/\(able[0].id)",
                reason,
                by: user,
                in: session
            )
            return try find(reference, by: user, in: session)
        }
    }

    /// Orders a replacement: the order that the reason calls for, submitted at once; lost and stolen
    /// carriers are revoked now.
    ///
    /// - Returns: The number of the order.
    /// - Throws: ``RegisterError``: no card may be ordered, or the carrier is virtual, whose place no
    ///   card takes.
    public func replace(
        _ reference: String,
        reason: OrderReason,
        by user: SignedInUser
    ) throws -> Int64 {
        try user.require(.changeCarriers)
        try user.require(.order)
        return try register.write { session in
            let found = try findOne(reference, by: user, in: session)
            guard let member = found.compactMap(\.member).first else { throw Self.unknown }
            guard found.contains(where: { $0.kind != .virtual }) else { throw Self.isVirtual }
            let book = OrderBook(register)
            let outcome = try book.create(
                .members(["#\(member)"]),
                reason: reason,
                note: "",
                by: user,
                in: session
            )
            guard let order = outcome.done.first else {
                let why = outcome.refused.first?.reason
                throw RegisterError(
                    .refused,
                    "Замена невозможна: \(why?.russian ?? "").",
                    "It cannot be replaced: \(why?.english ?? "")."
                )
            }
            _ = try book.move(
                .orders([order]),
                to: .submitted,
                reason: "carrier replace",
                by: user,
                in: session
            )
            return order
        }
    }
}

extension CarrierFile {
    private func events(of carrier: Carrier, in session: any DatabaseSession) throws -> [Event] {
        let issued = try session.all(
            """
            SELECT i.at, u.name, i.sequence FROM carrier c
            JOIN issuance i ON i.sequence = c.issuance JOIN app_user u ON u.id = i.user_id
            WHERE c.id = $1
            """,
            [.integer(carrier.id)]
        ) {
            Event(
                at: Instant(seconds: $0.integer(0)),
                user: $0.text(1),
                from: "",
                to: CarrierState.allocated.rawValue,
                reason: "issuance \($0.integer(2))"
            )
        }
        return issued
            + (try session.all(
                """
                SELECT e.at, COALESCE(e.client, u.name), e.from_state, e.to_state, e.reason
                FROM carrier_event e JOIN app_user u ON u.id = e.user_id WHERE e.carrier_id = $1 ORDER BY e.seq
                """,
                [.integer(carrier.id)]
            ) {
                Event(
                    at: Instant(seconds: $0.integer(0)),
                    user: $0.text(1),
                    from: $0.text(2),
                    to: $0.text(3),
                    reason: $0.text(4)
                )
            })
    }

    /// Moves one carrier inside the caller's transaction; the database refuses an illegal step.
    func set(
        _ carrier: Carrier,
        to state: CarrierState,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            "UPDATE carrier SET state = $1, published = $2 WHERE id = $3",
            [.text(state.rawValue), .int(state.published.rawValue), .integer(carrier.id)]
        )
        try note(
            carrier.id,
            from: carrier.state,
            to: state,
            reason: reason,
            by: user,
            in: session
        )
        if let coordinate = carrier.coordinate, carrier.state.published != state.published {
            try session.execute(
                "UPDATE status_list SET changed = 1 WHERE list = $1",
                [.int(coordinate.list)]
            )
        }
    }

    /// Writes one change of state into a carrier's history.
    func note(
        _ carrier: Int64,
        from old: CarrierState,
        to new: CarrierState,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let at = register.now().seconds
        try session.execute(
            """
            INSERT INTO carrier_event (seq, region, carrier_id, at, user_id, from_state, to_state,
                reason, client)
            SELECT $1, region, id, $2, $3, $4, $5, $6, $7 FROM carrier WHERE id = $8
            """,
            [
                .integer(try Counter.carrierEvent.take(in: session)), .integer(at),
                .integer(user.id), .text(old.rawValue), .text(new.rawValue), .text(reason),
                .optional(user.client), .integer(carrier),
            ]
        )
    }

    /// Ends the usable plastic of a member whose card is lost or stolen, and the open codes when that is
    /// first said: what the member gets afterwards stays good.
    func revokeUsable(
        of member: Int64,
        as state: CarrierState,
        isNews: Bool,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        if isNews { try ActivationCodes(register).end(of: member, as: .revoked, in: session) }
        for carrier in try carriers(of: member, in: session)
        where carrier.kind != .virtual && carrier.state.isUsable {
            try set(carrier, to: state, reason: state.rawValue, by: user, in: session)
        }
    }

    /// Of a ticket's carriers those that a change is for: the end of a suspension brings no card into
    /// force that is on its way yet, unless that one is named; a card of the old scheme is by its own
    /// number only.
    private static func meant(
        _ able: [Carrier],
        of found: [Carrier],
        _ change: Change
    ) -> [Carrier] {
        guard change == .unblock else { return able }
        let inHands = able.filter { !$0.state.isInPipeline }
        guard inHands.isEmpty else { return inHands }
        let isTicket = found.contains { $0.kind != .legacyPlastic }
        return isTicket ? able.filter { $0.kind != .legacyPlastic } : able
    }

    /// Ends every carrier of somebody who is no longer a member.
    func withdrawAll(
        of member: Int64,
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        for carrier in try carriers(of: member, in: session)
        where carrier.state.successors.contains(.withdrawn) {
            try set(carrier, to: .withdrawn, reason: reason, by: user, in: session)
        }
    }

    /// Whether a person may make this change: a batch's card comes into force when its parcel is
    /// accounted for or when it is handed out, never by a word (production.md § 2).
    func may(
        _ carrier: Carrier,
        _ change: Change,
        in session: any DatabaseSession
    ) throws -> Bool {
        guard carrier.state.successors.contains(change.target) else { return false }
        guard change == .unblock, carrier.state.isInPipeline else { return true }
        return try !isInBatch(carrier, in: session)
    }

    private static var isVirtual: RegisterError {
        RegisterError(
            .refused,
            "Виртуальный билет картой не заменяют: заблокируйте его (carrier block, :block), и "
                + "член Профсоюза привяжет новый телефон. Замену карты заказывают по её номеру.",
            "No card takes a virtual ticket's place: block it (carrier block, :block), and its holder "
                + "enrols a new phone. A card is replaced by its own number."
        )
    }

    private static func noStep(_ found: [Carrier], _ target: CarrierState) -> RegisterError {
        if target == .active, found.contains(where: \.state.isInPipeline) {
            return RegisterError(
                .refused,
                "Карта ещё не у члена Профсоюза: она вступает в силу при получении посылки или "
                    + "вручении (parcel receive, handout).",
                "The card is not with the member yet: it comes into force when its parcel is "
                    + "received or it is handed out (parcel receive, handout)."
            )
        }
        let states = Set(found.map(\.state.rawValue)).sorted().joined(separator: ", ")
        return RegisterError(
            .refused,
            "Из состояния «\(states)» нельзя перейти в «\(target.rawValue)».",
            "A carrier that is \(states) cannot become \(target.rawValue)."
        )
    }
}
