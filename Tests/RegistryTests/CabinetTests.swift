import Testing
import UnionTicket

@testable import Registry

@Suite struct `What a cabinet asks of the register` {
    private func cabinet(_ office: TestOffice, _ scope: String) throws -> SignedInUser {
        SignedInUser(
            id: office.admin.id,
            name: "api:cabinet",
            role: .registrar,
            scope: try TestOffice.code(scope)
        )
    }

    private func rows(_ drafts: [MemberDraft]) -> [RosterRow] {
        drafts.enumerated().map { RosterRow(line: $0.offset + 1, draft: $0.element, issues: []) }
    }

    @Test(arguments: TestEngine.allCases)
    func `rows of the API end as a roster's do`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let user = try cabinet(office, "26")
            let book = RosterImport(office.register)
            let drafts = [
                try TestOffice.draft(1), try TestOffice.draft(2),
                try TestOffice.draft(3, organisation: "27-001-0001"),
                try TestOffice.draft(4, organisation: "26-001-0099"), try TestOffice.draft(1),
            ]
            let taken = try book.take(rows(drafts), hash: [1], by: user)
            #expect(taken.results.map(\.outcome) == [.added, .added, .error, .error, .duplicate])
            #expect(
                taken.results.map { $0.issues.map(\.code) } == [
                    [], [], ["outside_scope"], ["organisation_unknown"], ["duplicate"],
                ]
            )
            let changed = try TestOffice.draft(1) { $0.phone = "+70009999999" }
            let moved = try TestOffice.draft(2, organisation: "26-001-0002")
            let again = try book.take(rows([changed, moved]), hash: [2], by: user)
            #expect(again.results.map(\.outcome) == [.updated, .conflict])
            #expect(try office.number("SELECT count(*) FROM member") == 2)
            let record = try MemberFile(office.register)
                .record(aisId: "1001", reason: "api", by: user)
            #expect(record.draft.phone == "+70009999999")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `what a record leaves out stays as it was, and what it empties goes`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let book = RosterImport(office.register)
            func take(_ change: (inout MemberDraft) -> Void) throws -> RowOutcome {
                let draft = try TestOffice.draft(1, change)
                return try book.take(rows([draft]), hash: [], by: office.admin).results[0].outcome
            }
            func record() throws -> MemberDraft {
                try MemberFile(office.register)
                    .record(aisId: "1001", reason: "api", by: office.admin).draft
            }
            let untold: MemberDraft.Fields = [.status, .patronymic]
            #expect(try take { $0.untold = untold } == .added)
            #expect(try record().status == .active)
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "", by: office.admin)
            #expect(try take { $0.untold = untold } == .unchanged)
            let short = PersonName(last: "Орлова", first: "Анна", patronymic: nil)
            #expect(
                try take {
                    ($0.untold, $0.name) = (untold, short)
                    $0.phone = "+70009999999"
                } == .updated
            )
            #expect(try record().status == .left && record().phone == "+70009999999")
            #expect(try record().name.patronymic == "Петровна")
            #expect(
                try take {
                    ($0.untold, $0.phone) = (untold, nil)
                    $0.cleared = [.phone]
                } == .updated
            )
            #expect(try record().phone == nil)
            // Said in so many words, a standing counts, also when the same was said before.
            #expect(try take { _ in } == .updated)
            #expect(try record().status == .active)
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "", by: office.admin)
            #expect(try take { _ in } == .updated)
            #expect(try record().status == .active)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a ticket's history and the dossier name the client that acted`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            _ = try office.issue()
            let key = try APIClients(office.register)
                .create(.init(name: "kabinet", role: .cabinet), by: office.admin)
            let client = try #require(try APIClients(office.register).find(key: key))
            let user = client.acting(for: office.admin)
            let number = "#1"
            let file = CarrierFile(office.register)
            _ = try file.apply(.unblock, to: number, reason: "выдана", by: office.admin)
            _ = try file.apply(.suspend, to: number, reason: "звонок", by: user)
            let events = try file.history(number, by: user)[0].events
            #expect(events.suffix(2).map(\.user) == [office.admin.name, "api:kabinet"])
            #expect(
                try office.number("SELECT count(*) FROM carrier_event WHERE client IS NOT NULL")
                    == 1
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the audit log is for the whole union`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            for (scope, isOpen) in [("99", true), ("26", false)] {
                let auditor = SignedInUser(
                    id: office.admin.id,
                    name: "api:auditor",
                    role: .auditor,
                    scope: try TestOffice.code(scope)
                )
                let refusal = Self.refusal {
                    _ = try AuditLog(office.register).entries(by: auditor)
                }
                #expect((refusal == nil) == isOpen)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `rows and an idempotency key share one transaction`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let book = RosterImport(office.register)
            struct Broken: Error {}
            #expect(throws: Broken.self) {
                try office.register.together {
                    let done = try book.take(
                        rows([try TestOffice.draft(1)]),
                        hash: [],
                        by: office.admin
                    )
                    #expect(done.results.map(\.outcome) == [.added])
                    throw Broken()
                }
            }
            #expect(try office.number("SELECT count(*) FROM member") == 0)
            let done = try office.register.together {
                try book.take(rows([try TestOffice.draft(1)]), hash: [], by: office.admin)
            }
            #expect(done.results.map(\.outcome) == [.added])
            let record = try MemberFile(office.register)
                .record(aisId: "1001", reason: "api", by: office.admin)
            #expect(record.draft.name.last == "Орлова")
        }
    }

    /// What the register said no with.
    private static func refusal(_ body: () throws -> Void) -> RegisterError? {
        do { try body() } catch { return error as? RegisterError }
        return nil
    }

    @Test(arguments: TestEngine.allCases)
    func `the unknown and those elsewhere get one refusal`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([
                try TestOffice.draft(1), try TestOffice.draft(2, organisation: "27-001-0001"),
            ])
            _ = try office.issue("27")
            let number = UInt64(try office.number("SELECT number FROM ticket_number"))
            let elsewhere = try #require(TicketNumber(value: number)).digits
            let nobody = TicketNumber(scheme: .specimen, region: 26, serial: 5).digits
            let user = try cabinet(office, "26")
            let members = MemberFile(office.register)
            let carriers = CarrierFile(office.register)
            let orders = OrderBook(office.register)
            let asked: [(RegisterError?, RegisterError?)] = [
                (
                    Self.refusal { _ = try members.record(aisId: "1002", reason: "", by: user) },
                    Self.refusal { _ = try members.record(aisId: "9999", reason: "", by: user) }
                ),
                (
                    Self.refusal { _ = try carriers.show(elsewhere, by: user) },
                    Self.refusal { _ = try carriers.show(nobody, by: user) }
                ),
            ]
            for (one, other) in asked { #expect(one?.code == .forbidden && one == other) }
            #expect(Self.refusal { _ = try orders.show(1, by: user) }?.code == .forbidden)
            #expect(Self.refusal { _ = try orders.show(99, by: user) }?.code == .forbidden)
            let wide = try cabinet(office, "99")
            #expect(
                Self.refusal { _ = try members.record(aisId: "9999", reason: "", by: wide) }?.code
                    == .notFound
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `each order is made by itself and pages follow one another`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...5).map { try TestOffice.draft($0) })
            try office.take([
                try TestOffice.draft(6) {
                    $0.consents = [Consent(purpose: .register, isGiven: true)]
                },
                try TestOffice.draft(7, organisation: "27-001-0001"),
            ])
            let user = try cabinet(office, "26")
            let book = OrderBook(office.register)
            let done = try book.create(
                each: ["1001", "1002", "1006", "1007", "9999", "1001"],
                reason: .first,
                note: "",
                by: user
            )
            #expect(Set(done.made.compactMap(\.aisId)) == ["1001", "1002"])
            #expect(done.made.allSatisfy { $0.order.state == .submitted })
            #expect(done.refused.map(\.subject).sorted() == ["1001", "1006", "1007", "9999"])
            _ = try book.create(each: ["1003", "1004", "1005"], reason: .first, note: "", by: user)
            var seen: [Int64] = []
            var before: Int64?
            repeat {
                let page = try book.page(
                    before: before,
                    state: .submitted,
                    organisation: try TestOffice.code("26-001"),
                    limit: 2,
                    by: user
                )
                seen += page.map(\.order.id)
                before = page.last?.order.id
                if page.isEmpty { break }
            } while true
            #expect(seen == [5, 4, 3, 2, 1])
            let shown = try book.show(1, by: user)
            #expect(shown.steps.map(\.state) == ["submitted"])
            #expect(throws: RegisterError.self) {
                try book.page(
                    before: nil,
                    state: nil,
                    organisation: try TestOffice.code("27"),
                    limit: 2,
                    by: user
                )
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `who is named twice is listed, and an unknown organisation is an error`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            let book = OrderBook(office.register)
            let codes = ActivationCodes(office.register)
            let done = try book.create(
                .members(["1001", "1001"]),
                reason: .first,
                by: office.admin
            )
            #expect(done.done.count == 1 && done.refused.map(\.subject) == ["1001"])
            let place = try TestOffice.code("77-999")
            var filter = OrderBook.Filter()
            filter.organisation = place
            let narrowed = filter
            let asked: [() throws -> Int] = [
                { try codes.create(.organisation(place), by: office.admin).made.count },
                { try codes.list(.organisation(place), by: office.admin).count },
                { try book.list(narrowed, by: office.admin).count },
                {
                    try book.page(
                        before: nil,
                        state: nil,
                        organisation: place,
                        limit: 1,
                        by: office.admin
                    ).count
                },
            ]
            for ask in asked {
                #expect { try ask() } throws: {
                    let error = $0 as? RegisterError
                    return error?.code == .notFound
                        && error?.message.english.contains("77-999") == true
                }
            }
            let file = CarrierFile(office.register)
            for place in ["4294967296/1", "26/1048576"] {
                #expect { try file.show(place, by: office.admin) } throws: {
                    ($0 as? RegisterError)?.message.english.contains("slot") == true
                }
            }
        }
    }
}
