import ArgumentParser
import BonusProgram
import Foundation
import Registry
import TicketSeal
import UnionTicket

struct PartnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partner",
        abstract: "Партнёры бонусной программы / Partners of the bonus programme",
        subcommands: [
            Add.self, List.self, Show.self, Export.self, Resend.self, Acknowledge.self,
            Deadlines.self, Onboard.self, Code.self, ImportStatistics.self, Statistics.self,
            Reconcile.self,
        ]
    )

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Добавить партнёра или принять изменённый договор / Add or change a partner"
        )
        @Argument(help: "Договор, YAML / contract") var file: String
        @OptionGroup var office: Office

        func run() throws {
            let terms = try PartnerContract.read(file)
            try office.work { register, user in
                for bytes in [terms.certificate, terms.signer] {
                    try PartnerCommand.check(bytes, file, Partners(register).now)
                }
                let (isNew, joinable) = try Partners(register).add(terms, by: user)
                say(
                    isNew
                        ? "Партнёр «\(terms.name)» добавлен: profbilet partner export \(terms.name)"
                        : "Договор партнёра «\(terms.name)» обновлён.",
                    isNew
                        ? "Partner \(terms.name) is added."
                        : "The contract of \(terms.name) is changed."
                )
                if !joinable.isEmpty {
                    let names = joinable.joined(separator: ", ")
                    say(
                        "Внимание: номера билетов получают также \(names): их списки можно "
                            + "сопоставить. Записано в журнал.",
                        "Mind: \(names) also get ticket numbers, so the sets can be joined. Recorded."
                    )
                }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Все партнёры / All partners"
        )
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let partners = try Partners(register).list(by: user)
                if json {
                    for partner in partners { say(PartnerCommand.object(partner)) }
                    return
                }
                printTable(
                    ["партнёр/partner", "название/title", "пакет/package", "строк/rows"],
                    partners.map {
                        [$0.terms.name, $0.terms.title, "\($0.sequence)", "\($0.setCount)"]
                    }
                )
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Партнёр и его пакеты / A partner and its packages"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let partner = try Partners(register).partner(name, by: user)
                let packages = try PartnerPackages(register).list(name, by: user)
                let errors = try PartnerAcknowledgements(register).rowErrors(of: name, by: user)
                let now = Partners(register).now
                if json {
                    say(PartnerCommand.object(partner))
                    for package in packages {
                        var object = PartnerCommand.object(package, now)
                        let own = errors.filter { $0.sequence == package.sequence }
                        object["rowErrors"] = PartnerCommand.list(own.map { ($0.id, $0.code) })
                        say(object)
                    }
                    return
                }
                say(
                    "\(partner.terms.title) («\(name)»): строк у партнёра \(partner.setCount), "
                        + "хеш набора \(Hex.text(partner.setHash))",
                    "Rows the partner holds: \(partner.setCount)"
                )
                printTable(
                    [
                        "пакет/package", "вид/kind", "состояние/state", "строк/rows",
                        "отозвано/revoked", "срок/deadline", "дней без ответа/days", "ошибка/fault",
                    ],
                    packages.suffix(30).map { PartnerCommand.cells($0, now) }
                )
                if partner.mustBase, partner.sequence > 0 {
                    print("  Нужен полный пакет / a base is needed: partner export \(name) --base")
                }
                let shown = packages.suffix(30).map(\.sequence)
                PartnerCommand.show(
                    errors.filter { shown.contains($0.sequence) }.map {
                        ("\(padded($0.sequence, 6)) \($0.id)", $0.code)
                    }
                )
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Выпустить следующий пакет / Make the next package",
            discussion: "Открыть / to open: openssl cms -decrypt -inform DER -in FILE -recip CERT "
                + "-inkey KEY -out package.tar"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Flag(help: "Полный пакет / the whole set") var base = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let made = try PackageMaker(register, partner: name, by: user).export(
                    base ? .base : nil,
                    secrets: try office.signingSecrets()
                )
                PartnerCommand.show(made, json: json, Partners(register).now)
            }
        }
    }

    struct Resend: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resend",
            abstract: "Положить пакет в исходящие ещё раз / Put a package out again"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Argument(help: "Номер пакета / package") var package: Int
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let made = try PackageMaker(register, partner: name, by: user).resend(
                    package,
                    secrets: try office.signingSecrets()
                )
                PartnerCommand.show(made, json: json, Partners(register).now)
            }
        }
    }

    struct Acknowledge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack",
            abstract: "Принять подтверждения партнёра / Take a partner's acknowledgements",
            discussion: "Код 2, если подтверждение не принято или партнёр не взял строки. "
                + "Exit code 2 when one is not taken or names rows the partner could not take."
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Argument(help: "Файлы JSON, рядом подпись .p7s / files with their .p7s") var files:
            [String]
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let partner = try Partners(register).partner(name, by: user)
                var isRefused = false
                for path in files {
                    let file = try PartnerFile(
                        path,
                        signature: nil,
                        of: partner,
                        now: Partners(register).now
                    )
                    let said = try AcknowledgementFile.read(file, of: name)
                    let (answer, isRepeated) = try PartnerAcknowledgements(register).take(
                        said,
                        from: name,
                        bytes: file.bytes,
                        by: user
                    )
                    let faulty = PartnerCommand.known(said, answer)
                    PartnerCommand.show(answer, name, faulty, isRepeated: isRepeated, json: json)
                    if answer.fault != nil || answer.resend != nil || !faulty.isEmpty {
                        isRefused = true
                    }
                }
                if isRefused { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
            }
        }
    }

    struct Deadlines: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "deadlines",
            abstract: "Отзывы, которых партнёр ещё не применил / Revocations not applied yet",
            discussion: "Код 2, если срок прошёл. Exit code 2 when one is late."
        )
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let items = try PartnerDeadlines(register).open(by: user)
                for item in items where json {
                    say([
                        "partner": .text(item.partner),
                        "package": item.package.map(JSONValue.int) ?? .null,
                        "revocations": .int(item.revocations),
                        "deadline": .text(item.deadline.iso), "overdue": .flag(item.isOverdue),
                    ])
                }
                if !json {
                    printTable(
                        [
                            "партнёр/partner", "пакет/package", "отзывов/revocations",
                            "срок/deadline", "",
                        ],
                        items.map {
                            [
                                $0.partner, $0.package.map(String.init) ?? "—", "\($0.revocations)",
                                $0.deadline.russian, $0.isOverdue ? "ПРОСРОЧЕНО/OVERDUE" : "",
                            ]
                        }
                    )
                    for name in Set(items.filter { $0.package == nil }.map(\.partner)).sorted() {
                        print("  — ещё не выгружены / not exported yet: partner export \(name)")
                    }
                }
                if items.contains(where: \.isOverdue) {
                    throw ExitCode(ExitStatus.rowsRefused.rawValue)
                }
            }
        }
    }

    struct Code: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "code",
            abstract: "Одноразовый код, по которому партнёр свяжет участника / A one-time code"
        )
        @Argument(help: "Партнёр / partner") var name: String
        @Argument(help: "ИД АИС, #строка или номер билета / member") var member: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let made = try PartnerCodes(register).create(for: member, partner: name, by: user)
                if json {
                    say(["code": .text(made.code), "expires": .text(made.expiresAt.rfc3339)])
                } else {
                    say(
                        "Код \(made.code) действует до \(made.expiresAt.russian); больше не покажем.",
                        "The code is good until \(made.expiresAt.rfc3339) and is not shown again."
                    )
                }
                try StandardOutput.finish(
                    orElse: Bilingual(
                        "Код потерян; повторите команду: новый заменит его.",
                        "The code is lost; repeat the command: a new one takes its place."
                    )
                )
            }
        }
    }
}

