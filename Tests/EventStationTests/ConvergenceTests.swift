import Foundation
import Synchronization
import TicketSeal
import Testing
import UnionTicket

@testable import EventStation

/// Whatever the partitions, the order of delivery and the clocks: the same entries give the same
/// state, nothing is lost or counted twice, and min ≤ truth ≤ max.
///
/// `PROFBILET_RUNS` says how many crowds there are (300 unless it does), `PROFBILET_SEED` the first.
@Suite struct `Random crowds` {
    private static func setting(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? usual
    }

    static let runs = setting("PROFBILET_RUNS", 300)
    static let seed = setting("PROFBILET_SEED", 1)
    private static let parts = 4

    @Test(arguments: 0..<parts)
    func `stations agree, and bound the truth`(_ part: Int) throws {
        var (moves, entries, annulments) = (0, 0, 0)
        for run in stride(from: part, to: Self.runs, by: Self.parts) {
            let seed = UInt64(Self.seed + run)
            var crowd = try TestCrowd(seed: seed)
            for _ in 0..<40 {
                crowd.step()
                try Self.checkBounds(crowd, seed)
            }
            try Self.checkAgreement(&crowd, seed)
            moves += crowd.moves
            annulments += crowd.annulments
            entries += crowd.hall.merged.journals.count
        }
        // A run where nothing happens would prove nothing.
        #expect(moves >= Self.runs / Self.parts * 5)
        print(
            "crowds: runs=\((Self.runs - part + Self.parts - 1) / Self.parts)",
            "entries=\(entries) moves=\(moves) annulments=\(annulments)"
        )
    }

    @Test(arguments: 0..<parts)
    func `a replay answers as the stations did, and bounds the truth`(_ part: Int) throws {
        for run in stride(from: part, to: Self.runs / 10, by: Self.parts) {
            let seed = UInt64(Self.seed + run)
            var crowd = try TestCrowd(seed: seed)
            for _ in 0..<40 { crowd.step() }
            let lines = try crowd.recorded.enumerated().compactMap { number, record in
                try ReplayLine(record.line, number: number + 1)
            }
            var replay = Replay(crowd.hall.snapshot, lines)
            for (line, record) in zip(lines, crowd.recorded) {
                let answer = replay.play(line)
                let interval = answer.quorum.interval
                try Self.require(
                    answer.outcome == record.outcome,
                    "seed \(seed), line \(line.number): \(answer.outcome), not \(record.outcome)"
                )
                try Self.require(
                    interval.min <= record.truth && record.truth <= interval.max,
                    "seed \(seed), line \(line.number): \(interval) does not hold \(record.truth)"
                )
            }
            let merged = replay.merged().quorum.interval
            try Self.require(
                merged.min <= crowd.truth && crowd.truth <= merged.max,
                "seed \(seed): merged \(merged) does not hold \(crowd.truth)"
            )
        }
    }

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private static func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws {
        if !isRight { throw Broken(description: what()) }
    }

    private static func checkBounds(_ crowd: TestCrowd, _ seed: UInt64) throws {
        for gate in crowd.gates {
            let unheard = crowd.unheard(gate.name)
            let interval = crowd.hall[gate.name].gathering.quorum(unheard: unheard).interval
            try require(
                interval.min <= crowd.truth && crowd.truth <= interval.max,
                """
                seed \(seed), station \(gate.name): \(interval) does not hold \(crowd.truth), \
                unheard \(unheard.map(\.name))
                """
            )
        }
    }

    private static func checkAgreement(_ crowd: inout TestCrowd, _ seed: UInt64) throws {
        let expected = State(crowd.hall.merged, crowd.event)
        let written = crowd.gates.map { gate in
            (gate.name, crowd.hall[gate.name].gathering.journals.entries(of: gate.name))
        }
        try require(
            expected.entries == written.map(\.1.count).reduce(0, +),
            "seed \(seed): entries were lost"
        )
        for _ in 0..<3 {
            let found = deliver(written, crowd.hall.snapshot, &crowd.random)
            try require(
                State(found, crowd.event) == expected,
                "seed \(seed): another order of delivery gives another state"
            )
        }
        try checkCounts(crowd.hall.merged, crowd, seed)
        crowd.hall.meet(crowd.gates.map(\.name))
        for gate in crowd.gates {
            let found = State(crowd.hall[gate.name].gathering, crowd.event)
            try require(
                found.presences == expected.presences,
                "seed \(seed): station \(gate.name) does not agree after meeting all"
            )
        }
    }

    /// Hands entries over in any order, some of them twice and some too early.
    private static func deliver(
        _ written: [(String, [JournalEntry])],
        _ snapshot: EventSnapshot,
        _ random: inout SplitMix
    ) -> Gathering {
        var gathering = Gathering(snapshot)
        var rest = written.filter { !$0.1.isEmpty }
        while !rest.isEmpty {
            let index = random.below(rest.count)
            let known = Int(gathering.journals.last(of: rest[index].0))
            let start = max(0, known - random.below(3) + random.below(3))
            let end = min(rest[index].1.count, start + 1 + random.below(5))
            if start < end { for entry in rest[index].1[start..<end] { gathering.add(entry) } }
            if gathering.journals.last(of: rest[index].0) == rest[index].1.count {
                rest.remove(at: index)
            }
        }
        return gathering
    }

    private static func checkCounts(
        _ merged: Gathering,
        _ crowd: TestCrowd,
        _ seed: UInt64
    ) throws {
        let interval = merged.quorum(unheard: []).interval
        try require(
            interval.min <= crowd.truth && crowd.truth <= interval.max,
            "seed \(seed): merged \(interval) does not hold \(crowd.truth)"
        )
        try require(
            merged.insideCount <= crowd.event.people.count,
            "seed \(seed): more are inside than there are"
        )
        for person in crowd.event.people.indices {
            let presence = merged.presence(of: crowd.event.name(person))
            let isInside = crowd.inside.contains(person)
            try require(
                (!presence.isSurelyInside || isInside) && (presence.mayBeInside || !isInside),
                "seed \(seed): person \(person) is not where the journals say"
            )
            guard crowd.hasRightClocks else { continue }
            try require(
                presence.isInside == isInside && presence.mayBeInside == isInside
                    && presence.duplicates.isEmpty,
                "seed \(seed): right clocks, and still person \(person) is in doubt"
            )
        }
    }

    /// Everything that can be asked of a gathering.
    struct State: Equatable {
        var entries: Int
        var presences: [Pseudonym: PersonPresence]
        var inside: [Pseudonym: StationMemory.Entry]
        var admitted: Set<Pseudonym>
        var duplicates: [PersonPresence.Duplicate]
        var leaps: [EntryPlace]
        var quorum: QuorumReport

        init(_ gathering: Gathering, _ event: TestEvent) {
            entries = gathering.journals.count
            let people = event.people.map(\.person.pseudonym)
            presences = Dictionary(
                uniqueKeysWithValues: people.map { ($0, gathering.presence(of: $0)) }
            )
            inside = gathering.memory.inside
            admitted = gathering.memory.admitted
            duplicates = gathering.duplicates
            leaps = gathering.leaps
            quorum = gathering.quorum(unheard: event.gates)
        }
    }
}
