import Testing
import UnionTicket

@testable import Registry

@Suite struct `Merges that a partner is told of` {
    private func merge(_ old: Int, into new: Int, _ office: PartnerOffice) throws {
        try MemberMerge(office.register)
            .merge("\(1000 + old)", into: "\(1000 + new)", reason: "", by: office.admin)
    }

    private func judge(_ office: PartnerOffice) throws {
        try PartnerJudgement(register: office.register).run("profcards")
    }

    @Test(arguments: TestEngine.allCases)
    func `an account that goes on as nobody is revoked`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            try office.twin(of: 1, as: 2)
            #expect(try office.export().rows.count == 2)
            try merge(2, into: 1, office)
            try judge(office)
            try MemberFile(office.register)
                .setStatus("1001", to: .left, reason: "test", by: office.admin)
            let (package, rows) = try office.export()
            #expect(rows.map(\.status) == [.revoked, .revoked])
            #expect(rows.allSatisfy { $0.mergedInto == nil })
            #expect(package.setCount == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `it goes on when the other one is a member again in time`(engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            try office.twin(of: 1, as: 2)
            _ = try office.export()
            try merge(2, into: 1, office)
            for status in [MemberStatus.suspended, .active] {
                try MemberFile(office.register)
                    .setStatus("1001", to: status, reason: "test", by: office.admin)
                try judge(office)
            }
            let (package, rows) = try office.export()
            #expect(rows.map(\.status) == [.merged])
            #expect(package.setCount == 1)
        }
    }

    @Test(arguments: TestEngine.allCases, [false, true])
    func `a chain of merges ends at the record that goes on`(
        engine: TestEngine,
        isJudgedBetween: Bool
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1], consenting: [1])
            try office.twin(of: 1, as: 2)
            try office.twin(of: 1, as: 3, in: "26-001-0002")
            let (_, before) = try office.export()
            #expect(before.count == 3)
            try merge(3, into: 2, office)
            if isJudgedBetween { try judge(office) }
            try merge(2, into: 1, office)
            let (package, rows) = try office.export()
            #expect(rows.map(\.status) == [.merged, .merged])
            let gone = rows.map(\.pseudonym)
            let heirs = before.map(\.pseudonym).filter { !gone.contains($0) }
            #expect(heirs.count == 1 && rows.allSatisfy { $0.mergedInto == heirs[0] })
            #expect(package.setCount == 1)
        }
    }
}
