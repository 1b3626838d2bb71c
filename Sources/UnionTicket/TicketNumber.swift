/// The number of a ticket: 15 digits `S RR NNNNNNNNNNN C`, one per member, for life.
///
/// An identifier, never a credential. A value of this type has a known scheme and a right check digit.
public struct TicketNumber: Hashable, Sendable, Comparable {
    /// Who may issue and accept the number.
    public enum Scheme: UInt8, Sendable, CaseIterable {
        /// Real tickets.
        case production = 1
        /// Samples and tests; never valid in production.
        case specimen = 9
    }

    /// The digits 4…14: how many serials one region has.
    public static let serials: UInt64 = 100_000_000_000

    /// All 15 digits as one integer: exact in a spreadsheet cell, no leading zero.
    public let value: UInt64

    /// The number with these 15 digits, or nil when scheme or check digit are wrong.
    public init?(value: UInt64) {
        guard value >= 100_000_000_000_000, value < 1_000_000_000_000_000,
            Scheme(rawValue: UInt8(value / 100_000_000_000_000)) != nil,
            Damm.isValid(Digits(value, count: 15))
        else { return nil }
        self.value = value
    }

    /// The number of one region and serial, with its check digit worked out.
    ///
    /// - Precondition: `region` ≤ 99 and `serial` < ``serials``.
    public init(scheme: Scheme, region: UInt8, serial: UInt64) {
        precondition(region <= 99 && serial < Self.serials, "region or serial out of range")
        let stem = (UInt64(scheme.rawValue) * 100 + UInt64(region)) * Self.serials + serial
        value = stem * 10 + UInt64(Damm.checkDigit(of: Digits(stem, count: 14)))
    }

    /// Production or specimen.
    public var scheme: Scheme {
        // The initialisers admit no other first digit.
        value / 100_000_000_000_000 == 1 ? .production : .specimen
    }

    /// The code of the regional organisation that *issued* the number; says nothing of today's.
    public var region: UInt8 { UInt8(value / 1_000_000_000_000 % 100) }

    /// The random part, 11 digits.
    public var serial: UInt64 { value / 10 % Self.serials }

    /// As printed on a card: `177 4815 1623 4216`.
    public var printed: String { grouped(by: 0x20) }

    /// As written to files, so that no spreadsheet takes it for a quantity: `177-4815-1623-4216`.
    public var filed: String { grouped(by: 0x2D) }

    /// The 15 digits without grouping.
    public var digits: String { String(value) }

    /// Smaller digits first.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    private func grouped(by separator: UInt8) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(18)
        for (place, digit) in Digits(value, count: 15).enumerated() {
            if place > 0, place % 4 == 3 { text.append(separator) }
            text.append(0x30 + digit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension TicketNumber: CustomStringConvertible {
    /// Masked for logs: `177 •••• •••• 4216`.
    public var description: String {
        let text = String(value)
        return "\(text.prefix(3)) •••• •••• \(text.suffix(4))"
    }
}

/// The decimal digits of an integer, the most significant first, padded with zeros to `count`.
struct Digits: Sequence, IteratorProtocol {
    private let value: UInt64
    private var divisor: UInt64

    init(_ value: UInt64, count: Int) {
        self.value = value
        divisor = (0..<count).reduce(1) { power, _ in power * 10 }
    }

    mutating func next() -> UInt8? {
        guard divisor > 1 else { return nil }
        divisor /= 10
        return UInt8(value / divisor % 10)
    }
}
