public import UnionTicket

/// A finished report: figures in rows, ready for the terminal, a spreadsheet or a page.
public struct StatisticsTable: Sendable, Equatable {
    /// One figure.
    public enum Cell: Sendable, Equatable {
        /// A word.
        case text(String)
        /// A count.
        case count(Int)
        /// A share: numerator and denominator, always shown beside it as columns of their own.
        case share(Int, of: Int)
        /// Not to be told: a count under ``StatisticsTable/smallest``, or one it could be computed from.
        case suppressed
        /// Not known.
        case none

        /// The figure as people read it: `1 537 605`, `60,89 %`.
        public var shown: String {
            switch self {
            case .text(let text): text
            case .count(let number): Self.grouped(number)
            case .share(let part, let whole): Percentage.text(part, of: whole)
            case .suppressed: "•"
            case .none: "—"
            }
        }

        /// The figure as programs read it: plain digits, `60.89`.
        public var plain: String {
            switch self {
            case .text(let text): return text
            case .count(let number): return "\(number)"
            case .share(let part, let whole):
                guard let hundredths = Percentage.hundredths(part, of: whole) else { return "" }
                let rest = hundredths % 100
                return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
            case .suppressed: return "•"
            case .none: return ""
            }
        }

        private static func grouped(_ number: Int) -> String {
            let digits = Array(String(number.magnitude))
            var text = ""
            for (index, digit) in digits.enumerated() {
                if index > 0, (digits.count - index) % 3 == 0 { text.append("\u{202F}") }
                text.append(digit)
            }
            return number < 0 ? "−" + text : text
        }
    }

    /// One column.
    public struct Column: Sendable, Equatable {
        /// Its name for machines, as in JSON.
        public let name: String
        /// Its head.
        public let title: Bilingual

        /// A column.
        public init(_ name: String, _ russian: String, _ english: String) {
            (self.name, title) = (name, Bilingual(russian, english))
        }
    }

    /// What the report is.
    public var title: Bilingual
    /// As of the end of this day in Moscow.
    public var asOf: CalendarDate
    /// What the reader must know.
    public var notes: [Bilingual]
    /// Heads.
    public var columns: [Column]
    /// Figures, as many cells as columns.
    public var rows: [[Cell]]
    /// The sum of all rows, where there is more than one.
    public var total: [Cell]?
    /// What is known to be equal within every row.
    var sums: [Equation] = []
    /// Counts that nobody prints and anybody can subtract.
    var rests: [Rest] = []

    /// What is left of a column without those of another one who are counted in it, by their names.
    struct Rest: Sendable, Equatable {
        let name: String
        let whole: String
        let part: String
    }

    /// Columns that come to as much as others, by their names.
    struct Equation: Sendable, Equatable {
        let left: [String]
        let right: [String]
    }

    /// Counts below this are not told outside the union.
    public static let smallest = 5

    /// A report.
    public init(
        title: Bilingual,
        asOf: CalendarDate,
        notes: [Bilingual] = [],
        columns: [Column],
        rows: [[Cell]],
        total: [Cell]? = nil
    ) {
        (self.title, self.asOf, self.notes) = (title, asOf, notes)
        (self.columns, self.rows, self.total) = (columns, rows, total)
    }
}
