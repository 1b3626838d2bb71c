import Testing
import UnionTicket

@Suite struct `Ticket numbers` {
    @Test func `the known Damm digits hold`() {
        #expect(Damm.checkDigit(of: [5, 7, 2]) == 4)
        #expect(Damm.isValid([5, 7, 2, 4]))
    }

    @Test(
        arguments: [
            177_481_516_234_216, 101_000_000_000_013, 126_000_000_000_422, 977_000_000_000_005,
        ] as [UInt64]
    )
    func `the known numbers are valid`(_ value: UInt64) throws {
        let number = try #require(TicketNumber(value: value))
        #expect(
            TicketNumber(scheme: number.scheme, region: number.region, serial: number.serial)
                == number
        )
        #expect(number.digits == "\(value)")
    }

    @Test func `every wrong digit and every swap of unlike neighbours is caught`() throws {
        let digits: [UInt8] = [1, 7, 7, 4, 8, 1, 5, 1, 6, 2, 3, 4, 2, 1, 6]
        for place in digits.indices {
            for digit in UInt8(0)...9 where digit != digits[place] {
                var wrong = digits
                wrong[place] = digit
                #expect(!Damm.isValid(wrong))
            }
            if place + 1 < digits.count, digits[place] != digits[place + 1] {
                var swapped = digits
                swapped.swapAt(place, place + 1)
                #expect(!Damm.isValid(swapped))
            }
        }
    }

    @Test func `a number is masked in descriptions and grouped for people`() throws {
        let number = try #require(TicketNumber(value: 177_481_516_234_216))
        #expect("\(number)" == "177 •••• •••• 4216")
        #expect(number.printed == "177 4815 1623 4216")
        #expect(number.filed == "177-4815-1623-4216")
        #expect(number.region == 77)
    }

    @Test(arguments: [
        "177 4815 1623 4216", "177-4815-1623-4216", "l77.4815.1623.42l6", "１７７481516234216",
        "|77 48I5 1623 4216", "177 4815 162З 4216", " 177\u{A0}4815 1623 4216 ",
    ])
    func `what people type is normalised`(_ text: String) throws {
        #expect(
            TypedNumber(text) == .ticket(try #require(TicketNumber(value: 177_481_516_234_216)))
        )
    }

    @Test func `what cannot be a number is refused with the reason`() {
        #expect(TypedNumber("") == .refused(.empty))
        #expect(TypedNumber("1774815") == .refused(.length(7)))
        #expect(TypedNumber("277 4815 1623 4216") == .refused(.scheme(2)))
        #expect(TypedNumber("177 4815 1623 4217") == .refused(.checkDigit))
        #expect(TypedNumber("177 481 1623 4216") == .refused(.group(2, digits: 3, of: 4)))
        #expect(TypedNumber("177 4815 1623 421") == .refused(.group(4, digits: 3, of: 4)))
        #expect(TypedNumber("177-48151-1623-4216") == .refused(.group(2, digits: 5, of: 4)))
        #expect(TypedNumber("17 4815 1623 42161 3") == .refused(.checkDigit))
        #expect(TypedNumber("1,77482E+14") == .refused(.spreadsheet))
        #expect(TypedNumber("177 48q5") == .refused(.foreignCharacter(position: 7)))
    }

    @Test func `a slip is traced to its group`() throws {
        let meant = try #require(TicketNumber(value: 177_481_516_234_216))
        let cases: [(String, TypedNumber.Slip)] = [
            ("178 4815 1623 4216", .group(1)), ("177 4825 1623 4216", .group(2)),
            ("177 4815 1632 4216", .group(3)), ("177 4815 1623 4276", .group(4)),
            ("177 1623 4815 4216", .exchanged(2, 3)), ("177 4216 1623 4815", .exchanged(2, 4)),
            ("177 4815 4216 1623", .exchanged(3, 4)),
        ]
        for (typed, slip) in cases {
            let repairs = TypedNumber.repairs(of: typed)
            #expect(repairs.filter { $0.ticket == meant }.map(\.slip) == [slip], "\(typed)")
        }
    }

    @Test func `several slips come to what they have in common`() {
        #expect(TypedNumber.common([]) == nil)
        #expect(TypedNumber.common([.exchanged(2, 3)]) == .exchanged(2, 3))
        #expect(TypedNumber.common([.exchanged(2, 3), .group(3)]) == .group(3))
        #expect(TypedNumber.common([.group(1), .group(3)]) == nil)
    }

    @Test func `a carrier number is the ticket number and an issue`() throws {
        let carrier = try #require(CarrierNumber(value: 1_774_815_162_342_162))
        #expect(carrier.issue == 2)
        #expect(TypedNumber("1774815162342162") == .carrier(carrier))
        #expect(CarrierNumber(value: 1_774_815_162_342_172) == nil)
        #expect(StatusCoordinate(list: 1, index: 1 << 20) == nil)
    }
}

