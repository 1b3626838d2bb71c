import TicketSeal
import Testing
import UnionTicket

@testable import Registry

/// What the desk's pages ask of the register, on both engines.
@Suite struct `The desk's operations` {
    private static func chair(_ office: TestOffice, of place: String) throws -> SignedInUser {
        let directory = UserDirectory(office.register)
        try directory.add(
            "chair",
            role: .chair,
            scope: try TestOffice.code(place),
            passphrase: "chair passphrase",
            by: office.admin
        )
        return try directory.signIn("chair", passphrase: "chair passphrase")
    }

    private static func named(_ number: Int, _ last: String, _ place: String) throws -> MemberDraft
    {
        try TestOffice.draft(number, organisation: place) {
            $0.name = PersonName(last: last, first: "Анна", patronymic: "Петровна")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `whoever holds no card and waits for none is listed by name`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let place = "26-001-0001"
            let names = ["Юдина", "Ёлкина", "Абрамова", "Лисина", "Волкова"]
            try office.take(
                try names.enumerated().map { try Self.named($0, $1, place) }
                    + [
                        Self.named(7, "Чужая", "26-001-0002"),
                        TestOffice.draft(8) { $0.status = .suspended },
                    ]
            )
            let chair = try Self.chair(office, of: place)
            let list = CardlessMembers(office.register)
            let first = try list.page(limit: 3, by: chair)
            #expect(first.entries.map(\.name.last) == ["Абрамова", "Волкова", "Ёлкина"])
            #expect(first.total == 5)
            let second = try list.page(after: first.next, limit: 3, by: chair)
            #expect(second.entries.map(\.name.last) == ["Лисина", "Юдина"] && second.next == nil)
            for (text, found) in [
                ("елк", 1), ("анна", 5), ("1001", 1), ("а в", 1), ("а б", 0), ("вол ан", 1),
            ] {
                let page = try list.page(matching: text, limit: 9, by: chair)
                #expect(page.entries.count == found, "\(text)")
            }
            let book = OrderBook(office.register)
            let made = try book.create(.members(["1000"]), reason: .first, by: chair)
            let ordered = try list.page(matching: "юд", limit: 9, by: chair).entries
            #expect(ordered.map(\.openOrder) == made.done && ordered[0].obstacle != nil)
            #expect(throws: RegisterError.self) {
                try list.page(of: try TestOffice.code("26-001-0002"), limit: 9, by: chair)
            }
            _ = try office.issue(place)
            let rest = try list.page(limit: 9, by: chair)
            #expect(rest.entries.map(\.name.last) == ["Юдина"], "her order is a draft")
            var filter = AuditLog.Filter()
            (filter.user, filter.subject) = ("chair", "member/1")
            let reads = try AuditLog(office.register).entries(filter, by: office.admin)
            #expect(!reads.isEmpty && reads.allSatisfy { $0.action == "member.read" })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `of members and orders elsewhere no more is told than of those that are not`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(
                try (0..<2).map {
                    try TestOffice.draft($0, organisation: "26-001-000\($0 + 1)")
                }
            )
            let chair = try Self.chair(office, of: "26-001-0001")
            let book = OrderBook(office.register)
            let foreign = try book.create(.members(["1001"]), reason: .first, by: office.admin)
            func refusal(_ body: () throws -> OrderBook.Outcome) throws -> RegisterError {
                try #require(throws: RegisterError.self) { try body() }
            }
            func message(_ error: RegisterError, _ number: Int64) -> String {
                "\(error.code) \(error.message.russian) \(error.message.english)"
                    .replacing("\(number)", with: "N")
            }
            for references in [["#2", "#99"], ["1001", "1099"], ["#2", "1099"]] {
                let told = try references.map { reference in
                    let error = try refusal {
                        try book.create(.members([reference]), reason: .first, by: chair)
                    }
                    return message(error, 0)
                }
                #expect(told[0] == told[1] && !told[0].contains("26-001-0002"))
            }
            let told = try [foreign.done[0], 88].map { number in
                let error = try refusal {
                    try book.move(.orders([number]), to: .cancelled, reason: "x", by: chair)
                }
                return message(error, number)
            }
            #expect(told[0] == told[1] && !told[0].contains("0002"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a large organisation comes in the register's order and is searched by whole names`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let count = CardlessMembers.sortable + 5
            try office.take(
                try (0..<count).map { try Self.named($0, "Орлова\($0 % 7)", "26-001-0001") }
            )
            let list = CardlessMembers(office.register)
            var (seen, after) = ([Int64](), Int64?.none)
            repeat {
                let page = try list.page(after: after, limit: 400, by: office.admin)
                #expect(page.total == nil)
                seen += page.entries.map(\.id)
                after = page.next
            } while after != nil
            #expect(seen == Array(1...Int64(count)))
            let own = try list.page(matching: "орлова3 анна", limit: 900, by: office.admin)
            #expect(own.entries.count == (0..<count).count { $0 % 7 == 3 })
            let one = try list.page(matching: "1042", limit: 9, by: office.admin)
            #expect(one.entries.map(\.aisId) == ["1042"])
            #expect(throws: RegisterError.self) {
                try list.page(matching: "орлова", limit: 9, by: office.admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a session belongs to one person, and ends by idleness, age and sign-out`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            let sessions = DeskSessions(office.register)
            _ = try Self.chair(office, of: "26-001-0001")
            #expect(try sessions.open("chair", passphrase: "wrong phrase") == nil)
            #expect(try sessions.open("nobody", passphrase: "chair passphrase") == nil)
            let token = try #require(try sessions.open("chair", passphrase: "chair passphrase"))
            #expect(try sessions.find(token)?.name == "chair")
            #expect(try sessions.find(token + "x") == nil)
            office.clock.advance(DeskSessions.idle - 1)
            #expect(try sessions.find(token)?.scope == TestOffice.code("26-001-0001"))
            try UserDirectory(office.register).setRole(
                "chair",
                role: .registrar,
                scope: try TestOffice.code("26"),
                by: office.admin
            )
            office.clock.advance(DeskSessions.idle - 1)
            #expect(try sessions.find(token)?.role == .registrar)
            office.clock.advance(DeskSessions.idle + 1)
            #expect(try sessions.find(token) == nil)
            let next = try #require(try sessions.open("chair", passphrase: "chair passphrase"))
            #expect(try office.number("SELECT count(*) FROM desk_session") == 1)
            try sessions.close(next)
            #expect(try sessions.find(next) == nil)
            let last = try #require(try sessions.open("chair", passphrase: "chair passphrase"))
            #expect(throws: (any Error).self) {
                try office.execute("UPDATE desk_session SET user_id = 1")
            }
            try UserDirectory(office.register).disable("chair", by: office.admin)
            #expect(try sessions.find(last) == nil)
            #expect(try sessions.open("chair", passphrase: "chair passphrase") == nil)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a scan tells whose the card is, and nothing of a card it refuses`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.deliver()
            let chair = try Self.chair(batch.office, of: "26-001-0001")
            let book = HandOutBook(batch.register)
            let own = try batch.carrier(1).digits
            let done = try book.scan(own, on: nil, by: chair)
            #expect(done.outcome.done == 1 && done.name?.last == "Орлова")
            let again = try book.scan(own, on: nil, by: chair)
            #expect(again.outcome.known == 1 && again.name != nil)
            let elsewhere = try book.scan(try batch.carrier(8).digits, on: nil, by: chair)
            #expect(elsewhere.outcome.refused.count == 1 && elsewhere.name == nil)
            _ = try book.scan(try batch.carrier(8).digits, on: nil, by: batch.admin)
            let handed = try book.scan(try batch.carrier(8).digits, on: nil, by: chair)
            #expect(
                handed.name == nil,
                "handed out elsewhere: the name is not this chair's to read"
            )
        }
    }
}
