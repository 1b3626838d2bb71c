import ArgumentParser
import Foundation
import Registry
import UnionTicket

/// `profbilet code`: activation codes of virtual tickets, for operators.
struct CodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Коды активации виртуальных билетов / Activation codes of virtual tickets",
        subcommands: [Create.self, List.self, Revoke.self, Terms.self]
    )

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Создать коды для печати / Make codes to be printed",
            discussion: "Код показывается один раз; новый заменяет прежний. "
                + "A code is shown once; a new one takes the old one's place."
        )
        @Argument(help: "ИД АИС, #строка или номер билета / members") var members: [String] = []
        @Option(help: "Все члены этой организации / everybody of this organisation")
        var organisation: OrganisationCode?
        @Option(help: "Записать CSV для печати / write a CSV to be printed") var csv: String?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard members.isEmpty != (organisation == nil) else {
                throw ValidationError(
                    "Назовите членов Профсоюза или --organisation RR.",
                    "Name members, or --organisation RR."
                )
            }
        }

        func run() throws {
            try OutputFile.require(csv)
            let sheet = csv.map(WaitingFile.init)
            let outcome: ActivationCodes.Outcome
            do { outcome = try make(sheet) } catch {
                sheet?.discard()
                throw error
            }
            if let csv {
                try sheet?.keep()
                say(
                    "Кодов: \(outcome.made.count), файл \(csv). После раздачи удалите его.",
                    "Codes: \(outcome.made.count), file \(csv). Delete it after handing them out."
                )
            } else {
                for made in outcome.made { show(made) }
                try StandardOutput.finish(
                    orElse: Bilingual(
                        "Коды потеряны; повторите команду: новые заменят их.",
                        "The codes are lost; repeat the command: new ones take their place."
                    )
                )
            }
            for (subject, reason) in outcome.refused {
                say("\(subject): \(reason.russian)", "\(subject): \(reason.english)")
            }
            if !outcome.refused.isEmpty { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }

        /// Makes the codes; those before them are revoked only when the new ones lie on the disk.
        private func make(_ sheet: WaitingFile?) throws -> ActivationCodes.Outcome {
            try office.work { register, user in
                try register.together {
                    let outcome = try ActivationCodes(register).create(
                        organisation.map(ActivationCodes.Selection.organisation)
                            ?? .members(members),
                        by: user
                    )
                    try sheet?.write(Array(ActivationCodes.csv(outcome.made).utf8))
                    return outcome
                }
            }
        }

        private func show(_ made: ActivationCodes.Made) {
            if json {
                say([
                    "member": .optional(made.aisId), "ticket": .text(made.ticket.filed),
                    "code": .text(made.code.printed), "expiresAt": .text(made.expiresAt.rfc3339),
                ])
                return
            }
            say(
                "Билет \(made.ticket.printed): код \(made.code.printed), до "
                    + made.expiresAt.russian,
                "Ticket \(made.ticket.printed): code \(made.code.printed), until "
                    + made.expiresAt.rfc3339
            )
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Коды члена или открытые коды организации / Codes of a member or organisation"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / member") var member: String?
        @Option(help: "Организация / organisation") var organisation: OrganisationCode?
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard (member == nil) != (organisation == nil) else {
                throw ValidationError(
                    "Назовите члена Профсоюза или --organisation RR.",
                    "Name a member, or --organisation RR."
                )
            }
        }

        func run() throws {
            try office.work { register, user in
                let codes = try ActivationCodes(register).list(
                    organisation.map(ActivationCodes.Selection.organisation)
                        ?? .members([member ?? ""]),
                    by: user
                )
                if json {
                    for code in codes {
                        say([
                            "id": .int(code.id), "member": .int(code.member),
                            "channel": .text(code.channel.rawValue), "state": .text(code.state),
                            "createdAt": .text(code.createdAt.rfc3339),
                            "expiresAt": .text(code.expiresAt.rfc3339),
                        ])
                    }
                    return
                }
                printTable(
                    ["билет/ticket", "как/how", "состояние/state", "создан/made", "до/until"],
                    codes.map {
                        [
                            $0.ticket?.printed ?? "#\($0.member)", $0.channel.rawValue, $0.state,
                            $0.createdAt.russian, $0.expiresAt.russian,
                        ]
                    }
                )
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Отозвать открытые коды / Revoke open codes"
        )
        @Argument(help: "ИД АИС, #строка или номер билета / member") var member: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let count = try ActivationCodes(register).revoke(member, by: user)
                say("Отозвано кодов: \(count).", "Codes revoked: \(count).")
            }
        }
    }

    struct Terms: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "terms",
            abstract: "Настройки виртуальных билетов / Settings of virtual tickets"
        )
        @Option(help: "ИМЯ=ЧИСЛО, например devices=2 / NAME=NUMBER") var set: [String] = []
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let changes = try set.map { pair in
                    let parts = pair.split(separator: "=")
                    guard parts.count == 2, let value = Int(parts[1]) else {
                        throw Failure("--set: нужно ИМЯ=ЧИСЛО.", "--set needs NAME=NUMBER.")
                    }
                    return (name: String(parts[0]), value: value)
                }
                if !changes.isEmpty { try VirtualTerms.set(changes, in: register, by: user) }
                printTable(
                    ["настройка/setting", "значение/value"],
                    try VirtualTerms.current(of: register).values.map { [$0.name, "\($0.value)"] }
                )
            }
        }
    }
}
