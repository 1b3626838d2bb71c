import CSQLite
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
    /// By table what it refers to, or nil where that is more than whole numbers.
    var references: [String: [SQLiteReference]?] = [:]

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
        // A failure ends the whole transaction: SQLite need not keep what a statement changed so far.
        let sql = "INSERT OR FAIL INTO \(table) (\(names)) VALUES \(values)"
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
    /// Whether statements look up what each row refers to; ``load(_:_:count:_:)`` does it by
    /// itself.
    private var enforcesReferences = true
    /// By table and column the rows that loaded ones were found to refer to.
    private var referred: [String: Set<Int64>] = [:]

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
        try refuseIfUnusable()
        guard count > 0 else { return }
        let watches = try watch(table, columns, count)
        // A narrow row costs SQLite less than the run of a statement, so several share one.
        let together = columns.count > Self.narrow ? 1 : Self.rowsTogether
        var index = 0
        while index < count {
            let rows = count - index < together ? 1 : together
            let end = rows == 1 ? count : count - count % rows
            try load(table, columns, index..<end, by: rows, watches, bind)
            index = end
        }
        for watch in watches { try check(watch, of: table) }
    }

    /// Who minds what the rows of a load refer to; nobody where SQLite does, or where there is nothing.
    private func watch(
        _ table: String,
        _ columns: [String],
        _ count: Int
    ) throws -> [ReferenceWatch] {
        guard let references = try references(of: table) else {
            try enforceReferences(true)
            return []
        }
        if enforcesReferences, count < Self.worthSwitching || references.isEmpty { return [] }
        try enforceReferences(false)
        return references.compactMap { ReferenceWatch($0, in: columns) }
    }

    /// What `table` refers to; nil where SQLite must look that up row by row: by more than one whole
    /// number, at the transaction's end only, or where a row brings others with it that refer to
    /// something or bring more.
    func references(of table: String) throws -> [SQLiteReference]? {
        if let known = statements.references[table] { return known }
        var found: [SQLiteReference] = []
        var (ids, names): (Set<Int64>, Set<String>) = ([], [])
        var areSimple = true
        try query(
            """
            SELECT f.id, f."from", f."table", f."to", t.type FROM pragma_foreign_key_list($1) f
            LEFT JOIN pragma_table_info(f."table") t ON t.name = f."to"
            """,
            [.text(table)]
        ) { row in
            let column = row.text(1)
            found.append(.init(column: column, table: row.text(2), key: row.text(3)))
            if !ids.insert(row.integer(0)).inserted || !names.insert(column).inserted
                || row.text(4) != "INTEGER"
            {
                areSimple = false
            }
        }
        try query(
            """
            SELECT 1 FROM sqlite_schema WHERE name = $1 AND sql LIKE '%INITIALLY DEFERRED%'
            UNION ALL
            SELECT 1 FROM sqlite_schema t, sqlite_schema written
            WHERE t.tbl_name = $1 AND t.type = 'trigger' AND t.sql LIKE '%AFTER INSERT ON%'
            AND (written.sql LIKE '%REFERENCES%' OR written.type = 'trigger')
            AND (t.sql LIKE '%INTO ' || written.tbl_name || ' %'
                OR t.sql LIKE '%UPDATE ' || written.tbl_name || ' %')
            """,
            [.text(table)]
        ) { _ in areSimple = false }
        statements.references[table] = .some(areSimple ? found : nil)
        return areSimple ? found : nil
    }

    /// Leaves the connection as every other session expects it.
    func end() { try? enforceReferences(true) }

    private func enforceReferences(_ isOn: Bool) throws {
        guard enforcesReferences != isOn else { return }
        let now = unsafe csqlite_enforce_references(connection, isOn ? 1 : 0)
        guard now == (isOn ? 1 : 0) else { throw fail(.notSwitched) }
        enforcesReferences = isOn
    }

    /// Refuses a load that refers to a row which is not there.
    private func check(_ watch: ReferenceWatch, of table: String) throws {
        let (reference, values) = (watch.reference, watch.scattered)
        let (key, parent) = (reference.key, reference.table)
        let expected: Int
        var found = 0
        if let run = watch.run {
            expected = run.count
            found = try count(
                parent,
                "\(key) BETWEEN $1 AND $2",
                [.integer(run.lowerBound), .integer(run.upperBound)]
            )
        } else {
            expected = values.count
            // A row that a loaded one refers to cannot go any more in this transaction.
            let place = "\(parent).\(key)"
            var known = referred.removeValue(forKey: place) ?? []
            defer { referred[place] = known }
            // Not `subtracting`, which goes through all that is known.
            let unknown = values.filter { !known.contains($0) }
            found = values.count - unknown.count
            for part in unknown.map(SQLValue.integer).parts(of: 256) {
                found += try count(parent, "\(key) IN (\(part.placeholders))", part.padded)
            }
            if found == expected, known.count < Self.remembered { known.formUnion(unknown) }
        }
        guard found == expected else {
            let place = "\(table).\(reference.column)"
            let reason = "FOREIGN KEY constraint failed: \(place)"
            throw fail(DatabaseError(.constraint, reason: reason, constraint: place))
        }
    }

    private func count(_ table: String, _ rows: String, _ arguments: [SQLValue]) throws -> Int {
        let sql = "SELECT count(*) FROM \(table) WHERE \(rows)"
        let statement = try begin(sql, arguments)
        defer { statement.reset() }
        return try step(statement) ? Int(statement.integer(0)) : 0
    }

    /// No more rows of a table than this and one load's are kept in mind.
    private static let remembered = 100_000
    /// From so many rows on references are looked up by their values: after the switch SQLite prepares
    /// every statement anew.
    private static let worthSwitching = 256
    /// At most so many columns make a narrow row.
    private static let narrow = 8
    private static let rowsTogether = 16

    /// Loads `range`, whose length is a multiple of `rows`, so many rows a statement.
    private func load(
        _ table: String,
        _ columns: [String],
        _ range: Range<Int>,
        by rows: Int,
        _ watches: [ReferenceWatch],
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
        let row = SQLiteBulkRow(statement, width: columns.count, rows: rows, watches)
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
        try enforceReferences(true)
        guard unsafe sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw unsafe fail(DatabaseError(connection: connection))
        }
    }

    /// The statement for `sql`, ready to step.
    private func begin(_ sql: String, _ arguments: [SQLValue]) throws -> SQLiteStatement {
        try begin {
            let statement = try unsafe statements.statement(sql, on: connection)
            // Whoever reads refers to nothing, and each switch has every statement prepared anew.
            if !statement.isReadOnly { try enforceReferences(true) }
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

extension DatabaseError {
    /// A statement came while the rows of another were streaming.
    static var stillStreaming: Self {
        Self(.misuse, reason: "the rows of another statement are still streaming")
    }

    /// The caller broke a load off; what it had put in so far must not be kept.
    static var brokenOff: Self {
        Self(.misuse, reason: "a load was broken off, and its transaction with it")
    }

    /// SQLite would not say whether it looks references up.
    static var notSwitched: Self {
        Self(.misuse, reason: "the look-up of references could not be switched")
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
