import UnionTicket

/// One row as somebody typed it: seventeen cells of UTF-8, and what happened to them.
struct SampleRow {
    /// The cells one after another.
    private(set) var bytes: [UInt8] = []
    /// Where each cell ends.
    private(set) var ends: [Int] = []
    private(set) var defects = SampleDefect.Set()
    /// Whether family and first name are exchanged.
    var isSwapped: Bool { defects.contains(.swappedFio) }
    /// Whether the cell of the organisation holds a code of the list.
    var namesOrganisation: Bool {
        !defects.contains(.orgUnknown) && !defects.contains(.orgDates)
    }
    /// Whether a finding forbids the row.
    private(set) var isError = false

    /// Types a person's row anew, keeping the buffers.
    mutating func type(
        _ person: SamplePerson,
        as extra: SampleDefect?,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        defects = .init()
        if let extra { defects.insert(extra) }
        if let id = person.aisId { append(number: id, width: 8) }
        end()
        typeName(person, rates, &random)
        typeBirth(person.birth, rates, &random)
        append(person.isFemale ? "Ж" : "М")
        end()
        typeCategory(person.category, rates, &random)
        typeOrganisation(person, rates, &random)
        typeJoin(person, rates, &random)
        typePhone(person.phone, rates, &random)
        typeEmail(person, rates, &random)
        typeConsents(person, rates, &random)
        typeTicket(rates, &random)
        isError = !person.consentsToRegister || defects.intersects(SampleDefect.errors)
    }

    /// Whether the defect happens; then it is noted.
    private mutating func hit(
        _ defect: SampleDefect,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) -> Bool {
        guard rates.hits(defect, &random) else { return false }
        defects.insert(defect)
        return true
    }

    private mutating func end() { ends.append(bytes.count) }

    private mutating func append(_ text: StaticString) {
        bytes.append(literal: text)
    }

    private mutating func append(number: Int, width: Int) {
        bytes.append(decimal: number, width: width)
    }

    private mutating func append(date: CalendarDate) {
        let (year, month, day) = date.parts
        append(number: day, width: 2)
        bytes.append(0x2E)
        append(number: month, width: 2)
        bytes.append(0x2E)
        append(number: year, width: 4)
    }
}

// Name.
extension SampleRow {
    private mutating func typeName(
        _ person: SamplePerson,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        var name = SampleNameCells(
            last: person.last,
            first: person.first,
            patronymic: person.patronymic
        )
        if name.hasYo, hit(.yoToE, rates, &random) { name.dropYo() }
        if let defect = rates.one(of: SampleDefect.ofNames, &random), name.apply(defect) {
            defects.insert(defect)
        }
        if !name.patronymic.isEmpty, hit(.doubleSpace, rates, &random) {
            name.patronymic = [0x20, 0x20] + name.patronymic + [0x20, 0x20]
        }
        if hit(.trailSpace, rates, &random) { name.last.append(0x20) }
        if !name.first.isEmpty, !defects.contains(.formulaInjection), hit(.nbsp, rates, &random) {
            name.first = [0xC2, 0xA0] + name.first
        }
        for cell in [name.last, name.first, name.patronymic] {
            bytes.append(contentsOf: cell)
            end()
        }
    }
}

// Dates.
extension SampleRow {
    private mutating func typeBirth(
        _ birth: CalendarDate,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        let (year, month, day) = birth.parts
        let defect = rates.one(of: SampleDefect.ofBirthDates, &random)
        if let defect { defects.insert(defect) }
        switch defect {
        case .dateUS:
            append(number: month, width: 2)
            bytes.append(0x2F)
            append(number: day, width: 2)
            bytes.append(0x2F)
            append(number: year, width: 4)
        case .date2Digit:
            append(number: day, width: 2)
            bytes.append(0x2E)
            append(number: month, width: 2)
            bytes.append(0x2E)
            append(number: year % 100, width: 2)
        case .dateSerial: append(number: birth.day + 25_569, width: 1)  // from 1899-12-30
        case .dateImpossible:
            append("31.02.")
            append(number: year, width: 4)
        case .dateFuture: append(date: CalendarDate(day: birth.day + 36_525))
        case .dateMissing: break
        default: append(date: birth)
        }
        end()
    }

    private mutating func typeJoin(
        _ person: SamplePerson,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        let isReadable =
            defects.contains(.dateSerial)
            || !SampleDefect.ofBirthDates.contains(where: defects.contains)
        if isReadable, hit(.joinBeforeBirth, rates, &random) {
            append("01.09.")
            append(number: person.birth.parts.year - 1, width: 4)
        } else {
            append(date: person.join)
        }
        end()
    }
}

