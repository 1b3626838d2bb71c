import ArgumentParser
import CardProduction
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
            + "изменён — по номерам, псевдонимам и людям внутри (текст, PDF, XLSX). Загруженный список — "
            + "по тому и другому. A file is known by its SHA-256, or by what it holds; an imported roster "
            + "by both."
    )
    @Argument(help: "Файл / file") var file: String
    @Option(help: "Кодировка списка / a roster's encoding") var encoding: TextEncoding?
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        var (evidence, unread) = try LeakedFile.read(file)
        try office.work { register, user in
            let roster = LeakedFile.people(file, encoding, today: register.now().moscowDate)
            evidence.people = roster.people
            let report = try Incident(register).find(evidence, by: user)
            // Other files that we know by their hash need no reading.
            if report.kind == "roster" {
                unread = !roster.isWhole
            } else if !["content", "unknown"].contains(report.kind) {
                unread = false
            }
            show(report, unread)
        }
    }

    private func show(_ report: Incident.Report, _ unread: Bool) {
        if json {
            return say([
                "incident": report.id.map { .int($0) } ?? .null, "unread": .flag(unread),
                "kind": .text(report.kind),
                "source": .text(report.source), "strangers": .int(report.strangers),
                "noticeUntil": report.id == nil ? .null : .text(report.firstNotice.rfc3339),
                "resultUntil": report.id == nil ? .null : .text(report.secondNotice.rfc3339),
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
        if unread {
            say(
                "Содержимое файла прочитать не удалось (повреждён или под паролем): он сверен только по "
                    + "SHA-256 и по открытому тексту в нём. Откройте его и проверьте копию без пароля, "
                    + "список — с --encoding.",
                "What the file holds could not be read (damaged or under a password): it was judged by "
                    + "its SHA-256 and by plain text in it only. Try a copy without the password, a "
                    + "roster with --encoding."
            )
        }
        guard let id = report.id else {
            return say(
                "Данных наших членов в файле не найдено (\(report.kind) \(report.source)): инцидент не "
                    + "открыт, поиск записан в журнал. Не наших записей: \(report.strangers).",
                "The file holds no data of our members (\(report.kind) \(report.source)): no incident "
                    + "was opened, the search is in the log. Entries not ours: \(report.strangers)."
            )
        }
        say(
            "Инцидент № \(id): \(report.kind) \(report.source); людей \(report.people.count), "
                + "не наших записей \(report.strangers).\nУведомить Роскомнадзор до "
                + "\(report.firstNotice.russian) мск, об итогах — до \(report.secondNotice.russian) "
                + "мск (152-ФЗ, ст. 21, ч. 3.1).",
            "Incident \(id): \(report.kind) \(report.source); people \(report.people.count), "
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

    /// What a file shows, and whether it is a PDF or a workbook that could not be read.
    static func read(_ path: String) throws -> (evidence: Incident.Evidence, unread: Bool) {
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
        let unread = try !readInside(path, head, &scan)
        var evidence = Incident.Evidence(sha256: Array(hash.finalize()), size: size)
        (evidence.numbers, evidence.pseudonyms) = (scan.numbers, scan.pseudonyms)
        evidence.manifest = Manifest(decoding: head)
        return (evidence, unread)
    }

    /// Looks through what is packed in the file: a PDF's text, a workbook's cells.
    private static func readInside(
        _ path: String,
        _ head: [UInt8],
        _ scan: inout IdentifierScan
    ) throws -> Bool {
        defer { scan.finish() }
        if head.starts(with: Array("%PDF".utf8)) {
            do { try Poppler.text(of: path) { scan.take($0) } } catch let failure as Poppler.Failure
            {
                guard failure.isMissing else { return false }
                throw failure
            }
        } else if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            do { try WorkbookText.read(path) { scan.take($0) } } catch { return false }
        }
        return true
    }

    /// People of a roster, and whether it was read to its end; nobody when the file is none.
    static func people(
        _ path: String,
        _ encoding: TextEncoding?,
        today: CalendarDate
    ) -> (people: [MemberDraft], isWhole: Bool) {
        var people: [MemberDraft] = []
        do {
            let reader = try RosterReader.open(path, encoding: encoding, today: today)
            while people.count < 5_000_000 {
                let rows = try reader.next(4_096)
                if rows.isEmpty { return (people, true) }
                people += rows.compactMap(\.draft)
            }
        } catch { return (people, false) }
        return (people, false)
    }
}
