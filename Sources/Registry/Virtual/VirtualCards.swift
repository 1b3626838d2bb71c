import TicketSeal
public import UnionTicket

/// The virtual cards in use: shown, renewed and deleted by their phones.
public struct VirtualCards: Sendable {
    let register: Register
    private let line: RenewalLine

    /// The virtual cards of this register.
    ///
    /// One value serves a whole process: renewals that arrive together share a transaction.
    public init(_ register: Register) {
        self.register = register
        line = RenewalLine(register)
    }

    /// What an app may know of a card that it enrolled.
    public struct Standing: Sendable, Equatable {
        /// Names the card.
        public let id: String
        /// `active`, `suspended` or `over`.
        public let state: String
        /// End of the present payload's life.
        public let expiresAt: Instant
        /// From when on the phone renews it.
        public let renewAfter: Instant
        /// What the next proof must hold, 32 bytes.
        public let nonce: [UInt8]
    }

    /// How a card of this app stands, with the nonce for its next proof.
    public func show(_ card: String, app: Int64) throws -> Result<Standing, VirtualRefusal> {
        try register.read { session in
            let row = try CardRow(card, app, at: register.now(), in: session)
            guard let row else { return .failure(.cardUnknown) }
            let terms = try VirtualTerms(session)
            let state: String
            switch row.refusal(at: register.now(), terms) {
            case nil: state = "active"
            case .cardSuspended: state = "suspended"
            default: state = "over"
            }
            return .success(
                Standing(
                    id: card,
                    state: state,
                    expiresAt: row.expiresAt,
                    renewAfter: row.renewedAt + Int64(terms.renewFromDay) * 86_400,
                    nonce: row.nonce
                )
            )
        }
    }

    /// Renews a card: a fresh payload for a proof by its phone's key.
    ///
    /// Proof and signature are made beside the transaction, on the caller's thread; the transaction
    /// only moves the card from one nonce to the next, so that a proof is good once, and is shared by
    /// the renewals that wait at the same time. The call returns after the commit.
    ///
    /// - Parameters:
    ///   - card: The card's name.
    ///   - proof: ``DeviceStatement/renewal(nonce:card:)`` by its key.
    ///   - app: The client that enrolled it.
    ///   - retry: What the client drew for this request; sent again within a day with a proof by this
    ///     key over the nonce of then or of now, it gives the first answer.
    ///   - secrets: The opened keys, of which `virtual` signs.
    /// - Returns: The card as it is from now on, or why it is not renewed.
    /// - Throws: ``RegisterError`` when the register cannot work or sign.
    public func renew(
        _ card: String,
        proof: [UInt8],
        app: Int64,
        retry: String? = nil,
        secrets: SigningSecrets
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        let prepared = try register.read { session in
            try register.requireReclaimed(session)
            return try prepare(card, proof, app, retry, secrets, in: session)
        }
        switch prepared {
        case .failure(let refusal): return .failure(refusal)
        case .success(.known(let card)): return .success(card)
        case .success(.fresh(let renewal)):
            if try line.commit(renewal) { return .success(renewal.card) }
            // The same request may have come twice at once.
            let known = try register.read { try first(card, retry, in: $0) }
            guard let known, known.nonce == renewal.nonce else { return .failure(.proofRefused) }
            return .success(known.card)
        }
    }

    /// A renewal to be stored, or one that this request had before.
    private enum Prepared {
        case fresh(Renewal)
        case known(VirtualCard)
    }

    /// What the same request gave before, with the nonce it was proven with.
    private func first(
        _ card: String,
        _ retry: String?,
        in session: any DatabaseSession
    ) throws -> (card: VirtualCard, nonce: [UInt8])? {
        guard let retry else { return nil }
        return try Idempotency(register).renewal(card, key: retry, in: session)
    }

