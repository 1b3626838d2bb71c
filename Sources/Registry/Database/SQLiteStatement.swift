import GRDBSQLite

/// One prepared statement with its arguments' order; finalised by its cache.
///
/// `@unchecked Sendable` because it is only touched inside a GRDB closure that has its connection,
/// and GRDB lets one thread at a time into a connection.
@safe final class SQLiteStatement: @unchecked Sendable {
    private let handle: OpaquePointer
    /// For each of SQLite's parameters the argument it takes, counted from 0.
    private let slots: [Int]
    private let argumentCount: Int
    /// Whether it leaves every table as it is.
    let isReadOnly: Bool

    /// Prepares `sql`, which must be exactly one statement.
    init(_ connection: OpaquePointer, _ sql: String) throws {
        var handle: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let (code, rest) = unsafe sql.withCString { start in
            var tail: UnsafePointer<CChar>?
            let code = unsafe sqlite3_prepare_v3(connection, start, -1, flags, &handle, &tail)
            return unsafe (code, tail.map { unsafe String(cString: $0) } ?? "")
        }
        guard code == SQLITE_OK, let handle = unsafe handle else {
            throw unsafe DatabaseError(connection: connection)
        }
        unsafe self.handle = handle
        unsafe slots = Self.slots(of: handle)
        argumentCount = (slots.max() ?? -1) + 1
        isReadOnly = unsafe sqlite3_stmt_readonly(handle) != 0
        guard rest.allSatisfy({ $0.isWhitespace || $0 == ";" }) else {
            finalize()
            throw DatabaseError(.misuse, reason: "more than one statement at once: \(sql)")
        }
    }

    /// Gives the statement back to SQLite; it must not be used afterwards.
    func finalize() { unsafe sqlite3_finalize(handle) }

    /// Ends the run so that the statement holds no lock and no argument.
    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    /// Ends the run and keeps the arguments; each must be bound again before the next step.
    func rewind() { unsafe sqlite3_reset(handle) }

    /// Goes to the next row; false at the end.
    func step() throws -> Bool {
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        throw unsafe DatabaseError(connection: sqlite3_db_handle(handle))
    }

    /// Puts every argument in its place.
    func bind(_ arguments: [SQLValue]) throws {
        guard arguments.count == argumentCount else {
            let counts = "\(argumentCount) arguments expected, \(arguments.count) given"
            throw DatabaseError(.misuse, reason: counts)
        }
        for (place, argument) in slots.enumerated() {
            let index = Int32(place + 1)
            switch arguments[argument] {
            case .null: unsafe sqlite3_bind_null(handle, index)
            case .integer(let value): bind(value, at: index)
            case .text(let value): bind(value, at: index)
            case .blob(let value): bind(value, at: index)
            }
        }
    }

    func bindNull(at index: Int32) { unsafe sqlite3_bind_null(handle, index) }

    func bind(_ value: Int64, at index: Int32) { unsafe sqlite3_bind_int64(handle, index, value) }

    func bind(_ value: String, at index: Int32) {
        var value = value
        value.withUTF8 { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                unsafe sqlite3_bind_text(handle, index, "", 0, Self.copied)
                return
            }
            let count = Int32(truncatingIfNeeded: bytes.count)
            unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { text in
                _ = unsafe sqlite3_bind_text(handle, index, text, count, Self.copied)
            }
        }
    }

    /// Binds a text that stays where it is until the statement was stepped.
    func bindKept(text: UnsafeRawBufferPointer, at index: Int32) {
        let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
        unsafe sqlite3_bind_text(handle, index, start, Int32(text.count), nil)
    }

    /// Binds a blob that stays where it is until the statement was stepped.
    func bindKept(blob: UnsafeRawBufferPointer, at index: Int32) {
        unsafe sqlite3_bind_blob(handle, index, blob.baseAddress, Int32(blob.count), nil)
    }

    func bind(_ value: [UInt8], at index: Int32) {
        if value.isEmpty {
            unsafe sqlite3_bind_zeroblob(handle, index, 0)
        } else {
            let count = Int32(truncatingIfNeeded: value.count)
            unsafe sqlite3_bind_blob(handle, index, value, count, Self.copied)
        }
    }

    /// SQLITE_TRANSIENT: SQLite copies the bytes before it returns.
    nonisolated(unsafe) private static let copied = unsafe unsafeBitCast(
        -1,
        to: sqlite3_destructor_type.self
    )

    /// SQLite numbers `$n` by first appearance; this gives n - 1 for each of its numbers.
    private static func slots(of handle: OpaquePointer) -> [Int] {
        (0..<Int(unsafe sqlite3_bind_parameter_count(handle))).map { place in
            guard let name = unsafe sqlite3_bind_parameter_name(handle, Int32(place + 1)) else {
                return place
            }
            return unsafe Int(String(cString: name).dropFirst()).map { $0 - 1 } ?? place
        }
    }
}

extension SQLiteStatement: DatabaseRow {
    func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
    }

    func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(handle, Int32(column)) }

    func text(_ column: Int) -> String {
        guard let start = unsafe sqlite3_column_text(handle, Int32(column)) else { return "" }
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        return unsafe String(
            decoding: UnsafeBufferPointer(start: start, count: count),
            as: UTF8.self
        )
    }

    func initial(_ column: Int) -> UInt8 {
        unsafe sqlite3_column_text(handle, Int32(column))?.pointee ?? 0
    }

    func blob(_ column: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, Int32(column)) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func words(_ column: Int) -> (high: UInt64, low: UInt64) {
        guard let start = unsafe sqlite3_column_blob(handle, Int32(column)) else { return (0, 0) }
        let count = Int(unsafe sqlite3_column_bytes(handle, Int32(column)))
        return unsafe UnsafeRawBufferPointer(start: start, count: count).words
    }
}

extension DatabaseError {
    /// The last failure of `connection`.
    init(connection: OpaquePointer?) {
        unsafe self.init(
            sqlite: sqlite3_extended_errcode(connection),
            message: String(cString: sqlite3_errmsg(connection)),
            systemError: sqlite3_system_errno(connection)
        )
    }
}
