/// The way of an order (заявка) from a registrar's wish to a card in hand.
public enum OrderState: String, Sendable, CaseIterable {
    /// Being put together.
    case draft
    /// Handed in for approval.
    case submitted
    /// Approved, waits for a print run.
    case approved
    /// Its numbers are allotted.
    case batched
    /// The manufacturer made the card.
    case produced
    /// On its way.
    case shipped
    /// Arrived.
    case delivered
    /// Done.
    case closed
    /// Not approved.
    case rejected
    /// Taken back.
    case cancelled

    /// States that may follow this one.
    public var successors: Set<OrderState> {
        switch self {
        case .draft: [.submitted, .cancelled]
        case .submitted: [.approved, .rejected, .cancelled]
        case .approved: [.batched, .cancelled]
        case .batched: [.produced, .cancelled]
        // Back to batched: a corrected report says that the card was not made after all.
        // Closed early: the card was lost or destroyed before it arrived.
        case .produced: [.shipped, .batched, .closed]
        case .shipped: [.delivered, .closed]
        case .delivered: [.closed]
        case .closed, .rejected, .cancelled: []
        }
    }

    /// Whether the order still stands in the way of another one for the same member.
    public var isOpen: Bool { !successors.isEmpty }
}

/// Why a card is ordered.
public enum OrderReason: String, Sendable, CaseIterable {
    /// The member's first card.
    case first
    /// The old card was lost; it is revoked at once.
    case lost
    /// The old card was stolen; it is revoked at once.
    case stolen
    /// The old card is worn; it works until the new one is handed out.
    case damaged
    /// The old card was made wrong; it works until the new one is handed out.
    case defect
    /// The member changed their name; the old card works until the new one is handed out.
    case renamed

    /// Whether the old card is blocked the moment the order is handed in.
    public var revokesAtOnce: Bool { self == .lost || self == .stolen }
}
