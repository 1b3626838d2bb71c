import UnionTicket

/// A member as far as the rules of virtual cards ask.
struct TicketHolder {
    let member: Int64
    let region: UInt8
    let organisation: OrganisationCode
    let status: MemberStatus
    let ticket: TicketNumber?
    let hasConsent: Bool
    /// Whether the ticket is blocked for now (``suspends``).
    let isSuspended: Bool

    /// Why the person may have no virtual card, or nil (service.md).
    var refusal: Bilingual? {
        if status != .active {
            return Bilingual(
                "не является действующим членом Профсоюза",
                "is not an active member"
            )
        }
        if !hasConsent {
            return Bilingual(
                "нет согласия на виртуальный билет",
                "has not consented to a virtual card"
            )
        }
        if ticket == nil {
            return Bilingual(
                "ещё нет номера билета: сначала закажите карту",
                "has no ticket number yet: order a card first"
            )
        }
        if isSuspended {
            return Bilingual(
                "билет приостановлен: сначала снимите приостановку или заблокируйте его навсегда",
                "the ticket is suspended: end the suspension or block it for good first"
            )
        }
        return nil
    }

    /// That the ticket of member `m` is suspended: its phone is, or a card where nothing else is in force.
    ///
    /// Blocks for good end carriers and not the ticket: a new phone takes their place.
    static let suspends = """
        EXISTS (SELECT 1 FROM carrier s WHERE s.member_id = m.id AND s.state = 'suspended'
            AND (s.kind = 'virtual' OR NOT EXISTS (SELECT 1 FROM carrier f
                WHERE f.member_id = m.id AND f.state = 'active')))
        """

    /// That member `m` consents to virtual cards on a day, as a column.
    static func consents(on day: Int64) -> String {
        """
        EXISTS (SELECT 1 FROM consent c JOIN consent_text x ON x.id = c.text_id
            WHERE c.member_id = m.id AND x.purpose = 'virtualCard' AND \(ConsentLedger.holds(on: day)))
        """
    }

    /// The holders that `condition` selects of members `m`, in their order.
    static func find(
        _ condition: String,
        _ arguments: [SQLValue],
        at now: Instant,
        in session: any DatabaseSession
    ) throws -> [TicketHolder] {
        let day = Int64(now.moscowDate.day)
        return try session.all(
            """
            SELECT m.id, m.region, m.organisation, m.state, t.number,
                CASE WHEN \(consents(on: day)) THEN 1 ELSE 0 END,
                CASE WHEN \(suspends) THEN 1 ELSE 0 END
            FROM member m LEFT JOIN ticket_number t ON t.member_id = m.id AND t.state = 'assigned'
            WHERE \(condition) ORDER BY m.id
            """,
            arguments
        ) { row -> TicketHolder? in
            guard let organisation = OrganisationCode(ordinal: row.integer(2)),
                let status = MemberStatus(rawValue: row.text(3))
            else { return nil }
            return TicketHolder(
                member: row.integer(0),
                region: UInt8(row.integer(1)),
                organisation: organisation,
                status: status,
                ticket: row.optionalInteger(4).flatMap { TicketNumber(value: UInt64($0)) },
                hasConsent: row.integer(5) != 0,
                isSuspended: row.integer(6) != 0
            )
        }.compactMap(\.self)
    }

    static func of(
        _ member: Int64,
        at now: Instant,
        in session: any DatabaseSession
    ) throws -> TicketHolder? {
        try find("m.id = $1", [.integer(member)], at: now, in: session).first
    }
}
