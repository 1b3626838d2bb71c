public import UnionTicket

/// A program that calls the HTTP service: an app, a cabinet, a partner, a station.
public struct APIClient: Sendable, Equatable {
    /// Row of the client.
    public let id: Int64
    /// Its name; `api:` and this name stand in every audit row of it.
    public let name: String
    /// What it is.
    public let role: ClientRole
    /// The organisation whose subtree it may touch.
    public let scope: OrganisationCode
    /// Whose it is within its role: a partner's code, a station's name; "" for the others.
    public let speaksFor: String
    /// SHA-256 of the only client certificate it may come with; nil where none is asked for.
    public let certificate: [UInt8]?

    /// The client in the place of a person: every operation of the register checks and logs it so.
    ///
    /// - Parameter account: Under whose name the service runs; its row stands in the audit log.
    /// - Returns: Who acts.
    public func acting(for account: SignedInUser) -> SignedInUser {
        SignedInUser(
            id: account.id,
            name: "api:\(name)",
            role: role.userRole,
            scope: scope,
            permissions: role.permissions
        )
    }
}
