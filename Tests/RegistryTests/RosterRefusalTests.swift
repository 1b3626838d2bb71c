import Testing
import UnionTicket

@testable import Registry

@Suite struct `Rows that a known member's record refuses` {
    @Test(arguments: TestEngine.allCases)
    func `a standing that cannot follow refuses its row and no other`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let drafts = try (1...3).map { try TestOffice.draft($0) }
            try office.take(drafts)
            try MemberFile(office.register)
                .setStatus("1001", to: .deceased, reason: "test", by: office.admin)
            let changed = drafts.map { draft in
                var draft = draft
                draft.status = .suspended
                return draft
            }
            let found = try office.take(changed)
            #expect(found.outcomes == [.error, .updated, .updated])
            #expect(found.codes == [["status_illegal"], [], []])
            #expect(
                try office.number("SELECT count(*) FROM member WHERE state = 'suspended'") == 2
            )
            #expect(try office.take(changed).outcomes == [.error, .unchanged, .unchanged])
        }
    }

    @Test(arguments: TestEngine.allCases, [MemberStatus.suspended, .left, .expelled])
    func `a row that says nothing of the standing leaves it, and one that says active is not lost`(
        _ engine: TestEngine,
        _ status: MemberStatus
    ) throws {
        try TestOffice.with(engine) { office in
            let told = try TestOffice.draft(1)
            var silent = told
            silent.untold = .status
            #expect(try office.take([silent]).outcomes == [.added])
            try MemberFile(office.register)
                .setStatus("1001", to: status, reason: "test", by: office.admin)
            func state() throws -> MemberStatus {
                try MemberFile(office.register)
                    .show("1001", reason: "test", by: office.admin).draft.status
            }
            let kept = status == .suspended ? [] : ["status_kept"]
            let same = try office.take([silent])
            #expect(same.outcomes == [.unchanged] && same.codes == [kept])
            silent.phone = "+70009999999"
            let changed = try office.take([silent])
            #expect(changed.outcomes == [.updated] && changed.codes == [kept])
            #expect(try state() == status)
            var active = told
            active.phone = silent.phone
            let returned = try office.take([active])
            #expect(returned.outcomes == [.updated])
            #expect(returned.codes == [status == .suspended ? [] : ["member_returned"]])
            #expect(try state() == .active)
            #expect(try office.take([active]).outcomes == [.unchanged])
            #expect(try office.take([silent]).outcomes == [.unchanged])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a death of somebody who had left is no return`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            var draft = try TestOffice.draft(1)
            try office.take([draft])
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "test", by: office.admin)
            draft.status = .deceased
            let dead = try office.take([draft])
            #expect(dead.outcomes == [.updated] && dead.codes == [[]])
            let same = try office.take([draft])
            #expect(same.outcomes == [.unchanged] && same.codes == [[]])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whom a whole roster lacked comes back with the next one`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let drafts = try (1...30).map { try TestOffice.draft($0) }
            try office.take(drafts)
            var options = RosterImport.Options()
            options.completeFor = try TestOffice.code("26-001-0001")
            options.markAbsent = .left
            #expect(try office.take(Array(drafts.dropLast()), options).summary.marked == 1)
            let again = try office.take(drafts)
            #expect(again.summary[.unchanged] == 29 && again.outcomes[29] == .updated)
            #expect(again.codes[29] == ["member_returned"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a conflict that would change a standing so stays open`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try MemberFile(office.register)
                .setStatus("1001", to: .deceased, reason: "test", by: office.admin)
            let moved = try TestOffice.draft(1, organisation: "27-001-0001")
            #expect(try office.take([moved]).outcomes == [.conflict])
            let queue = ConflictQueue(office.register)
            let open = try #require(try queue.list(by: office.admin).first)
            #expect(throws: RegisterError.self) {
                try queue.resolve(open.id, as: .take, by: office.admin)
            }
            try queue.resolve(open.id, as: .keep, by: office.admin)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that is taken out of the queue keeps a standing it says nothing of, and says so`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...2).map { try TestOffice.draft($0) })
            let file = MemberFile(office.register)
            for id in ["1001", "1002"] {
                try file.setStatus(id, to: .transferred, reason: "test", by: office.admin)
            }
            let silent = try TestOffice.draft(1, organisation: "27-001-0001") {
                $0.untold = .status
            }
            let told = try TestOffice.draft(2, organisation: "27-001-0001")
            #expect(try office.take([silent, told]).outcomes == [.conflict, .conflict])
            let queue = ConflictQueue(office.register)
            let warnings = try queue.list(by: office.admin).map {
                try queue.resolve($0.id, as: .take, by: office.admin)?.code
            }
            #expect(warnings == ["status_kept", "member_returned"])
            let states = try ["1001", "1002"].map {
                try file.show($0, reason: "test", by: office.admin).draft.status
            }
            #expect(states == [.transferred, .active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `«нет» to the record itself withdraws of a known member and refuses others`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
            let rows = [
                try Self.withdrawing(2, try TestOffice.draft(1) { $0.phone = "+70005555555" }),
                try Self.withdrawing(3, try TestOffice.draft(2, organisation: "26-001-0002")),
                try Self.withdrawing(4, try TestOffice.draft(9)),
            ]
            let found = try office.take(rows: rows)
            #expect(found.outcomes == [.updated, .error, .error])
            #expect(
                found.codes == [
                    ["consent_register_withdrawn"], ["consent_register_missing"],
                    ["consent_register_missing"],
                ]
            )
            #expect(found.summary[.error] == 2 && found.summary.warnings == 1)
            let desk = ConsentDesk(office.register)
            let history = try desk.history(of: "1001", by: office.admin)
            #expect(history.consents.allSatisfy { $0.withdrawnOn != nil })
            #expect(Set(history.withdrawals.map(\.purpose)) == [.register, .cardProduction])
            let record = try MemberFile(office.register)
                .show("1001", reason: "test", by: office.admin)
            #expect(record.draft.phone == "+70001000001")
            #expect(try office.take(rows: rows).outcomes == [.unchanged, .error, .error])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `after a withdrawal on paper only a later consent lets a row in`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let today = office.clock.now().moscowDate
            try office.take([try TestOffice.draft(1)])
            _ = try ConsentDesk(office.register)
                .withdraw(.register, of: "1001", by: office.admin)
            func row(_ date: CalendarDate?) throws -> MemberDraft {
                try TestOffice.draft(1) {
                    $0.phone = "+70005555555"
                    $0.consents = [Consent(purpose: .register, isGiven: true, date: date)]
                }
            }
            let old = try office.take([try row(nil), try row(today)])
            #expect(old.outcomes == [.error, .duplicate])
            #expect(old.codes[0] == ["consent_withdrawn_before"])
            #expect(try office.take([try row(today)]).outcomes == [.error])
            office.clock.advance(3 * 86_400)
            let later = CalendarDate(day: today.day + 1)
            #expect(try office.take([try row(later)]).outcomes == [.updated])
            let history = try ConsentDesk(office.register).history(of: "1001", by: office.admin)
            let ended = try #require(history.withdrawals.first { $0.purpose == .register })
            #expect(ended.how == "given again")
        }
    }

    private static func withdrawing(_ line: Int, _ draft: MemberDraft) throws -> RosterRow {
        var draft = draft
        draft.consents = [Consent(purpose: .register, isGiven: false)]
        return RosterRow(
            line: line,
            draft: nil,
            issues: [
                RowIssue(
                    field: "register",
                    column: 5,
                    code: "consent_register_missing",
                    severity: .error,
                    message: Bilingual("нет", "none")
                )
            ],
            organisation: draft.organisation,
            withdrawing: draft
        )
    }
}