    private func prepare(
        _ card: String,
        _ proof: [UInt8],
        _ app: Int64,
        _ retry: String?,
        _ secrets: SigningSecrets,
        in session: any DatabaseSession
    ) throws -> Result<Prepared, VirtualRefusal> {
        let now = register.now()
        guard let row = try CardRow(card, app, at: now, in: session) else {
            return .failure(.cardUnknown)
        }
        let terms = try VirtualTerms(session)
        if let refusal = row.refusal(at: now, terms) { return .failure(refusal) }
        guard let device = row.device(register) else { throw Self.damaged }
        func proves(_ nonce: [UInt8]) -> Bool {
            DeviceStatement.renewal(nonce: nonce, card: card).refusal(of: proof, by: device) == nil
        }
        if let known = try first(card, retry, in: session) {
            guard proves(known.nonce) || proves(row.nonce) else { return .failure(.proofRefused) }
            return .success(.known(known.card))
        }
        guard proves(row.nonce) else { return .failure(.proofRefused) }
        let signed = try VirtualIssue(register, secrets)
            .sign(row.number, row.coordinate, device, terms, in: session)
        let renewed = VirtualCard(
            id: card,
            payload: signed.payload,
            expiresAt: signed.expiresAt,
            renewAfter: now + Int64(terms.renewFromDay) * 86_400,
            nonce: SecureRandom.bytes(32)
        )
        let renewal = Renewal(
            card: renewed,
            retry: retry,
            carrier: row.carrier,
            nonce: row.nonce,
            at: now,
            kid: signed.kid,
            sealed: try register.secrets.payloads.seal(
                signed.payload,
                for: TicketIssuance.binding(row.coordinate)
            )
        )
        return .success(.fresh(renewal))
    }

    /// Ends a card for good, as its phone asks; the same request again changes nothing.
    ///
    /// - Parameters:
    ///   - card: The card's name.
    ///   - proof: ``DeviceStatement/deletion(nonce:card:)`` by its key.
    ///   - app: The client that enrolled it.
    ///   - user: Who the client acts as.
    /// - Returns: Why it was not deleted, or nil.
    /// - Throws: ``RegisterError`` when the register cannot work.
    public func delete(
        _ card: String,
        proof: [UInt8],
        app: Int64,
        as user: SignedInUser
    ) throws -> VirtualRefusal? {
        try register.write { session in
            guard let row = try CardRow(card, app, at: register.now(), in: session) else {
                return .cardUnknown
            }
            let device = row.device(register)
            // Of somebody who was erased no key is left.
            guard device != nil || !row.state.isUsable else { throw Self.damaged }
            let statement = DeviceStatement.deletion(nonce: row.nonce, card: card)
            let isProven = device.map { statement.refusal(of: proof, by: $0) == nil } ?? false
            // The same request again: the nonce stays where it was, for nothing is left to prove.
            guard row.state.isUsable else {
                return isProven && row.state == .withdrawn ? nil : .cardOver
            }
            guard isProven else { return .proofRefused }
            let file = CarrierFile(register)
            guard let carrier = try file.carrier(row.carrier, in: session) else {
                return .cardUnknown
            }
            try file.set(
                carrier,
                to: .withdrawn,
                reason: "deleted by its phone",
                by: user,
                in: session
            )
            try AuditLog(register).record(
                "virtual.delete",
                "carrier/\(row.carrier)",
                by: user,
                in: session
            )
            return nil
        }
    }

    private static var damaged: RegisterError {
        RegisterError(
            .damaged,
            "Ключ устройства изменён в обход программы. Привяжите устройство заново.",
            "A device key was changed behind the program's back. Enrol the device anew."
        )
    }
}

/// A virtual card with its carrier and its member, as far as renewals ask.
private struct CardRow {
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

    /// Nil when there is no such card, or it is another app's.
    init?(
        _ card: String,
        _ app: Int64,
        at now: Instant,
        in session: any DatabaseSession
    ) throws {
        let day = Int64(now.moscowDate.day)
        let found = try session.first(
            """
            SELECT v.device, v.nonce, v.renewed_at, c.id, c.state, c.number, c.list, c.idx,
                c.expires_at, CASE WHEN m.state = 'active' AND \(TicketHolder.consents(on: day))
                THEN 1 ELSE 0 END
            FROM virtual_card v JOIN carrier c ON c.id = v.carrier_id
            LEFT JOIN member m ON m.id = c.member_id WHERE v.id = $1 AND v.client = $2
            """,
            [.text(card), .integer(app)]
        ) { try CardRow(card, row: $0) }
        guard let found else { return nil }
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
}
