import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct PartnerTests {
    @Test(arguments: TestEngine.allCases)
    func `a member without consent gives no row`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2, 3], consenting: [2])
            let (package, rows) = try office.export()
            #expect(package.kind == .base && package.sequence == 1)
            #expect(rows.map(\.status) == [.active])
            #expect(package.setCount == 1)
        }
    }

    @Test(arguments: Obstacle.allCases, TestEngine.allCases)
    func `one thing missing and nothing is exported`(
        obstacle: Obstacle,
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1], obstacle)
            #expect(try office.export().rows.isEmpty)
            #expect(try office.number("SELECT count(*) FROM partner_link") == 0)
        }
    }

    @Test(arguments: Ending.allCases, TestEngine.allCases)
    func `what ends is told by the pseudonym alone`(ending: Ending, engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let (_, before) = try office.export()
            #expect(before.count == 2)
            try office.end(1, ending)
            let (package, rows) = try office.export()
            #expect(rows.map(\.status) == [.revoked])
            #expect(rows[0].number == nil && rows[0].carriers == 0 && rows[0].region == 0)
            #expect(before.map(\.pseudonym).contains(rows[0].pseudonym))
            #expect(package.setCount == 1 && package.deadline != nil)
            #expect(try office.export().rows.isEmpty, "an empty delta is legal")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a suspended ticket is told and comes back`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            let carrier = try office.carrier(of: 1)
            _ = try CarrierFile(office.register).apply(
                .unblock,
                to: carrier,
                reason: "",
                by: office.admin
            )
            #expect(try office.export().rows.map(\.carriersText) == ["plastic"])
            _ = try CarrierFile(office.register).apply(
                .suspend,
                to: carrier,
                reason: "",
                by: office.admin
            )
            #expect(try office.export().rows.map(\.status) == [.suspended])
            _ = try CarrierFile(office.register).apply(
                .unblock,
                to: carrier,
                reason: "",
                by: office.admin
            )
            #expect(try office.export().rows.map(\.status) == [.active])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a second partner has ids of its own`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.add("second", columns: [.number, .region])
            try office.join([1, 2, 3], consenting: [1, 2, 3], also: "second")
            let (_, first) = try office.export()
            let (_, second) = try office.export("second")
            #expect(first.count == 3 && second.count == 3)
            #expect(Set(first.map(\.pseudonym)).isDisjoint(with: second.map(\.pseudonym)))
            #expect(first.allSatisfy { $0.number == nil } && second.allSatisfy { $0.number != nil })
            // the mapping joins nothing without the partner's key
            let sealed = try office.blobs("SELECT sealed_member FROM partner_link")
            #expect(Set(sealed).count == 6)
        }
    }

    @Test func `two partners with numbers are recorded as joinable`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.add("second", columns: [.number])
            let joinable = try office.add("third", columns: [.number])
            #expect(joinable == ["second"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the hash that is kept is the hash of the set`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join(Array(1...8), consenting: Array(1...6))
            var held: [PartnerPseudonym: PartnerRow] = [:]
            func apply(_ package: PartnerPackages.Package, _ rows: [PartnerRow]) {
                if package.kind == .base { held = [:] }
                for row in rows { held[row.pseudonym] = row.status.isMember ? row : nil }
                #expect(package.setHash == PartnerOffice.hash(held.values), "\(package.sequence)")
                #expect(package.setCount == held.count)
            }
            for step in 0..<6 {
                let (package, rows) = try office.export(kind: step == 4 ? .base : nil)
                apply(package, rows)
                switch step {
                case 0: try office.end(1, .withdrawn)
                case 1: try office.end(2, .left)
                case 2: try office.consent(7, true)
                case 3: try office.end(3, .blocked)
                default: try office.consent(1, true)
                }
            }
            #expect(held.count == 5)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a base says how many of the set are suspended`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            let key = SQLValue.text("profcards")
            func counted() throws -> Int64? {
                try office.register.read { session in
                    try session.first("SELECT set_suspended FROM partner WHERE name = $1", [key]) {
                        $0.integer(0)
                    }
                }
            }
            func move(_ number: Int, _ change: CarrierFile.Change) throws {
                let file = CarrierFile(office.register)
                let carrier = try office.carrier(of: number)
                _ = try file.apply(change, to: carrier, reason: "", by: office.admin)
            }
            try office.join([1, 2, 3], consenting: [1, 2, 3])
            for number in 1...3 { try move(number, .unblock) }
            try move(1, .suspend)
            let steps: [(suspended: Int, change: () throws -> Void)] = [
                (1, { try move(2, .suspend) }), (2, { try move(1, .unblock) }),
                (1, { try office.end(2, .withdrawn) }), (0, {}),
            ]
            for step in steps {
                _ = try office.export(kind: step.suspended == 1 ? nil : .base)
                let (base, rows) = try office.export(kind: .base)
                #expect(rows.count { $0.status == .suspended } == step.suspended)
                #expect(base.counts[.suspended] == step.suspended)
                #expect(base.counts[.active] == rows.count - step.suspended)
                try office.register.write {
                    try $0.execute(PartnerSchema.countSuspended)
                }
                #expect(try counted() == Int64(step.suspended), "what the migration counts")
                try step.change()
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the same state gives the same rows`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2, 3], consenting: [1, 2, 3])
            let (first, rows) = try office.export(kind: .base)
            let (second, again) = try office.export(kind: .base)
            #expect(rows == again && first.setHash == second.setHash)
            #expect(try office.rows(first) == rows, "also after later packages")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a merge is a row of its own`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            try office.twin(of: 1, as: 2)
            let (_, before) = try office.export()
            #expect(before.count == 2)
            try MemberMerge(office.register).merge(
                "1002",
                into: "1001",
                reason: "",
                by: office.admin
            )
            let (package, rows) = try office.export()
            #expect(rows.map(\.status) == [.merged])
            let heir = try #require(rows[0].mergedInto)
            #expect(before.map(\.pseudonym).contains(heir) && heir != rows[0].pseudonym)
            #expect(package.setCount == 1)
            #expect(throws: RegisterError.self) {
                try MemberMerge(office.register).merge(
                    "1002",
                    into: "1001",
                    reason: "",
                    by: office.admin
                )
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an erased person's link is destroyed once the revocation left`(
        engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            _ = try office.export()
            try office.end(1, .left)
            _ = try MemberErasure(office.register).erase("1001", reason: "asked", by: office.admin)
            #expect(try office.export().rows.map(\.status) == [.revoked])
            #expect(try office.number("SELECT count(*) FROM partner_link") == 2)
            office.clock.advance(86_400)
            #expect(try office.export().rows.isEmpty)
            #expect(try office.number("SELECT count(*) FROM partner_link") == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `time alone ends and begins what may be exported`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            let today = office.clock.now().moscowDate
            let parts = today.parts
            let almost = try #require(
                CalendarDate(year: parts.year - 18, month: parts.month, day: parts.day)
            )
            try office.join([1], consenting: [1]) {
                $0.birthDate = CalendarDate(day: almost.day + 2)
            }
            #expect(try office.export().rows.isEmpty)
            office.clock.advance(86_400)
            #expect(try office.export().rows.isEmpty)
            office.clock.advance(86_400)
            #expect(try office.export().rows.map(\.status) == [.active], "the eighteenth birthday")
        }
    }

    @Test func `what was sent cannot be changed`() throws {
        try PartnerOffice.with(.sqlite) { office in
            try office.join([1], consenting: [1])
            _ = try office.export()
            for sql in [
                "UPDATE partner_row SET region = 77", "DELETE FROM partner_row",
                "UPDATE partner_package SET state = 'prepared'", "DELETE FROM partner_package",
            ] {
                #expect(throws: DatabaseError.self, "\(sql)") { try office.execute(sql) }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `each transfer leaves a record of the member`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1])
            _ = try office.export()
            try office.end(1, .withdrawn)
            let (package, _) = try office.export()
            let (kinds, held) = try office.register.read { session in
                let transfers = PartnerTransfers(register: office.register)
                let file = MemberFile(office.register)
                let first = try file.find("1001", in: session)
                let second = try file.find("1002", in: session)
                #expect(try transfers.all(of: second, in: session).isEmpty)
                return (
                    try transfers.all(of: first, in: session).map(\.status),
                    try transfers.isHeld(by: "profcards", first, in: session)
                )
            }
            #expect(kinds == [.active, .revoked] && held)
            try office.apply(through: package)
            let isStillHeld = try office.register.read { session in
                let member = try MemberFile(office.register).find("1001", in: session)
                return try PartnerTransfers(register: office.register).isHeld(
                    by: "profcards",
                    member,
                    in: session
                )
            }
            #expect(!isStillHeld)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `where there is no partner no change is noted`(engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take([try TestOffice.draft(1)])
            try office.issue()
            #expect(try office.number("SELECT count(*) FROM partner_change") == 0)
        }
    }
}

/// One condition that is not met.
enum Obstacle: String, CaseIterable, CustomTestStringConvertible {
    case noTicket, tooYoung, suspendedMember, otherRecipient, laterConsent

    var testDescription: String { rawValue }
}

/// One way in which a member's part ends.
enum Ending: String, CaseIterable, CustomTestStringConvertible {
    case withdrawn, left, suspendedMember, blocked

    var testDescription: String { rawValue }
}
