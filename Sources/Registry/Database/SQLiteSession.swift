import GRDBSQLite

/// One transaction on a SQLite connection, with its statements prepared once each.
@safe final class SQLiteSession: DatabaseSession {
    let engine = DatabaseEngine.sqlite
    private let connection: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    private var busy: Set<String> = []

    init(_ connection: OpaquePointer) { unsafe self.connection = connection }

    /// Frees the statements; the session is over.
    func finish() {
        statements.values.forEach { $0.finalize() }
        statements = [:]
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try using(sql) { statement in
            try statement.bind(arguments)
            while try statement.step() {}
            return Int(unsafe sqlite3_changes64(connection))
        }
    }

    func query(
        _ sql: String, _ arguments: [SQLValue], _ each: (any DatabaseRow) throws -> Void
    ) throws {
        try using(sql) { statement in
            try statement.bind(arguments)
            while try statement.step() { try each(statement) }
        }
    }

    func load(
        _ table: String, _ columns: [String], count: Int,
        _ bind: (Int, any BulkRow) throws -> Void
    ) throws {
        let places = (1...columns.count).map { "?\($0)" }.joined(separator: ", ")
        let names = columns.joined(separator: ", ")
        try using("INSERT INTO \(table) (\(names)) VALUES (\(places))") { statement in
            for index in 0..<count {
                statement.beginRow()
                try bind(index, statement)
                _ = try statement.step()
                statement.reset()
            }
        }
    }

    func script(_ sql: String) throws {
        let code = unsafe sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure() }
    }

    /// Runs `body` with the prepared statement; a nested use of the same SQL gets its own.
    private func using<Result>(
        _ sql: String, _ body: (SQLiteStatement) throws -> Result
    ) throws -> Result {
        guard busy.insert(sql).inserted else {
            let statement = try unsafe SQLiteStatement(sql, on: connection)
            defer { statement.finalize() }
            return try body(statement)
        }
        defer { busy.remove(sql) }
        let statement: SQLiteStatement
        if let prepared = statements[sql] {
            statement = prepared
        } else {
            statement = try unsafe SQLiteStatement(sql, on: connection)
            statements[sql] = statement
        }
        defer { statement.reset() }
        return try body(statement)
    }

    private func failure() -> DatabaseError { unsafe Self.failure(of: connection) }

    static func failure(of connection: OpaquePointer) -> DatabaseError {
        let text = unsafe sqlite3_errmsg(connection)
        return unsafe failure(
            sqlite3_extended_errcode(connection), text.map { unsafe String(cString: $0) } ?? "")
    }

    static func failure(_ code: Int32, _ reason: String) -> DatabaseError {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT: DatabaseError(.constraint, reason: reason, constraint: reason)
        case SQLITE_BUSY, SQLITE_LOCKED: DatabaseError(.busy, reason: reason)
        case SQLITE_FULL: DatabaseError(.full, reason: reason)
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            DatabaseError(.readOnly, reason: reason)
        case SQLITE_IOERR: DatabaseError(.unavailable, reason: reason)
        case SQLITE_CORRUPT, SQLITE_NOTADB: DatabaseError(.corrupt, reason: reason)
        default: DatabaseError(.misuse, reason: reason)
        }
    }
}

/// One prepared statement: arguments go in as a row, results come out as a row.
@safe final class SQLiteStatement: DatabaseRow, BulkRow {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private var position: Int32 = 0

    init(_ sql: String, on connection: OpaquePointer) throws {
        var handle: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle = unsafe handle else {
            throw unsafe SQLiteSession.failure(of: connection)
        }
        unsafe self.handle = handle
        unsafe self.connection = connection
    }

    func finalize() { unsafe sqlite3_finalize(handle) }

    func reset() { unsafe sqlite3_reset(handle) }

    func beginRow() { position = 0 }

    func bind(_ arguments: [SQLValue]) throws {
        guard unsafe sqlite3_bind_parameter_count(handle) == Int32(arguments.count) else {
            throw DatabaseError(.misuse, reason: "wrong number of arguments")
        }
        beginRow()
        for argument in arguments {
            switch argument {
            case .null: putNull()
            case .integer(let value): put(value)
            case .text(let value): put(value)
            case .blob(let value): put(value)
            }
        }
    }

    /// True when there is a row to read.
    func step() throws -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw unsafe SQLiteSession.failure(of: connection)
        }
    }

    func put(_ integer: Int64) {
        position += 1
        unsafe sqlite3_bind_int64(handle, position, integer)
    }

    func put(_ text: String) {
        position += 1
        var text = text
        text.withUTF8 { bytes in
            let start = unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            unsafe _ = sqlite3_bind_text(handle, position, start ?? Self.nothing, Int32(bytes.count), Self.copied)
        }
    }

    func put(_ blob: [UInt8]) {
        position += 1
        unsafe blob.withUnsafeBytes { bytes in
            if unsafe bytes.isEmpty {
                unsafe _ = sqlite3_bind_zeroblob(handle, position, 0)
            } else {
                unsafe _ = sqlite3_bind_blob(handle, position, bytes.baseAddress, Int32(bytes.count), Self.copied)
            }
        }
    }

    func putNull() {
        position += 1
        unsafe sqlite3_bind_null(handle, position)
    }

    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
    }

    func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(handle, Int32(column)) }

    func text(_ column: Int) -> String {
        guard let start = unsafe sqlite3_column_text(handle, Int32(column)) else { return "" }
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        return unsafe String(
            decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func blob(_ column: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, Int32(column)) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
    private static var copied: sqlite3_destructor_type {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }

    private static var nothing: UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(emptyText.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private static let emptyText: StaticString = ""
}
