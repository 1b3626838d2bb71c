import GRDBSQLite

/// The prepared statements of one SQLite connection, kept by their text.
///
/// `@unchecked Sendable` for the reason given at `SQLiteStatement`.
final class SQLiteStatements: @unchecked Sendable {
    /// More texts than this come only from SQL built at run time; then the cache starts anew.
    private static let limit = 512
    private var statements: [String: SQLiteStatement] = [:]
    /// Those that load rows, by what is loaded: a long text need not be made to find one again.
    private var inserts: [Insert] = []

    private typealias Insert = (
        table: String, columns: [String], rows: Int, statement: SQLiteStatement
    )

    /// The statement for `sql`, prepared on first use.
    func statement(_ sql: String, on connection: OpaquePointer) throws -> SQLiteStatement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.limit { finalize() }
        let statement = try unsafe SQLiteStatement(connection, sql)
        statements[sql] = statement
        return statement
    }

    /// The statement that inserts so many rows at once.
    func insert(
        _ rows: Int,
        into table: String,
        _ columns: [String],
        on connection: OpaquePointer
    ) throws -> SQLiteStatement {
        let known = inserts.first {
            $0.rows == rows && $0.table == table && $0.columns == columns
        }
        if let known { return known.statement }
        let places = (0..<rows).map { row in
            let numbers = columns.indices.map { "$\(row * columns.count + $0 + 1)" }
            return "(\(numbers.joined(separator: ", ")))"
        }
        let names = columns.joined(separator: ", ")
        let values = places.joined(separator: ", ")
        let sql = "INSERT INTO \(table) (\(names)) VALUES \(values)"
        let statement = try unsafe statement(sql, on: connection)
        inserts.append((table, columns, rows, statement))
        return statement
    }

    /// Gives all statements back, as SQLite wants before a connection closes.
    func finalize() {
        for statement in statements.values { statement.finalize() }
        statements = [:]
        inserts = []
    }
}

/// One transaction on one SQLite connection.
@safe final class SQLiteSession: DatabaseSession {
    let engine = DatabaseEngine.sqlite
    private let connection: OpaquePointer
    private let statements: SQLiteStatements
    /// The first failure of a statement; it spoils the transaction, as it does in PostgreSQL.
    private(set) var failure: DatabaseError?
    private var isStreaming = false

    init(_ connection: OpaquePointer, _ statements: SQLiteStatements) {
        unsafe self.connection = connection
        self.statements = statements
    }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let statement = try begin(sql, arguments)
        defer { statement.reset() }
        let before = unsafe sqlite3_total_changes64(connection)
        while try step(statement) {}
        let changed = unsafe sqlite3_total_changes64(connection) != before
        return changed ? Int(unsafe sqlite3_changes64(connection)) : 0
    }

    func query(
        _ sql: String,
        _ arguments: [SQLValue],
        _ each: (any DatabaseRow) throws -> Void
    ) throws {
        let statement = try begin(sql, arguments)
        isStreaming = true
        defer {
            isStreaming = false
            statement.reset()
        }
        while try step(statement) { try each(statement) }
    }

    func load(
        _ table: String,
        _ columns: [String],
        count: Int,
        _ bind: (Int, any BulkRow) throws -> Void
    ) throws {
        // A narrow row costs SQLite less than the run of a statement, so several share one.
        let together = columns.count > Self.narrow ? 1 : Self.rowsTogether
        var index = 0
        while index < count {
            let rows = count - index < together ? 1 : together
            let end = rows == 1 ? count : count - count % rows
            try load(table, columns, index..<end, by: rows, bind)
            index = end
        }
    }

    /// At most so many columns make a narrow row.
    private static let narrow = 8
    private static let rowsTogether = 16

    /// Loads `range`, whose length is a multiple of `rows`, so many rows a statement.
    private func load(
        _ table: String,
        _ columns: [String],
        _ range: Range<Int>,
        by rows: Int,
        _ bind: (Int, any BulkRow) throws -> Void
    ) throws {
        let statement = try begin {
            try unsafe statements.insert(rows, into: table, columns, on: connection)
        }
        isStreaming = true
        defer {
            isStreaming = false
            statement.reset()
        }
        let row = SQLiteBulkRow(statement)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: rows) {
            row.begin()
            for index in first..<first + rows {
                do {
                    try bind(index, row)
                } catch {
                    _ = fail(.brokenOff)
                    throw error
                }
                let width = row.position - (index - first) * columns.count
                guard width == columns.count else {
                    throw fail(.wrongWidth(of: table, width, columns.count))
                }
            }
            _ = try step(statement)
            statement.rewind()
        }
    }

    func script(_ sql: String) throws {
        try refuseIfUnusable()
        guard unsafe sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw unsafe fail(DatabaseError(connection: connection))
        }
    }

    /// The statement for `sql`, ready to step.
    private func begin(_ sql: String, _ arguments: [SQLValue]) throws -> SQLiteStatement {
        try begin {
            let statement = try unsafe statements.statement(sql, on: connection)
            try statement.bind(arguments)
            return statement
        }
    }

    private func begin(_ find: () throws -> SQLiteStatement) throws -> SQLiteStatement {
        try refuseIfUnusable()
        do { return try find() } catch let error as DatabaseError {
            throw fail(error)
        }
    }

    private func step(_ statement: SQLiteStatement) throws -> Bool {
        do {
            return try statement.step()
        } catch let error as DatabaseError {
            throw fail(error)
        }
    }

    private func refuseIfUnusable() throws {
        if let failure { throw failure }
        if isStreaming { throw fail(.stillStreaming) }
    }

    private func fail(_ error: DatabaseError) -> DatabaseError {
        if failure == nil { failure = error }
        return error
    }
}

