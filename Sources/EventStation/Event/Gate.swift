public import TicketSeal
public import UnionTicket

/// What a station is there for.
public enum StationProfile: String, Sendable, CaseIterable, Codable {
    /// A door.
    case gate
    /// The mandate desk.
    case desk
    /// A screen of its own, without an operator.
    case kiosk
    /// The supervisor's laptop.
    case supervisor
}

/// One station of an event and what it may do to the number of people inside.
public struct Gate: Hashable, Sendable {
    /// Its short name, unique at the event: `A`, `Вход 1`.
    public var name: String
    /// What it is there for.
    public var profile: StationProfile
    /// Whether it lets people in.
    public var letsIn: Bool
    /// Whether it lets people out.
    public var letsOut: Bool
    /// The organisations whose people it serves; empty means everybody.
    public var organisations: [OrganisationCode]
    /// The key that signs its journal; nil before it is provisioned.
    public var key: VerificationKey?

    /// A station of an event.
    public init(
        name: String,
        profile: StationProfile = .gate,
        letsIn: Bool = true,
        letsOut: Bool = true,
        organisations: [OrganisationCode] = [],
        key: VerificationKey? = nil
    ) {
        self.name = name
        self.profile = profile
        self.letsIn = letsIn
        self.letsOut = letsOut
        self.organisations = organisations
        self.key = key
    }

    /// Whether people of this organisation pass here.
    public func serves(_ organisation: OrganisationCode) -> Bool {
        organisations.isEmpty || organisations.contains { $0.contains(organisation) }
    }
}

extension Gate {
    var item: CBOR {
        var entries = [
            CBOR.Entry(.integer(1), .text(name)),
            CBOR.Entry(.integer(2), .text(profile.rawValue)),
            CBOR.Entry(.integer(3), .simple(letsIn ? 21 : 20)),
            CBOR.Entry(.integer(4), .simple(letsOut ? 21 : 20)),
            CBOR.Entry(
                .integer(5),
                .array(organisations.map { .text($0.description) })
            ),
        ]
        if let key { entries.append(CBOR.Entry(.integer(6), key.coseKey)) }
        return .map(entries)
    }

    init?(_ item: CBOR) {
        guard let name = item[1]?.text, (1...64).contains(name.utf8.count),
            let profile = item[2]?.text.flatMap(StationProfile.init),
            let codes = item[5]?.array
        else { return nil }
        let organisations = codes.compactMap { $0.text.flatMap { OrganisationCode($0) } }
        guard organisations.count == codes.count else { return nil }
        self.init(
            name: name,
            profile: profile,
            letsIn: item[3] == .simple(21),
            letsOut: item[4] == .simple(21),
            organisations: organisations,
            key: item[6].flatMap(VerificationKey.init(coseKey:))
        )
    }
}
