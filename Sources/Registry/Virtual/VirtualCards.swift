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
    ///
    /// - Parameters:
    ///   - card: The card's name.
    ///   - app: The client that enrolled it.
    ///   - scope: The part of the union the client may touch.
    /// - Returns: Its standing; of a card whose member is elsewhere nothing but that there is none.
    /// - Throws: ``RegisterError`` when the register cannot work.
    public func show(
        _ card: String,
        app: Int64,
        scope: OrganisationCode
    ) throws -> Result<Standing, VirtualRefusal> {
        try register.read { session in
            let asker = CardRow.Asker(app: app, scope: scope)
            let row = try CardRow(card, asker, .init(at: register.now()), in: session)
            guard let row else { return .failure(.cardUnknown) }
            let terms = try VirtualTerms(session)
            let state: String
            switch row.refusal(at: register.now(), terms) {
            case nil: state = "active"
            // A membership that is suspended ends no card.
            case .cardSuspended, .notEntitled: state = "suspended"
            default: state = "over"
            }
            return .success(
                Standing(
                    id: card,
                    state: state,
                    expiresAt: row.expiresAt,
                    renewAfter: terms.renewAfter(at: row.renewedAt, until: row.expiresAt),
                    nonce: row.nonce
                )
            )
        }
    }

    /// Renews a card: a fresh payload for a proof by its phone's key.
    ///
    /// Proof and signature are made beside the transaction, which only moves the card from one nonce to
    /// the next, so that a proof is good once; renewals that come at the same time share it. The call
    /// returns after the commit.
    ///
    /// - Parameters:
    ///   - card: The card's name.
    ///   - proof: ``DeviceStatement/renewal(nonce:card:)`` by its key.
    ///   - app: The client that enrolled it.
    ///   - scope: The part of the union the client may touch.
    ///   - retry: What the client drew for this request; sent again within a day with a proof by this
    ///     key over the nonce of then or of now, it gives the first answer.
    ///   - secrets: The opened keys, of which `virtual` signs.
    /// - Returns: The card as it is from now on, or why it is not renewed.
    /// - Throws: ``RegisterError`` when the register cannot work or sign, or too many wait.
    public func renew(
        _ card: String,
        proof: [UInt8],
        app: Int64,
        scope: OrganisationCode,
        retry: String? = nil,
        secrets: SigningSecrets
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        try line.renew(
            RenewalRequest(
                card: card,
                proof: proof,
                asker: CardRow.Asker(app: app, scope: scope),
                retry: retry,
                secrets: secrets
            )
        )
    }

    /// The same, without a thread that waits.
    public func renew(
        _ card: String,
        proof: [UInt8],
        app: Int64,
        scope: OrganisationCode,
        retry: String? = nil,
        secrets: SigningSecrets
    ) async throws -> Result<VirtualCard, VirtualRefusal> {
        try await line.renew(
            RenewalRequest(
                card: card,
                proof: proof,
                asker: CardRow.Asker(app: app, scope: scope),
                retry: retry,
                secrets: secrets
            )
        )
    }

    /// Ends a card for good, as its phone asks; the same request again changes nothing.
    ///
    /// - Parameters:
    ///   - card: The card's name.
    ///   - proof: ``DeviceStatement/deletion(nonce:card:)`` by its key.
    ///   - app: The client that enrolled it.
    ///   - user: Who the client acts as; outside its scope no card exists.
    /// - Returns: Why it was not deleted, or nil.
    /// - Throws: ``RegisterError`` when the register cannot work.
    public func delete(
        _ card: String,
        proof: [UInt8],
        app: Int64,
        as user: SignedInUser
    ) throws -> VirtualRefusal? {
        try register.write { session in
            let question = CardRow.Question(at: register.now())
            let asker = CardRow.Asker(app: app, scope: user.scope)
            guard let row = try CardRow(card, asker, question, in: session) else {
                return .cardUnknown
            }
            let device = row.device(register)
            // Of somebody who was erased no key is left.
            guard device != nil || !row.state.isUsable else { throw CardRow.damaged }
            let statement = DeviceStatement.deletion(nonce: row.nonce, card: card)
            let isProven = device.map { statement.refusal(of: proof, by: $0) == nil } ?? false
            // The same request again: the nonce stays where it was, for nothing is left to prove.
            guard row.state.isUsable else {
                return isProven && row.state == .withdrawn ? nil : .cardOver
            }
            guard isProven else { return .proofRefused }
            // Whoever holds a suspended phone must not clear the way for another one.
            guard row.state != .suspended else { return .cardSuspended }
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
}
