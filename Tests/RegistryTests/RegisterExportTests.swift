import Testing
import UnionTicket

@testable import Registry

@Suite struct `The export for АИС` {
    @Test(arguments: TestEngine.allCases)
    func `the export says of plastic past its last day that its time is over`(
        _ engine: TestEngine
    ) throws {
        try BatchOffice.with(engine, cards: 4) { batch throws in
            try batch.report("pppp")
            try batch.deliver()
            func states() throws -> Set<CarrierState> {
                var found: Set<CarrierState> = []
                _ = try RegisterExport(batch.register)
                    .export(of: .centralCouncil, by: batch.admin) { found.insert($0.state) }
                return found
            }
            #expect(try states() == [.active])
            batch.office.clock.advance(86_400 * 365 * 5)
            #expect(try states() == [.expired])
        }
    }
}
