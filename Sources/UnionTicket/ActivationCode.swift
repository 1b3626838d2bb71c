/// A one-time code that binds a phone to a ticket: fourteen digits, the last a Damm digit.
///
/// Thirteen random digits are 43 bits. Digits are dictated, and typed on any keyboard layout; the
/// check digit catches every wrong digit and every swap of neighbours before the code is spent.
public struct ActivationCode: Hashable, Sendable {
    /// Random digits of a code.
    public static let randomDigits = 13
    /// How many codes there are: a random number below it makes one.
    public static let count: UInt64 = 10_000_000_000_000

    /// The 14 digits: what is hashed.
    public let digits: String

    /// The code of a random number.
    ///
    /// - Precondition: `number` < ``count``.
    public init(number: UInt64) {
        precondition(number < Self.count, "number of a code out of range")
        let check = Damm.checkDigit(of: Digits(number, count: Self.randomDigits))
        let all = Array(Digits(number, count: Self.randomDigits)) + [check]
        digits = String(decoding: all.map { $0 + 0x30 }, as: UTF8.self)
    }

    /// The code that a person typed, or nil when it can be none.
    ///
    /// Spaces, hyphens and dots are dropped, letters that look like digits are read as digits.
    public init?(typed text: some StringProtocol) {
        guard text.unicodeScalars.dropFirst(64).isEmpty,
            let typed = TypedNumber.digits(text), typed.count == Self.randomDigits + 1,
            Damm.isValid(typed)
        else { return nil }
        digits = String(decoding: typed.map { $0 + 0x30 }, as: UTF8.self)
    }

    /// As printed: `4815 1623 4216 07`.
    public var printed: String {
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, place % 4 == 0 { text.append(" ") }
            text.append(digit)
        }
        return text
    }
}

extension ActivationCode: CustomStringConvertible {
    /// Never the secret.
    public var description: String { "ActivationCode" }
}
