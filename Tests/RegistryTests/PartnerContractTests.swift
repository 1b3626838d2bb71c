import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `A partner's contract and what it has dropped` {
    private func add(_ name: String, for recipient: String, _ office: PartnerOffice) throws {
        _ = try Partners(office.register).add(
            Partners.Terms(
                name: name,
                title: name,
                recipient: recipient,
                minimumAge: 18,
                columns: [.validUntil, .carriers, .region, .changedAt],
                deadlineDays: 3,
                configuration: "",
                certificate: [1],
                signer: [1]
            ),
            by: office.admin
        )
    }

    @Test(arguments: TestEngine.allCases)
    func `nobody is told of to another recipient than the one consented to`(
        _ engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            // A contract that nothing was made for may still be put right.
            try add("second", for: "mistyped", office)
            try add("second", for: "second", office)
            try office.apply(through: try office.export().package)
            let error = #expect(throws: RegisterError.self) {
                try add("profcards", for: "other", office)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.english.contains("another name") == true)
            let known = try Partners(office.register).partner("profcards", by: office.admin)
            #expect(known.terms.recipient == "profcards")
            try add("other", for: "other", office)
            #expect(try office.export("other").rows.isEmpty)
            try office.end(1, .left)
            #expect(try office.export().rows.map(\.status) == [.revoked])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an erased member's withdrawal ends with a late answer too`(
        _ engine: TestEngine
    ) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let withdrawals = ConsentWithdrawals(office.register)
            try office.apply(through: try office.export().package)
            try office.end(1, .withdrawn)
            try office.end(1, .left)
            _ = try MemberErasure(office.register).erase("1001", reason: "x", by: office.admin)
            let (second, rows) = try office.export()
            #expect(rows.map(\.status) == [.revoked])
            office.clock.advance(2 * 86_400)
            let third = try office.export().package
            #expect(
                try office.number("SELECT count(*) FROM partner_link") == 1,
                "the link is destroyed before the partner answers"
            )
            office.clock.advance(40 * 86_400)
            #expect(try withdrawals.overdueCount() == 1)
            try office.apply(through: second)
            #expect(try withdrawals.overdueCount() == 0)
            try office.apply(through: third)
            #expect(try PartnerDeadlines(office.register).overdue() == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an answer to an older package ends no newer withdrawal`(_ engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            let withdrawals = ConsentWithdrawals(office.register)
            try office.apply(through: try office.export().package)
            try office.end(1, .withdrawn)
            let revoked = try office.export().package
            try office.consent(1, true)
            let again = try office.export().package
            office.clock.advance(86_400)
            try office.consent(1, false)
            try office.apply(through: revoked)
            #expect(try withdrawals.deadlines(by: office.admin).count == 1)
            try office.apply(through: again)
            #expect(try withdrawals.deadlines(by: office.admin).count == 1)
            try office.apply(through: try office.export().package)
            #expect(try withdrawals.deadlines(by: office.admin).isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `nobody is told of whose record may not be kept`(_ engine: TestEngine) throws {
        try PartnerOffice.with(engine) { office in
            try office.join([1, 2], consenting: [1, 2])
            try office.apply(through: try office.export().package)
            office.clock.advance(86_400)
            _ = try ConsentDesk(office.register)
                .withdraw(.register, of: "1001", by: office.admin)
            // As a door that forgot to ask would leave it.
            try office.execute(
                """
                INSERT INTO consent (member_id, text_id, import_id, region, given_on)
                SELECT member_id, text_id, 900, region, given_on + 1 FROM consent
                WHERE member_id = 1 AND text_id IN
                    (SELECT id FROM consent_text WHERE purpose = 'bonusTransfer')
                """
            )
            let open = try PartnerDeadlines(office.register).open(by: office.admin)
            #expect(open.map(\.revocations) == [1])
            #expect(try office.export().rows.map(\.status) == [.revoked])
        }
    }
}
