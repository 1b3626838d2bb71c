import TicketSeal
import Testing
import UnionTicket

@testable import Registry

@Suite struct `Batches` {
    private static let phrase = "approver passphrase"

    /// An office with ten approved orders and a second person.
    private static func with(
        _ engine: TestEngine,
        _ body: (TestOffice, BatchBook) throws -> Void
    ) throws {
        try TestOffice.with(engine) { office throws in
            try office.take(try (0..<10).map { try TestOffice.draft($0) })
            let book = OrderBook(office.register)
            let made = try book.create(
                .organisation(try TestOffice.code("26")),
                reason: .first,
                submitted: true,
                by: office.admin
            )
            _ = try book.move(.orders(made.done), to: .approved, reason: "", by: office.admin)
            try UserDirectory(office.register).add(
                "approver",
                role: .cardOffice,
                scope: .centralCouncil,
                passphrase: phrase,
                by: office.admin
            )
            try body(office, BatchBook(office.register))
        }
    }

    private static func plan(
        _ office: TestOffice,
        _ book: BatchBook,
        approvals: Int = 1
    ) throws -> BatchBook.Batch {
        let cards = try book.candidates(.init(), by: office.admin)
        let draft = BatchBook.Draft(
            title: "test",
            specification: "s",
            folder: "/",
            profile: "p",
            layoutHash: "h",
            approvalsNeeded: approvals
        )
        return try book.plan(draft, cards.map { ($0, 1) }, by: office.admin)
    }

    private static func approve(
        _ office: TestOffice,
        _ book: BatchBook,
        _ id: Int64,
        as name: String = "approver",
        _ passphrase: String = Self.phrase
    ) throws -> Int {
        try book.approve(
            id,
            .init(expiresAt: office.clock.now() + 86_400 * 365, urlPrefix: ""),
            as: name,
            passphrase: passphrase,
            secrets: try office.secrets
        )
    }

