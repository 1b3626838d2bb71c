import UnionTicket

/// Enrolments, activation codes and virtual cards.
enum VirtualSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
