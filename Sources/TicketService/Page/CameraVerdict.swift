import TicketSeal
import UnionTicket

/// What the phone-camera page says of what stood in its address.
struct CameraVerdict: Sendable, Equatable {
    /// The five answers, and one for what no page may answer.
    enum Kind: String, Sendable, CaseIterable {
        /// Genuine, in time, nothing against it.
        case valid
        /// Genuine, and blocked for now or for good.
        case blocked
        /// Genuine once; its time is over or has not come.
        case expired
        /// Not signed by the union, or no ticket at all.
        case notOurs = "not_ours"
        /// Genuine, but nobody can say now whether it is blocked.
        case unknown
        /// A bare number: the same words whether it exists or not.
        case numberOnly = "number_only"
    }

    var kind: Kind
    /// Masked.
    var number: String?
    var expiresAt: Instant?
    /// When the list was signed that says it is not blocked.
    var statusAt: Instant?
    /// Specimens are never good outside of tests.
    var isSpecimen = false
    /// Shown by a phone, whose screen bears no printed number.
    var isOnPhone = false
    /// Why nothing could be judged.
    var reason: Bilingual?

    /// Whether signature and block list were checked, both.
    var isChecked: Bool { statusAt != nil }

    /// A verdict without a ticket.
    init(kind: Kind) { self.kind = kind }

    /// Nothing was judged: the request was turned down.
    init(refused reason: Bilingual) {
        kind = .unknown
        self.reason = reason
    }

    /// Judges the digits of an address by what is published, without the database.
    init(digits: String, by known: PublicationShelf.Knowledge, at now: Instant) {
        kind = .notOurs
        let bytes: [UInt8]
        switch TicketText(digits) {
        case .payload(let found): bytes = found
        case .number:
            kind = .numberOnly
            return
        case .malformed, .unknownFormat: return
        }
        guard let judge = known.judge else {
            kind = .unknown
            reason = Bilingual(
                "Сейчас проверить билет нельзя. Повторите позже.",
                "No ticket can be checked now. Try again later."
            )
            return
        }
        let judgement = judge.judge(bytes: bytes, at: now)
        switch judgement.verdict {
        case .badSignature, .unknownKey, .revokedKey, .malformed, .unknownFormat: return
        case .expired, .notYetValid, .staleVirtual: kind = .expired
        case .valid where judgement.isUnboundVirtual: kind = .expired
        case .valid: kind = .valid
        }
        guard let claims = judgement.claims else { return }
        number = "\(claims.carrier.ticket)"
        isOnPhone = claims.carrier.issue == 0
        isSpecimen = claims.carrier.ticket.scheme == .specimen
        expiresAt = claims.expiresAt
        guard kind == .valid else { return }
        guard let (status, at) = known.status(of: claims.coordinate, at: now) else {
            kind = .unknown
            return
        }
        statusAt = at
        if status != .valid { kind = .blocked }
    }
}
