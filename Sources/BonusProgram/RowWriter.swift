import Registry
import Roster
import TicketSeal
import UnionTicket

/// Turns rows into the bytes of a data file as a contract wants them: RFC 4180 or JSON Lines.
///
/// Every value is ASCII without quotes; only the names of columns may need the contract's encoding.
/// Half a million rows go through here for one package, so a row is put together in a line that does
/// not grow, without a text of its own for any value.
struct RowWriter: Sendable {
    private let contract: PartnerContract
    private let separator: [UInt8]
    private let names: [[UInt8]]
    private var line: RowLine

    init(_ contract: PartnerContract) {
        let separator = Array(String(contract.separator).utf8)
        let names = contract.columns.map { column in
            var bytes: [UInt8] = []
            let text = contract.form == .jsonl ? Self.json(column.title) : column.title
            _ = contract.encoding.append(text, to: &bytes)
            return bytes
        }
        var steps: [RowLine.Step] = []
        for (index, column) in contract.columns.enumerated() {
            let before =
                switch contract.form {
                case .csv: index == 0 ? [] : separator
                case .jsonl:
                    Array((index == 0 ? "{" : "\",").utf8) + names[index] + Array(":\"".utf8)
                }
            steps += before.map(RowLine.Step.byte) + [.value(column.column)]
        }
        let end = contract.form == .csv ? "\r\n" : "\"}\n"
        line = RowLine(steps + end.utf8.map(RowLine.Step.byte))
        (self.contract, self.separator, self.names) = (contract, separator, names)
    }

    /// What stands in front of the first row.
    func begin(_ output: inout [UInt8]) {
        guard contract.form == .csv else { return }
        output += contract.encoding.mark
        for (index, name) in names.enumerated() {
            if index > 0 { output += separator }
            let needsQuotes = name.contains(separator[0]) || name.contains(0x20)
            output += needsQuotes ? [0x22] + name + [0x22] : name
        }
        output += [0x0D, 0x0A]
    }

    /// Adds one row.
    mutating func add(_ row: PartnerRow, to output: inout [UInt8]) {
        let count = line.fill(row)
        output.append(contentsOf: line.bytes[..<count])
    }

    private static func json(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// A row in the making, as long as any can be.
private struct RowLine {
    /// What a row is made of, one after the other.
    enum Step {
        case byte(UInt8)
        case value(PartnerContract.Column)
    }

    private(set) var bytes: [UInt8]
    private let steps: [Step]
    /// The days that the row before had; most rows share them.
    private var until = DayText(CalendarDate(day: 0))
    private var changed = DayText(CalendarDate(day: 0))

    /// No value is longer: a pseudonym's `m` and 32 digits.
    private static let longest = 33

    init(_ steps: [Step]) {
        self.steps = steps
        bytes = [UInt8](repeating: 0, count: steps.count * Self.longest)
    }

    /// Puts a row into the line and returns how many bytes it takes.
    mutating func fill(_ row: PartnerRow) -> Int {
        if row.validUntil != until.day { until = DayText(row.validUntil) }
        let (day, second) = row.changedAt.dayAndSecond
        if day != changed.day { changed = DayText(day) }
        let (steps, until, changed) = (steps, until, changed)
        var pen = 0
        var span = bytes.mutableSpan
        for step in steps {
            switch step {
            case .byte(let byte):
                span[pen] = byte
                pen += 1
            case .value(.id): Self.put(row.pseudonym, &span, &pen)
            case .value(.status): Self.put(row.status.rawValue, &span, &pen)
            case .value(.mergedInto):
                if let heir = row.mergedInto { Self.put(heir, &span, &pen) }
            // of somebody who takes part no more nothing but the pseudonym is told
            case .value where !row.status.isMember: break
            case .value(.number):
                if let number = row.number { Self.put(number, &span, &pen) }
            case .value(.carriers): Self.put(row.carriersText, &span, &pen)
            case .value(.region): Self.put(Int(row.region), digits: 2, &span, &pen)
            case .value(.validUntil): Self.put(until, &span, &pen)
            case .value(.changedAt):
                Self.put(changed, &span, &pen)
                Self.put(second: second, &span, &pen)
            }
        }
        return pen
    }

    private static func put(
        _ text: String,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        for byte in text.utf8 {
            line[pen] = byte
            pen += 1
        }
    }

    private static func put(
        _ number: Int,
        digits: Int,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        var rest = number
        for place in stride(from: pen + digits - 1, through: pen, by: -1) {
            line[place] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        pen += digits
    }

    private static func put(
        _ name: PartnerPseudonym,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        line[pen] = 0x6D
        pen += 1
        for word in [name.high, name.low] {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                line[pen] = Hex.digit(UInt8(truncatingIfNeeded: word >> shift & 15))
                pen += 1
            }
        }
    }

    /// The number as `TicketNumber.filed` gives it: 3, 4, 4 and 4 digits.
    private static func put(
        _ number: TicketNumber,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        let value = Int(number.value)
        put(value / 1_000_000_000_000, digits: 3, &line, &pen)
        var divisor = 100_000_000
        while divisor > 0 {
            line[pen] = 0x2D
            pen += 1
            put(value / divisor % 10_000, digits: 4, &line, &pen)
            divisor /= 10_000
        }
    }

    private static func put(
        _ day: DayText,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        for index in 0..<10 { line[pen + index] = day.text[index] }
        pen += 10
    }

    /// The rest of what `Instant.rfc3339` gives.
    private static func put(
        second: Int,
        _ line: inout MutableSpan<UInt8>,
        _ pen: inout Int
    ) {
        line[pen] = 0x54
        line[pen + 3] = 0x3A
        line[pen + 6] = 0x3A
        pen += 1
        put(second / 3600, digits: 2, &line, &pen)
        pen += 1
        put(second / 60 % 60, digits: 2, &line, &pen)
        pen += 1
        put(second % 60, digits: 2, &line, &pen)
        line[pen] = 0x5A
        pen += 1
    }
}

/// A day as `CalendarDate.iso` gives it.
private struct DayText {
    let day: CalendarDate
    let text: InlineArray<10, UInt8>

    init(_ day: CalendarDate) {
        self.day = day
        var text = InlineArray<10, UInt8>(repeating: 0x2D)
        for (index, byte) in day.iso.utf8.prefix(10).enumerated() { text[index] = byte }
        self.text = text
    }
}

extension Instant {
    /// The day in UTC and the second in it.
    fileprivate var dayAndSecond: (day: CalendarDate, second: Int) {
        let second = (seconds % 86_400 + 86_400) % 86_400
        return (CalendarDate(day: Int((seconds - second) / 86_400)), Int(second))
    }
}
