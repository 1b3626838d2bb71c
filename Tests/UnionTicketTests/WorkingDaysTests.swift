import Testing
import UnionTicket

@Suite struct `Working days` {
    private func date(_ text: String) throws -> CalendarDate {
        try #require(CalendarDate(iso: text))
    }

    private func year(_ year: Int) throws -> ClosedRange<CalendarDate> {
        try date("\(year)-01-01")...date("\(year)-12-31")
    }

    // Norms of the Ministry of Labour's production calendars, five-day week.
    @Test(arguments: [
        (2020, 248), (2021, 247), (2022, 247), (2023, 247), (2024, 248), (2025, 247), (2026, 247),
    ])
    func `a year has as many as its production calendar says`(_ number: Int, _ count: Int) throws {
        #expect(WorkingDays.russian.count(try year(number)) == count)
        #expect(WorkingDays.russian.isConfirmed(number))
        #expect(WorkingDays.russian.warning(try year(number)) == nil)
    }

    @Test(arguments: [
        ("2021-02-20", true), ("2021-02-22", false), ("2022-03-05", true), ("2023-11-06", false),
        ("2024-12-28", true), ("2024-12-31", false), ("2025-02-24", true), ("2025-03-10", true),
        ("2026-01-09", false), ("2026-01-12", true), ("2026-05-11", false), ("2027-05-03", false),
        ("2027-01-01", false), ("2027-01-11", true),
    ])
    func `transferred days go by the decrees`(_ day: String, _ isWorking: Bool) throws {
        #expect(WorkingDays.russian.isWorking(try date(day)) == isWorking)
    }

    @Test(arguments: [
        ("2026-11-27", 10, "2026-12-11"), ("2025-12-26", 5, "2026-01-14"),
        ("2026-11-27", 0, "2026-11-27"), ("2024-04-26", 1, "2024-04-27"),
    ])
    func `a term begins on the day after`(_ from: String, _ days: Int, _ last: String) throws {
        #expect(WorkingDays.russian.day(days, after: try date(from)) == (try date(last)))
    }

    @Test func `a year without a decree goes by the Code and says so`() throws {
        #expect(!WorkingDays.russian.isConfirmed(2027))
        #expect(WorkingDays.russian.warning(try year(2027)) != nil)
        let next = "holiday\t01-01\tx\nyear\t2027\tdecree\nmove\t2027-01-02\t2027-11-05\n"
        let days = try WorkingDays(reading: next)
        let moved = try date("2027-11-05")
        #expect(days.isConfirmed(2027) && !days.isWorking(moved))
    }

    @Test(arguments: [
        ("holiday\t13-01\tx", 1), ("# x\nmove\t2027-01-02\t2027-11-05", 2), ("year\t2027\t", 1),
        ("holiday\t01-01\tx\nyear\t2027\td\nmove\t2027-02-30\t2027-03-01", 3), ("", 0),
        ("year\t2027\td\nyear\t2027\td", 2), ("day 1", 1),
    ])
    func `a calendar that cannot be used names its line`(_ text: String, _ line: Int) {
        #expect { try WorkingDays(reading: text) } throws: {
            ($0 as? WorkingDays.Fault)?.line == line
        }
    }
}
