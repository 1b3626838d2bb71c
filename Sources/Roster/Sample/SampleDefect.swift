/// One thing that people do to rosters; ``SampleRoster`` injects it and tells the truth about it.
public enum SampleDefect: String, Sendable, CaseIterable {
    /// The same row again.
    case dupExact = "dup_exact"
    /// The same person again, ё written as е.
    case dupYo = "dup_yo"
    /// The same person in a second organisation.
    case dupTwoOrgs = "dup_two_orgs"
    /// ё written as е.
    case yoToE = "yo_to_e"
    /// A space after the family name.
    case trailSpace = "trail_space"
    /// Spaces after the patronymic.
    case doubleSpace = "double_space"
    /// A no-break space before the first name.
    case nbsp
    /// A zero-width space inside the first name.
    case zeroWidth = "zero_width"
    /// Latin letters that look like Russian ones.
    case lookalike
    /// The family name in capitals.
    case upper
    /// The family name in lower case.
    case lower
    /// Family name and first name exchanged.
    case swappedFio = "swapped_fio"
    /// The whole name in the first cell.
    case fioOneCell = "fio_one_cell"
    /// Five words in the first cell.
    case unsplittable
    /// A Latin letter that looks like none of ours.
    case foreignLetters = "foreign_letters"
    /// Initials instead of names.
    case initials
    /// A former name in brackets.
    case maiden
    /// A zero for the letter о.
    case digitInName = "digit_in_name"
    /// The first name in quotes.
    case quoteName = "quote_name"
    /// A formula for a first name.
    case formulaInjection = "formula_injection"
    /// mm/dd/yyyy.
    case dateUs = "date_us"
    /// A year of two digits.
    case dateTwoDigit = "date_2digit"
    /// A spreadsheet's day number.
    case dateSerial = "date_serial"
    /// 31 February.
    case dateImpossible = "date_impossible"
    /// Born in a hundred years.
    case dateFuture = "date_future"
    /// No birth date.
    case dateMissing = "date_missing"
    /// Born before 1905.
    case dateTooOld = "date_too_old"
    /// The month in words.
    case dateFormat = "date_format"
    /// yyyy-mm-dd.
    case dateISO = "date_iso"
    /// A child of two.
    case age
    /// Joined before birth.
    case joinBeforeBirth = "join_before_birth"
    /// 8 for +7.
    case phoneEight = "phone_8"
    /// Brackets and hyphens.
    case phoneBrackets = "phone_fmt"
    /// 7,00E+10.
    case phoneSci = "phone_sci"
    /// Six digits.
    case phoneShort = "phone_short"
    /// Cyrillic letters in an address.
    case emailCyrillic = "email_cyr"
    /// The school's address for everybody.
    case emailShared = "email_shared"
    /// An address without @.
    case emailFormat = "email_format"
    /// A synonym of the category.
    case categoryVariant = "cat_variant"
    /// A word that is no category.
    case categoryUnknown = "category_unknown"
    /// No category.
    case categoryMissing = "category_missing"
    /// An organisation that does not exist.
    case orgUnknown = "org_unknown"
    /// янв.14.
    case orgDates = "org_dates"
    /// No organisation.
    case orgMissing = "org_missing"
    /// The number of an old ticket.
    case ticketLegacy = "ticket_legacy"
    /// 1,77482E+14.
    case ticketSci = "ticket_sci"
    /// A synonym of yes or no.
    case consentVariant = "consent_variant"
    /// No consent to the record.
    case consentRefused = "consent_refused"
    /// A word that is neither yes nor no.
    case consentUnknown = "consent_unknown"

    /// How often it happens in a row at full dirt.
    public var rate: Double {
        switch self {
        case .phoneEight: 0.35
        case .consentVariant: 0.3
        case .phoneBrackets, .ticketLegacy: 0.25
        case .yoToE: 0.5
        case .categoryVariant: 0.12
        case .upper: 0.05
        case .trailSpace: 0.04
        case .doubleSpace, .dateISO: 0.02
        case .consentRefused: 0.015
        case .dupExact, .nbsp, .lower, .fioOneCell, .emailShared, .ticketSci: 0.01
        case .dupTwoOrgs, .lookalike, .dateTwoDigit: 0.008
        case .dupYo, .dateUs, .dateSerial, .dateMissing, .phoneSci, .orgUnknown: 0.006
        case .swappedFio, .maiden, .phoneShort, .zeroWidth: 0.004
        case .initials, .dateImpossible, .emailCyrillic, .orgDates, .emailFormat: 0.003
        case .digitInName, .quoteName, .dateFuture, .joinBeforeBirth, .foreignLetters,
            .dateTooOld, .dateFormat, .categoryUnknown, .categoryMissing, .orgMissing,
            .consentUnknown:
            0.002
        case .formulaInjection, .unsplittable, .age: 0.001
        }
    }

    /// The finding that it must give; nil when it is cleaned in silence or for the register to judge.
    public var code: RosterIssueCode? {
        switch self {
        case .lookalike: .lookalike
        case .upper, .lower: .nameCase
        case .swappedFio: .namesSwapped
        case .fioOneCell: .nameSplit
        case .unsplittable: .nameUnsplittable
        case .foreignLetters: .foreignLetters
        case .initials: .initials
        case .maiden: .bracketsInName
        case .digitInName: .digitInName
        case .quoteName: .quotesInName
        case .formulaInjection: .formula
        case .joinBeforeBirth: .joinBefore14
        case .phoneSci: .phoneSpreadsheet
        case .phoneShort: .phoneLength
        case .emailCyrillic: .emailNotASCII
        case .emailFormat: .emailFormat
        case .categoryUnknown: .categoryUnknown
        case .categoryMissing: .categoryMissing
        case .orgDates: .organisationFormat
        case .orgMissing: .organisationMissing
        case .ticketSci: .ticketSpreadsheet
        case .consentRefused: .consentRegisterMissing
        case .consentUnknown: .consentUnknown
        default: dateCode
        }
    }

    private var dateCode: RosterIssueCode? {
        switch self {
        case .dateUs: .dateAmbiguous
        case .dateTwoDigit: .dateTwoDigitYear
        case .dateSerial: .dateSerial
        case .dateImpossible: .dateImpossible
        case .dateFuture: .dateFuture
        case .dateMissing: .dateMissing
        case .dateTooOld: .dateTooOld
        case .dateFormat: .dateFormat
        case .age: .ageOutOfRange
        default: nil
        }
    }
}
