import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Users, keys, audit, backups` {
    @Test(arguments: TestEngine.allCases)
    func `wrong passphrases lock the account until an administrator unlocks it`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let users = UserDirectory(office.register)
            try users.add(
                "reg",
                role: .registrar,
                scope: try TestOffice.code("26"),
                passphrase: "registrar phrase",
                by: office.admin
            )
            for _ in 0..<UserDirectory.defaultLockAfter {
                #expect(throws: RegisterError.self) {
                    try users.signIn("reg", passphrase: "wrong phrase")
                }
            }
            #expect { try users.signIn("reg", passphrase: "registrar phrase") } throws: {
                ($0 as? RegisterError)?.message.english.contains("locked") == true
            }
            try users.enable("reg", by: office.admin)
            let registrar = try users.signIn("reg", passphrase: "registrar phrase")
            #expect(throws: RegisterError.self) {
                try users.add(
                    "x",
                    role: .chair,
                    scope: .centralCouncil,
                    passphrase: "12345678",
                    by: registrar
                )
            }
            let elsewhere = try TestOffice.draft(9, organisation: "27-001-0001")
            #expect(try office.take([elsewhere], by: registrar).codes == [["outside_scope"]])
            try users.disable("reg", by: office.admin)
            #expect(throws: RegisterError.self) {
                try users.signIn("reg", passphrase: "registrar phrase")
            }
            #expect(throws: RegisterError.self) { try users.disable("admin", by: office.admin) }
            for (role, scope) in [(Role.auditor, "99"), (.administrator, "26")] {
                #expect(throws: RegisterError.self) {
                    try users.setRole(
                        "admin",
                        role: role,
                        scope: try TestOffice.code(scope),
                        by: office.admin
                    )
                }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `one person under two names on one key is refused`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let users = UserDirectory(office.register)
            let key = try users.exportKey(of: "admin", by: office.admin)
            #expect {
                try users.add(
                    "double",
                    role: .cardOffice,
                    scope: .centralCouncil,
                    passphrase: "admin passphrase",
                    sealedKey: key,
                    by: office.admin
                )
            } throws: { ($0 as? RegisterError)?.message.english.contains("one person") == true }
        }
    }

    @Test func `an edited, a removed and a cut row of the log are found`() throws {
        for (forgery, expected) in [
            ("UPDATE audit SET detail = 'x' WHERE seq = 2", AuditLog.Finding.tampered(sequence: 2)),
            ("DELETE FROM audit WHERE seq = 2", .gap(after: 1)),
        ] {
            try TestOffice.with(.sqlite) { office in
                try office.take([try TestOffice.draft(1)])
                let log = AuditLog(office.register)
                try log.countersignHead()
                guard case .intact = try log.verify() else {
                    Issue.record("the log should be intact")
                    return
                }
                try office.register.database.write { session in
                    for name in ["audit_no_change", "audit_no_deletion"] {
                        try session.script("DROP TRIGGER \(name)")
                    }
                    try session.execute(forgery)
                }
                #expect(try log.verify() == expected)
            }
        }
        try TestOffice.with(.sqlite) { office in
            let log = AuditLog(office.register)
            try log.countersignHead()
            let last = try office.number("SELECT max(seq) FROM audit")
            try office.register.database.write { session in
                try session.script("DROP TRIGGER audit_no_deletion")
                try session.execute("DELETE FROM audit WHERE seq = \(last)")
            }
            #expect(try log.verify() == .cutTail(last: last - 1, expected: last))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a key is published before it signs, and a revoked one refuses all it signed`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            let payload = try office.payloads(1)[0]
            func verdict() throws -> PayloadVerdict {
                let keys = try #require(TrustedKeys(file: try KeyRing(office.register).bundle()))
                return TicketJudge(keys: keys).judge(bytes: payload.bytes, at: office.clock.now())
                    .verdict
            }
            let ring = KeyRing(office.register)
            let old = try #require(try ring.list(by: office.admin).first { $0.purpose == .plastic })
            func rotate() throws -> KeyRing.Key {
                try ring.rotate(
                    .plastic,
                    secrets: try office.secrets,
                    root: try office.root,
                    by: office.admin
                )
            }
            #expect(try rotate().state == .next)
            #expect(throws: RegisterError.self) { try rotate() }
            office.clock.advance(KeyRing.lead)
            #expect(try rotate().state == .active)
            #expect(try verdict() == .valid)
            func refusal(_ state: KeyState) throws -> String? {
                let root = try office.root
                do {
                    _ = try ring.end(old.kid, as: state, root: root, by: office.admin)
                    return nil
                } catch let error as RegisterError { return error.message.english }
            }
            #expect(try refusal(.retired) == nil)
            #expect(try verdict() == .revokedKey)
            #expect(try refusal(.retired)?.contains("is retired already") == true)
            #expect(try refusal(.revoked) == nil)
            #expect(try verdict() == .revokedKey)
            for state in [KeyState.retired, .revoked] {
                #expect(try refusal(state)?.contains("is revoked already") == true)
            }
            #expect(throws: RegisterError.self) {
                try ring.rotate(
                    .status,
                    .init(isImmediate: true),
                    secrets: try office.secrets,
                    root: SigningKey.generate(.edDSA),
                    by: office.admin
                )
            }
        }
    }

    @Test func `a wrong passphrase and a missing register say so`() throws {
        try TestOffice.with(.sqlite) { office in
            #expect {
                try Register.open(
                    in: office.directory,
                    passphrase: "not this one",
                    now: office.clock.now
                )
            } throws: { ($0 as? RegisterError)?.code == .wrongPassphrase }
            #expect {
                try Register.open(
                    in: DataDirectory(path: office.directory.path + "/none"),
                    passphrase: "x",
                    now: office.clock.now
                )
            } throws: { ($0 as? RegisterError)?.code == .notFound }
            #expect {
                try SigningSecrets.open(in: office.directory, passphrase: "not this one")
            } throws: { ($0 as? RegisterError)?.code == .wrongPassphrase }
        }
    }

    @Test func `after a restore nothing printed is unknown and nothing blocked comes back`() throws
    {
        try TestOffice.with(.sqlite) { office in
            try office.take(
                try (0..<20).map {
                    try TestOffice.draft($0, organisation: $0 < 10 ? "26-001-0001" : "27-001-0001")
                }
            )
            try office.issue("26")
            let draft = try OrderBook(office.register).create(
                .members(["1012"]),
                reason: .first,
                submitted: false,
                by: office.admin
            ).done[0]
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            let contents = try Backup.verify(
                path,
                passphrase: "backup phrase",
                masterPassphrase: TestOffice.passphrase,
                directory: office.directory,
                now: office.clock.now
            )
            #expect(
                contents.members == 20 && contents.carriers == 10 && contents.complaints.isEmpty
            )
            office.clock.advance(3600)
            _ = try OrderBook(office.register).move(
                .orders([draft]),
                to: .submitted,
                reason: "",
                by: office.admin
            )
            _ = try OrderBook(office.register).move(
                .orders([draft]),
                to: .approved,
                reason: "",
                by: office.admin
            )
            try office.issue("27")
            let (blocked, activated) = (
                try office.payloads(1)[0].carrier, try office.payloads(1)[1].carrier
            )
            let file = CarrierFile(office.register)
            for carrier in [blocked, activated] {
                _ = try file.apply(.unblock, to: carrier.digits, reason: "", by: office.admin)
            }
            _ = try file.apply(.stolen, to: blocked.digits, reason: "", by: office.admin)
            let folder = office.directory.path + "/published"
            _ = try StatusPublisher(office.register).publish(
                to: folder,
                secrets: try office.secrets,
                by: office.admin
            )
            try restored(office, path, folder, draft, blocked: blocked, activated: activated)
        }
    }

    private func restored(
        _ office: TestOffice,
        _ path: String,
        _ folder: String,
        _ draft: Int64,
        blocked: CarrierNumber,
        activated: CarrierNumber
    ) throws {
        let target = DataDirectory(path: office.directory.path + "/../restored")
        func restore(_ noErasures: Bool) throws {
            _ = try Restore.run(
                path,
                into: target,
                passphrase: "backup phrase",
                masterPassphrase: TestOffice.passphrase,
                epochs: office.directory,
                erasureLog: nil,
                noErasures: noErasures,
                now: office.clock.now
            )
        }
        #expect(throws: RegisterError.self) { try restore(false) }
        try restore(true)
        let register = try Register.open(
            in: target,
            passphrase: TestOffice.passphrase,
            now: office.clock.now
        )
        let secrets = try SigningSecrets.open(in: target, passphrase: TestOffice.passphrase)
        #expect {
            try StatusPublisher(register).publish(
                to: folder + "2",
                secrets: secrets,
                by: office.admin
            )
        } throws: { ($0 as? RegisterError)?.code == .mustReclaim }
        #expect(throws: RegisterError.self) {
            try Reclaim(register).run([folder + "/none"], by: office.admin)
        }
        func mustReclaim() throws -> Bool {
            try register.read { try Setting.mustReclaim.value(in: $0) != nil }
        }
        // Lists alone hold slots of cards nobody knows; manifests alone bring no block back.
        let lists = try Reclaim(register).run([folder], by: office.admin)
        #expect(try lists.lists == 2 && lists.missing.count == 2 && mustReclaim())
        let cards = try Reclaim(register).run([office.directory.issuances], by: office.admin)
        #expect(cards.manifests == 2 && cards.numbers == 10 && cards.carriers == 10)
        #expect(try cards.missing.count == 2 && mustReclaim())
        let report = try Reclaim(register).run(
            [office.directory.issuances, folder],
            by: office.admin
        )
        #expect(try report.manifests == 2 && report.missing.isEmpty && !mustReclaim())
        let waiting = try register.read { session in
            try session.first("SELECT state FROM card_order WHERE id = $1", [.integer(draft)]) {
                $0.text(0)
            }
        }
        #expect(waiting == "batched")
        let book = OrderBook(register)
        let open = try book.list(by: office.admin).filter { $0.state == .draft }
        #expect(open.isEmpty)
        let known = try register.read {
            try $0.first("SELECT count(*) FROM ticket_number") { $0.integer(0) }
        }
        #expect(known == 20)
        _ = try StatusPublisher(register).publish(
            to: folder + "2",
            secrets: secrets,
            by: office.admin
        )
        let keys = try #require(TrustedKeys(file: try KeyRing(register).bundle()))
        let token = try StatusListToken(
            cwt: try Files.read(folder + "2/status-lists/26.cwt", atMost: 1 << 20),
            keys: keys,
            at: office.clock.now()
        )
        let file = CarrierFile(register)
        for (carrier, status) in [(blocked, UInt8(1)), (activated, 0)] {
            let place = try #require(try file.show(carrier.digits, by: office.admin)[0].coordinate)
            #expect(token.list[Int(place.index)] == status)
        }
        #expect(token.sequence >= 2)
    }

    @Test func `a damaged backup is refused`() throws {
        try TestOffice.with(.sqlite) { office in
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            var bytes = try Files.read(path, atMost: 1 << 26)
            bytes[bytes.count / 2] ^= 1
            try Files.write(bytes, to: path + ".bad")
            try Files.write(Array(bytes.dropLast(100)), to: path + ".short")
            for file in [path + ".bad", path + ".short"] {
                #expect(throws: RegisterError.self) {
                    try Backup.verify(
                        file,
                        passphrase: "backup phrase",
                        masterPassphrase: TestOffice.passphrase,
                        directory: office.directory,
                        now: office.clock.now
                    )
                }
            }
            #expect(throws: RegisterError.self) {
                try Backup.verify(
                    path,
                    passphrase: "other phrase",
                    masterPassphrase: TestOffice.passphrase,
                    directory: office.directory,
                    now: office.clock.now
                )
            }
        }
    }
}
