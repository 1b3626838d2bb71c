import Foundation
import Testing
import UnionTicket

@testable import Registry

/// What only the SQLite driver does.
@Suite struct SQLiteDatabaseTests {
    @Test func `the file and its journal are for the owner only`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { try $0.script("CREATE TABLE t (a INTEGER) STRICT") }
            for name in ["r.sqlite", "r.sqlite-wal", "r.sqlite-shm"] {
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: directory + "/" + name
                )
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    @Test func `settings reach every connection`() throws {
        try withScratch { directory in
            let options = SQLiteOptions(secureDelete: true, pageSize: 16_384)
            let database = try SQLiteDatabase(path: directory + "/r.sqlite", options: options)
            let number = { (name: String, session: any DatabaseSession) throws -> Int64? in
                try session.first("PRAGMA \(name)") { $0.integer(0) }
            }
            let check = { (session: any DatabaseSession) throws -> Void in
                #expect(try number("page_size", session) == 16_384)
                #expect(try number("secure_delete", session) == 1)
                #expect(try number("foreign_keys", session) == 1)
                #expect(try number("synchronous", session) == 2)
                #expect(try number("cache_size", session) == -81_920)
            }
            try database.write(check)
            try database.read(check)
        }
    }

    @Test func `the journal is folded in beside the transactions`() throws {
        try withScratch { directory in
            let path = directory + "/r.sqlite"
            let database = try SQLiteDatabase(path: path)
            try database.write { try $0.script("CREATE TABLE t (a INTEGER) STRICT") }
            /// How many rows are in the file itself, its journal left aside.
            func folded() throws -> Int64? {
                let copy = directory + "/copy.sqlite"
                try? FileManager.default.removeItem(atPath: copy)
                try FileManager.default.copyItem(atPath: path, toPath: copy)
                return try SQLiteDatabase(path: copy).read { session in
                    try session.first("SELECT count(*) FROM t") { $0.integer(0) }
                }
            }
            try database.foldJournal()
            for _ in 1...3 { try database.write { try $0.execute("INSERT INTO t VALUES (1)") } }
            #expect(try folded() == 0, "transactions leave it to the folder")
            try database.read { session in
                try database.foldJournal()
                #expect(try session.first("SELECT count(*) FROM t") { $0.integer(0) } == 3)
            }
            #expect(try folded() == 3)
            let pages = try database.write {
                try $0.first("PRAGMA wal_autocheckpoint") { $0.integer(0) }
            }
            #expect(pages == 32_768, "an endless journal is folded in all the same")
            // A journal of many pages begins anew although somebody may read at any time.
            try database.write { session in
                try session.script("CREATE TABLE b (a BLOB) STRICT")
                for _ in 1...5_000 {
                    try session.execute("INSERT INTO b VALUES (zeroblob(8192))")
                }
            }
            try database.foldJournal()
            let size = { () throws -> Int in
                let attributes = try FileManager.default.attributesOfItem(atPath: path + "-wal")
                return attributes[.size] as? Int ?? 0
            }
            let before = try size()
            for _ in 1...3 { try database.write { try $0.execute("INSERT INTO t VALUES (1)") } }
            #expect(before > 5_000 * 8_192)
            #expect(try size() == before, "the pages are written over the old ones")
            // Somebody who reads for long keeps neither the folding nor the writers up.
            try database.read { session in
                _ = try session.first("SELECT count(*) FROM t") { $0.integer(0) }
                for _ in 1...3 { try database.write { try $0.execute("INSERT INTO t VALUES (1)") } }
                try database.foldJournal()
                try database.write { try $0.execute("INSERT INTO t VALUES (1)") }
            }
            database.close()
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        }
    }

