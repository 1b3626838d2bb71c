/// What a named user may do; each user has one role and a subtree of organisations.
public enum Role: String, Sendable, CaseIterable {
    /// сотрудник бюро билетов: runs, numbers, publication
    case cardOffice
    /// ответственный за работу в АИС: rosters and orders of a subtree
    case registrar
    /// председатель: consents and hand-out of one primary organisation
    case chair
    /// горячая линия: looks numbers up, suspends
    case hotline
    /// оператор на входе
    case doorOperator
    /// старший на входе
    case supervisor
    /// Reads everything that is logged, changes nothing.
    case auditor
    /// Users, keys, backups.
    case administrator

    /// What a role permits.
    public var permissions: Set<Permission> {
        switch self {
        case .administrator: Set(Permission.allCases)
        case .cardOffice:
            [
                .importOrganisations, .importRoster, .resolveConflicts, .readMembers,
                .changeMembers,
                .order, .approveOrder, .issueTickets, .changeCarriers, .suspendCarriers,
                .findByName, .publish, .readReports, .manageEvents,
                .acceptBatches, .handOut, .manageMoney, .managePartners, .manageCodes,
                .recordConsents,
            ]
        case .registrar:
            [
                .importRoster, .resolveConflicts, .readMembers, .changeMembers, .order,
                .changeCarriers, .suspendCarriers, .findByName, .readReports, .handOut,
                .manageCodes, .recordConsents,
            ]
        case .chair:
            [
                .readMembers, .order, .findByName, .suspendCarriers, .handOut, .manageCodes,
                .recordConsents,
            ]
        case .hotline: [.suspendCarriers, .findByNumber]
        case .doorOperator: [.findByNumber]
        case .supervisor: [.findByNumber, .manageEvents]
        case .auditor: [.readAudit, .readReports]
        }
    }

    /// Whether the role permits it; whoever reads members may also look numbers up.
    public func permits(_ permission: Permission) -> Bool {
        permissions.contains(permission)
            || (permission == .findByNumber && permissions.contains(.readMembers))
    }
}

/// One thing that only some roles may do.
public enum Permission: String, Sendable, CaseIterable {
    /// Keys, trust bundle.
    case manageKeys
    /// Users.
    case manageUsers
    /// Backup, restore, reclaim.
    case manageBackups
    /// The tree of organisations.
    case importOrganisations
    /// Rosters and legacy tickets.
    case importRoster
    /// The conflict queue.
    case resolveConflicts
    /// A member's record with the name in it.
    case readMembers
    /// A member's standing.
    case changeMembers
    /// Orders of cards.
    case order
    /// Approval of orders.
    case approveOrder
    /// Numbers and payloads.
    case issueTickets
    /// Block, replace.
    case changeCarriers
    /// Suspend only.
    case suspendCarriers
    /// Search by name.
    case findByName
    /// Search by number, without names.
    case findByNumber
    /// Status lists.
    case publish
    /// Events, their delegates, stations and journals.
    case manageEvents
    /// Statistics and data quality.
    case readReports
    /// The audit log.
    case readAudit
    /// Clients of the HTTP service and their keys.
    case manageClients
    /// Manufacturers' reports, shipping, closing of batches.
    case acceptBatches
    /// Parcels, hand-out, returned cards.
    case handOut
    /// Prices, shares, payments, settlement.
    case manageMoney
    /// Partners of the bonus programme.
    case managePartners
    /// Activation codes of virtual cards.
    case manageCodes
    /// Consents given and withdrawn singly.
    case recordConsents
}
