/// One participant of an event as a row of an imported list describes them.
public struct DelegateDraft: Hashable, Sendable {
    /// Whom the row means: an identifier in АИС or a ticket number; nil for a guest who is no member.
    public var reference: String?
    /// The name of a guest who is no member.
    public var guestName: String?
    /// The number on the mandate; nil takes the next free one.
    public var mandate: UInt32?
    /// How the person takes part.
    public var participation: Participation
    /// Where the mandate is in its life.
    public var state: MandateState
    /// The organisation represented; nil takes the member's own.
    public var organisation: OrganisationCode?
    /// Whose mandate the person stands in for.
    public var substitutes: UInt32?

    /// A row of a list of delegates.
    public init(
        reference: String?,
        guestName: String?,
        mandate: UInt32?,
        participation: Participation,
        state: MandateState,
        organisation: OrganisationCode?,
        substitutes: UInt32?
    ) {
        self.reference = reference
        self.guestName = guestName
        self.mandate = mandate
        self.participation = participation
        self.state = state
        self.organisation = organisation
        self.substitutes = substitutes
    }
}
