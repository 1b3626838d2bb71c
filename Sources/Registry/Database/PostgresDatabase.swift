import Glibc

/// How a register's server is used.
struct PostgresOptions: Sendable {
    /// How many connections this process may have.
    var connections = 8
    /// How long to wait for a lock or a free connection, in seconds.
    var busySeconds = 5.0
    /// How often a transaction is run before other writers win.
    var attempts = 20
}

/// A register in PostgreSQL: serialisable writes, snapshot reads, a pool of connections.
final class PostgresDatabase: Database {
    let engine = DatabaseEngine.postgres
    private let pool: PostgresPool
    private let options: PostgresOptions

    /// Connects once, so that a wrong address is known at once.
    ///
    /// - Parameters:
    ///   - conninfo: libpq's connection string or URL; may name several hosts and
    ///     `target_session_attrs`, and takes the password from libpq's own places.
    ///   - options: How many connections, how much patience.
    /// - Throws: `.unavailable` with libpq's words.
    init(_ conninfo: String, options: PostgresOptions = PostgresOptions()) throws {
        self.options = options
        pool = PostgresPool(conninfo, options)
        try read { _ in }
    }

    /// Closes the connections that nobody uses.
    func close() { pool.close() }

    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try Self.translating {
            try pool.lease("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") { connection in
                try Self.run(body, on: connection).get()
            }
        }
    }

    @discardableResult
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try Self.translating {
            try repeating {
                try pool.lease(Self.begin) { try Self.run(body, on: $0) }
            }
        }
    }

    /// The server minds its journal itself.
    func foldJournal() {}

    /// The server minds it; what it keeps of old rows goes with VACUUM.
    func emptyJournal() -> Bool { true }

    @discardableResult
    func alone<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try write(body)
    }

    @discardableResult
    func exclusively<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        // The lock comes before BEGIN: the snapshot must be taken after the others are done.
        try Self.translating {
            try pool.lease("SELECT pg_advisory_lock(\(Self.lock))") { connection in
                defer { _ = try? connection.script("SELECT pg_advisory_unlock(\(Self.lock))") }
                return try repeating {
                    try connection.script(Self.begin)
                    return try Self.run(body, on: connection)
                }
            }
        }
    }

    private static let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
    /// "ProfBile" in ASCII; any number that nobody else in the same database uses.
    private static let lock: Int64 = 0x5072_6F66_4269_6C65

    /// Runs attempts until one is not undone by other writers, with pauses that grow.
    private func repeating<Result>(_ attempt: () throws -> Attempt<Result>) throws -> Result {
        for number in 1...max(1, options.attempts) {
            let outcome: Attempt<Result>
            do {
                outcome = try attempt()
            } catch let error as PostgresFailure where error.isRepeatable {
                outcome = .undone
            }
            if case .done(let result) = outcome { return result }
            if number < options.attempts { Self.pause(before: number + 1) }
        }
        let reason = "other writers kept changing the same rows; try again later"
        throw PostgresFailure(.busy, reason)
    }

    /// Waits about 1 ms, 2 ms, 4 ms … up to 100 ms, at random so that rivals part.
    private static func pause(before attempt: Int) {
        let longest = min(100_000, 1_000 << min(attempt - 2, 10))
        usleep(UInt32.random(in: UInt32(longest / 2)...UInt32(longest)))
    }

    /// Runs `body` in the transaction that is open on `connection` and ends it.
    private static func run<Result>(
        _ body: (any DatabaseSession) throws -> Result,
        on connection: PostgresConnection
    ) throws -> Attempt<Result> {
        let session = PostgresSession(connection)
        do {
            let result = try body(session)
            if let failure = session.failure { throw failure }
            try commit(connection)
            return .done(result)
        } catch {
            _ = try? connection.script("ROLLBACK")
            if let failure = session.failure ?? error as? PostgresFailure, failure.isRepeatable {
                return .undone
            }
            throw error
        }
    }

    private static func commit(_ connection: PostgresConnection) throws {
        do {
            guard try connection.script("COMMIT") == "COMMIT" else {
                throw PostgresFailure(.misuse, "the transaction had failed and was rolled back")
            }
        } catch let error as PostgresFailure where error.error.code == .unavailable {
            let reason = "the server was lost while saving: look whether the change is there"
            throw PostgresFailure(.unavailable, "\(reason) (\(error.error.reason))")
        }
    }

    private static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as PostgresFailure {
            throw error.error
        }
    }
}

/// How one run of a transaction ended.
private enum Attempt<Result> {
    case done(Result)
    /// Other writers were in the way; nothing was changed.
    case undone

    func get() throws -> Result {
        guard case .done(let result) = self else {
            throw PostgresFailure(.busy, "the snapshot was undone by the server; try again")
        }
        return result
    }
}
