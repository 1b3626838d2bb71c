public import UnionTicket

/// A member's name at one event: 16 random bytes that mean nothing elsewhere.
public struct Pseudonym: Hashable, Sendable, Comparable {
    /// How many bytes a pseudonym has.
    public static let length = 16
    /// The bytes.
    public let bytes: [UInt8]

    /// A pseudonym of 16 bytes, or nil.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = Array(bytes)
    }

    /// By bytes.
    public static func < (left: Self, right: Self) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// One person whom an event knows.
public struct EventPerson: Equatable, Sendable {
    /// The person's name at this event.
    public var pseudonym: Pseudonym
    /// How the person takes part.
    public var mandate: Mandate
    /// Whether the person is no member any more.
    public var hasLeft: Bool
    /// The organisation that the person represents.
    public var organisation: OrganisationCode

    /// A person of an event.
    public init(
        pseudonym: Pseudonym,
        mandate: Mandate,
        hasLeft: Bool = false,
        organisation: OrganisationCode
    ) {
        self.pseudonym = pseudonym
        self.mandate = mandate
        self.hasLeft = hasLeft
        self.organisation = organisation
    }

    /// Whether presence of this person counts towards the quorum.
    public var counts: Bool { mandate.counts && !hasLeft }
}

extension EventPerson {
    // A row: pseudonym, mandate number, participation, state, flags, 0, organisation, place and
    // length of the sealed name.
    static let width = 40
    static let nameOffset = 32
    // A list of all cases is made anew whenever it is asked for.
    private static let participations = Participation.allCases
    private static let mandateStates = MandateState.allCases

    func row(name place: Int, _ length: Int) -> [UInt8] {
        var row = pseudonym.bytes
        row.append(UInt64(mandate.number), length: 4)
        row.append(UInt8(Self.participations.firstIndex(of: mandate.participation) ?? 0))
        row.append(UInt8(Self.mandateStates.firstIndex(of: mandate.state) ?? 0))
        row.append((mandate.isSubstitute ? 1 : 0) | (hasLeft ? 2 : 0))
        row.append(0)
        row.append(UInt64(organisation.ordinal), length: 8)
        row.append(UInt64(place), length: 4)
        row.append(UInt64(length), length: 4)
        return row
    }

    init?(_ table: RowTable, _ row: Int) {
        let (participation, state) = (
            Int(table.integer(row, 20, 1)), Int(table.integer(row, 21, 1))
        )
        guard let pseudonym = Pseudonym(table.slice(row, 0, Pseudonym.length)),
            Self.participations.indices.contains(participation),
            Self.mandateStates.indices.contains(state),
            let organisation = OrganisationCode(
                ordinal: Int64(truncatingIfNeeded: table.integer(row, 24, 8))
            )
        else { return nil }
        let flags = table.integer(row, 22, 1)
        self.init(
            pseudonym: pseudonym,
            mandate: Mandate(
                number: UInt32(table.integer(row, 16, 4)),
                participation: Self.participations[participation],
                state: Self.mandateStates[state],
                isSubstitute: flags & 1 != 0
            ),
            hasLeft: flags & 2 != 0,
            organisation: organisation
        )
    }
}
