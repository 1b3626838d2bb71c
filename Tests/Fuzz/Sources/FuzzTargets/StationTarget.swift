import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// What a station reads from files: snapshots, other stations' journals, recorded scans.
enum StationTarget {
    /// Lays the members of a map over a good snapshot and signs it again, so that what lies behind the
    /// signature is reached; anything else is a file of its own.
    static func snapshot(_ bytes: [UInt8]) {
        _ = try? EventSnapshot(opening: bytes)
        guard let members = (try? CBOR(decoding: bytes))?.entries else { return }
        let keys = Set(members.map(\.key))
        let content = CBOR.map(good.filter { !keys.contains($0.key) } + members)
        guard let file = try? seal(content), let opened = try? EventSnapshot(opening: file) else {
            return
        }
        use(opened)
    }

    /// Asks a snapshot that opened for everything that its rows can be asked for.
    private static func use(_ snapshot: EventSnapshot) {
        for place in 0..<snapshot.personCount { _ = snapshot.person(place) }
        var post = Post("A", snapshot)
        for text in [payloadText, "126000000000422", "936179"] {
            for mode in ScanMode.allCases {
                let scan = Scan(mode: mode, showing: .text(text, .scanner), nonce: "")
                let answer = post.answer(scan, Post.Reading(clock: instant.seconds * 1000))
                if let entry = answer.entry { post.commit(entry, of: scan, answer) }
            }
        }
        _ = post.gathering.quorum(unheard: snapshot.gates)
    }

    /// Entries behind their lengths, two bytes each, of stations that are whatever they say.
    static func journal(_ bytes: [UInt8]) {
        guard let base else { return }
        var gathering = Gathering(base)
        var rest = bytes[...]
        while rest.count > 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            let record = Array(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + length)
            let hash = [UInt8](repeating: 0, count: 32)
            guard let entry = SignedEntry(bytes: record, hash: hash, signature: [])?.entry else {
                continue
            }
            precondition(JournalEntry(encoded: entry.encoded) == entry, "entries read back")
            gathering.add(entry)
        }
        _ = (gathering.duplicates, gathering.leaps, gathering.journals.forks)
        let interval = gathering.quorum(unheard: base.gates).interval
        precondition(
            interval.min >= 0 && interval.max <= base.personCount,
            "mandates are counted once"
        )
    }

    /// Lines of a replay; wrong ones are left out, the others are played.
    static func replay(_ bytes: [UInt8]) {
        guard let base else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n").enumerated().compactMap { number, line in
            try? ReplayLine(line, number: number + 1)
        }
        var replay = Replay(base, lines)
        for line in lines {
            let interval = replay.play(line).quorum.interval
            precondition(interval.min <= interval.max, "bounds")
        }
        _ = replay.merged()
    }

    private static let instant = Instant(seconds: 1_800_000_000)
    private static let key = made(7)
    private static let plastic = made(8)
    private static let status = made(9)

    private static func made(_ byte: UInt8) -> SigningKey? {
        SigningKey(algorithm: .edDSA, privateBytes: [UInt8](repeating: byte, count: 32))
    }

    private static func seal(_ content: CBOR) throws -> [UInt8] {
        guard let key else { return [] }
        return try COSESign1.seal(
            content.encoded,
            with: key,
            header: [
                CBOR.Entry(.integer(4), .bytes(key.publicKey.kid)),
                CBOR.Entry(.integer(16), .text(EventSnapshot.type)),
            ]
        )
    }

    private static let payload: [UInt8] = {
        guard let plastic, let number = CarrierNumber(value: 1_260_000_000_004_221),
            let coordinate = StatusCoordinate(list: 26, index: 7)
        else { return [] }
        let claims = TicketClaims(
            expiresAt: instant + 86_400,
            carrier: number,
            coordinate: coordinate
        )
        return (try? claims.seal(with: plastic)) ?? []
    }()
    private static let payloadText = DigitText.encode(payload)

    private static let file: [UInt8] = (try? made()) ?? []
    private static let base = try? EventSnapshot(opening: file)
    /// The members of the good snapshot's map.
    private static let good: [CBOR.Entry] = {
        let payload = (try? COSESign1(decoding: file))?.payload
        return payload.flatMap { (try? CBOR(decoding: $0))?.entries } ?? []
    }()

    private static func made() throws -> [UInt8] {
        guard let key, let plastic, let status,
            let threshold = QuorumThreshold(1, 2, .moreThan, of: .elected),
            let person = Pseudonym(Array(0..<16)),
            let organisation = OrganisationCode("26-001-0001")
        else { return [] }
        var draft = SnapshotDraft(issuedCount: 4)
        let place = try draft.add(
            EventPerson(
                pseudonym: person,
                mandate: Mandate(number: 1, participation: .decisive, state: .confirmed),
                organisation: organisation
            ),
            name: "Орлова Анна"
        )
        let coordinate = StatusCoordinate(list: 26, index: 7)
        let card = EventCarrier(
            coordinate: coordinate,
            person: place,
            kind: .plastic,
            state: .active,
            uid: [4, 1, 2, 3, 4, 5, 6]
        )
        let numbers = ["126000000000422", "1260000000004221"]
        draft.add(.init(card, numbers: numbers, secret: CarrierSecret.of(payload: payload)))
        let legacy = EventCarrier(
            coordinate: nil,
            person: place,
            kind: .legacyPlastic,
            state: .active
        )
        draft.add(.init(legacy, numbers: ["936179"], secret: nil))
        draft.addIssued(number: "126000000000422")
        let frame = SnapshotDraft.Frame(
            sequence: 1,
            rules: EventRules(
                id: 1,
                title: "fuzz",
                kind: .conference,
                place: "",
                beginsAt: instant,
                endsAt: instant + 86_400,
                threshold: threshold,
                electedTotal: 1,
                onRecordTotal: 1
            ),
            issuedAt: instant,
            leaseEnd: instant + 86_400,
            bundle: try bundle([(key, .snapshot), (plastic, .plastic), (status, .status)]).seal(
                with: key
            ),
            statusLists: [try list().sealCWT(with: status)],
            gates: [Gate(name: "A"), Gate(name: "B")]
        )
        return try draft.seal(frame, with: key)
    }

    private static func list() -> StatusListToken {
        StatusListToken(
            subject: "https://example.org/26",
            issuedAt: instant,
            expiresAt: nil,
            timeToLive: 3600,
            sequence: 1,
            list: StatusList(bits: 2, slots: 64)
        )
    }

    private static func bundle(_ keys: [(key: SigningKey, purpose: KeyPurpose)]) -> TrustBundle {
        TrustBundle(
            sequence: 1,
            issuedAt: instant,
            expiresAt: instant + 86_400,
            keys: keys.map {
                TrustedKey(
                    key: $0.key.publicKey,
                    purpose: $0.purpose,
                    schemes: [.production],
                    issues: 1...9,
                    longestExpiry: nil,
                    state: .active
                )
            },
            lists: [(26, "https://example.org/26")],
            roots: [keys[0].key.publicKey.thumbprint]
        )
    }
}
