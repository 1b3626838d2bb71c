/// When the cards of a batch come into force.
public enum CardActivation: String, Sendable, CaseIterable {
    /// When the primary organisation's parcel is accounted for.
    case delivery
    /// When handed out.
    case handout
}

/// What becomes of a card that was spoiled at the plant.
public enum SpoilagePolicy: String, Sendable, CaseIterable {
    /// Ordered again with the same number, issue + 1; the old issue is revoked.
    case reissue
    /// The plant makes the same carrier once more: the spoiled card never leaves it.
    case sameCarrier = "same-carrier"
}

/// What a manufacturer says of one card.
public enum ReportedResult: String, Sendable, CaseIterable {
    /// Made and fit to be given out.
    case produced
    /// Made wrong.
    case spoiled
    /// Not made, or not to be found.
    case missing
}

/// Where a manufacturer's report does not agree with the batch.
public enum DifferenceKind: String, Sendable, CaseIterable {
    /// The plant makes the same carrier again and has not reported it yet.
    case spoiled
    /// A place past the run's end.
    case surplus
    /// A number that is not in this batch.
    case unknown
    /// A card that stands in the report twice.
    case duplicate
    /// Said to be other than what the register knows to have happened since.
    case contradiction
    /// A chip card without its chip's UID.
    case chipMissing
    /// A UID that another card bears.
    case chipTwice
}

/// Where a parcel (посылка) is.
public enum ParcelState: String, Sendable, CaseIterable {
    /// Packed at the plant.
    case packed
    /// On its way to the region.
    case shipped
    /// Counted at the regional organisation.
    case atRegion
    /// Counted at the primary organisation.
    case atPrimary
    /// Lost or stolen on its way.
    case lost

    /// States that may follow this one.
    public var successors: Set<ParcelState> {
        switch self {
        case .packed: [.shipped]
        case .shipped: [.atRegion, .lost]
        case .atRegion: [.atPrimary, .lost]
        case .atPrimary, .lost: []
        }
    }
}

/// How a hand-out was recorded.
public enum HandOutWay: String, Sendable, CaseIterable {
    /// The card was scanned.
    case scan
    /// A signed list was entered.
    case list
    /// A parcel's whole list, with exceptions.
    case parcel
    /// A station's journal.
    case station
}

/// A chip's unique identifier: 4, 7 or 10 bytes (ISO/IEC 14443-3).
public struct ChipUID: Hashable, Sendable {
    private let high: UInt16
    private let low: UInt64
    private let count: UInt8

    /// The UID with these bytes, or nil for any other length.
    public init?(_ bytes: some Collection<UInt8>) {
        guard [4, 7, 10].contains(bytes.count) else { return nil }
        count = UInt8(bytes.count)
        let head = Swift.max(0, bytes.count - 8)
        high = bytes.prefix(head).reduce(0) { $0 << 8 | UInt16($1) }
        low = bytes.dropFirst(head).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The UID in hexadecimal, with colons, spaces or hyphens between bytes or without; or nil.
    public init?(hex text: some StringProtocol) {
        var bytes: [UInt8] = []
        var half: UInt8?
        for scalar in text.unicodeScalars.prefix(64) {
            if [":", "-", " "].contains(scalar), half == nil { continue }
            guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
            if let first = half {
                bytes.append(first << 4 | UInt8(digit))
                half = nil
            } else {
                half = UInt8(digit)
            }
        }
        guard half == nil else { return nil }
        self.init(bytes)
    }

    /// Its bytes in the order of transmission.
    public var bytes: [UInt8] {
        (0..<Int(count)).map { index in
            let shift = 8 * (Int(count) - 1 - index)
            return shift >= 64
                ? UInt8(truncatingIfNeeded: high >> UInt16(shift - 64))
                : UInt8(truncatingIfNeeded: low >> UInt64(shift))
        }
    }
}
