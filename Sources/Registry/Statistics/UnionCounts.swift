public import UnionTicket

/// The figures of one organisation as of a day; all of them add up over organisations.
///
/// Members are counted once each where they were on that day, cards where they were ordered for.
public struct UnionCounts: Sendable, Equatable {
    /// Members on record: active and suspended ones.
    public var registered = 0
    /// Of them with an active plastic card, old ones included.
    public var plastic = 0
    /// Of these with an active card of the old number scheme only.
    public var legacyOnly = 0
    /// Members with an active virtual card.
    public var virtual = 0
    /// Members with both.
    public var both = 0
    /// Members in the bonus programme: a living consent to the transfer.
    public var programme = 0
    /// Of them with an active virtual card.
    public var programmeVirtual = 0
    /// Plastic cards made, those of the old scheme included; what the plant spoiled is none of them.
    public var produced = 0
    /// Of these of the old number scheme.
    public var producedLegacy = 0
    /// Of these ordered as somebody's first card.
    public var producedFirst = 0
    /// Of these made anew, by reason.
    public var reissued: [OrderReason: Int] = [:]
    /// Of these cards of people who are no longer members.
    public var producedFormer = 0
    /// Plastic cards spoiled at the plant.
    public var spoiled = 0
    /// Plastic cards ever handed out.
    public var handedOut = 0
    /// Plastic cards by where they are; ended ones included.
    public var cards: [CarrierState: Int] = [:]
    /// The cards of ``produced`` by where they lie; they add up to it.
    ///
    /// What came into force with its parcel and was not handed out lies `atPrimary`; what was handed out
    /// and is over neither by its state nor by its date is `handedOut`.
    public var made: [CarrierState: Int] = [:]
    /// Virtual cards ever issued.
    public var virtualIssued = 0
    /// Members with an АИС identifier.
    public var withAisId = 0
    /// Members with a living consent to card production.
    public var withCardConsent = 0
    /// What the organisation itself returned as its membership; else the sum of those below that did.
    public var returned: Int?
    /// Members on record of the organisations that ``returned`` is of.
    public var registeredReturned = 0

    /// Nothing counted.
    public init() {}

    /// Members with neither card.
    public var none: Int { registered - plastic - virtual + both }

    /// Adds another organisation's figures.
    public static func += (left: inout Self, right: Self) {
        for path in additive { left[keyPath: path] += right[keyPath: path] }
        left.reissued.merge(right.reissued, uniquingKeysWith: +)
        left.cards.merge(right.cards, uniquingKeysWith: +)
        left.made.merge(right.made, uniquingKeysWith: +)
        if let returned = right.returned { left.returned = (left.returned ?? 0) + returned }
    }

    /// Takes a part's figures out of the whole they are in; returned memberships stay.
    public static func -= (left: inout Self, right: Self) {
        for path in additive where path != \.registeredReturned {
            left[keyPath: path] -= right[keyPath: path]
        }
        left.reissued.merge(right.reissued.mapValues { -$0 }, uniquingKeysWith: +)
        left.cards.merge(right.cards.mapValues { -$0 }, uniquingKeysWith: +)
        left.made.merge(right.made.mapValues { -$0 }, uniquingKeysWith: +)
    }

    private static var additive: [WritableKeyPath<UnionCounts, Int>] {
        [
            \.registered, \.plastic, \.legacyOnly, \.virtual, \.both, \.programme,
            \.programmeVirtual, \.produced, \.producedLegacy, \.producedFirst, \.producedFormer,
            \.spoiled, \.handedOut, \.virtualIssued, \.withAisId, \.withCardConsent,
            \.registeredReturned,
        ]
    }
}
