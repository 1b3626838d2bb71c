import EventStation
import Foundation
import NIOHTTP1
import TicketSeal
import UnionTicket

/// One meeting of a station with headquarters over HTTP: the clock is measured, what the server lacks
/// is handed over in chunks, a newer snapshot and newer status lists are taken.
///
/// It needs no state of its own: the server says from which entry on it wants each journal, and a
/// snapshot that was cut goes on where it ended. It works beside `station run`.
struct StationSync: Sendable {
    /// What came of it.
    struct Report: Sendable {
        /// How far the station's clock is off, milliseconds.
        var offset: Int64 = 0
        /// How sure that is, milliseconds.
        var uncertainty: Int64 = 0
        /// Items by what became of them.
        var items: [String: Int] = [:]
        /// Items that were refused: station, number, why.
        var refused: [(station: String, sequence: Int64, code: String)] = []
        /// The number of a newer snapshot that was taken.
        var snapshot: Int64?
        /// Status lists that were newer.
        var lists = 0
    }

    let folder: StationFolder
    let key: SigningKey
    let server: StationServer
    let take: any StationIntake
    var clock: @Sendable () -> Int64 = StationDuty.systemClock
    var chunk = 1_000

    /// Headquarters has revoked the station: its snapshot is erased.
    struct Revoked: Error { let failure: Failure }

    /// Meets headquarters.
    ///
    /// - Throws: ``Failure``, or ``Revoked`` when the snapshot was erased.
    func run() async throws -> Report {
        do { return try await meet() } catch let untrusted as StationServer.Untrusted {
            throw untrusted.failure
        } catch let refusal as StationServer.Refusal {
            guard refusal.code == "station_revoked" else { throw Self.failure(refusal) }
            await take.wipe()
            throw Revoked(failure: revocation)
        }
    }

    private var revocation: Failure {
        Failure(
            .refused,
            "Станция «\(folder.name)» отозвана: снимок стёрт, журнал на месте. Выгрузите его "
                + "(profbilet station export) и верните компьютер в штаб.",
            "Station \(folder.name) is revoked: its snapshot is erased, its journal stays. Export it "
                + "(profbilet station export) and return the computer to headquarters."
        )
    }

    private func meet() async throws -> Report {
        var report = Report()
        let contact = try await measure(&report)
        try await handOver(contact, &report)
        if let newest = contact.snapshot { try await fetch(newest, &report) }
        try await fetchLists(&report)
        return report
    }

    static func failure(_ refusal: StationServer.Refusal) -> Failure {
        Failure(
            [401, 403, 409].contains(refusal.status) ? .refused : .unusable,
            "Сервер отказал (\(refusal.status) \(refusal.code)): \(refusal.russian)",
            "The server refused (\(refusal.status) \(refusal.code)): \(refusal.english)"
        )
    }

    private var events: String { "/v1/events/\(folder.event)" }

    /// Signs requests by the server's time as the last measurement has it.
    private func signature(
        _ offset: Int64,
        _ body: [UInt8] = []
    ) -> (_ method: String, _ target: String) throws -> String {
        { method, target in
            try StationCall.sign(
                method,
                target,
                body: body,
                event: folder.event,
                station: folder.name,
                at: clock() - offset,
                with: key
            )
        }
    }
}

// The clock.
extension StationSync {
    /// Milliseconds since 1970, which stand as RFC 3339.
    struct Moment: Decodable {
        let milliseconds: Int64

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            let form = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let moment = try form.parse(try value.decode(String.self))
            milliseconds = Int64((moment.timeIntervalSince1970 * 1000).rounded())
        }
    }

    struct Contact: Decodable {
        struct Newest: Decodable {
            let sequence: Int64
            let etag: String
            let bytes: Int64
        }

        let receivedAt: Moment
        let sentAt: Moment
        let wanted: [String: UInt64]
        let snapshot: Newest?
    }

    /// Three exchanges; the shortest knows the clock best.
    ///
    /// Of four readings (sent, received, answered, got) the offset is the middle of the two ways and
    /// the uncertainty half of what the way took.
    private func measure(_ report: inout Report) async throws -> Contact {
        var best: (contact: Contact, offset: Int64, uncertainty: Int64)?
        for _ in 0..<3 {
            let sent = clock()
            let answer = try await server.ask(
                .POST,
                events + "/contact",
                sign: signature(0)
            )
            let got = clock()
            let contact = try Self.decode(Contact.self, answer)
            let received = contact.receivedAt.milliseconds
            let answered = contact.sentAt.milliseconds
            let way = max(0, (got - sent) - (answered - received))
            let offset = ((sent - received) + (got - answered)) / 2
            let uncertainty = (way + 1) / 2 + 1
            if best.map({ uncertainty < $0.uncertainty }) ?? true {
                best = (contact, offset, uncertainty)
            }
        }
        guard let best else { throw Failure("Ответа нет.", "There is no answer.") }
        (report.offset, report.uncertainty) = (best.offset, best.uncertainty)
        try await take.note(offset: best.offset, uncertainty: best.uncertainty)
        return best.contact
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ answer: StationServer.Answer
    ) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(answer.body)) } catch {
            throw Failure(
                "Ответ сервера не понят: он другой версии?",
                "The server's answer is not understood: is it of another version?"
            )
        }
    }
}

