public import UnionTicket

extension PartnerStatistics {
    /// A month of the Gregorian calendar.
    public struct Period: Hashable, Sendable, Comparable {
        /// Twelve times the year and the month from 0.
        public let index: Int

        /// The month of this number, or nil outside the years 2000…9998.
        public init?(year: Int, month: Int) {
            guard (2000...9998).contains(year), (1...12).contains(month) else { return nil }
            index = year * 12 + month - 1
        }

        init(index: Int) { self.index = index }

        /// The month written `yyyy-mm`, or nil.
        public init?(_ text: some StringProtocol) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
                let year = Int(parts[0]), let month = Int(parts[1])
            else { return nil }
            self.init(year: year, month: month)
        }

        /// `yyyy-mm`.
        public var text: String { "\(padded(index / 12, 4))-\(padded(index % 12 + 1, 2))" }

        /// Its first day.
        public var firstDay: CalendarDate {
            CalendarDate(year: index / 12, month: index % 12 + 1, day: 1) ?? CalendarDate(day: 0)
        }

        /// Its last second in Moscow.
        public var end: Instant {
            Instant(startOf: Period(index: index + 1).firstDay) + -1
        }

        /// Earlier months first.
        public static func < (left: Self, right: Self) -> Bool { left.index < right.index }
    }
}
