import GRDB
import GRDBSQLite
import Glibc

/// The register in one SQLite file: WAL, one writer, foreign keys and checks on.
final class SQLiteDatabase: Database {
    let engine = DatabaseEngine.sqlite
    /// Path of the file.
    let path: String
    private let pool: DatabasePool

    /// Opens or creates the file with mode 0600.
    ///
    /// - Parameters:
    ///   - cacheMegabytes: Page cache of the writer.
    ///   - busySeconds: How long a writer waits for another process.
    init(path: String, cacheMegabytes: Int = 64, busySeconds: Double = 5) throws {
        self.path = path
        let isNew = unsafe access(path, F_OK) != 0
        if isNew {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw DatabaseError(
                    errno == ENOSPC ? .full : .readOnly, reason: "cannot create the file")
            }
            Glibc.close(descriptor)
        } else if unsafe access(path, W_OK) != 0 {
            throw DatabaseError(.readOnly, reason: "the file is not writable")
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(busySeconds)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA synchronous = FULL;
                    PRAGMA cache_size = -\(cacheMegabytes * 1024);
                    PRAGMA temp_store = FILE;
                    PRAGMA secure_delete = FAST;
                    PRAGMA journal_size_limit = 67108864;
                    """)
        }
        do { pool = try DatabasePool(path: path, configuration: configuration) } catch {
            throw Self.failure(error)
        }
    }

    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        do {
            return try pool.read { try self.inside($0, body) }
        } catch { throw Self.failure(error) }
    }

    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        do {
            return try pool.writeWithoutTransaction { database in
                var result: Result?
                try database.inTransaction(.immediate) {
                    result = try self.inside(database, body)
                    return .commit
                }
                guard let result else { throw DatabaseError(.misuse, reason: "no result") }
                return result
            }
        } catch { throw Self.failure(error) }
    }

    /// Copies a consistent snapshot to a new file while others go on working.
    func backup(to path: String) throws {
        do {
            let copy = try DatabaseQueue(path: path)
            try pool.backup(to: copy)
            try copy.close()
        } catch { throw Self.failure(error) }
    }

    /// Folds the write-ahead log into the file and closes it.
    func close() throws {
        do {
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try pool.close()
        } catch { throw Self.failure(error) }
    }

    /// What `integrity_check` and `foreign_key_check` complain of; empty when sound.
    func complaints() throws -> [String] {
        try read { session in
            let integrity = try session.all("PRAGMA integrity_check", []) { $0.text(0) }
            let foreign = try session.all("PRAGMA foreign_key_check", []) {
                "foreign key of \($0.text(0)), row \($0.integer(1))"
            }
            return integrity.filter { $0 != "ok" } + foreign
        }
    }

    private func inside<Result>(
        _ database: GRDB.Database, _ body: (any DatabaseSession) throws -> Result
    ) throws -> Result {
        guard let connection = unsafe database.sqliteConnection else {
            throw DatabaseError(.misuse, reason: "closed connection")
        }
        let session = unsafe SQLiteSession(connection)
        defer { session.finish() }
        return try body(session)
    }

    /// The same failure in our words; errors of other kinds pass through.
    static func failure(_ error: any Error) -> any Error {
        guard let failure = error as? GRDB.DatabaseError else { return error }
        return SQLiteSession.failure(
            Int32(failure.extendedResultCode.rawValue), failure.message ?? "SQLite")
    }
}
