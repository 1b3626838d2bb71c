import UnionTicket

/// One row as the chair of a primary organisation would type it, with the truth about its dirt.
struct SampleRow {
    /// The cells in the order of ``SampleRoster/keys``.
    var cells: [String]
    /// What was done to it.
    private(set) var defects: [SampleDefect] = []
    let member: SampleMember

    private static let last = 1
    private static let first = 2
    private static let patronymic = 3
    private static let birth = 4

    /// A clean row.
    init(_ member: SampleMember) {
        self.member = member
        let category =
            switch member.category {
            case .working: "работающий"
            case .studying: "обучающийся"
            case .retired: "неработающий пенсионер"
            }
        func answer(_ isYes: Bool) -> String { isYes ? "да" : "нет" }
        cells = [
            member.aisId, member.last, member.first, member.patronymic, member.birth.russian,
            member.isFemale ? "Ж" : "М", category, member.organisation, member.join.russian,
            "+7000" + SampleMember.digits(member.phone, 7), member.email, "да",
            answer(member.givesCard), answer(member.givesVirtual), answer(member.givesBonus), "нет",
            "",
        ]
    }

    /// Notes that the row repeats another one.
    mutating func mark(_ defect: SampleDefect) { defects.append(defect) }

    /// Whether the row holds what an import must accept.
    var isAcceptable: Bool {
        !defects.contains { $0.code?.severity == .error || $0 == .orgUnknown }
    }

    /// Dirties the row.
    mutating func soil(_ dirt: Double, _ random: inout SplitMix64) {
        guard dirt > 0 else { return }
        soilSpelling(dirt, &random)
        let isWhole = soilName(dirt, &random)
        if isWhole { soilBlanks(dirt, &random) }
        soilDates(dirt, &random)
        soilContacts(dirt, &random)
        soilFacts(dirt, &random)
    }

    private mutating func hit(
        _ defect: SampleDefect,
        _ dirt: Double,
        _ random: inout SplitMix64,
        if isPossible: Bool = true
    ) -> Bool {
        guard random.chance(defect.rate * dirt), isPossible else { return false }
        defects.append(defect)
        return true
    }

    private mutating func soilSpelling(_ dirt: Double, _ random: inout SplitMix64) {
        let hasYo = cells[1...3].contains { $0.contains("ё") }
        if hit(.yoToE, dirt, &random, if: hasYo) {
            for index in 1...3 { cells[index] = cells[index].replacing("ё", with: "е") }
        }
        let disguised = Self.disguised(cells[Self.last])
        if hit(.lookalike, dirt, &random, if: disguised != nil), let disguised {
            cells[Self.last] = disguised
        }
        if hit(.upper, dirt, &random) {
            cells[Self.last] = cells[Self.last].uppercased()
        } else if hit(.lower, dirt, &random) {
            cells[Self.last] = cells[Self.last].lowercased()
        }
    }

    /// Spoils the name as a whole; false when its cells are not where they belong any more.
    private mutating func soilName(_ dirt: Double, _ random: inout SplitMix64) -> Bool {
        let isTouched = defects.contains { [.lookalike, .upper, .lower].contains($0) }
        if hit(.swappedFio, dirt, &random) {
            cells.swapAt(Self.last, Self.first)
        } else if hit(.fioOneCell, dirt, &random) {
            let parts = cells[1...3].filter { !$0.isEmpty }
            cells.replaceSubrange(1...3, with: [parts.joined(separator: " "), "", ""])
            return false
        } else if hit(.unsplittable, dirt, &random, if: !isTouched) {
            let last = cells[Self.last]
            cells.replaceSubrange(1...3, with: ["\(last) Анна Мария Ирина Вера", "", ""])
            return false
        } else if hit(.initials, dirt, &random) {
            for index in 2...3 where !cells[index].isEmpty {
                cells[index] = cells[index].prefix(1) + "."
            }
        } else if hit(.maiden, dirt, &random) {
            cells[Self.last] += " (Петрова)"
        } else if hit(.digitInName, dirt, &random, if: !isTouched && cells[1].contains("о")) {
            cells[Self.last].replace("о", with: "0", maxReplacements: 1)
        } else if hit(.foreignLetters, dirt, &random, if: !isTouched) {
            cells[Self.last] = cells[Self.last].prefix(1) + "w" + cells[Self.last].dropFirst()
        } else if hit(.quoteName, dirt, &random) {
            cells[Self.first] = "\"" + cells[Self.first] + "\""
        } else if hit(.formulaInjection, dirt, &random) {
            cells[Self.first] = "=HYPERLINK(\"http://x\")"
        }
        return true
    }

    private mutating func soilBlanks(_ dirt: Double, _ random: inout SplitMix64) {
        if hit(.doubleSpace, dirt, &random, if: !cells[Self.patronymic].isEmpty) {
            cells[Self.patronymic] += "  "
        }
        if hit(.trailSpace, dirt, &random) { cells[Self.last] += " " }
        if hit(.nbsp, dirt, &random) { cells[Self.first] = "\u{A0}" + cells[Self.first] }
        let isPlain = !cells[Self.first].contains("=") && cells[Self.first].count > 3
        if hit(.zeroWidth, dirt, &random, if: isPlain) {
            cells[Self.first] =
                cells[Self.first].prefix(2) + "\u{AD}" + cells[Self.first].dropFirst(2)
        }
    }

