public import UnionTicket

/// One thing `/readyz` looks at.
public struct HealthCheck: Sendable {
    /// Stands in the answer: `database`, `keys`, `publication`.
    public let name: String
    /// Looks; may block.
    public let look: @Sendable () throws -> Finding

    /// What a look found.
    public enum Finding: Sendable, Equatable {
        /// As it should be.
        case good
        /// Works, but somebody should act; the service stays in turn.
        case warning(Bilingual)
        /// Does not work; requests should go elsewhere.
        case bad(Bilingual)
    }

    /// A check; what `look` throws counts as bad.
    public init(_ name: String, _ look: @escaping @Sendable () throws -> Finding) {
        self.name = name
        self.look = look
    }
}
