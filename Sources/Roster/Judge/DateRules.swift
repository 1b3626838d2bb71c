import UnionTicket

/// How dates are written, and which are believable.
struct DateRules: Sendable {
    let today: CalendarDate
    private let serialShift: Int
    private let youngest: CalendarDate
    private let oldest: CalendarDate

    /// 1905-01-01: nobody joined before.
    private static let earliest = CalendarDate(year: 1905, month: 1, day: 1) ?? CalendarDate(day: 0)
    /// 1899-12-30: day 0 of spreadsheets.
    private static let serialZero = -25_569

    init(today: CalendarDate, serialShift: Int) {
        self.today = today
        self.serialShift = serialShift
        youngest = today.adding(years: -14)
        oldest = today.adding(years: -101)
    }

    /// What a date cell says.
    struct Reading: Equatable {
        /// The day, nil when it cannot be taken.
        var date: CalendarDate?
        /// The year, known sometimes without the day.
        var year: Int?
        /// What is odd, nil when nothing is.
        var code: RosterIssueCode?
    }

    /// Reads a trimmed cell.
    func read(_ text: Span<UInt8>, _ range: Range<Int>) -> Reading {
        guard !range.isEmpty else { return Reading(code: .dateMissing) }
        if let quick = quick(text, range) { return bounded(quick.day, quick.month, quick.year) }
        var parser = DateParser(text, range)
        switch parser.parse() {
        case .day(let day, let month, let year): return bounded(day, month, year)
        case .shortYear(let year):
            let full = year > today.parts.year % 100 ? 1900 + year : nil
            return Reading(year: full, code: .dateTwoDigitYear)
        case .slashes(let year): return Reading(year: year, code: .dateAmbiguous)
        case .serial(let serial):
            var reading = bounded(CalendarDate(day: serial + serialShift + Self.serialZero))
            if reading.code == nil { reading.code = .dateSerial }
            return reading
        case .none: return Reading(code: .dateFormat)
        }
    }

    /// Whether somebody born then is 14…100 years old today.
    func isAgePlausible(_ birth: CalendarDate) -> Bool { birth <= youngest && birth > oldest }

    /// `dd.mm.yyyy` without ado.
    private func quick(
        _ text: Span<UInt8>,
        _ range: Range<Int>
    ) -> (day: Int, month: Int, year: Int)? {
        guard range.count == 10 else { return nil }
        let start = range.lowerBound
        guard text[start + 2] == 0x2E, text[start + 5] == 0x2E else { return nil }
        func digit(_ offset: Int) -> Int { Int(text[start + offset]) - 0x30 }
        for offset in [0, 1, 3, 4, 6, 7, 8, 9] where !(0...9).contains(digit(offset)) { return nil }
        return (
            digit(0) * 10 + digit(1), digit(3) * 10 + digit(4),
            digit(6) * 1000 + digit(7) * 100 + digit(8) * 10 + digit(9)
        )
    }

    private func bounded(_ day: Int, _ month: Int, _ year: Int) -> Reading {
        guard let date = CalendarDate(year: year, month: month, day: day) else {
            let inLeapYear = CalendarDate(year: 2000, month: month, day: day) != nil
            let isFuture = inLeapYear && year > today.parts.year
            return Reading(year: year, code: isFuture ? .dateFuture : .dateImpossible)
        }
        return bounded(date)
    }

    private func bounded(_ date: CalendarDate) -> Reading {
        if date > today { return Reading(code: .dateFuture) }
        if date < Self.earliest { return Reading(code: .dateTooOld) }
        return Reading(date: date)
    }
}

/// Takes the less usual spellings of a date apart.
struct DateParser {
    /// What a cell that looks like a date holds.
    enum Shape: Equatable {
        /// A day with a four-digit year.
        case day(Int, Int, Int)
        /// A year of two digits.
        case shortYear(Int)
        /// Slashes, with the year where it has four digits.
        case slashes(Int?)
        /// A spreadsheet's day number.
        case serial(Int)
        /// Anything else.
        case none
    }

    private var numbers: [Int] = []
    private var widths: [Int] = []
    private var separators: [UInt8] = []
    private var isBroken = false

    /// Splits the cell into numbers and separators; a time of day and «г.» at the end are dropped.
    init(_ text: Span<UInt8>, _ range: Range<Int>) {
        var number = 0
        var width = 0
        var index = range.lowerBound
        scan: while index < range.upperBound {
            let byte = text[index]
            switch byte {
            case 0x30...0x39:
                guard width < 8 else {
                    isBroken = true
                    break scan
                }
                number = number * 10 + Int(byte - 0x30)
                width += 1
            case 0x2E, 0x2D, 0x2F, 0x2C:
                numbers.append(number)
                widths.append(width)
                separators.append(byte)
                (number, width) = (0, 0)
            case 0x20, 0x54, 0xD0:
                let rest = index..<range.upperBound
                isBroken = !Self.isTime(text, rest.dropFirst()) && !Self.isYearMark(text, rest)
                break scan
            default:
                isBroken = true
                break scan
            }
            index += 1
        }
        numbers.append(number)
        widths.append(width)
        if separators.count > 2 { isBroken = true }
    }

    /// What the cell holds.
    mutating func parse() -> Shape {
        guard !isBroken else { return .none }
        if separators.isEmpty { return serial }
        if separators.count == 1, separators[0] != 0x2F, widths[0] == 5, widths[1] > 0 {
            return .serial(numbers[0])
        }
        guard separators.count == 2, separators[0] == separators[1] else { return .none }
        let mark = separators[0]
        if mark == 0x2F {
            guard widths.allSatisfy({ $0 > 0 }) else { return .none }
            let year = zip(numbers, widths).first { $0.1 == 4 }?.0
            return .slashes(year)
        }
        guard mark != 0x2C, widths.allSatisfy({ $0 > 0 }) else { return .none }
        if mark == 0x2D, widths == [4, 2, 2] { return .day(numbers[2], numbers[1], numbers[0]) }
        guard widths[0] <= 2, widths[1] <= 2 else { return .none }
        if widths[2] == 2 { return .shortYear(numbers[2]) }
        guard mark == 0x2E, widths[2] == 4 else { return .none }
        return .day(numbers[0], numbers[1], numbers[2])
    }

    /// A bare number of up to five digits, but no year.
    private var serial: Shape {
        guard (1...5).contains(widths[0]), numbers[0] > 0 else { return .none }
        if widths[0] == 4, (1900...2100).contains(numbers[0]) { return .none }
        return .serial(numbers[0])
    }

    /// `0:00`, `00:00:00`, `00:00:00.000Z`.
    private static func isTime(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var colons = 0
        for index in range {
            switch text[index] {
            case 0x3A: colons += 1
            case 0x30...0x39, 0x2E, 0x5A: break
            default: return false
            }
        }
        return colons >= 1 && colons <= 2 && range.count <= 13
    }

    /// Whether «г», «г.» or «год» follows the date.
    private static func isYearMark(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count <= 12 else { return false }
        return yearMarks.contains(FoldedKey(text, range))
    }

    private static let yearMarks: Set<FoldedKey> = [
        FoldedKey("г"), FoldedKey("год"), FoldedKey("гр"),
    ]
}
