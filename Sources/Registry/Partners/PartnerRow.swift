public import UnionTicket
import TicketSeal

/// What a partner is told of one ticket.
public enum PartnerStatus: String, Sendable, CaseIterable {
    /// The ticket may take part.
    case active
    /// Every carrier is blocked for now.
    case suspended
    /// No longer: consent, membership or ticket ended. The row holds the pseudonym only.
    case revoked
    /// Two records of one person became one; the row names the pseudonym that goes on.
    case merged

    /// Whether such a row is part of the partner's set.
    public var isMember: Bool { self == .active || self == .suspended }

    /// The status whose name begins so.
    init?(initial: UInt8) {
        switch initial {
        case 0x61: self = .active
        case 0x73: self = .suspended
        case 0x72: self = .revoked
        case 0x6D: self = .merged
        default: return nil
        }
    }
}

/// A member's name towards one partner: `m` and 32 hexadecimal digits.
public struct PartnerPseudonym: Hashable, Sendable {
    /// The 16 bytes, big-endian: half a million of them pass in one package.
    public let high: UInt64
    /// The last eight of them.
    public let low: UInt64

    init(words: (high: UInt64, low: UInt64)) { (high, low) = words }

    init(bytes: [UInt8]) {
        self.init(words: unsafe bytes.withUnsafeBytes { unsafe $0.words })
    }

    /// Reads what ``text`` wrote; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 33, text.utf8.first == 0x6D,
            let bytes = Hex.bytes(text.dropFirst())
        else { return nil }
        self.init(bytes: bytes)
    }

    /// 16 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [high, low] { bytes.append(bigEndian: Int64(bitPattern: word)) }
        return bytes
    }

    /// As it stands in files.
    public var text: String { "m" + Hex.text(bytes) }
}

/// One line of a package: what a partner learns of one ticket, and nothing else (partner.md).
public struct PartnerRow: Sendable, Equatable {
    /// What a contract may leave out.
    public struct Columns: OptionSet, Sendable {
        /// A bit for each.
        public let rawValue: Int

        /// The columns of these bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// The ticket's number, grouped; two such partners could join their sets.
        public static let number = Columns(rawValue: 1)
        /// The last day of validity.
        public static let validUntil = Columns(rawValue: 2)
        /// Plastic, virtual or both.
        public static let carriers = Columns(rawValue: 4)
        /// The code of the regional organisation.
        public static let region = Columns(rawValue: 8)
        /// When this row last changed.
        public static let changedAt = Columns(rawValue: 16)
    }

    /// The member's name towards this partner.
    public let pseudonym: PartnerPseudonym
    /// What holds of the ticket.
    public let status: PartnerStatus
    /// The ticket, where the contract needs it.
    public let number: TicketNumber?
    /// The last day of validity.
    public let validUntil: CalendarDate
    /// 1 for plastic, 2 for virtual.
    public let carriers: UInt8
    /// Code of the regional organisation.
    public let region: UInt8
    /// When the row last changed.
    public let changedAt: Instant
    /// The pseudonym that goes on after a merge.
    public let mergedInto: PartnerPseudonym?

    /// The carriers in words: nothing, `plastic`, `virtual` or `plastic+virtual`.
    public static let carrierTexts = ["", "plastic", "virtual", "plastic+virtual"]

    /// Its carriers in words.
    public var carriersText: String { Self.carrierTexts[Int(carriers & 3)] }

    /// The region in two digits.
    public var regionText: String { region < 10 ? "0\(region)" : "\(region)" }

    /// The line that stands for this row in the hash of the set: seven fields with tabs between, those
    /// that the contract leaves out empty.
    public func canonical(_ columns: Columns) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(112)
        line.append(contentsOf: pseudonym.text.utf8)
        line.append(0x09)
        if columns.contains(.number) { line.append(contentsOf: (number?.filed ?? "").utf8) }
        line.append(0x09)
        line.append(contentsOf: status.rawValue.utf8)
        line.append(0x09)
        if columns.contains(.validUntil) { line.append(contentsOf: validUntil.iso.utf8) }
        line.append(0x09)
        if columns.contains(.carriers) { line.append(contentsOf: carriersText.utf8) }
        line.append(0x09)
        if columns.contains(.region) { line.append(contentsOf: regionText.utf8) }
        line.append(0x09)
        if columns.contains(.changedAt) { line.append(contentsOf: changedAt.rfc3339.utf8) }
        return line
    }
}

extension PartnerRow {
    static func columns(_ alias: String) -> String {
        ["status", "number", "valid_until", "carriers", "region", "changed_at", "merged_into"]
            .map { "\(alias).\($0)" }.joined(separator: ", ")
    }

    /// The row of the pseudonym in the first column whose other columns begin at `start`; nil where an
    /// outer join found none.
    init?(_ row: any DatabaseRow, from start: Int) {
        guard let status = PartnerStatus(initial: row.initial(start)) else { return nil }
        pseudonym = PartnerPseudonym(words: row.words(0))
        self.status = status
        number = row.optionalInteger(start + 1).flatMap { TicketNumber(value: UInt64($0)) }
        validUntil = CalendarDate(day: Int(row.integer(start + 2)))
        carriers = UInt8(truncatingIfNeeded: row.integer(start + 3))
        region = UInt8(truncatingIfNeeded: row.integer(start + 4))
        changedAt = Instant(seconds: row.integer(start + 5))
        mergedInto =
            row.isNull(start + 6) ? nil : PartnerPseudonym(words: row.words(start + 6))
    }
}
