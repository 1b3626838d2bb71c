/// How a person takes part in an event.
public enum Participation: String, Sendable, CaseIterable, Codable {
    /// Decisive vote (решающий голос).
    case decisive
    /// Advisory vote (совещательный голос).
    case advisory
    /// Invited (приглашённый): admitted, never counted.
    case guest
}

/// Where a delegate's mandate is in its life.
public enum MandateState: String, Sendable, CaseIterable, Codable {
    /// Elected; the credentials commission has not confirmed the mandate.
    case elected
    /// Confirmed.
    case confirmed
    /// Withdrawn.
    case withdrawn
    /// Confirmed, and somebody of the reserve stands in while the delegate is out.
    case substituted = "substitutedBy"
    /// In the reserve of delegates (резерв делегатов).
    case reserve

    /// Whether a person with such a mandate is let in as a delegate.
    public var admits: Bool { self == .confirmed || self == .substituted }

    /// States that may follow this one.
    public var successors: Set<MandateState> {
        switch self {
        case .elected: [.confirmed, .withdrawn]
        case .confirmed: [.substituted, .withdrawn]
        case .substituted: [.confirmed, .withdrawn]
        case .reserve: [.confirmed, .withdrawn]
        case .withdrawn: []
        }
    }
}

/// A delegate's right to vote at one event.
public struct Mandate: Hashable, Sendable {
    /// The number on the mandate, from 1; a substitute bears the number of the delegate replaced.
    public var number: UInt32
    /// How the person takes part.
    public var participation: Participation
    /// Where the mandate is in its life.
    public var state: MandateState
    /// Whether this person stands in for the delegate of the same number.
    public var isSubstitute: Bool

    /// A mandate.
    public init(
        number: UInt32,
        participation: Participation,
        state: MandateState,
        isSubstitute: Bool = false
    ) {
        self.number = number
        self.participation = participation
        self.state = state
        self.isSubstitute = isSubstitute
    }

    /// Whether presence under this mandate counts towards the quorum.
    public var counts: Bool { participation == .decisive && state.admits }
}
