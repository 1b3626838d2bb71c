import CPostgres

/// One connection to the server with its prepared statements.
///
/// `@unchecked Sendable` because the pool leases it to one thread at a time.
@safe final class PostgresConnection: @unchecked Sendable {
    private struct Prepared {
        let name: String
        let types: [Oid]
    }

    private let handle: OpaquePointer
    private var prepared: [String: [Prepared]] = [:]
    private var columnTypes: [String: [Oid]] = [:]
    private var serial = 0
    /// Its prepared statements no longer fit the schema; the pool drops it.
    private var isStale = false

    /// Connects; `conninfo` is libpq's own, several hosts and `target_session_attrs` included.
    init(_ conninfo: String, lockSeconds: Double) throws {
        guard ConnectionOption.named(in: conninfo) != nil else {
            throw PostgresFailure(.unavailable, "libpq does not understand the connection string")
        }
        guard let handle = unsafe PQconnectdb(conninfo) else {
            throw PostgresFailure(.unavailable, "no memory for a connection")
        }
        unsafe self.handle = handle
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            throw unsafe PostgresFailure(handle, nil)
        }
        unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        unsafe PQsetClientEncoding(handle, "UTF8")
        try script("SET lock_timeout = \(Int(lockSeconds * 1000))")
    }

    deinit { unsafe PQfinish(handle) }

    /// Alive and outside any transaction, so that the next caller may have it.
    var isReusable: Bool {
        unsafe !isStale && PQstatus(handle) == CONNECTION_OK
            && PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    /// Runs statements without arguments; returns the last one's tag, such as "COMMIT".
    @discardableResult
    func script(_ sql: String) throws -> String {
        let result = unsafe PQexec(handle, sql)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        return unsafe String(cString: PQcmdStatus(result))
    }

    /// Runs one statement and returns how many rows it changed.
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let name = try prepare(sql, arguments)
        let result = unsafe PostgresParameters(arguments).withPointers {
            unsafe PQexecPrepared(handle, name, $0, $1, $2, $3, 1)
        }
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        if unsafe String(cString: PQcmdStatus(result)).hasPrefix("SELECT") { return 0 }
        return unsafe Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    /// Streams one statement's rows; after a thrown error the rest is read and dropped.
    func query(
        _ sql: String,
        _ arguments: [SQLValue],
        _ each: (any DatabaseRow) throws -> Void
    ) throws {
        let name = try prepare(sql, arguments)
        let isSent = unsafe PostgresParameters(arguments).withPointers {
            unsafe PQsendQueryPrepared(handle, name, $0, $1, $2, $3, 1)
        }
        guard isSent == 1 else { throw unsafe failure(nil) }
        unsafe PQsetSingleRowMode(handle)
        let row = PostgresRow()
        var thrown: (any Error)?
        while let result = unsafe PQgetResult(handle) {
            defer { unsafe PQclear(result) }
            do {
                if unsafe PQresultStatus(result) != PGRES_SINGLE_TUPLE {
                    try unsafe check(result)
                } else if thrown == nil {
                    try unsafe row.take(result)
                    try each(row)
                    if let failure = row.failure { throw failure }
                }
            } catch {
                thrown = thrown ?? error
            }
        }
        if let thrown { throw thrown }
    }

    /// The types of `columns`, as a binary COPY must send them.
    func types(of columns: [String], in table: String) throws -> [Oid] {
        let sql = "SELECT \(columns.joined(separator: ", ")) FROM \(table) LIMIT 0"
        if let known = columnTypes[sql] { return known }
        let name = try prepare(sql, [])
        let result = unsafe PQdescribePrepared(handle, name)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        let types = (0..<(unsafe PQnfields(result))).map { unsafe PQftype(result, $0) }
        columnTypes[sql] = types
        return types
    }

    /// Begins a COPY … FROM STDIN.
    func beginCopy(_ sql: String) throws {
        let result = unsafe PQexec(handle, sql)
        defer { unsafe PQclear(result) }
        guard unsafe PQresultStatus(result) == PGRES_COPY_IN else { throw unsafe failure(result) }
    }

    /// Sends a piece of a COPY; blocks while the server is behind.
    func putCopy(_ bytes: [UInt8]) throws {
        let code = unsafe bytes.withUnsafeBytes { memory in
            unsafe PQputCopyData(
                handle,
                memory.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(memory.count)
            )
        }
        guard code == 1 else { throw unsafe failure(nil) }
    }

    /// Ends a COPY; with `reason` the server throws away what it got.
    func endCopy(because reason: String? = nil) throws {
        let code = unsafe PQputCopyEnd(handle, reason)
        var thrown: (any Error)?
        while let result = unsafe PQgetResult(handle) {
            defer { unsafe PQclear(result) }
            do { try unsafe check(result) } catch { thrown = thrown ?? error }
        }
        if let thrown { throw thrown }
        guard code == 1 else { throw unsafe failure(nil) }
    }

    /// The name of the statement for `sql` with arguments of these types, prepared on first use.
    private func prepare(_ sql: String, _ arguments: [SQLValue]) throws -> String {
        let wanted = arguments.map(\.postgresType)
        let known = prepared[sql] ?? []
        if let fitting = known.first(where: { Self.fits($0.types, wanted) }) { return fitting.name }
        serial += 1
        let name = "s\(serial)"
        let types = wanted.map { $0 ?? 0 }
        let result = unsafe PQprepare(handle, name, sql, Int32(types.count), types)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        let full = types.contains(0) ? try parameterTypes(name, types) : types
        prepared[sql, default: []].append(Prepared(name: name, types: full))
        return name
    }

    private static func fits(_ types: [Oid], _ wanted: [Oid?]) -> Bool {
        types.count == wanted.count
            && zip(types, wanted).allSatisfy { $1 == nil || $0 == $1 }
    }

    /// What the server took each NULL for, so that one statement serves NULL and values.
    private func parameterTypes(_ name: String, _ types: [Oid]) throws -> [Oid] {
        let result = unsafe PQdescribePrepared(handle, name)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        return types.indices.map { unsafe PQparamtype(result, Int32($0)) }
    }

    private func check(_ result: OpaquePointer?) throws {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default: throw unsafe failure(result)
        }
    }

    private func failure(_ result: OpaquePointer?) -> PostgresFailure {
        let failure = unsafe PostgresFailure(handle, result)
        if failure.isStale { isStale = true }
        return failure
    }
}
