import UnionTicket

/// One invented member without any dirt.
struct SampleMember {
    var last = ""
    var first = ""
    var patronymic = ""
    var birth = CalendarDate(day: 0)
    var join = CalendarDate(day: 0)
    var isFemale = true
    var category = MemberCategory.working
    var region = SampleRegion.all[0]
    var territorial = 1
    var primary = 1
    var phone = 0
    var email = ""
    var aisId = ""
    var givesCard = true
    var givesVirtual = false
    var givesBonus = false

    /// `RR-TTT-PPPP`.
    var organisation: String {
        Self.digits(Int(region.code), 2) + "-" + Self.digits(territorial, 3) + "-"
            + Self.digits(primary, 4)
    }

    /// A number with leading zeros.
    static func digits(_ number: Int, _ width: Int) -> String {
        String(decoding: digitBytes(number, width), as: UTF8.self)
    }

    private static func digitBytes(_ number: Int, _ width: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x30, count: width)
        var rest = number
        var index = width
        while rest > 0, index > 0 {
            index -= 1
            bytes[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        return bytes
    }
}

/// Invents members region by region, in the proportions of the union.
struct SampleMembers {
    private let regions: [SampleRegion]
    private let cumulative: [Int]
    private let today: CalendarDate
    private let firstSeptember1960 =
        CalendarDate(year: 1960, month: 9, day: 1) ?? CalendarDate(day: 0)
    private static let caucasian: Set<UInt8> = [1, 5, 6, 7, 9, 15, 20]
    private static let tatar: Set<UInt8> = [2, 16]

    init(region: UInt8?, today: CalendarDate) {
        let chosen = SampleRegion.all.filter { region == nil || $0.code == region }
        regions = chosen.isEmpty ? SampleRegion.all : chosen
        var sum = 0
        cumulative = regions.map { region in
            sum += region.members
            return sum
        }
        self.today = today
    }

    /// The member with this running number.
    func member(_ number: Int, _ random: inout SplitMix64) -> SampleMember {
        var member = SampleMember()
        member.region = region(&random)
        member.category = category(&random)
        member.isFemale = random.chance(
            member.category == .working ? 0.82 : member.category == .studying ? 0.58 : 0.88
        )
        setName(&member, &random)
        setDates(&member, &random)
        setOrganisation(&member, &random)
        member.phone = random.below(10_000_000)
        if random.chance(0.55) { member.email = "m\(number)@example.org" }
        if random.chance(0.93) { member.aisId = String(10_000_000 + number * 7) }
        member.givesCard = random.chance(0.95)
        member.givesVirtual = random.chance(0.40)
        member.givesBonus = random.chance(0.35)
        return member
    }

    private func region(_ random: inout SplitMix64) -> SampleRegion {
        let place = random.below(cumulative.last ?? 1)
        return regions[cumulative.firstIndex { $0 > place } ?? 0]
    }

    /// In the shares of the pilot regions.
    private func category(_ random: inout SplitMix64) -> MemberCategory {
        switch random.below(1_281_930) {
        case ..<852_119: .working
        case ..<1_223_721: .studying
        default: .retired
        }
    }

    private func setName(_ member: inout SampleMember, _ random: inout SplitMix64) {
        var people = SampleNames.People.russian
        if Self.caucasian.contains(member.region.code), random.chance(0.8) { people = .caucasian }
        if Self.tatar.contains(member.region.code), random.chance(0.55) { people = .tatar }
        let index = people.rawValue
        let isFemale = member.isFemale
        var last = random.pick(
            random.chance(0.07) ? SampleNames.unchangingFamilies : SampleNames.families[index]
        )
        if isFemale { last = SampleNames.feminine(last) }
        if isFemale, random.chance(0.012) {
            last += "-" + SampleNames.feminine(random.pick(SampleNames.families[0]))
        }
        member.last = last
        member.first = random.pick(isFemale ? SampleNames.women[index] : SampleNames.men[index])
        let father = random.pick(SampleNames.men[index])
        if people == .caucasian, random.chance(0.02) {
            member.patronymic = father + (isFemale ? " кызы" : " оглы")
        } else if !random.chance(0.004) {
            member.patronymic = SampleNames.patronymic(of: father, isFemale: isFemale)
        }
    }

    private func setDates(_ member: inout SampleMember, _ random: inout SplitMix64) {
        let (low, high, mode): (Double, Double, Double) =
            switch member.category {
            case .working: (20, 68, 45)
            case .studying: (16, 27, 19)
            case .retired: (56, 88, 66)
            }
        let age = random.triangular(low, high, mode) * 365.25
        member.birth = CalendarDate(day: today.day - Int(age))
        let youth = member.birth.adding(years: member.category == .retired ? 20 : 16)
        let earliest = max(youth, firstSeptember1960)
        let place = random.fraction()
        member.join = today
        if earliest < today {
            let span = Double(today.day - earliest.day)
            member.join = CalendarDate(day: earliest.day + Int(place * place * span))
        }
    }

    private func setOrganisation(_ member: inout SampleMember, _ random: inout SplitMix64) {
        let territorials = max(1, member.region.territorials)
        let primaries = max(1, member.region.primaries / territorials)
        member.territorial = 1 + random.below(territorials)
        // Few large organisations and many small ones.
        let draw = 1 / max(random.fraction(), 1e-6)
        member.primary = min(primaries, 1 + Int(min(draw, 5000)))
    }
}
