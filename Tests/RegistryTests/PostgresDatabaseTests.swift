import Dispatch
import Synchronization
import Testing

@testable import Registry

/// What only the PostgreSQL driver does.
@Suite struct PostgresDatabaseTests {
    @Test func `a lost connection is replaced before the next transaction`() throws {
        try PostgresServer.withDatabase { (database) throws in
            let pid = { (session: any DatabaseSession) in
                try session.first("SELECT pg_backend_pid()") { $0.integer(0) } ?? 0
            }
            let first = try database.read(pid)
            try PostgresServer.withDatabase { other in
                try other.write { (session) throws in
                    _ = try session.all(
                        "SELECT pg_terminate_backend($1::int8::int4)",
                        [.int(first)]
                    ) {
                        $0.integer(0)
                    }
                }
            }
            #expect(try database.read(pid) != first)
        }
    }

    @Test func `a server lost inside a transaction is unavailable`() throws {
        try PostgresServer.withDatabase { (database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.write { (session) throws in
                    _ = try session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error?.code == .unavailable)
        }
    }

    @Test func `an address where nobody listens is unavailable`() throws {
        let error = #expect(throws: DatabaseError.self) {
            _ = try PostgresDatabase("host=/nowhere,/elsewhere target_session_attrs=read-write")
        }
        #expect(error?.code == .unavailable)
    }

    @Test func `a locked row is busy after the wait`() throws {
        let options = PostgresOptions(busySeconds: 0.05)
        try PostgresServer.withDatabase(options: options) { (database) throws in
            try database.write {
                try $0.script("CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (0)")
            }
            try database.write { (session) throws in
                try session.execute("UPDATE t SET i = 1")
                let error = #expect(throws: DatabaseError.self) {
                    try database.write { try $0.execute("UPDATE t SET i = 2") }
                }
                #expect(error?.code == .busy)
            }
        }
    }

    @Test func `a pool with nothing left is busy`() throws {
        let options = PostgresOptions(connections: 1, busySeconds: 0.05)
        try PostgresServer.withDatabase(options: options) { (database) throws in
            try database.read { _ in
                let error = #expect(throws: DatabaseError.self) { try database.read { _ in } }
                #expect(error?.code == .busy)
                #expect(error?.reason.contains("in use") == true)
            }
        }
    }

    @Test func `rivals that never let go end as busy`() throws {
        let options = PostgresOptions(attempts: 3)
        try PostgresServer.withDatabase(options: options) { (database) throws in
            try database.write {
                try $0.script("CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (0)")
            }
            let runs = Mutex(0)
            let error = #expect(throws: DatabaseError.self) {
                try database.write { (session) throws in
                    runs.withLock { $0 += 1 }
                    let old = try session.first("SELECT i FROM t") { $0.integer(0) } ?? 0
                    try database.write { try $0.execute("UPDATE t SET i = i + 1") }
                    try session.execute("UPDATE t SET i = $1", [.int(old)])
                }
            }
            #expect(error?.code == .busy)
            #expect(runs.withLock { $0 } == 3)
        }
    }

    @Test func `one statement serves NULL and values`() throws {
        try PostgresServer.withDatabase { (database) throws in
            let found = try database.write { (session) throws in
                try session.script("CREATE TABLE t (i BIGINT, s TEXT)")
                let rows: [[SQLValue]] = [
                    [.null, .null], [.int(1), .text("x")], [.int(2), .null], [.null, .text("y")],
                ]
                for row in rows { try session.execute("INSERT INTO t VALUES ($1, $2)", row) }
                return try session.first(
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'"
                ) { $0.integer(0) }
            }
            #expect(found == 1)
        }
    }

    @Test func `narrow types and whole NUMERICs are read, others refused`() throws {
        try PostgresServer.withDatabase { (database) throws in
            try database.read { (session) throws in
                let found = try session.all(
                    """
                    SELECT (-7)::int2, (-70000)::int4, TRUE, 9223372036854775807::numeric,
                        (-9223372036854775808)::numeric, 1000000::numeric, 'v'::varchar(5), 0::numeric
                    """
                ) { row in [0, 1, 2, 3, 4, 5, 7].map(row.integer) }
                #expect(found == [[-7, -70000, 1, .max, .min, 1_000_000, 0]])
            }
            for sql in [
                "SELECT 1.5::numeric", "SELECT 9223372036854775808::numeric", "SELECT now()",
            ] {
                let error = #expect(throws: DatabaseError.self) {
                    try database.read { (session) throws in
                        _ = try session.all(sql) { $0.integer(0) }
                    }
                }
                #expect(error?.code == .misuse)
            }
        }
    }

    @Test func `a value that does not fit is not quoted in the error`() throws {
        try PostgresServer.withDatabase { (database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.read { (session) throws in
                    _ = try session.execute("SELECT $1::text::int8", [.text("private name")])
                }
            }
            #expect(error?.reason.contains("private") == false)
        }
    }

    @Test func `a schema changed underneath costs one connection, not the program`() throws {
        try PostgresServer.withDatabase { (database) throws in
            let all = "SELECT * FROM t"
            try database.write { try $0.script("CREATE TABLE t (i BIGINT)") }
            try database.read { _ = try $0.all(all) { $0.integer(0) } }
            try database.write { try $0.script("ALTER TABLE t ADD COLUMN s TEXT") }
            _ = try? database.read { _ = try $0.all(all) { $0.integer(0) } }
            try database.read { _ = try $0.all(all) { $0.integer(0) } }
        }
    }
}

/// Which failure each SQLSTATE is; some cannot be brought about in a test.
@Suite struct PostgresFailureTests {
    @Test(arguments: [
        ("53100", DatabaseError.Code.full), ("55P03", .busy), ("57014", .busy), ("53300", .busy),
        ("08006", .unavailable), ("08P01", .misuse), ("57P01", .unavailable), ("25006", .readOnly),
        ("42501", .readOnly), ("42601", .misuse), ("23505", .constraint), ("P0001", .constraint),
        ("22003", .constraint), ("22P02", .misuse), ("XX001", .corrupt),
    ])
    func `a state is the right kind of failure`(state: String, code: DatabaseError.Code) {
        let failure = PostgresFailure(state: state, message: "words", constraint: "name")
        #expect(failure.error.code == code)
        #expect(failure.error.reason.contains(state))
    }
}
