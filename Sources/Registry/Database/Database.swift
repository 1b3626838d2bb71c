import UnionTicket

/// Where the register is kept: one narrow door that SQLite and PostgreSQL both fit through.
///
/// Calls block; a caller in an async context brings its own executor. SQL is written once, in what
/// both engines speak, with placeholders `$1`, `$2` … numbered in the order of their first use.
protocol Database: AnyObject, Sendable {
    /// Which engine runs behind the door; only migrations and bulk loading may ask.
    var engine: DatabaseEngine { get }

    /// Runs `body` on a consistent snapshot; nothing it does may write.
    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result

    /// Runs `body` in one transaction: committed when it returns, rolled back when it throws.
    ///
    /// PostgreSQL runs it SERIALIZABLE and repeats it after a serialisation failure, so `body` must
    /// have no effects outside the session.
    @discardableResult
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result

    /// Like `write`, for a great load into a register that holds nothing yet: where nobody else has it
    /// open, nobody can open it until the load is over, and what is loaded is written only once.
    ///
    /// `body` must not read outside its session.
    @discardableResult
    func alone<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result

    /// Like `write`, and no other process is in such a section at the same time; migrations use it.
    @discardableResult
    func exclusively<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result

    /// Folds what was committed into the store's own place, beside the transactions; for servers, which
    /// call it again and again.
    ///
    /// From the first call on hardly any transaction waits for that work.
    func foldJournal() throws

    /// Folds all that was committed into the store's own place and empties the journal, so that rows as
    /// they were before stand there no more.
    ///
    /// - Returns: False when somebody reads by it for longer than is waited for.
    func emptyJournal() throws -> Bool
}

/// The two engines.
enum DatabaseEngine: Sendable {
    case sqlite
    case postgres
}

/// One transaction's view of the database; not to be kept past the closure it is given to.
///
/// A statement that failed spoils the transaction in both engines: later statements fail with the
/// same error and nothing is committed, even when `body` swallows the error.
protocol DatabaseSession {
    var engine: DatabaseEngine { get }

    /// Runs one statement and returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int

    /// Streams the rows of one query; the row is valid inside the closure only.
    ///
    /// While rows are streaming the session takes no other statement: collect first, then act.
    func query(
        _ sql: String,
        _ arguments: [SQLValue],
        _ each: (any DatabaseRow) throws -> Void
    ) throws

    /// Loads many rows into one table: prepared inserts in SQLite, COPY in PostgreSQL.
    ///
    /// What the rows refer to SQLite looks up once a value rather than once a row.
    ///
    /// - Parameters:
    ///   - table: The table's name.
    ///   - columns: The columns to fill, in the order of the values.
    ///   - count: How many rows there are.
    ///   - bind: Called with 0 ..< count; puts exactly `columns.count` values into the row.
    /// - Throws: What `bind` throws, or the store's refusal of any row.
    func load(
        _ table: String,
        _ columns: [String],
        count: Int,
        _ bind: (Int, any BulkRow) throws -> Void
    ) throws

    /// Runs a script of several statements without arguments; migrations only.
    func script(_ sql: String) throws
}

/// One argument or result.
enum SQLValue: Equatable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// One row of a result; columns count from 0.
protocol DatabaseRow: AnyObject {
    func isNull(_ column: Int) -> Bool
    /// The integer, or 0 for NULL.
    func integer(_ column: Int) -> Int64
    /// The text, or "" for NULL.
    func text(_ column: Int) -> String
    /// The first byte of a text, or 0 for NULL: where a few words are told apart by it.
    func initial(_ column: Int) -> UInt8
    /// The bytes, or [] for NULL.
    func blob(_ column: Int) -> [UInt8]
    /// 16 bytes as two numbers, big-endian, without an array for them; zeros for NULL.
    func words(_ column: Int) -> (high: UInt64, low: UInt64)
}

/// One row on its way into a table; values are put in the order of the columns.
protocol BulkRow {
    func put(_ integer: Int64)
    func put(_ text: String)
    func put(_ blob: [UInt8])
    func putNull()
}

extension DatabaseSession {
    @discardableResult
    func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    /// The first row's value made by `map`, or nil when there is no row.
    func first<Value>(
        _ sql: String,
        _ arguments: [SQLValue] = [],
        _ map: (any DatabaseRow) throws -> Value
    ) throws -> Value? {
        var found: Value?
        try query(sql, arguments) { row in
            if found == nil { found = try map(row) }
        }
        return found
    }

    /// All rows' values made by `map`; for results known to be small.
    func all<Value>(
        _ sql: String,
        _ arguments: [SQLValue] = [],
        _ map: (any DatabaseRow) throws -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try query(sql, arguments) { row in found.append(try map(row)) }
        return found
    }
}

extension DatabaseRow {
    func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }
    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    func optionalBlob(_ column: Int) -> [UInt8]? { isNull(column) ? nil : blob(column) }
}

extension SQLValue {
    static func int(_ value: some BinaryInteger) -> SQLValue { .integer(Int64(value)) }
    static func optional(_ value: String?) -> SQLValue { value.map(SQLValue.text) ?? .null }
    static func optional(_ value: Int64?) -> SQLValue { value.map(SQLValue.integer) ?? .null }
}

/// The store failed: what happened, and what to do.
public struct DatabaseError: Error, Equatable {
    /// What kind of failure; the program turns it into an exit code.
    public enum Code: String, Sendable {
        /// A constraint or trigger refused the change; the data are as before.
        case constraint
        /// Another process holds the register.
        case busy
        /// The disk is full, or a quota or the limit of files' size is reached.
        case full
        /// File or directory cannot be written.
        case readOnly
        /// The server or file cannot be reached.
        case unavailable
        /// The file is damaged or not a register.
        case corrupt
        /// A defect of ours: bad SQL, bad use.
        case misuse
    }

    /// What kind of failure.
    public let code: Code
    /// The engine's own words, without any argument's value.
    public let reason: String
    /// The constraint's or trigger's name or message, where a constraint refused.
    public let constraint: String?

    /// A failure of the store.
    public init(_ code: Code, reason: String, constraint: String? = nil) {
        self.code = code
        self.reason = reason
        self.constraint = constraint
    }
}

extension UnsafeRawBufferPointer {
    /// 16 bytes as two numbers, big-endian; zeros for fewer.
    var words: (high: UInt64, low: UInt64) {
        guard count >= 16 else { return (0, 0) }
        return unsafe (
            UInt64(bigEndian: loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}
