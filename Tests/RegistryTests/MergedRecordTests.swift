import Testing
import UnionTicket

@testable import Registry

@Suite struct `Records that were merged into another` {
    /// A record of the one person that all these tests are about.
    private static func record(
        _ number: Int,
        _ organisation: String,
        _ change: (inout MemberDraft) -> Void = { _ in }
    ) throws -> MemberDraft {
        let birth = try TestOffice.draft(1).birthDate
        return try TestOffice.draft(number, organisation: organisation) {
            $0.birthDate = birth
            change(&$0)
        }
    }

    /// Three records of one person, of which the third became the second and that one the first.
    private static func prepare(_ office: TestOffice) throws {
        let rows = try [
            record(1, "26-001-0001"), record(2, "27-001-0001"), record(3, "26-001-0002"),
        ]
        #expect(try office.take(rows).outcomes == [.added, .added, .added])
        try office.issue("26")
        try office.issue("27")
        for (old, new) in [("1003", "1002"), ("1002", "1001")] {
            try MemberMerge(office.register).merge(old, into: new, reason: "", by: office.admin)
        }
    }

    private static func draft(_ reference: String, _ office: TestOffice) throws -> MemberDraft {
        try MemberFile(office.register).show(reference, reason: "test", by: office.admin).draft
    }

