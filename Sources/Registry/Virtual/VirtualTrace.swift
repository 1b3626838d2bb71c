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

    /// How many bindings there were when a list was signed.
    ///
    /// The list carries it, so that a trace that was cut is recognised; sealed, for how many phones there
    /// are is nobody else's to know.
    func mark(
        for subject: String,
        _ sequence: Int64,
        in session: any DatabaseSession
    ) throws -> [UInt8] {
        var count: [UInt8] = []
        count.append(bigEndian: try Counter.virtualIssue.last(in: session))
        return try register.secrets.traces.seal(count, for: Self.binding(subject, sequence))
    }

    /// The count in a list; nil when it carries none, as before there were such marks.
    func count(in token: StatusListToken) -> Int64? {
        guard let mark = token.mark,
            let bytes = try? register.secrets.traces.open(
                mark,
                for: Self.binding(token.subject, Int64(clamping: token.sequence))
            )
        else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func binding(_ subject: String, _ sequence: Int64) -> [UInt8] {
        Array("virtual-mark/\(sequence)/\(subject)".utf8)
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
    ///
    /// - Returns: What is missing: the traces must reach what the register knew and what the lists were
    ///   signed over.
    func takeTraces(
        _ found: Found,
        _ oaths: Oaths,
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws -> Bilingual? {
        let known = try Counter.virtualIssue.last(in: session)
        var last = known
        let trace = VirtualTrace(register)
        let lines = try found.traces.sorted().flatMap { try trace.lines(of: $0, past: known - 1) }
        let grouped = Dictionary(grouping: lines, by: \.sequence)
        // The last line the register knows, or the next, shows that the files go on from there.
        let isRightFile = known == 0 || grouped[known] != nil || grouped[known + 1] != nil
        let published = found.tokens
            .compactMap { token in trace.count(in: token).map { (count: $0, token.issuedAt) } }
            .max { $0.count < $1.count }
        for sequence in grouped.keys.sorted() where sequence > last {
            guard sequence == last + 1 || oaths.areTracesLost else {
                throw RegisterError(
                    .refused,
                    "Не хватает записи \(last + 1) о виртуальных билетах. "
                        + "Укажите каталоги issuances всех серверов; если она утрачена — "
                        + "--traces-lost.",
                    "The entry \(last + 1) about virtual cards is missing. "
                        + "Give the issuances directories of all servers; if it is lost, say "
                        + "--traces-lost."
                )
            }
            _ = try Counter.virtualIssue.take(Int(sequence - last), in: session)
            last = sequence
            for line in grouped[sequence] ?? [] {
                try take(line, by: user, in: session, &report)
            }
        }
        try expectRenewals(in: session)
        if let (count, at) = published, count > last {
            guard oaths.areTracesLost else { return Self.cut(after: last, count, at) }
            _ = try Counter.virtualIssue.take(Int(count - last), in: session)
        }
        guard !isRightFile, !oaths.areTracesLost else { return nil }
        return Self.cut(after: known - 1, known, try lastBinding(in: session))
    }

    /// When the register knows that a phone was bound last.
    private func lastBinding(in session: any DatabaseSession) throws -> Instant {
        let at = try session.first("SELECT max(enrolled_at) FROM virtual_card") {
            $0.optionalInteger(0)
        }
        return (at ?? nil).map(Instant.init(seconds:)) ?? register.now()
    }

    private static func cut(after known: Int64, _ count: Int64, _ at: Instant) -> Bilingual {
        let file = "issuances/virtual-\(at.moscowDate.iso.prefix(7)).log"
        let entries = known + 1 == count ? "\(count)" : "\(known + 1)–\(count)"
        return Bilingual(
            "нет записей № \(entries) о виртуальных билетах (\(file) или файл более раннего месяца): "
                + "укажите каталоги issuances всех серверов; если эти записи утрачены — "
                + "--traces-lost",
            "the traces no. \(entries) of virtual cards (\(file) or the file of an earlier month): "
                + "give the issuances directories of all servers; if they are lost, say "
                + "--traces-lost"
        )
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
        // What was decided since ended everything under a retired number; a full one's phones live on.
        let ticket = try session.first(
            """
            SELECT t.member_id, CASE WHEN t.state = 'retired' AND NOT EXISTS
                (SELECT 1 FROM carrier c
                    WHERE c.number = t.number AND c.kind = 'plastic' AND c.issue = 9)
                THEN 1 ELSE 0 END
            FROM ticket_number t WHERE t.number = $1
            """,
            [.int(line.number.ticket.value)]
        ) { (member: $0.optionalInteger(0), isEnded: $0.integer(1) > 0) }
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
        let isTheirs = ticket.map { $0.member == line.member && !$0.isEnded } ?? false
        let holder = isTheirs ? line.member : nil
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