    private mutating func soilDates(_ dirt: Double, _ random: inout SplitMix64) {
        let (year, month, day) = member.birth.parts
        func two(_ number: Int) -> String { SampleMember.digits(number, 2) }
        var isBirthKnown = false
        if hit(.dateUs, dirt, &random) {
            cells[Self.birth] = "\(two(month))/\(two(day))/\(year)"
        } else if hit(.dateTwoDigit, dirt, &random) {
            cells[Self.birth] = "\(two(day)).\(two(month)).\(two(year % 100))"
        } else if hit(.dateImpossible, dirt, &random) {
            cells[Self.birth] = "31.02.\(year)"
        } else if hit(.dateFuture, dirt, &random) {
            cells[Self.birth] = "\(two(day)).\(two(month)).\(year + 100)"
        } else if hit(.dateMissing, dirt, &random) {
            cells[Self.birth] = ""
        } else if hit(.dateTooOld, dirt, &random) {
            cells[Self.birth] = "15.\(two(month)).1900"
        } else if hit(.dateFormat, dirt, &random) {
            cells[Self.birth] = "\(day) мая \(year)"
        } else if hit(.age, dirt, &random) {
            cells[Self.birth] = "01.06.2019"
        } else {
            isBirthKnown = true
            if hit(.dateSerial, dirt, &random) {
                cells[Self.birth] = String(member.birth.day + 25_569)
            } else if hit(.dateISO, dirt, &random) {
                cells[Self.birth] = member.birth.iso
            }
        }
        if hit(.joinBeforeBirth, dirt, &random, if: isBirthKnown) { cells[8] = "01.09.\(year - 1)" }
    }

    private mutating func soilContacts(_ dirt: Double, _ random: inout SplitMix64) {
        var phone = cells[9]
        if hit(.phoneEight, dirt, &random) { phone = "8" + phone.dropFirst(2) }
        let digits = Array(phone.suffix(10))
        if hit(.phoneBrackets, dirt, &random) {
            let head = phone.dropLast(10)
            phone =
                "\(head) (\(String(digits[0..<3]))) \(String(digits[3..<6]))"
                + "-\(String(digits[6..<8]))-\(String(digits[8...]))"
        } else if hit(.phoneSci, dirt, &random) {
            phone = (phone.hasPrefix("8") ? "8" : "7") + ",00E+10"
        } else if hit(.phoneShort, dirt, &random) {
            phone = String(phone.suffix(6))
        }
        cells[9] = phone
        if hit(.emailCyrillic, dirt, &random, if: !cells[10].isEmpty) {
            cells[10].replace("example", with: "ехample")
        } else if hit(.emailFormat, dirt, &random, if: !cells[10].isEmpty) {
            cells[10].replace("@", with: " ")
        } else if hit(.emailShared, dirt, &random) {
            cells[10] = "school1@example.org"
        }
    }

    private mutating func soilFacts(_ dirt: Double, _ random: inout SplitMix64) {
        if hit(.categoryVariant, dirt, &random) {
            cells[6] = random.pick(Self.variants[member.category] ?? [cells[6]])
        } else if hit(.categoryUnknown, dirt, &random) {
            cells[6] = "прочие"
        } else if hit(.categoryMissing, dirt, &random) {
            cells[6] = ""
        }
        if hit(.orgUnknown, dirt, &random) {
            cells[7] = cells[7].prefix(3) + "999-9999"
        } else if hit(.orgDates, dirt, &random) {
            cells[7] = "янв.14"
        } else if hit(.orgMissing, dirt, &random) {
            cells[7] = ""
        }
        if hit(.ticketLegacy, dirt, &random) {
            cells[16] = SampleMember.digits(random.below(10_000_000), 7)
        } else if hit(.ticketSci, dirt, &random) {
            cells[16] = "1,77482E+14"
        }
        if hit(.consentUnknown, dirt, &random) {
            cells[11] = "возможно"
        } else {
            let isRefused = hit(.consentRefused, dirt, &random)
            cells[11] = isRefused ? "нет" : "да"
            if hit(.consentVariant, dirt, &random) {
                cells[11] = random.pick(
                    isRefused ? ["Нет", "-", "0", ""] : ["Да", "+", "1", "есть", "Согласен"]
                )
            }
        }
    }

    private static let variants: [MemberCategory: [String]] = [
        .working: ["Работник", "раб.", "работающий ", "РАБОТАЮЩИЙ"],
        .studying: ["студент", "Обуч.", "обучающиеся", "Студенты"],
        .retired: ["пенсионер", "неработ. пенс.", "ветеран"],
    ]

    /// The word with Latin twins for its letters, nil when it has none or nothing else.
    private static func disguised(_ word: String) -> String? {
        let changed = String(word.map { twins[$0] ?? $0 })
        let kept = zip(word, changed).contains { $0 == $1 && $0 != "-" }
        return changed != word && kept ? changed : nil
    }

    private static let twins: [Character: Character] = Dictionary(
        uniqueKeysWithValues: zip("АВЕКМНОРСТХаеорсху", "ABEKMHOPCTXaeopcxy")
    )
}
