import ArgumentParser
import CardProduction
import EventStation
import Foundation
import Registry
import UnionTicket

struct DossierCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dossier",
        abstract: "Всё, что хранится об одном члене / All that is held of one member"
    )
    @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
    var reference: String
    @Option(help: "По чьему запросу, без имён / on whose demand, without names")
    var reason: String = "request of the member"
    @Option(help: "Файл PDF / PDF file") var pdf: String?
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        try office.work { register, user in
            let dossier = try Dossier.gather(
                reference,
                reason: reason,
                from: register,
                readers: Self.readers,
                by: user
            )
            if let pdf {
                try RightsPapers.dossier(dossier, to: pdf)
                say("Готово: \(pdf)", "Written: \(pdf)")
            } else if json {
                say(Self.object(dossier))
            } else {
                for section in dossier.sections where !section.rows.isEmpty {
                    print("\n\(section.title.russian) / \(section.title.english)")
                    printTable(section.heads, section.rows)
                }
            }
        }
    }

    /// What other modules read for the register.
    private static let readers = Dossier.Readers(
        mark: { bytes in
            guard let entry = JournalEntry(encoded: bytes), let person = entry.person,
                entry.kind == .scan || entry.kind == .admission
            else { return nil }
            return Dossier.Mark(
                person: person.bytes,
                at: Instant(seconds: entry.correctedClock / 1_000),
                direction: entry.mode,
                passed: entry.passed,
                station: entry.station
            )
        },
        manufacturer: {
            try? BatchSpecification(text: $0, file: "batch").agreement.manufacturer
        }
    )

    private static func object(_ dossier: Dossier) -> [String: JSONValue] {
        var object: [String: JSONValue] = [
            "member": .text("#\(dossier.member)"), "at": .text(dossier.at.rfc3339),
        ]
        for section in dossier.sections {
            object[section.name] = .list(
                section.rows.map { row in
                    .object(
                        Dictionary(
                            uniqueKeysWithValues: zip(section.columns, row.map(JSONValue.text))
                        )
                    )
                }
            )
        }
        return object
    }
}

struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract:
            "Уничтожить персональные данные бывшего члена, с актом / Destroy a former member's "
            + "personal data for good, with an act"
    )
    @Argument(help: "ИД АИС, #строка или номер билета / АИС id, #row or ticket number")
    var reference: String
    @Option(help: "Основание, без имён / why, without names") var reason: String
    @Flag(help: "Подтвердить / confirm") var yes = false
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func validate() throws { try requireReason(reason) }

    func run() throws {
        guard yes else {
            throw Failure(
                .refused,
                "Данные не вернуть даже из копии. Подтвердите: --yes.",
                "Not even a backup brings the data back. Confirm: --yes."
            )
        }
        let secrets = try office.signingSecrets()
        try office.work { register, user in
            let acts = ErasureActs(register)
            let isResumed = try !acts.unwritten().isEmpty
            // Acts of a command that was killed come first.
            for act in try acts.unwritten() { try write(act, acts, secrets) }
            do {
                let report = try MemberErasure(register).erase(
                    reference,
                    reason: reason,
                    by: user
                )
                let files = try (report.merged + [report.member])
                    .flatMap { try write(acts.act(of: $0), acts, secrets) }
                show(report, files)
            } catch let error as RegisterError where error.code == .notFound && isResumed {
                say(
                    "Незаконченные акты дописаны; других данных по этой ссылке нет.",
                    "Unfinished acts are written; nothing else is held under this reference."
                )
            }
        }
    }

    @discardableResult
    private func write(
        _ act: ErasureActs.Act,
        _ acts: ErasureActs,
        _ secrets: SigningSecrets
    ) throws -> [String] {
        try acts.write(act, secrets: secrets) { try RightsPapers.act(act, to: $0) }
    }

    private func show(_ report: MemberErasure.Report, _ files: [String]) {
        if json {
            return say([
                "member": .int(report.member),
                "merged": .list(report.merged.map(JSONValue.int)),
                "at": .text(report.at.rfc3339),
                "numbers": .int(report.numbers), "carriers": .int(report.carriers),
                "log": .text(report.log), "act": .list(files.map(JSONValue.text)),
                "printFiles": .list(
                    report.printFiles.map {
                        .object(["folder": .text($0.folder), "removedBy": .text($0.removedBy)])
                    }
                ),
                "journalEmptied": .flag(report.isJournalEmpty),
            ])
        }
        let records = (["#\(report.member)"] + report.merged.map { "#\($0)" })
            .joined(separator: ", ")
        say(
            "Данные \(records) уничтожены; номеров погашено \(report.numbers), носителей "
                + "обезличено \(report.carriers). Журнал \(report.log) храните вне резервных копий.\n"
                + "Акт: \(files.joined(separator: ", "))",
            "The data of \(records) are destroyed; numbers retired \(report.numbers), carriers "
                + "left without a person \(report.carriers). Keep the log \(report.log) outside "
                + "backups."
        )
        for left in report.printFiles {
            say(
                "Данные ещё есть в файлах печати \(left.folder); их удалит: \(left.removedBy)",
                "Print files in \(left.folder) still hold the data; removed by: \(left.removedBy)"
            )
        }
        guard !report.isJournalEmpty else { return }
        say(
            "Журнал базы занят другим процессом и ещё хранит прежние строки: их уберёт profbilet "
                + "retention run, когда он закончит.",
            "Another process keeps the database's journal with the rows as they were: profbilet "
                + "retention run removes them when it has ended."
        )
    }
}

struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Сроки хранения / Retention",
        subcommands: [Run.self]
    )

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run",
            abstract: "Стереть то, чей срок вышел / Erase what is past its term"
        )
        @Flag(help: "Только показать / only show") var dryRun = false
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let lines = try Retention(register).run(isDry: dryRun, by: user)
                if json {
                    for line in lines {
                        say([
                            "what": .text(line.what), "subject": .text(line.subject),
                            "count": .int(line.count), "dryRun": .flag(dryRun),
                        ])
                    }
                    return
                }
                printTable(
                    ["что/what", "чего/of", dryRun ? "сотрётся/would go" : "стёрто/erased"],
                    lines.map { [$0.what, $0.subject, "\($0.count)"] }
                )
            }
        }
    }
}

struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Что требует внимания: сроки отзывов, журнал, ключи / What needs attention"
    )
    @Flag(help: "JSON") var json = false
    @OptionGroup var office: Office

    func run() throws {
        let register = try office.openRegister()
        let overdue = try ConsentWithdrawals(register).overdueCount()
        let revocations = try PartnerDeadlines(register).overdue()
        let acts = try ErasureActs(register).unwritten().count
        var isLogIntact = false
        if case .intact = try AuditLog(register).verify(isHeadNeeded: true) { isLogIntact = true }
        let past = try KeyRing(register).outOfDate()
        let lost = try MemberErasure(register).missingInLog()
        let unconfirmed = try APIClients(register).unconfirmed()
        let isWell =
            overdue == 0 && revocations == 0 && acts == 0 && isLogIntact && past.isEmpty
            && lost == 0 && unconfirmed.isEmpty
        if json {
            say([
                "ok": .flag(isWell), "overdueWithdrawals": .int(overdue),
                "overdueRevocations": .int(revocations),
                "unwrittenActs": .int(acts), "auditIntact": .flag(isLogIntact),
                "pastDate": .list(past.map { .text($0.russian) }),
                "missingInErasureLog": .int(lost),
                "unconfirmedClients": .list(unconfirmed.map(JSONValue.text)),
            ])
        } else {
            printTable(
                ["проверка/check", "итог/result"],
                [
                    ["просроченные отзывы / overdue withdrawals", "\(overdue)"],
                    ["просроченные отзывы у партнёров / overdue revocations", "\(revocations)"],
                    ["недописанные акты / unwritten acts", "\(acts)"],
                    ["журнал цел / log intact", isLogIntact ? "да/yes" : "НЕТ/NO"],
                    ["ключи и списки не в свой срок / keys, lists out of date", "\(past.count)"],
                    ["нет в журнале уничтожений / not in the erasure log", "\(lost)"],
                    ["клиенты ждут подтверждения / unconfirmed clients", "\(unconfirmed.count)"],
                ]
            )
            for item in past { say(item.russian, item.english) }
            if lost > 0 {
                say(
                    "В журнале уничтожений нет стёртых людей: \(lost). Верните erasures.log в каталог "
                        + "данных или допишите его: profbilet retention run.",
                    "The erasure log lacks erased people: \(lost). Bring erasures.log back to the data "
                        + "directory, or have it written whole: profbilet retention run."
                )
            }
        }
        if !isWell { throw ExitCode(ExitStatus.refused.rawValue) }
    }
}
