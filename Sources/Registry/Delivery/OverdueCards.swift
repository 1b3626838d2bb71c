public import UnionTicket

// Cards that have waited longer than the term.
extension LeftCards {
    /// Marks as unclaimed what has waited at primary organisations of the user's scope longer than the
    /// setting says.
    ///
    /// - Parameters:
    ///   - isInForceToo: Whether cards that came into force with their parcel are marked as well: their
    ///     hand-out may stand on a list that nobody has entered yet, so ``inForce(by:)`` lists them
    ///     first.
    ///   - user: Who marks them.
    /// - Returns: How many were marked.
    /// - Throws: ``RegisterError`` when the user may not.
    public func markOverdue(isInForceToo: Bool = false, by user: SignedInUser) throws -> Int {
        try user.require(.handOut)
        return try register.write { session in
            let days = try days(in: session)
            let moves = CarrierMoves(register: register, user: user, session: session)
            var count = 0
            for state in [CarrierState.atPrimary] + (isInForceToo ? [.active] : []) {
                let spans = try moves.spans(
                    Self.overdue(state),
                    bounds(days, user),
                    from: Self.places
                )
                count += try moves.move(
                    spans,
                    from: state,
                    to: .unclaimed,
                    reason: "\(days) days"
                )
            }
            try AuditLog(register).record(
                "handout.unclaimed",
                "carriers/\(count)",
                "days \(days)\(isInForceToo ? " in force too" : "")",
                by: user,
                in: session
            )
            return count
        }
    }

    /// A card that came into force with its parcel and whose hand-out nobody has entered.
    public struct Waiting: Sendable, Equatable {
        /// The batch.
        public let batch: Int64
        /// The parcel of the batch.
        public let parcel: Int
        /// The printed number.
        public let carrier: CarrierNumber
        /// When the parcel came to its primary organisation.
        public let since: Instant
    }

    /// The cards in force, not handed out, that have lain longer than the setting says, in the order of
    /// their parcels.
    public func inForce(by user: SignedInUser) throws -> [Waiting] {
        try user.require(.handOut)
        return try register.read { session in
            try session.all(
                """
                SELECT p.batch_id, p.number, c.number, c.issue, p.primary_at FROM \(Self.places)
                WHERE \(Self.overdue(.active)) ORDER BY p.batch_id, p.number, c.id
                """,
                bounds(try days(in: session), user)
            ) { row -> Waiting? in
                guard let ticket = TicketNumber(value: UInt64(clamping: row.integer(2))),
                    let carrier = CarrierNumber(
                        ticket: ticket,
                        issue: UInt8(clamping: row.integer(3))
                    )
                else { return nil }
                return Waiting(
                    batch: row.integer(0),
                    parcel: Int(row.integer(1)),
                    carrier: carrier,
                    since: Instant(seconds: row.integer(4))
                )
            }.compactMap(\.self)
        }
    }

    private static let places = """
        parcel p JOIN batch b ON b.id = p.batch_id
        JOIN carrier c ON c.id BETWEEN b.first_carrier - 1 + p.first_seq
            AND b.first_carrier - 1 + p.last_seq
        """

    /// Plastic in a state that nobody was given, before the moment `$1`, of organisations `$2`…`$3`.
    private static func overdue(_ state: CarrierState) -> String {
        """
        p.primary_at <= $1 AND p.organisation BETWEEN $2 AND $3
        AND c.state = '\(state.rawValue)' AND c.kind = 'plastic' AND c.handed_out_on IS NULL
        AND NOT EXISTS (SELECT 1 FROM carrier_event e WHERE e.carrier_id = c.id
            AND e.to_state = 'atPrimary' AND e.at > $1)
        """
    }

    private func bounds(_ days: Int, _ user: SignedInUser) -> [SQLValue] {
        let cutoff = register.now().seconds - Int64(days) * 86_400
        let range = user.scope.subtree
        return [.integer(cutoff), .integer(range.lowerBound), .integer(range.upperBound)]
    }
}
