import Testing
import UnionTicket

@testable import Registry

@Suite struct `Orders of members named one by one` {
    @Test(arguments: TestEngine.allCases)
    func `what is wrong with one line is said of it, and the others are ordered`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...3).map { try TestOffice.draft($0) })
            let book = OrderBook(office.register)
            let list: [OrderBook.Named] = [
                .init("1001", line: 2), .init("4711", line: 3),
                .init("1002", line: 4, reason: .lost),
                .init("", line: 5, flaw: Bilingual("не назван", "names nobody")),
                .init("#1", line: 6), .init("1003", line: 7),
            ]
            let made = try book.create(.list(list), reason: .first, by: office.admin)
            #expect(made.done.count == 2)
            #expect(
                made.refused.map(\.subject) == [
                    "строка/line 3, 4711", "строка/line 5", "строка/line 6, #1",
                    "строка/line 4, 1002",
                ]
            )
            #expect(made.refused[0].reason.english.hasPrefix("No such member"))
            #expect(made.refused[3].reason.english == "has no card to be reissued")
            let chair = try Self.registrar(of: "27", office)
            let elsewhere = try book.create(.list([.init("1002")]), reason: .first, by: chair)
            #expect(elsewhere.done.isEmpty && elsewhere.refused.map(\.subject) == ["1002"])
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a step that no order of the member can take is refused with the reason`(
        _ engine: TestEngine
    ) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...2).map { try TestOffice.draft($0) })
            let book = OrderBook(office.register)
            let one: OrderBook.Selection = .list([.init("1001")])
            func move(_ state: OrderState) throws -> OrderBook.Outcome {
                try book.move(one, to: state, reason: "test", by: office.admin)
            }
            #expect(try move(.submitted).refused.map(\.subject) == ["1001"])
            let order = try book.create(one, reason: .first, by: office.admin).done[0]
            let early = try move(.approved)
            #expect(early.done.isEmpty && early.refused.map(\.subject) == ["1001: \(order)"])
            #expect(early.refused[0].reason.english.contains("draft"))
            #expect(try move(.cancelled).done == [order])
            let again = try move(.cancelled)
            #expect(again.done.isEmpty && again.refused[0].reason.english.contains("cancelled"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `orders are listed by member and by reason`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...3).map { try TestOffice.draft($0) })
            try office.issue()
            let book = OrderBook(office.register)
            let lost = try book.create(.members(["1002"]), reason: .lost, by: office.admin).done
            // A card that is being made is not replaced yet.
            #expect(lost.isEmpty)
            func found(_ change: (inout OrderBook.Filter) -> Void) throws -> [Int64] {
                var filter = OrderBook.Filter()
                change(&filter)
                return try book.list(filter, by: office.admin).map(\.member)
            }
            #expect(try found { $0.members = [.init("1001"), .init("#3")] } == [3, 1])
            #expect(try found { $0.reason = .lost }.isEmpty)
            #expect(
                try found {
                    $0.reason = .first; $0.state = .batched
                } == [3, 2, 1]
            )
            #expect(try found { $0.members = [] }.isEmpty)
            #expect { try found { $0.members = [.init("4711", line: 9)] } } throws: {
                let error = $0 as? RegisterError
                return error?.code == .notFound && error?.message.english.contains("line 9") == true
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `an open order goes with its member, one in a batch stays`(_ engine: TestEngine) throws {
        try TestOffice.with(engine) { office in
            try office.take(try (1...2).map { try TestOffice.draft($0) })
            let book = OrderBook(office.register)
            let issued = try book.create(.members(["1002"]), reason: .first, by: office.admin).done
            _ = try book.move(.orders(issued), to: .submitted, reason: "", by: office.admin)
            _ = try book.move(.orders(issued), to: .approved, reason: "", by: office.admin)
            _ = try office.issueApproved()
            let open = try book.create(.members(["1001"]), reason: .first, by: office.admin).done
            try office.take(
                try (1...2).map { try TestOffice.draft($0, organisation: "27-001-0001") }
            )
            let queue = ConflictQueue(office.register)
            for conflict in try queue.list(by: office.admin) {
                try queue.resolve(conflict.id, as: .take, by: office.admin)
            }
            let chair = try Self.registrar(of: "27", office)
            #expect(try book.list(by: chair).map(\.id) == open)
            #expect(try office.number("SELECT region FROM card_order WHERE state = 'draft'") == 27)
            let found = try book.list(organisation: try TestOffice.code("26"), by: office.admin)
            #expect(found.map(\.id) == issued)
            #expect(
                try book.move(.orders(open), to: .cancelled, reason: "", by: chair).done == open
            )
        }
    }

    private static func registrar(of code: String, _ office: TestOffice) throws -> SignedInUser {
        let users = UserDirectory(office.register)
        try users.add(
            "other",
            role: .registrar,
            scope: try TestOffice.code(code),
            passphrase: "other passphrase",
            by: office.admin
        )
        return try users.signIn("other", passphrase: "other passphrase")
    }
}
