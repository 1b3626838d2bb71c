import ArgumentParser
import CardProduction
import Foundation
import Registry
import UnionTicket

struct ParcelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parcel",
        abstract: "Посылки с картами: в пути, в регионе, в первичной / Parcels of cards",
        subcommands: [Receive.self, List.self, Show.self, Sheet.self, Lost.self]
    )

    struct Receive: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "receive",
            abstract: "Отметить посылки полученными; скан с накладной / Account for parcels"
        )
        @Argument(help: "Посылки ПАРТИЯ/НОМЕР / parcels BATCH/NUMBER") var parcels: [String] = []
        @Option(help: "Вся партия: номер; вместе с --all / a whole batch") var batch: Int64?
        @Flag(help: "Все посылки партии в вашей области / all of the batch in your scope")
        var all = false
        @Option(help: "Где: region или primary / where") var at: ParcelDesk.Place
        @Option(help: "Сколько карт насчитано / cards counted") var count: Int?
        @Option(help: "Недостающая карта; можно несколько / missing cards")
        var missing: [String] = []
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard parcels.isEmpty != (batch == nil), all == (batch != nil) else {
                throw ValidationError(
                    "Назовите посылки ПАРТИЯ/НОМЕР или --batch N --all.",
                    "Name parcels BATCH/NUMBER, or --batch N --all."
                )
            }
        }

        func run() throws {
            let selection: ParcelDesk.Selection =
                if let batch {
                    .all(batch: batch)
                } else {
                    .some(try parcels.map(ParcelCommand.reference))
                }
            try office.work { register, user in
                let outcome = try ParcelDesk(register).receive(
                    selection,
                    ParcelDesk.Count(at, cards: count, missing: missing),
                    by: user
                )
                if json {
                    return say([
                        "parcels": .int(outcome.parcels), "known": .int(outcome.known),
                        "cards": .int(outcome.cards), "activated": .int(outcome.activated),
                        "lost": .int(outcome.lost),
                    ])
                }
                say(
                    "Принято посылок \(outcome.parcels), карт \(outcome.cards); принято раньше "
                        + "\(outcome.known). Введено в действие \(outcome.activated), утрачено "
                        + "\(outcome.lost).",
                    "Parcels received \(outcome.parcels), cards \(outcome.cards); before "
                        + "\(outcome.known). Came into force \(outcome.activated), lost "
                        + "\(outcome.lost)."
                )
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Посылки вашей области / The parcels of your scope"
        )
        @Option(help: "Партия / batch") var batch: Int64?
        @Option(help: "Состояние / state") var state: ParcelState?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let parcels = try ParcelDesk(register).list(batch: batch, state: state, by: user)
                if json {
                    for parcel in parcels { say(ParcelCommand.object(parcel)) }
                    return
                }
                printTable(
                    [
                        "посылка/parcel", "организация/organisation", "мест/places",
                        "состояние/state", "отправлена/shipped", "первичная/primary",
                    ],
                    parcels.map {
                        [
                            $0.name, "\($0.organisation)", "\($0.places.count)", $0.state.rawValue,
                            $0.shippedAt?.moscowDate.russian ?? "",
                            $0.primaryAt?.moscowDate.russian ?? "",
                        ]
                    }
                )
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Что в посылках партии: отправлено, получено, выдано / What is in parcels"
        )
        @Argument(help: "Партия / batch") var batch: Int64
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let contents = try ParcelDesk(register).contents(of: batch, by: user)
                if json {
                    for entry in contents {
                        var object = ParcelCommand.object(entry.parcel)
                        object["shipped"] = .int(entry.shipped)
                        object["arrived"] = .int(entry.arrived)
                        object["handedOut"] = .int(entry.handedOut)
                        say(object)
                    }
                    return
                }
                printTable(
                    [
                        "посылка/parcel", "организация/organisation", "состояние/state",
                        "отправлено/shipped", "получено/arrived", "выдано/handed out",
                    ],
                    contents.map {
                        [
                            $0.parcel.name, "\($0.parcel.organisation) \($0.name)",
                            $0.parcel.state.rawValue, "\($0.shipped)", "\($0.arrived)",
                            "\($0.handedOut)",
                        ]
                    }
                )
            }
        }
    }

    struct Sheet: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sheet",
            abstract: "Ведомость выдачи по посылке, PDF: кто ещё ждёт карту / The hand-out list"
        )
        @Argument(help: "ПАРТИЯ/НОМЕР / BATCH/NUMBER") var parcel: String
        @Option(help: "Файл / file") var out: String
        @OptionGroup var office: Office

        func run() throws {
            let (batch, number) = try ParcelCommand.reference(parcel)
            try office.work { register, user in
                _ = try AcceptanceOffice(register).handOutList(
                    batch,
                    number,
                    to: out,
                    by: user
                )
                say("Ведомость: \(out)", "Hand-out list: \(out)")
            }
        }
    }

    struct Lost: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lost",
            abstract: "Посылка пропала в пути: все её карты блокируются / A parcel was lost"
        )
        @Argument(help: "ПАРТИЯ/НОМЕР / BATCH/NUMBER") var parcel: String
        @Flag(help: "Похищена / stolen") var stolen = false
        @Option(help: "Основание / why") var reason: String
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            let (batch, number) = try ParcelCommand.reference(parcel)
            try office.work { register, user in
                let cards = try ParcelDesk(register).lose(
                    batch,
                    number,
                    isStolen: stolen,
                    reason: reason,
                    by: user
                )
                say("Заблокировано карт: \(cards).", "Cards blocked: \(cards).")
            }
        }
    }

    /// `1/17` or `000001/17`.
    static func reference(_ text: String) throws -> (batch: Int64, number: Int) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let batch = Int64(parts[0]), let number = Int(parts[1]), batch > 0,
            number > 0
        else {
            throw Failure(
                "«\(text)» — не посылка: нужно ПАРТИЯ/НОМЕР, например 1/17.",
                "\(text) is no parcel: BATCH/NUMBER is needed, for example 1/17."
            )
        }
        return (batch, number)
    }

    private static func object(_ parcel: ParcelDesk.Parcel) -> [String: JSONValue] {
        [
            "parcel": .text(parcel.name), "organisation": .text("\(parcel.organisation)"),
            "places": .int(parcel.places.count), "state": .text(parcel.state.rawValue),
            "shippedAt": .optional(parcel.shippedAt?.rfc3339),
            "regionAt": .optional(parcel.regionAt?.rfc3339),
            "primaryAt": .optional(parcel.primaryAt?.rfc3339),
        ]
    }
}
