import Crypto
import Dispatch
import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// What a station does without a disk: opening what it was given, deciding, merging.
///
/// `station make FOLDER` writes a snapshot of 100 000 people and the lists of 3.9 million carriers;
/// `station run FOLDER` measures in a process that has made nothing, so that its memory is a
/// station's.
struct StationBench {
    static let people = 100_000
    /// How many carriers are shown while deciding is measured.
    private static let shown = 400
    private static let start = Instant(seconds: 1_800_000_000)
    private static let regions: ClosedRange<UInt32> = 1...80
    private static let carriers = 3_900_000

    let folder: String
    private let keys: [KeyPurpose: SigningKey]
    private let phone: SigningKey

    init(folder: String) throws {
        self.folder = folder
        let purposes: [KeyPurpose] = [.root, .plastic, .virtual, .status, .snapshot]
        keys = try Dictionary(
            uniqueKeysWithValues: purposes.enumerated().map { number, purpose in
                (purpose, try Self.key(.edDSA, UInt8(number + 1)))
            }
        )
        phone = try Self.key(.es256, 99)
    }

    private static func key(_ algorithm: COSEAlgorithm, _ byte: UInt8) throws -> SigningKey {
        let bytes = [UInt8](repeating: byte, count: 32)
        return try Bench.require(SigningKey(algorithm: algorithm, privateBytes: bytes))
    }

    private func key(_ purpose: KeyPurpose) throws -> SigningKey {
        try Bench.require(keys[purpose])
    }

    private func payload(_ person: Int, issue: UInt8) throws -> [UInt8] {
        let ticket = TicketNumber(
            scheme: .production,
            region: 26,
            serial: UInt64(person) * 7_919
        )
        let claims = TicketClaims(
            expiresAt: Self.start + 86_400 * 30,
            carrier: try Bench.require(CarrierNumber(ticket: ticket, issue: issue)),
            coordinate: try coordinate(person, issue),
            confirmation: issue == 0 ? phone.publicKey : nil
        )
        return try claims.seal(with: key(issue == 0 ? .virtual : .plastic))
    }

    private func coordinate(_ person: Int, _ issue: UInt8) throws -> StatusCoordinate {
        try Bench.require(
            StatusCoordinate(list: 26, index: UInt32(person * 2) + (issue == 0 ? 1 : 0))
        )
    }

    private func pseudonym(_ person: Int) throws -> Pseudonym {
        let number = (0..<8).map { UInt8(truncatingIfNeeded: person >> ($0 * 8)) }
        return try Bench.require(Pseudonym(number + number))
    }
}

// What the stations are given.
extension StationBench {
    func make() throws {
        var draft = SnapshotDraft(issuedCount: Self.people)
        let organisation = try Bench.require(OrganisationCode("26-001-0001"))
        for person in 0..<Self.people {
            let place = try draft.add(
                EventPerson(
                    pseudonym: pseudonym(person),
                    mandate: Mandate(
                        number: UInt32(person + 1),
                        participation: .decisive,
                        state: .confirmed
                    ),
                    organisation: organisation
                ),
                name: "Иванова Мария Александровна \(person)"
            )
            try add(place, 1, to: &draft)
            if person < Self.shown { try add(place, 0, to: &draft) }
        }
        try write(draft.seal(frame(), with: key(.snapshot)), "snapshot")
        for region in Self.regions {
            let count = Self.carriers / Self.regions.count
            try write(list(region, count), "list-\(region)")
        }
    }

    private func add(_ place: Int, _ issue: UInt8, to draft: inout SnapshotDraft) throws {
        let payload = try payload(place, issue: issue)
        let carrier = EventCarrier(
            coordinate: try coordinate(place, issue),
            person: place,
            kind: issue == 0 ? .virtual : .plastic,
            state: .active
        )
        let number = String(UInt64(place) + 126_000_000_000_000)
        draft.add(.init(carrier, numbers: [number], secret: CarrierSecret.of(payload: payload)))
        draft.addIssued(number: number)
    }

