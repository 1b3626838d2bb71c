import UnionTicket

/// Made-up people: everybody has an identifier of their own, and no two share name and birth date.
struct People {
    /// What a person is in a region's plan.
    private enum Part {
        case holder(Int)
        case without(Int)
        case plant(Int)
        case later(Int)
    }

    /// The roster row of the person at a place, as imported on a day.
    func draft(_ plan: RegionPlan, _ place: Int, on day: CalendarDate) -> MemberDraft {
        let number = plan.offset + place
        let isFemale = number % 3 != 0
        return MemberDraft(
            aisId: aisId(plan, place),
            name: Self.name(number, isFemale: isFemale),
            birthDate: CalendarDate(day: Self.births.lowerBound + number % Self.births.count),
            sex: isFemale ? .female : .male,
            category: number % 10 < 7 ? .working : number % 10 < 9 ? .studying : .retired,
            organisation: primary(plan, place),
            joinDate: CalendarDate(day: 14_000 + number % 4_000),
            phone: number % 2 == 0 ? "+7000\(1_000_000 + number)" : nil,
            email: nil,
            legacyNumber: nil,
            status: .active,
            consents: consents(plan, place, on: day)
        )
    }

    /// The same person as a later roster tells of a leaving.
    func left(_ plan: RegionPlan, _ place: Int, on day: CalendarDate) -> MemberDraft {
        var draft = draft(plan, place, on: day)
        draft.status = .left
        draft.consents = []
        return draft
    }

    /// The identifier in АИС.
    func aisId(_ plan: RegionPlan, _ place: Int) -> String { "\(10_000_000 + plan.offset + place)" }

    /// People fill a region's primary organisations one after another, all of nearly one size.
    func primary(_ plan: RegionPlan, _ place: Int) -> OrganisationCode {
        let index = place * plan.counts.primaries / plan.counts.members
        return Self.primary(plan, index)
    }

    /// The primary organisation of an index from 0.
    static func primary(_ plan: RegionPlan, _ index: Int) -> OrganisationCode {
        let territorial = index * plan.counts.territorials / plan.counts.primaries + 1
        let text = "\(plan.code)-\(padded(territorial, 3))-\(padded(index + 1, 4))"
        guard let code = OrganisationCode(text) else { preconditionFailure("code \(text)") }
        return code
    }

    private func part(_ plan: RegionPlan, _ place: Int) -> Part {
        if place < plan.holders.first { return .holder(place) }
        if place < plan.firstImport.upperBound { return .without(place - plan.holders.first) }
        let second = place - plan.firstImport.upperBound
        if second < plan.holders.second { return .holder(plan.holders.first + second) }
        if place < plan.secondImport.upperBound {
            return .without(plan.without.first + second - plan.holders.second)
        }
        if place < plan.plantImport.upperBound {
            return .plant(place - plan.plantImport.lowerBound)
        }
        return .later(place - plan.laterImport.lowerBound)
    }

    private func consents(
        _ plan: RegionPlan,
        _ place: Int,
        on day: CalendarDate
    ) -> [Consent] {
        let (hasCard, isVirtual, isInProgramme) =
            switch part(plan, place) {
            case .holder(let ordinal):
                (
                    true, plan.virtual.contains(ordinal),
                    plan.programme.holders.contains { $0.contains(ordinal) }
                )
            case .without(let number): (false, false, number < plan.programme.without)
            case .plant(let number): (true, true, number < plan.programme.pipeline)
            case .later(let number): (number < plan.laterCards, false, number % 10 == 0)
            }
        var given = [Consent(purpose: .register, isGiven: true, date: day)]
        if hasCard { given.append(Consent(purpose: .cardProduction, isGiven: true, date: day)) }
        if isVirtual { given.append(Consent(purpose: .virtualCard, isGiven: true, date: day)) }
        if isInProgramme {
            given.append(
                Consent(
                    purpose: .bonusTransfer,
                    recipient: "profcards",
                    isGiven: true,
                    date: day
                )
            )
        }
        return given
    }
}

// Names: whoever shares a birth date differs in the quotient, which chooses the name.
extension People {
    /// Births from 1950 to 2001.
    private static let births = -7_300..<11_700

    private static func name(_ number: Int, isFemale: Bool) -> PersonName {
        let (day, turn) = (number % births.count, number / births.count)
        let (lasts, firsts, patronymics) = (
            surnames.count, isFemale ? women.count : men.count, fathers.count
        )
        // Names of a birth date run through all of them, from a beginning of its own.
        let place = (turn + day * 7_919) % (lasts * firsts * patronymics)
        let father = fathers[place / lasts / firsts]
        return PersonName(
            last: surnames[place % lasts] + (isFemale ? "а" : ""),
            first: (isFemale ? women : men)[place / lasts % firsts],
            patronymic: father + (isFemale ? "вна" : "вич")
        )
    }

    private static let surnames = [
        "Иванов", "Смирнов", "Кузнецов", "Попов", "Васильев", "Петров", "Соколов", "Михайлов",
        "Новиков", "Фёдоров", "Морозов", "Волков", "Алексеев", "Лебедев", "Семёнов", "Егоров",
        "Павлов", "Козлов", "Степанов", "Николаев", "Орлов", "Андреев", "Макаров", "Никитин",
        "Захаров", "Зайцев", "Соловьёв", "Борисов", "Яковлев", "Григорьев", "Романов", "Воробьёв",
        "Сергеев", "Кузьмин", "Фролов", "Александров", "Дмитриев", "Королёв", "Гусев", "Киселёв",
        "Ильин", "Максимов", "Поляков", "Сорокин", "Виноградов", "Ковалёв", "Белов", "Медведев",
        "Антонов", "Тарасов", "Жуков", "Баранов", "Филиппов", "Комаров", "Давыдов", "Беляев",
        "Герасимов", "Богданов", "Осипов", "Сидоров", "Матвеев", "Титов", "Марков", "Миронов",
    ]
    private static let women = [
        "Анна", "Мария", "Елена", "Ольга", "Наталья", "Татьяна", "Ирина", "Светлана", "Юлия",
        "Екатерина", "Людмила", "Галина", "Марина", "Надежда", "Вера", "Любовь", "Алла", "Лариса",
        "Дарья", "Полина", "Ксения", "Валентина", "Виктория", "Евгения",
    ]
    private static let men = [
        "Александр", "Сергей", "Дмитрий", "Андрей", "Алексей", "Максим", "Евгений", "Иван",
        "Михаил", "Николай", "Павел", "Роман", "Виктор", "Юрий", "Олег", "Игорь", "Денис", "Кирилл",
        "Антон", "Владимир", "Пётр", "Степан", "Фёдор", "Борис",
    ]
    private static let fathers = [
        "Ивано", "Сергее", "Дмитрие", "Андрее", "Алексее", "Николае", "Павло", "Викторо", "Юрье",
        "Олего", "Игоре", "Антоно", "Петро", "Степано", "Фёдоро", "Борисо", "Романо", "Михайло",
        "Александро", "Владимиро", "Григорье", "Тимофее", "Максимо", "Денисо",
    ]
}
