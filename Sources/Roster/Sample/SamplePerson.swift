import UnionTicket

/// One invented person with a clean row's worth of facts.
struct SamplePerson {
    /// What the person does; the raw value is what a tidy roster writes.
    enum Category: String, CaseIterable {
        case working = "работающий"
        case studying = "обучающийся"
        case retired = "неработающий пенсионер"
    }

    var last: [UInt8] = []
    var first: [UInt8] = []
    var patronymic: [UInt8] = []
    var birth = CalendarDate(day: 0)
    var join = CalendarDate(day: 0)
    var isFemale = false
    var category = Category.working
    var region: UInt8 = 1
    var territorial = 1
    var primary = 1
    /// The last seven digits.
    var phone = 0
    /// Number of the person in the sample, from 1; makes the address.
    var number = 0
    var hasEmail = false
    var aisId: Int?
    var consentsToRegister = true
    var consentsToCard = true
    var consentsToVirtual = false
    var consentsToBonus = false

    /// The place in the union's tree, as ``OrganisationCode/ordinal``.
    var organisation: Int64 {
        (Int64(region) * 1_001 + Int64(territorial) + 1) * 10_000 + Int64(primary)
    }
}

/// Invents people, no two with the same name and birth date.
///
/// Uniqueness needs no memory: within a part of the people every full name comes up once a round,
/// and rounds differ in the remainder of the birth date.
struct SamplePeople {
    /// 2020-12-08: the day of the published figures; nobody is younger or joined later.
    static let today = CalendarDate(day: 18_604)
    private static let earliestJoin = -3_409  // 1960-09-01

    /// Names in order of use: family name, first name and, where there is one, patronymic.
    private struct Stock {
        let shuffle: SampleShuffle
        let rounds: Int
        var used = 0

        init(_ count: Int, rows: Int, key: UInt64) {
            shuffle = SampleShuffle(count: count, key: key)
            rounds = rows / count + 1
        }

        mutating func next() -> (number: Int, round: Int)? {
            let (round, place) = used.quotientAndRemainder(dividingBy: shuffle.count)
            guard round < rounds else { return nil }
            used += 1
            return (shuffle.number(at: place, round: round), round)
        }
    }

    private let regions: [SampleRegion]
    private let weights: [Int]
    private let aisShift: Int
    private let refusal: Double
    private var full: [Stock] = []
    private var short: [Stock] = []
    private var number = 0

    init(_ roster: SampleRoster, refusal: Double) {
        regions = roster.region.map { [$0] } ?? SampleRegions.all
        var sum = 0
        weights = regions.map {
            sum += $0.members
            return sum
        }
        aisShift = Int(roster.seed % 7)
        self.refusal = refusal
        var key = roster.seed
        for names in SampleNames.parts {
            for firsts in [names.male, names.female] {
                let pairs = names.men.count * firsts.count
                let seed = SampleRandom.spread(&key)
                full.append(Stock(pairs * names.sons.count, rows: roster.rows, key: seed))
                short.append(Stock(pairs, rows: roster.rows / 100, key: ~seed))
            }
        }
    }

    /// The next person.
    mutating func next(_ random: inout SampleRandom) -> SamplePerson {
        number += 1
        var person = SamplePerson()
        person.number = number
        let region = place(&person, &random)
        person.category = category(&random)
        let share = [0.82, 0.58, 0.88]
        person.isFemale = random.chance(share[index(person.category)])
        let part = part(of: region, &random)
        let round = name(&person, part, &random)
        dates(&person, round, &random)
        person.phone = random.below(10_000_000)
        person.hasEmail = random.chance(0.55)
        person.aisId = random.chance(0.93) ? 10_000_000 + number * 7 + aisShift : nil
        person.consentsToRegister = refusal == 0 || !random.chance(refusal)
        person.consentsToCard = random.chance(0.95)
        person.consentsToVirtual = random.chance(0.40)
        person.consentsToBonus = random.chance(0.35)
        return person
    }

