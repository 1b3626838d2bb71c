import TicketSeal
import UnionTicket

/// A virtual card with its carrier and its member, as far as renewals ask.
struct CardRow: Sendable {
    let card: String
    let sealedDevice: [UInt8]
    let nonce: [UInt8]
    let renewedAt: Instant
    let carrier: Int64
    let state: CarrierState
    let number: CarrierNumber
    let coordinate: StatusCoordinate
    let expiresAt: Instant
    let isEntitled: Bool

    /// The client that asks, and the part of the union it may touch.
    struct Asker: Sendable {
        let app: Int64
        let scope: OrganisationCode
    }

    /// What asks for a card at a moment; of many cards it is put together once.
    struct Question: Sendable {
        fileprivate let sql: String

        init(at now: Instant) {
            let day = Int64(now.moscowDate.day)
            sql = """
                SELECT v.device, v.nonce, v.renewed_at, c.id, c.state, c.number, c.list, c.idx,
                    c.expires_at, CASE WHEN m.state = 'active' AND \(TicketHolder.consents(on: day))
                    THEN 1 ELSE 0 END, m.organisation
                FROM virtual_card v JOIN carrier c ON c.id = v.carrier_id
                LEFT JOIN member m ON m.id = c.member_id WHERE v.id = $1 AND v.client = $2
                """
        }
    }

    /// Nil when there is no such card, it is another app's, or its member is outside the app's scope by
    /// now.
    init?(
        _ card: String,
        _ asker: Asker,
        _ question: Question,
        in session: any DatabaseSession
    ) throws {
        let found = try session.first(question.sql, [.text(card), .integer(asker.app)]) {
            let place = $0.optionalInteger(10).flatMap(OrganisationCode.init(ordinal:))
            // A carrier of nobody is the whole union's.
            guard asker.scope.contains(place ?? .centralCouncil) else { return nil as CardRow? }
            return try CardRow(card, row: $0)
        }
        guard let found = found ?? nil else { return nil }
        self = found
    }

    private init(_ card: String, row: any DatabaseRow) throws {
        guard let state = CarrierState(rawValue: row.text(4)),
            let ticket = TicketNumber(value: UInt64(row.integer(5))),
            let number = CarrierNumber(ticket: ticket, issue: 0),
            let coordinate = StatusCoordinate(
                list: UInt32(row.integer(6)),
                index: UInt32(row.integer(7))
            )
        else { throw DatabaseError(.corrupt, reason: "virtual_card") }
        self.card = card
        sealedDevice = row.blob(0)
        nonce = row.blob(1)
        renewedAt = Instant(seconds: row.integer(2))
        carrier = row.integer(3)
        self.state = state
        self.number = number
        self.coordinate = coordinate
        expiresAt = Instant(seconds: row.integer(8))
        isEntitled = row.integer(9) != 0
    }

    /// Why it cannot be renewed, or nil.
    func refusal(at now: Instant, _ terms: VirtualTerms) -> VirtualRefusal? {
        if state == .suspended { return .cardSuspended }
        guard state == .active else { return .cardOver }
        guard isEntitled else { return .notEntitled }
        return now < expiresAt + Int64(terms.dormantDays) * 86_400 ? nil : .cardOver
    }

    func device(_ register: Register) -> VerificationKey? {
        let bytes = try? register.secrets.payloads.open(
            sealedDevice,
            for: VirtualIssue.binding(card)
        )
        return bytes.flatMap { VerificationKey(algorithm: .es256, publicBytes: $0) }
    }

    static var damaged: RegisterError {
        RegisterError(
            .damaged,
            "Ключ устройства изменён в обход программы. Привяжите устройство заново.",
            "A device key was changed behind the program's back. Enrol the device anew."
        )
    }
}
