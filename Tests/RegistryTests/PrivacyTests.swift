import Foundation
import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// Rows of docs/privacy.md that the register itself keeps; each is shown to fail with its rule off.
@Suite struct `Privacy` {
    private static let today = Int64(TestOffice.start.moscowDate.day)

    private func standing(_ office: TestOffice) throws -> Set<ConsentPurpose> {
        try office.register.read {
            Set(try ConsentLedger.standing(of: 1, on: Self.today, in: $0).map(\.purpose))
        }
    }

    private func one(_ office: TestOffice) throws { try office.take([try TestOffice.draft(0)]) }

    @Test(arguments: TestEngine.allCases)
    func `L1 one answer gives one purpose`(_ engine: TestEngine) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
            try office.addText(.marketing)
        } off: { office in
            // An answer that means all purposes for which there is a text.
            try office.addText(.photoOnCard)
            try office.execute("UPDATE consent_text SET purpose = 'photoOnCard' WHERE id = 2")
        } holds: { office in
            let before = try standing(office)
            _ = try ConsentDesk(office.register).give(
                .init(.marketing),
                to: "1000",
                by: office.admin
            )
            return try standing(office) == before.union([.marketing])
                && before == [.register, .cardProduction]
        }
    }

    @Test func `L2 each transfer to a manufacturer leaves a record per member`() throws {
        try PrivacyRule.check { office in
            try office.take(try (0..<2).map { try TestOffice.draft($0) })
            try PlannedBatch.make(office)
        } off: { office in
            try office.execute("DELETE FROM batch_card WHERE member_id = 2")
        } holds: { office in
            try (1...2).allSatisfy { member in
                let found = try office.register.read {
                    try Transfers(office.register).all(of: Int64(member), in: $0)
                }
                return found.contains { $0.kind == "manufacturer" && $0.recipient == "batch/1" }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L3 a withdrawal whose working days have passed fails the health check`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
        } off: { office in
            // No deadline that can pass.
            _ = try ConsentDesk(office.register).withdraw(.register, of: "1000", by: office.admin)
            try office.execute("UPDATE consent_withdrawal SET due_on = 99999999")
        } holds: { office in
            if try standing(office).contains(.register) {
                _ = try ConsentDesk(office.register)
                    .withdraw(.register, of: "1000", by: office.admin)
            }
            let book = ConsentWithdrawals(office.register)
            let isQuiet = try book.overdueCount() == 0
            office.clock.advance(40 * 86_400)
            return try isQuiet && book.overdueCount() == 1 && standing(office).isEmpty
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L4 destruction destroys the key and leaves a signed act with the log`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
            try MemberFile(office.register)
                .setStatus("1000", to: .left, reason: "t", by: office.admin)
        } off: { office in
            // A key store that keeps what it is told to delete.
            try office.register.keyStore.write { session in
                let keeps = session.engine.refuse(
                    table: "member_key",
                    operation: .delete,
                    name: "member_key_kept",
                    message: "kept"
                )
                try session.script(keeps)
            }
        } holds: { office in
            let acts = ErasureActs(office.register)
            guard
                let report = try? MemberErasure(office.register)
                    .erase("1000", reason: "withdrawal", by: office.admin)
            else { return false }
            let act = try acts.act(of: report.member)
            let files = try acts.write(act, secrets: try office.secrets) {
                try Files.write(Array("%PDF".utf8), to: $0)
            }
            let body = try Files.read(files[0], atMost: 1 << 20)
            let text = String(decoding: body, as: UTF8.self)
            let bundle = try KeyRing(office.register).bundle()
            let keys = try #require(TrustedKeys(file: bundle))
            let isSigned = Manifest.isSigned(
                body,
                signature: try Files.read(files[1], atMost: 4096),
                keys: keys
            )
            let isWritten = try acts.unwritten().isEmpty
            let keysLeft = try office.register.keyStore.read {
                try $0.first("SELECT count(*) FROM member_key") { $0.integer(0) }
            }
            return isSigned && isWritten && keysLeft == 0 && text.contains("member.erase")
                && !text.contains("Орлова")
                && act.keptUntil == act.at.moscowDate.adding(years: 3)
        }
    }

    private static let forbidden = [
        "passport", "snils", "inn", "address", "family", "spouse", "child", "health", "photo",
        "biometric", "nationality", "religion",
    ]

    private static let ofPeople = ["member", "consent", "conflict", "event_person", "card_order"]

    @Test(arguments: ["passport", "health"])
    func `L5 what is not needed has no place in the model`(_ field: String) throws {
        try PrivacyRule.check { _ in
        } off: { office in
            try office.execute("ALTER TABLE member ADD COLUMN \(field) TEXT")
        } holds: { office in
            try office.columns().filter { column in
                Self.ofPeople.contains { column.hasPrefix($0) }
            }.allSatisfy { column in
                let name = column.split(separator: ".").last ?? ""
                let words = name.split(separator: "_").map { $0.lowercased() }
                return words.allSatisfy { !Self.forbidden.contains($0) }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L6 two events give one member two pseudonyms`(_ engine: TestEngine) throws {
        func delegate(_ office: TestOffice, _ title: String) throws {
            let book = EventBook(office.register)
            let event = try book.create(
                title: title,
                kind: "conference",
                specification: "s",
                beginsAt: office.clock.now(),
                by: office.admin
            )
            let draft = DelegateDraft(
                reference: "1000",
                guestName: nil,
                mandate: nil,
                participation: .decisive,
                state: .confirmed,
                organisation: nil,
                substitutes: nil
            )
            let results = try book.take([(2, draft, [])], event: event, by: office.admin)
            #expect(results.allSatisfy { $0.outcome == .added })
        }
        try PrivacyRule.check(engine) { office in
            try one(office)
            try delegate(office, "Первое")
            try delegate(office, "Второе")
        } off: { office in
            try office.execute(
                "UPDATE event_person SET pseudonym = (SELECT min(pseudonym) FROM event_person)"
            )
        } holds: { office in
            try office.number("SELECT count(DISTINCT pseudonym) FROM event_person") == 2
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L8 a look at a named member is logged, by id and with who, which and why`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
        } off: { office in
            // A log that takes rows in and keeps something else.
            try office.register.database.write { session in
                try session.script(session.engine.dropRefusal("audit_no_change", of: "audit"))
            }
            _ = try MemberFile(office.register).show("1000", reason: "call", by: office.admin)
            try office.execute("UPDATE audit SET subject = 'x' WHERE action = 'member.read'")
        } holds: { office in
            let log = AuditLog(office.register)
            if !(try office.auditText().contains("member.read")) {
                _ = try MemberFile(office.register).show("1000", reason: "call", by: office.admin)
            }
            guard case .intact = try log.verify() else { return false }
            return try log.entries(by: office.admin).contains {
                $0.action == "member.read" && $0.subject == "member/1" && $0.detail == "call"
                    && $0.user == "admin"
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L9 wrong passphrases lock an account, and its rows name it`(_ engine: TestEngine) throws {
        try PrivacyRule.check(engine) { office in
            try UserDirectory(office.register).add(
                "hotline",
                role: .hotline,
                scope: .centralCouncil,
                passphrase: "right passphrase",
                by: office.admin
            )
        } off: { office in
            try office.execute(
                "INSERT INTO setting (name, value) VALUES ('user.lock_after', '1000')"
            )
        } holds: { office in
            let users = UserDirectory(office.register)
            for _ in 0..<UserDirectory.defaultLockAfter {
                _ = try? users.signIn("hotline", passphrase: "wrong passphrase")
            }
            let isLocked = (try? users.signIn("hotline", passphrase: "right passphrase")) == nil
            return try isLocked && office.auditText().contains("user.wrongPassphrase user/hotline")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L10 a number says nothing of membership to who may not know`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try office.take(try (0..<2).map { try TestOffice.draft($0) })
            try office.issue()
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "t", by: office.admin)
            try UserDirectory(office.register).add(
                "door",
                role: .doorOperator,
                scope: .centralCouncil,
                passphrase: "right passphrase",
                by: office.admin
            )
        } off: { office in
            try office.execute("UPDATE app_user SET role = 'registrar' WHERE name = 'door'")
        } holds: { office in
            let user = try UserDirectory(office.register)
                .signIn("door", passphrase: "right passphrase")
            // Neither of a member nor of somebody who left does a door learn a name or a standing.
            return try (1...2).allSatisfy { member in
                let number = try office.number(
                    "SELECT number FROM ticket_number WHERE member_id = \(member)"
                )
                let hit = try TicketSearch(office.register).number("\(number)", by: user)
                let record = try? MemberFile(office.register)
                    .show("\(number)", reason: "t", by: user)
                return hit.name == nil && record == nil
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L11 there is no photo anywhere`(_ engine: TestEngine) throws {
        try PrivacyRule.check(engine) { _ in
        } off: { office in
            try office.execute("ALTER TABLE member ADD COLUMN photo TEXT")
        } holds: { office in
            try office.columns().allSatisfy { !$0.lowercased().contains("photo") }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L13 the dossier shows every kind of thing that is held`(_ engine: TestEngine) throws {
        try PrivacyRule.check(engine) { office in
            try office.take(try (0..<2).map { try TestOffice.draft($0) })
            try office.addText(.marketing)
            let desk = ConsentDesk(office.register)
            _ = try desk.give(.init(.marketing), to: "1000", by: office.admin)
            _ = try desk.withdraw(.marketing, of: "1000", by: office.admin)
            try PlannedBatch.make(office)
            try PlannedEvent.make(office, members: [1])
            var evidence = Incident.Evidence(sha256: [1], size: 1)
            evidence.people = [try TestOffice.draft(0)]
            _ = try Incident(office.register).find(evidence, by: office.admin)
        } off: { office in
            try office.execute("DELETE FROM batch_card")
        } holds: { office in
            let dossier = try Dossier.gather(
                "1000",
                reason: "request",
                from: office.register,
                by: office.admin
            )
            let filled = Set(dossier.sections.filter { !$0.rows.isEmpty }.map(\.name))
            let wanted: Set<String> = [
                "record", "consents", "withdrawals", "consentActs", "orders", "events",
                "transfers", "incidents", "log",
            ]
            let record = dossier.sections[0].rows.flatMap(\.self).joined(separator: " ")
            return filled.isSuperset(of: wanted) && record.contains("Орлова Анна Петровна")
                && record.contains("+70001000000")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L14 a leaked roster is known again and lists whose data it held`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try office.take(try (0..<3).map { try TestOffice.draft($0) })
        } off: { office in
            try office.execute("UPDATE member SET import_id = 0")
            try office.execute("DELETE FROM consent")
        } holds: { office in
            let hash = try office.register.read {
                try $0.first("SELECT file_sha256 FROM file_import WHERE kind = 'roster'") {
                    $0.blob(0)
                } ?? []
            }
            let report = try Incident(office.register)
                .find(.init(sha256: hash, size: 10), by: office.admin)
            return report.kind == "roster" && report.people.map(\.member) == [1, 2, 3]
                && report.people[0].name == "Орлова Анна Петровна"
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L15 a minor's answer alone gives a partner nothing`(_ engine: TestEngine) throws {
        var age = 18
        func minor() throws -> MemberDraft {
            try TestOffice.draft(0) {
                $0.birthDate = CalendarDate(day: Int(Self.today) - 16 * 366)
                $0.joinDate = CalendarDate(day: Int(Self.today) - 100)
                $0.consents = [
                    Consent(purpose: .register, isGiven: true),
                    Consent(purpose: .bonusTransfer, recipient: "profcards", isGiven: true),
                ]
            }
        }
        try PrivacyRule.check(engine) { office in
            try office.take([try minor()])
            try office.addText(.bonusTransfer)
        } off: { _ in
            age = 14
        } holds: { office in
            func verdict() throws -> (isTooYoung: Bool, hasConsent: Bool)? {
                try office.register.read { session in
                    try PartnerEvaluation(
                        office.register,
                        .example(minimumAge: age),
                        on: office.clock.now().moscowDate,
                        in: session
                    ).verdicts(on: [1], in: session)[1].map { ($0.isTooYoung, $0.hasConsent) }
                }
            }
            let desk = ConsentDesk(office.register)
            guard try verdict()?.isTooYoung == true else { return false }
            var given = ConsentDesk.Given(.bonusTransfer)
            do {
                _ = try desk.give(given, to: "1000", by: office.admin)
                return false
            } catch let error as RegisterError { guard error.code == .refused else { throw error } }
            given.representative = "Орлова  Мария Ивановна"
            _ = try desk.give(given, to: "1000", by: office.admin)
            let acts = try desk.history(of: "1000", by: office.admin).acts
            let after = try verdict()
            return acts.map(\.representative) == ["Орлова Мария Ивановна"]
                && after?.isTooYoung == false && after?.hasConsent == true
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L16 marks go when the minutes' term is over, the counts stay, nothing comes back`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
            try PlannedEvent.make(office, members: [1])
        } off: { office in
            // A register that was never told of the approval.
            try office.execute("UPDATE event SET begins_at = 4000000000")
        } holds: { office in
            let attendance = Attendance(office.register)
            let today = office.clock.now().moscowDate
            #expect(throws: DatabaseError.self) {
                try office.execute("DELETE FROM event_entry")
            }
            try? attendance.approve(
                1,
                on: today,
                keepDays: 5,
                counts: [("decisiveInside", 1)],
                by: office.admin
            )
            let retention = Retention(office.register)
            guard try retention.run(isDry: false, by: office.admin).isEmpty else { return false }
            office.clock.advance(6 * 86_400)
            _ = try retention.run(isDry: true, by: office.admin)
            guard try office.number("SELECT count(*) FROM event_entry") == 1 else { return false }
            _ = try retention.run(isDry: false, by: office.admin)
            let left = try office.number("SELECT count(*) FROM event_entry")
            let minutes = try attendance.minutes(of: 1, by: office.admin)
            let isKeptOut = (try? PlannedEvent.mark(office, sequence: 2)) == nil
            return left == 0 && minutes?.counts == "{\"decisiveInside\":1}" && isKeptOut
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `L18 the log and descriptions hold no name, phone or full number`(
        _ engine: TestEngine
    ) throws {
        try PrivacyRule.check(engine) { office in
            try one(office)
            try office.issue()
        } off: { office in
            _ = try MemberFile(office.register)
                .show("1000", reason: "звонила Орлова", by: office.admin)
        } holds: { office in
            let number = try office.number("SELECT number FROM ticket_number WHERE member_id = 1")
            let ticket = try #require(TicketNumber(value: UInt64(number)))
            _ = try TicketSearch(office.register).number("\(ticket.value)", by: office.admin)
            _ = try TicketSearch(office.register).name("Орлова Анна", by: office.admin)
            let draft = try TestOffice.draft(0)
            let text = try office.auditText() + "\(ticket) \(draft)"
            return ["Орлова", "+7000", "\(number)", ticket.printed].allSatisfy {
                !text.contains($0)
            }
        }
    }
}

/// A batch of every member, planned.
enum PlannedBatch {
    static func make(_ office: TestOffice) throws {
        let book = OrderBook(office.register)
        let made = try book.create(
            .organisation(try TestOffice.code("26")),
            reason: .first,
            submitted: true,
            by: office.admin
        )
        _ = try book.move(.orders(made.done), to: .approved, reason: "", by: office.admin)
        let batches = BatchBook(office.register)
        let cards = try batches.candidates(.init(), by: office.admin)
        _ = try BatchOffice.plan(cards, batches, by: office.admin)
    }
}

/// An event of yesterday with members and one mark.
enum PlannedEvent {
    static func make(_ office: TestOffice, members: [Int64]) throws {
        let event = try EventBook(office.register).create(
            title: "Конференция",
            kind: "conference",
            specification: "s",
            beginsAt: office.clock.now() + -86_400,
            by: office.admin
        )
        try office.register.write { session in
            for member in members {
                try session.execute(
                    """
                    INSERT INTO event_person (event_id, pseudonym, member_id, mandate,
                        participation, state, is_substitute, organisation)
                    VALUES ($1, $2, $3, $4, 'decisive', 'confirmed', 0, 26000000)
                    """,
                    [
                        .integer(event), .blob(Array(repeating: UInt8(member), count: 16)),
                        .integer(member), .integer(member),
                    ]
                )
            }
        }
        try mark(office, sequence: 1)
    }

    static func mark(_ office: TestOffice, sequence: Int64) throws {
        try office.register.write { session in
            try session.execute(
                """
                INSERT INTO event_entry (event_id, station, sequence, bytes, hash, signature,
                    received_at) VALUES (1, 'A', $1, $2, $3, $4, 0)
                """,
                [.integer(sequence), .blob([1]), .blob([2]), .blob([3])]
            )
        }
    }
}

extension Partners.Terms {
    /// A contract's terms, with nothing to encrypt for.
    static func example(minimumAge: Int) -> Partners.Terms {
        Partners.Terms(
            name: "profcards",
            title: "PROFCARDS",
            recipient: "profcards",
            minimumAge: minimumAge,
            columns: [],
            deadlineDays: 5,
            configuration: "",
            certificate: [],
            signer: []
        )
    }
}
