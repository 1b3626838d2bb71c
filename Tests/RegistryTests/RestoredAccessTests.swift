import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `What a restore must not bring back` {
    private func backup(_ office: TestOffice) throws -> String {
        let path = office.directory.path + "/../backup"
        try Backup(office.register).write(
            to: path,
            passphrase: "backup phrase",
            by: office.admin
        )
        return path
    }

    private func admin(of register: Register) throws -> SignedInUser {
        try UserDirectory(register).signIn("admin", passphrase: "admin passphrase")
    }

    private func mustReclaim(_ register: Register) throws -> Bool {
        try register.read { try Setting.mustReclaim.value(in: $0) != nil }
    }

    @Test func `codes and enrolments of the backup bind no phone`() throws {
        try TestPhone.office(.sqlite) { office in
            let phone = TestPhone(office)
            let made = try office.code()
            let started = try phone.start(made.ticket.digits)
            _ = try phone.start(made.ticket.digits, .sent)
            let path = try backup(office)
            _ = try phone.confirm(started, made.code.digits).get()

            let restored = try office.restored(path)
            #expect(restored.outcome.codes == 1 && restored.outcome.enrolments == 2)
            let register = restored.register
            let admin = try admin(of: register)
            let report = try Reclaim(register).run(
                [office.directory.issuances],
                swearing: Reclaim.Oaths(isNothingPublished: true),
                by: admin
            )
            #expect(report.missing.isEmpty && report.carriers == 1)
            let enrolments = VirtualEnrolments(register)
            func confirm(
                _ started: VirtualEnrolments.Started
            ) throws -> Result<VirtualCard, VirtualRefusal> {
                try enrolments.confirm(
                    .init(
                        enrolment: started.id,
                        code: made.code.digits,
                        deviceKey: phone.key.publicKey,
                        proof: try phone.proof(started, made.code.digits)
                    ),
                    app: TestPhone.app,
                    as: admin,
                    secrets: try office.opened
                )
            }
            #expect(try confirm(started) == .failure(.enrolmentOver))
            let again = try enrolments.start(
                number: made.ticket.digits,
                channel: .printed,
                address: "192.0.2.1",
                app: TestPhone.app,
                as: admin
            )
            #expect(try confirm(again) == .failure(.enrolmentRefused))
            // Nor is a code made that somebody had asked for before.
            let sender = RecordingSender()
            _ = try MessageOutbox(register).deliver(by: sender, as: admin)
            #expect(!sender.messages.contains { $0.kind == .activationCode })
        }
    }

    @Test func `no client is let in before it is confirmed`() throws {
        try TestOffice.with(.sqlite) { office in
            let clients = APIClients(office.register)
            let key = try clients.create(.init(name: "app", role: .app), by: office.admin)
            let gone = try clients.create(.init(name: "gone", role: .cabinet), by: office.admin)
            let path = try backup(office)
            try clients.revoke("gone", by: office.admin)
            #expect(try clients.unconfirmed().isEmpty)

            let restored = try office.restored(path)
            #expect(restored.outcome.clients == 2)
            let (register, back) = (restored.register, APIClients(restored.register))
            let admin = try admin(of: register)
            #expect(try back.find(key: key) == nil && back.find(key: gone) == nil)
            let report = try Reclaim(register).run(
                [],
                swearing: Reclaim.Oaths(isNothingIssued: true, isNothingPublished: true),
                by: admin
            )
            #expect(report.unconfirmed == ["app", "gone"] && report.missing.isEmpty)
            #expect(try back.list(by: admin).map(\.isUnconfirmed) == [true, true])
            #expect(throws: RegisterError.self) {
                try back.confirm(["app", "nobody"], by: admin)
            }
            #expect(try back.find(key: key) == nil)
            #expect(try back.confirm(["app"], by: admin) == ["app"])
            #expect(try back.find(key: key) != nil && back.find(key: gone) == nil)
            #expect {
                _ = try back.confirm(["app"], by: admin)
            } throws: { ($0 as? RegisterError)?.code == .refused }
            try back.revoke("gone", by: admin)
            #expect(try back.unconfirmed().isEmpty)
            let new = try back.create(.init(name: "new", role: .app), by: admin)
            #expect(try back.find(key: new) != nil)
            #expect(try back.confirm(nil, by: admin).isEmpty)
        }
    }

    /// One phone bound before the backup, two after it; the lists were signed after all of them.
    private func threePhones(
        _ body: (_ office: TestOffice, _ backup: String, _ log: String, _ published: String) throws
            -> Void
    ) throws {
        try TestPhone.office(.sqlite, members: 3) { office in
            _ = try TestPhone(office).enrol("1001")
            let path = try backup(office)
            for member in ["1002", "1003"] { _ = try TestPhone(office).enrol(member) }
            let published = office.directory.path + "/../published"
            _ = try StatusPublisher(office.register)
                .publish(to: published, secrets: try office.opened, by: office.admin)
            let month = office.clock.now().moscowDate.iso.prefix(7)
            let log = office.directory.issuances + "/virtual-\(month).log"
            try body(office, path, log, published)
        }
    }

    @Test func `a trace that is missing or cut keeps the register shut`() throws {
        try threePhones { office, path, log, published in
            let whole = try Files.read(log, atMost: 1 << 20)
            let rows = String(decoding: whole, as: UTF8.self).split(separator: "\n")
            #expect(rows.count == 3)
            let register = try office.restored(path).register
            let admin = try admin(of: register)
            func reclaim(_ kept: [Substring]) throws -> Reclaim.Report {
                try Files.write(Array(kept.joined(separator: "\n").utf8), to: log)
                return try Reclaim(register)
                    .run([office.directory.issuances, published], by: admin)
            }
            for (kept, lost) in [([], "no. 2–3 "), (Array(rows.prefix(2)), "no. 3 ")] {
                let report = try reclaim(kept)
                #expect(report.missing.count == 1)
                let words = try #require(report.missing.first).english
                #expect(words.contains(lost) && words.contains("issuances/virtual-20"))
                #expect(try mustReclaim(register))
            }
            let report = try reclaim(rows)
            #expect(try report.missing.isEmpty && report.carriers == 1 && !mustReclaim(register))
        }
    }

    @Test func `files that do not hold what the register knows are the wrong ones`() throws {
        try TestPhone.office(.sqlite) { office in
            _ = try TestPhone(office).enrol()
            let path = try backup(office)
            let month = office.clock.now().moscowDate.iso.prefix(7)
            Files.remove(office.directory.issuances + "/virtual-\(month).log")
            let register = try office.restored(path).register
            let report = try Reclaim(register).run(
                [office.directory.issuances],
                swearing: Reclaim.Oaths(isNothingPublished: true),
                by: try admin(of: register)
            )
            #expect(report.missing.count == 1)
            #expect(report.missing.first?.english.contains("virtual-\(month).log") == true)
            #expect(try mustReclaim(register))
        }
    }

    @Test func `traces that are lost are sworn, and their numbers are not used again`() throws {
        try threePhones { office, path, log, published in
            try Files.write([], to: log)
            let register = try office.restored(path).register
            let report = try Reclaim(register).run(
                [office.directory.issuances, published],
                swearing: Reclaim.Oaths(areTracesLost: true),
                by: try admin(of: register)
            )
            #expect(try report.missing.isEmpty && !mustReclaim(register))
            #expect(try register.read { try Counter.virtualIssue.last(in: $0) } == 3)
        }
    }
}
