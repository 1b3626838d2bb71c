import CSQLite
import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// How a register's file is opened.
struct SQLiteOptions: Sendable {
    /// Open for reading only; the file must exist.
    var readOnly = false
    /// How long to wait for another process's transaction, in seconds.
    var busySeconds = 5.0
    /// Overwrite deleted content with zeros: what was erased is not to be read from the file.
    var secureDelete = false
    /// Page cache of each connection, in mebibytes.
    var cacheMegabytes = 80
    /// Bytes a page for a new file; with 8 KiB an import takes a tenth less than with 4.
    var pageSize = 8_192
    /// How many snapshots may be read at the same time.
    var readers = 5
}

/// A register in one SQLite file in WAL mode: one writer, and readers on snapshots beside it.
///
/// Calls on one thread must not be nested, except a write inside a read's closure.
final class SQLiteDatabase: Database {
    let engine = DatabaseEngine.sqlite
    /// Where the file is.
    let path: String
    private let pool: DatabasePool
    private let options: SQLiteOptions
    /// By connection; a closed connection's address is not used again while it has statements.
    private let statements = Mutex<[UInt: SQLiteStatements]>([:])
    /// Folds the journal in; nil while transactions do it as they go.
    private let folder = Mutex<Folder?>(nil)

    private struct Folder {
        let queue: DatabaseQueue
        /// From when on the journal may be begun anew, for which writers wait.
        var restarts = ContinuousClock.now
    }

    /// Set up once a process, before the first connection.
    private static let isConfigured = csqlite_configure() == SQLITE_OK

    /// Opens the file, and makes it with mode 0600 unless `readOnly`.
    init(path: String, options: SQLiteOptions = SQLiteOptions()) throws {
        self.path = path
        self.options = options
        _ = Self.isConfigured
        try SQLiteFile.prepare(path, readOnly: options.readOnly)
        pool = try DatabaseError.translating {
            try DatabasePool(path: path, configuration: Self.configuration(options))
        }
        guard !options.readOnly else { return }
        try DatabaseError.translating {
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
    }

    deinit { close() }

    /// Waits for what is running and closes all connections; the journal is folded into the file.
    func close() {
        folder.withLock { folder in
            try? folder?.queue.close()
            folder = nil
        }
        try? pool.barrierWriteWithoutTransaction { _ in
            statements.withLock { table in
                for cache in table.values { cache.finalize() }
                table = [:]
            }
        }
        // Readers first: only a writer that closes last can fold the journal in.
        pool.invalidateReadOnlyConnections()
        try? pool.close()
    }

    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try DatabaseError.translating {
            try pool.read { db in try body(session(db)) }
        }
    }

