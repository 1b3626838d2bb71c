/// What papers say of a person beside what the snapshot knows: snapshots hold no open names.
public struct PaperPerson: Hashable, Sendable {
    /// The person's name at the event.
    public var pseudonym: Pseudonym
    /// Family name, first name, patronymic.
    public var name: String
    /// The name of the organisation that the person represents.
    public var organisationName: String

    /// A person as papers name it.
    public init(pseudonym: Pseudonym, name: String, organisationName: String) {
        self.pseudonym = pseudonym
        self.name = name
        self.organisationName = organisationName
    }
}