    private func frame() throws -> SnapshotDraft.Frame {
        SnapshotDraft.Frame(
            sequence: 1,
            rules: EventRules(
                id: 1,
                title: "Съезд",
                kind: .congress,
                place: "Москва",
                beginsAt: Self.start,
                endsAt: Self.start + 86_400,
                threshold: try Bench.require(QuorumThreshold(2, 3, .atLeast, of: .elected)),
                electedTotal: Self.people,
                onRecordTotal: Self.people
            ),
            issuedAt: Self.start + -3600,
            leaseEnd: Self.start + 86_400,
            bundle: try bundle().seal(with: key(.root)),
            statusLists: [try list(26, 0)],
            gates: []
        )
    }

    private func bundle() throws -> TrustBundle {
        let purposes: [KeyPurpose] = [.plastic, .virtual, .status, .snapshot]
        return TrustBundle(
            sequence: 1,
            issuedAt: Self.start + -86_400,
            expiresAt: Self.start + 86_400 * 30,
            keys: try purposes.map {
                TrustedKey(
                    key: try key($0).publicKey,
                    purpose: $0,
                    schemes: [.production],
                    issues: $0 == .virtual ? 0...0 : 1...9,
                    longestExpiry: nil,
                    state: .active
                )
            },
            lists: Self.regions.map { ($0, "https://example.org/\($0)") },
            roots: [try key(.root).publicKey.thumbprint]
        )
    }

    /// A region's list with so many carriers, of which two in a hundred are dead.
    private func list(_ region: UInt32, _ count: Int) throws -> [UInt8] {
        var list = StatusList(bits: 2, slots: StatusCoordinate.slots)
        var state = UInt64(region)
        for _ in 0..<count / 50 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            list[Int(state >> 44)] = 1
        }
        let token = StatusListToken(
            subject: "https://example.org/\(region)",
            issuedAt: Self.start + (count == 0 ? -7200 : -600),
            expiresAt: nil,
            timeToLive: 86_400,
            sequence: count == 0 ? 1 : 2,
            list: list
        )
        return try token.sealCWT(with: key(.status))
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
    }

    private func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
    }
}

// What is measured.
extension StationBench {
    func run() async throws {
        var started = DispatchTime.now().uptimeNanoseconds
        let opened = try EventSnapshot(opening: read("snapshot"))
        report("load of a snapshot", seconds: Bench.seconds(since: started))
        precondition(opened.personCount == Self.people, "everybody is in the snapshot")
        var snapshot = opened
        started = DispatchTime.now().uptimeNanoseconds
        let newer = try snapshot.take(Self.regions.map { try read("list-\($0)") })
        report("load of the status lists", seconds: Bench.seconds(since: started))
        precondition(newer == Self.regions.count, "every list is newer")
        report("peak", value: Self.peak, "MB")
        try decide(opened)
        try merge(opened)
        try await durable()
    }

    /// From a scan to its entry on the disk, at a station that was provisioned; medians.
    private func durable() async throws {
        let root = try key(.root).publicKey.thumbprint
        let token = CBOR.array([
            .integer(1), .text("A"), .bytes([UInt8](repeating: 7, count: 16)),
            .array([.bytes(root)]),
        ])
        let made = try StationFolder.provision(
            folder + "/station",
            token: Bench.require(StationToken(text: DigitText.encode(token.encoded))),
            passphrase: "bench station"
        )
        // Both by one clock, or the station would rightly doubt it.
        let machine: @Sendable () -> ClockContact.Machine = {
            let now = Self.start.seconds * 1000
            return ClockContact.Machine(clock: now, uptime: now, boot: "")
        }
        _ = try made.folder.take(snapshot: read("snapshot"), machine: machine)
        let duty = try StationDuty(
            made.folder,
            passphrase: "bench station",
            machine: machine
        )
        var times: [Double] = []
        for person in 0..<Self.shown {
            let text = DigitText.encode(try payload(person, issue: 1))
            let scan = Scan(mode: .entry, showing: .text(text, .scanner), nonce: "\(person)")
            let started = DispatchTime.now().uptimeNanoseconds
            let answer = try await duty.scan(scan)
            times.append(Bench.seconds(since: started))
            guard answer.passes else { fatalError("not let in: \(answer.decision.outcome)") }
        }
        report("scan to durable entry", seconds: times.sorted()[times.count / 2])
    }