/// The rows being bound to a prepared insert.
///
/// Texts and blobs are copied side by side into one buffer, where SQLite reads them during the step:
/// an allocation of its own for each value would cost more than the rest of the binding.
@safe private final class SQLiteBulkRow: BulkRow {
    /// How many values have been put since ``begin()``.
    private(set) var position = 0
    private let statement: SQLiteStatement
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 1)
    private var used = 0

    init(_ statement: SQLiteStatement) { self.statement = statement }

    deinit { unsafe buffer.deallocate() }

    /// Begins the next statement's rows; the last one has been stepped.
    func begin() { (position, used) = (0, 0) }

    func put(_ integer: Int64) { statement.bind(integer, at: next()) }
    func putNull() { statement.bindNull(at: next()) }

    func put(_ text: String) {
        var text = text
        let isKept = text.withUTF8 { bytes in
            guard let kept = unsafe keep(UnsafeRawBufferPointer(bytes)) else { return false }
            unsafe statement.bindKept(text: kept, at: next())
            return true
        }
        if !isKept { statement.bind(text, at: next()) }
    }

    func put(_ blob: [UInt8]) {
        let isKept = unsafe blob.withUnsafeBytes { bytes in
            guard let kept = unsafe keep(bytes) else { return false }
            unsafe statement.bindKept(blob: kept, at: next())
            return true
        }
        if !isKept { statement.bind(blob, at: next()) }
    }

    /// The bytes in the buffer; nil when they do not fit or are none.
    private func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard unsafe !bytes.isEmpty, unsafe used + bytes.count <= buffer.count else { return nil }
        let place = unsafe UnsafeMutableRawBufferPointer(
            rebasing: buffer[used..<used + bytes.count]
        )
        unsafe place.copyMemory(from: bytes)
        used += bytes.count
        return UnsafeRawBufferPointer(place)
    }

    private func next() -> Int32 {
        position += 1
        return Int32(truncatingIfNeeded: position)
    }
}

extension DatabaseError {
    /// A statement came while the rows of another were streaming.
    static var stillStreaming: Self {
        Self(.misuse, reason: "the rows of another statement are still streaming")
    }

    /// The caller broke a load off; what it had put in so far must not be kept.
    static var brokenOff: Self {
        Self(.misuse, reason: "a load was broken off, and its transaction with it")
    }

    /// A bulk row had the wrong number of values.
    static func wrongWidth(of table: String, _ given: Int, _ expected: Int) -> Self {
        Self(.misuse, reason: "\(given) values for \(expected) columns of \(table)")
    }
}

extension DatabaseSession {
    /// Sets how much of the register the connection keeps in memory; nil is what it began with.
    ///
    /// For work that touches the register everywhere at once. A server minds its own memory.
    func setCache(megabytes: Int?) throws {
        guard engine == .sqlite else { return }
        let size = megabytes ?? SQLiteOptions().cacheMegabytes
        try script("PRAGMA cache_size = \(-1024 * size)")
    }
}
