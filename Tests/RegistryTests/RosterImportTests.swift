import Testing
import UnionTicket

@testable import Registry

@Suite struct `Taking rosters` {
    @Test(arguments: TestEngine.allCases)
    func `a file again changes nothing, and a changed row updates`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let drafts = try (0..<300).map { try TestOffice.draft($0) }
            #expect(try office.take(drafts).summary[.added] == 300)
            #expect(try office.take(drafts).summary[.unchanged] == 300)
            var changed = drafts
            changed[7].phone = "+70009999999"
            let again = try office.take(changed)
            #expect(again.outcomes[7] == .updated)
            #expect(again.summary[.unchanged] == 299)
            let record = try MemberFile(office.register).show(
                "1007",
                reason: "test",
                by: office.admin
            )
            #expect(record.draft.phone == "+70009999999")
            #expect(record.draft.name == drafts[7].name)
            #expect(try office.number("SELECT count(*) FROM member") == 300)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `one person twice is one member`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let one = try TestOffice.draft(1)
            let spelt = try TestOffice.draft(1) {
                $0.aisId = nil
                $0.name = PersonName(last: "ОРЛОВА", first: "Анна", patronymic: nil)
            }
            let elsewhere = try TestOffice.draft(1, organisation: "27-001-0001")
            let namesake = try TestOffice.draft(2) {
                $0.birthDate = one.birthDate; $0.organisation = elsewhere.organisation
            }
            let doubtful = try TestOffice.draft(3, organisation: "26-001-0002") {
                $0.aisId = nil
                $0.birthDate = one.birthDate
            }
            let stranger = try TestOffice.draft(1) {
                $0.name = PersonName(last: "Белова", first: "Вера", patronymic: nil)
                $0.birthDate = CalendarDate(day: 1)
            }
            let found = try office.take([one, spelt, elsewhere, namesake, doubtful, stranger])
            #expect(
                found.outcomes == [.added, .duplicate, .conflict, .added, .conflict, .conflict]
            )
            #expect(
                found.codes == [
                    [], ["duplicate"], ["two_organisations"], [], ["same_name_and_birth_date"],
                    ["same_id_other_person"],
                ]
            )
            #expect(try office.number("SELECT count(*) FROM member") == 2)
            #expect(try office.take([one, elsewhere]).outcomes == [.unchanged, .conflict])
            #expect(try office.number("SELECT count(*) FROM conflict") == 3)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a decided conflict is not asked again`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let one = try TestOffice.draft(1)
            let moved = try TestOffice.draft(1, organisation: "27-001-0001")
            let other = try TestOffice.draft(2, organisation: "26-001-0002") {
                $0.aisId = nil
                $0.birthDate = one.birthDate
            }
            #expect(try office.take([one]).outcomes == [.added])
            #expect(try office.take([moved, other]).outcomes == [.conflict, .conflict])
            let queue = ConflictQueue(office.register)
            let open = try queue.list(by: office.admin)
            #expect(open.map(\.kind) == [.twoOrganisations, .sameNameAndBirthDate])
            try queue.resolve(open[0].id, as: .take, by: office.admin)
            try queue.resolve(open[1].id, as: .separate, by: office.admin)
            #expect(throws: RegisterError.self) {
                try queue.resolve(open[0].id, as: .keep, by: office.admin)
            }
            #expect(try office.number("SELECT count(*) FROM member") == 2)
            let record = try MemberFile(office.register).show(
                "1001",
                reason: "test",
                by: office.admin
            )
            #expect("\(record.draft.organisation)" == "27-001-0001")
            #expect(try office.take([moved, other]).outcomes == [.unchanged, .unchanged])
            #expect(try queue.list(by: office.admin).isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what was taken of a file decides its other row of the same person, in that file only`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let here = try TestOffice.draft(1)
            let there = try TestOffice.draft(1, organisation: "27-001-0001")
            var options = RosterImport.Options()
            options.fileSHA256 = [1, 2, 3]
            #expect(try office.take([here, there], options).outcomes == [.added, .conflict])
            let queue = ConflictQueue(office.register)
            let open = try #require(try queue.list(by: office.admin).first)
            try queue.resolve(open.id, as: .take, by: office.admin)
            #expect(try office.take([here, there], options).outcomes == [.unchanged, .unchanged])
            #expect(try queue.list(by: office.admin).isEmpty)
            // A later list may say that the person went back.
            options.fileSHA256 = [4, 5, 6]
            #expect(try office.take([here], options).outcomes == [.conflict])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whoever was taken elsewhere since is asked about again`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let there = try TestOffice.draft(1, organisation: "26-001-0001")
            let here = try TestOffice.draft(1, organisation: "27-001-0001")
            let queue = ConflictQueue(office.register)
            func take(_ draft: MemberDraft) throws {
                #expect(try office.take([draft]).outcomes == [.conflict])
                let open = try queue.list(by: office.admin)
                #expect(open.count == 1)
                try queue.resolve(try #require(open.first).id, as: .take, by: office.admin)
                #expect(try office.take([draft]).outcomes == [.unchanged])
            }
            try office.take([there])
            try take(here)
            try take(there)
            try take(here)
            let record = try MemberFile(office.register).show(
                "1001",
                reason: "test",
                by: office.admin
            )
            #expect(record.draft.organisation == here.organisation)
            let decided = "SELECT count(*) FROM audit WHERE action = 'conflict.resolve'"
            #expect(try office.number(decided) == 3)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a dropped row is asked about again once its member has changed`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let row = try TestOffice.draft(1, organisation: "27-001-0001")
            let queue = ConflictQueue(office.register)
            #expect(try office.take([row]).outcomes == [.conflict])
            let open = try #require(try queue.list(by: office.admin).first)
            try queue.resolve(open.id, as: .keep, by: office.admin)
            office.clock.advance(1)
            // Another phone is no other standing.
            try office.take([try TestOffice.draft(1) { $0.phone = "+70009999999" }])
            #expect(try office.take([row]).outcomes == [.unchanged])
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "test", by: office.admin)
            let again = try office.take([row])
            #expect(again.outcomes == [.conflict] && again.codes == [["two_organisations"]])
            #expect(try queue.list(by: office.admin).map(\.id) == [open.id])
            #expect(try office.take([row]).outcomes == [.conflict])
            office.clock.advance(1)
            try queue.resolve(open.id, as: .keep, by: office.admin)
            #expect(try office.take([row]).outcomes == [.unchanged])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a dry run and a refused whole keep nothing`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            var options = RosterImport.Options()
            options.isDryRun = true
            let tried = try office.take([try TestOffice.draft(1)], options)
            #expect(tried.outcomes == [.added] && !tried.summary.isKept)
            options = .init()
            options.allOrNothing = true
            let refused = try office.take(
                [try TestOffice.draft(1), try TestOffice.draft(2, organisation: "26-001-0099")],
                options
            )
            #expect(refused.outcomes == [.added, .error] && !refused.summary.isKept)
            #expect(refused.codes[1] == ["organisation_unknown"])
            #expect(try office.number("SELECT count(*) FROM member") == 0)
            #expect(try office.take([try TestOffice.draft(1)]).summary[.added] == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `each consent is its own row and a withdrawal closes it`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            #expect(try office.number("SELECT count(*) FROM consent") == 2)
            try office.take([
                try TestOffice.draft(1) {
                    $0.consents = [
                        Consent(purpose: .register, isGiven: true),
                        Consent(purpose: .cardProduction, isGiven: false),
                        Consent(purpose: .bonusTransfer, recipient: "profcards", isGiven: true),
                    ]
                }
            ])
            let record = try MemberFile(office.register).show(
                "1001",
                reason: "test",
                by: office.admin
            )
            #expect(record.draft.consents.map(\.purpose) == [.bonusTransfer, .register])
            #expect(
                try office.number("SELECT count(*) FROM consent WHERE withdrawn_on IS NOT NULL")
                    == 1
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a whole roster marks the absent, many only with a second person`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let drafts = try (0..<40).map { try TestOffice.draft($0) }
            try office.take(drafts)
            var options = RosterImport.Options()
            options.completeFor = try TestOffice.code("26-001-0001")
            #expect(try office.take(Array(drafts.dropLast(1)), options).summary.absent == ["1039"])
            options.markAbsent = .left
            #expect(try office.take(Array(drafts.dropLast(1)), options).summary.marked == 1)
            #expect(throws: RegisterError.self) {
                try office.take(Array(drafts.prefix(10)), options)
            }
            #expect(try office.number("SELECT count(*) FROM member WHERE state = 'active'") == 39)
            try UserDirectory(office.register).add(
                "second",
                role: .cardOffice,
                scope: .centralCouncil,
                passphrase: "second passphrase",
                by: office.admin
            )
            options.secondPerson = office.admin
            #expect(throws: RegisterError.self) {
                try office.take(Array(drafts.prefix(10)), options)
            }
            options.secondPerson = try UserDirectory(office.register).signIn(
                "second",
                passphrase: "second passphrase"
            )
            #expect(try office.take(Array(drafts.prefix(10)), options).summary.marked == 29)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whose row was refused is not absent, and with refused rows nobody is marked`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let drafts = try (0..<5).map { try TestOffice.draft($0) }
            try office.take(drafts)
            var options = RosterImport.Options()
            options.completeFor = try TestOffice.code("26-001-0001")
            options.fileSHA256 = [1]
            let error = RowIssue(
                field: "phone",
                column: 1,
                code: "phone_length",
                severity: .error,
                message: Bilingual("", "")
            )
            func refused(_ line: Int, _ mention: RosterRow.Mention?) -> RosterRow {
                RosterRow(
                    line: line,
                    draft: nil,
                    issues: [error],
                    organisation: drafts[0].organisation,
                    mention: mention
                )
            }
            let (named, dated) = (drafts[1].name, drafts[2].birthDate)
            let rows = [
                RosterRow(line: 2, draft: drafts[0], issues: []),
                refused(3, .init(aisId: drafts[1].aisId, name: nil, birthDate: nil)),
                refused(4, .init(aisId: nil, name: named, birthDate: dated)),
                refused(5, nil),
            ]
            #expect(try office.take(rows: rows, options).summary.absent == ["1003", "1004"])
            let figures = try DataQuality(office.register).report(byRegion: true, by: office.admin)
            #expect(figures.map(\.region) == [26])
            #expect(figures[0].rejectedRows == 3 && figures[0].fileRows == 4)
            #expect(figures[0].withPhone == 5 && figures[0].withEmail == 0)
            #expect(figures[0].duplicates == 0 && figures[0].members == 5)
            options.markAbsent = .left
            options.secondPerson = office.admin
            #expect { try office.take(rows: rows, options) } throws: {
                ($0 as? RegisterError)?.code == .refused
            }
            #expect(try office.number("SELECT count(*) FROM member WHERE state = 'left'") == 0)
            options.completeFor = try TestOffice.code("26-777")
            #expect { try office.take(rows: rows, options) } throws: {
                ($0 as? RegisterError)?.code == .notFound
            }
        }
    }

    @Test func `names lie sealed and a tampered row does not open`() throws {
        try TestOffice.with(.sqlite) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            let file = office.directory.registerFile
            let bytes = try [file, file + "-wal"].filter(Files.exists)
                .flatMap { try Files.read($0, atMost: 1 << 26) }
            #expect(bytes.contains(subsequence: Array("1001".utf8)))
            for planted in ["Орлова", "+70001000001"] {
                #expect(!bytes.contains(subsequence: Array(planted.utf8)))
            }
            try office.execute(
                "UPDATE member SET sealed = (SELECT sealed FROM member WHERE id = 2) WHERE id = 1"
            )
            #expect {
                try MemberFile(office.register).show("1001", reason: "test", by: office.admin)
            } throws: { ($0 as? RegisterError)?.code == .damaged }
        }
    }
}

extension [UInt8] {
    func contains(subsequence: [UInt8]) -> Bool {
        guard let first = subsequence.first else { return true }
        var start = startIndex
        while let found = self[start...].firstIndex(of: first) {
            if self[found...].starts(with: subsequence) { return true }
            start = found + 1
        }
        return false
    }
}