    @Test(arguments: TestEngine.allCases)
    func `approval fixes numbers in the plan's order and cards read them back`(
        _ engine: TestEngine
    ) throws {
        try Self.with(engine) { office, book throws in
            let batch = try Self.plan(office, book)
            #expect(batch.state == .planned && batch.cards == 10)
            #expect(try book.candidates(.init(), by: office.admin).isEmpty)
            #expect(try Self.approve(office, book, batch.id) == 0)
            let approved = try book.batch(batch.id)
            #expect(approved.state == .approved && approved.approvedAt != nil)
            let first = try book.cards(approved, from: 1, count: 4)
            let rest = try book.cards(approved, from: 5, count: 100)
            #expect((first + rest).map(\.sequence) == Array(1...10))
            let keys = try #require(TrustedKeys(file: try book.trustBundle()))
            for card in first + rest {
                let found = TicketJudge(keys: keys).judge(
                    bytes: card.payload,
                    at: office.clock.now()
                )
                #expect(found.verdict == .valid && found.claims?.carrier == card.carrier)
            }
            #expect(
                try office.number("SELECT count(*) FROM card_order WHERE state = 'batched'") == 10
            )
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `nothing is made for who left or withdrew the consent to it`(_ engine: TestEngine) throws {
        try Self.with(engine) { office, book throws in
            let id = try Self.plan(office, book).id
            #expect(try Self.approve(office, book, id) == 0)
            try book.requireLivingConsents(try book.batch(id))
            _ = try ConsentDesk(office.register).withdraw(
                .cardProduction,
                on: nil,
                of: "1002",
                by: office.admin
            )
            try MemberFile(office.register).setStatus(
                "1004",
                to: .left,
                reason: "test",
                by: office.admin
            )
            let error = #expect(throws: RegisterError.self) {
                try book.requireLivingConsents(try book.batch(id))
            }
            let text = error?.message.english ?? ""
            #expect(text.contains("3 (#3: no consent), 5 (#5: left)"), "\(text)")
            #expect(text.contains("batch cancel \(id)"))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a batch's card comes into force by no word, and not in the database either`(
        _ engine: TestEngine
    ) throws {
        try Self.with(engine) { office, book throws in
            let batch = try Self.plan(office, book)
            #expect(try Self.approve(office, book, batch.id) == 0)
            let card = try book.cards(try book.batch(batch.id), from: 1, count: 1)[0].carrier
            let file = CarrierFile(office.register)
            #expect {
                try file.apply(.unblock, to: card.digits, reason: "stolen", by: office.admin)
            } throws: { ($0 as? RegisterError)?.code == .refused }
            #expect(throws: DatabaseError.self) {
                try office.execute("UPDATE carrier SET state = 'active', published = 0")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the planner, the same person and too few people cannot approve`(
        _ engine: TestEngine
    ) throws {
        try Self.with(engine) { office, book throws in
            let batch = try Self.plan(office, book, approvals: 2)
            #expect(throws: RegisterError.self) {
                try Self.approve(office, book, batch.id, as: "admin", "admin passphrase")
            }
            #expect(try Self.approve(office, book, batch.id) == 1)
            #expect(throws: RegisterError.self) { try Self.approve(office, book, batch.id) }
            #expect(try book.batch(batch.id).state == .planned)
            #expect(try office.number("SELECT count(*) FROM carrier") == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a plan whose orders, people or records changed is refused`(_ engine: TestEngine) throws {
        try Self.with(engine) { office, book throws in
            let batch = try Self.plan(office, book)
            try office.execute(
                "UPDATE member SET fingerprint = fingerprint + 1 WHERE id = (SELECT min(id) FROM member)"
            )
            #expect(throws: RegisterError.self) { try Self.approve(office, book, batch.id) }
            try office.execute(
                "UPDATE member SET fingerprint = fingerprint - 1 WHERE id = (SELECT min(id) FROM member)"
            )
            try office.execute(
                """
                UPDATE batch_card SET sealed = (SELECT b.sealed FROM batch_card b WHERE b.seq = 2)
                WHERE seq = 1
                """
            )
            let error = #expect(throws: RegisterError.self) {
                try Self.approve(office, book, batch.id)
            }
            #expect(error?.code == .damaged)
            #expect(try office.number("SELECT count(*) FROM carrier") == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a forged approval does not count`(_ engine: TestEngine) throws {
        try Self.with(engine) { office, book throws in
            let batch = try Self.plan(office, book, approvals: 2)
            _ = try Self.approve(office, book, batch.id)
            try office.execute("UPDATE batch_approval SET signature = plan_hash")
            try UserDirectory(office.register).add(
                "third",
                role: .cardOffice,
                scope: .centralCouncil,
                passphrase: Self.phrase,
                by: office.admin
            )
            let error = #expect(throws: RegisterError.self) {
                try Self.approve(office, book, batch.id, as: "third")
            }
            #expect(error?.code == .damaged)
            #expect(try book.batch(batch.id).state == .planned)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a cancelled batch frees its orders or withdraws its cards`(_ engine: TestEngine) throws {
        try Self.with(engine) { office, book throws in
            let planned = try Self.plan(office, book)
            try book.cancel(planned.id, reason: "test", by: office.admin)
            let again = try Self.plan(office, book)
            #expect(again.cards == 10)
            _ = try Self.approve(office, book, again.id)
            try book.cancel(again.id, reason: "test", by: office.admin)
            #expect(
                try office.number("SELECT count(*) FROM carrier WHERE state = 'withdrawn'") == 10
            )
            #expect(
                try office.number("SELECT count(*) FROM card_order WHERE state = 'cancelled'") == 10
            )
            #expect(throws: RegisterError.self) {
                try book.cancel(again.id, reason: "again", by: office.admin)
            }
            #expect {
                try office.execute("UPDATE batch SET state = 'approved'")
            } throws: { ($0 as? DatabaseError)?.code == .constraint }
        }
    }
}
