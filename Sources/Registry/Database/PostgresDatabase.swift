final class PostgresDatabase: Database {
    let engine = DatabaseEngine.postgres
    init(_ connection: String) throws { throw DatabaseError(.unavailable, reason: "PostgreSQL") }
    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result { throw DatabaseError(.unavailable, reason: "PostgreSQL") }
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result { throw DatabaseError(.unavailable, reason: "PostgreSQL") }
}
