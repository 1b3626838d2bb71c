public import UnionTicket

extension UnionStatistics {
    /// Cards made in one month.
    public struct Month: Sendable, Equatable {
        /// The year.
        public let year: Int
        /// 1…12.
        public let month: Int
        /// Plastic cards made.
        public let cards: Int
    }

    /// Plastic cards made in each month up to a day, months without any between them included.
    public func cardsPerMonth(
        asOf date: CalendarDate,
        by user: SignedInUser
    ) throws -> [Month] {
        try user.require(.readReports)
        try register.requirePast(date)
        let days = try register.read { session in
            let kept = try session.all(Self.kept(asOf: date, user.scope)) {
                (day: $0.integer(0), cards: Int($0.integer(1)))
            }
            let unmade = try session.all(Self.unmade(since: date, user.scope)) {
                (day: Int64(Instant(seconds: $0.integer(0)).moscowDate.day), cards: 1)
            }
            return Dictionary(
                (kept + unmade).map { ($0.day, $0.cards) },
                uniquingKeysWith: +
            )
        }
        var months: [Month] = []
        for (day, cards) in days.sorted(by: { $0.key < $1.key }) {
            let parts = CalendarDate(day: Int(day)).parts
            while let last = months.last, (last.year, last.month) != (parts.year, parts.month) {
                let isDecember = last.month == 12
                months.append(
                    Month(
                        year: last.year + (isDecember ? 1 : 0),
                        month: isDecember ? 1 : last.month + 1,
                        cards: 0
                    )
                )
            }
            let before = months.popLast()?.cards ?? 0
            months.append(Month(year: parts.year, month: parts.month, cards: before + cards))
        }
        return months
    }

    /// Cards by the day they were made, as that stands today.
    private static func kept(asOf date: CalendarDate, _ scope: OrganisationCode) -> String {
        """
        SELECT c.produced_on, count(*) FROM carrier c \(whose)
        WHERE c.kind <> 'virtual' AND c.produced_on <= \(date.day) AND \(within(scope))
            AND c.state <> 'allocated' AND c.state <> 'spoiled'
            AND NOT (c.state = 'destroyed' AND EXISTS (SELECT 1 FROM carrier_event s
                WHERE s.carrier_id = c.id AND s.to_state = 'spoiled'))
        GROUP BY c.produced_on
        """
    }

    /// When cards were made that lay at the plant that day and were reported as not made or spoiled since:
    /// the first of their later events says so.
    private static func unmade(since date: CalendarDate, _ scope: OrganisationCode) -> String {
        let end = Instant(endOf: date).seconds
        return """
            SELECT max(p.at) FROM carrier_event e
            JOIN carrier_event p ON p.carrier_id = e.carrier_id
            JOIN carrier c ON c.id = e.carrier_id \(whose)
            WHERE e.at > \(end) AND e.from_state = 'printed'
                AND (e.to_state = 'allocated' OR e.to_state = 'spoiled')
                AND p.to_state = 'printed' AND p.at <= \(end) AND \(within(scope))
                AND NOT EXISTS (SELECT 1 FROM carrier_event b WHERE b.carrier_id = e.carrier_id
                    AND b.at > \(end) AND b.seq < e.seq)
            GROUP BY e.carrier_id
            """
    }

    private static let whose = """
        LEFT JOIN card_order o ON o.id = c.order_id
        LEFT JOIN erased_carrier d ON d.carrier_id = c.id
        LEFT JOIN member m ON m.id = COALESCE(c.member_id, d.member_id)
        """

    private static func within(_ scope: OrganisationCode) -> String {
        let range = scope.subtree
        return """
            COALESCE(o.organisation, m.organisation, c.region * 10010000)
                BETWEEN \(range.lowerBound) AND \(range.upperBound)
            """
    }
}
