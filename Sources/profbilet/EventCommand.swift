import ArgumentParser
import EventStation
import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

struct EventCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event",
        abstract: "Мероприятия: делегаты, станции, снимки, кворум, протоколы / Events",
        subcommands: [
            Create.self, List.self, Delegates.self, Station.self, Enrol.self, Revoke.self,
            Snapshot.self, Report.self, Merge.self, Quorum.self, Minutes.self, Attendance.self,
            ApproveMinutes.self,
        ]
    )

    /// Which event a command is about.
    struct Target: ParsableArguments {
        @Option(help: "Номер мероприятия; без него — последнее / event, the newest by default")
        var event: Int64?

        @OptionGroup var office: Office

        /// Runs `body` in the event's headquarters.
        func work<Result>(_ body: (EventOffice) throws -> Result) throws -> Result {
            try office.work { register, user in try body(EventOffice(event, register, by: user)) }
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Создать мероприятие по описанию YAML / Create an event"
        )
        @Argument(help: "Описание YAML / specification") var specification: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            let text = try InputFile.text(specification)
            let parsed = try EventSpecification(text: text, file: specification)
            try office.work { register, user in
                let created = try EventOffice.create(parsed, text: text, in: register, by: user)
                if json {
                    let tokens = created.tokens.map { ($0.name, JSONValue.text($0.text)) }
                    say([
                        "event": .int(created.id),
                        "tokens": .object(Dictionary(tokens) { first, _ in first }),
                    ])
                } else {
                    say(
                        "Мероприятие № \(created.id) создано: \(parsed.rules.kind.russian).",
                        "Event \(created.id) is created."
                    )
                    for token in created.tokens { show(token) }
                }
                try StandardOutput.finish(orElse: lostToken)
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Мероприятия / List events"
        )
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let events = try EventBook(register).list(by: user)
                if json {
                    for event in events {
                        say([
                            "event": .int(event.id), "title": .text(event.title),
                            "kind": .text(event.kind), "begins": .text(event.beginsAt.rfc3339),
                        ])
                    }
                    return
                }
                printTable(
                    ["№", "Начало / begins", "Вид / kind", "Название / title"],
                    events.map { ["\($0.id)", $0.beginsAt.russian, $0.kind, $0.title] }
                )
            }
        }
    }

    struct Delegates: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delegates",
            abstract: "Делегаты и приглашённые / Delegates and guests",
            subcommands: [Import.self]
        )

        struct Import: ParsableCommand {
            static let configuration = CommandConfiguration(
                commandName: "import",
                abstract: "Загрузить список: CSV, TSV, XLSX / Import delegates"
            )
            @Argument(help: "Файл / file") var file: String
            @Option(help: "Кодировка / encoding") var encoding: TextEncoding?
            @Flag(help: "JSON Lines") var json = false
            @OptionGroup var target: Target

            func run() throws {
                let isRefused = try target.work { office in
                    let rows = try MarkedError.reading(file, encoding) {
                        let list = try DelegateFile.open(
                            file,
                            encoding: encoding,
                            today: office.now.moscowDate
                        )
                        return try Rows.all { try list.next(4_096) }
                    }
                    let results = try office.take(rows)
                    show(results)
                    return results.contains { $0.outcome == .error }
                }
                if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
            }

            private func show(_ results: [EventBook.RowResult]) {
                func count(_ outcome: RowOutcome) -> Int { results.count { $0.outcome == outcome } }
                RowsReport(
                    added: count(.added),
                    updated: count(.updated),
                    unchanged: count(.unchanged),
                    refused: results.filter { $0.outcome == .error }.map { ($0.line, $0.issues) }
                ).show(json: json)
            }
        }
    }
}

/// Prints a station's one-time token.
private func show(_ token: StationToken) {
    say(
        "Станция «\(token.name)», одноразовый маркер:",
        "Station \(token.name), one-time token:"
    )
    print("  " + token.text)
}

private let lostToken = Bilingual(
    "Маркеры потеряны; новый для каждой станции: profbilet event station ИМЯ",
    "The tokens are lost; a new one for each station: profbilet event station NAME"
)

