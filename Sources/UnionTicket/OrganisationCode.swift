/// The place of an organisation in the union's tree: `RR`, `RR-TTT` or `RR-TTT-PPPP`.
///
/// `RR` is the regional organisation, `TTT` the territorial one (000: none in between), `PPPP` the
/// primary one. 99 is the Central Council.
public struct OrganisationCode: Hashable, Sendable, Comparable {
    /// Which level of the union a code names.
    public enum Level: Sendable, Equatable {
        /// The whole union: the Central Council, code 99.
        case central
        /// A regional (interregional) organisation.
        case regional
        /// A territorial (local, district, city) organisation.
        case territorial
        /// A primary organisation.
        case primary
    }

    /// The Central Council; every organisation is within its reach.
    public static let centralCouncil = OrganisationCode(region: 99, territorial: nil, primary: nil)

    /// 1…99.
    public let region: UInt8
    /// 0…999, nil for a region.
    public let territorial: UInt16?
    /// 1…9999, nil above primary level.
    public let primary: UInt16?

    private init(region: UInt8, territorial: UInt16?, primary: UInt16?) {
        self.region = region
        self.territorial = territorial
        self.primary = primary
    }

    /// The code written as `text`, or nil when it is not of the form.
    public init?(_ text: some StringProtocol) {
        self.init(utf8: Array(text.utf8))
    }

    /// The code written in these UTF-8 bytes, or nil when it is not of the form.
    public init?(utf8 bytes: some RandomAccessCollection<UInt8>) {
        var numbers: [UInt16] = []
        var widths: [Int] = []
        var number: UInt16 = 0
        var width = 0
        for byte in bytes {
            switch byte {
            case 0x30...0x39 where width < 4:
                number = number * 10 + UInt16(byte - 0x30)
                width += 1
            case 0x2D:
                numbers.append(number)
                widths.append(width)
                (number, width) = (0, 0)
            default: return nil
            }
        }
        numbers.append(number)
        widths.append(width)
        guard widths == Array([2, 3, 4].prefix(widths.count)), numbers[0] > 0 else { return nil }
        if numbers.count == 3, numbers[2] == 0 { return nil }
        if numbers.count == 2, numbers[1] == 0 { return nil }
        self.init(
            region: UInt8(numbers[0]),
            territorial: numbers.count > 1 ? numbers[1] : nil,
            primary: numbers.count > 2 ? numbers[2] : nil
        )
    }

    /// The regional organisation that it belongs to.
    public var regional: OrganisationCode {
        OrganisationCode(region: region, territorial: nil, primary: nil)
    }

    /// The level that the code names.
    public var level: Level {
        if self == .centralCouncil { return .central }
        if primary != nil { return .primary }
        return territorial == nil ? .regional : .territorial
    }

    /// The organisation directly above: of a primary without a territorial one its region.
    public var parent: OrganisationCode? {
        switch level {
        case .central: nil
        case .regional: .centralCouncil
        case .territorial: Self(region: region, territorial: nil, primary: nil)
        case .primary:
            Self(region: region, territorial: territorial == 0 ? nil : territorial, primary: nil)
        }
    }

    /// Whether `other` is this organisation or below it.
    public func contains(_ other: OrganisationCode) -> Bool {
        if self == .centralCouncil { return true }
        guard region == other.region else { return false }
        guard let territorial else { return true }
        guard territorial == other.territorial else { return false }
        guard let primary else { return true }
        return primary == other.primary
    }

    /// Sortable in tree order and dense: RR, then TTT + 1, then PPPP, 0 for what is missing.
    ///
    /// Every code of a subtree lies in ``subtree``; the register keeps codes as this integer.
    public var ordinal: Int64 {
        (Int64(region) * 1_001 + Int64(territorial.map { $0 + 1 } ?? 0)) * 10_000
            + Int64(primary ?? 0)
    }

    /// The code with this ``ordinal``, or nil when there is none.
    public init?(ordinal: Int64) {
        let head = ordinal / 10_000
        guard ordinal > 0, head / 1_001 <= 99, head / 1_001 > 0 else { return nil }
        let territorial = head % 1_001
        let primary = ordinal % 10_000
        if primary > 0, territorial == 0 { return nil }
        if primary == 0, territorial == 1 { return nil }
        self.init(
            region: UInt8(head / 1_001),
            territorial: territorial == 0 ? nil : UInt16(territorial - 1),
            primary: primary == 0 ? nil : UInt16(primary)
        )
    }

    /// The ordinals of this organisation and everything below it.
    public var subtree: ClosedRange<Int64> {
        switch level {
        case .central: 0...Int64(100) * 10_010_000
        case .regional: ordinal...(ordinal + 10_009_999)
        case .territorial: ordinal...(ordinal + 9_999)
        case .primary: ordinal...ordinal
        }
    }

    /// Tree order.
    public static func < (left: Self, right: Self) -> Bool { left.ordinal < right.ordinal }
}

extension OrganisationCode: CustomStringConvertible {
    /// `RR`, `RR-TTT` or `RR-TTT-PPPP`.
    public var description: String {
        var text = padded(Int(region), 2)
        if let territorial { text += "-" + padded(Int(territorial), 3) }
        if let primary { text += "-" + padded(Int(primary), 4) }
        return text
    }
}
