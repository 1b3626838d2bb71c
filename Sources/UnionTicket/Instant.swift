/// A moment in whole UTC seconds since 1970; every rule takes it as an argument, none reads a clock.
public struct Instant: Hashable, Sendable, Comparable {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    public let seconds: Int64

    /// The moment so many seconds after 1970-01-01 00:00:00 UTC.
    public init(seconds: Int64) { self.seconds = seconds }

    /// The moments that RFC 3339 can write from the year 1 on; whoever takes one from outside refuses the
    /// rest.
    public static let dated =
        Instant(seconds: -62_135_596_800)...Instant(seconds: 253_402_300_799)

    /// Moscow is three hours ahead of UTC since 2014 and has no summer time.
    public static let moscowOffset: Int64 = 3 * 3600

    /// The last second of `date` in Moscow: what "as of a date" means.
    public init(endOf date: CalendarDate) {
        seconds = Int64(date.day + 1) * 86_400 - 1 - Self.moscowOffset
    }

    /// The first second of `date` in Moscow.
    public init(startOf date: CalendarDate) {
        seconds = Int64(date.day) * 86_400 - Self.moscowOffset
    }

    /// The day in Moscow.
    public var moscowDate: CalendarDate {
        CalendarDate(day: Int(Self.split((self + Self.moscowOffset).seconds, by: 86_400).whole))
    }

    /// RFC 3339 in UTC: `2026-11-21T09:00:00Z`.
    public var rfc3339: String {
        let (day, second) = Self.split(seconds, by: 86_400)
        return "\(CalendarDate(day: Int(day)).iso)T\(Self.clock(second))Z"
    }

    /// A moment to the millisecond since 1970, as clocks are compared: `2026-11-21T09:00:00.003Z`.
    public static func rfc3339(milliseconds: Int64) -> String {
        let (seconds, part) = split(milliseconds, by: 1000)
        return "\(Instant(seconds: seconds).rfc3339.dropLast()).\(padded(Int(part), 3))Z"
    }

    /// As Russian readers expect it, in Moscow time: `21.11.2026 12:00:00`.
    public var russian: String {
        let second = Self.split((self + Self.moscowOffset).seconds, by: 86_400).rest
        return "\(moscowDate.russian) \(Self.clock(second))"
    }

    /// So many seconds later; past what can be counted, the last moment that can.
    public static func + (instant: Self, seconds: Int64) -> Self {
        let (sum, isOver) = instant.seconds.addingReportingOverflow(seconds)
        return Self(seconds: isOver ? (seconds < 0 ? .min : .max) : sum)
    }

    /// Earlier moments first.
    public static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    /// The whole part, rounded down, and the rest; in this order nothing overflows.
    private static func split(_ value: Int64, by unit: Int64) -> (whole: Int64, rest: Int64) {
        let (whole, rest) = value.quotientAndRemainder(dividingBy: unit)
        return rest < 0 ? (whole - 1, rest + unit) : (whole, rest)
    }

    private static func clock(_ second: Int64) -> String {
        let parts = [second / 3600, second / 60 % 60, second % 60]
        return parts.map { padded(Int($0), 2) }.joined(separator: ":")
    }
}

extension Instant: Codable {
    /// Reads whole seconds.
    public init(from decoder: any Decoder) throws {
        seconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes whole seconds.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(seconds)
    }
}
