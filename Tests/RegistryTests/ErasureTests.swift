import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Erasing a person` {
    private func left(_ office: TestOffice) throws -> String {
        try office.take(try (0..<3).map { try TestOffice.draft($0) })
        try office.issue()
        let reference = "#1"
        try MemberFile(office.register).setStatus(
            reference,
            to: .left,
            reason: "test",
            by: office.admin
        )
        return reference
    }

    @Test(arguments: TestEngine.allCases)
    func `what names the person goes, the number stays as a tombstone`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let reference = try left(office)
            let number = try office.number(
                "SELECT number FROM ticket_number WHERE member_id = 1"
            )
            let erasure = MemberErasure(office.register)
            #expect(throws: RegisterError.self) {
                try erasure.erase("#2", reason: "still a member", by: office.admin)
            }
            let report = try erasure.erase(reference, reason: "withdrawal", by: office.admin)
            #expect(report.member == 1 && report.numbers == 1 && report.carriers == 1)
            #expect(throws: RegisterError.self) {
                try MemberFile(office.register).show("#1", reason: "test", by: office.admin)
            }
            let tombstones = try office.number(
                """
                SELECT count(*) FROM ticket_number
                WHERE number = \(number) AND state = 'retired' AND member_id IS NULL
                """
            )
            #expect(tombstones == 1)
            let named = try office.number(
                """
                SELECT count(*) FROM member WHERE id = 1 AND (ais_id IS NOT NULL
                OR legacy_number IS NOT NULL OR name_hash <> 0 OR birth_hash <> 0)
                """
            )
            #expect(named == 0)
            let log = try Files.read(report.log, atMost: 4096)
            #expect(String(decoding: log, as: UTF8.self).hasPrefix("1 \(report.at.seconds) "))
            let entries = try AuditLog(office.register).entries(by: office.admin)
            #expect(entries.last?.action == "member.erase" && entries.last?.subject == "member/1")
            // The status of the card is still published, and the tombstone is found as nobody's.
            _ = try StatusPublisher(office.register).publish(
                to: office.directory.path + "/published",
                secrets: try office.secrets,
                by: office.admin
            )
            let ticket = try #require(TicketNumber(value: UInt64(number)))
            _ = try TicketSearch(office.register).number("\(ticket.value)", by: office.admin)
            #expect(try count("member_key", in: office.register.keyStore) == 2)
            // The same person may come back and is somebody new.
            let back = try office.take([try TestOffice.draft(0)])
            #expect(back.outcomes == [.added])
        }
    }

    @Test func `the file and its journal hold the person's identifiers no more`() throws {
        try TestOffice.with(.sqlite) { office in
            let marks = ["АИС-ОСОБЫЙ-7734921", "БИЛЕТ-ОСОБЫЙ-5561208"]
            try office.take(
                try (0..<40).map { number in
                    try TestOffice.draft(number) {
                        guard number == 20 else { return }
                        ($0.aisId, $0.legacyNumber) = (marks[0], marks[1])
                    }
                }
            )
            func found() throws -> [String] {
                let file = office.directory.registerFile
                let bytes = try [file, file + "-wal"].filter(Files.exists)
                    .flatMap { try Files.read($0, atMost: 1 << 28) }
                let text = String(decoding: bytes, as: UTF8.self)
                return marks.filter(text.contains)
            }
            #expect(try found() == marks)
            try MemberFile(office.register)
                .setStatus(marks[0], to: .left, reason: "test", by: office.admin)
            let report = try MemberErasure(office.register)
                .erase(marks[0], reason: "withdrawal", by: office.admin)
            #expect(report.isJournalEmpty)
            #expect(try found() == [])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a log that was taken away is told and written whole again`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let reference = try left(office)
            let erasure = MemberErasure(office.register)
            let report = try erasure.erase(reference, reason: "withdrawal", by: office.admin)
            #expect(try erasure.missingInLog() == 0)
            Files.remove(report.log)
            #expect(try erasure.missingInLog() == 1)
            let lines = try Retention(office.register).run(isDry: false, by: office.admin)
            #expect(lines.map(\.what) == ["log"] && lines.map(\.count) == [1])
            #expect(try erasure.missingInLog() == 0)
            Files.remove(report.log)
            try MemberFile(office.register)
                .setStatus("#2", to: .left, reason: "test", by: office.admin)
            _ = try erasure.erase("#2", reason: "withdrawal", by: office.admin)
            let logged = try ErasureLog.read(report.log, noErasures: false).map(\.member)
            #expect(Set(logged) == [1, 2])
        }
    }

    @Test func `a restore from before the erasure does not bring the person back`() throws {
        try TestOffice.with(.sqlite) { office in
            let reference = try left(office)
            let path = office.directory.path + "/../backup"
            try Backup(office.register).write(
                to: path,
                passphrase: "backup phrase",
                by: office.admin
            )
            let report = try MemberErasure(office.register)
                .erase(reference, reason: "withdrawal", by: office.admin)
            // A killed command is repeated by the row.
            _ = try MemberErasure(office.register).erase("#1", reason: "again", by: office.admin)
            let target = DataDirectory(path: office.directory.path + "/../restored")
            _ = try Restore.run(
                path,
                into: target,
                passphrase: "backup phrase",
                masterPassphrase: TestOffice.passphrase,
                epochs: office.directory,
                erasureLog: report.log,
                noErasures: false,
                now: office.clock.now
            )
            let register = try Register.open(
                in: target,
                passphrase: TestOffice.passphrase,
                now: office.clock.now
            )
            let named = try register.read {
                try $0.all(
                    """
                    SELECT id FROM member WHERE ais_id IS NOT NULL OR name_hash <> 0
                    ORDER BY id
                    """
                ) { $0.integer(0) }
            }
            #expect(named == [2, 3])
            #expect(throws: RegisterError.self) {
                try MemberFile(register).show("#1", reason: "test", by: office.admin)
            }
            var forged = try Files.read(report.log, atMost: 4096)
            forged[0] = UInt8(ascii: "2")
            try Files.write(forged, to: report.log)
            #expect {
                try Backup.verify(
                    path,
                    passphrase: "backup phrase",
                    masterPassphrase: TestOffice.passphrase,
                    directory: office.directory,
                    now: office.clock.now
                )
            } throws: { ($0 as? RegisterError)?.code == .damaged }
            #expect {
                try ErasureLog(register).replay(try ErasureLog.read(report.log, noErasures: false))
            } throws: { ($0 as? RegisterError)?.code == .damaged }
        }
    }

    /// A backup with an active card and an approved order of the first member, and none of the second;
    /// both have cards, leave and are erased afterwards.
    private func erasedSince(_ office: TestOffice) throws -> String {
        try office.take(try (0..<3).map { try TestOffice.draft($0) })
        let (book, file) = (OrderBook(office.register), CarrierFile(office.register))
        func approve(_ orders: [Int64]) throws {
            _ = try book.move(.orders(orders), to: .approved, reason: "", by: office.admin)
        }
        try approve(
            try book.create(
                .members(["1000"]),
                reason: .first,
                submitted: true,
                by: office.admin
            ).done
        )
        _ = try office.issueApproved()
        let card = try office.payloads(1)[0].carrier.digits
        _ = try file.apply(.unblock, to: card, reason: "", by: office.admin)
        try approve([try file.replace(card, reason: .damaged, by: office.admin)])
        let path = office.directory.path + "/../backup"
        try Backup(office.register)
            .write(to: path, passphrase: "backup phrase", by: office.admin)
        office.clock.advance(60)
        try office.issue()
        for carrier in try office.payloads(2).map(\.carrier.digits) {
            _ = try file.apply(.unblock, to: carrier, reason: "", by: office.admin)
        }
        for member in ["#1", "#2"] {
            try MemberFile(office.register)
                .setStatus(member, to: .left, reason: "test", by: office.admin)
            _ = try MemberErasure(office.register)
                .erase(member, reason: "withdrawal", by: office.admin)
        }
        return path
    }

    @Test func `whoever was erased after the backup is no member in it and gets no card`() throws {
        try TestOffice.with(.sqlite) { office in
            let path = try erasedSince(office)
            office.clock.advance(60)
            let published = office.directory.path + "/../published"
            _ = try StatusPublisher(office.register)
                .publish(to: published, secrets: try office.secrets, by: office.admin)
            let sound = try Backup.verify(
                path,
                passphrase: "backup phrase",
                masterPassphrase: TestOffice.passphrase,
                directory: office.directory,
                now: office.clock.now
            )
            #expect(sound.complaints.isEmpty && sound.at == TestOffice.start)
            let target = DataDirectory(path: office.directory.path + "/../restored")
            _ = try Restore.run(
                path,
                into: target,
                passphrase: "backup phrase",
                masterPassphrase: TestOffice.passphrase,
                epochs: office.directory,
                erasureLog: office.directory.erasureLog,
                noErasures: false,
                now: office.clock.now
            )
            let register = try Register.open(
                in: target,
                passphrase: TestOffice.passphrase,
                now: office.clock.now
            )
            let report = try Reclaim(register)
                .run([office.directory.issuances, published], by: office.admin)
            #expect(report.missing.isEmpty)
            for (sql, expected) in [
                ("member WHERE id IN (1, 2) AND state = 'left'", 2),
                (
                    """
                    card_order WHERE member_id IN (1, 2)
                    AND state IN ('draft', 'submitted', 'approved')
                    """, 0
                ), ("ticket_number WHERE member_id IN (1, 2)", 0),
                ("carrier WHERE member_id IN (1, 2)", 0),
                ("carrier WHERE member_id IS NULL AND state <> 'withdrawn'", 0),
                ("carrier WHERE member_id = 3 AND state = 'active'", 1),
                ("audit WHERE action = 'member.erase' AND user_name = 'restore'", 2),
            ] {
                let found = try register.read {
                    try $0.first("SELECT count(*) FROM \(sql)") { $0.integer(0) }
                }
                #expect(found == Int64(expected), "\(sql)")
            }
        }
    }
}