@Suite struct `Places, days and states` {
    @Test(arguments: ["26", "26-005", "26-005-0002", "26-000-0002", "99"])
    func `a code survives text and ordinal`(_ text: String) throws {
        let code = try #require(OrganisationCode(text))
        #expect("\(code)" == text)
        #expect(OrganisationCode(ordinal: code.ordinal) == code)
        #expect(code.subtree.contains(code.ordinal))
    }

    @Test(arguments: [
        "", "0", "00", "6", "26-5", "26-005-", "26-005-2", "янв.14", "26-005-00020", "26-000",
    ])
    func `what is no code is refused`(_ text: String) {
        #expect(OrganisationCode(text) == nil)
    }

    @Test func `a subtree holds what is below it and nothing else`() throws {
        let region = try #require(OrganisationCode("26"))
        let territory = try #require(OrganisationCode("26-005"))
        let primary = try #require(OrganisationCode("26-005-0002"))
        let direct = try #require(OrganisationCode("26-000-0002"))
        let other = try #require(OrganisationCode("27-005-0002"))
        #expect(region.contains(primary) && region.contains(direct) && territory.contains(primary))
        #expect(!territory.contains(direct) && !region.contains(other))
        #expect(OrganisationCode.centralCouncil.contains(other))
        #expect(
            region.subtree.contains(direct.ordinal) && !territory.subtree.contains(direct.ordinal)
        )
        #expect(!region.subtree.contains(other.ordinal))
        #expect(primary.parent == territory && direct.parent == region)
    }

    @Test func `the calendar is Gregorian`() throws {
        #expect(CalendarDate(year: 1970, month: 1, day: 1)?.day == 0)
        #expect(CalendarDate(year: 2023, month: 2, day: 29) == nil)
        #expect(CalendarDate(year: 1900, month: 2, day: 29) == nil)
        let leap = try #require(CalendarDate(iso: "2024-02-29"))
        #expect(leap.russian == "29.02.2024" && leap.iso == "2024-02-29")
        for day in stride(from: -30_000, to: 30_000, by: 37) {
            let date = CalendarDate(day: day)
            #expect(CalendarDate(iso: date.iso) == date)
        }
    }

    @Test func `a day ends in Moscow`() throws {
        let date = try #require(CalendarDate(iso: "2020-12-08"))
        #expect(Instant(endOf: date).rfc3339 == "2020-12-08T20:59:59Z")
        #expect(Instant.rfc3339(milliseconds: 1_795_251_600_003) == "2026-11-21T09:00:00.003Z")
        #expect(Instant.rfc3339(milliseconds: -1) == "1969-12-31T23:59:59.999Z")
        #expect(Instant(endOf: date).moscowDate == date)
        #expect(Instant(startOf: date).moscowDate == date)
    }

    @Test(arguments: [Int64.min, -62_135_596_801, -1, 0, 253_402_300_800, .max])
    func `every moment can be written`(_ seconds: Int64) {
        let moment = Instant(seconds: seconds)
        #expect(moment.rfc3339.hasSuffix("Z"))
        #expect(moment.russian.hasPrefix(moment.moscowDate.russian))
        #expect(Instant.rfc3339(milliseconds: seconds).hasSuffix("Z"))
        #expect((moment + .max) >= moment)
        #expect((moment + .min) <= moment)
    }

    @Test func `moments before 1970 and at the calendar's ends are written right`() {
        #expect(Instant(seconds: -1).rfc3339 == "1969-12-31T23:59:59Z")
        #expect(Instant(seconds: -1).russian == "01.01.1970 02:59:59")
        #expect(Instant.dated.lowerBound.rfc3339 == "0001-01-01T00:00:00Z")
        #expect(Instant.dated.upperBound.rfc3339 == "9999-12-31T23:59:59Z")
    }

    @Test func `a carrier in use never goes back to the plant`() {
        for state in CarrierState.allCases where state.isUsable {
            // A card that came into force with its parcel may turn out to be wanted by nobody.
            let back = state.successors.filter(\.isInPipeline)
            #expect(back.subtracting([.unclaimed]).isEmpty)
        }
        #expect(CarrierState.allCases.filter { $0.published == .valid } == [.active])
        #expect(CarrierState.destroyed.successors.isEmpty)
        #expect(OrderState.allCases.filter(\.isOpen).count == 7)
    }

    @Test func `ё and case do not matter to matching`() {
        let one = PersonName(last: "СОЛОВЬЁВА", first: "Алёна", patronymic: nil)
        let two = PersonName(last: "Соловьева", first: "алена", patronymic: nil)
        #expect(one.matchingKey == two.matchingKey)
        #expect("\(one)" == "PersonName(…)")
    }
}
