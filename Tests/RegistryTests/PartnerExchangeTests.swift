import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct PartnerExchangeTests {
    @Test(arguments: TestEngine.allCases)
    func `the same acknowledgement gets the same answer`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            let (package, _) = try office.export()
            let first = try office.say(.received, of: package)
            #expect(first.state == .received && first.fault == nil)
            let applied = try office.say(.applied, of: package)
            #expect(applied.state == .applied)
            #expect(try office.say(.received, of: package) == first)
            #expect(try office.say(.applied, of: package) == applied)
            #expect(try office.number("SELECT count(*) FROM partner_ack") == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a gap names the package to send again`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            _ = try office.export()
            let (second, _) = try office.export()
            let (third, _) = try office.export()
            let early = try office.say(.applied, of: third)
            #expect(early.fault == .gap && early.resend == 1 && early.state == .sent)
            let told = try office.say(.rejected, of: third) {
                $0.manifest = nil
                ($0.fault, $0.expected) = (.gap, 2)
            }
            #expect(told.fault == nil && told.resend == 2)
            #expect(throws: RegisterError.self) { try office.export() }
            let packages = PartnerPackages(office.register)
            let rejected = try packages.package(2, of: "profcards", by: office.admin)
            #expect(rejected.state == .rejected && rejected.fault == .gap)
            try packages.sent(
                rejected,
                manifest: try #require(second.manifest),
                data: try #require(second.data),
                file: [UInt8](repeating: 9, count: 32),
                by: office.admin
            )
            #expect(try packages.package(2, of: "profcards", by: office.admin).resends == 1)
            _ = try office.export()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `another set asks for a base and a base closes every gap`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let (first, _) = try office.export()
            let wrong = try office.say(.applied, of: first) {
                $0.setHash = [UInt8](repeating: 1, count: 32)
            }
            #expect(wrong.fault == .hashMismatch && wrong.needsBase)
            #expect(throws: RegisterError.self) { try office.export(kind: .delta) }
            let (base, rows) = try office.export()
            #expect(base.kind == .base && rows.count == 2)
            #expect(try office.say(.applied, of: base).state == .applied)
            let states = try PartnerPackages(office.register).list("profcards", by: office.admin)
            #expect(states.map(\.state) == [.superseded, .applied])
        }
    }

    @Test func `a wrong manifest and an unknown package are refused`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.join([1], consenting: [1])
            let (package, _) = try office.export()
            let wrong = try office.say(.received, of: package) {
                $0.manifest = [UInt8](repeating: 2, count: 32)
            }
            #expect(wrong.fault == .hashMismatch && wrong.state == .sent)
            let unknown = try office.say(.received, of: package) { $0.sequence = 9 }
            #expect(unknown.fault == .gap && unknown.state == nil)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `faulty rows are kept and strangers listed`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            let (package, rows) = try office.export()
            let answer = try office.say(.applied, of: package) {
                $0.rows = [(rows[0].pseudonym.text, "E1"), ("m00", "E2")]
            }
            #expect(answer.state == .applied && answer.strangers == ["m00"])
            let kept = try PartnerAcknowledgements(office.register).rowErrors(
                of: "profcards",
                by: office.admin
            )
            #expect(kept.map(\.code) == ["E1"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a deadline runs from the withdrawal and is watched`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            try office.apply(through: try office.export().package)
            try office.end(1, .withdrawn)
            let (package, _) = try office.export()
            let deadlines = PartnerDeadlines(office.register)
            let open = try deadlines.open(by: office.admin)
            #expect(open.map(\.package) == [package.sequence])
            #expect(try deadlines.overdue() == 0)
            office.clock.advance(20 * 86_400)
            #expect(try deadlines.overdue() == 1)
            try office.apply(through: package)
            #expect(try deadlines.overdue() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `status is told of exported and consenting members only`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.add("second", columns: [])
            try office.join([1, 2, 3], consenting: [1, 2], also: "second")
            let (_, rows) = try office.export()
            let (_, theirs) = try office.export("second")
            try office.consent(2, false)
            let desk = PartnerDesk(office.register, partner: "profcards", actingAs: office.admin)
            let ids = rows.map(\.pseudonym.text) + [theirs[0].pseudonym.text, "m00", ""]
            let told = try desk.status(of: ids)
            #expect(told.map(\.id) == ids)
            #expect(told.compactMap(\.status) == [.active])
            #expect(told.suffix(3).allSatisfy { $0.status == nil })
            #expect(throws: RegisterError.self) {
                try desk.status(of: Array(repeating: "m00", count: 1_001))
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a code joins once and every refusal is one`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1])
            let codes = PartnerCodes(office.register)
            let desk = PartnerDesk(office.register, partner: "profcards", actingAs: office.admin)
            let (number, other) = (try office.carrier(of: 1), try office.carrier(of: 2))
            let code = try codes.create(for: "1001", partner: "profcards", by: office.admin).code
            let unconsented = try codes.create(for: "1002", partner: "profcards", by: office.admin)
                .code
            for (ticket, word) in [
                (number, "0000 0000 0000 00"), (other, code), ("1", code), (number, ""),
                (other, unconsented), ("999000000000000", code),
            ] {
                #expect(try desk.link(number: ticket, code: word, consent: .recorded) == nil)
            }
            let linked = try desk.link(number: number, code: code, consent: .recorded)
            #expect(linked != nil)
            #expect(try desk.link(number: number, code: code, consent: .recorded) == nil)
            #expect(try office.export().rows.map(\.pseudonym) == [linked])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a consent given on the partner's page needs its registered text`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [])
            let codes = PartnerCodes(office.register)
            let desk = PartnerDesk(office.register, partner: "profcards", actingAs: office.admin)
            let number = try office.carrier(of: 1)
            let code = try codes.create(for: "1001", partner: "profcards", by: office.admin).code
            #expect(try desk.link(number: number, code: code, consent: .relayed) == nil)
            var draft = ConsentTexts.Draft(.bonusTransfer, body: Array("согласие".utf8))
            draft.form = .electronic
            _ = try ConsentTexts(office.register).add(draft, by: office.admin)
            #expect(try desk.link(number: number, code: code, consent: .relayed) != nil)
            #expect(try office.export().rows.count == 1)
        }
    }

    @Test func `five wrong codes spend the open one`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.join([1], consenting: [1])
            let desk = PartnerDesk(office.register, partner: "profcards", actingAs: office.admin)
            let number = try office.carrier(of: 1)
            let codes = PartnerCodes(office.register)
            let code = try codes.create(for: "1001", partner: "profcards", by: office.admin).code
            for _ in 0..<5 {
                _ = try desk.link(number: number, code: "0000 0000 0000 01", consent: .recorded)
            }
            #expect(try desk.link(number: number, code: code, consent: .recorded) == nil)
            let fresh = try codes.create(for: "1001", partner: "profcards", by: office.admin).code
            #expect(try desk.link(number: number, code: fresh, consent: .recorded) != nil)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `participants are matched by number, old number and code`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2, 3, 4], consenting: [1, 2, 3]) {
                $0.legacyNumber = "L-\($0.aisId ?? "")"
            }
            let code = try PartnerCodes(office.register).create(
                for: "1003",
                partner: "profcards",
                by: office.admin
            ).code
            var rows = (1...6).map {
                PartnerOnboarding.Participant(line: $0 + 1, reference: "p\($0)")
            }
            rows[0].number = try office.carrier(of: 1)
            rows[1].legacy = "L-1002"
            rows[2].code = code
            rows[3].number = try office.carrier(of: 4)
            rows[4].legacy = "nobody's"
            rows[5].legacy = "L-1001"
            let results = try PartnerOnboarding(office.register).match(
                rows,
                of: "profcards",
                by: office.admin
            )
            #expect(
                results.map(\.outcome) == [
                    .matched, .matched, .matched, .noConsent, .unmatched, .duplicate,
                ]
            )
            #expect(results.map(\.by) == ["number", "legacy", "code", "number", nil, "legacy"])
            let (_, exported) = try office.export()
            #expect(Set(results.compactMap(\.pseudonym)) == Set(exported.map(\.pseudonym)))
        }
    }

    @Test func `lines that contradict themselves or each other match nobody`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.join([1, 2, 3, 4], consenting: [1, 2, 3, 4])
            let code = try PartnerCodes(office.register).create(
                for: "1003",
                partner: "profcards",
                by: office.admin
            ).code
            let references = ["torn", "a", "b"] + (0..<300).map { "nobody\($0)" } + ["torn", "c"]
            var rows = references.enumerated().map {
                PartnerOnboarding.Participant(line: $0 + 2, reference: $1)
            }
            rows[0].number = try office.carrier(of: 1)
            rows[303].number = try office.carrier(of: 2)
            (rows[1].number, rows[1].code) = (try office.carrier(of: 4), "0000 0000 0000 00")
            (rows[2].number, rows[2].code) = (try office.carrier(of: 4), code)
            (rows[304].number, rows[304].code) = (try office.carrier(of: 3), code)
            let results = try PartnerOnboarding(office.register).match(
                rows,
                of: "profcards",
                by: office.admin
            )
            let told = [0, 1, 2, 303, 304].map { results[$0].outcome }
            #expect(
                told == [.ambiguous, .contradictory, .contradictory, .ambiguous, .matched]
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `statistics are taken once a revision and give the golden figures`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            let book = PartnerStatistics(office.register)
            let months = try GoldenMonths.reports()
            for (index, report) in months.enumerated() {
                let bytes = Array("month \(index)".utf8)
                #expect(try book.take(report, from: "profcards", bytes: bytes, by: office.admin))
                #expect(try !book.take(report, from: "profcards", bytes: bytes, by: office.admin))
                // The same figures in other bytes are the same report; other figures are not.
                #expect(try !book.take(report, from: "profcards", bytes: [1], by: office.admin))
                var other = report
                other.regions[26]?.purchases += 1
                #expect(throws: RegisterError.self) {
                    try book.take(other, from: "profcards", bytes: bytes, by: office.admin)
                }
            }
            let range = months[0].period...months[5].period
            let sum = PartnerStatistics.summary(
                of: try book.reports(range, of: "profcards", by: office.admin)
            )
            #expect(sum.purchases == 16_280)
            #expect(sum.turnover == 758_214_300)
            #expect(sum.cashback == 19_236_200)
            #expect(sum.participants == 154_221 && sum.throughApp == 31_113)
            #expect(sum.appShare == 2_017, "20.17 %")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `every file of a package that was ever written is known again`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let (package, _) = try office.export()
            let packages = PartnerPackages(office.register)
            let stored = try packages.package(1, of: "profcards", by: office.admin)
            let files = [7, 8].map { [UInt8](repeating: $0, count: 32) }
            for file in files {
                try packages.sent(
                    package,
                    manifest: try #require(stored.manifest),
                    data: try #require(stored.data),
                    file: file,
                    by: office.admin
                )
            }
            for file in files {
                let found = try Incident(office.register)
                    .find(.init(sha256: file, size: 1), by: office.admin)
                #expect(found.kind == "partner" && found.source.hasSuffix("package 1"))
                #expect(found.people.count == 2)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `differences with our own counts are listed by region`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            _ = try office.export()
            let book = PartnerStatistics(office.register)
            let parts = office.clock.now().moscowDate.parts
            let period = try #require(
                PartnerStatistics.Period(year: parts.year, month: parts.month)
            )
            var figures = PartnerStatistics.Figures()
            figures.participants = 3
            let report = PartnerStatistics.Report(
                period: period,
                revision: 1,
                regions: [26: figures, 55: figures]
            )
            #expect(throws: RegisterError.self, "a month that is not over") {
                try book.take(report, from: "profcards", bytes: [1], by: office.admin)
            }
            office.clock.advance(31 * 86_400)
            _ = try book.take(report, from: "profcards", bytes: [1], by: office.admin)
            let found = try book.reconcile(period, of: "profcards", by: office.admin)
            #expect(found.map(\.kind) == [.participants, .unknownRegion])
            #expect(found[0].reported == 3 && found[0].counted == 2)
            let next = PartnerStatistics.Period(index: period.index + 1)
            let future = PartnerStatistics.Report(period: next, revision: 1, regions: [:])
            #expect(throws: RegisterError.self) {
                try book.take(future, from: "profcards", bytes: [2], by: office.admin)
            }
        }
    }
}