extension PartnerCommand {
    static func check(_ certificate: [UInt8], _ file: String, _ now: Instant) throws {
        do {
            _ = try PackageEnvelope.Certificate(bytes: certificate, path: file, now: now.seconds)
        } catch {
            throw Failure(
                "\(file): сертификат партнёра не X.509 или сейчас не действует.",
                "\(file): the partner's certificate is no X.509 or not valid now."
            )
        }
    }

    static func object(_ partner: Partners.Partner) -> [String: JSONValue] {
        [
            "partner": .text(partner.terms.name), "title": .text(partner.terms.title),
            "recipient": .text(partner.terms.recipient), "sequence": .int(partner.sequence),
            "rows": .int(partner.setCount), "set": .text(Hex.text(partner.setHash)),
            "mustBase": .flag(partner.mustBase),
            "numbers": .flag(partner.terms.columns.contains(.number)),
        ]
    }

    static func object(
        _ package: PartnerPackages.Package,
        _ now: Instant
    ) -> [String: JSONValue] {
        [
            "package": .int(package.sequence), "kind": .text(package.kind.rawValue),
            "state": .text(package.state.rawValue), "created": .text(package.createdAt.rfc3339),
            "active": .int(package.counts[.active] ?? 0),
            "suspended": .int(package.counts[.suspended] ?? 0),
            "revoked": .int(package.counts[.revoked] ?? 0),
            "merged": .int(package.counts[.merged] ?? 0), "rows": .int(package.setCount),
            "set": .text(Hex.text(package.setHash)),
            "manifest": .optional(package.manifest.map { Hex.text($0) }),
            "data": .optional(package.data.map { Hex.text($0) }),
            "deadline": .optional(package.deadline?.iso),
            "days": age(package, now).map(JSONValue.int) ?? .null,
            "fault": .optional(package.fault?.rawValue), "resends": .int(package.resends),
        ]
    }

    /// Days that a package waits for its acknowledgement.
    private static func age(_ package: PartnerPackages.Package, _ now: Instant) -> Int? {
        switch package.state {
        case .sent, .received, .rejected:
            Int((now.seconds - (package.sentAt ?? package.createdAt).seconds) / 86_400)
        case .prepared, .applied, .superseded: nil
        }
    }

    static func cells(_ package: PartnerPackages.Package, _ now: Instant) -> [String] {
        let rows = package.counts.values.reduce(0, +)
        return [
            package.name, package.kind.rawValue, package.state.rawValue, "\(rows)",
            "\(package.counts[.revoked] ?? 0)", package.deadline?.russian ?? "",
            age(package, now).map(String.init) ?? "", package.fault?.rawValue ?? "",
        ]
    }

    static func show(_ made: PackageMaker.Made, json: Bool, _ now: Instant) {
        if json {
            var object = object(made.package, now)
            object["path"] = .text(made.path)
            object["bytes"] = .int(made.bytes)
            object["milliseconds"] = .int(Int(made.seconds * 1000))
            return say(object)
        }
        let package = made.package
        let counts = PartnerStatus.allCases.map { "\($0.rawValue) \(package.counts[$0] ?? 0)" }
        say(
            "Пакет \(package.name) (\(package.kind.rawValue)): \(counts.joined(separator: ", ")); "
                + "у партнёра будет строк \(package.setCount).",
            "Package \(package.name) (\(package.kind.rawValue)), \(package.setCount) rows after it."
        )
        print("  \(made.path)")
    }
}
