import ArgumentParser
import Registry
import UnionTicket

struct CarrierCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carrier",
        abstract: "Носители билета / Carriers of tickets",
        discussion: "Носитель: номер билета (все носители), номер носителя, список/место, "
            + "L:старый номер или #строка. A carrier: ticket number (all of them), carrier number, "
            + "list/slot, L:legacy number, or #row.",
        subcommands: [
            Show.self, Block.self, Unblock.self, Replace.self, History.self, BlockMany.self,
            ConfirmBlock.self,
        ]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Показать / Show"
        )
        @Argument var carrier: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                CarrierCommand.show(try CarrierFile(register).show(carrier, by: user), json)
            }
        }
    }

    struct Block: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "block",
            abstract: "Заблокировать: suspend, lost, stolen, withdraw / Block"
        )
        /// What `--as` names; activation has a command of its own.
        enum How: String, ExpressibleByArgument, CaseIterable {
            case suspend, lost, stolen, withdraw

            var change: CarrierFile.Change {
                switch self {
                case .suspend: .suspend
                case .lost: .lost
                case .stolen: .stolen
                case .withdraw: .withdraw
                }
            }
        }

        @Argument var carrier: String
        @Option(name: .customLong("as"), help: "Как / how") var block: Block.How = .suspend
        @Option(help: "Основание / why") var reason: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                CarrierCommand.show(
                    try CarrierFile(register).apply(
                        block.change,
                        to: carrier,
                        reason: reason,
                        by: user
                    ),
                    json
                )
            }
        }
    }

    struct Unblock: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unblock",
            abstract: "Снять приостановку или активировать / End a suspension, or activate"
        )
        @Argument var carrier: String
        @Option(help: "Основание / why") var reason: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws { try requireReason(reason) }

        func run() throws {
            try office.work { register, user in
                CarrierCommand.show(
                    try CarrierFile(register).apply(
                        .unblock,
                        to: carrier,
                        reason: reason,
                        by: user
                    ),
                    json
                )
            }
        }
    }

    struct Replace: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replace",
            abstract: "Заказать замену / Order a replacement"
        )
        @Argument var carrier: String
        @Option(help: "lost, stolen, damaged, defect, renamed") var reason: OrderReason
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let order = try CarrierFile(register).replace(carrier, reason: reason, by: user)
                say("Заявка на замену: \(order).", "Order of the replacement: \(order).")
            }
        }
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history",
            abstract: "История / History"
        )
        @Argument var carrier: String
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                for (carrier, events) in try CarrierFile(register).history(carrier, by: user) {
                    if !json { print("#\(carrier.id) \(CarrierCommand.name(carrier))") }
                    if json {
                        for event in events {
                            say([
                                "id": .int(carrier.id),
                                "carrier": .text(CarrierCommand.name(carrier)),
                                "at": .text(event.at.rfc3339), "user": .text(event.user),
                                "from": .text(event.from), "to": .text(event.to),
                                "reason": .text(event.reason),
                            ])
                        }
                    } else {
                        printTable(
                            ["когда/at", "кто/who", "из/from", "в/to", "почему/why"],
                            events.map { [$0.at.russian, $0.user, $0.from, $0.to, $0.reason] }
                        )
                    }
                }
            }
        }
    }

    static func name(_ carrier: CarrierFile.Carrier) -> String {
        if let number = carrier.number { return "\(number.ticket.printed) / \(number.issue)" }
        return "L:\(carrier.legacyNumber ?? "")"
    }

    static func object(_ carrier: CarrierFile.Carrier) -> [String: JSONValue] {
        [
            "id": .int(carrier.id), "member": carrier.member.map(JSONValue.int) ?? .null,
            "kind": .text(carrier.kind.rawValue),
            "carrier": .optional(carrier.number.map { "\($0.digits)" }),
            "ticket": .optional(carrier.number?.ticket.filed),
            "legacyNumber": .optional(carrier.legacyNumber),
            "legacyIssuer": .optional(carrier.legacyIssuer),
            "state": .text(carrier.state.rawValue),
            "list": carrier.coordinate.map { .int($0.list) } ?? .null,
            "index": carrier.coordinate.map { .int($0.index) } ?? .null,
            "expires": .optional(carrier.expiresAt?.rfc3339),
        ]
    }

    static func show(_ carriers: [CarrierFile.Carrier], _ json: Bool) {
        if json {
            for carrier in carriers { say(object(carrier)) }
            return
        }
        // Only cards of the old scheme were issued by others.
        let hasIssuers = carriers.contains { $0.legacyIssuer != nil }
        printTable(
            [
                "№", "носитель/carrier", "вид/kind", "состояние/state", "статус/status",
                "действует до/expires", "член/member",
            ] + (hasIssuers ? ["кем выдан/issuer"] : []),
            carriers.map { carrier in
                [
                    "#\(carrier.id)", name(carrier), carrier.kind.rawValue, carrier.state.rawValue,
                    carrier.coordinate.map { "\($0.list)/\($0.index)" } ?? "",
                    carrier.expiresAt?.moscowDate.russian ?? "",
                    carrier.member.map { "#\($0)" } ?? "",
                ] + (hasIssuers ? [carrier.legacyIssuer ?? ""] : [])
            }
        )
    }
}
