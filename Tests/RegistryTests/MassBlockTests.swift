import Testing
import UnionTicket

@testable import Registry

@Suite struct `Mass blocking` {
    @Test(arguments: TestEngine.allCases)
    func `above the limit nothing is blocked until a second person confirms`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (0..<3).map { try TestOffice.draft($0) })
            try office.issue()
            let block = MassBlock(office.register)
            try block.setLimit(2, by: office.admin)
            let numbers = try office.register.read {
                try $0.all("SELECT number FROM carrier ORDER BY id") { "\($0.integer(0))" }
            }
            func withdrawn() throws -> Int64 {
                try office.number("SELECT count(*) FROM carrier WHERE state = 'withdrawn'")
            }
            let request = try block.ask(.withdraw, numbers, reason: "parcel", by: office.admin)
            #expect(request.doneAt == nil && request.carriers == 3)
            #expect(try withdrawn() == 0)
            #expect(try block.waiting(by: office.admin).map(\.id) == [request.id])
            #expect { try block.confirm(request.id, by: office.admin) } throws: {
                ($0 as? RegisterError)?.code == .refused
            }
            let users = UserDirectory(office.register)
            try users.add(
                "second",
                role: .cardOffice,
                scope: .centralCouncil,
                passphrase: "long passphrase",
                by: office.admin
            )
            let second = try users.signIn("second", passphrase: "long passphrase")
            #expect(try block.confirm(request.id, by: second).doneAt != nil)
            #expect(try withdrawn() == 3)
            #expect(throws: RegisterError.self) { try block.confirm(request.id, by: second) }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `one card that cannot be blocked refuses the whole list`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (0..<2).map { try TestOffice.draft($0) })
            try office.issue()
            let numbers = try office.register.read {
                try $0.all("SELECT number FROM carrier ORDER BY id") { "\($0.integer(0))" }
            }
            let block = MassBlock(office.register)
            #expect {
                try block.ask(.withdraw, numbers + ["1"], reason: "x", by: office.admin)
            } throws: { $0 is RegisterError }
            #expect(throws: RegisterError.self) {
                try block.ask(.unblock, numbers, reason: "x", by: office.admin)
            }
            let untouched = "SELECT count(*) FROM carrier WHERE state = 'allocated'"
            #expect(try office.number(untouched) == 2)
            #expect(try office.number("SELECT count(*) FROM mass_block") == 0)
            // Within the limit one person is enough.
            let done = try block.ask(.withdraw, numbers, reason: "parcel", by: office.admin)
            #expect(done.doneAt != nil)
        }
    }
}
