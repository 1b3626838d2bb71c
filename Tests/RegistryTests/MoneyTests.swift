import Testing
import UnionTicket

@testable import Registry

@Suite struct `Money` {
    private static func row(_ batch: BatchOffice) throws -> Settlement.Row {
        let today = batch.office.clock.now().moscowDate
        return try #require(
            try Settlement(batch.register).rows(
                try TestOffice.code("26"),
                asOf: today,
                by: batch.admin
            ).first
        )
    }

    private static func sum(_ batch: BatchOffice) throws -> Int64 {
        try batch.office.number("SELECT sum(amount) FROM money_line")
    }

    @Test(arguments: TestEngine.allCases)
    func `made cards are charged by the shares, the odd kopeck to the Central Council`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppps-")
            let row = try Self.row(batch)
            #expect(row.cards == 8 && row.cost == Kopecks(8 * 9_501))
            #expect(row.regionShare == Kopecks(8 * 4_750))
            #expect(row.centralCouncil == Kopecks(8 * 4_751))
            #expect(row.primaryShare == .zero && row.balance == Kopecks(8 * 4_750))
            let plant = try Settlement(batch.register).plant(
                asOf: batch.office.clock.now().moscowDate,
                by: batch.admin
            )
            #expect(plant[0].cards == 8 && plant[0].spoiled == 1)
            #expect(plant[0].claim == Kopecks(9_501))
            #expect(try Self.sum(batch) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a corrected report gives back to the kopeck what the first one charged`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            try batch.report("mmmmmmmmmm")
            let row = try Self.row(batch)
            #expect(row.cards == 0 && row.cost == .zero && row.balance == .zero)
            #expect(try Self.sum(batch) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `shares hold from a day on and never for what is posted`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            let sharing = CostSharing(batch.register)
            let today = batch.office.clock.now().moscowDate
            let later = try #require(
                CostShares(centralCouncil: 3_334, region: 3_333, primary: 3_333)
            )
            try sharing.set(later, since: CalendarDate(day: today.day + 5), by: batch.admin)
            try batch.report("pppppppppm")
            // The batch keeps the shares of its first report.
            batch.office.clock.advance(10 * 86_400)
            try batch.report("---------p", supplement: true)
            #expect(try Self.row(batch).regionShare == Kopecks(10 * 4_750))
            #expect(throws: RegisterError.self) {
                try sharing.set(later, since: CalendarDate(day: today.day + 5), by: batch.admin)
            }
            #expect(throws: RegisterError.self) {
                try sharing.set(later, since: CalendarDate(day: today.day + 9), by: batch.admin)
            }
            #expect(try sharing.periods(by: batch.admin).count == 2)
            #expect {
                try batch.office.execute("UPDATE cost_share SET region = 1 WHERE since = 0")
            } throws: { ($0 as? DatabaseError)?.code == .constraint }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a payment is recorded once, from a known region, above nothing`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let ledger = Ledger(batch.register)
            let region = try TestOffice.code("26")
            let today = batch.office.clock.now().moscowDate
            func payment(_ kopecks: Int64, _ document: String = "17") -> Ledger.Payment {
                .init(amount: Kopecks(kopecks), document: document, day: today)
            }
            let entry = try ledger.pay(payment(40_000), from: region, by: batch.admin)
            #expect(try Self.row(batch).balance == Kopecks(47_500 - 40_000))
            for (bad, place) in [
                (payment(40_000), "26"), (payment(5, " 17 "), "26"),
                (payment(0, "18"), "26"), (payment(-5, "19"), "26"),
                (payment(5, "20"), "88"), (payment(5, "21"), "26-001"), (payment(5, ""), "26"),
                (payment(5, " "), "26"), (payment(5, "20\u{1B}[2J"), "26"),
                (payment(5, "20\u{202E}1"), "26"),
            ] {
                #expect(throws: RegisterError.self) {
                    try ledger.pay(bad, from: try TestOffice.code(place), by: batch.admin)
                }
            }
            var tomorrow = payment(5, "22")
            tomorrow.day = CalendarDate(day: today.day + 1)
            #expect(throws: RegisterError.self) {
                try ledger.pay(tomorrow, from: region, by: batch.admin)
            }
            _ = try ledger.pay(payment(100_000), batch: batch.id, by: batch.admin)
            #expect(throws: RegisterError.self) {
                try ledger.pay(payment(100_000), batch: batch.id, by: batch.admin)
            }
            #expect(throws: RegisterError.self, "nothing is claimed of the plant") {
                try ledger.pay(payment(1, "23"), batch: batch.id, isRefund: true, by: batch.admin)
            }
            for day in [-50_000, today.day + 1] {
                var strange = payment(5, "24")
                strange.day = CalendarDate(day: day)
                let error = #expect(throws: RegisterError.self) {
                    try ledger.pay(strange, from: region, by: batch.admin)
                }
                #expect(error?.message.english.contains(day < 0 ? "year" : "to come") == true)
            }
            #expect(throws: RegisterError.self, "a balance of a day to come") {
                try Settlement(batch.register).rows(
                    asOf: CalendarDate(day: today.day + 1),
                    by: batch.admin
                )
            }
            _ = try ledger.reverse(entry, reason: "ошибка", by: batch.admin)
            #expect(throws: RegisterError.self) {
                try ledger.reverse(entry, reason: "ещё раз", by: batch.admin)
            }
            #expect(try Self.row(batch).balance == Kopecks(47_500))
            #expect(try Self.sum(batch) == 0)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a document counts once until its entry is taken back`(_ engine: TestEngine) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("ppppppppss")
            let ledger = Ledger(batch.register)
            let (id, admin) = (batch.id, batch.admin)
            let (region, day) = (try TestOffice.code("26"), batch.office.clock.now().moscowDate)
            func payment(_ kopecks: Int64) -> Ledger.Payment {
                .init(amount: Kopecks(kopecks), document: "4", day: day)
            }
            let ways: [(Int64) throws -> Int64] = [
                { try ledger.pay(payment($0), from: region, by: admin) },
                { try ledger.pay(payment($0), batch: id, by: admin) },
                { try ledger.pay(payment($0), batch: id, isRefund: true, by: admin) },
            ]
            for pay in ways {
                let wrong = try pay(10_050)
                #expect(throws: RegisterError.self) { try pay(1_005) }
                _ = try ledger.reverse(wrong, reason: "опечатка", by: batch.admin)
                let right = try pay(1_005)
                #expect(throws: RegisterError.self) { try pay(1_005) }
                // Whoever writes, the database refuses the second one.
                #expect {
                    try batch.register.database.write { session in
                        for (number, amount) in [(1, 5), (2, -5)] {
                            try session.execute(
                                """
                                INSERT INTO money_line (entry_id, number, account, region, reason,
                                    cards, amount) VALUES (900, \(number), 'bank', 26, '', 0, \(amount))
                                """,
                                []
                            )
                        }
                        try session.execute(
                            """
                            INSERT INTO money_entry (id, at, entry_day, kind, user_id, batch_id,
                                region, document, note) SELECT 900, at, entry_day, kind, user_id,
                                batch_id, region, document, note FROM money_entry WHERE id = \(right)
                            """,
                            []
                        )
                    }
                } throws: { ($0 as? DatabaseError)?.code == .constraint }
            }
            #expect(try Self.sum(batch) == 0)
            #expect(throws: RegisterError.self, "before anything was claimed") {
                var early = payment(5)
                (early.document, early.day) = ("5", CalendarDate(day: day.day - 1))
                _ = try ledger.pay(early, batch: batch.id, isRefund: true, by: batch.admin)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a payment taken back and entered anew counts once on every day`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let ledger = Ledger(batch.register)
            let (region, admin) = (try TestOffice.code("26"), batch.admin)
            let first = batch.office.clock.now().moscowDate
            func paid(_ day: Int) throws -> Kopecks? {
                try Settlement(batch.register).rows(
                    region,
                    asOf: CalendarDate(day: first.day + day),
                    by: admin
                ).first?.paid
            }
            batch.office.clock.advance(2 * 86_400)
            let payment = Ledger.Payment(
                amount: Kopecks(10_001),
                document: "17",
                day: CalendarDate(day: first.day + 1)
            )
            let wrong = try ledger.pay(payment, from: region, by: admin)
            batch.office.clock.advance(8 * 86_400)
            let made = try ledger.reverse(wrong, reason: "ошибка", by: admin)
            #expect(try (0...10).map(paid).allSatisfy { $0 == .zero })
            _ = try ledger.pay(payment, from: region, by: admin)
            #expect(try paid(0) == .zero)
            #expect(try (1...10).map(paid).allSatisfy { $0 == Kopecks(10_001) })
            // When each was entered is told beside the day that it counts for.
            let entry = try #require(try ledger.entries(by: admin).first { $0.id == made })
            #expect(entry.day == payment.day && entry.at.moscowDate.day == first.day + 10)
            let account = try Settlement(batch.register).movements(
                of: region,
                from: payment.day,
                to: CalendarDate(day: first.day + 10),
                by: admin
            )
            #expect(account.movements.map(\.kind) == [.payment, .reversal, .payment])
            #expect(account.movements[1].enteredOn.day == first.day + 10)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `cards made anew at the plant's expense are counted in its account`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("ppppppppps")
            var charges = CardCharges(batch: batch.id)
            charges.made[.init(region: 26, reason: .defect)] = 2
            try batch.register.write { session in
                try Ledger(batch.register).post(charges, by: batch.admin, in: session)
            }
            func plant() throws -> Settlement.PlantRow {
                try #require(
                    try Settlement(batch.register).plant(
                        asOf: batch.office.clock.now().moscowDate,
                        by: batch.admin
                    ).first
                )
            }
            #expect(try plant().cards == 11 && plant().spoiled == 3)
            #expect(try plant().claim == Kopecks(3 * 9_501))
            #expect(try Self.row(batch).cards == 11, "a claim is no card of the region")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `the database refuses an entry that does not balance and changes of any`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let head = """
                INSERT INTO money_entry (id, at, entry_day, kind, user_id, note)
                VALUES (900, 0, 0, 'payment', 1, '')
                """
            func line(_ entry: Int, _ number: Int, _ amount: Int) -> String {
                """
                INSERT INTO money_line (entry_id, number, account, region, reason, cards, amount)
                VALUES (\(entry), \(number), 'bank', 26, '', 0, \(amount))
                """
            }
            for statements in [
                [head], [line(900, 1, 5), head], [line(900, 1, 5)],
                [line(900, 1, 5), line(900, 2, -4), head], [line(1, 99, 0)],
                ["UPDATE money_line SET amount = 0"], ["DELETE FROM money_line"],
                ["UPDATE money_entry SET entry_day = 1"], ["DELETE FROM money_entry"],
            ] {
                #expect {
                    try batch.register.database.write { session in
                        for sql in statements { try session.execute(sql, []) }
                    }
                } throws: { ($0 as? DatabaseError)?.code == .constraint }
            }
            try batch.register.database.write { session in
                for sql in [line(900, 1, 5), line(900, 2, -5), head] {
                    try session.execute(sql, [])
                }
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func `a batch for every region and reason is one entry that balances`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            try batch.report("pppppppppp")
            let before = try Self.sum(batch)
            let reasons: [OrderReason] = [.first, .lost, .damaged]
            var charges = CardCharges(batch: batch.id)
            for region in Int64(1)...80 {
                for reason in reasons { charges.made[.init(region: region, reason: reason)] = 3 }
            }
            try batch.register.write { session in
                try Ledger(batch.register).post(charges, by: batch.admin, in: session)
            }
            let lines = try batch.register.read { session in
                try session.first(
                    """
                    SELECT count(*) FROM money_line
                    WHERE entry_id = (SELECT max(id) FROM money_entry)
                    """
                ) { $0.integer(0) }
            }
            #expect(try #require(lines) > 256)
            #expect(try Self.sum(batch) == before)
        }
    }

    /// Random lives: whatever happens, every entry balances, and what is charged follows from the cards.
    @Test(arguments: TestEngine.allCases, [UInt64(1), 2])
    func `the ledger always balances and follows the cards`(
        _ engine: TestEngine,
        _ seed: UInt64
    ) throws {
        var random = SplitMix(seed)
        try BatchOffice.with(engine, cards: 12) { batch throws in
            batch.terms.spoilage = seed == 2 ? .sameCarrier : .reissue
            batch.terms.price = Kopecks(Int64.random(in: 1...20_000, using: &random))
            let ledger = Ledger(batch.register)
            let region = try TestOffice.code("26")
            for step in 0..<12 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    _ = try? ledger.pay(
                        .init(
                            amount: Kopecks(Int64.random(in: -10...50_000, using: &random)),
                            document: "\(Int.random(in: 0..<6, using: &random))",
                            day: batch.office.clock.now().moscowDate
                        ),
                        from: region,
                        by: batch.admin
                    )
                case 1:
                    _ = try? ledger.reverse(
                        Int64.random(in: 1...20, using: &random),
                        reason: "r",
                        by: batch.admin
                    )
                default:
                    let said = (0..<12).map { _ in "pppppsm-".randomElement(using: &random) ?? "p" }
                    try batch.report(String(said), supplement: step % 3 == 1)
                }
                batch.office.clock.advance(86_400)
                #expect(
                    try batch.office.number(
                        """
                        SELECT count(*) FROM (SELECT entry_id FROM money_line GROUP BY entry_id
                            HAVING sum(amount) <> 0) wrong
                        """
                    ) == 0
                )
                let row = try Self.row(batch)
                let made = try batch.count(.printed)
                #expect(Int64(row.cards) == made)
                #expect(row.cost == batch.terms.price * Int(made))
                #expect(row.centralCouncil + row.due == row.cost)
            }
            let account = try Settlement(batch.register).movements(
                of: region,
                from: CalendarDate(day: 0),
                to: batch.office.clock.now().moscowDate,
                by: batch.admin
            )
            let closing = account.movements.reduce(account.opening) { $0 + $1.debit - $1.credit }
            #expect(closing == (try Self.row(batch)).balance)
        }
    }
}

/// A small generator with a seed, so that a life can be told again.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
