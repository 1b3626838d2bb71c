/// One transaction on one leased connection.
final class PostgresSession: DatabaseSession {
    let engine = DatabaseEngine.postgres
    private let connection: PostgresConnection
    /// The first failure of a statement; the server takes nothing more after it.
    private(set) var failure: PostgresFailure?
    private var isStreaming = false

    init(_ connection: PostgresConnection) { self.connection = connection }

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try perform { try connection.execute(sql, arguments) }
    }

    func query(
        _ sql: String,
        _ arguments: [SQLValue],
        _ each: (any DatabaseRow) throws -> Void
    ) throws {
        try streaming { try connection.query(sql, arguments, each) }
    }

    func load(
        _ table: String,
        _ columns: [String],
        count: Int,
        _ bind: (Int, any BulkRow) throws -> Void
    ) throws {
        try streaming {
            let copy = try PostgresCopy(connection, table, columns)
            do {
                for index in 0..<count {
                    copy.beginRow()
                    try bind(index, copy)
                    try copy.endRow()
                }
            } catch {
                let ending = copy.breakOff()
                if failure == nil { failure = ending }
                throw error
            }
            try copy.finish()
        }
    }

    func script(_ sql: String) throws { try perform { _ = try connection.script(sql) } }

    private func streaming(_ body: () throws -> Void) throws {
        try perform {
            isStreaming = true
            defer { isStreaming = false }
            try body()
        }
    }

    private func perform<Result>(_ body: () throws -> Result) throws -> Result {
        if let failure { throw failure.error }
        do {
            guard !isStreaming else { throw PostgresFailure(.stillStreaming) }
            return try body()
        } catch let error as PostgresFailure {
            if failure == nil { failure = error }
            throw error.error
        }
    }
}

/// The rows of one COPY in PostgreSQL's binary form (manual, COPY, "Binary Format").
private final class PostgresCopy: BulkRow {
    /// Pieces of this size go to the server.
    private static let piece = 1 << 17
    private static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)

    private let connection: PostgresConnection
    private let table: String
    private let types: [UInt32]
    private var buffer: [UInt8]
    private var position = 0
    private var failure: DatabaseError?

    init(_ connection: PostgresConnection, _ table: String, _ columns: [String]) throws {
        self.connection = connection
        self.table = table
        types = try connection.types(of: columns, in: table)
        let names = columns.joined(separator: ", ")
        try connection.beginCopy("COPY \(table) (\(names)) FROM STDIN (FORMAT BINARY)")
        buffer = Self.header
        buffer.reserveCapacity(Self.piece + 4096)
    }

    func beginRow() {
        position = 0
        buffer.append(bigEndian: Int16(truncatingIfNeeded: types.count))
    }

    func endRow() throws {
        if let failure { throw failure }
        guard position == types.count else {
            throw DatabaseError.wrongWidth(of: table, position, types.count)
        }
        if buffer.count >= Self.piece { try send() }
    }

    func finish() throws {
        buffer.append(bigEndian: Int16(-1))
        try send()
        try connection.endCopy()
    }

    /// Tells the server to forget the rows; returns its answer, which spoils the transaction.
    func breakOff() -> PostgresFailure {
        do {
            try connection.endCopy(because: "broken off")
        } catch let error as PostgresFailure where error.state != "57014" {
            return error
        } catch {}
        return PostgresFailure(failure ?? .brokenOff)
    }

    func put(_ integer: Int64) {
        switch nextType() {
        case PostgresType.int8: putField(integer)
        case PostgresType.int4: putField(Int32(exactly: integer))
        case PostgresType.int2: putField(Int16(exactly: integer))
        case PostgresType.bool: putField(integer == 0 ? UInt8(0) : 1)
        default: mismatch()
        }
    }

    func put(_ text: String) {
        guard PostgresType.texts.contains(nextType()) else { return mismatch() }
        var text = text
        text.withUTF8 { bytes in
            buffer.append(bigEndian: Int32(truncatingIfNeeded: bytes.count))
            unsafe buffer.append(contentsOf: bytes)
        }
    }

    func put(_ blob: [UInt8]) {
        guard nextType() == PostgresType.bytea else { return mismatch() }
        buffer.append(bigEndian: Int32(truncatingIfNeeded: blob.count))
        buffer.append(contentsOf: blob)
    }

    func putNull() {
        _ = nextType()
        buffer.append(bigEndian: Int32(-1))
    }

    private func putField<Field: FixedWidthInteger>(_ value: Field?) {
        guard let value else { return mismatch() }
        buffer.append(bigEndian: Int32(MemoryLayout<Field>.size))
        buffer.append(bigEndian: value)
    }

    private func nextType() -> UInt32 {
        defer { position += 1 }
        return position < types.count ? types[position] : 0
    }

    private func mismatch() {
        let reason = "the value for column \(position) of \(table) is of another type"
        if failure == nil { failure = DatabaseError(.constraint, reason: reason) }
    }

    private func send() throws {
        try connection.putCopy(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
