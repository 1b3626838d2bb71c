import UnionTicket

/// Deadlines, acts and what members' rights need.
enum RightsSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
