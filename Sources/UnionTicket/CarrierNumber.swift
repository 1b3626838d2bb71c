/// The printed name of a carrier: the ticket number and one digit more, its issue.
///
/// A carrier's *identity* is its ``StatusCoordinate``: every virtual enrolment has issue 0.
public struct CarrierNumber: Hashable, Sendable, Comparable {
    /// The ticket this carrier shows.
    public let ticket: TicketNumber

    /// 0 for virtual, 1…9 for plastic.
    public let issue: UInt8

    /// The carrier of a ticket with this issue, or nil when the issue is above 9.
    public init?(ticket: TicketNumber, issue: UInt8) {
        guard issue <= 9 else { return nil }
        self.ticket = ticket
        self.issue = issue
    }

    /// The carrier with these 16 digits, or nil when the ticket number in them is not valid.
    public init?(value: UInt64) {
        guard let ticket = TicketNumber(value: value / 10) else { return nil }
        self.init(ticket: ticket, issue: UInt8(value % 10))
    }

    /// All 16 digits as one integer.
    public var value: UInt64 { ticket.value * 10 + UInt64(issue) }

    /// The 16 digits as text: what Code 128 on the card holds.
    public var digits: String { String(value) }

    /// By ticket, then by issue.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

extension CarrierNumber: CustomStringConvertible {
    /// Masked for logs, with the issue: `177 •••• •••• 4216/2`.
    public var description: String { "\(ticket)/\(issue)" }
}

/// Where the published status of one carrier stands: the carrier's identity.
///
/// A region RR has the lists RR, RR + 100, RR + 200 …, each of ``slots`` slots.
public struct StatusCoordinate: Hashable, Sendable, Comparable {
    /// How many slots a status list has: 2²⁰.
    public static let slots = 1 << 20

    /// Number of the list.
    public let list: UInt32

    /// Slot in the list, below ``slots``.
    public let index: UInt32

    /// A slot of a list, or nil when the index is past the list's end.
    public init?(list: UInt32, index: UInt32) {
        guard index < Self.slots else { return nil }
        self.list = list
        self.index = index
    }

    /// By list, then by index.
    public static func < (left: Self, right: Self) -> Bool {
        (left.list, left.index) < (right.list, right.index)
    }
}

/// What a status list says of one carrier; two bits (Token Status List § 7.1).
public enum PublishedStatus: UInt8, Sendable, CaseIterable {
    /// 0: nothing against it.
    case valid = 0
    /// 1: blocked for good.
    case invalid = 1
    /// 2: blocked for now, or not activated yet.
    case suspended = 2
}