    private func decide(_ snapshot: EventSnapshot) throws {
        let door = Door(snapshot)
        let clock = StationClock(raw: Self.start)
        let memory = StationMemory()
        let plastic = try (0..<Self.shown).map { try payload($0, issue: 1) }
        let inner = try (0..<Self.shown).map { try payload($0, issue: 0) }
        let screens = try inner.map {
            try Presentation.seal(inner: $0, at: Self.start, with: phone)
        }
        let scans = [plastic, screens].map { $0.map { Self.scan(DigitText.encode($0)) } }
        let floors = try [
            verifications(plastic, .plastic), verifications(inner, .virtual),
            screens.map { (phone.publicKey, try COSESign1(decoding: $0)) },
        ]
        let medians = medians([
            { floors[0][$0].1.isSigned(by: floors[0][$0].0) },
            { door.decide(scans[0][$0], memory, clock).outcome == .ok },
            { number in floors[1...].allSatisfy { $0[number].1.isSigned(by: $0[number].0) } },
            { door.decide(scans[1][$0], memory, clock).outcome == .ok },
        ])
        let names = [
            "one Ed25519 verification", "decide, plastic",
            "one Ed25519 and one P-256 verification", "decide, virtual",
        ]
        for (name, seconds) in zip(names, medians) { report(name, seconds: seconds) }
    }

    private static func scan(_ text: String) -> Scan {
        Scan(mode: .entry, showing: .text(text, .scanner), nonce: "")
    }

    private func verifications(
        _ payloads: [[UInt8]],
        _ purpose: KeyPurpose
    ) throws -> [(VerificationKey, COSESign1)] {
        try payloads.map { (try key(purpose).publicKey, try COSESign1(decoding: $0)) }
    }

    /// The middle of ten thousand single times of each; they take turns, so that whatever else the
    /// machine does slows all of them alike.
    private func medians(_ bodies: [(Int) -> Bool]) -> [Double] {
        var times = bodies.map { _ in [UInt64]() }
        for number in 0..<10_000 {
            for (place, body) in bodies.enumerated() {
                let started = DispatchTime.now().uptimeNanoseconds
                let isRight = body(number % Self.shown)
                times[place].append(DispatchTime.now().uptimeNanoseconds - started)
                precondition(isRight, "a measured operation went wrong")
            }
        }
        return times.map { Double($0.sorted()[5_000]) / 1e9 }
    }

    /// Ten stations with ten thousand entries each: 5 000 people in and out, a meeting now and then.
    private func merge(_ snapshot: EventSnapshot) throws {
        let journals = try (0..<10).map { station in
            try (1...10_000).map { try entry(station, UInt64($0)).encoded }
        }
        let started = DispatchTime.now().uptimeNanoseconds
        var gathering = Gathering(snapshot)
        for journal in journals { gathering.add(journal.compactMap(JournalEntry.init(encoded:))) }
        report("merge of ten journals", seconds: Bench.seconds(since: started))
        precondition(gathering.journals.count == 100_000, "all entries are taken")
    }

    private func entry(_ station: Int, _ sequence: UInt64) throws -> JournalEntry {
        let clock = Self.start.seconds * 1000 + Int64(sequence) * 2_000 + Int64(station) * 100
        var entry = JournalEntry(
            station: "Вход \(station)",
            sequence: sequence,
            time: HybridTime(milliseconds: clock),
            clock: clock,
            kind: sequence % 500 == 0 ? .sync : .scan,
            nonce: "\(station)-\(sequence)"
        )
        entry.uncertainty = 500
        guard entry.kind == .scan else {
            for other in 0..<10 where other != station {
                entry.known["Вход \(other)"] = .init(sequence: sequence - 1, clock: clock)
            }
            return entry
        }
        entry.mode = sequence % 1_000 < 500 ? .entry : .exit
        entry.outcome = entry.mode == .entry ? .ok : .okExit
        entry.evidence = Evidence(.signedData)
        entry.person = try pseudonym((Int(sequence) % 500) * 10 + station)
        entry.passed = true
        return entry
    }

    /// The most memory this process has had, megabytes.
    private static var peak: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return (kilobytes.flatMap { Double($0) } ?? .infinity) / 1024
    }

    private func report(_ name: String, seconds: Double) {
        report(name, value: seconds * 1_000, "ms")
    }

    private func report(_ name: String, value: Double, _ unit: String) {
        print("{\"name\": \"\(name)\", \"value\": \(value), \"unit\": \"\(unit)\"}")
    }
}
