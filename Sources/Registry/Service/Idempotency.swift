import TicketSeal
import UnionTicket

/// Lets a request that is sent twice have its effect once.
///
/// The first answer is kept for ``life`` in the transaction of the effect, sealed at rest: it may hold
/// what only the sender may read.
public struct Idempotency: Sendable {
    let register: Register

    /// The keys of this register.
    public init(_ register: Register) { self.register = register }

    /// How long an answer is kept, seconds.
    public static let life: Int64 = 24 * 3600

    /// What a request came to.
    public enum Outcome: Sendable, Equatable {
        /// The effect happened now, and this is the answer.
        case first([UInt8])
        /// The effect happened before; the answer of then.
        case again([UInt8])
        /// The key was used for another body.
        case anotherBody
    }

    /// Runs `effect` unless the same request had it before.
    ///
    /// Whatever operations of the register `effect` calls are in one transaction with the kept answer
    /// (``Register/together(_:)``). When it throws, nothing is kept: a refusal may be tried again. To
    /// keep an effect with a refusal (a spent code), return the refusal as answer.
    ///
    /// - Parameters:
    ///   - scope: Client or enrolment, and route; keys of different scopes never meet.
    ///   - key: What the sender drew, 1 to 128 bytes.
    ///   - body: What must be equal for the request to be the same; without proofs, which are random.
    ///   - effect: Makes the answer, as bytes that only the caller understands.
    /// - Returns: The answer, or that the key was used for another body.
    /// - Throws: What `effect` throws, or the store's failure; then nothing is kept.
    public func once(
        scope: String,
        key: String,
        body: [UInt8],
        _ effect: () throws -> [UInt8]
    ) throws -> Outcome {
        try register.together { try after(scope: scope, key: key, body: body, effect) }
    }

    /// The same for an effect that cannot be one transaction (it signs files, begins long work, or
    /// keeps count of what it refuses): its answer is kept right after it.
    ///
    /// Where the process ends in between, the request is judged anew; the effect itself is one that
    /// does not happen twice.
    ///
    /// - Parameters: As of ``once(scope:key:body:_:)``.
    /// - Returns: The answer, or that the key was used for another body.
    /// - Throws: What `effect` throws, or the store's failure.
    public func after(
        scope: String,
        key: String,
        body: [UInt8],
        _ effect: () throws -> [UInt8]
    ) throws -> Outcome {
        let hash = tag("idempotency-key", scope, Array(key.utf8))
        let bodyHash = tag("idempotency-body", scope, body)
        if let known = try answer(scope, hash) {
            guard known.bodyHash == bodyHash else { return .anotherBody }
            return .again(try open(known.sealed, hash))
        }
        let answer = try effect()
        try keep(answer, scope, hash, bodyHash)
        return .first(answer)
    }

    /// Forgets answers past their time; called now and then.
    ///
    /// - Returns: How many were forgotten.
    @discardableResult
    public func forgetOld() throws -> Int {
        try register.write { session in
            try session.execute(
                "DELETE FROM idempotency_key WHERE at <= $1",
                [.integer(register.now().seconds - Self.life)]
            )
        }
    }

    /// The card that a renewal gave before for the same key, and the nonce it was proven with, or nil.
    ///
    /// Whoever is told of it proves that the phone asks: a key alone is no secret.
    func renewal(
        _ card: String,
        key: String,
        in session: any DatabaseSession
    ) throws -> (card: VirtualCard, nonce: [UInt8])? {
        let scope = Self.renewals(card)
        let hash = tag("idempotency-key", scope, Array(key.utf8))
        guard let known = try answer(scope, hash, in: session) else { return nil }
        let kept = try open(known.sealed, hash)
        return VirtualCard(kept: kept.dropFirst(32), id: card).map { ($0, Array(kept.prefix(32))) }
    }

    /// Keeps what a renewal gave and what it was proven with, in the transaction that the caller is in.
    func keep(_ card: VirtualCard, provenWith nonce: [UInt8], key: String) throws {
        let scope = Self.renewals(card.id)
        let hash = tag("idempotency-key", scope, Array(key.utf8))
        // A renewal is asked for by a proof alone, which is no part of the comparison.
        try keep(nonce + card.kept, scope, hash, tag("idempotency-body", scope, []))
    }

    private static func renewals(_ card: String) -> String { "virtual-card/\(card) renew" }

    private func answer(
        _ scope: String,
        _ hash: [UInt8]
    ) throws -> (bodyHash: [UInt8], sealed: [UInt8])? {
        try register.read { try answer(scope, hash, in: $0) }
    }

    private func answer(
        _ scope: String,
        _ hash: [UInt8],
        in session: any DatabaseSession
    ) throws -> (bodyHash: [UInt8], sealed: [UInt8])? {
        try session.first(
            """
            SELECT body_hash, sealed FROM idempotency_key
            WHERE scope = $1 AND key_hash = $2 AND at > $3
            """,
            [.text(scope), .blob(hash), .integer(register.now().seconds - Self.life)]
        ) { ($0.blob(0), $0.blob(1)) }
    }

    private func keep(
        _ answer: [UInt8],
        _ scope: String,
        _ hash: [UInt8],
        _ bodyHash: [UInt8]
    ) throws {
        let sealed = try register.secrets.answers.seal(answer, for: hash)
        try register.write { session in
            try session.execute(
                """
                INSERT INTO idempotency_key (scope, key_hash, at, body_hash, sealed)
                VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (scope, key_hash) DO UPDATE SET at = excluded.at,
                    body_hash = excluded.body_hash, sealed = excluded.sealed
                """,
                [
                    .text(scope), .blob(hash), .integer(register.now().seconds), .blob(bodyHash),
                    .blob(sealed),
                ]
            )
        }
    }

    private func open(_ sealed: [UInt8], _ hash: [UInt8]) throws -> [UInt8] {
        do { return try register.secrets.answers.open(sealed, for: hash) } catch {
            throw RegisterError(
                .damaged,
                "Сохранённый ответ не открывается главным ключом. Повторите с новым ключом "
                    + "Idempotency-Key.",
                "A kept answer does not open with the master key. Repeat with a new "
                    + "Idempotency-Key."
            )
        }
    }

    private func tag(_ use: String, _ scope: String, _ bytes: [UInt8]) -> [UInt8] {
        let head = Array(use.utf8) + [0] + Array(scope.utf8) + [0]
        return register.secrets.service.bytes(head + bytes)
    }
}

extension Register {
    /// A keyed hash of 32 bytes for what the service hands out and gets back, cursors for one.
    ///
    /// - Parameters:
    ///   - bytes: What is vouched for.
    ///   - use: What for; hashes of different uses never meet.
    /// - Returns: 32 bytes.
    public func serviceTag(_ bytes: [UInt8], for use: String) -> [UInt8] {
        secrets.service.bytes(Array("tag/\(use)".utf8) + [0] + bytes)
    }
}
