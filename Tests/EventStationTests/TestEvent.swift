import TicketSeal
import UnionTicket

@testable import EventStation

/// A conference in the making; what it says is sealed into a snapshot and opened from it.
struct TestEvent {
    static let start = Instant(seconds: 1_800_000_000)

    var rules: EventRules
    var gates: [Gate] = []
    var mode = EventSnapshot.Mode.event
    var sequence: UInt64 = 1
    var issuedAt = start + -3600
    var leaseEnd = start + 2 * 86_400
    var bundleIssuedAt = start + -86_400
    var bundleEnd = start + 30 * 86_400
    var listIssuedAt = start + -3600
    var listSequence: UInt64 = 1
    /// The numbers of the lists that the snapshot holds.
    var lists: [UInt32] = [26]
    var supervisorPassphrase: String?
    private(set) var people: [(person: EventPerson, name: String)] = []
    private var lines: [SnapshotDraft.CarrierLine] = []
    private var statuses: [StatusCoordinate: PublishedStatus] = [:]
    private var issued: [String] = []
    private var nextIndex: UInt32 = 0

    struct Impossible: Error {}

    init(_ threshold: QuorumThreshold? = QuorumThreshold(2, 3, .atLeast, of: .elected)) throws {
        guard let threshold else { throw Impossible() }
        rules = EventRules(
            id: 7,
            title: "Отчётно-выборная конференция",
            kind: .conference,
            place: "Чебоксары",
            beginsAt: Self.start,
            endsAt: Self.start + 86_400,
            threshold: threshold,
            electedTotal: 3,
            onRecordTotal: 3
        )
    }

    /// Adds a delegate with a mandate of their own number, unless it says otherwise.
    mutating func person(
        _ participation: Participation = .decisive,
        _ state: MandateState = .confirmed,
        mandate: UInt32? = nil,
        organisation: String = "26-001-0001",
        hasLeft: Bool = false,
        name: String = "Орлова Анна Петровна"
    ) throws -> Int {
        let place = people.count
        var bytes = [UInt8](repeating: 0xA5, count: 12)
        bytes.append(UInt64(place), length: 4)
        guard let pseudonym = Pseudonym(bytes), let code = OrganisationCode(organisation) else {
            throw Impossible()
        }
        let right = Mandate(
            number: mandate ?? UInt32(place + 1),
            participation: participation,
            state: state,
            isSubstitute: mandate != nil
        )
        let person = EventPerson(
            pseudonym: pseudonym,
            mandate: right,
            hasLeft: hasLeft,
            organisation: code
        )
        people.append((person, name))
        return place
    }

    /// The ticket of a person; people the event does not know have tickets too.
    static func ticket(_ person: Int) -> TicketNumber {
        TicketNumber(scheme: .production, region: 26, serial: UInt64(48_151_623 + person * 7_919))
    }

    /// Makes a carrier; one of somebody whom the event does not know, or that is newer than the
    /// snapshot, is only in the status list.
    mutating func card(
        _ person: Int,
        issue: UInt8 = 1,
        _ state: CarrierState = .active,
        listed: PublishedStatus? = nil,
        list: UInt32 = 26,
        expiresAt: Instant = start + 86_400 * 365,
        notBefore: Instant? = nil,
        uid: [UInt8]? = nil,
        signedUID: [UInt8]? = nil,
        key: TestKeys? = nil,
        isNew: Bool = false
    ) throws -> TestCard {
        nextIndex += 1
        guard let coordinate = StatusCoordinate(list: list, index: nextIndex),
            let number = CarrierNumber(ticket: Self.ticket(person), issue: issue)
        else { throw Impossible() }
        let claims = TicketClaims(
            expiresAt: expiresAt,
            notBefore: notBefore,
            carrier: number,
            coordinate: coordinate,
            chipUID: signedUID,
            confirmation: issue == 0 ? TestKeys.phone.signing.publicKey : nil
        )
        let payload = try claims.seal(with: (key ?? (issue == 0 ? .virtual : .plastic)).signing)
        let card = TestCard(
            ticket: number.ticket,
            number: number,
            coordinate: coordinate,
            uid: uid,
            payload: payload
        )
        statuses[coordinate] = listed ?? state.published
        issued.append(number.ticket.digits)
        if people.indices.contains(person), !isNew {
            let carrier = EventCarrier(
                coordinate: coordinate,
                person: person,
                kind: issue == 0 ? .virtual : .plastic,
                state: state,
                uid: uid
            )
            let numbers = [number.ticket.digits, number.digits]
            lines.append(
                .init(carrier, numbers: numbers, secret: CarrierSecret.of(payload: payload))
            )
        }
        return card
    }

    /// Gives a person a card of the old scheme.
    mutating func legacy(_ person: Int, _ number: String, _ state: CarrierState = .active) {
        let carrier = EventCarrier(
            coordinate: nil,
            person: person,
            kind: .legacyPlastic,
            state: state
        )
        lines.append(.init(carrier, numbers: [number], secret: nil))
    }

    /// Publishes another status of a carrier.
    mutating func publish(_ card: TestCard, _ status: PublishedStatus) {
        statuses[card.coordinate] = status
    }

    /// The status lists as published.
    func statusLists() throws -> [[UInt8]] {
        try lists.map { number in
            var list = StatusList(bits: 2, slots: 4_096)
            for (coordinate, status) in statuses where coordinate.list == number {
                list[Int(coordinate.index)] = status.rawValue
            }
            let token = StatusListToken(
                subject: Self.uri(number),
                issuedAt: listIssuedAt,
                expiresAt: listIssuedAt + 30 * 86_400,
                timeToLive: 12 * 3600,
                sequence: listSequence,
                list: list
            )
            return try token.sealCWT(with: TestKeys.status.signing)
        }
    }

    private static func uri(_ list: UInt32) -> String { "https://example.org/status/\(list)" }

    /// The snapshot's file.
    func file() throws -> [UInt8] {
        var draft = SnapshotDraft(issuedCount: issued.count + 1)
        for (person, name) in people { _ = try draft.add(person, name: name) }
        for line in lines { draft.add(line) }
        for number in issued { draft.addIssued(number: number) }
        let bundle = TrustBundle(
            sequence: 1,
            issuedAt: bundleIssuedAt,
            expiresAt: bundleEnd,
            keys: TestKeys.trusted,
            lists: [26, 27].map { ($0, Self.uri($0)) },
            roots: [TestKeys.root.signing.publicKey.thumbprint]
        )
        let frame = SnapshotDraft.Frame(
            sequence: sequence,
            rules: rules,
            mode: mode,
            issuedAt: issuedAt,
            leaseEnd: leaseEnd,
            bundle: try bundle.seal(with: TestKeys.root.signing),
            statusLists: try statusLists(),
            gates: gates,
            supervisorPassphrase: supervisorPassphrase
        )
        return try draft.seal(frame, with: TestKeys.snapshot.signing)
    }

    /// The snapshot, opened as a station does.
    func snapshot() throws -> EventSnapshot {
        try EventSnapshot(
            opening: file(),
            pinnedRoots: [TestKeys.root.signing.publicKey.thumbprint]
        )
    }

    /// A person's name at the event.
    func name(_ person: Int) -> Pseudonym { people[person].person.pseudonym }
}