// The journals.
extension StationSync {
    private struct Answer: Decodable {
        struct Item: Decodable {
            let station: String
            let sequence: Int64
            let outcome: String
            let code: String?
        }

        let items: [Item]
    }

    /// Hands over what is wanted, journal by journal; one odd entry stops none of the others.
    private func handOver(_ contact: Contact, _ report: inout Report) async throws {
        let entries = try folder.journal().entries()
        let last = entries.last { $0.entry.station == folder.name }?.entry.sequence ?? 0
        // The own last entry goes along always: it shows headquarters when this journal tells another
        // story than the one it holds, also where that one is longer.
        let wanted = entries.filter { entry in
            let first = contact.wanted[entry.entry.station] ?? .max
            return entry.entry.sequence >= first
                || entry.entry.station == folder.name && entry.entry.sequence == last
        }
        var chunks = JournalChunk.cut(wanted, itemLimit: chunk)
        // The mark that everything is handed over comes by itself where there is nothing new.
        if chunks.isEmpty { chunks = [[]] }
        for items in chunks {
            let body = JournalChunk(
                clock: clock(),
                offset: report.offset,
                last: last,
                items: items
            ).encoded
            let answer = try await server.ask(
                .POST,
                events + "/journal",
                body: body,
                mediaType: JournalChunk.mediaType,
                sign: signature(report.offset, body)
            )
            for item in try Self.decode(Answer.self, answer).items {
                report.items[item.outcome, default: 0] += 1
                if item.outcome == "refused" {
                    report.refused.append((item.station, item.sequence, item.code ?? ""))
                }
            }
        }
    }
}

// The snapshot and the lists.
extension StationSync {
    private var partFile: String { folder.path + "/snapshot.part" }
    private var tagFile: String { folder.path + "/snapshot.part.etag" }

    /// Fetches a newer snapshot; one that was cut goes on where it ended.
    private func fetch(_ newest: Contact.Newest, _ report: inout Report) async throws {
        let held = (try? folder.snapshot())?.sequence ?? 0
        guard UInt64(clamping: newest.sequence) > held else { return }
        try await download(newest, report.offset)
        let bytes = try InputFile.bytes(partFile, atMost: EventSnapshot.limit)
        defer { forgetPart() }
        guard newest.etag == "\"\(Hex.text(SHA256Digest.of(bytes)))\"" else {
            throw Failure(
                .refused,
                "Снимок пришёл не таким, каким сделан. Повторите.",
                "The snapshot came otherwise than it was made. Repeat."
            )
        }
        try await take.take(snapshot: bytes)
        report.snapshot = newest.sequence
    }

    private func download(_ newest: Contact.Newest, _ offset: Int64) async throws {
        let files = FileManager.default
        let begun = (try? String(contentsOfFile: tagFile, encoding: .utf8)) == newest.etag
        if !begun {
            forgetPart()
            try OutputFile.write(Array(newest.etag.utf8), to: tagFile)
            _ = files.createFile(
                atPath: partFile,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        }
        guard let part = FileHandle(forWritingAtPath: partFile) else {
            forgetPart()
            throw Failure(
                .storage,
                "Папка станции не записывается: \(partFile).",
                "The station's folder cannot be written: \(partFile)."
            )
        }
        defer { try? part.close() }
        var size = Int64(try part.seekToEnd())
        // The server gives so much at once as it likes; each answer goes on behind the last.
        while size < newest.bytes {
            try await server.download(
                events + "/snapshot",
                headers: [("Range", "bytes=\(size)-"), ("If-Range", newest.etag)],
                sign: signature(offset)
            ) { head in
                if let etag = head.etag, etag != newest.etag { throw Self.changed }
                // The whole, though a part was asked for.
                if head.status == 200 { try part.truncate(atOffset: 0) }
            } take: { piece in
                try part.write(contentsOf: Data(piece))
            }
            let grown = Int64(try part.seekToEnd())
            guard grown > size else { throw Self.changed }
            size = grown
        }
    }

    private static var changed: Failure {
        Failure(
            .busy,
            "Пока станция загружала снимок, сделан новый. Повторите.",
            "A newer snapshot was made meanwhile. Repeat."
        )
    }

    private func forgetPart() {
        for file in [partFile, tagFile] { try? FileManager.default.removeItem(atPath: file) }
    }

    /// Takes the published status lists; a station without a snapshot has no use for them.
    private func fetchLists(_ report: inout Report) async throws {
        guard let snapshot = try? folder.snapshot() else { return }
        var lists: [[UInt8]] = []
        for list in snapshot.statusLists {
            let answer = try await server.ask(
                .GET,
                "/v1/status-lists/\(list)",
                headers: [("Accept", StatusListToken.typeCWT)],
                limit: 1 << 20
            )
            lists.append(answer.body)
        }
        report.lists = try await take.take(statusLists: lists)
    }
}

/// Who takes what a meeting brought: the station at work, or its folder when nobody works it.
protocol StationIntake: Sendable {
    /// Notes how far the clock is off.
    func note(offset: Int64, uncertainty: Int64) async throws
    /// Takes a snapshot.
    func take(snapshot: [UInt8]) async throws
    /// Takes status lists; how many were newer.
    func take(statusLists: [[UInt8]]) async throws -> Int
    /// Erases the snapshot: headquarters has revoked the station, which admits nobody from now on.
    func wipe() async
}
