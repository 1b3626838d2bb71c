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
        let range = user.scope.subtree
        let days = try register.read { session in
            try session.all(
                """
                SELECT c.produced_on, count(*) FROM carrier c
                LEFT JOIN card_order o ON o.id = c.order_id
                LEFT JOIN erased_carrier e ON e.carrier_id = c.id
                LEFT JOIN member m ON m.id = COALESCE(c.member_id, e.member_id)
                WHERE c.kind <> 'virtual' AND c.produced_on <= \(date.day)
                    AND COALESCE(o.organisation, m.organisation, c.region * 10010000)
                        BETWEEN \(range.lowerBound) AND \(range.upperBound)
                GROUP BY c.produced_on ORDER BY c.produced_on
                """
            ) { (day: CalendarDate(day: Int($0.integer(0))), cards: Int($0.integer(1))) }
        }
        var months: [Month] = []
        for (day, cards) in days {
            let parts = day.parts
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
}
