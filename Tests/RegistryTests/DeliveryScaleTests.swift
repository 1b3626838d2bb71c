import Foundation
import Testing
import UnionTicket

@testable import Registry

/// How fast a large batch goes from report to hand-out; runs where PROFBILET_SCALE names its cards.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PROFBILET_SCALE"] != nil))
struct `Delivery at scale` {
    @Test(arguments: TestEngine.allCases)
    func `each step of a large batch is one pass`(_ engine: TestEngine) throws {
        let text = ProcessInfo.processInfo.environment["PROFBILET_SCALE"] ?? ""
        let cards = try #require(Int(text))
        try BatchOffice.with(engine, cards: cards) { batch throws in
            batch.terms.hasChips = true
            var clock = ContinuousClock.now
            func lap(_ step: String) {
                let seconds = (ContinuousClock.now - clock) / .seconds(1)
                print("\(engine) \(step): \(Int(Double(cards) / seconds)) cards/s")
                clock = ContinuousClock.now
            }
            let said = (0..<cards).map { $0 % 50 == 7 ? "s" : "p" }.joined()
            let outcome = try batch.report(said) { rows in
                for index in rows.indices {
                    rows[index].uid = ChipUID((0..<7).map { UInt8(index >> (8 * $0) & 255) })
                }
            }
            lap("accept")
            #expect(outcome.standing.differences.isEmpty)
            #expect(try ParcelDesk(batch.register).ship(batch.id, by: batch.admin) > cards / 2)
            lap("ship")
            for place in ParcelDesk.Place.allCases {
                _ = try ParcelDesk(batch.register).receive(
                    .all(batch: batch.id),
                    .init(place),
                    by: batch.admin
                )
                lap("receive at \(place.rawValue)")
            }
            let numbers = try batch.register.read { session in
                try session.all("SELECT number FROM carrier WHERE state = 'active' ORDER BY id") {
                    "\($0.integer(0))"
                }
            }
            clock = ContinuousClock.now
            #expect(try batch.handOut(numbers).done == numbers.count)
            lap("hand-out by list")
            let shuffled = try batch.handOut(numbers.shuffled())
            #expect(shuffled.known == numbers.count)
            lap("the same list again")
        }
    }
}
