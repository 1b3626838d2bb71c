import UnionTicket

/// One numbered step of the schema; never changed once it has been released.
struct Migration: Sendable {
    /// 1, 2, 3 … without gaps.
    let number: Int
    /// What it is about, in a word or two.
    let name: String
    /// The statements; the tokens of `DatabaseEngine.words` are allowed.
    let sql: @Sendable (DatabaseEngine) -> String

    /// A number that changes with the statements (FNV-1a); it finds slips, not attacks.
    fileprivate func checksum(_ engine: DatabaseEngine) -> Int64 {
        let hash = engine.words(sql(engine)).utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return Int64(bitPattern: hash)
    }
}

/// The append-only list of a store's migrations.
struct Migrations: Sendable {
    private let list: [Migration]

    /// A list whose numbers must count from 1 without gaps.
    init(_ list: [Migration]) {
        precondition(list.map(\.number) == Array(1..<list.count + 1), "migrations out of order")
        self.list = list
    }

    /// Brings the schema up to date, each migration in a transaction of its own.
    ///
    /// - Parameters:
    ///   - database: The store; only one process migrates it at a time.
    ///   - now: The moment to note.
    /// - Returns: How many migrations were applied.
    /// - Throws: `.misuse` when the store is newer than this program or was made by other steps.
    @discardableResult
    func apply(to database: any Database, at now: Instant) throws -> Int {
        try database.exclusively { try $0.script($0.engine.words(Self.table)) }
        var applied = 0
        while try database.exclusively({ try applyNext($0, now) }) { applied += 1 }
        return applied
    }

    /// How many migrations the store still needs.
    ///
    /// Writes nothing; 0 when the store is up to date.
    func pending(in database: any Database) throws -> Int {
        try database.read { session in
            guard try Self.hasTable(session) else { return list.count }
            return list.count - (try verified(session))
        }
    }

    private static let table = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number {int} NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            applied_at {int} NOT NULL,
            checksum {int} NOT NULL
        ) {strict}
        """

    private func applyNext(_ session: any DatabaseSession, _ now: Instant) throws -> Bool {
        let done = try verified(session)
        guard done < list.count else { return false }
        let next = list[done]
        try session.script(session.engine.words(next.sql(session.engine)))
        try session.execute(
            "INSERT INTO schema_migration (number, name, applied_at, checksum) "
                + "VALUES ($1, $2, $3, $4)",
            [
                .int(next.number), .text(next.name), .integer(now.seconds),
                .integer(next.checksum(session.engine)),
            ]
        )
        return true
    }

    /// How many migrations were applied, all of them as this program has them.
    private func verified(_ session: any DatabaseSession) throws -> Int {
        let sql = "SELECT number, checksum FROM schema_migration ORDER BY number"
        let applied = try session.all(sql) { (number: $0.integer(0), checksum: $0.integer(1)) }
        guard applied.count <= list.count else {
            let reason =
                "the register's schema is at \(applied.count), this program knows "
                + "\(list.count): use a newer program"
            throw DatabaseError(.misuse, reason: reason)
        }
        for (known, found) in zip(list, applied) {
            let isSame =
                known.number == Int(found.number)
                && known.checksum(session.engine) == found.checksum
            guard isSame else {
                let reason =
                    "migration \(known.number) was applied in another form than this "
                    + "program has: use the program that made the register"
                throw DatabaseError(.misuse, reason: reason)
            }
        }
        return applied.count
    }

    private static func hasTable(_ session: any DatabaseSession) throws -> Bool {
        let sql =
            switch session.engine {
            case .sqlite: "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'"
            case .postgres: "SELECT 1 WHERE to_regclass('schema_migration') IS NOT NULL"
            }
        return try session.first(sql) { $0.integer(0) } != nil
    }
}
