import EventStation
import Testing

@Suite("Kinds of events")
struct EventKindTests {
    @Test func `there are four kinds`() { #expect(EventKind.allCases.count == 4) }
}
