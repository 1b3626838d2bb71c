/// What shows a ticket.
public enum CarrierKind: String, Sendable, CaseIterable {
    /// A plastic card of ours.
    case plastic
    /// A virtual card on a phone.
    case virtual
    /// A plastic card of the old number scheme, unsigned.
    case legacyPlastic
}

/// The life of one carrier.
public enum CarrierState: String, Sendable, CaseIterable {
    /// Number, coordinate and payload exist; the card does not.
    case allocated
    /// The manufacturer reported it made.
    case printed
    /// Spoiled at the plant.
    case spoiled
    /// On its way to the region.
    case shipped
    /// Counted at the regional organisation.
    case atRegion
    /// Counted at the primary organisation.
    case atPrimary
    /// Nobody came for it.
    case unclaimed
    /// In the member's hands, not activated yet.
    case handedOut
    /// In use.
    case active
    /// Blocked for now.
    case suspended
    /// Lost.
    case lost
    /// Stolen.
    case stolen
    /// Worn or broken.
    case damaged
    /// A newer issue took its place.
    case replaced
    /// Past the end of its validity.
    case expired
    /// Taken back, the member left or the card was revoked.
    case withdrawn
    /// Destroyed with an act.
    case destroyed

    /// States that may follow this one.
    public var successors: Set<CarrierState> {
        let ends: Set<CarrierState> = [.lost, .stolen]
        switch self {
        case .allocated: return [.printed, .spoiled, .active, .withdrawn]
        // Back to allocated: a corrected report says that it was not made after all.
        case .printed: return [.allocated, .spoiled, .shipped, .withdrawn]
        case .spoiled: return [.replaced, .destroyed]
        case .shipped: return ends.union([.atRegion, .withdrawn])
        case .atRegion: return ends.union([.atPrimary, .unclaimed, .withdrawn])
        case .atPrimary: return ends.union([.handedOut, .active, .unclaimed, .withdrawn])
        case .unclaimed: return ends.union([.atRegion, .atPrimary, .handedOut, .withdrawn])
        case .handedOut: return ends.union([.active, .damaged, .replaced, .expired, .withdrawn])
        // Unclaimed: came into force with its parcel, and nobody came for it.
        case .active:
            return ends.union([
                .suspended, .unclaimed, .damaged, .replaced, .expired, .withdrawn,
            ])
        case .suspended:
            return ends.union([.active, .damaged, .replaced, .expired, .withdrawn])
        case .lost, .stolen: return [.replaced, .withdrawn, .destroyed]
        case .damaged, .replaced, .expired: return [.withdrawn, .destroyed]
        case .withdrawn: return [.destroyed]
        case .destroyed: return []
        }
    }

    /// In the member's hands and good for something: at most one plastic carrier per member.
    public var isUsable: Bool { self == .handedOut || self == .active || self == .suspended }

    /// Between allotment and hand-out: at most one plastic carrier per member.
    public var isInPipeline: Bool {
        switch self {
        case .allocated, .printed, .shipped, .atRegion, .atPrimary, .unclaimed: true
        default: false
        }
    }

    /// What the status list says of a carrier in this state.
    ///
    /// Suspended from allotment until activation, so that a stolen parcel verifies nowhere.
    public var published: PublishedStatus {
        switch self {
        case .active: .valid
        case .allocated, .printed, .shipped, .atRegion, .atPrimary, .unclaimed, .handedOut,
            .suspended:
            .suspended
        case .spoiled, .lost, .stolen, .damaged, .replaced, .expired, .withdrawn, .destroyed:
            .invalid
        }
    }
}
