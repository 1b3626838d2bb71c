import Foundation
import Synchronization
import Testing
import UnionTicket

@testable import Registry

@Suite struct IdempotencyTests {
    private struct Failed: Error {}

    @Test(arguments: TestEngine.allCases)
    func `the same request has its effect once and its answer twice`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let ledger = Idempotency(office.register)
            let clients = APIClients(office.register)
            func once(_ body: String, _ scope: String = "client/1") throws -> Idempotency.Outcome {
                try ledger.once(scope: scope, key: "k1", body: Array(body.utf8)) {
                    let name = "c\(try clients.list(by: office.admin).count)"
                    return Array(
                        try clients.create(.init(name: name, role: .app), by: office.admin).utf8
                    )
                }
            }
            guard case .first(let answer) = try once("a") else {
                Issue.record("not first")
                return
            }
            #expect(try once("a") == .again(answer))
            #expect(try once("b") == .anotherBody)
            #expect(try clients.list(by: office.admin).count == 1)
            guard case .first = try once("a", "client/2") else {
                Issue.record("scopes met")
                return
            }
            let kept = try office.register.read { session in
                try session.all("SELECT sealed FROM idempotency_key") { $0.blob(0) }
            }
            #expect(kept.count == 2 && !kept.contains { Data($0).range(of: Data(answer)) != nil })
            office.clock.advance(Idempotency.life)
            guard case .first = try once("b") else {
                Issue.record("kept too long")
                return
            }
            office.clock.advance(Idempotency.life)
            #expect(try ledger.forgetOld() == 2)
            #expect(try ledger.forgetOld() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what throws keeps neither effect nor answer`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let ledger = Idempotency(office.register)
            let clients = APIClients(office.register)
            #expect(throws: Failed.self) {
                try ledger.once(scope: "s", key: "k", body: []) {
                    _ = try clients.create(.init(name: "gone", role: .app), by: office.admin)
                    throw Failed()
                }
            }
            let made = try clients.list(by: office.admin)
            #expect(made.isEmpty)
            #expect(try office.number("SELECT count(*) FROM idempotency_key") == 0)
            guard case .intact = try AuditLog(office.register).verify() else {
                Issue.record("the audit chain broke")
                return
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `joined operations commit together, and one that was caught leaves nothing`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let clients = APIClients(office.register)
            try office.register.together {
                _ = try clients.create(.init(name: "a", role: .app), by: office.admin)
                #expect(throws: Failed.self) {
                    try office.register.together {
                        _ = try clients.create(.init(name: "b", role: .app), by: office.admin)
                        throw Failed()
                    }
                }
                #expect(throws: RegisterError.self) { try clients.rotate("b", by: office.admin) }
                // Reads inside see what was written inside.
                #expect(try clients.list(by: office.admin).map(\.client.name) == ["a"])
                _ = try clients.create(.init(name: "c", role: .app), by: office.admin)
            }
            #expect(try clients.list(by: office.admin).map(\.client.name) == ["a", "c"])
            guard case .intact = try AuditLog(office.register).verify() else {
                Issue.record("the audit chain broke")
                return
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of parallel requests with one key, one has the effect`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let ledger = Idempotency(office.register)
            let clients = APIClients(office.register)
            let outcomes = Mutex<[Idempotency.Outcome]>([])
            DispatchQueue.concurrentPerform(iterations: 6) { turn in
                let outcome = try? ledger.once(scope: "s", key: "k", body: [1]) {
                    let name = "c\(turn)"
                    return Array(
                        try clients.create(.init(name: name, role: .app), by: office.admin).utf8
                    )
                }
                if let outcome { outcomes.withLock { $0.append(outcome) } }
            }
            let all = outcomes.withLock { $0 }
            #expect(all.count == 6)
            #expect(all.filter { if case .first = $0 { true } else { false } }.count == 1)
            let made = try clients.list(by: office.admin)
            #expect(made.count == 1)
        }
    }
}
