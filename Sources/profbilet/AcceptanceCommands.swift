import ArgumentParser
import CardProduction
import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

// From the manufacturer's report to the closed batch (docs/delivery.md).
extension BatchCommand {
    struct Accept: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept",
            abstract:
                "Принять отчёт изготовителя и сверить его до последней карты / Take a report in",
            discussion: "Отчёт целиком заменяет прежние: не названная карта считается недостающей; "
                + "--supplement дополняет. Тот же файл ничего не меняет. "
                + "A report replaces earlier ones; --supplement adds to them."
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Отчёт CSV или XLSX / the report") var report: String
        @Option(help: "Другой профиль изготовителя / another manufacturer profile")
        var profile: String?
        @Option(help: "Кодировка отчёта / encoding") var encoding: TextEncoding?
        @Flag(help: "Дополнение к прежним отчётам / adds to earlier reports")
        var supplement = false
        @Flag(help: "Вернуть в силу отчёт, принятый раньше других / into force again")
        var again = false
        @Option(help: "Изготовлено по письму завода / made, says the covering letter")
        var produced: Int?
        @Option(help: "Брака по письму завода / spoiled, says the covering letter")
        var spoiled: Int?
        @Option(help: "Куда записать акт приёмки, PDF / act of acceptance") var act: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try OutputFile.require(act, apartFrom: [report, profile])
            try office.work { register, user in
                let desk = AcceptanceOffice(register)
                let outcome = try MarkedError.reading(report, encoding) {
                    try desk.accept(
                        id,
                        AcceptanceOffice.Order(
                            path: report,
                            profile: profile,
                            encoding: encoding,
                            isSupplement: supplement,
                            isAgain: again,
                            expected: .init(produced: produced, spoiled: spoiled)
                        ),
                        by: user
                    )
                }
                if let act { _ = try desk.act(id, to: act, by: user) }
                BatchCommand.show(outcome, id, json)
            }
        }
    }

    struct Act: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "act",
            abstract: "Акт приёмки партии, PDF / The act of acceptance"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Файл / file") var out: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                _ = try AcceptanceOffice(register).act(id, to: out, by: user)
                say("Акт приёмки: \(out)", "Act of acceptance: \(out)")
            }
        }
    }

    struct Settle: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "settle",
            abstract: "Урегулировать расхождения документом / Settle differences by a document"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Номер расхождения; можно несколько / differences") var difference: [Int64]
        @Option(help: "Документ: акт, письмо / the document") var document: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try BatchClosing(register).settle(id, difference, by: document, user: user)
                say(
                    "Расхождений урегулировано: \(difference.count).",
                    "Differences settled: \(difference.count)."
                )
            }
        }
    }

    struct WriteOff: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "write-off",
            abstract:
                "Списать недостающие карты: отозвать и заказать заново / Write missing cards off"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Основание / why") var reason: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                let done = try BatchClosing(register).writeOffMissing(
                    id,
                    reason: reason,
                    by: user
                )
                if json {
                    return say(["cards": .int(done.cards), "orders": .int(done.orders.count)])
                }
                say(
                    "Списано карт \(done.cards), заказано заново \(done.orders.count).",
                    "Written off \(done.cards) cards, ordered anew \(done.orders.count)."
                )
            }
        }
    }

    struct Ship: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ship",
            abstract: "Отгрузить изготовленное; можно повторять / Ship what is made"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Куда записать накладные, PDF / waybills") var waybills: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try OutputFile.require(waybills)
            try office.work { register, user in
                let desk = ParcelDesk(register)
                // The papers of what was shipped before can be had again.
                let isPapersOnly = try waybills != nil && desk.isShipped(id)
                let cards = isPapersOnly ? 0 : try desk.ship(id, by: user)
                if let waybills {
                    _ = try AcceptanceOffice(register).waybills(id, to: waybills, by: user)
                }
                if json { return say(["batch": .int(id), "cards": .int(cards)]) }
                say("Отгружено карт: \(cards).", "Cards shipped: \(cards).")
            }
        }
    }

    struct Close: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close",
            abstract: "Закрыть партию: расхождений нет, данные уничтожены / Close a batch"
        )
        @Argument(help: "Номер партии / batch") var id: Int64
        @Option(help: "Акт завода об уничтожении данных, скан / the plant's act of destruction")
        var destructionAct: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let hash = try AcceptanceOffice(register).hash(ofAct: destructionAct, for: id)
                let files = try BatchClosing(register).close(id, destructionAct: hash, by: user)
                say(
                    "Партия \(id) закрыта; SHA-256 акта \(Hex.text(hash)). Файлов с персональными "
                        + "данными удалено: \(files).",
                    "Batch \(id) is closed; SHA-256 of the act \(Hex.text(hash)). Files with personal "
                        + "data removed: \(files)."
                )
                guard try PrintFiles(register).keepsLists(id) else { return }
                say(
                    "Ведомости остаются, пока выданы не все карты; потом их удалит profbilet "
                        + "retention run.",
                    "Hand-out lists stay until all cards are handed out; then profbilet retention run "
                        + "removes them."
                )
            }
        }
    }

    private static func show(_ outcome: BatchAcceptance.Outcome, _ id: Int64, _ json: Bool) {
        let (revision, standing) = (outcome.revision, outcome.standing)
        if json {
            var object = object(standing)
            object["batch"] = .int(id)
            object["revision"] = .int(revision.number)
            object["repeated"] = .flag(outcome.isRepeated)
            object["latestRevision"] = .int(outcome.latest)
            object["rows"] = .int(revision.rows)
            object["reissued"] = .int(outcome.remade.count)
            return say(object)
        }
        if outcome.isRepeated, outcome.latest != revision.number {
            say(
                "Этот файл уже принят (ред. \(revision.number)), но последним принят другой (ред. "
                    + "\(outcome.latest)): ничего не изменено. Чтобы вернуть его в силу: --again.",
                "This file was taken in already (revision \(revision.number)), and another one since "
                    + "(revision \(outcome.latest)): nothing was changed. To have it in force again: "
                    + "--again."
            )
        } else if outcome.isRepeated {
            say(
                "Этот файл уже принят (ред. \(revision.number)): ничего не изменено.",
                "This file was taken in already (revision \(revision.number)): nothing was changed."
            )
        } else {
            say(
                "Отчёт принят, ред. \(revision.number): строк \(revision.rows), изготовлено "
                    + "\(revision.produced), брак \(revision.spoiled), лишних \(revision.surplus), "
                    + "неизвестных \(revision.unknown), повторов \(revision.duplicate).",
                "Report taken in, revision \(revision.number): rows \(revision.rows), made "
                    + "\(revision.produced), spoiled \(revision.spoiled), surplus \(revision.surplus), "
                    + "unknown \(revision.unknown), duplicate \(revision.duplicate)."
            )
            if !outcome.remade.isEmpty {
                say(
                    "Взамен брака заказано карт: \(outcome.remade.count) (номер прежний, экземпляр "
                        + "следующий).",
                    "Ordered in place of spoiled cards: \(outcome.remade.count) (same number, next "
                        + "issue)."
                )
            }
        }
        show(standing)
    }

    /// Prints how a batch stands and what is open.
    static func show(_ standing: BatchStanding) {
        print("  изготовлено/produced \(standing.produced), брак/spoiled \(standing.spoiled)")
        print(
            "  не хватает/missing \(standing.missingCount), на заводе/at the plant "
                + "\(standing.unshipped), выдано/handed out \(standing.handedOut)"
        )
        if standing.writtenOff + standing.withdrawn > 0 {
            print(
                "  списано/written off \(standing.writtenOff), отозвано до изготовления/withdrawn "
                    + "\(standing.withdrawn)"
            )
        }
        for run in standing.missing.prefix(20) {
            let places =
                run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)–\(run.upperBound)"
            print("    № \(places): нет/missing")
        }
        for found in standing.differences.prefix(50) {
            let place = found.sequence.map { "№ \($0)" } ?? "—"
            print(
                "    [\(found.id)] \(place): \(DeliveryWords.difference(found.kind)) "
                    + "(\(found.kind.rawValue)), ред./rev. \(found.revision), строка/line "
                    + "\(found.line): \(described(found))"
            )
        }
        if standing.differences.count > 50 { print("    … \(standing.differences.count)") }
        if !standing.settled.isEmpty {
            print("  урегулировано документами/settled by documents \(standing.settled.count)")
        }
        if standing.isOpen {
            say("Закрыть партию пока нельзя.", "The batch cannot be closed yet.")
        }
    }

    /// What differs: Russian, and the words of report and register where they are others.
    private static func described(_ found: BatchStanding.Difference) -> String {
        let russian = DeliveryWords.detail(found)
        return russian == found.detail ? russian : "\(russian) (\(found.detail))"
    }

    static func object(_ standing: BatchStanding) -> [String: JSONValue] {
        [
            "state": .text(standing.state.rawValue), "cards": .int(standing.cards),
            "produced": .int(standing.produced), "spoiled": .int(standing.spoiled),
            "missing": .int(standing.missingCount), "unshipped": .int(standing.unshipped),
            "withdrawn": .int(standing.withdrawn), "handedOut": .int(standing.handedOut),
            "writtenOff": .int(standing.writtenOff), "settled": .int(standing.settled.count),
            "open": .flag(standing.isOpen),
            "differences": .list(
                standing.differences.prefix(1_000).map {
                    .object([
                        "id": .int($0.id), "kind": .text($0.kind.rawValue),
                        "sequence": $0.sequence.map { .int($0) } ?? .null, "line": .int($0.line),
                        "revision": .int($0.revision), "detail": .text($0.detail),
                    ])
                }
            ),
        ]
    }
}
