import Testing
import UnionTicket

@testable import Registry

@Suite struct `Refunds for spoilage` {
    @Test(arguments: TestEngine.allCases)
    func `the plant pays back no more than it owes on that day and on every later one`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine) { batch throws in
            let (id, admin) = (batch.id, batch.admin)
            let ledger = Ledger(batch.register)
            let first = batch.office.clock.now().moscowDate.day
            func refund(_ document: String, after days: Int) throws {
                _ = try ledger.pay(
                    .init(
                        amount: Kopecks(9_501),
                        document: document,
                        day: CalendarDate(day: first + days)
                    ),
                    batch: id,
                    isRefund: true,
                    by: admin
                )
            }
            try batch.report("ppppppppps")
            batch.office.clock.advance(10 * 86_400)
            try refund("1", after: 5)
            try batch.report("ppppppppss")
            // Of the second claim nothing was owed before the tenth day.
            for (day, told) in [(2, 5), (5, 5), (7, 7)] {
                let error = #expect(throws: RegisterError.self) { try refund("2", after: day) }
                let date = CalendarDate(day: first + told)
                #expect(error?.message.english.contains(" on \(date.iso)") == true)
            }
            try refund("2", after: 10)
            for day in 0...10 {
                let plant = try Settlement(batch.register).plant(
                    asOf: CalendarDate(day: first + day),
                    by: admin
                )
                #expect(plant.allSatisfy { $0.claim >= .zero })
                #expect(plant.first?.claim == (day < 5 ? Kopecks(9_501) : .zero))
            }
        }
    }
}
