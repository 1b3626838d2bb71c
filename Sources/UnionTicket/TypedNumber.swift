/// What a person typed or dictated where a ticket or carrier number was asked for.
///
/// Spaces, hyphens and dots are dropped; letters that look like digits and full-width digits are read
/// as digits; then length, scheme and check digit are tested in this order (ticket.md § 1).
public enum TypedNumber: Equatable, Sendable {
    /// A well-formed ticket number; whether it was issued only the register knows.
    case ticket(TicketNumber)
    /// A well-formed carrier number.
    case carrier(CarrierNumber)
    /// Not a number of ours, with the reason.
    case refused(Refusal)

    /// Why a typed number cannot be one of ours.
    public enum Refusal: Equatable, Sendable {
        /// Nothing was typed.
        case empty
        /// A character that is no digit and looks like none; position counts from 1.
        case foreignCharacter(position: Int)
        /// Neither 15 nor 16 digits; how many there were.
        case length(Int)
        /// Of groups typed apart one has not its digits, and the number cannot be one of ours; groups are
        /// counted 1…4 as printed.
        case group(Int, digits: Int, of: Int)
        /// The first group begins with a digit no scheme uses.
        case scheme(UInt8)
        /// The check digit does not fit: one group is mistyped or two are swapped.
        case checkDigit
        /// Eaten by a spreadsheet: `1,77E+14`.
        case spreadsheet
    }

    /// Reads what was typed.
    ///
    /// - Parameter text: At most 64 characters are looked at.
    public init(_ text: some StringProtocol) {
        var digits: [UInt8] = []
        var groups: [Int] = []
        var isApart = true
        for (position, scalar) in text.unicodeScalars.prefix(64).enumerated() {
            if Self.separators.contains(scalar) {
                isApart = true
                continue
            }
            if (scalar == "E" || scalar == "e" || scalar == "Е" || scalar == "е"), !digits.isEmpty {
                self = .refused(.spreadsheet)
                return
            }
            guard let digit = Self.digit(scalar) else {
                self = .refused(.foreignCharacter(position: position + 1))
                return
            }
            digits.append(digit)
            if isApart { groups.append(0) }
            groups[groups.count - 1] += 1
            isApart = false
        }
        let judged = Self.judge(digits)
        switch judged {
        case .refused(.length), .refused(.checkDigit):
            self = Self.oddGroup(of: groups).map { .refused($0) } ?? judged
        default: self = judged
        }
    }

    /// How many digits the four printed groups have.
    private static let printed = [3, 4, 4, 4]

    /// The one group typed apart that has too few digits or too many.
    private static func oddGroup(of groups: [Int]) -> Refusal? {
        // The issue of a carrier stands apart, or nowhere.
        guard groups.count == 4 || (groups.count == 5 && groups[4] == 1) else { return nil }
        let odd = printed.indices.filter { groups[$0] != printed[$0] }
        guard odd.count == 1 else { return nil }
        return .group(odd[0] + 1, digits: groups[odd[0]], of: printed[odd[0]])
    }

    /// The digits of a typed secret, read as those of a number are; nil at a foreign character.
    static func digits(_ text: some StringProtocol) -> [UInt8]? {
        var digits: [UInt8] = []
        for scalar in text.unicodeScalars.prefix(64) where !separators.contains(scalar) {
            guard let digit = digit(scalar) else { return nil }
            digits.append(digit)
        }
        return digits
    }

    private static let separators: Set<Unicode.Scalar> = [
        " ", "-", ".", "\u{A0}", "\u{2009}", "\u{202F}", "\u{2010}", "\u{2011}", "\u{2012}",
        "\u{2013}", "\u{2014}", "\u{2212}", "\t", "№", ",", "\n", "\r",
    ]

    private static func digit(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar {
        case "0"..."9": UInt8(scalar.value - 0x30)
        case "\u{FF10}"..."\u{FF19}": UInt8(scalar.value - 0xFF10)
        case "O", "o", "О", "о": 0
        case "З", "з": 3
        case "l", "I", "|": 1
        default: nil
        }
    }

    private static func judge(_ digits: [UInt8]) -> TypedNumber {
        guard let first = digits.first else { return .refused(.empty) }
        guard digits.count == 15 || digits.count == 16 else {
            return .refused(.length(digits.count))
        }
        guard TicketNumber.Scheme(rawValue: first) != nil else { return .refused(.scheme(first)) }
        let value = digits.reduce(0) { $0 * 10 + UInt64($1) }
        let ticket = TicketNumber(value: digits.count == 15 ? value : value / 10)
        guard let ticket else { return .refused(.checkDigit) }
        guard digits.count == 16, let carrier = CarrierNumber(value: value) else {
            return .ticket(ticket)
        }
        return .carrier(carrier)
    }
}

extension TypedNumber {
    /// Where a number went wrong; groups are counted 1…4 as printed.
    public enum Slip: Hashable, Sendable {
        /// A wrong digit, or two neighbours swapped.
        case group(Int)
        /// Two groups of four exchanged, the first one first.
        case exchanged(Int, Int)

        /// The groups to compare.
        public var groups: [Int] {
            switch self {
            case .group(let group): [group]
            case .exchanged(let first, let second): [first, second]
            }
        }
    }

    /// One number that a single slip turns into the typed one, and the slip.
    public struct Repair: Hashable, Sendable {
        /// The number that may have been meant.
        public let ticket: TicketNumber
        /// What went wrong.
        public let slip: Slip
    }

    /// What several slips come to: the one that all are, else the one group that all touch.
    ///
    /// - Returns: nil when there is none, or when they lie apart.
    public static func common(_ slips: Set<Slip>) -> Slip? {
        guard let first = slips.first, slips.count > 1 else { return slips.first }
        let shared = first.groups.filter { group in slips.allSatisfy { $0.groups.contains(group) } }
        return shared.count == 1 ? .group(shared[0]) : nil
    }

    /// Every valid number one wrong digit, one swap of neighbours or one exchange of two groups of
    /// four away from 15 typed digits; those the register knows tell which group is wrong.
    ///
    /// - Parameter text: As typed; anything but 15 or 16 digits gives no repairs.
    /// - Returns: The candidates in the order of their numbers.
    public static func repairs(of text: some StringProtocol) -> [Repair] {
        var digits = text.unicodeScalars.prefix(64).compactMap(digit)
        if digits.count == 16 { digits.removeLast() }
        guard digits.count == 15 else { return [] }
        var found: Set<Repair> = []
        func offer(_ candidate: [UInt8], _ slip: Slip) {
            let value = candidate.reduce(0) { $0 * 10 + UInt64($1) }
            guard let ticket = TicketNumber(value: value) else { return }
            found.insert(Repair(ticket: ticket, slip: slip))
        }
        func group(_ position: Int) -> Int { (position + 1) / 4 + 1 }
        for position in digits.indices {
            var changed = digits
            for digit in UInt8(0)...9 where digit != digits[position] {
                changed[position] = digit
                offer(changed, .group(group(position)))
            }
            if position + 1 < digits.count {
                var swapped = digits
                swapped.swapAt(position, position + 1)
                offer(swapped, .group(group(position)))
            }
        }
        for (first, second) in [(3, 7), (3, 11), (7, 11)] {
            var exchanged = digits
            for offset in 0..<4 { exchanged.swapAt(first + offset, second + offset) }
            offer(exchanged, .exchanged(group(first), group(second)))
        }
        return found.sorted { $0.ticket < $1.ticket }
    }
}
