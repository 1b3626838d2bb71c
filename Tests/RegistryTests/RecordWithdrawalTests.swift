import Testing
import UnionTicket

@testable import Registry

@Suite struct `The keeping of the record is withdrawn` {
    private func day(_ text: String) throws -> CalendarDate {
        try #require(CalendarDate(iso: text))
    }

    /// Consents of one member to a purpose that are not withdrawn, whoever counts them.
    private func open(_ purpose: ConsentPurpose, _ office: TestOffice) throws -> Int64 {
        try office.number(
            """
            SELECT count(*) FROM consent c JOIN consent_text t ON t.id = c.text_id
            WHERE c.member_id = 1 AND c.withdrawn_on IS NULL AND t.purpose = '\(purpose.rawValue)'
            """
        )
    }

    @Test(arguments: TestEngine.allCases)
    func `nothing else is consented to until it is given again`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            for purpose in ConsentPurpose.allCases { try office.addText(purpose) }
            try office.take([try TestOffice.draft(0)])
            let desk = ConsentDesk(office.register)
            office.clock.advance(86_400)
            _ = try desk.withdraw(.register, of: "1000", by: office.admin)
            for purpose in ConsentPurpose.allCases where purpose != .register {
                let error = #expect(throws: RegisterError.self) {
                    try desk.give(.init(purpose), to: "1000", by: office.admin)
                }
                #expect(error?.code == .refused)
                #expect(error?.message.english.contains("no other consent") == true, "\(purpose)")
            }
            // A list that says nothing of the record.
            office.clock.advance(86_400)
            let today = office.clock.now().moscowDate
            try office.take([
                try TestOffice.draft(0) {
                    $0.phone = "+70001112233"
                    $0.consents = [
                        Consent(purpose: .cardProduction, isGiven: true, date: today),
                        Consent(
                            purpose: .bonusTransfer,
                            recipient: "profcards",
                            isGiven: true,
                            date: today
                        ),
                    ]
                }
            ])
            #expect(try open(.cardProduction, office) == 0)
            #expect(try open(.bonusTransfer, office) == 0)
            _ = try desk.give(.init(.register), to: "1000", by: office.admin)
            var late = ConsentDesk.Given(.marketing)
            late.day = try day("2027-01-15")
            let error = #expect(throws: RegisterError.self, "it was over a day later") {
                try desk.give(late, to: "1000", by: office.admin)
            }
            #expect(error?.message.english.contains("older than the withdrawal") == true)
            _ = try desk.give(.init(.marketing), to: "1000", by: office.admin)
            #expect(try open(.marketing, office) == 1)
        }
    }

    /// Consents as a door that forgot to ask would leave them.
    @Test(arguments: TestEngine.allCases)
    func `no card is ordered and no virtual card made, whatever stands`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            for purpose in ConsentPurpose.allCases { try office.addText(purpose) }
            try office.take([try TestOffice.draft(0)])
            let book = OrderBook(office.register)
            func order() throws -> OrderBook.Outcome {
                try book.create(.members(["1000"]), reason: .first, by: office.admin)
            }
            #expect(try order().refused.isEmpty)
            // What had run out by itself is not withdrawn, and its order is open still.
            try office.execute(
                """
                UPDATE consent SET until = given_on - 1 WHERE text_id IN
                    (SELECT id FROM consent_text WHERE purpose = 'cardProduction')
                """
            )
            _ = try ConsentDesk(office.register)
                .withdraw(.register, of: "1000", by: office.admin)
            let cancelled = "SELECT count(*) FROM card_order WHERE state = 'cancelled'"
            #expect(try office.number(cancelled) == 1)
            try office.execute(
                """
                INSERT INTO consent (member_id, text_id, import_id, region, given_on)
                SELECT 1, id, 900, 26, \(office.clock.now().moscowDate.day) FROM consent_text
                WHERE purpose IN ('cardProduction', 'virtualCard')
                """
            )
            #expect(try order().refused.count == 1)
            let holder = try office.register.read {
                try TicketHolder.of(1, at: office.clock.now(), in: $0)
            }
            #expect(holder?.hasConsent == false)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a sheet signed after that day ends no earlier than it began`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            for purpose in ConsentPurpose.allCases { try office.addText(purpose) }
            try office.take([try TestOffice.draft(0)])
            let desk = ConsentDesk(office.register)
            office.clock.advance(5 * 86_400)
            var later = ConsentDesk.Given(.marketing)
            later.day = try day("2027-01-18")
            _ = try desk.give(later, to: "1000", by: office.admin)
            let done = try desk.withdraw(
                .register,
                on: try day("2027-01-16"),
                of: "1000",
                by: office.admin
            )
            let days = Dictionary(
                uniqueKeysWithValues: done.map { ($0.purpose, $0.withdrawnOn.iso) }
            )
            #expect(days[.register] == "2027-01-16" && days[.cardProduction] == "2027-01-16")
            #expect(days[.marketing] == "2027-01-18")
            #expect(
                try office.number("SELECT count(*) FROM consent WHERE withdrawn_on < given_on") == 0
            )
            #expect(try open(.marketing, office) == 0)
        }
    }
}
