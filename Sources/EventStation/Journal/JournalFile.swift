import CSQLite
import Glibc
import Synchronization
import TicketSeal
public import UnionTicket

/// A station's own journal on its disk: one SQLite file that only grows.
///
/// An entry that ``append(_:)`` returned from is on the disk: it survives a loss of power. Other
/// stations' entries are kept beside it, verified.
public final class JournalFile: Sendable {
    /// What the disk or the file refused.
    public struct Failure: Error, Equatable, Sendable {
        /// SQLite's primary result code.
        public let code: Int32
        /// What was to be done.
        public let action: String

        /// What happened and what to do.
        public var message: Bilingual {
            switch code {
            case SQLITE_FULL:
                Bilingual(
                    "Журнал станции: нет места на диске. Освободите место.",
                    "The station's journal: the disk is full. Free some space."
                )
            case SQLITE_BUSY, SQLITE_LOCKED:
                Bilingual(
                    "Журнал станции занят другой программой: станция уже запущена?",
                    "Another program holds the station's journal: is the station running already?"
                )
            case SQLITE_CORRUPT, SQLITE_NOTADB:
                Bilingual(
                    "Журнал станции повреждён. Не удаляйте файл: передайте его в штаб.",
                    "The station's journal is damaged. Keep the file and take it to headquarters."
                )
            default:
                Bilingual(
                    "Журнал станции не записывается (\(action), код \(code)). Проверьте диск и права.",
                    "The station's journal fails (\(action), code \(code)). Check disk and rights."
                )
            }
        }
    }

    /// Where the file is.
    public let path: String
    private let connection: Mutex<Connection>

    /// Opens the journal, and makes it with mode 0600 where there is none.
    public init(path: String) throws(Failure) {
        self.path = path
        connection = Mutex(try Connection(path))
    }

    /// Makes an entry durable.
    ///
    /// - Throws: ``Failure``: nothing was kept then.
    public func append(_ entry: SignedEntry) throws(Failure) {
        try connection.withLock { (connection) throws(Failure) in
            try connection.insert([entry])
        }
    }

    /// Makes other stations' entries durable, all or none.
    public func append(_ entries: [SignedEntry]) throws(Failure) {
        try connection.withLock { (connection) throws(Failure) in
            try connection.insert(entries)
        }
    }

    /// All entries, by station and count.
    ///
    /// - Throws: ``Failure``; `SQLITE_CORRUPT` also for a row that is no entry.
    public func entries() throws(Failure) -> [SignedEntry] {
        try connection.withLock { (connection) throws(Failure) in try connection.all() }
    }
}

/// One SQLite connection; used under the journal's lock only.
@safe private struct Connection: ~Copyable {
    private let handle: OpaquePointer
    private let insertion: OpaquePointer

    init(_ path: String) throws(JournalFile.Failure) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let before = umask(0o077)
        let code = unsafe sqlite3_open_v2(path, &handle, flags, nil)
        umask(before)
        guard code == SQLITE_OK, let opened = unsafe handle else {
            unsafe sqlite3_close(handle)
            throw JournalFile.Failure(code: code & 0xFF, action: "open")
        }
        unsafe sqlite3_busy_timeout(opened, 2_000)
        do throws(JournalFile.Failure) {
            try unsafe Self.run(Self.schema, opened)
            unsafe insertion = try Self.prepare(
                "INSERT INTO entry (station, sequence, bytes, hash, signature) VALUES (?, ?, ?, ?, ?)",
                opened
            )
        } catch {
            unsafe sqlite3_close(opened)
            throw error
        }
        unsafe self.handle = opened
    }

    deinit {
        unsafe sqlite3_finalize(insertion)
        unsafe sqlite3_close(handle)
    }

    /// Rows are never changed: the file itself refuses.
    private static let schema = """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS entry (
            station TEXT NOT NULL, sequence INTEGER NOT NULL CHECK (sequence > 0),
            bytes BLOB NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL,
            PRIMARY KEY (station, sequence)) STRICT, WITHOUT ROWID;
        CREATE TRIGGER IF NOT EXISTS entry_no_change BEFORE UPDATE ON entry
            BEGIN SELECT RAISE(ABORT, 'journals only grow'); END;
        CREATE TRIGGER IF NOT EXISTS entry_no_deletion BEFORE DELETE ON entry
            BEGIN SELECT RAISE(ABORT, 'journals only grow'); END;
        """

    func insert(_ entries: [SignedEntry]) throws(JournalFile.Failure) {
        try unsafe Self.run("BEGIN IMMEDIATE", handle)
        do throws(JournalFile.Failure) {
            for entry in entries { try insert(entry) }
            try unsafe Self.run("COMMIT", handle)
        } catch {
            unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    private func insert(_ entry: SignedEntry) throws(JournalFile.Failure) {
        let name = Array(entry.entry.station.utf8)
        let count = Int64(clamping: entry.entry.sequence)
        // The bytes outlive the step; SQLite copies nothing.
        let code = unsafe name.withUnsafeBytes { name in
            unsafe entry.bytes.withUnsafeBytes { bytes in
                unsafe entry.hash.withUnsafeBytes { hash in
                    unsafe entry.signature.withUnsafeBytes { signature in
                        let text = unsafe name.bindMemory(to: CChar.self).baseAddress
                        unsafe sqlite3_bind_text(insertion, 1, text, Int32(name.count), nil)
                        unsafe sqlite3_bind_int64(insertion, 2, count)
                        unsafe Self.bind(bytes, 3, insertion)
                        unsafe Self.bind(hash, 4, insertion)
                        unsafe Self.bind(signature, 5, insertion)
                        return unsafe sqlite3_step(insertion)
                    }
                }
            }
        }
        unsafe sqlite3_reset(insertion)
        guard code == SQLITE_DONE else {
            throw JournalFile.Failure(code: code & 0xFF, action: "append")
        }
    }

    private static func bind(
        _ bytes: UnsafeRawBufferPointer,
        _ place: Int32,
        _ statement: OpaquePointer
    ) {
        unsafe sqlite3_bind_blob(statement, place, bytes.baseAddress, Int32(bytes.count), nil)
    }

    func all() throws(JournalFile.Failure) -> [SignedEntry] {
        let statement = try unsafe Self.prepare(
            "SELECT bytes, hash, signature FROM entry ORDER BY station, sequence",
            handle
        )
        defer { unsafe sqlite3_finalize(statement) }
        var entries: [SignedEntry] = []
        var code = unsafe sqlite3_step(statement)
        while code == SQLITE_ROW {
            let blobs = (0..<3).map { unsafe Self.blob($0, statement) }
            guard let entry = SignedEntry(bytes: blobs[0], hash: blobs[1], signature: blobs[2])
            else { throw JournalFile.Failure(code: SQLITE_CORRUPT, action: "read") }
            entries.append(entry)
            code = unsafe sqlite3_step(statement)
        }
        guard code == SQLITE_DONE else {
            throw JournalFile.Failure(code: code & 0xFF, action: "read")
        }
        return entries
    }

    private static func blob(_ column: Int32, _ statement: OpaquePointer) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private static func run(
        _ sql: String,
        _ handle: OpaquePointer
    ) throws(JournalFile.Failure) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw JournalFile.Failure(code: code & 0xFF, action: "write")
        }
    }

    private static func prepare(
        _ sql: String,
        _ handle: OpaquePointer
    ) throws(JournalFile.Failure) -> OpaquePointer {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement = unsafe statement else {
            throw JournalFile.Failure(code: code & 0xFF, action: "prepare")
        }
        return unsafe statement
    }
}
