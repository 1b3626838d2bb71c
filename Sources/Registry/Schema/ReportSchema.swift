import UnionTicket

/// What dated statistics need.
enum ReportSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
