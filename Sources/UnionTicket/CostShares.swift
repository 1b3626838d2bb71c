/// Who bears the cost of a card.
public enum CostParty: String, Sendable, CaseIterable {
    /// Центральный Совет, which prepays everything.
    case centralCouncil
    /// The regional organisation.
    case region
    /// The primary organisations of the region.
    case primary
}

/// How the price of a card is shared, in basis points that sum to 10 000.
public struct CostShares: Hashable, Sendable {
    /// The Central Council's part.
    public let centralCouncil: Int
    /// The regional organisation's part.
    public let region: Int
    /// The primary organisation's part.
    public let primary: Int

    /// The whole.
    public static let whole = 10_000

    /// Half and half between Central Council and region: how it starts.
    public static let initial = CostShares(known: 5_000, 5_000, 0)

    private init(known centralCouncil: Int, _ region: Int, _ primary: Int) {
        (self.centralCouncil, self.region, self.primary) = (centralCouncil, region, primary)
    }

    /// Shares, or nil when one is negative or they do not sum to ``whole``.
    public init?(centralCouncil: Int, region: Int, primary: Int) {
        let parts = [centralCouncil, region, primary]
        guard parts.allSatisfy({ (0...Self.whole).contains($0) }),
            parts.reduce(0, +) == Self.whole
        else { return nil }
        self.init(known: centralCouncil, region, primary)
    }

    /// What each party bears of one card's price.
    ///
    /// Regions and primaries are rounded down; the odd kopecks stay with the Central Council. The price
    /// of one card is split, not a sum, so that it does not matter in how many reports cards come.
    public func split(_ price: Kopecks) -> [CostParty: Kopecks] {
        let region = part(price, self.region)
        let primary = part(price, self.primary)
        return [
            .region: region, .primary: primary, .centralCouncil: price - region - primary,
        ]
    }

    private func part(_ price: Kopecks, _ share: Int) -> Kopecks {
        Kopecks(price.value * Int64(share) / Int64(Self.whole))
    }
}

/// Whom a card is charged to.
public enum CardCharge: String, Sendable, CaseIterable {
    /// The three parties by their shares.
    case shares
    /// The Central Council alone.
    case centralCouncil
    /// The regional organisation alone.
    case region
    /// The primary organisation alone.
    case primary
    /// The plant: the card it replaces was made wrong.
    case manufacturer

    /// What each party bears of one card; nothing where the plant does.
    public func split(_ price: Kopecks, by shares: CostShares) -> [CostParty: Kopecks] {
        switch self {
        case .shares: shares.split(price)
        case .centralCouncil: [.centralCouncil: price]
        case .region: [.region: price]
        case .primary: [.primary: price]
        case .manufacturer: [:]
        }
    }
}

extension OrderReason {
    /// Whom such a card is charged to unless a batch says otherwise.
    public var charge: CardCharge {
        switch self {
        case .first, .renamed: .shares
        case .lost, .stolen, .damaged: .primary
        case .defect: .manufacturer
        }
    }
}
