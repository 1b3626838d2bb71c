import TicketSeal
import UnionTicket

/// What is done for renewals, step by step; ``RenewalLine`` says for how many at a time.
struct RenewalWork: Sendable {
    private let register: Register

    init(_ register: Register) { self.register = register }

    /// How a card stands, and what its phone got for the same request before.
    struct Found: Sendable {
        let row: CardRow
        let known: (card: VirtualCard, nonce: [UInt8])?
    }

    /// What holds for all requests of a batch.
    struct Terms: Sendable {
        let at: Instant
        let terms: VirtualTerms
        /// The key that signs, or why there is none: only who is not refused needs to know.
        let signer: Result<VirtualSigner, any Error>
    }

    /// What a request came to before its transaction.
    enum Proven: Sendable {
        case fresh(Renewal)
        case known(VirtualCard)
        case refused(VirtualRefusal)
    }

    /// How the cards of these requests stand, all in one snapshot; nil for a card that is none.
    func find(_ requests: [RenewalRequest]) throws -> ([Result<Found?, any Error>], Terms) {
        try register.read { session in
            try register.requireReclaimed(session)
            let now = register.now()
            let terms = try VirtualTerms(session)
            let question = CardRow.Question(at: now)
            let found = requests.map { request in
                Register.outcome { () throws -> Found? in
                    let row = try CardRow(request.card, request.asker, question, in: session)
                    guard let row else { return nil }
                    return Found(row: row, known: try known(request, in: session))
                }
            }
            let signer = Register.outcome {
                // One process opened them once for all.
                let (key, stored) = try KeyRing(register)
                    .active(.virtual, secrets: requests[0].secrets, in: session)
                return VirtualSigner(key: key, longest: stored.longestExpiry, terms: terms)
            }
            return (found, Terms(at: now, terms: terms, signer: signer))
        }
    }

    /// Judges the proof and signs; touches nothing of the register.
    func prove(_ request: RenewalRequest, _ found: Found?, _ terms: Terms) throws -> Proven {
        guard let found else { return .refused(.cardUnknown) }
        let (row, now) = (found.row, terms.at)
        if let refusal = row.refusal(at: now, terms.terms) { return .refused(refusal) }
        guard let device = row.device(register) else { throw CardRow.damaged }
        func proves(_ nonce: [UInt8]) -> Bool {
            DeviceStatement.renewal(nonce: nonce, card: request.card)
                .refusal(of: request.proof, by: device) == nil
        }
        if let known = found.known {
            let isProven = proves(known.nonce) || proves(row.nonce)
            return isProven ? .known(known.card) : .refused(.proofRefused)
        }
        guard proves(row.nonce) else { return .refused(.proofRefused) }
        let signed = try terms.signer.get().sign(row.number, row.coordinate, device, at: now)
        let renewed = VirtualCard(
            id: request.card,
            payload: signed.payload,
            expiresAt: signed.expiresAt,
            renewAfter: terms.terms.renewAfter(at: now, until: signed.expiresAt),
            nonce: SecureRandom.bytes(32)
        )
        return .fresh(
            Renewal(
                card: renewed,
                retry: request.retry,
                carrier: row.carrier,
                nonce: row.nonce,
                at: now,
                kid: signed.kid,
                sealed: try register.secrets.payloads.seal(
                    signed.payload,
                    for: TicketIssuance.binding(row.coordinate)
                )
            )
        )
    }

    /// Commits renewals in one transaction.
    ///
    /// - Returns: For each whether it stands; false when its card has moved on meanwhile: renewed with
    ///   the same proof, or blocked.
    func commit(_ renewals: [Renewal]) throws -> [Bool] {
        try register.together {
            try register.write { session in
                try renewals.map { try apply($0, in: session) }
            }
        }
    }

    /// What a request gets whose card had moved on: the same one may have come twice at once.
    func again(
        _ request: RenewalRequest,
        _ renewal: Renewal
    ) throws -> Result<VirtualCard, VirtualRefusal> {
        let first = try register.read { try known(request, in: $0) }
        guard let known = first, known.nonce == renewal.nonce else {
            return .failure(.proofRefused)
        }
        return .success(known.card)
    }

    private func known(
        _ request: RenewalRequest,
        in session: any DatabaseSession
    ) throws -> (card: VirtualCard, nonce: [UInt8])? {
        guard let retry = request.retry else { return nil }
        return try Idempotency(register).renewal(request.card, key: retry, in: session)
    }

    private func apply(_ renewal: Renewal, in session: any DatabaseSession) throws -> Bool {
        // A block between proof and commit wins.
        let moved = try session.execute(
            """
            UPDATE virtual_card SET nonce = $1, renewed_at = $2, renewals = renewals + 1
            WHERE id = $3 AND nonce = $4
                AND EXISTS (SELECT 1 FROM carrier WHERE id = $5 AND state = 'active')
            """,
            [
                .blob(renewal.card.nonce), .integer(renewal.at.seconds), .text(renewal.card.id),
                .blob(renewal.nonce), .integer(renewal.carrier),
            ]
        )
        guard moved == 1 else { return false }
        try session.execute(
            "UPDATE carrier SET payload = $1, expires_at = $2, kid = $3 WHERE id = $4",
            [
                .blob(renewal.sealed), .integer(renewal.card.expiresAt.seconds),
                .blob(renewal.kid), .integer(renewal.carrier),
            ]
        )
        if let retry = renewal.retry {
            try Idempotency(register)
                .keep(renewal.card, provenWith: renewal.nonce, key: retry)
        }
        return true
    }
}
