public import Registry
import TicketSeal
import UnionTicket

/// Headquarters of an event: makes its stations and snapshots, takes their journals in.
public struct EventOffice {
    let book: EventBook
    let user: SignedInUser
    /// The event.
    public let event: EventBook.Event
    /// What it decided about itself.
    public let rules: EventRules

    /// The office of an event.
    ///
    /// - Parameters:
    ///   - id: The event; nil takes the newest.
    ///   - register: The register.
    ///   - user: Who works there.
    /// - Throws: ``RegisterError`` when there is no such event.
    public init(_ id: Int64?, _ register: Register, by user: SignedInUser) throws {
        book = EventBook(register)
        self.user = user
        if let id {
            event = try book.event(id, by: user)
        } else if let newest = try book.list(by: user).first {
            event = newest
        } else {
            throw RegisterError(
                .notFound,
                "Мероприятий нет. Создайте: profbilet event create ОПИСАНИЕ.yaml.",
                "There are no events. Create one: profbilet event create SPEC.yaml."
            )
        }
        rules = try EventSpecification(
            text: event.specification,
            file: "event/\(event.id)",
            id: event.id
        ).rules
    }

    /// Creates an event with the stations its specification names.
    ///
    /// - Returns: The event's number and the token of each station.
    public static func create(
        _ specification: EventSpecification,
        text: String,
        in register: Register,
        by user: SignedInUser
    ) throws -> (id: Int64, tokens: [StationToken]) {
        let id = try EventBook(register).create(
            title: specification.rules.title,
            kind: specification.rules.kind.rawValue,
            specification: text,
            beginsAt: specification.rules.beginsAt,
            by: user
        )
        let office = try EventOffice(id, register, by: user)
        return (id, try specification.gates.map(office.add))
    }

    /// The event's stations with their keys; those that were revoked are left out.
    public func gates() throws -> [Gate] {
        try book.stations(of: event.id).filter { $0.revokedAt == nil }.compactMap(Self.gate)
    }

    static func gate(_ station: EventBook.Station) -> Gate? {
        guard let item = try? CBOR(decoding: station.gate), var gate = Gate(item) else {
            return nil
        }
        gate.key = station.publicKey.flatMap {
            VerificationKey(algorithm: .edDSA, publicBytes: $0)
        }
        return gate
    }

    /// Adds a station, or changes its rights.
    ///
    /// - Returns: The token that provisions it once.
    public func add(_ gate: Gate) throws -> StationToken {
        let published = try book.published(areListsNeeded: false)
        let token = StationToken(
            event: event.id,
            name: gate.name,
            secret: SecureRandom.bytes(16),
            roots: TrustBundle.rootThumbprint(of: published.bundle).map { [$0] } ?? []
        )
        try book.addStation(
            gate.name,
            gate: gate.item.encoded,
            tokenHash: token.hash,
            to: event.id,
            by: user
        )
        return token
    }

    /// Enrols the station that made a request with its token.
    ///
    /// - Returns: The station's name.
    /// - Throws: When the request is of another event, or its token was used before.
    public func enrol(_ request: EnrolmentRequest) throws -> String {
        guard request.event == event.id else { throw EnrolmentRequest.otherEvent(request.event) }
        let hash = try book.tokenHash(of: request.name, event: event.id)
        guard let hash, request.isMade(with: hash) else {
            throw RegisterError(
                .refused,
                "Маркер станции «\(request.name)» не подходит или уже использован. "
                    + "Выдайте новый: profbilet event station.",
                "The token of station \(request.name) does not fit or was used before. "
                    + "Give a new one: profbilet event station."
            )
        }
        return try book.enrolStation(
            tokenHash: hash,
            publicKey: request.publicKey.publicBytes,
            of: event.id,
            by: user
        )
    }

    /// Revokes a station: the next snapshot does not name it, and its journal is taken no further.
    public func revoke(_ station: String) throws {
        try book.revokeStation(station, of: event.id, by: user)
    }
}
