/// What people and programs do to a roster, one case per kind, in the order of truth files.
enum SampleDefect: Int, CaseIterable {
    case dupExact, dupYo, dupTwoOrgs
    case yoToE
    case lookalike, upper, lower, swappedFio, fioOneCell, initials, maiden, digitInName, quoteName
    case formulaInjection
    case doubleSpace, trailSpace, nbsp
    case dateUS, date2Digit, dateSerial, dateImpossible, dateFuture, dateMissing, joinBeforeBirth
    case phone8, phoneFmt, phoneSci, phoneShort
    case emailCyr, emailShared, catVariant, orgUnknown, orgDates, ticketLegacy, ticketSci
    case consentVariant

    /// Of a name at most one of these is done, so that the finding is certain.
    static let ofNames: [SampleDefect] = [
        .lookalike, .upper, .lower, .swappedFio, .fioOneCell, .initials, .maiden, .digitInName,
        .quoteName, .formulaInjection,
    ]

    /// Of a birth date at most one of these is done.
    static let ofBirthDates: [SampleDefect] = [
        .dateUS, .date2Digit, .dateSerial, .dateImpossible, .dateFuture, .dateMissing,
    ]

    /// Name in truth files, share of rows at dirt 1, code of the finding, whether that is an error.
    private static let table: [(name: String, rate: Double, code: String?, isError: Bool)] = [
        ("dup_exact", 0.010, nil, false), ("dup_yo", 0.006, nil, false),
        ("dup_two_orgs", 0.008, nil, false), ("yo_to_e", 0.5, nil, false),
        ("lookalike", 0.008, "lookalike", false), ("upper", 0.05, "name_case", false),
        ("lower", 0.01, "name_case", false), ("swapped_fio", 0.004, "names_swapped", false),
        ("fio_one_cell", 0.01, "name_split", false), ("initials", 0.003, "initials", true),
        ("maiden", 0.004, "brackets_in_name", true),
        ("digit_in_name", 0.002, "digit_in_name", true),
        ("quote_name", 0.002, "quotes_in_name", true),
        ("formula_injection", 0.001, "formula", true),
        ("double_space", 0.02, nil, false), ("trail_space", 0.04, nil, false),
        ("nbsp", 0.01, nil, false), ("date_us", 0.006, "date_ambiguous", true),
        ("date_2digit", 0.008, "date_two_digit_year", true),
        ("date_serial", 0.006, "date_serial", false),
        ("date_impossible", 0.003, "date_impossible", true),
        ("date_future", 0.002, "date_future", true), ("date_missing", 0.006, "date_missing", true),
        ("join_before_birth", 0.002, "join_before_14", true),
        ("phone_8", 0.35, nil, false), ("phone_fmt", 0.25, nil, false),
        ("phone_sci", 0.006, "phone_spreadsheet", true),
        ("phone_short", 0.004, "phone_length", true),
        ("email_cyr", 0.003, "email_not_ascii", true), ("email_shared", 0.01, nil, false),
        ("cat_variant", 0.12, nil, false), ("org_unknown", 0.006, "organisation_unknown", true),
        ("org_dates", 0.003, "organisation_format", true), ("ticket_legacy", 0.25, nil, false),
        ("ticket_sci", 0.01, "ticket_spreadsheet", true), ("consent_variant", 0.3, nil, false),
    ]

    /// The name in truth files.
    var name: String { Self.table[rawValue].name }
    /// The share of rows, of those where it is possible, at dirt 1.
    var rate: Double { Self.table[rawValue].rate }
    /// The code of the finding that an import reports, nil when it silently cleans.
    var code: String? { Self.table[rawValue].code }

    /// All whose finding forbids the row.
    static let errors = Set(allCases.filter { table[$0.rawValue].isError })
}

extension SampleDefect {
    /// A set of defects as bits.
    struct Set: Hashable {
        private(set) var bits: UInt64 = 0

        init() {}

        init(_ defects: some Sequence<SampleDefect>) {
            for defect in defects { insert(defect) }
        }

        mutating func insert(_ defect: SampleDefect) { bits |= 1 << UInt64(defect.rawValue) }

        func contains(_ defect: SampleDefect) -> Bool {
            bits >> UInt64(defect.rawValue) & 1 == 1
        }

        func intersects(_ other: Set) -> Bool { bits & other.bits != 0 }

        /// Calls `body` for each defect, in the order of the cases.
        func forEach(_ body: (SampleDefect) -> Void) {
            var rest = bits
            while rest != 0 {
                if let defect = SampleDefect(rawValue: rest.trailingZeroBitCount) { body(defect) }
                rest &= rest - 1
            }
        }
    }
}

/// How often each defect happens at a given dirt.
struct SampleRates {
    private let probabilities: [Double]
    /// The share of people who did not consent to being in the register.
    let refusal: Double

    init(dirt: Double) {
        probabilities = SampleDefect.allCases.map { min(1, $0.rate * dirt) }
        refusal = min(1, 0.015 * dirt)
    }

    /// Whether it happens now.
    func hits(_ defect: SampleDefect, _ random: inout SampleRandom) -> Bool {
        random.chance(probabilities[defect.rawValue])
    }

    /// At most one of several, each at its own rate.
    func one(of defects: [SampleDefect], _ random: inout SampleRandom) -> SampleDefect? {
        var left = random.unit()
        for defect in defects {
            left -= probabilities[defect.rawValue]
            if left <= 0 { return defect }
        }
        return nil
    }
}
