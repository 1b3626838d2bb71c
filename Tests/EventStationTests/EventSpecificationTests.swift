import CardLayout
import EventStation
import Testing
import UnionTicket

/// What an event's description may say of its quorum.
@Suite struct `Descriptions of events` {
    private static func read(_ line: String) throws -> EventSpecification {
        try EventSpecification(
            text: """
                format: event/1
                title: Собрание
                kind: conference
                place: Москва
                begins: 2026-12-01 10:00
                ends: 2026-12-01 18:00
                elected: 9
                \(line)
                """,
            file: "event.yaml"
        )
    }

    @Test(arguments: [
        "threshold: {share: 0/5}", "threshold: {share: 3/2}", "threshold: {share: 1/0}",
        "threshold: {share: 0/5, mode: moreThan}", "organisation-share: {share: 0/2, of: 8}",
        "organisation-share: {share: 2/1, of: 8}", "threshold: {share: half}",
    ])
    func `a share that asks for nobody, or for more than all, is refused`(_ line: String) throws {
        let fault = try #require(throws: LayoutError.self) { _ = try Self.read(line) }
        #expect(fault.findings.count == 1)
    }

    @Test(arguments: [("1/1", 9), ("1/2", 5), ("1/1000", 1)])
    func `a share is a fraction of those elected`(_ share: String, _ needed: Int) throws {
        let rules = try Self.read("threshold: {share: \(share)}").rules
        #expect(rules.threshold.least(of: rules.electedTotal) == needed)
    }
}
