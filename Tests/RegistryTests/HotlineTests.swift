import Testing
import UnionTicket

@testable import Registry

@Suite struct `The hotline` {
    /// A member of the region with a card, and a number nobody bears.
    private func prepare(_ office: TestOffice) throws -> (known: String, unknown: String) {
        try office.take([try TestOffice.draft(1), try TestOffice.draft(2)])
        _ = try office.issue()
        let number = try office.number(
            "SELECT number FROM ticket_number WHERE member_id = (SELECT id FROM member WHERE ais_id = '1001')"
        )
        let ticket = try #require(TicketNumber(value: UInt64(number)))
        let other = TicketNumber(scheme: .specimen, region: 26, serial: 12_345)
        #expect(other != ticket)
        return (ticket.printed, other.printed)
    }

    private func operatorOf(_ office: TestOffice, _ scope: String = "99") throws -> SignedInUser {
        SignedInUser(
            id: office.admin.id,
            name: "api:hotline",
            role: .hotline,
            scope: try TestOffice.code(scope)
        )
    }

    private func answers(
        _ number: Int,
        _ change: (inout IdentityAnswers) -> Void = { _ in }
    ) throws -> IdentityAnswers {
        let draft = try TestOffice.draft(number)
        var answers = IdentityAnswers()
        answers.birthDate = draft.birthDate
        answers.name = ("орлова", "АННА")
        answers.phone = "8 (000) 100-00-0\(number)"
        change(&answers)
        return answers
    }

