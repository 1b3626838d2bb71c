/// Which days are worked in Russia on a five-day week; deadlines of personal-data law run by them.
///
/// Labour Code, article 112: a holiday that falls on a weekend moves the day off to the next working
/// day, except in 1–8 January, whose days off the Government moves by decree. A year whose decree is
/// not known goes by the Code alone; ``isConfirmed(_:)`` tells.
public struct WorkingDays: Sendable, Equatable {
    private let holidays: Set<MonthDay>
    private let decrees: [Int: String]
    private let worked: Set<CalendarDate>
    private let free: Set<CalendarDate>
    /// Holidays on a weekend whose day off a decree moved elsewhere.
    private let movedHolidays: Set<CalendarDate>

    fileprivate struct MonthDay: Hashable, Sendable {
        let month: Int
        let day: Int
    }

    /// The calendar this program was made with.
    public static let russian: WorkingDays = {
        let text = String(decoding: PackageResources.working_days_tsv, as: UTF8.self)
        guard let days = try? WorkingDays(reading: text) else {
            preconditionFailure("the embedded calendar is unreadable")
        }
        return days
    }()

    /// A line of a calendar's file that cannot be used.
    public struct Fault: Error, Equatable, Sendable {
        /// Its number, from 1; 0 for the file as a whole.
        public let line: Int
        /// What is wrong.
        public let message: Bilingual
    }

    /// Reads a calendar as `working-days.tsv` is written.
    ///
    /// - Parameter text: Lines `holiday MM-DD name`, `year YYYY decree`, `move FROM TO`, separated by
    ///   tabs; `#` begins a remark. At most 10 000 lines.
    /// - Throws: ``Fault`` with the line.
    public init(reading text: String) throws(Fault) {
        var holidays: Set<MonthDay> = []
        var decrees: [Int: String] = [:]
        var moves: [CalendarDate: CalendarDate] = [:]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= 10_000 else { throw Fault(line: 0, message: Self.tooLong) }
        for (index, line) in lines.enumerated() {
            var line = line
            if line.last == "\r" { line.removeLast() }
            if line.isEmpty || line.first == "#" { continue }
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            let fault = Fault(line: index + 1, message: Self.unreadable)
            guard cells.count == 3 else { throw fault }
            switch cells[0] {
            case "holiday":
                // A leap year holds every day that a holiday may have.
                guard let date = CalendarDate(iso: "2020-\(cells[1])") else { throw fault }
                holidays.insert(MonthDay(month: date.parts.month, day: date.parts.day))
            case "year":
                guard let year = Int(cells[1]), (1900...2200).contains(year), !cells[2].isEmpty,
                    decrees.updateValue(String(cells[2]), forKey: year) == nil
                else { throw fault }
            case "move":
                guard let from = CalendarDate(iso: cells[1]), let to = CalendarDate(iso: cells[2]),
                    decrees[from.parts.year] != nil, from != to,
                    moves.updateValue(to, forKey: from) == nil
                else { throw fault }
            default: throw fault
            }
        }
        guard !holidays.isEmpty else { throw Fault(line: 0, message: Self.noHolidays) }
        self.init(holidays: holidays, decrees: decrees, moves: moves)
    }

    private init(
        holidays: Set<MonthDay>,
        decrees: [Int: String],
        moves: [CalendarDate: CalendarDate]
    ) {
        self.holidays = holidays
        self.decrees = decrees
        worked = Set(
            moves.keys.filter { !holidays.contains(MonthDay($0)) }
        )
        free = Set(moves.values)
        movedHolidays = Set(moves.keys).subtracting(worked)
    }

    /// Whether people work on a day.
    public func isWorking(_ date: CalendarDate) -> Bool {
        if free.contains(date) || holidays.contains(MonthDay(date)) { return false }
        if worked.contains(date) { return true }
        return !date.isWeekend && !isSubstitute(date)
    }

    /// The last day of a term of so many working days that begins on the day after `date`.
    ///
    /// - Parameters:
    ///   - days: How many; 0 gives `date` itself.
    ///   - date: The day of the event, which is not counted.
    /// - Returns: The last day of the term.
    public func day(_ days: Int, after date: CalendarDate) -> CalendarDate {
        var (left, day) = (days, date)
        while left > 0 {
            day = CalendarDate(day: day.day + 1)
            if isWorking(day) { left -= 1 }
        }
        return day
    }

    /// How many working days lie in a range of days.
    public func count(_ range: ClosedRange<CalendarDate>) -> Int {
        (range.lowerBound.day...range.upperBound.day)
            .count { isWorking(CalendarDate(day: $0)) }
    }

    /// Whether the transferred days of a year are known; else only the Code's rule is applied.
    public func isConfirmed(_ year: Int) -> Bool { decrees[year] != nil }

    /// What to tell where a term touches a year whose transferred days are unknown; nil when all are
    /// known.
    public func warning(_ range: ClosedRange<CalendarDate>) -> Bilingual? {
        let years = range.lowerBound.parts.year...range.upperBound.parts.year
        guard let year = years.first(where: { !isConfirmed($0) }) else { return nil }
        return Bilingual(
            "Перенос выходных дней \(year) года программе не известен: считаны только праздники "
                + "статьи 112 ТК РФ. Положите новый working-days.tsv в каталог данных.",
            "The transferred days off of \(year) are unknown to the program: only the holidays of the "
                + "Labour Code, article 112, were counted. Put a newer working-days.tsv into the data "
                + "directory."
        )
    }

    /// Whether a holiday on a weekend shortly before took this day as its day off.
    private func isSubstitute(_ date: CalendarDate) -> Bool {
        (1...10).contains { offset in
            let holiday = CalendarDate(day: date.day - offset)
            guard holiday.isWeekend, pushes(holiday) else { return false }
            return (1...offset).first { !isTaken(CalendarDate(day: holiday.day + $0)) } == offset
        }
    }

    private func isTaken(_ date: CalendarDate) -> Bool {
        date.isWeekend || free.contains(date) || holidays.contains(MonthDay(date))
    }

    private func pushes(_ date: CalendarDate) -> Bool {
        let (_, month, day) = date.parts
        return holidays.contains(MonthDay(date)) && !movedHolidays.contains(date)
            && !(month == 1 && day <= 8)
    }
}

extension WorkingDays.MonthDay {
    fileprivate init(_ date: CalendarDate) {
        let parts = date.parts
        self.init(month: parts.month, day: parts.day)
    }
}

extension CalendarDate {
    /// Saturday or Sunday; 1 January 1970 was a Thursday.
    fileprivate var isWeekend: Bool { ((day + 3) % 7 + 7) % 7 >= 5 }
}

extension WorkingDays {
    private static let tooLong = Bilingual("Файл слишком длинный.", "The file is too long.")
    private static let unreadable = Bilingual(
        "Строка календаря не понята: нужны «holiday ММ-ДД название», «year ГГГГ постановление» или "
            + "«move ДАТА ДАТА» через табуляцию.",
        "The calendar's line is not understood: wanted are holiday MM-DD name, year YYYY decree or "
            + "move DATE DATE, separated by tabs."
    )
    private static let noHolidays = Bilingual(
        "В календаре нет праздников.",
        "The calendar has no holidays."
    )
}
