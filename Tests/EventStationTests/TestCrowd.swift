import TicketSeal
import UnionTicket

@testable import EventStation

/// People who walk in and out of a hall whose stations meet now and then, at random from a seed.
///
/// Who is where is known here for certain; what the stations make of it is held against that.
struct TestCrowd {
    var random: SplitMix
    var hall: TestHall
    let event: TestEvent
    let gates: [Gate]
    /// Whether every station's clock is right; then nothing is left in doubt.
    let hasRightClocks: Bool
    /// What each person can show that does not depend on the clock.
    private let shown: [[String]]
    private let people: [(mandate: UInt32, counts: Bool, organisation: OrganisationCode)]
    /// Who is inside, in truth.
    private(set) var inside: Set<Int> = []
    /// The last move of each person: where, by which scan, and when.
    private var last: [Int: (station: String, nonce: String, mode: ScanMode, at: Int64)] = [:]
    private var scans = 0
    /// What happened, as lines of a replay, with what was answered and who was inside then.
    private(set) var recorded: [(line: String, outcome: String, truth: Int)] = []
    /// How often people moved, and how often an entry was taken back.
    private(set) var moves = 0
    private(set) var annulments = 0

    init(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var event = try TestEvent()
        let count = 4 + random.below(12)
        var shown: [[String]] = []
        for number in 0..<count {
            let place = try Self.addPerson(number, to: &event, &random)
            let card = try event.card(place)
            event.legacy(place, "\(700_000 + number)")
            shown.append([card.text, card.ticket.printed, "\(700_000 + number)"])
        }
        gates = Self.gates(&random)
        event.gates = gates
        event.rules.electedTotal = count
        hall = TestHall(try event.snapshot(), gates.map(\.name))
        hasRightClocks = random.below(4) == 0
        for gate in gates where !hasRightClocks {
            hall.errors[gate.name] = Self.clockError(&random)
        }
        self.event = event
        self.random = random
        self.shown = shown
        people = (0..<count).map {
            let person = event.people[$0].person
            return (person.mandate.number, person.counts, person.organisation)
        }
    }

    private static func addPerson(
        _ number: Int,
        to event: inout TestEvent,
        _ random: inout SplitMix
    ) throws -> Int {
        let organisation = random.below(3) == 0 ? "27-001-0001" : "26-001-0001"
        switch random.below(6) {
        case 0: return try event.person(.guest, organisation: organisation)
        case 1 where number > 0:
            let delegate = UInt32(1 + random.below(number))
            return try event.person(mandate: delegate, organisation: organisation)
        default: return try event.person(organisation: organisation)
        }
    }

    /// The first two stations let everybody in and out, so that nobody is stuck.
    private static func gates(_ random: inout SplitMix) -> [Gate] {
        let region = OrganisationCode("27").map { [$0] } ?? []
        return (0..<(2 + random.below(4))).map { number in
            var gate = Gate(name: String("ABCDE".dropFirst(number).prefix(1)))
            guard number > 1 else { return gate }
            switch random.below(4) {
            case 0: gate.letsIn = false
            case 1: gate.letsOut = false
            case 2: gate.organisations = region
            default: break
            }
            return gate
        }
    }

    private static func clockError(_ random: inout SplitMix) -> Int64 {
        switch random.below(4) {
        case 0: 0
        case 1: Int64(random.below(120_000)) - 60_000
        case 2: Int64(random.below(1_200_000)) - 600_000
        default: Int64(random.below(7_200_000)) - 3_600_000
        }
    }

    /// One thing happens.
    mutating func step() {
        // Moves within a second of each other are in doubt even with right clocks.
        hall.now += hasRightClocks ? 1_001 : 1
        hall.now += Int64(random.below(random.below(8) == 0 ? 900_000 : 30_000))
        switch random.below(10) {
        case 0: meet()
        case 1: annul()
        default: move()
        }
    }

