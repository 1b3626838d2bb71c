import Dispatch
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Enrolment of virtual cards` {
    @Test(arguments: TestEngine.allCases)
    func `number, code and key make a card that a station accepts`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let card = try phone.enrol()
            #expect(try office.judge(card, phone) == .valid)
            #expect(card.expiresAt == office.clock.now() + 7 * 86_400)
            #expect(card.renewAfter == office.clock.now() + 5 * 86_400)
            let carrier = try #require(try office.virtualCarriers().first)
            #expect(carrier.state == .active && carrier.number?.issue == 0)
            #expect(
                try office.number("SELECT count(*) FROM activation_code WHERE state = 'used'") == 1
            )
            // neither code nor key nor payload stands in the tables as it is
            let device = phone.key.publicKey.publicBytes
            let found = try office.register.read { session in
                try session.first("SELECT device FROM virtual_card") { $0.blob(0) }
            }
            #expect(found != device && found?.isEmpty == false)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a wrong code spends the enrolment and the code and never locks the member`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let right = try office.code()
            let wrong = ActivationCode(
                number: (try #require(UInt64(right.code.digits.dropLast())) + 1)
                    % ActivationCode.count
            )
            let started = try phone.start(right.ticket.digits)
            #expect(try phone.confirm(started, wrong.digits) == .failure(.enrolmentRefused))
            #expect(try phone.confirm(started, right.code.digits) == .failure(.enrolmentOver))
            let again = try phone.start(right.ticket.digits)
            #expect(try phone.confirm(again, right.code.digits) == .failure(.enrolmentRefused))
            #expect(try office.virtualCarriers().isEmpty)
            _ = try phone.enrol()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a mistyped code spends nothing`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            var digits = Array(made.code.digits.utf8)
            digits[3] = digits[3] == 0x39 ? 0x30 : digits[3] + 1
            let typed = String(decoding: digits, as: UTF8.self)
            for text in [typed, "", "123", String(repeating: "1", count: 200)] {
                #expect(try phone.confirm(started, text) == .failure(.codeMalformed))
            }
            // as a person types it: groups and letters that look like digits
            let spoken = made.code.printed.map { $0 == "0" ? "О" : "\($0)" }.joined()
            _ = try phone.confirm(started, spoken).get()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a code is consumed only after all checks`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            let foreign = try phone.proof(started, made.code.digits, key: .generate(.es256))
            #expect(
                try phone.confirm(started, made.code.digits, proof: foreign)
                    == .failure(.proofRefused)
            )
            try office.execute("UPDATE member SET state = 'suspended' WHERE id = 1")
            #expect(try phone.confirm(started, made.code.digits) == .failure(.notEntitled))
            try office.execute("UPDATE member SET state = 'active' WHERE id = 1")
            try office.execute(
                """
                UPDATE consent SET withdrawn_on = 1 WHERE member_id = 1 AND text_id IN
                    (SELECT id FROM consent_text WHERE purpose = 'virtualCard')
                """
            )
            #expect(try phone.confirm(started, made.code.digits) == .failure(.notEntitled))
            try office.execute("UPDATE consent SET withdrawn_on = NULL WHERE member_id = 1")
            #expect(
                try office.number("SELECT count(*) FROM activation_code WHERE state = 'open'") == 1
            )
            _ = try phone.confirm(started, made.code.digits).get()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `parallel confirmations of one code give one card`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let made = try office.code()
            let secrets = try office.opened
            let tries = try (0..<4).map { _ in
                let phone = TestPhone(office)
                let started = try phone.start(made.ticket.digits)
                return VirtualEnrolments.Confirmation(
                    enrolment: started.id,
                    code: made.code.digits,
                    deviceKey: phone.key.publicKey,
                    proof: try phone.proof(started, made.code.digits)
                )
            }
            let results = Mutex<[Bool]>([])
            let (register, admin) = (office.register, office.admin)
            DispatchQueue.concurrentPerform(iterations: tries.count) { index in
                let outcome = try? VirtualEnrolments(register)
                    .confirm(tries[index], app: TestPhone.app, as: admin, secrets: secrets)
                if case .success? = outcome { results.withLock { $0.append(true) } }
            }
            #expect(results.withLock(\.count) == 1)
            #expect(try office.virtualCarriers().count == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a number that nobody has is answered like any other`(_ engine: TestEngine) throws {
        try TestPhone.office(engine, members: 2) { office in
            let phone = TestPhone(office)
            let known = try office.code("1001")
            let other = try office.code("1002")
            let nobody = TicketNumber(scheme: office.register.scheme, region: 26, serial: 4711)
            let real = try phone.start(known.ticket.printed)
            let decoy = try phone.start(nobody.printed)
            #expect(real.id.utf8.count == decoy.id.utf8.count)
            #expect(real.expiresAt == decoy.expiresAt && decoy.nonce.count == 32)
            // another member's good code fits neither
            for started in [real, decoy] {
                #expect(
                    try phone.confirm(started, other.code.digits) == .failure(.enrolmentRefused)
                )
                #expect(try phone.confirm(started, other.code.digits) == .failure(.enrolmentOver))
            }
            // and the other member's code was not spent by it
            _ = try phone.confirm(try phone.start(other.ticket.digits), other.code.digits).get()
            #expect(throws: VirtualRefusal.numberMalformed) { try phone.start("177 4815") }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `another app cannot end an enrolment, nor one that is too old`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            #expect(
                try phone.confirm(started, made.code.digits, app: 8) == .failure(.enrolmentOver)
            )
            office.clock.advance(31 * 60)
            #expect(try phone.confirm(started, made.code.digits) == .failure(.enrolmentOver))
            let fresh = try phone.start(made.ticket.digits)
            office.clock.advance(7 * 86_400)
            let late = try phone.start(made.ticket.digits)
            _ = fresh
            #expect(try phone.confirm(late, made.code.digits) == .failure(.enrolmentRefused))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `enrolments are limited per number and per address`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let known = try office.code().ticket.digits
            let nobody = TicketNumber(scheme: office.register.scheme, region: 26, serial: 4711)
                .digits
            for number in [known, nobody] {
                for _ in 0..<5 { _ = try phone.start(number, address: "192.0.2.\(number)") }
                #expect(throws: VirtualEnrolments.TooMany.self) { try phone.start(number) }
            }
            office.clock.advance(3601)
            _ = try phone.start(known)
            try VirtualTerms.set([("perAddress", 2)], in: office.register, by: office.admin)
            _ = try phone.start(nobody)
            #expect(throws: VirtualEnrolments.TooMany(wait: 3600)) { try phone.start(known) }
            _ = try phone.start(known, address: "198.51.100.1")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an app sees no number outside its organisations`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let made = try office.code()
            let far = SignedInUser(
                id: office.admin.id,
                name: "api:far",
                role: .doorOperator,
                scope: try TestOffice.code("27")
            )
            let enrolments = VirtualEnrolments(office.register)
            let started = try enrolments.start(
                number: made.ticket.digits,
                channel: .printed,
                address: "192.0.2.1",
                app: TestPhone.app,
                as: far
            )
            let phone = TestPhone(office)
            #expect(try phone.confirm(started, made.code.digits) == .failure(.enrolmentRefused))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a sent code comes through the sender, and the new device is told on all channels`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let sender = RecordingSender()
            let outbox = MessageOutbox(office.register)
            let ticket = try office.code().ticket.digits
            let nobody = TicketNumber(scheme: office.register.scheme, region: 26, serial: 4711)
            _ = try phone.start(nobody.digits, .sent)
            let started = try phone.start(ticket, .sent)
            sender.isDown.withLock { $0 = true }
            #expect(try outbox.deliver(by: sender, as: office.admin).failed == 1)
            sender.isDown.withLock { $0 = false }
            #expect(try outbox.deliver(by: sender, as: office.admin) == .init())
            office.clock.advance(120)
            #expect(try outbox.deliver(by: sender, as: office.admin).sent == 1)
            let message = try #require(sender.messages.first)
            #expect(message.channels.map(\.kind) == [.phone, .mail])
            let code = message.text.english.filter(\.isNumber)
            _ = try phone.confirm(started, String(code.prefix(14))).get()
            #expect(try outbox.deliver(by: sender, as: office.admin).sent == 1)
            let told = try #require(sender.messages.last)
            #expect(told.kind == .newDevice && told.channels.count == 2)
            #expect(!"\(told)".contains("7000"))
            #expect(
                try office.number("SELECT count(*) FROM outgoing_message WHERE length(secret) > 0")
                    == 0
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whose proof it was shows after the enrolment too`(_ engine: TestEngine) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            _ = try phone.confirm(started, made.code.digits).get()
            let enrolments = VirtualEnrolments(office.register)
            func isProven(_ proof: [UInt8]) throws -> Bool {
                try enrolments.isProven(
                    .init(
                        enrolment: started.id,
                        code: made.code.digits,
                        deviceKey: phone.key.publicKey,
                        proof: proof
                    ),
                    app: TestPhone.app
                )
            }
            #expect(try isProven(phone.proof(started, made.code.digits)))
            #expect(try !isProven(phone.proof(started, made.code.digits, key: .generate(.es256))))
            #expect(try !isProven([]))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a part of the union is not told of whom there is elsewhere`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let codes = ActivationCodes(office.register)
            let user = SignedInUser(
                id: office.admin.id,
                name: "api:cabinet",
                role: .registrar,
                scope: try TestOffice.code("27")
            )
            let ticket = try office.code().ticket.digits
            func refusal(_ body: () throws -> Void) -> RegisterError? {
                do { try body() } catch { return error as? RegisterError }
                return nil
            }
            let said = ["1001", "9999", ticket, "177481516234216"].flatMap { member in
                [
                    refusal { _ = try codes.create(.members([member]), by: user) },
                    refusal { _ = try codes.list(.members([member]), by: user) },
                    refusal { _ = try codes.revoke(member, by: user) },
                ]
            }
            #expect(said[0]?.code == .forbidden && said.allSatisfy { $0 == said[0] })
            let handed = try [ticket + "1", "1774815162342161"].map { carrier in
                let basis = HandOutBook.Basis(.list)
                let items = [HandOutBook.Item(line: 1, reference: carrier, day: nil)]
                var rest = [items]
                return try HandOutBook(office.register).record(basis, by: user) {
                    { rest.popLast() ?? [] }
                }.refused.map(\.reason)
            }
            #expect(handed[0].count == 1 && handed[0] == handed[1])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `codes are made in bulk within a scope, and the newest counts`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine, members: 3) { office in
            let codes = ActivationCodes(office.register)
            let first = try codes.create(.organisation(try TestOffice.code("26")), by: office.admin)
            #expect(first.made.count == 3 && Set(first.made.map(\.code)).count == 3)
            #expect(
                try codes.list(.organisation(try TestOffice.code("26")), by: office.admin).count
                    == 3
            )
            let newer = try office.code("1001")
            let phone = TestPhone(office)
            let started = try phone.start(newer.ticket.digits)
            #expect(
                try phone.confirm(started, first.made[0].code.digits) == .failure(.enrolmentRefused)
            )
            #expect(try codes.revoke("1002", by: office.admin) == 1)
            let registrar = SignedInUser(
                id: office.admin.id,
                name: "r",
                role: .registrar,
                scope: try TestOffice.code("27")
            )
            #expect { try codes.create(.members(["1001"]), by: registrar) } throws: {
                ($0 as? RegisterError)?.code == .forbidden
            }
            #expect {
                try codes.create(.organisation(try TestOffice.code("26")), by: registrar)
            } throws: {
                ($0 as? RegisterError)?.code == .forbidden
            }
            try office.execute("UPDATE member SET state = 'suspended' WHERE id = 2")
            let refused = try codes.create(.members(["1002", "1003"]), by: office.admin)
            #expect(refused.made.count == 1 && refused.refused.map(\.subject) == ["1002"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `one unknown member leaves the others of a list their codes`(_ engine: TestEngine) throws {
        try TestPhone.office(engine, members: 2) { office in
            let codes = ActivationCodes(office.register)
            let done = try codes.create(each: ["1001", "9999", "1002"], by: office.admin)
            #expect(done.made.map(\.aisId) == ["1001", "1002"])
            #expect(done.refused.map(\.subject) == ["9999"])
            let elsewhere = SignedInUser(
                id: office.admin.id,
                name: "api:cabinet",
                role: .registrar,
                scope: try TestOffice.code("27")
            )
            let none = try codes.create(each: ["1001", "9999"], by: elsewhere)
            #expect(none.made.isEmpty && none.refused.map(\.subject) == ["1001", "9999"])
            #expect(Set(none.refused.map(\.reason)).count == 1)
            let sheet = ActivationCodes.csv(done.made, refused: done.refused)
            #expect(sheet.split(separator: "\r\n").count == 4 && sheet.contains("9999;;;;;;"))
            let ticket = try #require(done.made.first).ticket.digits
            let again = try codes.create(each: ["1001", "1001", ticket], by: office.admin)
            #expect(again.made.count == 1 && again.refused.map(\.subject) == ["1001", ticket])
            #expect(again.refused.allSatisfy { $0.reason.english == "is named twice" })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `unblocking a ticket brings no card into force that is on its way`(
        _ engine: TestEngine
    ) throws {
        try TestPhone.office(engine) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            _ = try phone.confirm(started, made.code.digits).get()
            let file = CarrierFile(office.register)
            let number = made.ticket.digits
            func states() throws -> [CarrierKind: CarrierState] {
                let found = try file.show(number, by: office.admin)
                return Dictionary(uniqueKeysWithValues: found.map { ($0.kind, $0.state) })
            }
            let before = try states()
            #expect(before == [.plastic: .allocated, .virtual: .active])
            let held = try file.apply(.suspend, to: number, reason: "звонок", by: office.admin)
            #expect(CarrierFile.Change.suspend.skipped(of: held).map(\.kind) == [.plastic])
            let back = try file.apply(.unblock, to: number, reason: "нашлась", by: office.admin)
            #expect(CarrierFile.Change.unblock.skipped(of: back).map(\.kind) == [.plastic])
            #expect(try states() == before)
        }
    }
}
