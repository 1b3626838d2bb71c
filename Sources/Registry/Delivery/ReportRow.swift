public import UnionTicket

/// What one line of a manufacturer's report says.
public struct ReportRow: Sendable, Equatable {
    /// Line of the file or row of the sheet, from 1.
    public var line: Int
    /// Place in the run, where given.
    public var sequence: Int?
    /// The carrier, where given.
    public var carrier: CarrierNumber?
    /// What became of it.
    public var result: ReportedResult
    /// The chip's UID, where given.
    public var uid: ChipUID?

    /// A line; sequence or carrier must be there.
    public init(
        line: Int,
        sequence: Int?,
        carrier: CarrierNumber?,
        result: ReportedResult,
        uid: ChipUID? = nil
    ) {
        (self.line, self.sequence, self.carrier) = (line, sequence, carrier)
        (self.result, self.uid) = (result, uid)
    }
}

/// What accepting a batch goes by; fixed with the batch's first report.
public struct AcceptanceTerms: Sendable, Equatable {
    /// When its cards come into force.
    public var activation: CardActivation
    /// What becomes of spoiled cards.
    public var spoilage: SpoilagePolicy
    /// Whether every card must come back with a chip's UID.
    public var hasChips: Bool
    /// Name of the price tier.
    public var tier: String
    /// Price of a card.
    public var price: Kopecks
    /// Whom reissues are charged to where it is not the usual (``UnionTicket/OrderReason/charge``).
    public var charges: [OrderReason: CardCharge]

    /// Terms.
    public init(
        activation: CardActivation,
        spoilage: SpoilagePolicy,
        hasChips: Bool,
        tier: String,
        price: Kopecks,
        charges: [OrderReason: CardCharge] = [:]
    ) {
        (self.activation, self.spoilage, self.hasChips) = (activation, spoilage, hasChips)
        (self.tier, self.price, self.charges) = (tier, price, charges)
    }

    /// Whom a card of this reason is charged to.
    public func charge(_ reason: OrderReason) -> CardCharge { charges[reason] ?? reason.charge }

    /// `lost=region,stolen=primary`: what the batch keeps of ``charges``.
    var chargeText: String {
        OrderReason.allCases.compactMap { reason in
            charges[reason].map { "\(reason.rawValue)=\($0.rawValue)" }
        }.joined(separator: ",")
    }

    static func charges(_ text: String) -> [OrderReason: CardCharge] {
        var found: [OrderReason: CardCharge] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=").map(String.init)
            if parts.count == 2, let reason = OrderReason(rawValue: parts[0]) {
                found[reason] = CardCharge(rawValue: parts[1])
            }
        }
        return found
    }
}
