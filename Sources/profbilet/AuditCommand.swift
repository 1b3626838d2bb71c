import ArgumentParser
import Registry
import UnionTicket

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Журнал действий / Audit log",
        subcommands: [Show.self, Verify.self, Countersign.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Показать / Show"
        )
        @Option(help: "С записи / from row") var from: Int64 = 1
        @Option(help: "Не более / at most") var limit = 1000
        @Option(help: "Только этого пользователя / of this user only") var by: String?
        @Option(help: "Действия, что начинаются так / actions that begin so: member.")
        var action: String?
        @Option(help: "Над чем / subject: member/17") var subject: String?
        @Option(help: "Не раньше / not before") var since: String?
        @Option(help: "Не позже / not after") var until: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            var filter = AuditLog.Filter()
            (filter.first, filter.limit, filter.user) = (from, limit, by)
            (filter.action, filter.subject) = (action, subject)
            filter.since = try since.map(TimeArgument.parse)
            filter.until = try until.map(TimeArgument.parse)
            try office.work { register, user in
                let entries = try AuditLog(register).entries(filter, by: user)
                if json { return entries.forEach { say(AuditCommand.object($0)) } }
                printTable(
                    [
                        "№", "когда/at", "кто/who", "действие/action", "что/subject",
                        "подробности/detail",
                    ],
                    entries.map {
                        [
                            "\($0.sequence)", $0.at.russian, $0.user, $0.action, $0.subject,
                            $0.detail,
                        ]
                    }
                )
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Проверить цепочку: правка, пропуск, обрез / Check the chain"
        )
        @OptionGroup var office: Office

        func run() throws {
            let register = try office.openRegister()
            let finding = try AuditLog(register).verify(isHeadNeeded: true)
            if case .intact(let head) = finding {
                say(
                    "Журнал цел: записей \(head.sequence).",
                    "The log is intact: \(head.sequence) rows."
                )
                return
            }
            let words = AuditCommand.words(finding)
            throw Failure(.damaged, words.russian, words.english)
        }
    }

    struct Countersign: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "countersign",
            abstract: "Записать конец цепочки во второе место / Write the head to the second place"
        )
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                guard user.role.permits(.readAudit) else {
                    throw Failure(
                        .forbidden,
                        "Это делает аудитор или администратор.",
                        "An auditor or administrator does this."
                    )
                }
                try AuditLog(register).countersignHead(isFirst: true)
            }
            say("Записано.", "Written.")
        }
    }

    static func object(_ entry: AuditLog.Entry) -> [String: JSONValue] {
        [
            "seq": .int(entry.sequence), "at": .text(entry.at.rfc3339),
            "user": .text(entry.user), "action": .text(entry.action),
            "subject": .text(entry.subject), "detail": .text(entry.detail),
        ]
    }

    private static func words(_ finding: AuditLog.Finding) -> Bilingual {
        switch finding {
        case .intact(let head): Bilingual("Журнал цел: \(head.sequence).", "Intact.")
        case .tampered(let sequence):
            Bilingual(
                "Запись \(sequence) журнала изменена. Сверьте с копией.",
                "Row \(sequence) of the log was changed. Compare with a backup."
            )
        case .gap(let after):
            Bilingual(
                "После записи \(after) журнала записи удалены. Сверьте с копией.",
                "Rows after \(after) of the log were removed. Compare with a backup."
            )
        case .cutTail(let last, let expected):
            Bilingual(
                "Журнал обрезан: последняя запись \(last), а была \(expected). Сверьте с копией.",
                "The log was cut: it ends at \(last) but had \(expected). Compare with a backup."
            )
        case .foreignHead(let place, let line):
            Bilingual(
                "\(place), строка \(line): отметка журнала написана не этим реестром.",
                "\(place), line \(line): the log's head was not written by this register."
            )
        case .headMissing(let place):
            Bilingual(
                "Нет отметок журнала \(place): обрез записей не был бы виден. Найдите файл или, "
                    + "если место новое, запишите: profbilet audit countersign.",
                "The log's heads \(place) are missing: a cut tail would not show. Find the file or, "
                    + "if the place is new, write it: profbilet audit countersign."
            )
        }
    }
}
