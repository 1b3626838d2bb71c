import Foundation
import Synchronization
import Testing

@testable import Registry

/// What both drivers promise.
@Suite struct DatabaseTests {
    private static let values = """
        CREATE TABLE t (i {int}, s TEXT, b {blob}) {strict}
        """

    @Test(arguments: TestEngine.allCases)
    func `every value comes back as it went in`(engine: TestEngine) throws {
        let cases: [[SQLValue]] = [
            [.null, .null, .null],
            [.integer(0), .text(""), .blob([])],
            [.integer(.max), .text("Профсоюз № 1 — 👩‍⚕️ e\u{301}"), .blob([0, 255, 0, 1])],
            [.integer(.min), .text(String(repeating: "ё", count: 70_000)), .blob([7])],
            [
                .integer(-1), .text("'); DROP TABLE t; --"),
                .blob(Array(repeating: 9, count: 99_999)),
            ],
        ]
        try engine.withTables(Self.values) { (database) throws in
            for row in cases {
                let found = try database.write { (session) throws in
                    try session.execute("DELETE FROM t")
                    try session.execute("INSERT INTO t (i, s, b) VALUES ($1, $2, $3)", row)
                    return try session.all("SELECT i, s, b FROM t", [], Self.value)
                }
                #expect(found == [row])
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `loaded values come back as they went in`(engine: TestEngine) throws {
        let rows: [[SQLValue]] = [
            [.null, .null, .null],
            [.integer(.min), .text(""), .blob([])],
            [.integer(.max), .text("Ёжик 🦔"), .blob([0, 1, 255])],
        ]
        try engine.withTables(Self.values) { (database) throws in
            let found = try database.write { (session) throws in
                try session.load("t", ["i", "s", "b"], count: rows.count) { index, row in
                    for value in rows[index] { Self.put(value, into: row) }
                }
                return try session.all("SELECT i, s, b FROM t", [], Self.value)
            }
            #expect(found == rows)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `arguments may be repeated and come in any order`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            let sum = try database.write { (session) throws in
                try session.execute("INSERT INTO t (i) VALUES ($1)", [.int(30)])
                return try session.first(
                    "SELECT i - $2 + $1 - $2 FROM t WHERE i > $2",
                    [.int(5), .int(10)]
                ) { $0.integer(0) }
            }
            #expect(sum == 15)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the number of changed rows is told`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            try database.write { (session) throws in
                try session.load("t", ["i"], count: 10) { index, row in row.put(Int64(index)) }
                #expect(try session.execute("UPDATE t SET s = 'x' WHERE i < $1", [.int(4)]) == 4)
                #expect(try session.execute("UPDATE t SET s = 'x' WHERE i < $1", [.int(0)]) == 0)
                #expect(try session.execute("SELECT i FROM t") == 0)
                #expect(try session.execute("DELETE FROM t") == 10)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `sums and counts are integers`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            let sums = try database.write { (session) throws in
                try session.load("t", ["i"], count: 4) { index, row in
                    row.put([0, 123_456_789_012, -3_000_000, 40_000][index])
                }
                return try session.all(
                    "SELECT sum(i), sum(-i), count(*), sum(i) = 5, sum(NULL + i) FROM t"
                ) { row in (0..<5).map(row.optionalInteger) }
            }
            #expect(sums == [[123_453_829_012, -123_453_829_012, 4, 0, nil]])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what throws leaves nothing behind`(engine: TestEngine) throws {
        struct Stop: Error {}
        try engine.withTables(Self.values) { (database) throws in
            #expect(throws: Stop.self) {
                try database.write { (session) throws in
                    try session.execute("INSERT INTO t (i) VALUES (1)")
                    throw Stop()
                }
            }
            #expect(throws: Stop.self) {
                try database.write { (session) throws in
                    try session.load("t", ["i"], count: 10) { index, row in
                        guard index < 5 else { throw Stop() }
                        row.put(Int64(index))
                    }
                }
            }
            #expect(try count("t", in: database) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a swallowed failure still undoes the transaction`(engine: TestEngine) throws {
        try engine.withTables("CREATE TABLE u (i {int} PRIMARY KEY) {strict}") {
            (database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.write { (session) throws in
                    try session.execute("INSERT INTO u VALUES (1)")
                    _ = try? session.execute("INSERT INTO u VALUES (1)")
                    _ = try? session.execute("INSERT INTO u VALUES (2)")
                }
            }
            #expect(error?.code == .constraint)
            #expect(try count("u", in: database) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an early end of streaming leaves the session usable`(engine: TestEngine) throws {
        struct Enough: Error {}
        try engine.withTables(Self.values) { (database) throws in
            try database.write { (session) throws in
                try session.load("t", ["i"], count: 1000) { index, row in row.put(Int64(index)) }
                #expect(throws: Enough.self) {
                    try session.query("SELECT i FROM t", []) { _ in throw Enough() }
                }
                #expect(try session.first("SELECT count(*) FROM t") { $0.integer(0) } == 1000)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a statement while rows are streaming is refused`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.write { (session) throws in
                    try session.execute("INSERT INTO t (i) VALUES (1)")
                    try session.query("SELECT i FROM t", []) { _ in
                        try session.execute("DELETE FROM t")
                    }
                }
            }
            #expect(error?.code == .misuse)
            #expect(try count("t", in: database) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a hundred thousand rows are streamed in order`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            try database.write { (session) throws in
                try session.load("t", ["s", "i"], count: 100_000) { index, row in
                    row.put("row \(index)")
                    row.put(Int64(index))
                }
            }
            var next: Int64 = 0
            try database.read { (session) throws in
                try session.query("SELECT i, s FROM t ORDER BY i", []) { row in
                    guard row.integer(0) == next, row.text(1) == "row \(next)" else { return }
                    next += 1
                }
            }
            #expect(next == 100_000)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `many rows that refer to what is not there are refused as one is`(
        engine: TestEngine
    ) throws {
        let tables = """
            CREATE TABLE p (id {int} NOT NULL PRIMARY KEY) {strict};
            CREATE TABLE q (a {int} NOT NULL, b {int} NOT NULL, PRIMARY KEY (a, b)) {strict};
            CREATE TABLE c (id {int} NOT NULL PRIMARY KEY, p {int} REFERENCES p (id)) {strict};
            CREATE TABLE d (a {int}, b {int}, FOREIGN KEY (a, b) REFERENCES q (a, b)) {strict};
            """
        try engine.withTables(tables) { (database) throws in
            func refused(_ body: (any DatabaseSession) throws -> Void) -> Bool {
                do {
                    try database.write(body)
                    return false
                } catch { return (error as? DatabaseError)?.code == .constraint }
            }
            /// A thousand rows that refer to 1, 2, 3, 8, and one of them to `odd`; some to nothing.
            func load(_ odd: Int64, from first: Int64, in session: any DatabaseSession) throws {
                try session.load("c", ["id", "p"], count: 1000) { index, row in
                    row.put(first + Int64(index))
                    if index == 500 {
                        row.put(odd)
                    } else if index % 5 == 4 {
                        row.putNull()
                    } else {
                        row.put([1, 2, 3, 8][index % 5])
                    }
                }
            }
            try database.write { session in
                for id in [1, 2, 3, 8] { try session.execute("INSERT INTO p VALUES (\(id))") }
                try load(8, from: 0, in: session)
            }
            #expect(refused { try load(7, from: 1000, in: $0) })
            #expect(
                refused {
                    try load(1, from: 1000, in: $0)
                    try $0.execute("INSERT INTO c VALUES (5000, 9)")
                },
                "what follows a load is looked up as ever"
            )
            #expect(refused { try $0.execute("INSERT INTO c VALUES (5000, 9)") })
            #expect(
                refused {
                    try $0.load("d", ["a", "b"], count: 300) { _, row in
                        row.put(1)
                        row.put(1)
                    }
                }
            )
            #expect(try count("c", in: database) == 1000)
            #expect(try count("d", in: database) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `many rows may come before what they refer to where the reference is deferred`(
        engine: TestEngine
    ) throws {
        let tables = """
            CREATE TABLE p (id {int} NOT NULL PRIMARY KEY) {strict};
            CREATE TABLE c (
                id {int} NOT NULL PRIMARY KEY,
                p {int} REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED
            ) {strict};
            """
        try engine.withTables(tables) { (database) throws in
            func load(_ parent: Int64, in session: any DatabaseSession) throws {
                try session.load("c", ["id", "p"], count: 500) { index, row in
                    row.put(parent * 1000 + Int64(index))
                    row.put(parent)
                }
            }
            try database.write { session in
                try load(1, in: session)
                try session.execute("INSERT INTO p VALUES (1)")
            }
            #expect(try count("c", in: database) == 500)
            let failure = #expect(throws: DatabaseError.self) {
                try database.write { try load(2, in: $0) }
            }
            #expect(failure?.code == .constraint)
            #expect(try count("c", in: database) == 500)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a snapshot does not see later writes`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            try database.read { (session) throws in
                let seen = { try session.first("SELECT count(*) FROM t") { $0.integer(0) } }
                #expect(try seen() == 0)
                try database.write { try $0.execute("INSERT INTO t (i) VALUES (1)") }
                #expect(try seen() == 0)
            }
            #expect(try count("t", in: database) == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a reader cannot write`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            let error = #expect(throws: DatabaseError.self) {
                try database.read { _ = try $0.execute("INSERT INTO t (i) VALUES (1)") }
            }
            #expect(error?.code == .readOnly)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `increments at the same time all land`(engine: TestEngine) async throws {
        try engine.withTables(Self.values) { (database) throws in
            try database.write { try $0.execute("INSERT INTO t (i) VALUES (0)") }
            DispatchQueue.concurrentPerform(iterations: 40) { _ in
                do {
                    try database.write { (session) throws in
                        let old = try session.first("SELECT i FROM t") { $0.integer(0) } ?? -1
                        try session.execute("UPDATE t SET i = $1", [.int(old + 1)])
                    }
                } catch {
                    Issue.record(error)
                }
            }
            #expect(try database.read { try $0.first("SELECT i FROM t") { $0.integer(0) } } == 40)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `bad use is our own defect`(engine: TestEngine) throws {
        try engine.withTables(Self.values) { (database) throws in
            let code = { (body: (any DatabaseSession) throws -> Void) in
                do {
                    try database.write(body)
                } catch let error as DatabaseError {
                    return error.code as DatabaseError.Code?
                } catch {}
                return nil as DatabaseError.Code?
            }
            #expect(code { try $0.execute("SELEKT 1") } == .misuse)
            #expect(code { try $0.execute("DELETE FROM absent") } == .misuse)
            #expect(code { try $0.execute("DELETE FROM t WHERE i = $1", []) } == .misuse)
            #expect(code { try $0.execute("SELECT 1; SELECT 2") } == .misuse)
            #expect(
                code { try $0.load("t", ["i", "s"], count: 1) { _, row in row.putNull() } }
                    == .misuse
            )
            #expect(
                code { try $0.load("t", ["i"], count: 1) { _, row in row.put("x") } } == .constraint
            )
        }
    }

    private static func value(_ row: any DatabaseRow) -> [SQLValue] {
        [
            row.optionalInteger(0).map(SQLValue.integer) ?? .null,
            row.optionalText(1).map(SQLValue.text) ?? .null,
            row.optionalBlob(2).map(SQLValue.blob) ?? .null,
        ]
    }

    private static func put(_ value: SQLValue, into row: any BulkRow) {
        switch value {
        case .null: row.putNull()
        case .integer(let value): row.put(value)
        case .text(let value): row.put(value)
        case .blob(let value): row.put(value)
        }
    }
}
