import Dispatch
import Testing
import UnionTicket

@testable import Registry

/// The schema grows by numbered steps and by nothing else.
@Suite struct MigrationsTests {
    private static let now = Instant(seconds: 1_790_000_000)
    private static let first = Migration(number: 1, name: "houses") { _ in
        "CREATE TABLE house (id {id}, plan {blob}, floors {int}) {strict};"
    }
    private static let second = Migration(number: 2, name: "streets") { engine in
        """
        CREATE TABLE street (name TEXT NOT NULL PRIMARY KEY) {strict,without rowid};
        \(engine.refuse(
            table: "street", operation: .delete, name: "street_stays", message: "streets stay"
        ))
        """
    }

    @Test(arguments: TestEngine.allCases)
    func `each migration is applied once`(engine: TestEngine) throws {
        try engine.withDatabase { (database) throws in
            #expect(try Migrations([Self.first]).pending(in: database) == 1)
            #expect(try Migrations([Self.first]).apply(to: database, at: Self.now) == 1)
            let both = Migrations([Self.first, Self.second])
            #expect(try both.pending(in: database) == 1)
            #expect(try both.apply(to: database, at: Self.now) == 1)
            #expect(try both.apply(to: database, at: Self.now) == 0)
            #expect(try both.pending(in: database) == 0)
            #expect(try count("street", in: database) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a schema newer than the program is refused`(engine: TestEngine) throws {
        try engine.withDatabase { (database) throws in
            try Migrations([Self.first, Self.second]).apply(to: database, at: Self.now)
            let old = Migrations([Self.first])
            for attempt in [
                { try old.pending(in: database) }, { try old.apply(to: database, at: Self.now) },
            ] {
                let error = #expect(throws: DatabaseError.self) { _ = try attempt() }
                #expect(error?.code == .misuse)
                #expect(error?.reason.contains("newer program") == true)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a migration that was changed afterwards is refused`(engine: TestEngine) throws {
        try engine.withDatabase { (database) throws in
            try Migrations([Self.first]).apply(to: database, at: Self.now)
            let other = Migration(number: 1, name: "houses") { _ in "CREATE TABLE hut (id {id})" }
            let error = #expect(throws: DatabaseError.self) {
                try Migrations([other]).apply(to: database, at: Self.now)
            }
            #expect(error?.reason.contains("another form") == true)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a migration that fails leaves the schema as it was`(engine: TestEngine) throws {
        try engine.withDatabase { (database) throws in
            let broken = Migration(number: 2, name: "broken") { _ in
                "CREATE TABLE half (id {id}) {strict}; CREATE TABLE house (id {id}) {strict};"
            }
            #expect(throws: DatabaseError.self) {
                try Migrations([Self.first, broken]).apply(to: database, at: Self.now)
            }
            #expect(try Migrations([Self.first]).pending(in: database) == 0)
            #expect(throws: DatabaseError.self) { try count("half", in: database) }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `programs that start together migrate once`(engine: TestEngine) throws {
        try engine.withDatabase { (database) throws in
            DispatchQueue.concurrentPerform(iterations: 6) { _ in
                do {
                    try Migrations([Self.first, Self.second]).apply(to: database, at: Self.now)
                } catch {
                    Issue.record(error)
                }
            }
            #expect(try count("schema_migration", in: database) == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a register from before deliveries learns a batch's later states`(
        engine: TestEngine
    ) throws {
        try engine.withDatabase { (database) throws in
            let earlier = Migrations(Array(RegisterSchema.migrations.prefix(7)))
            try earlier.apply(to: database, at: Self.now)
            try database.write { session in
                try session.execute(
                    """
                    INSERT INTO app_user (id, name, role, scope, public_key, sealed_key, created_at)
                    VALUES (1, 'a', 'cardOffice', 1, $1, $2, 0)
                    """,
                    [.blob([1]), .blob([2])]
                )
                try session.execute(
                    """
                    INSERT INTO batch (id, title, state, specification, folder, profile, layout_hash,
                        plan_hash, cards, planned_at, planned_by, approvals_needed)
                    VALUES (1, 't', 'sealed', 's', '/', 'p', 'h', $1, 1, 0, 1, 1)
                    """,
                    [.blob([1])]
                )
            }
            #expect(throws: DatabaseError.self) {
                try database.write { try $0.execute("UPDATE batch SET state = 'accepted'") }
            }
            try Migrations(RegisterSchema.migrations).apply(to: database, at: Self.now)
            for state in ["accepted", "shipped", "closed"] {
                try database.write { try $0.execute("UPDATE batch SET state = '\(state)'") }
            }
            for state in ["sealed", "nonsense"] {
                #expect(throws: DatabaseError.self) {
                    try database.write { try $0.execute("UPDATE batch SET state = '\(state)'") }
                }
            }
        }
    }
}
