import Foundation
import TicketSeal
import UnionTicket

/// What was bound to phones, in files beside the issuances and outside every backup.
///
/// A line is written before its row is committed: number, AES-GCM sealed CBOR in base64url. From the
/// lines a restored register learns every coordinate that was given away and every phone that renews,
/// so that no coordinate is used again and no replaced phone comes back. A file a month.
struct VirtualTrace {
    let register: Register

    init(_ register: Register) { self.register = register }

    /// One binding.
    struct Line: Sendable {
        let sequence: Int64
        let at: Instant
        let card: String
        let number: CarrierNumber
        let coordinate: StatusCoordinate
        let expiresAt: Instant
        let kid: [UInt8]
        let member: Int64
        let region: UInt8
        let client: Int64
        /// x‖y of the phone's key.
        let device: [UInt8]
    }

    /// Whether a file of this name holds such lines.
    static func isTrace(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix("virtual-") && name.hasSuffix(".log")
    }

    /// Adds a line and flushes it to the disk.
    func append(_ line: Line) throws {
        try Files.makeDirectory(register.directory.issuances)
        let month = line.at.moscowDate.iso.prefix(7)
        let path = register.directory.issuances + "/virtual-\(month).log"
        let sealed = try register.secrets.traces.seal(
            line.encoded,
            for: Self.binding(line.sequence)
        )
        // A line that a crash cut short must not swallow the next one.
        let text = "\n\(line.sequence) \(Base64URL.text(sealed))\n"
        try Files.append(Array(text.utf8), to: path)
    }

    /// The lines of a file past `last`, as written; what a crash cut short is passed over.
    func lines(of path: String, past last: Int64) throws -> [Line] {
        let text = String(decoding: try Files.read(path, atMost: 1 << 30), as: UTF8.self)
        return text.split(separator: "\n").compactMap { row in
            let parts = row.split(separator: " ")
            guard parts.count == 2, let sequence = Int64(parts[0]), sequence > last,
                let sealed = Base64URL.bytes(parts[1].utf8),
                let bytes = try? register.secrets.traces.open(
                    sealed,
                    for: Self.binding(sequence)
                )
            else { return nil }
            return Line(sequence, decoding: bytes)
        }
    }

    private static func binding(_ sequence: Int64) -> [UInt8] {
        var bytes = Array("virtual/".utf8)
        bytes.append(bigEndian: sequence)
        return bytes
    }
}

extension VirtualTrace.Line {
    fileprivate var encoded: [UInt8] {
        CBOR.array([
            .integer(at.seconds), .text(card), .unsigned(number.value),
            .unsigned(UInt64(coordinate.list)), .unsigned(UInt64(coordinate.index)),
            .integer(expiresAt.seconds), .bytes(kid), .integer(member),
            .unsigned(UInt64(region)), .integer(client), .bytes(device),
        ]).encoded
    }

    fileprivate init?(_ sequence: Int64, decoding bytes: [UInt8]) {
        guard let items = (try? CBOR(decoding: bytes))?.array, items.count == 11,
            let at = items[0].integer, let card = items[1].text,
            let value = items[2].integer, let number = CarrierNumber(value: UInt64(value)),
            let list = items[3].integer, let index = items[4].integer,
            let coordinate = StatusCoordinate(list: UInt32(list), index: UInt32(index)),
            let expiresAt = items[5].integer, let kid = items[6].bytes,
            let member = items[7].integer, let region = items[8].integer,
            let client = items[9].integer, let device = items[10].bytes
        else { return nil }
        self.init(
            sequence: sequence,
            at: Instant(seconds: at),
            card: card,
            number: number,
            coordinate: coordinate,
            expiresAt: Instant(seconds: expiresAt),
            kid: kid,
            member: member,
            region: UInt8(region),
            client: client,
            device: device
        )
    }
}

// What the traces say of virtual cards.
extension Reclaim {
    /// Enters the bindings made since the backup, in their order.
    func takeTraces(
        _ paths: [String],
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let last = try Counter.virtualIssue.last(in: session)
        let trace = VirtualTrace(register)
        let lines = try paths.sorted().flatMap { try trace.lines(of: $0, past: last) }
        let grouped = Dictionary(grouping: lines, by: \.sequence)
        for (offset, sequence) in grouped.keys.sorted().enumerated() {
            guard sequence == last + 1 + Int64(offset) else {
                throw RegisterError(
                    .refused,
                    "Не хватает записи \(last + 1 + Int64(offset)) о виртуальных билетах. "
                        + "Укажите каталоги issuances всех серверов.",
                    "The entry \(last + 1 + Int64(offset)) about virtual cards is missing. "
                        + "Give the issuances directories of all servers."
                )
            }
            _ = try Counter.virtualIssue.take(in: session)
            for line in grouped[sequence] ?? [] {
                try take(line, by: user, in: session, &report)
            }
        }
        try expectRenewals(in: session)
    }

    /// What was renewed since the backup is unknown: a block must stay published as long as the
    /// latest payload can live.
    private func expectRenewals(in session: any DatabaseSession) throws {
        let latest = register.now().seconds + (try VirtualTerms(session)).life
        try session.execute(
            """
            UPDATE carrier SET expires_at = $1 WHERE kind = 'virtual' AND expires_at < $2
                AND state IN ('active', 'suspended')
            """,
            [.integer(latest), .integer(latest)]
        )
    }

    private func take(
        _ line: VirtualTrace.Line,
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let isKnown =
            try session.first(
                "SELECT 1 FROM carrier WHERE list = $1 AND idx = $2",
                [.int(line.coordinate.list), .int(line.coordinate.index)]
            ) { $0.integer(0) } != nil
        guard !isKnown else { return }
        let ticket = try session.first(
            "SELECT member_id FROM ticket_number WHERE number = $1",
            [.int(line.number.ticket.value)]
        ) { $0.optionalInteger(0) }
        if ticket == nil {
            try session.execute(
                """
                INSERT INTO ticket_number (number, region, state, member_id, at)
                VALUES ($1, $2, 'retired', NULL, $3)
                """,
                [
                    .int(line.number.ticket.value), .int(line.number.ticket.region),
                    .integer(register.now().seconds),
                ]
            )
            report.numbers += 1
        }
        // A number that is another person's by now leaves a carrier of nobody.
        let holder = (ticket ?? nil) == line.member ? line.member : nil
        if holder != nil {
            let file = CarrierFile(register)
            let terms = try VirtualTerms(session)
            let inUse = try file.carriers(of: line.member, in: session)
                .filter { $0.kind == .virtual && $0.state.isUsable }
            for carrier in inUse.dropLast(max(0, terms.devices - 1)) {
                try file.set(carrier, to: .replaced, reason: "reclaim", by: user, in: session)
            }
        }
        _ = try VirtualIssue.store(
            line,
            payload: nil,
            nonce: SecureRandom.bytes(32),
            holder: holder,
            state: holder == nil ? .withdrawn : .active,
            for: register,
            in: session
        )
        try SingleSlot.count(line.coordinate.list, region: line.region, in: session)
        report.carriers += 1
    }
}
