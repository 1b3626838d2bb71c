import Foundation
import Testing
import UnionTicket

@testable import Registry

@Suite struct `The audit log's proof` {
    /// What an attacker with the database does, what the check says.
    struct Forgery: CustomTestStringConvertible {
        let name: String
        let sql: [String]
        let finding: AuditLog.Finding
        var testDescription: String { name }
    }

    static let forgeries = [
        Forgery(
            name: "edited",
            sql: ["UPDATE audit SET detail = 'x' WHERE seq = 3"],
            finding: .tampered(sequence: 3)
        ),
        Forgery(
            name: "removed",
            sql: ["DELETE FROM audit WHERE seq = 3"],
            finding: .gap(after: 2)
        ),
        Forgery(
            name: "removed and numbered anew",
            sql: [
                "DELETE FROM audit WHERE seq = 3",
                "UPDATE audit SET seq = -seq WHERE seq > 3",
                "UPDATE audit SET seq = -seq - 1 WHERE seq < 0",
            ],
            finding: .tampered(sequence: 3)
        ),
        Forgery(
            name: "reordered",
            sql: [
                "UPDATE audit SET seq = -3 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = -3",
            ],
            finding: .tampered(sequence: 3)
        ),
    ]

    private func office(_ engine: TestEngine, _ body: (TestOffice, AuditLog) throws -> Void) throws
    {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            for _ in 0..<5 {
                _ = try MemberFile(office.register).show("1001", reason: "t", by: office.admin)
            }
            let log = AuditLog(office.register)
            try log.countersignHead()
            guard case .intact = try log.verify(isHeadNeeded: true) else {
                Issue.record("the log should be intact")
                return
            }
            try office.register.database.write { session in
                for name in ["audit_no_change", "audit_no_deletion"] {
                    try session.script(session.engine.dropRefusal(name, of: "audit"))
                }
            }
            try body(office, log)
        }
    }

    @Test(arguments: TestEngine.allCases, forgeries)
    func `a changed, removed or moved row is found`(
        _ engine: TestEngine,
        _ forgery: Forgery
    ) throws {
        try office(engine) { office, log in
            for sql in forgery.sql { try office.execute(sql) }
            #expect(try log.verify() == forgery.finding)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a cut tail is found by either place, and a forged head too`(
        _ engine: TestEngine
    ) throws {
        try office(engine) { office, _ in
            let second = office.directory.path + "/../heads.log"
            let directory = DataDirectory(path: office.directory.path, auditHeads: second)
            let register = try Register.open(
                in: directory,
                passphrase: TestOffice.passphrase,
                location: office.location,
                now: office.clock.now
            )
            let log = AuditLog(register)
            #expect(try log.verify(isHeadNeeded: true) == .headMissing(place: second))
            try log.countersignHead()
            #expect(try log.verify(isHeadNeeded: true) == .headMissing(place: second))
            try log.countersignHead(isFirst: true)
            let last = try office.number("SELECT max(seq) FROM audit")
            // Within the hour the second place gets no second line.
            _ = try MemberFile(register).show("1001", reason: "t", by: office.admin)
            try log.countersignHead()
            #expect(try lines(second) == 1)
            office.clock.advance(3600)
            try log.countersignHead()
            #expect(try lines(second) == 2)
            try office.execute("DELETE FROM audit WHERE seq >= \(last)")
            let cut = AuditLog.Finding.cutTail(last: last - 1, expected: last + 1)
            #expect(try log.verify() == cut)
            // The attacker also takes the head beside the database: the second place still tells.
            let first = directory.path + "/audit.head"
            try Files.write(Array("".utf8), to: first)
            #expect(try log.verify() == cut)
            let text = String(decoding: try Files.read(second, atMost: 4096), as: UTF8.self)
            try Files.write(
                Array(text.replacing(" ", with: "0 ", maxReplacements: 1).utf8),
                to: second
            )
            #expect(try log.verify() == .foreignHead(place: second, line: 1))
        }
    }

    @Test func `a head that is cut or empty is told, and nothing is written over it`() throws {
        try office(.sqlite) { office, _ in
            let place = office.directory.path + "/audit.head"
            let log = AuditLog(office.register)
            try log.countersignHead()
            let whole = try Files.read(place, atMost: 4096)
            for cut in [Array(whole.dropLast()), Array(whole.prefix(40))] {
                try Files.write(cut, to: place)
                #expect(try log.verify() == .foreignHead(place: place, line: 1))
                // The next command's head does not hide it.
                try log.countersignHead()
                #expect(try Files.read(place, atMost: 4096) == cut)
            }
            try Files.write([], to: place)
            #expect(try log.verify(isHeadNeeded: true) == .headMissing(place: place))
            for isRemoved in [false, true] {
                if isRemoved { try FileManager.default.removeItem(atPath: place) }
                // The next command's head does not stand in for the one that was taken away.
                try log.countersignHead()
                #expect(try log.verify(isHeadNeeded: true) == .headMissing(place: place))
            }
            try log.countersignHead(isFirst: true)
            guard case .intact = try log.verify(isHeadNeeded: true) else {
                Issue.record("a head that was asked for is there")
                return
            }
        }
    }

    private func lines(_ path: String) throws -> Int {
        try Files.read(path, atMost: 4096).count { $0 == 0x0A }
    }

    @Test func `a reader filters by user, action, subject and time`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1)])
            office.clock.advance(60)
            _ = try MemberFile(office.register).show("1001", reason: "t", by: office.admin)
            var filter = AuditLog.Filter()
            (filter.user, filter.action, filter.subject) = ("admin", "member.", "member/1")
            filter.since = office.clock.now()
            let log = AuditLog(office.register)
            #expect(try log.entries(filter, by: office.admin).map(\.action) == ["member.read"])
            filter.until = office.clock.now() + -1
            #expect(try log.entries(filter, by: office.admin).isEmpty)
        }
    }
}
