import Testing

@testable import Registry

/// The database refuses what the code forgot to check, and says what refused.
@Suite struct ConstraintTests {
    private static let tables = """
        CREATE TABLE house (id {id}, name TEXT NOT NULL UNIQUE) {strict};
        CREATE TABLE flat (
            house {int} NOT NULL REFERENCES house (id),
            rooms {int} NOT NULL CONSTRAINT rooms_are_few CHECK (rooms < 10)
        ) {strict};
        INSERT INTO house (id, name) VALUES (1, 'private name')
        """

    @Test(arguments: TestEngine.allCases)
    func `a refused change names its constraint and no value`(engine: TestEngine) throws {
        let cases: [(String, String?)] = [
            ("INSERT INTO house (id, name) VALUES (2, $1)", nil),
            ("INSERT INTO flat (house, rooms) SELECT 7, 2 WHERE $1 <> ''", nil),
            ("INSERT INTO flat (house, rooms) SELECT 1, 99 WHERE $1 <> ''", "rooms_are_few"),
            ("INSERT INTO house (id, name) SELECT 3, NULL WHERE $1 <> ''", "house.name"),
        ]
        try engine.withTables(Self.tables) { (database) throws in
            for (sql, name) in cases {
                let error = #expect(throws: DatabaseError.self) {
                    try database.write { try $0.execute(sql, [.text("private name")]) }
                }
                #expect(error?.code == .constraint)
                #expect(error?.constraint?.isEmpty == false)
                #expect(error?.reason.contains("private name") == false)
                if let name { #expect(error?.constraint == name) }
            }
            #expect(try count("house", in: database) == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a trigger refuses with its own words`(engine: TestEngine) throws {
        try engine.withTables(Self.tables) { (database) throws in
            try database.write { (session) throws in
                try session.script(Self.triggers(session.engine))
                try session.execute("INSERT INTO flat (house, rooms) VALUES (1, 2)")
            }
            let cases = [
                ("UPDATE house SET name = 'x' WHERE id = 1", "a house keeps its name"),
                ("DELETE FROM flat WHERE house = 1", "flats aren't removed"),
                ("INSERT INTO flat (house, rooms) VALUES (1, 3)", "one flat a house"),
            ]
            for (sql, words) in cases {
                let error = #expect(throws: DatabaseError.self) {
                    try database.write { try $0.execute(sql) }
                }
                #expect(error?.code == .constraint)
                #expect(error?.constraint == words)
            }
            try database.write { (session) throws in
                #expect(try session.execute("UPDATE house SET name = name WHERE id = 1") == 1)
                #expect(try session.execute("DELETE FROM house WHERE id = 5") == 0)
            }
        }
    }

    private static func triggers(_ engine: DatabaseEngine) -> String {
        engine.refuse(
            table: "house",
            operation: .update,
            name: "house_keeps_name",
            when: "NEW.name IS DISTINCT FROM OLD.name",
            message: "a house keeps its name"
        )
            + engine.refuse(
                table: "flat",
                operation: .delete,
                name: "flat_stays",
                message: "flats aren't removed"
            )
            + engine.refuse(
                table: "flat",
                operation: .insert,
                name: "flat_is_alone",
                when: "EXISTS (SELECT 1 FROM flat WHERE house = NEW.house)",
                message: "one flat a house"
            )
    }
}