    @discardableResult
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        guard !options.readOnly else {
            throw DatabaseError(.readOnly, reason: "the register is open for reading only")
        }
        return try DatabaseError.translating {
            try pool.write { db in
                let session = try session(db)
                defer { session.end() }
                let result = try body(session)
                if let failure = session.failure { throw failure }
                return result
            }
        } writeError: {
            Self.writeError(of: pool)
        }
    }

    private static func writeError(of writer: some DatabaseWriter) -> Int32 {
        writer.writeWithoutTransaction { db in
            unsafe db.sqliteConnection.map { unsafe csqlite_write_errno($0) } ?? 0
        }
    }

    @discardableResult
    func alone<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        guard try leaveJournal() else { return try write(body) }
        // Should it fail, whoever opens the register next goes back to the journal.
        defer { _ = try? setJournal("WAL") }
        return try write(body)
    }

    /// Has changes written into the file itself, with what was there before kept beside it, instead of
    /// into a journal from which they are copied afterwards.
    ///
    /// - Returns: False when somebody else has the register open; then everything is as before.
    private func leaveJournal() throws -> Bool {
        guard !options.readOnly else { return false }
        return try DatabaseError.translating {
            // A connection is not closed before its statements are.
            try pool.barrierWriteWithoutTransaction { db in
                let writer = unsafe db.sqliteConnection.map { UInt(bitPattern: $0) }
                statements.withLock { table in
                    for (key, cache) in table where key != writer { cache.finalize() }
                    table = table.filter { $0.key == writer }
                }
            }
            pool.invalidateReadOnlyConnections()
            return try setJournal("DELETE")
        } writeError: {
            // What the journal held is folded in first.
            Self.writeError(of: pool)
        }
    }

    /// Whether the mode was taken; nobody is waited for.
    @discardableResult
    private func setJournal(_ mode: String) throws -> Bool {
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            defer {
                let milliseconds = Int(options.busySeconds * 1000)
                try? db.execute(sql: "PRAGMA busy_timeout = \(milliseconds)")
            }
            do {
                let taken = try String.fetchOne(db, sql: "PRAGMA journal_mode = \(mode)")
                return taken?.uppercased() == mode
            } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_BUSY {
                return false
            }
        }
    }

    @discardableResult
    func exclusively<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try write(body)
    }

    /// Pages after which the journal is begun anew; under load no moment comes by itself in which all
    /// of it is folded in and nobody reads it.
    private static let enough = 4_096
    /// Pages at which a transaction folds it in all the same: nobody seems to be at it.
    private static let tooMany = 32_768

    /// Folds the journal in on a connection of its own: a transaction that does it, as SQLite has it by
    /// default at every thousandth page, keeps everybody waiting for two flushes of the disk.
    func foldJournal() throws {
        try DatabaseError.translating {
            let (queue, mayRestart) = try folder.withLock { folder in
                if folder == nil { folder = Folder(queue: try openFolder()) }
                return (folder?.queue, folder.map { $0.restarts <= .now } ?? false)
            }
            guard let queue else { return }
            do {
                try queue.writeWithoutTransaction { db in
                    let pages = try db.checkpoint(.passive).walFrameCount
                    // Hardly anything is left to fold in while writers wait.
                    if pages >= Self.enough, mayRestart { try db.checkpoint(.restart) }
                }
            } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_BUSY {
                // Somebody else is at it, or reads for long; writers are not to wait for that often.
                folder.withLock { $0?.restarts = .now + .seconds(2) }
            }
        }
    }

    func emptyJournal() throws -> Bool {
        do {
            return try DatabaseError.translating {
                try pool.writeWithoutTransaction { db in
                    _ = try db.checkpoint(.truncate)
                    return true
                }
            }
        } catch let failure as DatabaseError where failure.code == .busy { return false }
    }

    private func openFolder() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "register journal"
        configuration.busyMode = .timeout(0.01)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try pool.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.tooMany)")
        }
        return queue
    }

    /// Copies the register as it is now to a new file; writers go on meanwhile.
    func backup(to path: String) throws {
        try SQLiteFile.create(path)
        let copy = try DatabaseError.translating { try DatabaseQueue(path: path) }
        try DatabaseError.translating {
            try pool.backup(to: copy)
            try copy.close()
        } writeError: {
            Self.writeError(of: copy)
        }
    }

    /// Reads every page and index; what is wrong, or nothing.
    func integrityCheck() throws -> [String] {
        try read { session in
            try session.all("PRAGMA integrity_check") { $0.text(0) }.filter { $0 != "ok" }
        }
    }

    /// How many rows of which table point nowhere, or nothing.
    func foreignKeyCheck() throws -> [String] {
        let sql = """
            SELECT "table", parent, count(*) FROM pragma_foreign_key_check
            GROUP BY "table", parent ORDER BY "table", parent
            """
        return try read { session in
            try session.all(sql) { "\($0.text(0)) → \($0.text(1)): \($0.integer(2))" }
        }
    }

    private func session(_ db: GRDB.Database) throws -> SQLiteSession {
        guard let connection = unsafe db.sqliteConnection else {
            throw DatabaseError(.unavailable, reason: "the register is closed")
        }
        let key = UInt(bitPattern: connection)
        let cache = statements.withLock { table in
            if let known = table[key] { return known }
            let fresh = SQLiteStatements()
            table[key] = fresh
            return fresh
        }
        return unsafe SQLiteSession(connection, cache)
    }

    private static func configuration(_ options: SQLiteOptions) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = options.readOnly
        configuration.busyMode = .timeout(options.busySeconds)
        configuration.maximumReaderCount = options.readers
        configuration.label = "register"
        configuration.prepareDatabase { db in
            if !options.readOnly {
                try db.execute(sql: "PRAGMA page_size = \(options.pageSize)")
            }
            try db.execute(
                sql: """
                    PRAGMA cache_size = \(-1024 * options.cacheMegabytes);
                    PRAGMA temp_store = FILE;
                    PRAGMA secure_delete = \(options.secureDelete ? "ON" : "OFF");
                    """
            )
        }
        return configuration
    }
}
