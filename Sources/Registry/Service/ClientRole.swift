public import UnionTicket

/// What a program that calls the HTTP service is; each client has one role and a subtree of
/// organisations.
public enum ClientRole: String, Sendable, CaseIterable {
    /// личный кабинет: members, orders and carriers of a subtree
    case cabinet
    /// оператор Центрального Совета: batches, parcels, hand-outs
    case `operator`
    /// изготовитель: its batches' packages and reports
    case manufacturer
    /// приложение члена профсоюза: virtual cards
    case app
    /// партнёр бонусной программы
    case partner
    /// станция у входа
    case station
    /// горячая линия
    case hotline
    /// аудитор
    case auditor

    /// The role of a person in whose place such a client acts.
    var userRole: Role {
        switch self {
        case .cabinet: .registrar
        case .operator, .manufacturer: .cardOffice
        case .app, .partner, .station: .doorOperator
        case .hotline: .hotline
        case .auditor: .auditor
        }
    }

    /// What such a client may do: never more than a person of its role, mostly less.
    ///
    /// Routes of apps, partners and stations check what belongs to the client themselves; the
    /// register's doors for people stay closed to them.
    public var permissions: Set<Permission> {
        switch self {
        case .cabinet: Role.registrar.permissions
        case .operator: [.issueTickets, .acceptBatches, .handOut, .readReports, .findByNumber]
        case .manufacturer: [.acceptBatches]
        case .app, .partner, .station: []
        case .hotline: Role.hotline.permissions
        case .auditor: Role.auditor.permissions
        }
    }
}
