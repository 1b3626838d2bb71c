/// How many of whom must be present; integers only, compared by cross-multiplication.
public struct QuorumThreshold: Hashable, Sendable {
    /// Whether the fraction itself is enough.
    public enum Mode: String, Sendable, CaseIterable, Codable {
        /// present / base ≥ fraction
        case atLeast
        /// present / base > fraction
        case moreThan
    }

    /// What the fraction is of.
    public enum Base: String, Sendable, CaseIterable, Codable {
        /// Everybody elected.
        case elected
        /// Everybody whose mandate is confirmed.
        case confirmed
        /// Everybody on record of the body.
        case onRecord
    }

    /// The fraction's numerator.
    public let numerator: UInt32
    /// The fraction's denominator, not 0.
    public let denominator: UInt32
    /// Whether the fraction itself is enough.
    public let mode: Mode
    /// What the fraction is of.
    public let base: Base

    /// A threshold, or nil when the fraction is not within 0 … 1.
    public init?(_ numerator: UInt32, _ denominator: UInt32, _ mode: Mode, of base: Base) {
        guard denominator > 0, numerator <= denominator else { return nil }
        self.numerator = numerator
        self.denominator = denominator
        self.mode = mode
        self.base = base
    }

    /// Whether `present` of `total` meet the threshold.
    ///
    /// A base of nobody meets nothing: such an event has no quorum.
    public func isMet(_ present: Int, of total: Int) -> Bool {
        guard total > 0, present >= 0 else { return false }
        let (left, right) = sides(present, total)
        return mode == .atLeast ? left >= right : left > right
    }

    /// The smallest number of people of `total` that meets the threshold.
    public func least(of total: Int) -> Int {
        let product = Int(numerator) * total
        let whole = product / Int(denominator)
        switch mode {
        case .moreThan: return whole + 1
        case .atLeast: return product % Int(denominator) == 0 ? whole : whole + 1
        }
    }

    private func sides(_ present: Int, _ total: Int) -> (Int, Int) {
        (present * Int(denominator), total * Int(numerator))
    }
}

/// Bounds of how many mandates are inside: min ≤ truth ≤ max.
public struct PresenceInterval: Hashable, Sendable {
    /// So many are inside for certain.
    public let min: Int
    /// More cannot be inside.
    public let max: Int

    /// Bounds; `min` ≤ `max`.
    public init(min: Int, max: Int) {
        self.min = min
        self.max = Swift.max(min, max)
    }
}

/// What can be said of a quorum.
public enum QuorumVerdict: String, Sendable, CaseIterable, Codable {
    /// Even the least possible number meets the threshold.
    case holds
    /// Even the greatest possible number fails it.
    case doesNotHold = "does_not_hold"
    /// It depends on stations that have not been heard of.
    case cannotBeAsserted = "cannot_be_asserted"

    /// The verdict on an interval.
    public init(_ interval: PresenceInterval, of total: Int, _ threshold: QuorumThreshold) {
        if threshold.isMet(interval.min, of: total) {
            self = .holds
        } else if threshold.isMet(interval.max, of: total) {
            self = .cannotBeAsserted
        } else {
            self = .doesNotHold
        }
    }

    /// Both conditions together: the weaker answer of the two.
    public func and(_ other: QuorumVerdict) -> QuorumVerdict {
        if self == .doesNotHold || other == .doesNotHold { return .doesNotHold }
        return self == .holds && other == .holds ? .holds : .cannotBeAsserted
    }
}
