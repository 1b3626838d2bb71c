import ArgumentParser
import Foundation
import Registry
import UnionTicket

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Пользователи / Users",
        subcommands: [
            Add.self, Disable.self, Enable.self, SetRole.self, List.self, ExportKey.self,
        ]
    )

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Добавить человека с ролью и областью / Add a person with role and scope"
        )
        @Argument(help: "Имя / name") var name: String
        @Option(help: "Роль / role") var role: Role
        @Option(help: "RR, RR-TTT, RR-TTT-PPPP; 99 — вся организация / the whole union")
        var scope: OrganisationCode = .centralCouncil
        @Option(help: "Файл с парольной фразой нового человека / file with the new passphrase")
        var newPassphraseFile: String?
        @Option(help: "Запечатанный ключ из другого реестра / sealed key of another register")
        var key: String?
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let passphrase = try Passphrases.read(
                    file: newPassphraseFile,
                    variable: "PROFBILET_NEW_PASSPHRASE",
                    prompt: "Парольная фраза \(name) / Passphrase of \(name): "
                )
                let sealed = try key.map { path in
                    guard let data = FileManager.default.contents(atPath: path) else {
                        throw Failure(
                            .notFound,
                            "Файл \(path) не читается.",
                            "Cannot read \(path)."
                        )
                    }
                    return Array(data)
                }
                try UserDirectory(register).add(
                    name,
                    role: role,
                    scope: scope,
                    passphrase: passphrase,
                    sealedKey: sealed,
                    by: user
                )
                say(
                    "Добавлен \(name): \(role.rawValue), область \(scope).",
                    "Added \(name): \(role.rawValue), scope \(scope)."
                )
                if try !OrganisationTree(register).isKnown(scope) {
                    say(
                        "Внимание: организации \(scope) в реестре нет. Загрузите её "
                            + "(organisation import) или исправьте область (user role).",
                        "Note: organisation \(scope) is not in the register. Load it "
                            + "(organisation import) or correct the scope (user role)."
                    )
                }
            }
        }
    }

    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable",
            abstract: "Отключить учётную запись / Disable an account"
        )
        @Argument var name: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try UserDirectory(register).disable(name, by: user)
                say("Отключён \(name).", "Disabled \(name).")
            }
        }
    }

    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable",
            abstract: "Снять блокировку или отключение / End a lock-out or disablement"
        )
        @Argument var name: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try UserDirectory(register).enable(name, by: user)
                say("Включён \(name).", "Enabled \(name).")
            }
        }
    }

    struct SetRole: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "role",
            abstract: "Сменить роль и область / Change role and scope"
        )
        @Argument var name: String
        @Argument var role: Role
        @Option var scope: OrganisationCode = .centralCouncil
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try UserDirectory(register).setRole(name, role: role, scope: scope, by: user)
                say(
                    "\(name): \(role.rawValue), область \(scope).",
                    "\(name): \(role.rawValue), scope \(scope)."
                )
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Показать / List"
        )
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let accounts = try UserDirectory(register).list(by: user)
                if json {
                    for account in accounts {
                        say([
                            "name": .text(account.name), "role": .text(account.role.rawValue),
                            "scope": .text("\(account.scope)"), "kid": .text(account.kid),
                            "locked": .flag(account.isLocked), "failures": .int(account.failures),
                            "disabledAt": .optional(account.disabledAt?.rfc3339),
                        ])
                    }
                    return
                }
                printTable(
                    ["имя/name", "роль/role", "область/scope", "состояние/state"],
                    accounts.map {
                        [
                            $0.name, $0.role.rawValue, "\($0.scope)",
                            $0.disabledAt != nil
                                ? "отключён/disabled"
                                : $0.isLocked ? "заблокирован/locked" : "действует/active",
                        ]
                    }
                )
            }
        }
    }

    struct ExportKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export-key",
            abstract: "Запечатанный ключ человека для другого реестра / A person's sealed key"
        )
        @Argument var name: String
        @Option var out: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try writeFile(try UserDirectory(register).exportKey(of: name, by: user), to: out)
                say("Записано: \(out).", "Written: \(out).")
            }
        }
    }
}
