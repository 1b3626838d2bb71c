import Testing
import UnionTicket

@testable import Registry

@Suite struct `Consents given and withdrawn` {
    private func day(_ text: String) throws -> CalendarDate {
        try #require(CalendarDate(iso: text))
    }

    /// One adult, one of 16 years; TestOffice.start is 15 January 2027.
    private func prepare(_ office: TestOffice) throws {
        for purpose in ConsentPurpose.allCases { try office.addText(purpose) }
        let young = try #require(CalendarDate(iso: "2010-06-01"))
        try office.take([
            try TestOffice.draft(0),
            try TestOffice.draft(1) {
                $0.birthDate = young
                $0.joinDate = CalendarDate(day: young.adding(years: 15).day)
            },
        ])
    }

    @Test(arguments: TestEngine.allCases)
    func `a consent has one purpose, its text and its day, and ends by a withdrawal`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            let desk = ConsentDesk(office.register)
            var given = ConsentDesk.Given(.marketing)
            given.day = try day("2027-01-11")
            let consent = try desk.give(given, to: "1000", by: office.admin)
            #expect(consent.purpose == .marketing && consent.form == "paper")
            #expect(consent.givenOn == given.day && consent.hash?.count == 64)
            var older = given
            older.day = try day("2027-01-10")
            older.representative = "Мать"
            let second = try desk.give(older, to: "1000", by: office.admin)
            #expect(
                second.givenOn == older.day,
                "the consent just recorded is told, not the newest"
            )
            let withdrawn = try desk.withdraw(
                .marketing,
                on: try day("2027-01-12"),
                of: "1000",
                by: office.admin
            )
            #expect(withdrawn.count == 1 && withdrawn[0].doneAt != nil)
            #expect(withdrawn[0].howInRussian?.contains(/[a-z]/) == false)
            #expect(withdrawn[0].dueOn == (try day("2027-01-26")))
            let history = try desk.history(of: "1000", by: office.admin)
            #expect(history.acts.map(\.isGiven) == [true, true, false])
            let closed = history.consents.filter { $0.withdrawnOn != nil }
            #expect(closed.map(\.purpose) == [.marketing, .marketing])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `dates out of order and impossible ones are refused with the date`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            let desk = ConsentDesk(office.register)
            func give(_ text: String) throws {
                var given = ConsentDesk.Given(.virtualCard)
                given.day = try day(text)
                _ = try desk.give(given, to: "1000", by: office.admin)
            }
            func refusal(_ body: () throws -> Void) -> String {
                do {
                    try body()
                    return ""
                } catch { return (error as? RegisterError)?.message.english ?? "\(error)" }
            }
            #expect(refusal { try give("2027-02-01") }.contains("has not come yet"))
            #expect(refusal { try give("1990-01-01") }.contains("not 14"))
            try give("2027-01-10")
            #expect(refusal { try give("2027-01-10") }.contains("stands already"))
            func withdraw(_ text: String) throws {
                _ = try desk.withdraw(
                    .virtualCard,
                    on: try day(text),
                    of: "1000",
                    by: office.admin
                )
            }
            #expect(refusal { try withdraw("2027-01-09") }.contains("no withdrawal comes before"))
            #expect(refusal { try withdraw("2027-03-01") }.contains("has not come yet"))
            try withdraw("2027-01-13")
            #expect(refusal { try withdraw("2027-01-14") }.contains("nothing to withdraw"))
            #expect(refusal { try give("2027-01-12") }.contains("older than the withdrawal"))
            try give("2027-01-14")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what the register does for a purpose stops with it`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            let desk = ConsentDesk(office.register)
            _ = try OrderBook(office.register).create(
                .members(["1000"]),
                reason: .first,
                submitted: true,
                by: office.admin
            )
            let done = try desk.withdraw(.cardProduction, of: "1000", by: office.admin)
            #expect(done[0].doneAt != nil)
            let open = "SELECT count(*) FROM card_order WHERE state = 'cancelled'"
            #expect(try office.number(open) == 1)
            let all = try desk.withdraw(.register, of: "1001", by: office.admin)
            #expect(Set(all.map(\.purpose)) == [.register, .cardProduction])
            let book = ConsentWithdrawals(office.register)
            #expect(try book.deadlines(by: office.admin).map(\.purpose) == [.register])
            #expect(throws: RegisterError.self) {
                try book.settle(all[0].id, how: "no", by: office.admin)
            }
            #expect(try book.overdueCount() == 0)
            office.clock.advance(40 * 86_400)
            #expect(try book.overdueCount() == 1)
            #expect(try book.deadlines(isOverdueOnly: true, by: office.admin).count == 1)
            // Destruction is what fulfils it.
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "test", by: office.admin)
            _ = try MemberErasure(office.register)
                .erase("1001", reason: "withdrawal", by: office.admin)
            #expect(try book.overdueCount() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a withdrawal from card production ends with the last package that holds the card`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 4) { batch throws in
            let desk = ConsentDesk(batch.register)
            let withdrawals = ConsentWithdrawals(batch.register)
            try batch.report("ssss")
            let cards = try batch.book.candidates(.init(), by: batch.admin)
            let planned = try BatchOffice.plan(cards, batch.book, by: batch.admin)
            let done = try desk.withdraw(.cardProduction, of: "1000", by: batch.admin)
            #expect(done[0].doneAt == nil, "the plant has the first batch")
            try BatchClosing(batch.register)
                .close(batch.id, destructionAct: [7], by: batch.admin)
            #expect(try withdrawals.deadlines(by: batch.admin).isEmpty)
            // A plan alone holds nothing back.
            let next = try desk.withdraw(.cardProduction, of: "1001", by: batch.admin)
            #expect(next[0].doneAt != nil)
            try batch.book.cancel(planned.id, reason: "x", by: batch.admin)
        }
    }

    @Test func `a withdrawal from card production ends with a cancelled package`() throws {
        try BatchOffice.with(.sqlite, cards: 2) { batch throws in
            try batch.report("ss")
            let cards = try batch.book.candidates(.init(), by: batch.admin)
            let next = try BatchOffice.plan(cards, batch.book, by: batch.admin)
            _ = try batch.book.approve(
                next.id,
                .init(
                    expiresAt: batch.office.clock.now() + 86_400 * 365,
                    urlPrefix: "HTTPS://EPB.EXAMPLE.RU/C/"
                ),
                as: "approver",
                passphrase: BatchOffice.phrase,
                secrets: try batch.office.secrets
            )
            try BatchClosing(batch.register)
                .close(batch.id, destructionAct: [7], by: batch.admin)
            let done = try ConsentDesk(batch.register)
                .withdraw(.cardProduction, of: "1000", by: batch.admin)
            #expect(done[0].doneAt == nil)
            try batch.book.cancel(next.id, reason: "x", by: batch.admin)
            let open = try ConsentWithdrawals(batch.register).deadlines(by: batch.admin)
            #expect(open.isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a list made before a withdrawal does not bring the consent back`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            _ = try ConsentDesk(office.register)
                .withdraw(.cardProduction, of: "1000", by: office.admin)
            let today = office.clock.now().moscowDate
            for stale in [nil, today] {
                var draft = try TestOffice.draft(0)
                draft.phone = stale == nil ? "+70001112233" : "+70001112244"
                draft.consents = [
                    Consent(purpose: .cardProduction, isGiven: true, date: stale)
                ]
                try office.take([draft])
                let standing = try office.register.read {
                    try ConsentLedger.standing(of: 1, on: Int64(today.day), in: $0)
                }
                #expect(!standing.contains { $0.purpose == .cardProduction })
            }
            office.clock.advance(2 * 86_400)
            var draft = try TestOffice.draft(0)
            draft.consents = [
                Consent(
                    purpose: .cardProduction,
                    isGiven: true,
                    date: office.clock.now().moscowDate
                )
            ]
            try office.take([draft])
            let standing = try office.register.read {
                try ConsentLedger.standing(of: 1, on: Int64(today.day + 2), in: $0)
            }
            #expect(standing.contains { $0.purpose == .cardProduction })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a chair records for the own organisation only, and an auditor not at all`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try prepare(office)
            let users = UserDirectory(office.register)
            for (name, role, scope) in [
                ("chair", Role.chair, "27-001-0001"), ("auditor", .auditor, "99"),
            ] {
                try users.add(
                    name,
                    role: role,
                    scope: try TestOffice.code(scope),
                    passphrase: "long passphrase",
                    by: office.admin
                )
                let user = try users.signIn(name, passphrase: "long passphrase")
                #expect {
                    try ConsentDesk(office.register).give(.init(.marketing), to: "1000", by: user)
                } throws: { ($0 as? RegisterError)?.code == .forbidden }
            }
        }
    }
}
