public import UnionTicket

/// The carriers of members for the register of members (АИС, 1С): who has which card, and how it is.
public struct RegisterExport: Sendable {
    let register: Register

    /// Exports of this register.
    public init(_ register: Register) { self.register = register }

    /// One carrier of a member with an identifier in АИС.
    public struct Row: Sendable, Equatable {
        /// The member's identifier in АИС.
        public let aisId: String
        /// The ticket's number; nil for cards of the old scheme.
        public let number: TicketNumber?
        /// The old number as printed, for cards of the old scheme.
        public let legacyNumber: String?
        /// 0 for a virtual card, 1…9 for plastic; nil for cards of the old scheme.
        public let issue: Int?
        /// How it is now; plastic past its last day is `expired`.
        public let state: CarrierState
        /// Since when; for cards of the old scheme the day of hand-out where known.
        public let since: CalendarDate?
    }

    /// Streams the carriers of a subtree, ordered by member and issue; the export is logged.
    ///
    /// - Returns: How many rows went out, and how many were left out for want of an identifier.
    public func export(
        of organisation: OrganisationCode,
        by user: SignedInUser,
        _ each: (Row) throws -> Void
    ) throws -> (rows: Int, withoutAisId: Int) {
        try user.require(.readMembers, at: organisation)
        let range = organisation.subtree
        let place = "m.organisation BETWEEN \(range.lowerBound) AND \(range.upperBound)"
        let now = register.now()
        var rows = 0
        let missing = try register.read { session in
            if organisation != .centralCouncil {
                _ = try OrganisationTree(register).requireKnown(organisation, in: session)
            }
            try session.query(
                """
                SELECT m.ais_id, c.number, c.legacy_number, c.issue, c.state,
                    COALESCE((SELECT max(e.at) FROM carrier_event e
                        WHERE e.carrier_id = c.id AND e.from_state <> ''),
                        (SELECT i.at FROM issuance i WHERE i.sequence = c.issuance),
                        (SELECT v.enrolled_at FROM virtual_card v WHERE v.carrier_id = c.id)),
                    COALESCE(c.handed_out_on, c.produced_on),
                    CASE WHEN c.kind = 'plastic' THEN c.expires_at END
                FROM carrier c JOIN member m ON m.id = c.member_id
                WHERE m.ais_id IS NOT NULL AND \(place) ORDER BY c.member_id, c.id
                """,
                []
            ) { row in
                guard let read = Self.read(row, at: now) else { return }
                rows += 1
                try each(read)
            }
            return try session.first(
                """
                SELECT count(*) FROM carrier c JOIN member m ON m.id = c.member_id
                WHERE m.ais_id IS NULL AND \(place)
                """
            ) { Int($0.integer(0)) } ?? 0
        }
        try register.write { session in
            try AuditLog(register).record(
                "register.export",
                "organisation/\(organisation)",
                "rows \(rows)",
                by: user,
                in: session
            )
        }
        return (rows, missing)
    }

    private static func read(_ row: any DatabaseRow, at now: Instant) -> Row? {
        guard let stored = CarrierState(rawValue: row.text(4)) else { return nil }
        // A card is over with its last day, also before another's approval says so.
        let over = row.optionalInteger(7).map(Instant.init(seconds:))
            .flatMap { stored.isUsable && $0 <= now ? $0 : nil }
        let since =
            over?.moscowDate ?? row.optionalInteger(5).map { Instant(seconds: $0).moscowDate }
            ?? row.optionalInteger(6).map { CalendarDate(day: Int($0)) }
        return Row(
            aisId: row.text(0),
            number: row.optionalInteger(1).flatMap { TicketNumber(value: UInt64($0)) },
            legacyNumber: row.optionalText(2),
            issue: row.optionalInteger(3).map(Int.init),
            state: over == nil ? stored : .expired,
            since: since
        )
    }
}