// Everything else.
extension SampleRow {
    private static let variants: [SamplePerson.Category: [[UInt8]]] = [
        .working: ["Работник", "раб.", "работающий ", "РАБОТАЮЩИЙ", "сотрудник"],
        .studying: ["студент", "Обуч.", "Обучающиеся", "Студенты", "УЧАЩИЙСЯ"],
        .retired: ["пенсионер", "неработ. пенс.", "Ветеран", "пенс."],
    ].mapValues { $0.map { Array($0.utf8) } }

    private mutating func typeCategory(
        _ category: SamplePerson.Category,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        if hit(.catVariant, rates, &random) {
            let variants = Self.variants[category] ?? []
            bytes.append(contentsOf: variants[random.below(variants.count)])
        } else {
            switch category {
            case .working: append("работающий")
            case .studying: append("обучающийся")
            case .retired: append("неработающий пенсионер")
            }
        }
        end()
    }

    private mutating func typeOrganisation(
        _ person: SamplePerson,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        if hit(.orgUnknown, rates, &random) {
            append(number: Int(person.region), width: 2)
            append("-999-9999")
        } else if hit(.orgDates, rates, &random) {
            append("янв.14")
        } else {
            bytes.append(organisation: person)
        }
        end()
    }

    private mutating func typePhone(
        _ phone: Int,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        let isHome = hit(.phone8, rates, &random)
        if hit(.phoneFmt, rates, &random) {
            append(isHome ? "8 (000) " : "+7 (000) ")
            append(number: phone / 10_000, width: 3)
            bytes.append(0x2D)
            append(number: phone / 100 % 100, width: 2)
            bytes.append(0x2D)
            append(number: phone % 100, width: 2)
        } else if hit(.phoneSci, rates, &random) {
            append(isHome ? "8,00E+10" : "7,00E+10")
        } else if hit(.phoneShort, rates, &random) {
            append(number: phone % 1_000_000, width: 6)
        } else {
            append(isHome ? "8000" : "+7000")
            append(number: phone, width: 7)
        }
        end()
    }

    private mutating func typeEmail(
        _ person: SamplePerson,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        if hit(.emailShared, rates, &random) {
            append("school1@example.org")
        } else if person.hasEmail {
            bytes.append(0x6D)
            append(number: person.number, width: 1)
            // Two of the letters after @ are Cyrillic.
            append(hit(.emailCyr, rates, &random) ? "@ехample.org" : "@example.org")
        }
        end()
    }

    private static let yes = ["Да", "+", "1", "есть", "Согласен"].map { Array($0.utf8) }
    private static let no = ["Нет", "-", "0", ""].map { Array($0.utf8) }

    private mutating func typeConsents(
        _ person: SamplePerson,
        _ rates: SampleRates,
        _ random: inout SampleRandom
    ) {
        if hit(.consentVariant, rates, &random) {
            let words = person.consentsToRegister ? Self.yes : Self.no
            bytes.append(contentsOf: words[random.below(words.count)])
            end()
        } else {
            answer(person.consentsToRegister)
        }
        answer(person.consentsToCard)
        answer(person.consentsToVirtual)
        answer(person.consentsToBonus)
        answer(false)
    }

    private mutating func answer(_ isGiven: Bool) {
        append(isGiven ? "да" : "нет")
        end()
    }

    private mutating func typeTicket(_ rates: SampleRates, _ random: inout SampleRandom) {
        if hit(.ticketLegacy, rates, &random) {
            append(number: 100_000 + random.below(9_900_000), width: 1)
        } else if hit(.ticketSci, rates, &random) {
            append("1,77482E+14")
        }
        end()
    }
}

extension [UInt8] {
    /// Appends a number that is not negative, with zeros in front up to the width.
    mutating func append(decimal number: Int, width: Int) {
        let start = count
        var rest = number
        while rest > 0 || count - start < width {
            append(UInt8(0x30 + rest % 10))
            rest /= 10
        }
        self[start...].reverse()
    }

    /// Appends the code `RR-TTT-PPPP` of a person's organisation.
    mutating func append(organisation person: SamplePerson) {
        append(decimal: Int(person.region), width: 2)
        append(0x2D)
        append(decimal: person.territorial, width: 3)
        append(0x2D)
        append(decimal: person.primary, width: 4)
    }
}