    @Test func `a second writer is told that the register is busy`() throws {
        try withScratch { directory in
            let path = directory + "/r.sqlite"
            let first = try SQLiteDatabase(path: path)
            let second = try SQLiteDatabase(path: path, options: SQLiteOptions(busySeconds: 0.02))
            try first.write { (session) throws in
                try session.script("CREATE TABLE t (a INTEGER) STRICT")
                let error = #expect(throws: DatabaseError.self) {
                    try second.write { try $0.script("CREATE TABLE u (a INTEGER) STRICT") }
                }
                #expect(error?.code == .busy)
                #expect(error?.reason.contains("another process") == true)
            }
        }
    }

    @Test func `a full disk is called full and leaves the data as before`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { try $0.script("CREATE TABLE t (a BLOB) STRICT") }
            let error = #expect(throws: DatabaseError.self) {
                try database.write { (session) throws in
                    try session.script("PRAGMA max_page_count = 20")
                    for _ in 0..<100 {
                        try session.execute("INSERT INTO t VALUES (zeroblob(4096))")
                    }
                }
            }
            #expect(error?.code == .full)
            #expect(try count("t", in: database) == 0)
        }
    }

    @Test(arguments: [ENOSPC, EDQUOT, EFBIG])
    func `space, quota and the limit of a file's size are told alike`(_ code: Int32) throws {
        let failure = DatabaseError(systemError: code, doing: "write")
        #expect(failure.code == .full)
        #expect(RegisterError(failure).message.english.contains("ulimit -f"))
        let told = Files.failure("/x", code: code)
        #expect(told.code == .storage && told.message.english.contains("ulimit -f"))
    }

    @Test func `a directory that cannot be written is read-only`() throws {
        try withScratch { directory in
            let error = #expect(throws: DatabaseError.self) {
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o555],
                    ofItemAtPath: directory
                )
                try asNobody { _ = try SQLiteDatabase(path: directory + "/r.sqlite") }
            }
            #expect(error?.code == .readOnly)
        }
    }

    @Test func `a missing directory is unavailable`() throws {
        let error = #expect(throws: DatabaseError.self) {
            _ = try SQLiteDatabase(path: "/nowhere/at/all/r.sqlite")
        }
        #expect(error?.code == .unavailable)
    }

    @Test func `a file that is no register is corrupt`() throws {
        try withScratch { directory in
            let path = directory + "/r.sqlite"
            try Data(repeating: 0x41, count: 5000).write(to: URL(filePath: path))
            let error = #expect(throws: DatabaseError.self) { _ = try SQLiteDatabase(path: path) }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func `opened for reading it reads and refuses to write`() throws {
        try withScratch { directory in
            let path = directory + "/r.sqlite"
            let first = try SQLiteDatabase(path: path)
            try first.write { try $0.script("CREATE TABLE t (a INTEGER) STRICT") }
            let second = try SQLiteDatabase(path: path, options: SQLiteOptions(readOnly: true))
            #expect(try count("t", in: second) == 0)
            let error = #expect(throws: DatabaseError.self) {
                try second.write { try $0.script("DROP TABLE t") }
            }
            #expect(error?.code == .readOnly)
            let missing = #expect(throws: DatabaseError.self) {
                _ = try SQLiteDatabase(
                    path: directory + "/none.sqlite",
                    options: SQLiteOptions(readOnly: true)
                )
            }
            #expect(missing?.code == .unavailable)
        }
    }

    @Test func `a first load has the file to itself where nobody else has it open`() throws {
        func journal(_ session: any DatabaseSession) throws -> String? {
            try session.first("PRAGMA journal_mode") { $0.text(0) }
        }
        struct BrokenOff: Error {}
        try withScratch { directory in
            let path = directory + "/r.sqlite"
            let database = try SQLiteDatabase(path: path)
            try database.write { try $0.script("CREATE TABLE t (a INTEGER) STRICT") }
            // a reader that is idle is no hindrance
            #expect(try count("t", in: database) == 0)
            try database.alone { session in
                #expect(try journal(session) == "delete")
                try session.execute("INSERT INTO t VALUES (1)")
                let other = #expect(throws: DatabaseError.self) {
                    let options = SQLiteOptions(busySeconds: 0.02)
                    let second = try SQLiteDatabase(path: path, options: options)
                    try second.write { try $0.execute("INSERT INTO t VALUES (2)") }
                }
                #expect(other?.code == .busy)
            }
            #expect(try count("t", in: database) == 1)
            #expect(throws: BrokenOff.self) {
                try database.alone { session in
                    try session.execute("INSERT INTO t VALUES (3)")
                    throw BrokenOff()
                }
            }
            #expect(try database.write(journal) == "wal")
            #expect(try count("t", in: database) == 1)

            let second = try SQLiteDatabase(path: path)
            #expect(try count("t", in: second) == 1)
            try database.alone { session in
                #expect(try journal(session) == "wal")
                try session.execute("INSERT INTO t VALUES (4)")
                #expect(try count("t", in: second) == 1)
            }
            #expect(try count("t", in: second) == 2)
            for database in [database, second] { database.close() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["r.sqlite"])
        }
    }

    /// What such a statement may have to take back, SQLite keeps page by page: in memory, then in a file.
    @Test func `a statement may touch any number of pages that were changed before`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { session in
                try session.script(
                    """
                    CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB) STRICT;
                    CREATE TRIGGER u BEFORE UPDATE ON t WHEN NEW.a < 0
                    BEGIN SELECT RAISE(ABORT, 'no'); END;
                    """
                )
                try session.execute(
                    """
                    INSERT INTO t (b)
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n LIMIT 3000)
                    SELECT zeroblob(6000) FROM n
                    """
                )
                #expect(try session.execute("UPDATE t SET b = zeroblob(6001)") == 3000)
            }
        }
    }

    /// Else SQLite keeps every page of every row to be able to take that row alone back.
    @Test(arguments: [
        "member", "import_seen", "card_order", "order_event", "ticket_number", "carrier",
        "carrier_event", "batch_card", "hand_out",
    ])
    func `what is loaded by the million has its references looked up by the load`(
        table: String
    ) throws {
        try TestOffice.with(.sqlite) { office in
            try office.register.write { open in
                let session = try #require(open as? SQLiteSession)
                #expect(try session.references(of: table) != nil)
            }
        }
    }

    @Test func `SQLite looks up what the rows of a trigger refer to`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { open in
                try open.script(
                    """
                    CREATE TABLE p (id INTEGER PRIMARY KEY) STRICT;
                    CREATE TABLE c (id INTEGER REFERENCES p (id)) STRICT;
                    CREATE TABLE noted (id INTEGER) STRICT;
                    CREATE TABLE early (id INTEGER REFERENCES p (id)) STRICT;
                    CREATE TABLE late (id INTEGER REFERENCES p (id)) STRICT;
                    CREATE TRIGGER a AFTER INSERT ON early
                    BEGIN INSERT INTO noted (id) VALUES (NEW.id); END;
                    CREATE TRIGGER b AFTER INSERT ON late
                    BEGIN INSERT INTO c (id) VALUES (NEW.id + 1); END;
                    INSERT INTO p (id) VALUES (1);
                    """
                )
                let session = try #require(open as? SQLiteSession)
                #expect(try session.references(of: "early")?.count == 1)
                #expect(try session.references(of: "late") == nil)
                try session.load("early", ["id"], count: 300) { $1.put(1) }
                #expect(try session.first("SELECT count(*) FROM noted") { $0.integer(0) } == 300)
            }
            #expect(throws: DatabaseError.self) {
                try database.write { try $0.load("late", ["id"], count: 300) { $1.put(1) } }
            }
        }
    }

    @Test func `a backup holds what was committed and passes both checks`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { (session) throws in
                try session.script("CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (7)")
            }
            try database.backup(to: directory + "/copy.sqlite")
            let copy = try SQLiteDatabase(path: directory + "/copy.sqlite")
            #expect(try count("t", in: copy) == 1)
            #expect(try copy.integrityCheck().isEmpty)
            #expect(try copy.foreignKeyCheck().isEmpty)
            #expect(throws: DatabaseError.self) {
                try database.backup(to: directory + "/copy.sqlite")
            }
        }
    }

    @Test func `closing leaves one file without a journal`() throws {
        try withScratch { directory in
            let database = try SQLiteDatabase(path: directory + "/r.sqlite")
            try database.write { try $0.script("CREATE TABLE t (a INTEGER) STRICT") }
            #expect(try count("t", in: database) == 0)
            database.close()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["r.sqlite"])
        }
    }
}
