import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// A conference that has everything a credentials commission writes down.
///
/// 259 elected; 257 mandates confirmed, one by a substitute; 246 of them came in; besides advisory
/// votes, guests, a duplicate, an annulment, people without a card.
struct PaperEvent {
    var persons: [EventPerson] = []
    var people: [PaperPerson] = []
    var gates = [Gate(name: "A"), Gate(name: "B"), Gate(name: "Вход 3, запасной")]
    var rules: EventRules
    private(set) var posts: [Post] = []
    private var scans = 0

    /// 21 November 2026, 09:00 in Moscow.
    static let opening = Instant(startOf: CalendarDate(day: 20_778)) + 9 * 3600
    static let issuedAt = opening + 2 * 3600

    init(
        kind: EventKind = .conference,
        elected: Int = 259,
        title: String = "XII конференция"
    ) throws {
        let (numerator, denominator, mode) = kind.threshold
        guard let threshold = QuorumThreshold(numerator, denominator, mode, of: kind.base) else {
            throw Fault.fixture
        }
        rules = EventRules(
            id: 7,
            title: title,
            kind: kind,
            place: "г. Москва, Ленинский проспект, д. 42, Колонный зал",
            beginsAt: Self.opening + 3600,
            endsAt: Self.opening + 8 * 3600,
            threshold: threshold,
            electedTotal: elected,
            onRecordTotal: elected
        )
    }

    enum Fault: Error { case fixture }

    /// The conference.
    static func conference() throws -> PaperEvent {
        var event = try PaperEvent()
        try event.addDelegates()
        for number in 1...10 { try event.add(1000 + number, .advisory, mandate: 300 + number) }
        for number in 1...5 { try event.add(1100 + number, .guest, mandate: 0) }
        for number in 1...3 {
            try event.add(1200 + number, .decisive, mandate: 0, state: .reserve)
        }
        try event.open()
        try event.admitEverybody()
        try event.disturb()
        return event
    }

    private mutating func addDelegates() throws {
        for number in 1...259 {
            let state: MandateState =
                switch number {
                case 7: .substituted
                case 258: .withdrawn
                case 259: .elected
                default: .confirmed
                }
            try add(number, .decisive, mandate: number, state: state)
        }
        try add(900, .decisive, mandate: 7, isSubstitute: true)
    }

    /// Adds a person of one of 13 organisations.
    mutating func add(
        _ number: Int,
        _ participation: Participation,
        mandate: Int,
        state: MandateState = .confirmed,
        isSubstitute: Bool = false,
        name: String? = nil
    ) throws {
        let place = number % 13 + 1
        guard let pseudonym = Self.pseudonym(number),
            let organisation = OrganisationCode("77-\(place < 10 ? "00" : "0")\(place)")
        else { throw Fault.fixture }
        persons.append(
            EventPerson(
                pseudonym: pseudonym,
                mandate: Mandate(
                    number: UInt32(mandate),
                    participation: participation,
                    state: state,
                    isSubstitute: isSubstitute
                ),
                organisation: organisation
            )
        )
        people.append(
            PaperPerson(
                pseudonym: pseudonym,
                name: name ?? Self.name(number),
                organisationName: "Территориальная организация № \(place)"
            )
        )
    }

    static func pseudonym(_ number: Int) -> Pseudonym? {
        Pseudonym([UInt8](repeating: 0, count: 14) + [UInt8(number / 256), UInt8(number % 256)])
    }

    /// A name that nobody else on the list has.
    static func name(_ number: Int) -> String {
        let families = ["Алексеева", "Борисова", "Васильева", "Григорьева", "Дмитриева", "Ершова"]
        let names = ["Анна", "Вера", "Галина", "Дарья", "Елена", "Жанна", "Зоя"]
        let letters = Array("абвгдежзиклмнопрстуф")
        let mark = [number / 400 % 20, number / 20 % 20, number % 20].map { letters[$0] }
        return "\(families[number % 6])-\(String(mark).capitalized) \(names[number % 7]) Ивановна"
    }

    /// Signs the snapshot and opens a post at A and at B.
    mutating func open() throws {
        let snapshot = try snapshot()
        posts = ["A", "B"].map { Post($0, snapshot) }
    }