    @Test(arguments: TestEngine.allCases)
    func `the right answers identify, the ticket is suspended and nothing else`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let (known, _) = try prepare(office)
            try office.execute("UPDATE carrier SET state = 'active', published = 0")
            let line = Hotline(office.register)
            let user = try operatorOf(office)
            let begun = try line.lookUp(known, by: user)
            #expect("\(begun.number)".contains("••••"))
            #expect(throws: RegisterError.self) {
                try line.suspend(begun.id, reason: "утеря", by: user)
            }
            let wrong = try answers(1) { $0.phone = "+70001234567" }
            #expect(try line.answer(begun.id, wrong, by: user) == .noMatch(left: 2))
            let verdict = try line.answer(begun.id, try answers(1), by: user)
            #expect(verdict == .match(until: office.clock.now() + Hotline.identified))
            let carriers = try line.suspend(begun.id, reason: "утеря", by: user)
            #expect(carriers.map(\.state) == [.suspended])
            #expect(throws: RegisterError.self) {
                try CarrierFile(office.register)
                    .apply(.unblock, to: known, reason: "", by: user)
            }
            let logged = try AuditLog(office.register).entries(by: office.admin)
                .filter { $0.action.hasPrefix("hotline.") }
            #expect(logged.map(\.action) == ["hotline.lookup", "hotline.answer", "hotline.answer"])
            #expect(logged.allSatisfy { $0.user == "api:hotline" && $0.subject == "member/1" })
            #expect(
                logged.map(\.detail) == [
                    "number", "no match birthDate,name,phone", "match birthDate,name,phone",
                ]
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an unknown number is asked about and never fits`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let (known, unknown) = try prepare(office)
            let line = Hotline(office.register)
            let user = try operatorOf(office)
            for number in [known, unknown] {
                let begun = try line.lookUp(number, by: user)
                let wrong = try answers(2)
                for left in [2, 1, 0] {
                    let asked = try answers(number == known ? 2 : 1)
                    #expect(try line.answer(begun.id, asked, by: user) == .noMatch(left: left))
                }
                #expect(
                    try line.answer(begun.id, wrong, by: user)
                        == .exhausted(retryAfter: Hotline.window)
                )
                let again = try line.lookUp(number, by: user)
                for _ in 0..<3 { _ = try line.answer(again.id, wrong, by: user) }
                let third = try line.lookUp(number, by: user)
                let spent = try line.answer(third.id, wrong, by: user)
                #expect(spent == .exhausted(retryAfter: Hotline.window))
            }
            office.clock.advance(Hotline.window + 1)
            let begun = try line.lookUp(known, by: user)
            let verdict = try line.answer(begun.id, try answers(1), by: user)
            #expect(verdict == .match(until: office.clock.now() + Hotline.identified))
            office.clock.advance(Hotline.life)
            #expect(throws: RegisterError.self) {
                try line.answer(begun.id, try answers(1), by: user)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a member elsewhere is unknown, another client's look-up too`(_ engine: TestEngine) throws
    {
        try TestOffice.with(engine) { office in
            let (known, _) = try prepare(office)
            let line = Hotline(office.register)
            let elsewhere = try operatorOf(office, "27")
            let begun = try line.lookUp(known, by: elsewhere)
            #expect(
                try line.answer(begun.id, try answers(1), by: elsewhere) == .noMatch(left: 2)
            )
            let stranger = SignedInUser(
                id: office.admin.id,
                name: "api:other",
                role: .hotline,
                scope: .centralCouncil
            )
            #expect(throws: RegisterError.self) {
                try line.answer(begun.id, try answers(1), by: stranger)
            }
            var few = IdentityAnswers()
            few.name = ("Орлова", "Анна")
            few.phone = "+70001000001"
            few.aisId = "1001"
            #expect(throws: RegisterError.self) { try line.answer(begun.id, few, by: elsewhere) }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a mistyped number names the wrong group`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let (known, _) = try prepare(office)
            let line = Hotline(office.register)
            let user = try operatorOf(office)
            var digits = Array(known.filter(\.isNumber))
            digits[8] = digits[8] == "9" ? "0" : "9"
            let error = #expect(throws: RegisterError.self) {
                try line.lookUp(String(digits), by: user)
            }
            #expect(error?.code == .badInput)
            #expect(error?.message.russian.contains("групп") == true)
            #expect(throws: RegisterError.self) { try line.lookUp("12", by: user) }
            #expect(try office.number("SELECT count(*) FROM hotline_lookup WHERE number > 0") == 0)
            #expect(
                try office.number("SELECT count(*) FROM audit WHERE action = 'hotline.lookup'") == 2
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `issued numbers tell the wrong group within reach only, and so often a day`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let (known, _) = try prepare(office)
            let line = Hotline(office.register)
            let right = Array(known.filter(\.isNumber))
            var digits = right
            digits[8] = digits[8] == "9" ? "0" : "9"
            func said(by user: SignedInUser) throws -> String {
                let error = #expect(throws: RegisterError.self) {
                    try line.lookUp(String(digits), by: user)
                }
                return error?.message.russian ?? ""
            }
            #expect(try said(by: operatorOf(office)).contains("ошибка в группе 3"))
            #expect(try !said(by: operatorOf(office, "27")).contains("ошибка в группе 3"))
            for _ in 2...Hotline.hints { _ = try said(by: operatorOf(office)) }
            #expect(try !said(by: operatorOf(office)).contains("ошибка в группе 3"))
            office.clock.advance(Hotline.window)
            #expect(try said(by: operatorOf(office)).contains("ошибка в группе 3"))
            // One exchange in ten gives a number whose check digit fits, of which nothing may be told.
            let exchanges = [(3, 7, "2 и 3"), (7, 11, "3 и 4"), (3, 11, "2 и 4")]
            for (first, second, groups) in exchanges {
                digits = right
                for offset in 0..<4 { digits.swapAt(first + offset, second + offset) }
                guard case .ticket = TypedNumber(String(digits)) else {
                    #expect(
                        try said(by: operatorOf(office)).contains("группы \(groups) переставлены")
                    )
                    continue
                }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a space in what was dictated costs no attempt`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            let (known, _) = try prepare(office)
            let line = Hotline(office.register)
            let user = try operatorOf(office)
            let begun = try line.lookUp(known, by: user)
            let told = try answers(1) {
                $0.name = ("Орлова ", "\u{A0}Анна")
                $0.aisId = " 1001"
            }
            let verdict = try line.answer(begun.id, told, by: user)
            #expect(verdict == .match(until: office.clock.now() + Hotline.identified))
        }
    }
}
