import Testing
import UnionTicket

@testable import Registry

@Suite struct `A consent to a partner given again` {
    private static func programme(_ office: PartnerOffice, _ day: CalendarDate) throws -> [Int] {
        try UnionStatistics(office.register)
            .count(asOf: day, by: .union, .programme, by: office.admin)
            .map { Int($0.counts.programme) }
    }

    @Test(arguments: TestEngine.allCases)
    func `one given anew on the partner's page leaves the past as it was`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [])
            var draft = ConsentTexts.Draft(.bonusTransfer, body: Array("согласие".utf8))
            draft.form = .electronic
            _ = try ConsentTexts(office.register).add(draft, by: office.admin)
            let number = try office.carrier(of: 1)
            let desk = PartnerDesk(office.register, partner: "profcards", actingAs: office.admin)
            func relay() throws -> PartnerPseudonym? {
                let code = try PartnerCodes(office.register)
                    .create(for: "1001", partner: "profcards", by: office.admin).code
                return try desk.link(number: number, code: code, consent: .relayed)
            }
            #expect(try relay() != nil)
            _ = try office.export()
            let first = office.clock.now().moscowDate
            office.clock.advance(86_400)
            let gone = office.clock.now().moscowDate
            let consents = ConsentDesk(office.register)
            _ = try consents.withdraw(.bonusTransfer, of: "1001", by: office.admin)
            office.clock.advance(86_400)
            let told = try [first, gone].map { try Self.programme(office, $0) }
            #expect(try relay() != nil)
            let again = office.clock.now().moscowDate
            let history = try consents.history(of: "1001", by: office.admin)
            let given = history.consents.filter { $0.purpose == .bonusTransfer }
            #expect(given.map(\.givenOn) == [first, again])
            #expect(given.map(\.withdrawnOn) == [gone, nil])
            #expect(history.withdrawals.map(\.how) == ["given again"])
            #expect(history.acts.map(\.isGiven) == [true, false, true])
            #expect(try [first, gone].map { try Self.programme(office, $0) } == told)
            #expect(try office.export().rows.isEmpty, "the partner never knew of it")
            office.clock.advance(60 * 86_400)
            #expect(try ConsentWithdrawals(office.register).overdueCount() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a row that is decided after a withdrawal does not rewrite what its list gave before`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let days = try ["2027-01-10", "2027-01-12", "2027-01-15"].map {
                try #require(CalendarDate(iso: $0))
            }
            func row(_ organisation: String, _ day: CalendarDate) throws -> MemberDraft {
                try TestOffice.draft(1, organisation: organisation) {
                    $0.consents = [
                        Consent(purpose: .register, isGiven: true),
                        Consent(
                            purpose: .bonusTransfer,
                            recipient: "profcards",
                            isGiven: true,
                            date: day
                        ),
                    ]
                }
            }
            let file = try [row("26-001-0001", days[0]), row("26-001-0002", days[2])]
            #expect(try office.take(file).outcomes == [.added, .conflict])
            let desk = ConsentDesk(office.register)
            _ = try desk.withdraw(.bonusTransfer, on: days[1], of: "1001", by: office.admin)
            let queue = ConflictQueue(office.register)
            let open = try #require(try queue.list(by: office.admin).first)
            try queue.resolve(open.id, as: .take, by: office.admin)
            let given = try desk.history(of: "1001", by: office.admin).consents
                .filter { $0.purpose == .bonusTransfer }
            #expect(given.map(\.givenOn) == [days[0], days[2]])
            #expect(given.map(\.withdrawnOn) == [days[1], nil])
        }
    }
}
