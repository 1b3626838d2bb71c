public import UnionTicket

/// Takes a number out of use that others misuse: the member gets another one (ticket.md § 1).
public struct NumberRetirement: Sendable {
    let register: Register

    /// The numbers of this register.
    public init(_ register: Register) { self.register = register }

    /// What became of a number.
    public struct Report: Sendable, Equatable {
        /// The number that is void now.
        public let ticket: TicketNumber
        /// How many carriers of it were ended.
        public let carriers: Int
        /// The open order that brings the new number.
        public let order: Int64?
        /// Why there is none.
        public let refusal: Bilingual?
    }

    /// Ends every carrier of a ticket and its number, and has a card ordered under a new one.
    ///
    /// - Parameters:
    ///   - reference: The ticket, or a carrier of it.
    ///   - reason: Why; stands in the histories and the audit.
    ///   - user: Who does it.
    /// - Returns: What became of it.
    /// - Throws: ``RegisterError``; then everything is as it was.
    public func retire(
        _ reference: String,
        reason: String,
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.changeCarriers)
        try user.require(.order)
        return try register.write { session in
            try register.requireReclaimed(session)
            let file = CarrierFile(register)
            let found = try file.findOne(reference, by: user, in: session)
            guard let member = found.compactMap(\.member).first else { throw CarrierFile.unknown }
            let number = try session.first(
                "SELECT number FROM ticket_number WHERE member_id = $1 AND state = 'assigned'",
                [.integer(member)]
            ) { $0.integer(0) }
            guard let number, let ticket = TicketNumber(value: UInt64(number)),
                found.contains(where: { $0.number?.ticket == ticket })
            else { throw Self.isRetired }
            let carriers = try file.carriers(of: member, in: session)
            let ended = carriers.count { $0.state.successors.contains(.withdrawn) }
            try file.withdrawAll(of: member, reason: reason, by: user, in: session)
            try ActivationCodes(register).end(of: member, as: .revoked, in: session)
            try session.execute(
                "UPDATE ticket_number SET state = 'retired' WHERE number = $1",
                [.integer(number)]
            )
            try AuditLog(register).record(
                "ticket.retire",
                "member/\(member)",
                "\(ticket.filed): \(reason)",
                by: user,
                in: session
            )
            let hadCard = carriers.contains { $0.kind == .plastic }
            let (order, refusal) = try order(member, hadCard, by: user, in: session)
            return Report(ticket: ticket, carriers: ended, order: order, refusal: refusal)
        }
    }

    /// The order that waits anyway, or a new one.
    private func order(
        _ member: Int64,
        _ hadCard: Bool,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> (order: Int64?, refusal: Bilingual?) {
        let open = try session.first(
            """
            SELECT id FROM card_order WHERE member_id = $1
            AND (\(RegisterSchema.oneOf("state", OrderState.beforeBatch)))
            """,
            [.integer(member)]
        ) { $0.integer(0) }
        if let open { return (open, nil) }
        let book = OrderBook(register)
        let outcome = try book.create(
            .members(["#\(member)"]),
            reason: hadCard ? .stolen : .first,
            note: "взамен выведенного номера",
            by: user,
            in: session
        )
        guard let order = outcome.done.first else { return (nil, outcome.refused.first?.reason) }
        _ = try book.move(
            .orders([order]),
            to: .submitted,
            reason: "ticket retire",
            by: user,
            in: session
        )
        return (order, nil)
    }

    private static let isRetired = RegisterError(
        .refused,
        "Этот номер уже выведен из обращения: profbilet ticket find покажет нынешний.",
        "This number is out of use already: profbilet ticket find shows the present one."
    )
}