    private mutating func move() {
        let person = random.below(people.count)
        let isInside = inside.contains(person)
        let open = gates.filter {
            (isInside ? $0.letsOut : $0.letsIn) && $0.serves(people[person].organisation)
        }
        guard let gate = open.random(&random), let text = shown[person].random(&random) else {
            return
        }
        scans += 1
        let scan = Scan(
            mode: isInside ? .exit : .entry,
            showing: .text(text, text.utf8.count < 20 ? .keyboard : .scanner),
            nonce: "scan-\(scans)"
        )
        var hand = Post.Hand.withDocument
        var answer = hall.scan(gate.name, scan, hand)
        record(gate.name, scan, text, answer, isForced: false)
        if !answer.passes, random.below(4) > 0 {
            // Let out by another door meanwhile, or a clock that makes a card look expired.
            (hand.forces, hand.reason) = (true, "паспорт")
            answer = hall.scan(gate.name, scan, hand)
            record(gate.name, scan, text, answer, isForced: true)
        }
        guard answer.passes else { return }
        if isInside { inside.remove(person) } else { inside.insert(person) }
        recorded[recorded.count - 1].truth = truth
        last[person] = (gate.name, scan.nonce, scan.mode, hall.now)
        moves += 1
    }

    private mutating func meet() {
        var names = gates.map(\.name)
        for index in names.indices { names.swapAt(index, random.below(names.count)) }
        names = Array(names.prefix(2 + random.below(names.count - 1)))
        hall.meet(names)
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        recorded.append(("{\"at\": \(at), \"sync\": [\(list)]}", "synced", truth))
    }

    private var at: String { "\(hall.now / 1000).\(String(1000 + hall.now % 1000).dropFirst())" }

    private func frame(_ station: String) -> String {
        let error = Double(hall.errors[station] ?? 0) / 1000
        return "{\"at\": \(at), \"station\": \"\(station)\", \"clockOffset\": \(error), "
    }

    private mutating func record(
        _ station: String,
        _ scan: Scan,
        _ text: String,
        _ answer: Post.Answer,
        isForced: Bool
    ) {
        let line = """
            \(frame(station))"mode": "\(scan.mode.rawValue)", "text": "\(text)", \
            "source": "\(text.utf8.count < 20 ? "keyboard" : "scanner")", \
            "nonce": "\(scan.nonce)", "force": \(isForced)}
            """
        recorded.append((line, answer.decision.outcome.rawValue, truth))
    }

    /// Somebody is turned back by the station itself, or by a supervisor at another that has seen it.
    ///
    /// Only at a gate for everybody, both ways: elsewhere it would be a passage that the gate has no
    /// right to.
    private mutating func annul() {
        guard let (person, move) = last.sorted(by: { $0.key < $1.key }).random(&random),
            let station = ["A", "B", move.station].random(&random),
            gates.contains(where: {
                $0.name == station && $0.letsIn && $0.letsOut && $0.organisations.isEmpty
            }),
            (try? hall.annul(station, move.nonce)) != nil
        else { return }
        if move.mode == .entry { inside.remove(person) } else { inside.insert(person) }
        last[person] = nil
        annulments += 1
        let rest = "\"annul\": \"\(move.nonce)\", \"reason\": \"ошибка\"}"
        recorded.append((frame(station) + rest, "annulled", truth))
    }

    /// How many mandates are inside, in truth.
    var truth: Int {
        Set(inside.filter { people[$0].counts }.map { people[$0].mandate }).count
    }

    /// The stations that have written what this one has not seen.
    func unheard(_ station: String) -> [Gate] {
        let journals = hall[station].gathering.journals
        return gates.filter { gate in
            hall[gate.name].gathering.journals.last(of: gate.name)
                > journals.last(of: gate.name)
        }
    }
}

/// A small generator whose numbers follow from its seed (Steele et al., 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

extension Array {
    /// Any element, or nil of none.
    func random(_ random: inout SplitMix) -> Element? {
        isEmpty ? nil : self[random.below(count)]
    }
}