extension EventCommand {
    struct Station: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "station",
            abstract: "Добавить станцию или выдать ей новый маркер / Add a station, give it a token"
        )
        @Argument(help: "Имя станции / name") var name: String
        @Option(help: "gate, desk, kiosk, supervisor") var profile: StationProfile = .gate
        @Flag(help: "Не впускает / lets nobody in") var noEntry = false
        @Flag(help: "Не выпускает / lets nobody out") var noExit = false
        @Option(help: "Только эти организации / these organisations only") var only: [String] = []
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func run() throws {
            let organisations = try only.map { text in
                guard let code = OrganisationCode(text) else {
                    throw Failure(
                        "Код организации «\(text)» — не RR, RR-TTT или RR-TTT-PPPP.",
                        "The organisation's code \(text) is not RR, RR-TTT or RR-TTT-PPPP."
                    )
                }
                return code
            }
            guard (1...64).contains(name.utf8.count) else {
                throw Failure(
                    "Имя станции: от 1 до 64 байт.",
                    "A station's name has 1 to 64 bytes."
                )
            }
            try target.work { office in
                let token = try office.add(
                    Gate(
                        name: name,
                        profile: profile,
                        letsIn: !noEntry,
                        letsOut: !noExit,
                        organisations: organisations
                    )
                )
                if json {
                    say(["station": .text(name), "token": .text(token.text)])
                } else {
                    show(token)
                }
                try StandardOutput.finish(orElse: lostToken)
            }
        }
    }

    struct Enrol: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enrol",
            abstract: "Принять запрос станции, сделанный по маркеру / Enrol a station"
        )
        @Argument(help: "Запрос: цифры или файл / request: digits or a file") var request: String
        @OptionGroup var target: Target

        func run() throws {
            let text =
                FileManager.default.fileExists(atPath: request)
                ? try InputFile.text(request) : request
            guard let parsed = EnrolmentRequest(text: text) else {
                throw Failure(
                    "Это не запрос станции. Его печатает profbilet station provision.",
                    "This is no station's request. profbilet station provision prints one."
                )
            }
            try target.work { office in
                let name = try office.enrol(parsed)
                say(
                    "Станция «\(name)» принята. Теперь сделайте снимок: profbilet event snapshot.",
                    "Station \(name) is enrolled. Now make a snapshot: profbilet event snapshot."
                )
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Отозвать станцию: утрачена или снята / Revoke a station"
        )
        @Argument(help: "Имя станции / name") var name: String
        @OptionGroup var target: Target

        func run() throws {
            try target.work { office in
                try office.revoke(name)
                say(
                    "Станция «\(name)» отозвана: новый снимок её не назовёт, её журнал больше не "
                        + "принимается. Передайте снимок остальным станциям.",
                    "Station \(name) is revoked: the next snapshot does not name it, its journal is "
                        + "taken no further. Hand the snapshot to the other stations."
                )
            }
        }
    }

    struct Snapshot: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "snapshot",
            abstract: "Снимок для станций: подписан, имена запечатаны / Make the stations' snapshot"
        )
        @Option(help: "Файл / file") var out: String
        @Option(help: "Срок аренды, часов / lease, hours") var lease = 72
        @Flag(help: "Только карты: подписи и списки статусов / cards only") var cardsOnly = false
        @Option(help: "Файл с фразой старшего для поиска по имени / supervisor's passphrase file")
        var supervisorPassphraseFile: String?
        @Flag(help: "Без указателя имён / without the name index") var noNameIndex = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var target: Target

        func validate() throws {
            guard (1...24 * 90).contains(lease) else {
                throw ValidationError("--lease: от 1 до 2160 часов.", "--lease: 1 to 2160 hours.")
            }
        }

        func run() throws {
            let passphrase = noNameIndex || cardsOnly ? nil : try supervisorPassphrase()
            let secrets = try target.office.signingSecrets()
            try target.work { office in
                let made = try office.snapshot(
                    EventOffice.SnapshotOrder(
                        lease: Int64(lease) * 3600,
                        supervisorPassphrase: passphrase,
                        mode: cardsOnly ? .cardsOnly : .event
                    ),
                    secrets: secrets
                )
                try OutputFile.write(made.bytes, to: out)
                show(made)
            }
        }

        private func supervisorPassphrase() throws -> String {
            let passphrase = try Passphrases.read(
                file: supervisorPassphraseFile,
                variable: "PROFBILET_SUPERVISOR_PASSPHRASE",
                prompt: "Фраза старшего для поиска по имени / Supervisor's passphrase: "
            )
            guard passphrase.count >= 8 else {
                throw Failure(
                    "Фраза старшего — не короче 8 знаков.",
                    "The supervisor's passphrase has 8 characters at least."
                )
            }
            return passphrase
        }

        private func show(_ made: EventOffice.SnapshotReport) {
            if json {
                say([
                    "snapshot": .int(made.sequence), "file": .text(out),
                    "people": .int(made.people), "carriers": .int(made.carriers),
                    "withoutCarrier": .int(made.withoutCarrier),
                    "leaseEnd": .text(made.leaseEnd.rfc3339), "bytes": .int(made.bytes.count),
                ])
                return
            }
            say(
                "Снимок № \(made.sequence): человек \(made.people), носителей \(made.carriers), "
                    + "без носителя \(made.withoutCarrier); действует до \(made.leaseEnd.russian).\n"
                    + "Дальше: profbilet station import \(out) --dir ПАПКА",
                "Snapshot \(made.sequence): \(made.people) people, \(made.carriers) carriers, "
                    + "\(made.withoutCarrier) without; good until \(made.leaseEnd.rfc3339)."
            )
        }
    }
}
