/// By what a report is broken down.
public enum ReportLevel: String, Sendable, CaseIterable {
    /// One line for everything in the user's scope.
    case union
    /// A line for each regional organisation.
    case region
    /// A line for each territorial organisation.
    case territorial
    /// A line for each primary organisation.
    case primary

    /// The line that an organisation's figures go to; nil when it has none at this level.
    public func line(of organisation: OrganisationCode) -> OrganisationCode? {
        switch self {
        case .union: .centralCouncil
        case .region: organisation.regional
        case .territorial:
            switch organisation.level {
            case .territorial: organisation
            case .primary: organisation.parent
            case .central, .regional: organisation
            }
        case .primary: organisation
        }
    }
}

/// The union's statistical forms (статистический отчёт N-СП), by the organisation that fills them in.
///
/// The forms' texts are not public; the card columns are ours, at the level of each form.
public enum StatForm: String, Sendable, CaseIterable {
    /// 1-СП: a primary organisation.
    case sp1
    /// 2-СП: a primary organisation with the rights of a territorial one.
    case sp2
    /// 3-СП: a territorial organisation.
    case sp3
    /// 4-СП: a regional organisation.
    case sp4
    /// 5-СП: the union as a whole.
    case sp5

    /// Its name in the union.
    public var title: String { rawValue.dropFirst(2) + "-СП" }
}
