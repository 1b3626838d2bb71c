import ArgumentParser
import Foundation
import Registry
import TicketSeal
import UnionTicket

struct TicketCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticket",
        abstract: "Билеты / Tickets",
        subcommands: [Find.self, Issue.self, Payloads.self, Retire.self]
    )

    struct Find: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "find",
            abstract: "Найти по номеру, старому номеру или имени / Find by number or name"
        )
        @Argument(help: "Номер / number") var number: String?
        @Option(help: "Старый номер / legacy number") var legacy: String?
        @Option(help: "Фамилия Имя [Отчество] / name") var name: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard [number, legacy, name].count(where: { $0 != nil }) == 1 else {
                throw ValidationError(
                    "Назовите номер, --legacy НОМЕР или --name \"Фамилия Имя\", одно из трёх.",
                    "Give a number, --legacy NUMBER or --name \"Last First\", one of the three."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let search = TicketSearch(register)
                let hits: [TicketSearch.Hit]
                if let legacy {
                    hits = try search.legacy(legacy, by: user)
                } else if let name {
                    hits = try search.name(name, by: user)
                } else {
                    hits = [try search.number(number ?? "", by: user)]
                }
                guard !hits.isEmpty else {
                    throw Failure(.notFound, "Ничего не найдено.", "Nothing was found.")
                }
                for hit in hits { show(hit) }
            }
        }

        private func show(_ hit: TicketSearch.Hit) {
            if json {
                say([
                    "ticket": .optional(hit.ticket?.filed),
                    "member": hit.member.map(JSONValue.int) ?? .null,
                    "name": .optional(hit.name?.full),
                    "organisation": .optional(hit.organisation.map { "\($0)" }),
                    "carriers": .list(hit.carriers.map { .object(CarrierCommand.object($0)) }),
                ])
                return
            }
            say(
                "Билет: \(hit.ticket?.printed ?? "не выпущен")"
                    + (hit.organisation.map { ", организация \($0)" } ?? ""),
                "Ticket: \(hit.ticket?.printed ?? "not issued")"
                    + (hit.organisation.map { ", organisation \($0)" } ?? "")
            )
            if let name = hit.name { print("  \(name.full)") }
            if !hit.carriers.isEmpty { CarrierCommand.show(hit.carriers, false) }
        }
    }

    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire",
            abstract: "Вывести номер из обращения и дать новый / Replace a misused number",
            discussion: "Когда номером пользуются мошенники: всё под ним теряет силу, заказывается "
                + "карта с новым. For fraud on a number: all under it is void, a card with a new "
                + "one is ordered."
        )
        @Argument(help: "Номер / number") var number: String
        @Option(help: "Почему, без имён / why, no names") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                let report = try NumberRetirement(register).retire(
                    number,
                    reason: reason,
                    by: user
                )
                say(
                    "Номер \(report.ticket.printed) выведен из обращения, прекращено носителей: "
                        + "\(report.carriers). Опубликуйте списки: profbilet status publish.",
                    "The number \(report.ticket.printed) is out of use, carriers ended: "
                        + "\(report.carriers). Publish the lists: profbilet status publish."
                )
                if let order = report.order {
                    say(
                        "Карту с новым номером даст заявка \(order).",
                        "The order \(order) brings a card with a new number."
                    )
                } else if let refusal = report.refusal {
                    say(
                        "Карта не заказана: \(refusal.russian).",
                        "No card is ordered: \(refusal.english)."
                    )
                }
            }
        }
    }

    struct Issue: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "issue",
            abstract: "Дать номера и подписи одобренным заявкам / Number and sign approved orders",
            discussion: "Срок и адрес стоят на пластике годами: изменить их нельзя. "
                + "Validity and URL stand on plastic for years and cannot be changed."
        )
        @Option(help: "Действительны до, дд.мм.гггг / valid until") var validUntil: String
        @Option(help: "Адрес перед цифрами, например HTTPS://EPB.EXAMPLE.RU/C/ / URL prefix")
        var url: String
        @Option(help: "Только эта организация / this organisation only")
        var organisation: OrganisationCode?
        @Option(help: "Не более карт / at most so many") var limit = 1_000_000
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                guard let date = TimeArgument.date(validUntil) else {
                    throw Failure(
                        "--valid-until: нужна дата дд.мм.гггг.",
                        "--valid-until: a date dd.mm.yyyy is needed."
                    )
                }
                let terms = TicketIssuance.Terms(
                    expiresAt: Instant(endOf: date),
                    urlPrefix: url,
                    organisation: organisation,
                    limit: limit
                )
                let bar = ProgressBar("билетов / tickets", json: false)
                let report = try TicketIssuance(register).issue(
                    terms,
                    secrets: try office.signingSecrets(),
                    by: user
                ) { bar.show($0, of: $1) }
                bar.end()
                if json {
                    say([
                        "issuance": .int(report.sequence), "cards": .int(report.cards),
                        "skipped": .list(report.skipped.map(JSONValue.int)),
                        "folder": .text(report.folder),
                    ])
                } else {
                    say(
                        "Выпуск \(report.sequence): билетов \(report.cards), пропущено заявок "
                            + "\(report.skipped.count). Манифест: \(report.folder)",
                        "Issuance \(report.sequence): tickets \(report.cards), orders passed over "
                            + "\(report.skipped.count). Manifest: \(report.folder)"
                    )
                    if !report.skipped.isEmpty {
                        let orders = report.skipped.prefix(20).map { "\($0)" }
                            .joined(separator: ", ")
                        say(
                            "Пропущены: член выбыл или его карта уже изготавливается: \(orders).",
                            "Passed over: the member left or has a card in production: \(orders)."
                        )
                    }
                }
            }
        }
    }

    struct Payloads: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "payloads",
            abstract: "Подписанные тексты QR одного выпуска, JSON Lines / An issuance's payloads"
        )
        @Argument(help: "Номер выпуска / issuance") var issuance: Int64
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try IssuanceManifest(register).payloads(issuance, by: user) { payload in
                    say([
                        "id": .text(payload.carrier.digits), "text": .text(payload.text),
                        "hex": .text(Hex.text(payload.bytes)),
                    ])
                }
            }
        }
    }
}
