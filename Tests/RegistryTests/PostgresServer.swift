import Foundation
import Testing

@testable import Registry

/// The PostgreSQL server the tests run on; `Tests/with-postgres.sh` starts one.
enum PostgresServer {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "PROFBILET_TEST_POSTGRES is not set: run Tests/with-postgres.sh swift test"
    }

    /// Runs `body` with a database whose tables live in a schema of their own, dropped afterwards.
    static func withDatabase<Result>(
        options: PostgresOptions = PostgresOptions(),
        _ body: (PostgresDatabase) throws -> Result
    ) throws -> Result {
        try withConnection { conninfo in
            let database = try PostgresDatabase(conninfo, options: options)
            defer { database.close() }
            return try body(database)
        }
    }

    /// Runs `body` with a connection string of a schema of its own, dropped afterwards.
    static func withConnection<Result>(_ body: (String) throws -> Result) throws -> Result {
        guard let server = ProcessInfo.processInfo.environment["PROFBILET_TEST_POSTGRES"] else {
            throw Missing()
        }
        let schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let keeper = try PostgresDatabase(server)
        try keeper.write { try $0.script("CREATE SCHEMA \(schema)") }
        defer { try? keeper.write { try $0.script("DROP SCHEMA \(schema) CASCADE") } }
        return try body(conninfo(server, schema))
    }

    private static func conninfo(_ server: String, _ schema: String) -> String {
        guard server.contains("://") else { return "\(server) options='-csearch_path=\(schema)'" }
        let mark = server.contains("?") ? "&" : "?"
        return "\(server)\(mark)options=-csearch_path%3D\(schema)"
    }
}

/// The engines as test arguments.
enum TestEngine: String, CaseIterable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    var testDescription: String { rawValue }

    /// Runs `body` with an empty database.
    func withDatabase<Result>(_ body: (any Database) throws -> Result) throws -> Result {
        switch self {
        case .sqlite:
            try withScratch { directory in
                let database = try SQLiteDatabase(path: directory + "/r.sqlite")
                defer { database.close() }
                return try body(database)
            }
        case .postgres:
            try PostgresServer.withDatabase { try body($0) }
        }
    }

    /// Runs `body` with a database that holds the tables of `schema`, tokens allowed.
    func withTables<Result>(
        _ schema: String,
        _ body: (any Database) throws -> Result
    ) throws -> Result {
        try withDatabase { (database) throws in
            try database.write { try $0.script($0.engine.words(schema)) }
            return try body(database)
        }
    }
}
