import ArgumentParser
import Crypto
import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

struct IncidentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incident",
        abstract: "Утёк файл: чьи данные в нём / A file leaked: whose data it held",
        discussion:
            "Файл узнаётся по SHA-256 среди загруженных списков, пакетов и снимков, а если он "
            + "изменён — по номерам, псевдонимам и людям внутри. A file is known by its SHA-256, or "
            + "by what it holds."
    )
    @Argument(help: "Файл / file") var file: String
    @Option(help: "Кодировка списка / a roster's encoding") var encoding: TextEncoding?
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        var evidence = try LeakedFile.read(file)
        try office.work { register, user in
            evidence.people = LeakedFile.people(
                file,
                encoding,
                today: register.now().moscowDate
            )
            show(try Incident(register).find(evidence, by: user))
        }
    }

    private func show(_ report: Incident.Report) {
        if json {
            return say([
                "incident": .int(report.id), "kind": .text(report.kind),
                "source": .text(report.source), "strangers": .int(report.strangers),
                "noticeUntil": .text(report.firstNotice.rfc3339),
                "resultUntil": .text(report.secondNotice.rfc3339),
                "people": .list(
                    report.people.map {
                        .object([
                            "member": .text("#\($0.member)"),
                            "organisation": .text("\($0.organisation)"),
                            "name": .optional($0.name),
                        ])
                    }
                ),
            ])
        }
        say(
            "Инцидент № \(report.id): \(report.kind) \(report.source); людей \(report.people.count), "
                + "не наших записей \(report.strangers).\nУведомить Роскомнадзор до "
                + "\(report.firstNotice.russian) мск, об итогах — до \(report.secondNotice.russian) "
                + "мск (152-ФЗ, ст. 21, ч. 3.1).",
            "Incident \(report.id): \(report.kind) \(report.source); people \(report.people.count), "
                + "entries not ours \(report.strangers). Tell Roskomnadzor until "
                + "\(report.firstNotice.rfc3339)."
        )
        printTable(
            ["строка/row", "организация/organisation", "ФИО/name"],
            report.people.map { ["#\($0.member)", "\($0.organisation)", $0.name ?? "—"] }
        )
    }
}

/// What a leaked file shows of itself; total over any bytes, bounded in memory.
enum LeakedFile {
    /// Larger files are read to this point for their contents; the hash covers all of it.
    private static let limit = 256 << 20

    static func read(_ path: String) throws -> Incident.Evidence {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Failure(
                .notFound,
                "Файл \(path) не читается. Проверьте путь и права.",
                "The file \(path) cannot be read. Check the path and its mode."
            )
        }
        defer { try? file.close() }
        var hash = SHA256()
        var size = 0
        var scan = IdentifierScan()
        var head: [UInt8] = []
        while let chunk = try file.read(upToCount: 1 << 20), !chunk.isEmpty {
            hash.update(data: chunk)
            size += chunk.count
            if head.count < 16 << 20 { head += Array(chunk) }
            if size <= limit { scan.take(Array(chunk)) }
        }
        scan.finish()
        var evidence = Incident.Evidence(sha256: Array(hash.finalize()), size: size)
        (evidence.numbers, evidence.pseudonyms) = (scan.numbers, scan.pseudonyms)
        evidence.manifest = Manifest(decoding: head)
        return evidence
    }

    /// People of a roster; nobody when the file is none.
    static func people(
        _ path: String,
        _ encoding: TextEncoding?,
        today: CalendarDate
    ) -> [MemberDraft] {
        var people: [MemberDraft] = []
        do {
            let reader = try RosterReader.open(path, encoding: encoding, today: today)
            while people.count < 5_000_000 {
                let rows = try reader.next(4_096)
                if rows.isEmpty { break }
                people += rows.compactMap(\.draft)
            }
        } catch { return people }
        return people
    }
}
