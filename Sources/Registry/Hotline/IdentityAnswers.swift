public import UnionTicket

/// What a caller answered to the hotline's questions; compared by the register, never shown.
public struct IdentityAnswers: Sendable, Equatable {
    /// One thing the hotline may ask.
    public enum Question: String, Sendable, CaseIterable {
        /// Day of birth.
        case birthDate
        /// Family name and first name.
        case name
        /// The phone number on record.
        case phone
        /// Day of admission to the union.
        case joinDate
        /// The code of the primary organisation.
        case organisation
        /// The identifier in АИС.
        case aisId
    }

    /// How many questions must be answered, the day of birth among them.
    public static let needed = 3

    /// Day of birth.
    public var birthDate: CalendarDate?
    /// Family name and first name.
    public var name: (last: String, first: String)?
    /// A phone number as dictated; its last ten digits count.
    public var phone: String?
    /// Day of admission.
    public var joinDate: CalendarDate?
    /// The primary organisation.
    public var organisation: OrganisationCode?
    /// The identifier in АИС.
    public var aisId: String?

    /// No answers yet.
    public init() {}

    /// The questions that were answered.
    public var questions: [Question] {
        Question.allCases.filter {
            switch $0 {
            case .birthDate: birthDate != nil
            case .name: name != nil
            case .phone: phone != nil
            case .joinDate: joinDate != nil
            case .organisation: organisation != nil
            case .aisId: aisId != nil
            }
        }
    }

    /// Whether enough was answered to judge by.
    public var suffices: Bool { birthDate != nil && questions.count >= Self.needed }

    /// Equal in every answer.
    public static func == (left: Self, right: Self) -> Bool {
        left.birthDate == right.birthDate && left.phone == right.phone
            && left.name?.last == right.name?.last && left.name?.first == right.name?.first
            && left.joinDate == right.joinDate && left.organisation == right.organisation
            && left.aisId == right.aisId
    }

    /// Whether every answer is this person's; all are compared, whichever differs.
    func fit(_ person: KnownPerson, _ secrets: RegisterSecrets) -> Bool {
        var isSame = true
        func compare(_ answer: Bool?) { isSame = (answer ?? true) && isSame }
        compare(birthDate.map { secrets.birthHash($0) == person.hash.birth })
        compare(
            name.map {
                secrets.nameHash(last: Self.heard($0.last), first: Self.heard($0.first))
                    == person.hash.name
            }
        )
        compare(phone.map { Self.digits($0) == Self.digits(person.phone ?? "-") })
        compare(joinDate.map { $0.day == person.joinedOn })
        compare(organisation.map { $0.ordinal == person.organisation })
        compare(aisId.map { Self.heard($0) == person.aisId })
        return isSame
    }

    /// Words with single spaces and none around: what was dictated costs no attempt for a space.
    private static func heard(_ text: String) -> String {
        text.split { $0.isWhitespace || $0 == "\u{200B}" }.joined(separator: " ")
    }

    /// The last ten digits: +7, 8 and brackets do not matter.
    private static func digits(_ phone: String) -> [UInt8]? {
        let digits = phone.utf8.filter { (0x30...0x39).contains($0) }
        return digits.count >= 10 ? Array(digits.suffix(10)) : nil
    }

    /// What the register knows of a person that the answers are held against.
    struct KnownPerson {
        let id: Int64
        let hash: PersonHash
        let joinedOn: Int
        let organisation: Int64
        let aisId: String?
        let phone: String?
    }
}
