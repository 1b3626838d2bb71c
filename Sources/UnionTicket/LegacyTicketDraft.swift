/// One card of the old number scheme as a row of an imported list describes it.
public struct LegacyTicketDraft: Hashable, Sendable {
    /// Who issued it.
    public var issuer: String
    /// The number as printed, verbatim with leading zeros.
    public var number: String
    /// The member's identifier in АИС.
    public var aisId: String
    /// When it was made.
    public var producedOn: CalendarDate?
    /// When it was handed out.
    public var handedOutOn: CalendarDate?

    /// A row of a list of legacy cards.
    public init(
        issuer: String,
        number: String,
        aisId: String,
        producedOn: CalendarDate? = nil,
        handedOutOn: CalendarDate? = nil
    ) {
        self.issuer = issuer
        self.number = number
        self.aisId = aisId
        self.producedOn = producedOn
        self.handedOutOn = handedOutOn
    }
}
