import EventStation
import Testing
import UnionTicket

@Suite("Faces of verdicts")
struct OutcomeFaceTests {
    @Test func `no two outcomes share a headline, in either language`() {
        let faces = ScanOutcome.allCases.map { OutcomeFace($0) }
        #expect(Set(faces.map(\.headline.russian)).count == ScanOutcome.allCases.count)
        #expect(Set(faces.map(\.headline.english)).count == ScanOutcome.allCases.count)
    }

    @Test func `a shape tells who may admit, whatever the colour`() {
        var meanings: [OutcomeFace.Shape: Set<ScanOutcome.Admission>] = [:]
        for outcome in ScanOutcome.allCases {
            meanings[OutcomeFace(outcome).shape, default: []].insert(outcome.admission)
        }
        #expect(meanings.values.allSatisfy { $0.count == 1 })
        #expect(Set(meanings.keys) == Set(OutcomeFace.Shape.allCases))
    }

    @Test(arguments: ScanOutcome.allCases)
    func `only an admission is green, and only a green or stale one ticks`(_ outcome: ScanOutcome) {
        let face = OutcomeFace(outcome)
        #expect((face.colour == .green) == (outcome.admission == .yes && outcome != .okStatusStale))
        #expect([.admit, .leave].contains(face.sound) == (outcome.admission == .yes))
        #expect(!face.action.russian.isEmpty && !face.action.english.isEmpty)
    }

    @Test(arguments: ScanOutcome.allCases)
    func `an annulled verdict lets nobody in, one admitted by hand does`(_ outcome: ScanOutcome) {
        #expect(OutcomeFace(outcome, .annulled).colour == .grey)
        #expect(OutcomeFace(outcome, .annulled).sound == .again)
        #expect(OutcomeFace(outcome, .admitted).shape == .circleTick)
    }

    @Test(arguments: DeskRefusal.allCases)
    func `every refusal is said in both languages`(_ refusal: DeskRefusal) {
        #expect(refusal.message.russian.contains { ("а"..."я").contains($0) })
        #expect(refusal.message.english.allSatisfy { $0.isASCII })
    }
}