/// The programme's first half year as six monthly reports of two regions.
///
/// Only the sums are documented (June to November 2020); how they spread over months and regions is
/// invented, with every remainder in the last month.
enum GoldenMonths {
    static func reports() throws -> [PartnerStatistics.Report] {
        try (0..<6).map { month in
            let isLast = month == 5
            func part(_ total: Int64) -> Int64 {
                isLast ? total - 5 * (total / 6) : total / 6
            }
            let whole = PartnerStatistics.Figures(
                participants: isLast ? 154_221 : Int64(20_000 * (month + 1)),
                throughApp: isLast ? 31_113 : Int64(4_000 * (month + 1)),
                purchases: part(16_280),
                turnover: part(758_214_300),
                cashback: part(19_236_200)
            )
            let first = PartnerStatistics.Figures(
                participants: whole.participants / 3,
                throughApp: whole.throughApp / 3,
                purchases: whole.purchases / 3,
                turnover: whole.turnover / 3,
                cashback: whole.cashback / 3
            )
            let second = PartnerStatistics.Figures(
                participants: whole.participants - first.participants,
                throughApp: whole.throughApp - first.throughApp,
                purchases: whole.purchases - first.purchases,
                turnover: whole.turnover - first.turnover,
                cashback: whole.cashback - first.cashback
            )
            return PartnerStatistics.Report(
                period: try #require(PartnerStatistics.Period(year: 2020, month: 6 + month)),
                revision: 1,
                regions: [26: first, 77: second]
            )
        }
    }
}
