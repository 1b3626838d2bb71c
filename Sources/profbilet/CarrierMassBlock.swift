import ArgumentParser
import Registry
import UnionTicket

extension CarrierCommand {
    struct BlockMany: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "block-many",
            abstract:
                "Заблокировать много карт; сверх предела подтверждает второй человек / Block many"
        )
        @Argument(help: "Файл: номер в строке / file, a number a line") var file: String?
        @Option(name: .customLong("as"), help: "Как / how") var block: Block.How = .suspend
        @Option(help: "Основание, без имён / why, without names") var reason: String = ""
        @Flag(help: "Показать, что ждёт подтверждения / show what waits") var waiting = false
        @Option(help: "Задать предел, карт / set the limit, cards") var limit: Int?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            let isBlock = file != nil && !reason.allSatisfy(\.isWhitespace)
            guard waiting || limit != nil || isBlock else {
                throw ValidationError("Нужны файл и --reason.", "A file and --reason are needed.")
            }
        }

        func run() throws {
            try office.work { register, user in
                let many = MassBlock(register)
                if let limit { try many.setLimit(limit, by: user) }
                if waiting {
                    try many.waiting(by: user).forEach { CarrierCommand.show($0, json) }
                }
                guard let file else { return }
                let numbers = try InputFile.text(file).split(whereSeparator: \.isNewline)
                    .map { $0.trimming() }.filter { !$0.isEmpty }
                CarrierCommand.show(
                    try many.ask(block.change, numbers, reason: reason, by: user),
                    json
                )
            }
        }
    }

    struct ConfirmBlock: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirm-block",
            abstract: "Подтвердить блокировку вторым человеком / Confirm a block as a second person"
        )
        @Argument(help: "Номер запроса / number of the request") var id: Int64
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                CarrierCommand.show(try MassBlock(register).confirm(id, by: user), json)
            }
        }
    }

    static func show(_ request: MassBlock.Request, _ json: Bool) {
        if json {
            return say([
                "block": .int(request.id), "user": .text(request.user),
                "change": .text(request.change.rawValue), "cards": .int(request.carriers),
                "doneAt": .optional(request.doneAt?.rfc3339),
            ])
        }
        if request.doneAt != nil {
            say(
                "Заблокировано карт: \(request.carriers) (запрос № \(request.id)).",
                "Cards blocked: \(request.carriers) (request \(request.id))."
            )
        } else {
            say(
                "Запрос № \(request.id) на \(request.carriers) карт ждёт второго человека: "
                    + "profbilet carrier confirm-block \(request.id).",
                "Request \(request.id) for \(request.carriers) cards waits for a second person: "
                    + "profbilet carrier confirm-block \(request.id)."
            )
        }
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        split(separator: " ").joined(separator: " ")
    }
}
