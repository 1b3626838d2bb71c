/// One organisation as a row of an imported list describes it.
public struct OrganisationDraft: Hashable, Sendable {
    /// Its place in the tree.
    public var code: OrganisationCode
    /// Its name.
    public var name: String
    /// Kind of a regional organisation: oblast, krai, republican, city and so on.
    public var kind: String?
    /// The okrug it belongs to, an optional level between region and territory.
    public var okrug: String?
    /// A primary organisation that reports as a territorial one.
    public var hasTerritorialRights: Bool
    /// When it was opened.
    public var openedOn: CalendarDate?
    /// When it was closed.
    public var closedOn: CalendarDate?
    /// Since when it has this name.
    public var nameSince: CalendarDate?
    /// Since when it has the rights of a territorial one, or no longer has them.
    public var rightsSince: CalendarDate?

    /// A row of a list of organisations.
    public init(
        code: OrganisationCode,
        name: String,
        kind: String? = nil,
        okrug: String? = nil,
        hasTerritorialRights: Bool = false,
        openedOn: CalendarDate? = nil,
        closedOn: CalendarDate? = nil,
        nameSince: CalendarDate? = nil,
        rightsSince: CalendarDate? = nil
    ) {
        self.code = code
        self.name = name
        self.kind = kind
        self.okrug = okrug
        self.hasTerritorialRights = hasTerritorialRights
        self.openedOn = openedOn
        self.closedOn = closedOn
        self.nameSince = nameSince
        self.rightsSince = rightsSince
    }
}
