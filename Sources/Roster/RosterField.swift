public import UnionTicket

/// What a roster can say about a member.
public enum RosterField: Int, Sendable, CaseIterable {
    /// Identifier in АИС.
    case aisId
    /// Family name.
    case last
    /// First name.
    case first
    /// Patronymic.
    case patronymic
    /// The whole name in one cell.
    case fullName
    /// Day of birth.
    case birthDate
    /// М or Ж.
    case sex
    /// Working, studying, retired.
    case category
    /// Code of the primary organisation.
    case organisation
    /// Day of admission.
    case joinDate
    /// Telephone.
    case phone
    /// Electronic mail.
    case email
    /// Number of a ticket of the old scheme.
    case legacyNumber
    /// Standing.
    case status
    /// Consent to the keeping of the record.
    case register
    /// Consent to the production of a card.
    case cardProduction
    /// Consent to a virtual card.
    case virtualCard
    /// Consent to the transfer of a pseudonym to PROFCARDS.
    case bonusTransfer
    /// Consent to a photo on the card.
    case photoOnCard
    /// Consent to the recording of attendance.
    case eventAttendance
    /// Consent to messages.
    case marketing
    /// A column «Согласие» that does not say to what.
    case singleConsent
    /// The running number of the row, of no meaning.
    case rowNumber

    /// The glossary's name, such as `birthDate`.
    public var name: String { "\(self)" }

    /// The purpose of a consent column, nil for other fields.
    public var purpose: ConsentPurpose? { ConsentPurpose(rawValue: name) }

    /// All columns of a roster with their headers; documented in docs/.
    public static let columns: [TableColumn] = allCases.map { field in
        TableColumn(field.name, field.headers, isRequired: field.isRequired)
    }

    private var isRequired: Bool {
        switch self {
        case .birthDate, .category, .organisation, .joinDate: true
        default: false
        }
    }

    /// What people write above the column; also the keys of JSON rosters.
    private var headers: [String] {
        switch self {
        case .aisId: ["ИД АИС", "Код члена", "ID", "ais", "ИД", "Код АИС", "Идентификатор"]
        case .last: ["Фамилия", "last name", "surname"]
        case .first: ["Имя", "first name"]
        case .patronymic: ["Отчество", "mid", "middle", "middle name", "Отч."]
        case .fullName:
            ["ФИО", "Фамилия, имя, отчество", "Фамилия имя отчество (при наличии)", "fio"]
        case .birthDate:
            ["Дата рождения", "Дата рожд.", "birth", "Д.р.", "День рождения", "Дата р."]
        case .sex: ["Пол", "gender"]
        case .category: ["Категория", "cat", "Категория члена", "Категория члена Профсоюза"]
        case .organisation:
            ["Код организации", "org", "organization", "Код орг.", "Код ППО", "Организация"]
        case .joinDate:
            [
                "Дата вступления", "join", "Дата вступления в Профсоюз", "Дата вступл.",
                "Дата приёма", "Дата приёма в Профсоюз",
            ]
        case .phone:
            [
                "Телефон", "Тел.", "Мобильный телефон", "Моб. телефон", "Номер телефона",
                "Контактный телефон", "Сотовый телефон", "mobile",
            ]
        case .email:
            [
                "E-mail", "Эл. почта", "Электронная почта", "Почта", "mail", "Адрес эл. почты",
                "Адрес электронной почты", "Эл. адрес",
            ]
        case .legacyNumber:
            [
                "Номер билета", "Номер профсоюзного билета", "Профбилет", "ticket", "№ билета",
                "Билет", "№ профбилета", "Номер профбилета", "№ профсоюзного билета",
                "Профсоюзный билет",
            ]
        case .status: ["Статус", "Состояние"]
        default: consentHeaders
        }
    }

    private var consentHeaders: [String] {
        switch self {
        case .register:
            [
                "Согласие ПДн", "c_pd", "Согласие на обработку ПДн",
                "Согласие на обработку персональных данных", "consent_register",
            ]
        case .cardProduction:
            [
                "Согласие на изготовление билета", "c_card", "Согласие на изготовление карты",
                "Согласие на изготовление",
            ]
        case .virtualCard:
            [
                "Согласие на виртуальный билет", "c_virtual", "Согласие на виртуальную карту",
                "Согласие виртуальный билет",
            ]
        case .bonusTransfer:
            [
                "Согласие PROFCARDS", "c_bonus", "Согласие на передачу PROFCARDS",
                "Согласие на передачу в PROFCARDS", "Согласие на PROFCARDS",
            ]
        case .photoOnCard:
            ["Согласие фото", "c_photo", "Согласие на фото", "Согласие на фотографию"]
        case .eventAttendance: ["Согласие на учёт присутствия", "c_attendance"]
        case .marketing: ["Согласие на рассылку", "c_marketing"]
        case .singleConsent: ["Согласие", "consent"]
        case .rowNumber: ["№ п/п", "п/п", "Номер п/п", "n", "Номер по порядку"]
        default: []
        }
    }
}
