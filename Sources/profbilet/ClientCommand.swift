import ArgumentParser
import Registry
import TicketSeal
import UnionTicket

/// `profbilet client`: programs that may call the service.
struct ClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Клиенты API и их ключи / API clients and their keys",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self, Confirm.self]
    )

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Создать клиента; ключ показывается один раз / Make a client"
        )
        @Argument(help: "Имя / name") var name: String
        @Option(help: "Роль / role") var role: ClientRole
        @Option(help: "RR, RR-TTT, RR-TTT-PPPP; 99 — вся организация / the whole union")
        var scope: OrganisationCode = .centralCouncil
        @Option(name: .customLong("for"), help: "Чей клиент: код партнёра / whose: partner's code")
        var speaksFor = ""
        @Option(help: "SHA-256 сертификата, hex / SHA-256 of its certificate, hexadecimal")
        var certificate: String?
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let draft = APIClients.Draft(
                    name: name,
                    role: role,
                    scope: scope,
                    speaksFor: speaksFor,
                    certificate: try certificate.map(Self.fingerprint)
                )
                let key = try APIClients(register).create(draft, by: user)
                try ClientCommand.show(key, of: name, json: json)
            }
        }

        private static func fingerprint(_ text: String) throws -> [UInt8] {
            guard let bytes = Hex.bytes(text.filter { $0 != ":" }.lowercased()), bytes.count == 32
            else {
                throw Failure(
                    "--certificate: нужны 64 шестнадцатеричных знака SHA-256.",
                    "--certificate needs 64 hexadecimal digits of SHA-256."
                )
            }
            return bytes
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Показать / List"
        )
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                let clients = try APIClients(register).list(by: user)
                if json {
                    for listed in clients { say(Self.object(listed)) }
                    return
                }
                printTable(
                    ["имя/name", "роль/role", "область/scope", "ключи/keys", "состояние/state"],
                    clients.map { listed in
                        [
                            listed.client.name, listed.client.role.rawValue,
                            "\(listed.client.scope)",
                            listed.keys.map(\.id).joined(separator: " "),
                            Self.state(of: listed),
                        ]
                    }
                )
            }
        }

        private static func state(of listed: APIClients.Listed) -> String {
            if listed.revokedAt != nil { return "отозван/revoked" }
            return listed.isUnconfirmed
                ? "ждёт подтверждения/unconfirmed" : "действует/active"
        }

        private static func object(_ listed: APIClients.Listed) -> [String: JSONValue] {
            [
                "name": .text(listed.client.name), "role": .text(listed.client.role.rawValue),
                "scope": .text("\(listed.client.scope)"), "for": .text(listed.client.speaksFor),
                "revokedAt": .optional(listed.revokedAt?.rfc3339),
                "unconfirmed": .flag(listed.isUnconfirmed),
                "keys": .list(
                    listed.keys.map {
                        .object([
                            "id": .text($0.id), "createdAt": .text($0.createdAt.rfc3339),
                            "endsAt": .optional($0.endsAt?.rfc3339),
                        ])
                    }
                ),
            ]
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Новый ключ; прежний действует ещё немного / A new key; the old one lingers"
        )
        @Argument(help: "Имя / name") var name: String
        @Option(help: "Сколько часов действует прежний ключ / hours the old key stays good")
        var overlap = 24
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func run() throws {
            guard (0...24 * 90).contains(overlap) else {
                throw Failure(
                    "--overlap: от 0 до \(24 * 90) часов (90 суток).",
                    "--overlap takes 0 to \(24 * 90) hours (90 days)."
                )
            }
            try office.work { register, user in
                let key = try APIClients(register).rotate(
                    name,
                    overlap: Int64(overlap) * 3600,
                    by: user
                )
                try ClientCommand.show(key, of: name, json: json)
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Отозвать навсегда, сразу / Revoke for good, at once"
        )
        @Argument(help: "Имя / name") var name: String
        @OptionGroup var office: Office

        func run() throws {
            try office.work { register, user in
                try APIClients(register).revoke(name, by: user)
                say("Клиент «\(name)» отозван.", "Client \(name) is revoked.")
            }
        }
    }

    struct Confirm: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "confirm",
            abstract: "Впустить снова после восстановления / Let in again after a restore",
            discussion: """
                Действуют ключи, какими они были в копии: отозванного с тех пор — client revoke, со \
                сменённым ключом — client rotate --overlap 0.
                Keys are those of the backup: revoke who was revoked since, rotate who had a new key.
                """
        )
        @Argument(help: "Имена / names") var names: [String] = []
        @Flag(help: "Всех, кто ждёт / all that wait") var all = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var office: Office

        func validate() throws {
            guard all != names.isEmpty else { return }
            throw ValidationError(
                "Назовите клиентов или --all.",
                "Name clients, or say --all."
            )
        }

        func run() throws {
            try office.work { register, user in
                let confirmed = try APIClients(register).confirm(all ? nil : names, by: user)
                if json {
                    say(["confirmed": .list(confirmed.map(JSONValue.text))])
                    return
                }
                let list = confirmed.isEmpty ? "–" : confirmed.joined(separator: ", ")
                say("Подтверждены: \(list).", "Confirmed: \(list).")
            }
        }
    }

    private static func show(_ key: String, of name: String, json: Bool) throws {
        if json {
            say(["name": .text(name), "key": .text(key)])
        } else {
            say(
                "Ключ клиента «\(name)» (больше не показывается):",
                "Key of the client \(name) (it is not shown again):"
            )
            print("  " + key)
        }
        try StandardOutput.finish(
            orElse: Bilingual(
                "Ключ потерян; новый: profbilet client rotate \(name) --overlap 0",
                "The key is lost; a new one: profbilet client rotate \(name) --overlap 0"
            )
        )
    }
}
