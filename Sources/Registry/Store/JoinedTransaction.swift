/// The transaction that the calls of one thread share while ``Register/together(_:)`` runs.
///
/// `@unchecked Sendable` because a session never leaves the thread that runs its transaction: the
/// value is bound inside the transaction's closure and gone when it ends.
final class JoinedTransaction: @unchecked Sendable {
    @TaskLocal static var current: JoinedTransaction?

    let register: Register
    private let session: any DatabaseSession
    private var depth = 0

    init(_ register: Register, _ session: any DatabaseSession) {
        (self.register, self.session) = (register, session)
    }

    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try body(session)
    }

    /// Runs `body` behind a savepoint: what it did is undone when it throws, the rest stays.
    ///
    /// A statement that failed still spoils the whole transaction (see ``DatabaseSession``).
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        depth += 1
        defer { depth -= 1 }
        let savepoint = "joined_\(depth)"
        try session.execute("SAVEPOINT \(savepoint)")
        do {
            let result = try body(session)
            try session.execute("RELEASE SAVEPOINT \(savepoint)")
            return result
        } catch {
            _ = try? session.execute("ROLLBACK TO SAVEPOINT \(savepoint)")
            _ = try? session.execute("RELEASE SAVEPOINT \(savepoint)")
            throw error
        }
    }
}

extension Register {
    /// Runs `body` so that every operation of this register in it shares one transaction: all of it
    /// is committed when `body` returns, nothing when it throws.
    ///
    /// An operation that throws inside and is caught there leaves nothing of itself behind. On
    /// PostgreSQL `body` may run again after a serialisation failure, so it must have no effects
    /// elsewhere. Nested calls join the outer one.
    ///
    /// - Throws: What `body` throws, or the store's failure as ``RegisterError``.
    public func together<Result>(_ body: () throws -> Result) throws -> Result {
        try write { session in
            guard JoinedTransaction.current?.register !== self else { return try body() }
            let joined = JoinedTransaction(self, session)
            return try JoinedTransaction.$current.withValue(joined) { try body() }
        }
    }
}
