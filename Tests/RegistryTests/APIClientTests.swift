import Testing
import UnionTicket

@testable import Registry

@Suite struct APIClientTests {
    @Test(arguments: TestEngine.allCases)
    func `a key opens its client only, until it is rotated out or revoked`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let clients = APIClients(office.register)
            let scope = try TestOffice.code("26")
            let key = try clients.create(
                .init(name: "kabinet", role: .cabinet, scope: scope),
                by: office.admin
            )
            let client = try #require(try clients.find(key: key))
            #expect(client.role == .cabinet && client.scope == scope)
            for wrong in [
                "", "pbk1_", String(key.dropLast()), key + "a", key.uppercased(),
                "pbk1_aaaaaaaaaa_" + key.suffix(43), String(key.dropLast(2)) + "AA",
                "' OR 1=1 --",
            ] {
                #expect(try clients.find(key: wrong) == nil)
            }
            let next = try clients.rotate("kabinet", overlap: 3600, by: office.admin)
            #expect(next != key)
            #expect(try clients.find(key: key) != nil && clients.find(key: next) != nil)
            office.clock.advance(3601)
            #expect(try clients.find(key: key) == nil)
            #expect(try clients.find(key: next) == client)
            try clients.revoke("kabinet", by: office.admin)
            #expect(try clients.find(key: next) == nil)
            #expect(throws: RegisterError.self) {
                try clients.rotate("kabinet", by: office.admin)
            }
            #expect(throws: DatabaseError.self) {
                try office.execute("UPDATE api_client SET revoked_at = NULL")
            }
            #expect(try office.number("SELECT count(*) FROM api_key") == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `nothing kept shows a key, and only an administrator makes one`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let clients = APIClients(office.register)
            let key = try clients.create(.init(name: "app", role: .app), by: office.admin)
            let secret = String(key.suffix(43))
            let texts = try office.register.read { session in
                try session.all("SELECT action, subject, detail FROM audit") {
                    $0.text(0) + $0.text(1) + $0.text(2)
                }
            }
            #expect(!texts.contains { $0.contains(secret) })
            #expect(texts.contains { $0.contains("client.create") })
            let found = try #require(try clients.find(key: key))
            let acting = found.acting(for: office.admin)
            #expect(throws: RegisterError.self) {
                try clients.create(.init(name: "other", role: .cabinet), by: acting)
            }
            #expect(throws: RegisterError.self) {
                try clients.create(.init(name: "app", role: .app), by: office.admin)
            }
            #expect(throws: RegisterError.self) {
                try clients.create(.init(name: "a b", role: .app), by: office.admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a client acts with its own name, scope and permissions`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            let carrier = try office.payloads(1)[0].carrier.digits
            let clients = APIClients(office.register)
            func acting(_ name: String, _ role: ClientRole, _ scope: String) throws -> SignedInUser
            {
                let key = try clients.create(
                    .init(
                        name: name,
                        role: role,
                        scope: try TestOffice.code(scope),
                        speaksFor: role == .partner ? "profcards" : ""
                    ),
                    by: office.admin
                )
                return try #require(try clients.find(key: key)).acting(for: office.admin)
            }
            let file = CarrierFile(office.register)
            try PartnerOffice(office: office).add("profcards", columns: [.region])
            let cabinet = try acting("own", .cabinet, "26")
            _ = try file.apply(.unblock, to: carrier, reason: "test", by: cabinet)
            let last = try #require(
                try AuditLog(office.register).entries(by: office.admin).last
            )
            #expect(last.user == "api:own" && last.action == "carrier.unblock")
            let stranger = try acting("other", .cabinet, "27")
            #expect(throws: RegisterError.self) {
                try file.apply(.suspend, to: carrier, reason: "test", by: stranger)
            }
            for role in [ClientRole.app, .partner, .station, .manufacturer] {
                let program = try acting("x-\(role.rawValue)", role, "26")
                #expect(throws: RegisterError.self) {
                    try file.apply(.suspend, to: carrier, reason: "test", by: program)
                }
                #expect(throws: RegisterError.self) {
                    try TicketSearch(office.register).number(carrier, by: program)
                }
            }
        }
    }

    @Test func `a client bound to a certificate comes with no other`() throws {
        try TestOffice.with(.sqlite) { office in
            let clients = APIClients(office.register)
            let print = [UInt8](repeating: 7, count: 32)
            let key = try clients.create(
                .init(name: "bank", role: .app, certificate: print),
                by: office.admin
            )
            for named in ["", "nobody"] {
                #expect(throws: RegisterError.self, "a partner's client names a partner") {
                    try clients.create(
                        .init(name: "p", role: .partner, speaksFor: named),
                        by: office.admin
                    )
                }
            }
            #expect(try clients.find(key: key) == nil)
            #expect(
                try clients.find(key: key, certificate: [UInt8](repeating: 8, count: 32)) == nil
            )
            #expect(try clients.find(key: key, certificate: print)?.name == "bank")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a client of nobody known is refused`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let clients = APIClients(office.register)
            for draft in [
                APIClients.Draft(name: "a", role: .cabinet, scope: try TestOffice.code("98")),
                APIClients.Draft(name: "b", role: .partner, speaksFor: "nobody"),
            ] {
                #expect(throws: RegisterError.self) { try clients.create(draft, by: office.admin) }
            }
        }
    }
}
