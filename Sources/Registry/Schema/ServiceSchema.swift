import UnionTicket

/// API clients, idempotency keys and what else the HTTP service keeps.
enum ServiceSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