    @Test(arguments: TestEngine.allCases)
    func `they become no member again and get no card`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            for (reference, status) in [
                ("1002", MemberStatus.active), ("1003", .candidate), ("1003", .active),
            ] {
                let error = #expect(throws: RegisterError.self) {
                    try MemberFile(office.register)
                        .setStatus(reference, to: status, reason: "test", by: office.admin)
                }
                #expect(error?.code == .refused)
                #expect(error?.message.english.contains("#1") == true)
            }
            // As a register has it in which that was possible.
            try office.execute("UPDATE member SET state = 'active' WHERE id = 3")
            let book = OrderBook(office.register)
            let places = try ["26", "27"].map {
                OrderBook.Selection.organisation(try TestOffice.code($0))
            }
            for selection in places + [.members(["1002"]), .members(["1003"])] {
                let made = try book.create(selection, reason: .lost, by: office.admin)
                for refused in made.refused where refused.subject != "1001" {
                    #expect(refused.reason.english.contains("#1"))
                }
            }
            let others = "SELECT count(*) FROM card_order WHERE member_id > 1 AND reason = 'lost'"
            #expect(try office.number(others) == 0)
            try MemberFile(office.register)
                .setStatus("1003", to: .left, reason: "test", by: office.admin)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that means one is taken for the record that goes on`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            for number in [2, 3] {
                let row = try Self.record(number, "26-001-0001") {
                    $0.phone = "+7000555000\(number)"
                }
                let found = try office.take([row])
                #expect(found.outcomes == [.updated] && found.codes == [["record_merged"]])
                let again = try office.take([row])
                #expect(again.outcomes == [.unchanged] && again.codes == [["record_merged"]])
                let heir = try Self.draft("#1", office)
                #expect(heir.aisId == "1001" && heir.phone == row.phone)
                #expect(heir.status == .active)
                let other = try Self.draft("#\(number)", office)
                #expect(other.status == .left && other.aisId == row.aisId)
                #expect(other.phone != row.phone)
            }
            var whole = RosterImport.Options()
            whole.completeFor = try TestOffice.code("26-001-0001")
            let row = try Self.record(2, "26-001-0001")
            #expect(try office.take([row], whole).summary.absent.isEmpty)
            // Elsewhere than the record that goes on, it asks about that one.
            let moved = try office.take([try Self.record(3, "27-001-0001")])
            #expect(moved.outcomes == [.conflict])
            #expect(moved.codes == [["record_merged", "two_organisations"]])
            #expect(try ConflictQueue(office.register).list(by: office.admin).map(\.member) == [1])
            #expect(try office.number("SELECT count(*) FROM member WHERE state = 'active'") == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a list that ends one does not end the record that goes on`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            let ended = try Self.record(2, "26-001-0001") { $0.status = .left }
            let own = try Self.record(1, "26-001-0001") { $0.phone = "+70005550001" }
            let found = try office.take([ended, own])
            #expect(found.outcomes == [.unchanged, .updated])
            #expect(found.codes == [["record_merged"], []])
            #expect(try Self.draft("1001", office).status == .active)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the own row of the record that goes on counts, whichever comes first`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            let other = try Self.record(2, "26-001-0001") { $0.phone = "+70005550002" }
            let own = try Self.record(1, "26-001-0001") { $0.phone = "+70005550001" }
            #expect(try office.take([other, own]).outcomes == [.updated, .updated])
            #expect(try Self.draft("1001", office).phone == own.phone)
            #expect(
                try office.take([own, other, own]).outcomes == [
                    .unchanged, .duplicate, .duplicate,
                ]
            )
            // Nor is it lost where the other stands elsewhere.
            let elsewhere = try Self.record(3, "27-001-0001")
            let mine = try Self.record(1, "26-001-0001") { $0.phone = "+70005550003" }
            #expect(try office.take([elsewhere, mine]).outcomes == [.conflict, .updated])
            #expect(try Self.draft("1001", office).phone == mine.phone)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that was decided upon enters a new person when that one was erased`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let moved = try TestOffice.draft(1, organisation: "27-001-0001")
            #expect(try office.take([moved]).outcomes == [.conflict])
            let queue = ConflictQueue(office.register)
            let waiting = try #require(try queue.list(by: office.admin).first)
            try queue.resolve(waiting.id, as: .take, by: office.admin)
            try MemberFile(office.register)
                .setStatus("#1", to: .left, reason: "test", by: office.admin)
            _ = try MemberErasure(office.register)
                .erase("#1", reason: "withdrawal", by: office.admin)
            #expect(try office.take([moved]).outcomes == [.added])
            let kept = "SELECT count(*) FROM conflict WHERE fingerprint <> -id"
            #expect(try office.number(kept) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that waited when they were merged is taken for the record that goes on`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([
                try Self.record(1, "26-001-0001"), try Self.record(2, "27-001-0001"),
            ])
            #expect(try office.take([try Self.record(2, "26-001-0002")]).outcomes == [.conflict])
            try MemberMerge(office.register)
                .merge("1002", into: "1001", reason: "", by: office.admin)
            let queue = ConflictQueue(office.register)
            let open = try #require(try queue.list(by: office.admin).first)
            try queue.resolve(open.id, as: .take, by: office.admin)
            let heir = try Self.draft("#1", office)
            #expect(heir.aisId == "1001")
            #expect(heir.organisation == (try TestOffice.code("26-001-0002")))
            #expect(try Self.draft("#2", office).status == .left)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the person's erasure destroys them too`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            let file = MemberFile(office.register)
            try file.setStatus("1001", to: .left, reason: "test", by: office.admin)
            func keys() throws -> Int64? {
                try office.register.keyStore.read { session in
                    try session.first("SELECT count(*) FROM member_key") { $0.integer(0) }
                }
            }
            let erasure = MemberErasure(office.register)
            try office.execute("UPDATE member SET state = 'active' WHERE id = 3")
            let error = #expect(throws: RegisterError.self) {
                try erasure.erase("1001", reason: "test", by: office.admin)
            }
            #expect(error?.message.english.contains("#3") == true)
            #expect(try keys() == 3, "all or nothing is begun")
            try file.setStatus("1003", to: .left, reason: "test", by: office.admin)
            let report = try erasure.erase("1001", reason: "test", by: office.admin)
            #expect(report.member == 1 && report.merged == [2, 3])
            #expect(report.numbers == 3 && report.carriers == 3)
            #expect(try keys() == 0)
            let named = """
                SELECT count(*) FROM member WHERE ais_id IS NOT NULL OR name_hash <> 0
                OR birth_hash <> 0 OR length(sealed) > 0
                """
            #expect(try office.number(named) == 0)
            let logged = try ErasureLog.read(report.log, noErasures: false).map(\.member)
            #expect(Set(logged) == [1, 2, 3])
            #expect(try ErasureActs(office.register).unwritten().map(\.member) == [1, 2, 3])
            // The same person may come back and is somebody new.
            #expect(try office.take([try Self.record(2, "27-001-0001")]).outcomes == [.added])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the person's dossier tells of them`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try Self.prepare(office)
            let dossier = try Dossier.gather(
                "1001",
                reason: "request",
                from: office.register,
                by: office.admin
            )
            let record = dossier.sections[0].rows.compactMap(\.last)
            for number in 1...3 {
                #expect(record.contains("#\(number)"))
                #expect(record.contains("+7000\(1_000_000 + number)"))
            }
            let carriers = try office.number("SELECT count(*) FROM carrier")
            let cards = try #require(dossier.sections.first { $0.name == "carriers" })
            #expect(carriers == 3 && cards.rows.count == 3)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the withdrawal of the keeping of the record ends their consents too`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.addText(.register)
            try Self.prepare(office)
            office.clock.advance(86_400)
            let desk = ConsentDesk(office.register)
            let begun = try desk.withdraw(.register, of: "1001", by: office.admin)
            #expect(Set(begun.map(\.member)) == [1, 2, 3])
            #expect(
                try office.number("SELECT count(*) FROM consent WHERE withdrawn_on IS NULL") == 0
            )
            let open = """
                SELECT count(*) FROM consent_withdrawal
                WHERE purpose = 'register' AND done_at IS NULL
                """
            #expect(try office.number(open) == 3)
            _ = try desk.give(.init(.register), to: "1001", by: office.admin)
            #expect(try office.number(open) == 0)
        }
    }
}
