import TicketSeal
import UnionTicket

/// Journal entries as deterministic CBOR maps; what is empty is left out.
extension JournalEntry {
    /// How long a text of an entry may be, bytes.
    static let longestText = 1_000

    /// The bytes that are hashed and signed.
    public var encoded: [UInt8] {
        var fields: [(Int64, CBOR?)] = [
            (1, .text(station)), (2, .unsigned(sequence)), (3, .integer(time.milliseconds)),
            (4, .unsigned(UInt64(time.counter))), (5, .integer(clock)),
            (6, offset == 0 ? nil : .integer(offset)),
            (7, uncertainty == 0 ? nil : .integer(uncertainty)), (8, .text(kind.rawValue)),
            (9, .text(nonce)), (10, .text(mode.rawValue)),
            (11, outcome.map { .text($0.rawValue) }),
            (12, evidence.map { .array([.text($0.level.rawValue), .simple($0.fresh ? 21 : 20)]) }),
            (13, person.map { .bytes($0.bytes) }),
            (
                14,
                coordinate.map {
                    .array([.unsigned(UInt64($0.list)), .unsigned(UInt64($0.index))])
                }
            ),
            (15, shownAt.map { .integer($0.seconds) }), (16, chip.map(CBOR.bytes)),
            (17, counter.map { .unsigned(UInt64($0)) }),
        ]
        let flags: UInt64 = (passed ? 1 : 0) | (isForced ? 2 : 0) | (bySupervisor ? 4 : 0)
        fields += [
            (18, flags == 0 ? nil : .unsigned(flags)),
            (19, reason.isEmpty ? nil : .text(reason)),
            (20, operatorName.isEmpty ? nil : .text(operatorName)),
            (21, known.isEmpty ? nil : Self.item(known)),
        ]
        return CBOR.map(
            fields.compactMap { label, value in value.map { CBOR.Entry(.integer(label), $0) } }
        ).encoded
    }

    private static func item(_ known: [String: Known]) -> CBOR {
        .array(
            known.sorted { $0.key < $1.key }.map { station, known in
                .array([
                    .text(station), .unsigned(known.sequence), .integer(known.clock),
                    .simple(known.isClosed ? 21 : 20),
                ])
            }
        )
    }

    /// Reads what ``encoded`` wrote; nil for anything else.
    public init?(encoded bytes: [UInt8]) {
        guard bytes.count <= 1 << 16, let item = try? CBOR(decoding: bytes),
            let station = item[1]?.text, let sequence = item[2]?.integer, sequence > 0,
            let milliseconds = item[3]?.integer,
            let count = item[4]?.integer.flatMap({ UInt32(exactly: $0) }),
            let clock = item[5]?.integer, let kind = item[8]?.text.flatMap(Kind.init),
            let nonce = item[9]?.text, let mode = item[10]?.text.flatMap(ScanMode.init)
        else { return nil }
        self.init(
            station: station,
            sequence: UInt64(sequence),
            time: HybridTime(milliseconds: milliseconds, counter: count),
            clock: clock,
            kind: kind,
            nonce: nonce
        )
        self.mode = mode
        // Sums of clocks must not overflow, whoever wrote them.
        guard Self.areSane([milliseconds, clock, item[6]?.integer ?? 0, item[7]?.integer ?? 0]),
            readDetails(item), readWords(item)
        else { return nil }
    }

    private static func areSane(_ clocks: [Int64]) -> Bool {
        clocks.allSatisfy { $0.magnitude < 1 << 52 }
    }

    private mutating func readDetails(_ item: CBOR) -> Bool {
        offset = item[6]?.integer ?? 0
        uncertainty = item[7]?.integer ?? 0
        if let value = item[11] {
            guard let known = value.text.flatMap(ScanOutcome.init) else { return false }
            outcome = known
        }
        if let parts = item[12]?.array {
            guard parts.count == 2, let level = parts[0].text.flatMap(EvidenceLevel.init) else {
                return false
            }
            evidence = Evidence(level, fresh: parts[1] == .simple(21))
        }
        if let value = item[13] {
            guard let name = value.bytes.flatMap({ Pseudonym($0) }) else { return false }
            person = name
        }
        if let parts = item[14]?.array {
            guard parts.count == 2, let list = parts[0].integer.flatMap({ UInt32(exactly: $0) }),
                let index = parts[1].integer.flatMap({ UInt32(exactly: $0) })
            else { return false }
            coordinate = StatusCoordinate(list: list, index: index)
        }
        shownAt = item[15]?.integer.map(Instant.init(seconds:))
        chip = item[16]?.bytes
        counter = item[17]?.integer.flatMap { UInt32(exactly: $0) }
        return uncertainty >= 0
    }

    private mutating func readWords(_ item: CBOR) -> Bool {
        let flags = item[18]?.integer ?? 0
        (passed, isForced, bySupervisor) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
        reason = item[19]?.text ?? ""
        operatorName = item[20]?.text ?? ""
        for entry in item[21]?.array ?? [] {
            guard let parts = entry.array, parts.count == 4, let station = parts[0].text,
                let sequence = parts[1].integer, sequence >= 0, let clock = parts[2].integer,
                clock.magnitude < 1 << 52
            else { return false }
            known[station] = Known(
                sequence: UInt64(sequence),
                clock: clock,
                isClosed: parts[3] == .simple(21)
            )
        }
        return [station, nonce, reason, operatorName].allSatisfy {
            $0.utf8.count <= Self.longestText
        }
    }
}