    private func place(
        _ person: inout SamplePerson,
        _ random: inout SampleRandom
    ) -> SampleRegion {
        let ticket = random.below(max(1, weights[weights.count - 1]))
        var (low, high) = (0, weights.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ticket < weights[middle] { high = middle } else { low = middle + 1 }
        }
        let region = regions[low]
        let territorials = min(998, max(1, region.territorials))
        let primaries = min(9_998, max(1, region.primaries / territorials))
        person.region = region.code
        person.territorial = 1 + random.below(territorials)
        let wanted = 1 / random.unit()
        person.primary = wanted < Double(primaries) ? Int(wanted) : 1 + random.below(primaries)
        return region
    }

    private func category(_ random: inout SampleRandom) -> SamplePerson.Category {
        switch random.below(1_281_930) {
        case ..<852_119: .working
        case ..<1_223_721: .studying
        default: .retired
        }
    }

    private func index(_ category: SamplePerson.Category) -> Int {
        switch category {
        case .working: 0
        case .studying: 1
        case .retired: 2
        }
    }

    private func part(of region: SampleRegion, _ random: inout SampleRandom) -> Int {
        switch region.code {
        case 1, 5, 6, 7, 9, 15, 20: random.chance(0.8) ? 1 : 0
        case 2, 16: random.chance(0.55) ? 2 : 0
        default: 0
        }
    }

    /// Chooses the name; returns the round that the birth date must tell apart, and of how many.
    private mutating func name(
        _ person: inout SamplePerson,
        _ part: Int,
        _ random: inout SampleRandom
    ) -> (number: Int, of: Int) {
        let names = SampleNames.parts[part]
        let stock = part * 2 + (person.isFemale ? 1 : 0)
        let firsts = person.isFemale ? names.female : names.male
        let surnames = person.isFemale ? names.women : names.men
        let isShort = random.chance(0.004)
        let isOldStyle = part == 1 && random.chance(0.02)
        var rest: Int
        var round: (number: Int, of: Int)
        if isShort, let choice = short[stock].next() {
            (rest, round) = (choice.number, (choice.round, short[stock].rounds))
        } else {
            let choice = full[stock].next() ?? (number: 0, round: 0)
            let (others, father) = choice.number.quotientAndRemainder(
                dividingBy: names.sons.count
            )
            (rest, round) = (others, (choice.round, full[stock].rounds))
            if isOldStyle {
                person.patronymic =
                    names.male[father] + Array((person.isFemale ? " кызы" : " оглы").utf8)
            } else {
                person.patronymic = (person.isFemale ? names.daughters : names.sons)[father]
            }
        }
        person.last = surnames[rest / firsts.count]
        person.first = firsts[rest % firsts.count]
        if person.isFemale, random.chance(0.012) {
            person.last += [0x2D] + surnames[random.below(surnames.count)]
        }
        return round
    }

    private func dates(
        _ person: inout SamplePerson,
        _ round: (number: Int, of: Int),
        _ random: inout SampleRandom
    ) {
        let (low, high, mode): (Double, Double, Double) =
            switch person.category {
            case .working: (20, 68, 45)
            case .studying: (16.1, 27, 19)
            case .retired: (56, 88, 66)
            }
        let chance = random.unit()
        let bend = (mode - low) / (high - low)
        let age =
            chance < bend
            ? low + (chance * (high - low) * (mode - low)).squareRoot()
            : high - ((1 - chance) * (high - low) * (high - mode)).squareRoot()
        var day = Self.today.day - Int(age * 365.25)
        day -= ((day - round.number) % round.of + round.of) % round.of
        person.birth = CalendarDate(day: day)
        let start = max(
            person.birth.adding(years: person.category == .retired ? 20 : 16).day,
            Self.earliestJoin
        )
        let spread = random.unit()
        person.join = CalendarDate(
            day: start + Int(spread * spread * Double(max(0, Self.today.day - start)))
        )
    }
}
