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
    private let statuses = PartnerStatus.allCases.map { Word($0.rawValue) }
    private let carriers = PartnerRow.carrierTexts.map { Word($0) }
    /// The days that the row before had; most rows share them.
    private var until = DayText(CalendarDate(day: 0))
    private var changed = DayText(CalendarDate(day: 0))

    /// No value is longer: a pseudonym's `m` and 32 digits.
    private static let longest = 33

    init(_ steps: [Step]) {
        self.steps = steps
        bytes = [UInt8](repeating: 0, count: steps.count * Self.longest + Word.width)
    }

    /// Puts a row into the line and returns how many bytes it takes.
    mutating func fill(_ row: PartnerRow) -> Int {
        if row.validUntil != until.day { until = DayText(row.validUntil) }
        let (day, second) = row.changedAt.dayAndSecond
        if day != changed.day { changed = DayText(day) }
        let status = statuses[row.status.place]
        let carriers = carriers[Int(row.carriers & 3)]
        let (steps, until, changed) = (steps, until.text, changed.text)
        var span = bytes.mutableSpan
        // bytes have neither padding nor values that are none
        var line = unsafe span.mutableBytes
        var pen = Pen()
        for step in steps {
            switch step {
            case .byte(let byte): pen.put(byte, in: &line)
            case .value(.id): pen.put(row.pseudonym, in: &line)
            case .value(.status): pen.put(status, in: &line)
            case .value(.mergedInto): if let heir = row.mergedInto { pen.put(heir, in: &line) }
            // of somebody who takes part no more nothing but the pseudonym is told
            case .value where !row.status.isMember: break
            case .value(.number): if let number = row.number { pen.put(number, in: &line) }
            case .value(.carriers): pen.put(carriers, in: &line)
            case .value(.region): pen.put(twoDigits: Int(row.region), in: &line)
            case .value(.validUntil): pen.put(until, in: &line)
            case .value(.changedAt):
                pen.put(changed, in: &line)
                pen.put(second: second, in: &line)
            }
        }
        return pen.place
    }
}

/// Writes into a line from its beginning on.
///
/// What fits into a machine word is stored as one, so up to ``Word/width`` bytes after it are
/// overwritten.
private struct Pen {
    /// How far it has come.
    private(set) var place = 0

    mutating func put(_ byte: UInt8, in line: inout MutableRawSpan) {
        line.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
        place += 1
    }

    mutating func put(_ word: Word, in line: inout MutableRawSpan) {
        line.storeBytes(of: word.first, toByteOffset: place, as: UInt64.self)
        line.storeBytes(of: word.second, toByteOffset: place + 8, as: UInt64.self)
        place += word.count
    }

    mutating func put(_ name: PartnerPseudonym, in line: inout MutableRawSpan) {
        put(0x6D, in: &line)
        put(hexadecimal: name.high, in: &line)
        put(hexadecimal: name.low, in: &line)
    }

    private mutating func put(hexadecimal value: UInt64, in line: inout MutableRawSpan) {
        put(hexadecimal: UInt32(truncatingIfNeeded: value >> 32), in: &line)
        put(hexadecimal: UInt32(truncatingIfNeeded: value), in: &line)
    }

    /// Eight digits at once: each nibble into a byte of its own, 0x30 added, from ten on 0x27 more.
    private mutating func put(hexadecimal value: UInt32, in line: inout MutableRawSpan) {
        var nibbles = UInt64(value)
        nibbles = (nibbles << 16 | nibbles) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles << 8 | nibbles) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles << 4 | nibbles) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        let digits = nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
        line.storeBytes(of: digits.bigEndian, toByteOffset: place, as: UInt64.self)
        place += 8
    }

    mutating func put(twoDigits value: Int, in line: inout MutableRawSpan) {
        put(0x30 + UInt8(truncatingIfNeeded: value / 10), in: &line)
        put(0x30 + UInt8(truncatingIfNeeded: value % 10), in: &line)
    }

    /// The number as `TicketNumber.filed` gives it: 3, 4, 4 and 4 digits.
    mutating func put(_ number: TicketNumber, in line: inout MutableRawSpan) {
        let value = Int(number.value)
        put(0x30 + UInt8(truncatingIfNeeded: value / 100_000_000_000_000), in: &line)
        put(twoDigits: value / 1_000_000_000_000 % 100, in: &line)
        var divisor = 100_000_000
        while divisor > 0 {
            let group = value / divisor % 10_000
            put(0x2D, in: &line)
            put(twoDigits: group / 100, in: &line)
            put(twoDigits: group % 100, in: &line)
            divisor /= 10_000
        }
    }

    /// The rest of what `Instant.rfc3339` gives.
    mutating func put(second: Int, in line: inout MutableRawSpan) {
        put(0x54, in: &line)
        put(twoDigits: second / 3600, in: &line)
        put(0x3A, in: &line)
        put(twoDigits: second / 60 % 60, in: &line)
        put(0x3A, in: &line)
        put(twoDigits: second % 60, in: &line)
        put(0x5A, in: &line)
    }
}

/// A short text, ready to be stored as two machine words.
private struct Word {
    /// No text is longer.
    static let width = 16

    let first: UInt64
    let second: UInt64
    let count: Int

    init(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(Self.width))
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }.littleEndian
        }
        (first, second) = (number(bytes.prefix(8)), number(bytes.dropFirst(8)))
        count = bytes.count
    }
}

/// A day as `CalendarDate.iso` gives it.
private struct DayText {
    let day: CalendarDate
    let text: Word

    init(_ day: CalendarDate) { (self.day, text) = (day, Word(day.iso)) }
}

extension PartnerStatus {
    /// Where it stands among all.
    fileprivate var place: Int {
        switch self {
        case .active: 0
        case .suspended: 1
        case .revoked: 2
        case .merged: 3
        }
    }
}

extension Instant {
    /// The day in UTC and the second in it.
    fileprivate var dayAndSecond: (day: CalendarDate, second: Int) {
        let second = (seconds % 86_400 + 86_400) % 86_400
        return (CalendarDate(day: Int((seconds - second) / 86_400)), Int(second))
    }
}
