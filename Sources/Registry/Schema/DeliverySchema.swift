import UnionTicket

/// Manufacturers' reports, parcels, hand-out.
enum DeliverySchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
