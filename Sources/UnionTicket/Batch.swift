/// The way of a batch of cards (партия) from plan to parcel.
public enum BatchState: String, Sendable, CaseIterable {
    /// Cards are chosen and checked; waits for approvals.
    case planned
    /// Numbers, coordinates and signatures are fixed.
    case approved
    /// The package stands.
    case built
    /// The package was read back and judged.
    case verified
    /// Sealed for the manufacturer.
    case sealed
    /// The manufacturer's report was taken in; what was made is charged.
    case accepted
    /// Cards are on their way to the regions.
    case shipped
    /// The manufacturer destroyed the data and nothing of the report is open.
    case closed
    /// Given up before it was sealed.
    case cancelled

    /// States that may follow this one.
    public var successors: Set<BatchState> {
        switch self {
        case .planned: [.approved, .cancelled]
        case .approved: [.built, .cancelled]
        case .built: [.verified, .cancelled]
        case .verified: [.sealed, .cancelled]
        case .sealed: [.accepted]
        case .accepted: [.shipped, .closed]
        case .shipped: [.closed]
        case .closed, .cancelled: []
        }
    }
}

/// What is printed of a member, fixed when a batch is planned.
public struct PrintedRecord: Sendable, Equatable {
    /// The member's name.
    public var name: PersonName
    /// The regional organisation as printed.
    public var region: String
    /// The primary organisation as printed.
    public var organisation: String

    /// A record.
    public init(name: PersonName, region: String, organisation: String) {
        (self.name, self.region, self.organisation) = (name, region, organisation)
    }
}
