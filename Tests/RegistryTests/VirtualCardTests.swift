import Dispatch
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `The life of virtual cards` {
    @Test(arguments: TestEngine.allCases)
    func `a renewal needs the phone's key and a fresh nonce`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            office.clock.advance(6 * 86_400)
            #expect(try phone.renew(card, key: .generate(.es256)) == .failure(.proofRefused))
            let renewed = try phone.renew(card).get()
            #expect(renewed.expiresAt == office.clock.now() + 7 * 86_400)
            #expect(try phone.renew(card) == .failure(.proofRefused))
            office.clock.advance(2 * 86_400)
            #expect(try office.judge(card, phone) == .expired)
            #expect(try office.judge(renewed, phone) == .valid)
            // a proof of deletion is none of renewal
            let deletion = try DeviceStatement.deletion(nonce: renewed.nonce, card: renewed.id)
                .prove(with: phone.key)
            #expect(
                try VirtualCards(office.register).renew(
                    renewed.id,
                    proof: deletion,
                    app: TestPhone.app,
                    scope: .centralCouncil,
                    secrets: try office.opened
                ) == .failure(.proofRefused)
            )
            #expect(
                try VirtualCards(office.register).show(renewed.id, app: 8, scope: .centralCouncil)
                    == .failure(.cardUnknown)
            )
            #expect(
                try VirtualCards(office.register)
                    .show(renewed.id, app: TestPhone.app, scope: .centralCouncil).get().nonce
                    == renewed.nonce
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a repeated renewal gives the first answer to the phone alone`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            func renew(
                _ nonce: [UInt8],
                _ key: SigningKey,
                _ retry: String
            ) throws
                -> Result<VirtualCard, VirtualRefusal>
            {
                let statement = DeviceStatement.renewal(nonce: nonce, card: card.id)
                return try VirtualCards(office.register).renew(
                    card.id,
                    proof: try statement.prove(with: key),
                    app: TestPhone.app,
                    scope: .centralCouncil,
                    retry: retry,
                    secrets: try office.opened
                )
            }
            let first = try renew(card.nonce, phone.key, "r-1").get()
            #expect(try renew(card.nonce, phone.key, "r-1") == .success(first))
            #expect(try renew(first.nonce, phone.key, "r-1") == .success(first))
            #expect(try renew(card.nonce, .generate(.es256), "r-1") == .failure(.proofRefused))
            #expect(try renew(card.nonce, phone.key, "r-2") == .failure(.proofRefused))
            let junk = try VirtualCards(office.register).renew(
                card.id,
                proof: [0xD2, 0x84],
                app: TestPhone.app,
                scope: .centralCouncil,
                retry: "r-1",
                secrets: try office.opened
            )
            #expect(junk == .failure(.proofRefused))
            #expect(try renew(first.nonce, phone.key, "r-2").get().nonce != first.nonce)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `settings given together are judged together, all or none`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            func set(_ changes: [(name: String, value: Int)]) throws {
                try VirtualTerms.set(changes, in: office.register, by: office.admin)
            }
            try set([("lifeDays", 3), ("renewFromDay", 2)])
            var expected = VirtualTerms()
            (expected.lifeDays, expected.renewFromDay) = (3, 2)
            #expect(try VirtualTerms.current(of: office.register) == expected)
            for changes in [
                [("devices", 2), ("lifeDays", 2)], [("devices", 2), ("unknown", 1)],
                [("devices", 2), ("lifeDays", 0)],
            ] {
                let named = changes.map { (name: $0.0, value: $0.1) }
                #expect(throws: RegisterError.self) { try set(named) }
            }
            #expect(try VirtualTerms.current(of: office.register) == expected)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a new device takes the place of the old, unless the setting says otherwise`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let (old, new, third) = (TestPhone(office), TestPhone(office), TestPhone(office))
            let first = try old.enrol()
            let second = try new.enrol()
            #expect(try office.virtualCarriers().map(\.state) == [.replaced, .active])
            #expect(try old.renew(first) == .failure(.cardOver))
            _ = try new.renew(second).get()
            try VirtualTerms.set([("devices", 2)], in: office.register, by: office.admin)
            _ = try third.enrol()
            #expect(try office.virtualCarriers().map(\.state) == [.replaced, .active, .active])
            let coordinates = try office.virtualCarriers().compactMap(\.coordinate)
            #expect(Set(coordinates).count == 3)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a block of the ticket kills the phone and its codes, leaving ends all`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            let file = CarrierFile(office.register)
            _ = try file.apply(.suspend, to: made.ticket.digits, reason: "", by: office.admin)
            #expect(try phone.renew(card) == .failure(.cardSuspended))
            #expect(try phone.confirm(started, made.code.digits) == .failure(.enrolmentRefused))
            let coordinate = try #require(try office.virtualCarriers().first?.coordinate)
            func published() throws -> UInt8 {
                try office.register.read { session in
                    try StatusPublisher(office.register).bits(of: coordinate.list, in: session)[
                        Int(coordinate.index)
                    ]
                }
            }
            #expect(try published() == 2)
            _ = try file.apply(.unblock, to: made.ticket.digits, reason: "", by: office.admin)
            let renewed = try phone.renew(card).get()
            #expect(try published() == 0)
            _ = try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "", by: office.admin)
            #expect(try published() == 1)
            #expect(try phone.renew(renewed) == .failure(.cardOver))
            office.clock.advance(8 * 86_400)
            #expect(try published() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `its phone deletes a card for good`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            #expect(try phone.delete(card, key: .generate(.es256)) == .proofRefused)
            #expect(try phone.delete(card) == nil)
            // The same request again changes nothing; a stranger's is told nothing but that it is over.
            #expect(try phone.delete(card) == nil)
            #expect(try phone.delete(card, key: .generate(.es256)) == .cardOver)
            #expect(try phone.renew(card) == .failure(.cardOver))
            #expect(try office.virtualCarriers().map(\.state) == [.withdrawn])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a phone may sleep for a while, not for ever, and no key signs past its end`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            office.clock.advance(60 * 86_400)
            let renewed = try phone.renew(card).get()
            #expect(renewed.renewAfter == office.clock.now() + 5 * 86_400)
            #expect(try KeyRing(office.register).endingSoon().isEmpty)
            let end = office.clock.now() + 3 * 86_400
            try office.execute(
                "UPDATE signing_key SET longest_expiry = \(end.seconds) WHERE purpose = 'virtual'"
            )
            let short = try phone.renew(renewed).get()
            #expect(short.expiresAt == end)
            // Two days before its end, as ever, and the card says the same.
            #expect(short.renewAfter == end + -2 * 86_400)
            let shown = try VirtualCards(office.register)
                .show(short.id, app: TestPhone.app, scope: .centralCouncil).get()
            #expect(shown.renewAfter == short.renewAfter)
            #expect(try KeyRing(office.register).endingSoon().count == 1)
            office.clock.advance(2 * 86_400)
            let last = try phone.renew(short).get()
            #expect(last.expiresAt == end && last.renewAfter == office.clock.now() + 43_200)
            office.clock.advance(2 * 86_400)
            #expect { try phone.renew(last) } throws: {
                ($0 as? RegisterError)?.code == .keyUnusable
            }
            office.clock.advance(91 * 86_400)
            #expect(try phone.renew(last) == .failure(.cardOver))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `renewals share transactions, and one proof renews once`(_ engine: TestEngine) throws {
        try TestPhone.office(engine, members: 12) { office in
            let pairs = try (1...12).map { number in
                let phone = TestPhone(office)
                return (phone: phone, card: try phone.enrol("\(1000 + number)"))
            }
            let cards = VirtualCards(office.register)
            let renewed = Mutex<[String]>([])
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 24) { index in
                let (phone, card) = pairs[index % 12]
                do {
                    switch try phone.renew(card, with: cards) {
                    case .success(let card): renewed.withLock { $0.append(card.id) }
                    case .failure(.proofRefused): break
                    case .failure(let refusal): failures.withLock { $0.append(refusal.rawValue) }
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(renewed.withLock { Set($0).count } == 12 && renewed.withLock(\.count) == 12)
            #expect(try office.number("SELECT sum(renewals) FROM virtual_card") == 12)
        }
    }

    @Test func `after a restore no coordinate is used again, phones renew, replaced ones stay out`()
        throws
    {
        try TestPhone.office(.sqlite, members: 3) { office in
            let (old, new, other) = (TestPhone(office), TestPhone(office), TestPhone(office))
            let first = try old.enrol("1001")
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            office.clock.advance(3600)
            let second = try new.enrol("1001")
            let third = try other.enrol("1002")
            let blocked = try #require(try office.virtualCarriers(of: 2).last?.coordinate)
            _ = try CarrierFile(office.register).apply(
                .lost,
                to: "\(blocked.list)/\(blocked.index)",
                reason: "",
                by: office.admin
            )
            let published = office.directory.path + "/../published"
            _ = try StatusPublisher(office.register)
                .publish(to: published, secrets: try office.opened, by: office.admin)
            let used = try office.virtualCarriers().compactMap(\.coordinate)

            let register = try office.restored(path).register
            let admin = try UserDirectory(register).signIn("admin", passphrase: "admin passphrase")
            #expect {
                _ = try VirtualCards(register).renew(
                    first.id,
                    proof: [],
                    app: TestPhone.app,
                    scope: .centralCouncil,
                    secrets: try office.opened
                )
            } throws: { ($0 as? RegisterError)?.code == .mustReclaim }
            let report = try Reclaim(register)
                .run([office.directory.issuances, published], by: admin)
            #expect(report.carriers == 2)
            let carriers = try register.read { session in
                try CarrierFile(register).carriers(of: 1, in: session)
                    .filter { $0.kind == .virtual }
            }
            #expect(carriers.map(\.state) == [.replaced, .active])
            #expect(carriers.compactMap(\.coordinate) == used)
            func renew(
                _ phone: TestPhone,
                _ card: String
            ) throws -> Result<
                VirtualCard, VirtualRefusal
            > {
                let cards = VirtualCards(register)
                let nonce = try cards.show(card, app: TestPhone.app, scope: .centralCouncil)
                    .get().nonce
                return try cards.renew(
                    card,
                    proof: try DeviceStatement.renewal(nonce: nonce, card: card)
                        .prove(with: phone.key),
                    app: TestPhone.app,
                    scope: .centralCouncil,
                    secrets: try office.opened
                )
            }
            #expect(try renew(old, first.id) == .failure(.cardOver))
            _ = try renew(new, second.id).get()
            #expect(try renew(other, third.id) == .failure(.cardOver))
            let bits = try register.read { session in
                try StatusPublisher(register).bits(of: blocked.list, in: session)
            }
            #expect(bits[Int(blocked.index)] == 1)
        }
    }

    @Test func `a missing entry of the trace stops the reclaim`() throws {
        try TestPhone.office(.sqlite) { office in
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            for _ in 0..<3 { _ = try TestPhone(office).enrol() }
            let folder = office.directory.issuances
            let file = folder + "/virtual-\(office.clock.now().moscowDate.iso.prefix(7)).log"
            let text = String(decoding: try Files.read(file, atMost: 1 << 20), as: UTF8.self)
            let rows = text.split(separator: "\n")
            #expect(rows.count == 3)
            // a line that a crash cut short is passed over; a lost one in the middle is not
            for (kept, isWhole) in [
                ([rows[0], rows[1], rows[2], rows[2].prefix(20)], true),
                ([rows[0], rows[2]], false),
            ] {
                try Files.write(Array(kept.joined(separator: "\n").utf8), to: file)
                let target = DataDirectory(
                    path: office.directory.path + "/../restored-\(isWhole)"
                )
                _ = try Restore.run(
                    path,
                    into: target,
                    passphrase: "backup phrase",
                    masterPassphrase: TestOffice.passphrase,
                    epochs: office.directory,
                    erasureLog: nil,
                    noErasures: true,
                    now: office.clock.now
                )
                let register = try Register.open(
                    in: target,
                    passphrase: TestOffice.passphrase,
                    now: office.clock.now
                )
                let admin = try UserDirectory(register)
                    .signIn("admin", passphrase: "admin passphrase")
                if isWhole {
                    #expect(try Reclaim(register).run([folder], by: admin).carriers == 3)
                } else {
                    #expect { try Reclaim(register).run([folder], by: admin) } throws: {
                        ($0 as? RegisterError)?.code == .refused
                    }
                }
            }
        }
    }
}