    private func snapshot() throws -> EventSnapshot {
        let root = SigningKey.generate(.edDSA)
        let key = SigningKey.generate(.edDSA)
        let trusted = TrustedKey(
            key: key.publicKey,
            purpose: .snapshot,
            schemes: TicketNumber.Scheme.allCases,
            issues: 0...9,
            longestExpiry: nil,
            state: .active
        )
        let bundle = TrustBundle(
            sequence: 1,
            issuedAt: Self.opening + -3600,
            expiresAt: Self.opening + 86_400,
            keys: [trusted],
            lists: [],
            roots: [root.publicKey.thumbprint]
        )
        var draft = SnapshotDraft(issuedCount: 0)
        for (person, paper) in zip(persons, people) { _ = try draft.add(person, name: paper.name) }
        let frame = SnapshotDraft.Frame(
            sequence: 4,
            rules: rules,
            issuedAt: Self.opening + -3600,
            leaseEnd: Self.opening + 86_400,
            bundle: try bundle.seal(with: root),
            statusLists: [],
            gates: gates
        )
        return try EventSnapshot(opening: try draft.seal(frame, with: key))
    }

    private mutating func admitEverybody() throws {
        for number in 1...257 where number != 7 && number <= 240 {
            let isLegacy = number % 10 == 0
            try pass(
                number,
                number % 2,
                second: number * 10,
                isLegacy ? .legacyUnsigned : .ok,
                isLegacy ? .none : number % 3 == 0 ? .presentation : .signedData
            )
        }
        try pass(900, 0, second: 2_600, .ok, .signedData)
        for number in 1001...1008 { try pass(number, 1, second: 2_700, .okGuest, .signedData) }
        for number in 1101...1104 { try pass(number, 1, second: 2_800, .okGuest, .typedNumber) }
        for number in 241...245 { try pass(number, 0, second: 2_900, .ok, .mutualAuth) }
    }

    /// What goes wrong: no card, a refusal overruled, a mistake taken back, two doors at once.
    private mutating func disturb() throws {
        var hand = Post.Hand()
        hand.forces = true
        hand.reason = "Паспорт 45 предъявлен, карта забыта"
        hand.operatorName = "Старший Смирнов"
        guard let byDocument = Self.pseudonym(246) else { throw Fault.fixture }
        posts[0].commit(
            try posts[0].admission(byDocument: byDocument, .entry, hand, Self.reading(3_000))
        )
        try pass(1009, 0, second: 3_050, .suspended, .signedData, forced: "Решение комиссии № 3")
        try pass(247, 0, second: 3_100, .ok, .signedData)
        let nonce = "scan-\(scans)"
        posts[0].commit(
            try posts[0].annulment(
                of: nonce,
                reason: "Отмечена не та делегатка",
                bySupervisor: false,
                operatorName: "Оператор Петров",
                Self.reading(3_160)
            )
        )
        try pass(3, 0, second: 3_200, .ok, .signedData)
        meet()
        posts[0].commit(posts[0].freeze(unheard: [], Self.reading(3_700)))
        posts[0].commit(posts[0].next(.close, nonce: "", Self.reading(7_000)))
    }

    /// A takes in what B has.
    mutating func meet() {
        let (journals, reading) = (posts[1].gathering.journals, Self.reading(3_600))
        _ = posts[0].take(journals.entries(of: "B"), at: reading)
        let known = journals.known(of: "B", clock: reading.clock)
        posts[0].commit(posts[0].sync([known], reading))
    }

    static func reading(_ second: Int) -> Post.Reading {
        Post.Reading(clock: (opening.seconds + Int64(second)) * 1000, uncertainty: 500)
    }

    /// Writes that a person passed at a post.
    mutating func pass(
        _ number: Int,
        _ post: Int,
        second: Int,
        _ outcome: ScanOutcome = .ok,
        _ level: EvidenceLevel = .signedData,
        forced reason: String = ""
    ) throws {
        scans += 1
        var entry = posts[post].next(.scan, nonce: "scan-\(scans)", Self.reading(second))
        entry.outcome = outcome
        entry.evidence = Evidence(level)
        entry.person = Self.pseudonym(number)
        entry.passed = true
        (entry.isForced, entry.bySupervisor) = (!reason.isEmpty, !reason.isEmpty)
        entry.reason = reason
        posts[post].commit(entry)
    }

    /// Everything that both stations wrote.
    func gathering() throws -> Gathering {
        guard let snapshot = posts.first?.gathering.snapshot else { throw Fault.fixture }
        var gathering = Gathering(snapshot)
        for post in posts {
            for entry in post.gathering.journals.entries(of: post.name) { gathering.add(entry) }
        }
        return gathering
    }

    func papers(unheard: [Gate]? = nil) throws -> EventPapers {
        EventPapers(
            try gathering(),
            people: people,
            issuedAt: Self.issuedAt,
            heads: ["A": Array(0..<32)],
            unheard: unheard
        )
    }
}
