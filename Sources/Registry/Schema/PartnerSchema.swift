import UnionTicket

/// Partners of the bonus programme and what they were given.
enum PartnerSchema {
    /// The migration's statements.
    @Sendable static func sql(_ engine: DatabaseEngine) -> String { "" }
}
