import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct PartnerDeadlineTests {
    @Test(arguments: TestEngine.allCases)
    func `revocations that nobody exported are watched from the day of their reason`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2, 3, 4, 5], consenting: [1, 2, 3, 4])
            let deadlines = PartnerDeadlines(office.register)
            let first = try office.export().package
            try office.apply(through: first)
            let start = office.clock.now().moscowDate
            try office.end(1, .left)
            try office.end(2, .blocked)
            try office.end(3, .withdrawn)
            // Another card changes nothing for the partner, and whoever never consented is none of it.
            try office.end(5, .left)
            let days = [1, 3, 5].map { Int64(start.day + $0) }
            let wanted = days.map { PartnerDeadlines.day(since: $0, days: 3, .russian) }
            let open = try deadlines.open(by: office.admin)
            #expect(open.map(\.package) == [nil, nil, nil])
            #expect(open.map(\.deadline) == wanted && open.allSatisfy { $0.revocations == 1 })
            #expect(try deadlines.open(by: office.admin) == open, "looking changes nothing")
            office.clock.advance(44 * 86_400)
            #expect(try deadlines.overdue() == 3)
            let (package, rows) = try office.export()
            #expect(rows.count == 3 && package.deadline == wanted[0])
            #expect(try deadlines.overdue() == 3)
            try office.apply(through: package)
            #expect(try deadlines.open(by: office.admin).isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a ticket whose card is past its last day is revoked`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            try office.apply(through: try office.export().package)
            let expires = try office.number("SELECT max(expires_at) FROM carrier")
            let last = Instant(seconds: expires).moscowDate
            let today = office.clock.now().moscowDate
            office.clock.advance(Int64(last.day - today.day) * 86_400)
            #expect(try office.export().rows.isEmpty, "the last day counts")
            office.clock.advance(86_400)
            let open = try PartnerDeadlines(office.register).open(by: office.admin)
            #expect(open.map(\.revocations).reduce(0, +) == 2)
            let rows = try office.export().rows
            #expect(rows.count == 2 && rows.allSatisfy { $0.status == .revoked })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whoever is erased or was judged already counts once`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let deadlines = PartnerDeadlines(office.register)
            try office.apply(through: try office.export().package)
            try office.end(1, .left)
            try office.end(2, .suspendedMember)
            try PartnerJudgement(register: office.register).run("profcards")
            try office.end(2, .left)
            _ = try MemberErasure(office.register).erase("1001", reason: "x", by: office.admin)
            office.clock.advance(30 * 86_400)
            let open = try deadlines.open(by: office.admin)
            #expect(open.map(\.revocations).reduce(0, +) == 2)
            #expect(try deadlines.overdue() == 2)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a base that takes the place of a revocation, and an erasure, leave it due`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let deadlines = PartnerDeadlines(office.register)
            let withdrawals = ConsentWithdrawals(office.register)
            try office.apply(through: try office.export().package)
            try office.end(1, .withdrawn)
            _ = try office.export()
            office.clock.advance(40 * 86_400)
            #expect(try deadlines.overdue() == 1)
            let (base, _) = try office.export(kind: .base)
            #expect(base.kind == .base)
            #expect(try deadlines.overdue() == 1)
            #expect(try withdrawals.overdueCount() == 1)
            try office.end(1, .left)
            _ = try MemberErasure(office.register).erase("1001", reason: "x", by: office.admin)
            #expect(try withdrawals.overdueCount() == 1, "the partner still holds it")
            #expect(try deadlines.overdue() >= 1)
            try office.apply(through: base)
            #expect(try withdrawals.overdueCount() == 0)
            #expect(try deadlines.overdue() == 0)
        }
    }

    @Test func `terms run by the office's own calendar`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.join([1], consenting: [1])
            try office.apply(through: try office.export().package)
            try office.end(1, .left)
            let deadlines = PartnerDeadlines(office.register)
            let before = try deadlines.open(by: office.admin).map(\.deadline.iso)
            #expect(before == ["2027-01-20"], "three working days from Saturday the 16th")
            try Files.write(
                Array("holiday\t01-18\tДень организации\n".utf8),
                to: office.register.directory.path + "/working-days.tsv"
            )
            let after = try deadlines.open(by: office.admin).map(\.deadline.iso)
            #expect(after == ["2027-01-21"])
            #expect(try office.export().package.deadline?.iso == "2027-01-21")
        }
    }
}

@Suite struct PartnerLateWordsTests {
    @Test(arguments: TestEngine.allCases)
    func `other words about an applied package are heard`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            let (old, _) = try office.export()
            let (package, rows) = try office.export()
            try office.apply(through: package)
            let other = [UInt8](repeating: 0x11, count: 32)
            // Of an old package: refused, and nothing more, since a later one is right.
            let late = try office.say(.applied, of: old) { $0.setHash = other }
            #expect(late.fault == .hashMismatch && !late.needsBase && late.state == .applied)
            let named = try office.say(.applied, of: package) {
                $0.rows = [("zzz", "E1"), ("m" + String(repeating: "f", count: 32), "E2")]
            }
            #expect(named.fault == .rowErrors && named.strangers.count == 2)
            let known = try office.say(.applied, of: package) {
                $0.rows = [(rows.first?.pseudonym.text ?? "", "E3")]
            }
            #expect(known.fault == (rows.isEmpty ? .rowErrors : nil))
            #expect(try office.say(.applied, of: package).fault == nil)
            #expect(try office.export(kind: .delta).package.sequence == 3)
            try office.apply(
                through: try PartnerPackages(office.register)
                    .package(3, of: "profcards", by: office.admin)
            )
            let third = try PartnerPackages(office.register)
                .package(3, of: "profcards", by: office.admin)
            let wrong = try office.say(.applied, of: third) { $0.setHash = other }
            #expect(wrong.fault == .hashMismatch && wrong.needsBase && wrong.state == .applied)
            #expect(throws: RegisterError.self) { try office.export(kind: .delta) }
            let (base, _) = try office.export()
            #expect(base.kind == .base)
            // The same words again are about what the base makes good.
            #expect(try !office.say(.applied, of: third) { $0.setHash = other }.needsBase)
            try office.apply(through: base)
            let told = try office.say(.rejected, of: base) { $0.fault = .hashMismatch }
            #expect(told.fault == .hashMismatch && told.needsBase)
            let harmless = try office.say(.rejected, of: base) { $0.fault = .duplicateFile }
            #expect(harmless.fault == nil && harmless.state == .applied)
        }
    }
}
