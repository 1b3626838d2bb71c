public import UnionTicket

/// Proof that a person signed in with their own passphrase, or that an API client showed its key for
/// the account the service runs under; only ``UserDirectory`` and ``APIClients`` make it.
public struct SignedInUser: Sendable {
    /// Row of the user.
    let id: Int64
    /// The account's name; stands in every audit row.
    public let name: String
    /// What the person may do.
    public let role: Role
    /// The organisation whose subtree the person may touch.
    public let scope: OrganisationCode
    /// What the person may do: the role's permissions, or fewer for an API client.
    private let permissions: Set<Permission>?

    init(
        id: Int64,
        name: String,
        role: Role,
        scope: OrganisationCode,
        permissions: Set<Permission>? = nil
    ) {
        self.id = id
        self.name = name
        self.role = role
        self.scope = scope
        self.permissions = permissions
    }

    /// Whether role or client may do this at all; whoever reads members may also look numbers up.
    public func permits(_ permission: Permission) -> Bool {
        guard let permissions else { return role.permits(permission) }
        return permissions.contains(permission)
            || (permission == .findByNumber && permissions.contains(.readMembers))
    }

    /// The name of the API client that acts under the account; nil for a person.
    var client: String? { permissions == nil ? nil : name }

    /// Refuses unless the role permits it and the organisation lies in the person's scope.
    func require(_ permission: Permission, at organisation: OrganisationCode? = nil) throws {
        guard permits(permission) else {
            throw RegisterError(
                .forbidden,
                "Роль «\(role.rawValue)» не разрешает это действие (\(permission.rawValue)). "
                    + "Обратитесь к администратору.",
                "The role \(role.rawValue) does not permit this (\(permission.rawValue)). "
                    + "Ask an administrator."
            )
        }
        if let organisation, !scope.contains(organisation) {
            throw RegisterError(
                .forbidden,
                "Организация \(organisation) вне вашей области \(scope).",
                "Organisation \(organisation) is outside your scope \(scope)."
            )
        }
    }

    /// Refuses unless the role permits it over the whole union.
    func requireEverywhere(_ permission: Permission) throws {
        try require(permission, at: .centralCouncil)
    }
}
