import ArgumentParser
import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

struct RosterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roster",
        abstract: "Списки членов Профсоюза / Rosters of members",
        subcommands: [Import.self, Conflicts.self, Quality.self]
    )

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Загрузить список: CSV, XLSX, JSON, NDJSON / Import a roster",
            discussion: "0 — всё принято / all taken; 2 — есть отклонённые строки / rows refused; "
                + "1 — файл непригоден / file unusable"
        )
        /// What absence from a whole roster may mean.
        enum Absence: String, ExpressibleByArgument, CaseIterable {
            case left, transferred

            var status: MemberStatus { self == .left ? .left : .transferred }
        }

        @Argument(help: "Файл / file") var file: String
        @Option(help: "windows-1251, utf-8, utf-16le, cp866, koi8-r") var encoding: TextEncoding?
        @Flag(help: "Только проверить / check only") var dryRun = false
        @Flag(help: "Всё или ничего / one refused row refuses the file") var allOrNothing = false
        @Option(help: "Файл — полный список этой организации / the organisation's whole roster")
        var completeFor: OrganisationCode?
        @Option(help: "Отметить отсутствующих / mark the absent") var markAbsent: Absence?
        @Option(help: "Второй человек, если отсутствует более 5 % / second person above 5 %")
        var secondUser: String?
        @Option(
            help: "Версия текста: НАЗНАЧЕНИЕ=ХЕШ, иначе новейшая / PURPOSE=HASH, else the newest"
        )
        var consentText: [ConsentChoice] = []
        @Option(help: "Отчёт по строкам (.csv или .jsonl) / report on every row")
        var report: String?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            if markAbsent != nil, completeFor == nil {
                throw ValidationError(
                    "--mark-absent указывается с --complete-for.",
                    "--mark-absent goes with --complete-for."
                )
            }
        }

        func run() throws {
            let status = try office.work { register, user in
                try MarkedError.reading(file, encoding) {
                    try RosterImportRun(self, register, user).run()
                }
            }
            if status != .done { throw ExitCode(status.rawValue) }
        }
    }

    struct Conflicts: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "conflicts",
            abstract: "Очередь спорных строк / Rows a person must decide",
            subcommands: [List.self, Resolve.self]
        )

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "list",
                abstract: "Показать / List"
            )
            @Flag(help: "JSON") var json = false
            @OptionGroup var office: Office

            func run() throws {
                try office.work { register, user in
                    let conflicts = try ConflictQueue(register).list(by: user)
                    if json {
                        for conflict in conflicts {
                            say([
                                "id": .int(conflict.id), "kind": .text(conflict.kind.rawValue),
                                "import": .int(conflict.importId), "line": .int(conflict.line),
                                "member": .int(conflict.member),
                                "organisation": .text("\(conflict.organisation)"),
                            ])
                        }
                        return
                    }
                    printTable(
                        [
                            "№", "вид/kind", "загрузка/import", "строка/line", "член/member",
                            "организация/organisation",
                        ],
                        conflicts.map {
                            [
                                "\($0.id)", $0.kind.rawValue, "\($0.importId)", "\($0.line)",
                                "#\($0.member)", "\($0.organisation)",
                            ]
                        }
                    )
                }
            }
        }

        struct Resolve: ParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "resolve",
                abstract: "Решить: keep — оставить, take — взять строку, separate — другой человек "
                    + "/ Decide"
            )
            @Argument(help: "Номера / numbers") var ids: [Int64]
            @Option(name: .customLong("as"), help: "keep, take, separate")
            var resolution: ConflictQueue.Resolution
            @OptionGroup var office: Office

            func run() throws {
                try office.work { register, user in
                    for id in ids {
                        let warning = try ConflictQueue(register)
                            .resolve(id, as: resolution, by: user)
                        say(
                            "Конфликт \(id) решён: \(resolution.rawValue).",
                            "Conflict \(id) resolved: \(resolution.rawValue)."
                        )
                        guard let warning else { continue }
                        complain(
                            Bilingual(
                                "Конфликт \(id): \(warning.message.russian) [\(warning.code)]",
                                "Conflict \(id): \(warning.message.english) [\(warning.code)]"
                            )
                        )
                    }
                }
            }
        }
    }

    struct Quality: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "quality",
            abstract: "Качество данных / Data quality"
        )
        @Option(help: "region — по регионам / by region") var by: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            if let by, by != "region" {
                throw ValidationError("--by: только region.", "--by: region only.")
            }
        }

        func run() throws {
            try office.work { register, user in
                let figures = try DataQuality(register).report(byRegion: by != nil, by: user)
                if json {
                    for row in figures {
                        say([
                            "region": .int(row.region), "members": .int(row.members),
                            "withAisId": .int(row.withAisId),
                            "withCardConsent": .int(row.withCardConsent),
                            "withLegacyNumber": .int(row.withLegacyNumber),
                            "withPhone": .int(row.withPhone), "withEmail": .int(row.withEmail),
                            "duplicates": .int(row.duplicates),
                            "rejectedRows": .int(row.rejectedRows), "fileRows": .int(row.fileRows),
                            "conflicts": .int(row.conflicts), "ordered": .int(row.ordered),
                        ])
                    }
                    return
                }
                printTable(
                    [
                        "регион/region", "члены/members", "ИД АИС", "согласие/consent",
                        "старый №/legacy", "телефон/phone", "почта/e-mail",
                        "двойники/duplicates", "споры/conflicts", "отклонено/rejected",
                        "заявки/orders",
                    ],
                    figures.map {
                        [
                            by == nil ? "всего/all" : Self.name($0.region), "\($0.members)",
                            "\($0.withAisId)", "\($0.withCardConsent)", "\($0.withLegacyNumber)",
                            "\($0.withPhone)", "\($0.withEmail)", "\($0.duplicates)",
                            "\($0.conflicts)", "\($0.rejectedRows) / \($0.fileRows)",
                            "\($0.ordered)",
                        ]
                    }
                )
                say(
                    "Отклонено: строк из строк последнего файла, где этот регион был. Двойники: члены, "
                        + "у которых совпадают имя и дата рождения.",
                    "Rejected: rows of those in the last file that named the region. Duplicates: "
                        + "members who share name and birth date."
                )
            }
        }

        /// Two digits, as the code is written; rows whose region cannot be read have none.
        private static func name(_ region: UInt8) -> String {
            region == 0 ? "?" : region < 10 ? "0\(region)" : "\(region)"
        }
    }
}
