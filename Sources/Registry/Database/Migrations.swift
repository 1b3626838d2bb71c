import TicketSeal

/// One numbered step of a schema; applied steps are never edited.
struct Migration: Sendable {
    let number: Int
    let name: String
    /// The step in the dialect tokens that ``Dialect`` replaces.
    let sql: @Sendable (DatabaseEngine) -> String

    init(number: Int, name: String, sql: @escaping @Sendable (DatabaseEngine) -> String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}

/// Brings a database to the program's schema, one transaction a step.
enum Migrations {
    static func apply(_ migrations: [Migration], to database: any Database, at now: Int64) throws {
        try database.write { session in
            try session.script(
                Dialect.sql(
                    """
                    CREATE TABLE IF NOT EXISTS schema_migration (
                        number {int} NOT NULL PRIMARY KEY, name TEXT NOT NULL,
                        applied_at {int} NOT NULL, checksum TEXT NOT NULL
                    ) {strict}
                    """, for: database.engine))
        }
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            try database.write { try apply(migration, in: $0, at: now) }
        }
        let newest = try database.read { session in
            try session.first("SELECT max(number) FROM schema_migration") { $0.integer(0) } ?? 0
        }
        guard newest <= migrations.map(\.number).max() ?? 0 else {
            throw DatabaseError(
                .unavailable, reason: "the database is newer than this program (schema \(newest))")
        }
    }

    private static func apply(
        _ migration: Migration, in session: any DatabaseSession, at now: Int64
    ) throws {
        let sql = Dialect.sql(migration.sql(session.engine), for: session.engine)
        let checksum = Hex.text(SHA256Digest.of(Array(sql.utf8)))
        let applied = try session.first(
            "SELECT checksum FROM schema_migration WHERE number = $1", [.int(migration.number)]
        ) { $0.text(0) }
        if let applied {
            guard applied == checksum else {
                throw DatabaseError(
                    .corrupt, reason: "schema step \(migration.number) differs from this program's")
            }
            return
        }
        try session.script(sql)
        try session.execute(
            """
            INSERT INTO schema_migration (number, name, applied_at, checksum)
            VALUES ($1, $2, $3, $4)
            """,
            [.int(migration.number), .text(migration.name), .integer(now), .text(checksum)])
    }
}

/// The few words in which the engines differ.
enum Dialect {
    static func sql(_ text: String, for engine: DatabaseEngine) -> String {
        let words: [(String, String, String)] = [
            ("{int}", "INTEGER", "BIGINT"),
            ("{blob}", "BLOB", "BYTEA"),
            ("{strict,without rowid}", "STRICT, WITHOUT ROWID", ""),
            ("{strict}", "STRICT", ""),
        ]
        return words.reduce(text) { result, word in
            result.split(separator: word.0, omittingEmptySubsequences: false)
                .joined(separator: engine == .sqlite ? word.1 : word.2)
        }
    }
}

/// When a trigger looks.
enum RefusedOperation: String {
    case insert = "INSERT"
    case update = "UPDATE"
    case delete = "DELETE"
}

/// A trigger that refuses an operation while `condition` (over OLD and NEW) holds.
func refuse(
    table: String, operation: RefusedOperation, name: String, when condition: String,
    message: String, engine: DatabaseEngine
) -> String {
    switch engine {
    case .sqlite:
        """
        CREATE TRIGGER \(name) BEFORE \(operation.rawValue) ON \(table) FOR EACH ROW
        WHEN \(condition) BEGIN SELECT RAISE(ABORT, '\(message)'); END;

        """
    case .postgres:
        """
        CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF \(condition) THEN
                RAISE EXCEPTION '\(message)' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            \(operation == .delete ? "RETURN OLD;" : "RETURN NEW;")
        END $body$;
        CREATE TRIGGER \(name) BEFORE \(operation.rawValue) ON \(table)
            FOR EACH ROW EXECUTE FUNCTION \(name)();

        """
    }
}
