public import UnionTicket

/// Every finding that a row can have: code, severity and explanation, in one table.
public enum RosterIssueCode: String, Sendable, CaseIterable {
    /// The AIS identifier is not made of digits and letters, or longer than 32: correct it.
    case aisFormat = "ais_format"
    /// The AIS identifier was eaten by a spreadsheet (1.00E+07): export the column as text.
    case aisSpreadsheet = "ais_spreadsheet"
    /// The family name or the first name is missing: fill it in.
    case nameMissing = "name_missing"
    /// The name was typed in capitals or in lower case: corrected by rule, check it.
    case nameCase = "name_case"
    /// Latin letters that look like Russian ones were replaced: check it.
    case lookalike = "lookalike"
    /// The name has characters other than Cyrillic letters, hyphen and apostrophe: correct it.
    case foreignLetters = "foreign_letters"
    /// The name has a hyphen at its edge, or two in a row: correct it.
    case hyphenInName = "hyphen_in_name"
    /// The name has a digit in it: correct it.
    case digitInName = "digit_in_name"
    /// Initials instead of a name: write it out.
    case initials = "initials"
    /// The name has brackets (a former name?): leave one name.
    case bracketsInName = "brackets_in_name"
    /// The name has quotes: delete them.
    case quotesInName = "quotes_in_name"
    /// The cell begins like a formula (= + - @): put text in its place.
    case formula = "formula"
    /// The cell holds yes or no, or a spreadsheet's TRUE or FALSE, in place of a name: type the name.
    case answerInName = "answer_in_name"
    /// The cell holds a spreadsheet's error (#N/A, #REF!): put the value in its place.
    case cellError = "cell_error"
    /// The family name is one letter: a family name, or an initial?
    case nameOneLetter = "name_one_letter"
    /// The family name has several words: check that no other name stands among them.
    case nameWords = "name_words"
    /// The name is longer than 100 characters: check the columns.
    case nameTooLong = "name_too_long"
    /// The full name in one cell was split: check it.
    case nameSplit = "name_split"
    /// The full name in one cell cannot be split for certain: use separate columns.
    case nameUnsplittable = "name_unsplittable"
    /// Family name, first name or patronymic seem to be exchanged: check the columns.
    case namesSwapped = "names_swapped"
    /// The date is missing: fill it in as dd.mm.yyyy.
    case dateMissing = "date_missing"
    /// The date is neither dd.mm.yyyy nor yyyy-mm-dd: correct it.
    case dateFormat = "date_format"
    /// The year has two digits: write four.
    case dateTwoDigitYear = "date_two_digit_year"
    /// A date with slashes: day and month cannot be told apart, write dd.mm.yyyy.
    case dateAmbiguous = "date_ambiguous"
    /// The calendar has no such day: correct it.
    case dateImpossible = "date_impossible"
    /// The date is in the future: correct it.
    case dateFuture = "date_future"
    /// The date is before 1905: correct it.
    case dateTooOld = "date_too_old"
    /// The date is a spreadsheet's day number: accepted, check it.
    case dateSerial = "date_serial"
    /// The age is not within 14…100 years: check the birth date.
    case ageOutOfRange = "age_out_of_range"
    /// Joined before turning 14: check both dates.
    case joinBefore14 = "join_before_14"
    /// The sex is not understood and left out: write М or Ж.
    case sexUnknown = "sex_unknown"
    /// The category is missing: working, studying or retired.
    case categoryMissing = "category_missing"
    /// The category is not understood: working, studying or retired.
    case categoryUnknown = "category_unknown"
    /// The organisation's code is missing: fill it in as RR-TTT-PPPP.
    case organisationMissing = "organisation_missing"
    /// The organisation's code is not RR-TTT-PPPP (turned into a date?): correct it.
    case organisationFormat = "organisation_format"
    /// The code names the primary organisation 0000, which there is none of: correct it.
    case organisationZero = "organisation_zero"
    /// The phone was eaten by a spreadsheet (7.90E+10): export the column as text.
    case phoneSpreadsheet = "phone_spreadsheet"
    /// The phone has not eleven digits: +7 and ten digits are needed.
    case phoneLength = "phone_length"
    /// The phone is not understood: +7 and ten digits are needed.
    case phoneFormat = "phone_format"
    /// The e-mail has letters that are not Latin: type it again.
    case emailNotASCII = "email_not_ascii"
    /// The e-mail is not of the form name@domain: correct it.
    case emailFormat = "email_format"
    /// The ticket number was eaten by a spreadsheet (1.77E+14): export the column as text.
    case ticketSpreadsheet = "ticket_spreadsheet"
    /// The ticket number is longer than 32 or has odd characters: correct it.
    case ticketFormat = "ticket_format"
    /// The status is not understood: active, suspended, left, transferred, expelled, deceased, candidate.
    case statusUnknown = "status_unknown"
    /// The answer about consent is not understood: write да, нет or a date.
    case consentUnknown = "consent_unknown"
    /// The consent to the processing of personal data is missing: no member is recorded without it.
    case consentRegisterMissing = "consent_register_missing"
    /// The consent is dated before the person turned 14: check both dates.
    case consentBefore14 = "consent_before_14"
    /// The column «Согласие» names no purpose and counts for the register only.
    case consentSingleColumn = "consent_single_column"
    /// The row has more cells than the header: a separator too many?
    case rowShape = "row_shape"
    /// Text stands after a closing quote: delete the quote, or double it.
    case quoteStray = "quote_stray"
    /// Whether the organisation has the rights of a territorial one is not understood: да or нет.
    case rightsUnknown = "rights_unknown"
    /// The organisation's name is missing or longer than 300 characters: correct it.
    case organisationName = "organisation_name"
    /// The organisation is closed before it is opened: correct the dates.
    case organisationDates = "organisation_dates"
    /// The ticket number is missing: fill it in.
    case ticketMissing = "ticket_missing"
    /// The ticket was handed out before it was made: correct the dates.
    case ticketDates = "ticket_dates"
    /// The issuer of the ticket is missing: fill it in.
    case issuerMissing = "issuer_missing"
    /// The member is missing: an AIS identifier or a ticket number is needed.
    case memberMissing = "member_missing"
    /// The reason is not understood: first, lost, stolen, damaged, defect, renamed.
    case reasonUnknown = "reason_unknown"
    /// The kind of vote is not understood: decisive, advisory, guest.
    case voteUnknown = "vote_unknown"
    /// The mandate's state is not understood: elected, confirmed, withdrawn, substitutedBy, reserve.
    case mandateStateUnknown = "mandate_state_unknown"
    /// The mandate's number is no number from 1 to 9 999 999.
    case mandateFormat = "mandate_format"
    /// A membership that is no count.
    case membershipFormat = "membership_format"

    /// Whether a row with the finding can still be taken.
    public var severity: RowIssue.Severity {
        switch self {
        case .nameCase, .lookalike, .nameSplit, .namesSwapped, .nameOneLetter, .nameWords,
            .dateSerial, .sexUnknown, .consentSingleColumn:
            .warning
        default: .error
        }
    }

    /// What is wrong and what to do; never the value itself.
    public var message: Bilingual { Self.messages[self] ?? Bilingual(rawValue, rawValue) }

    /// The finding about a field, at a column of the table where there is one.
    func issue(field: String?, column: Int?) -> RowIssue {
        RowIssue(field: field, column: column, code: rawValue, severity: severity, message: message)
    }
}
