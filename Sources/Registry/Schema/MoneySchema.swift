import UnionTicket

/// Prices, shares and the ledger.
enum MoneySchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
