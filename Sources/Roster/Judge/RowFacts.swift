import UnionTicket

extension RowCells {
    /// Identifier in АИС, nil where there is none.
    mutating func aisId(_ bytes: Span<UInt8>) -> String? {
        let cell = cell(.aisId, bytes)
        guard !cell.isEmpty, !CellText.saysNone(bytes, cell) else { return nil }
        if CellText.isEatenNumber(bytes, cell) {
            report(.aisSpreadsheet, .aisId)
            return nil
        }
        guard cell.count <= 32, Identifier.isPlain(bytes, cell) else {
            report(.aisFormat, .aisId)
            return nil
        }
        return CellText.string(bytes, cell)
    }

    /// Day of birth: the date, or the year alone where only that is known.
    mutating func birthDate(_ bytes: Span<UInt8>) -> DateRules.Reading {
        var reading = judge.dates.read(bytes, cell(.birthDate, bytes))
        if let code = reading.code { report(code, .birthDate) }
        if let date = reading.date, !judge.dates.isAgePlausible(date) {
            report(.ageOutOfRange, .birthDate)
            reading.date = nil
        }
        return reading
    }

    /// Day of admission, at least 14 years after birth.
    mutating func joinDate(_ bytes: Span<UInt8>, _ birth: DateRules.Reading) -> CalendarDate? {
        let reading = judge.dates.read(bytes, cell(.joinDate, bytes))
        if let code = reading.code { report(code, .joinDate) }
        guard let join = reading.date else { return nil }
        if isBefore14(join, birth) { report(.joinBefore14, .joinDate) }
        return join
    }

    /// Whether a day lies before the person's fourteenth birthday, as far as that is known.
    func isBefore14(_ day: CalendarDate, _ birth: DateRules.Reading) -> Bool {
        if let date = birth.date { return day < date.adding(years: 14) }
        guard let year = birth.year, year <= judge.dates.today.parts.year else { return false }
        return day.parts.year < year + 14
    }

    /// М or Ж; an odd answer is only warned of.
    mutating func sex(_ bytes: Span<UInt8>) -> Sex? {
        let cell = cell(.sex, bytes)
        if cell.isEmpty { return nil }
        if CellText.equals(bytes, cell, "Ж") { return .female }
        if CellText.equals(bytes, cell, "М") { return .male }
        if CellText.saysNone(bytes, cell) { return nil }
        let sex = RosterWords.sexes[FoldedKey(bytes, cell)]
        if sex == nil { report(.sexUnknown, .sex) }
        return sex
    }

    /// Working, studying or retired.
    mutating func category(_ bytes: Span<UInt8>) -> MemberCategory? {
        let cell = cell(.category, bytes)
        if CellText.equals(bytes, cell, "работающий") { return .working }
        if CellText.equals(bytes, cell, "обучающийся") { return .studying }
        if CellText.equals(bytes, cell, "неработающий пенсионер") { return .retired }
        if cell.isEmpty || CellText.saysNone(bytes, cell) {
            report(.categoryMissing, .category)
            return nil
        }
        let category = RosterWords.categories[FoldedKey(bytes, cell)]
        if category == nil { report(.categoryUnknown, .category) }
        return category
    }

    /// The primary organisation; whether it exists the caller knows.
    mutating func organisation(_ bytes: Span<UInt8>) -> OrganisationCode? {
        let cell = cell(.organisation, bytes)
        guard !cell.isEmpty else {
            report(.organisationMissing, .organisation)
            return nil
        }
        guard let code = Identifier.primary(bytes, cell) else {
            let isZero = Identifier.namesPrimaryZero(bytes, cell)
            report(isZero ? .organisationZero : .organisationFormat, .organisation)
            return nil
        }
        return code
    }

    /// Number of an old ticket, as it stands.
    mutating func legacyNumber(_ bytes: Span<UInt8>) -> String? {
        let cell = cell(.legacyNumber, bytes)
        guard !cell.isEmpty, !CellText.saysNone(bytes, cell) else { return nil }
        if CellText.isEatenNumber(bytes, cell) {
            report(.ticketSpreadsheet, .legacyNumber)
            return nil
        }
        guard Identifier.isShort(bytes, cell), Identifier.isPrintable(bytes, cell) else {
            report(.ticketFormat, .legacyNumber)
            return nil
        }
        return CellText.string(bytes, cell)
    }

    /// Standing; an empty cell says nothing of a known member, and a new one is active.
    mutating func status(_ bytes: Span<UInt8>) -> MemberStatus? {
        let cell = cell(.status, bytes)
        if cell.isEmpty { return .active }
        let status = RosterWords.statuses[FoldedKey(bytes, cell)]
        if status == nil { report(.statusUnknown, .status) }
        return status
    }
}

/// Identifiers written in ASCII.
enum Identifier {
    /// Digits, letters, hyphen, underscore, slash and dot only.
    static func isPlain(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range {
            switch text[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D...0x2F, 0x5F: continue
            default: return false
            }
        }
        return true
    }

    /// No control characters, no formula at the beginning.
    static func isPrintable(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if text[range.lowerBound] == 0x3D || text[range.lowerBound] == 0x40 { return false }
        for index in range where text[index] < 0x20 || text[index] == 0x7F { return false }
        return true
    }

    /// At most 32 characters.
    static func isShort(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count > 32 else { return true }
        return range.count { text[$0] & 0xC0 != 0x80 } <= 32
    }

    /// Whether a code of the right form ends in 0000: its place is the territorial organisation's own.
    static func namesPrimaryZero(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == 11 else { return false }
        let start = range.lowerBound
        return text[start + 2] == 0x2D && text[start + 6] == 0x2D
            && (number(text, start, 2) ?? 0) > 0 && number(text, start + 3, 3) != nil
            && number(text, start + 7, 4) == 0
    }

    /// The code `RR-TTT-PPPP` of a primary organisation.
    static func primary(_ text: Span<UInt8>, _ range: Range<Int>) -> OrganisationCode? {
        guard range.count == 11 else { return nil }
        let start = range.lowerBound
        guard text[start + 2] == 0x2D, text[start + 6] == 0x2D,
            let region = number(text, start, 2),
            let territorial = number(text, start + 3, 3),
            let primary = number(text, start + 7, 4),
            region > 0, region < 99, primary > 0
        else { return nil }
        return OrganisationCode(ordinal: (region * 1_001 + territorial + 1) * 10_000 + primary)
    }

    private static func number(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for index in start..<start + count {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            value = value * 10 + Int64(text[index] - 0x30)
        }
        return value
    }
}