@Suite struct `Consent texts` {
    private func draft(_ number: Int) throws -> MemberDraft {
        try TestOffice.draft(number) {
            $0.consents = [
                Consent(purpose: .register, isGiven: true),
                Consent(purpose: .cardProduction, isGiven: true),
            ]
        }
    }

    private func consents(_ office: TestOffice, _ id: Int) throws -> [MemberFile.GivenConsent] {
        try MemberFile(office.register).show("\(999 + id)", reason: "test", by: office.admin)
            .consents
    }

    @Test(arguments: TestEngine.allCases)
    func `a consent names the text it was given to`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let texts = ConsentTexts(office.register)
            try office.take([try draft(0)])
            #expect(try consents(office, 1).allSatisfy { $0.hash == nil && $0.form == "roster" })
            let first = try texts.add(
                .init(.cardProduction, body: Array("Текст первый".utf8)),
                by: office.admin
            )
            var limited = ConsentTexts.Draft(.cardProduction, body: Array("Текст второй".utf8))
            (limited.form, limited.years) = (.electronic, 3)
            let second = try texts.add(limited, by: office.admin)
            #expect(throws: RegisterError.self) { try texts.add(limited, by: office.admin) }
            for body in [[], [UInt8](repeating: 0x20, count: ConsentTexts.limit + 1)] {
                #expect(throws: RegisterError.self) {
                    try texts.add(.init(.register, body: body), by: office.admin)
                }
            }
            try office.take([try draft(1)])
            let newest = try #require(try consents(office, 2).first { $0.hash != nil })
            #expect(newest.hash == second && newest.form == "electronic")
            #expect(newest.until == CalendarDate(day: newest.givenOn.adding(years: 3).day - 1))
            var options = RosterImport.Options()
            options.consentTexts = [.cardProduction: String(first.prefix(8)).uppercased()]
            try office.take([try draft(2)], options)
            #expect(try consents(office, 3).contains { $0.hash == first && $0.until == nil })
            options.consentTexts = [.cardProduction: "abcdef012345"]
            #expect(throws: RegisterError.self) { try office.take([try draft(3)], options) }
            let listed = try texts.list(by: office.admin)
            #expect(listed.map(\.hash) == [first, second] && listed.map(\.consents) == [1, 1])
        }
    }

    @Test func `a consent past its period orders no card until it is given again`() throws {
        try TestOffice.with(.sqlite) { office in
            var text = ConsentTexts.Draft(.cardProduction, body: Array("Год".utf8))
            text.years = 1
            _ = try ConsentTexts(office.register).add(text, by: office.admin)
            try office.take([try draft(0)])
            office.clock.advance(367 * 86_400)
            let book = OrderBook(office.register)
            let place = OrderBook.Selection.organisation(try TestOffice.code("26"))
            #expect(try book.create(place, reason: .first, by: office.admin).done.isEmpty)
            // The same row is no new answer; one of a later day is.
            try office.take([try draft(0)])
            #expect(try book.create(place, reason: .first, by: office.admin).done.isEmpty)
            var again = try draft(0)
            again.consents[1] = Consent(
                purpose: .cardProduction,
                isGiven: true,
                date: office.clock.now().moscowDate
            )
            try office.take([again])
            #expect(try consents(office, 1).count { $0.purpose == .cardProduction } == 2)
            #expect(try book.create(place, reason: .first, by: office.admin).done.count == 1)
        }
    }
}
