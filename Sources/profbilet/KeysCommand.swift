import ArgumentParser
import Foundation
import Registry
import TicketSeal
import UnionTicket

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Ключи подписи / Signing keys",
        subcommands: [List.self, Rotate.self, Retire.self, Revoke.self, Export.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Показать ключи / List the keys"
        )
        @OptionGroup var office: Office
        @Flag(help: "JSON") var json = false

        func run() throws {
            try office.work { register, user in
                let keys = try KeyRing(register).list(by: user)
                if json {
                    for key in keys { say(KeysCommand.object(key)) }
                    return
                }
                printTable(
                    [
                        "ключ/kid", "назначение/purpose", "состояние/state", "создан/created",
                        "подписывает до/signs until", "хранится/kept in",
                    ],
                    keys.map {
                        [
                            $0.kid, $0.purpose.rawValue, $0.state.rawValue,
                            $0.createdAt.moscowDate.russian,
                            $0.longestExpiry?.moscowDate.russian ?? "",
                            $0.token.map { "PKCS#11: \($0)" } ?? "файл/file",
                        ]
                    }
                )
            }
        }
    }

    /// Who confirms a ceremony.
    struct SecondPerson: ParsableArguments {
        @Option(help: "Второй администратор, если он есть / the second administrator, if any")
        var secondUser: String?
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Сменить ключ: сначала публикуется, затем подписывает / Replace a key: "
                + "published first, then signing"
        )
        @Argument(help: "plastic, virtual, status, snapshot, package, root") var purpose: KeyPurpose
        @Flag(name: .customLong("now"), help: "Без срока публикации / without the lead time")
        var immediately = false
        @Flag(help: "ES256 вместо Ed25519 / ES256 instead of Ed25519") var es256 = false
        @Option(help: "Модуль PKCS#11: ключ создаётся в токене / make the key in a token")
        var pkcs11: String?
        @Option(help: "Метка токена / label of the token") var token: String?
        @Option(help: "Следующий корневой ключ, если он вынесен / next root key file, for root")
        var nextRootKey: String?
        @OptionGroup var office: Office
        @OptionGroup var root: RootOptions
        @OptionGroup var pair: SecondPerson

        func validate() throws {
            guard (pkcs11 == nil) == (token == nil) else {
                throw ValidationError(
                    "--pkcs11 и --token указываются вместе.",
                    "--pkcs11 and --token go together."
                )
            }
            guard purpose != .root || pkcs11 == nil && !es256 else {
                throw ValidationError(
                    "Корневой ключ: без --pkcs11 и --es256.",
                    "The root key goes without --pkcs11 and --es256."
                )
            }
        }

        func run() throws {
            guard purpose != .root else { return try replaceRoot() }
            try office.work { register, user in
                let place = pkcs11.flatMap { module in
                    token.map { PKCS11Token.Place(module: module, label: $0) }
                }
                let key = try KeyRing(register).rotate(
                    purpose,
                    .init(es256 ? .es256 : .edDSA, isImmediate: immediately, in: place),
                    secrets: try office.signingSecrets(),
                    root: try root.open(register.directory),
                    by: user,
                    second: try Office.second(pair.secondUser, of: register)
                )
                say(
                    "Ключ \(key.kid) (\(key.purpose.rawValue)): \(key.state.rawValue).",
                    "Key \(key.kid) (\(key.purpose.rawValue)): \(key.state.rawValue)."
                )
            }
        }

        private func replaceRoot() throws {
            try office.work { register, user in
                let replacement = RootReplacement(
                    register,
                    present: root.rootKey,
                    next: nextRootKey
                )
                let result = try replacement.run(
                    passphrase: try root.passphrase(),
                    immediately: immediately,
                    by: user,
                    second: try Office.second(pair.secondUser, of: register)
                )
                KeysCommand.replaced(result)
            }
        }
    }

    static func replaced(_ result: RootReplacement.Result) {
        let roots = result.thumbprints.map { Hex.text($0) }
        if result.wasCompleted {
            say("Прерванная замена корня завершена.", "The replacement cut short is completed.")
        }
        say(
            "Корневой ключ заменён. Опубликуйте пакет доверия: profbilet status publish. Новым "
                + "читателям закрепляйте отпечатки:",
            "The root key is replaced. Publish the bundle: profbilet status publish. Pin these "
                + "thumbprints in new readers:"
        )
        for root in roots { print("  \(root)") }
    }

    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retire",
            abstract: "Вывести ключ из обращения / Retire a key that signs no more"
        )
        @Argument var kid: String
        @OptionGroup var office: Office
        @OptionGroup var root: RootOptions
        @OptionGroup var pair: SecondPerson

        func run() throws {
            try KeysCommand.end(kid, .retired, nil, office, root, pair)
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Отозвать ключ: всё им подписанное недействительно / Revoke a key with all "
                + "it signed"
        )
        @Argument var kid: String
        @Option(help: "С какого времени / since when") var at: String?
        @OptionGroup var office: Office
        @OptionGroup var root: RootOptions
        @OptionGroup var pair: SecondPerson

        func run() throws {
            try KeysCommand.end(kid, .revoked, try at.map(TimeArgument.parse), office, root, pair)
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Открытые ключи: пакет доверия, JWKS, COSE_KeySet / Public keys"
        )
        enum Form: String, ExpressibleByArgument, CaseIterable {
            case bundle, jwks, coseKeySet = "cose-keyset"
        }
        @Option(help: "bundle, jwks, cose-keyset") var format: Form = .bundle
        @Option(help: "Файл / file") var out: String
        @Flag(help: "Подписать новый пакет доверия / sign a new bundle first") var renew = false
        @OptionGroup var office: Office
        @OptionGroup var root: RootOptions

        func run() throws {
            try office.work { register, user in
                let ring = KeyRing(register)
                if renew { try ring.renewBundle(root: try root.open(register.directory), by: user) }
                let bytes: [UInt8]
                switch format {
                case .bundle: bytes = try ring.bundle()
                case .jwks: bytes = VerificationKey.jwkSet(try ring.published(by: user))
                case .coseKeySet: bytes = VerificationKey.coseKeySet(try ring.published(by: user))
                }
                try writeFile(bytes, to: out)
                say("Записано: \(out).", "Written: \(out).")
            }
        }
    }

    static func end(
        _ kid: String,
        _ state: KeyState,
        _ at: Instant?,
        _ office: Office,
        _ root: RootOptions,
        _ pair: SecondPerson
    ) throws {
        try office.work { register, user in
            let key = try KeyRing(register).end(
                kid,
                as: state,
                at: at,
                root: try root.open(register.directory),
                by: user,
                second: try Office.second(pair.secondUser, of: register)
            )
            say(
                "Ключ \(key.kid): \(key.state.rawValue). Опубликуйте пакет доверия: "
                    + "profbilet status publish.",
                "Key \(key.kid): \(key.state.rawValue). Publish the bundle: "
                    + "profbilet status publish."
            )
            let count = try KeyRing(register).carriers(signedBy: key.kid, by: user)
            guard count > 0 else { return }
            // A phone's ticket is signed anew by itself; whoever orders cards for it orders in vain.
            guard key.purpose != .virtual else {
                return say(
                    "Внимание: перестали действовать виртуальные билеты, подписанные этим ключом: "
                        + "\(count). Замену не заказывайте: телефоны получат новые билеты при ближайшем "
                        + "продлении. Для этого нужен действующий ключ virtual: profbilet keys list.",
                    "Mind: virtual tickets that this key signed are void now: \(count). Order no "
                        + "replacements: phones get new tickets with their next renewal, which needs an "
                        + "active key for virtual: profbilet keys list."
                )
            }
            say(
                "Внимание: перестали действовать носители, подписанные этим ключом: \(count). "
                    + "Им нужна замена: profbilet order create --reason defect; карты, которые ещё не "
                    + "вручены, сначала отзовите: profbilet carrier block … --as withdraw.",
                "Mind: carriers that this key signed are void now: \(count). They need replacements: "
                    + "profbilet order create --reason defect; withdraw first those not handed out "
                    + "yet: profbilet carrier block … --as withdraw."
            )
        }
    }

    static func object(_ key: KeyRing.Key) -> [String: JSONValue] {
        [
            "kid": .text(key.kid), "purpose": .text(key.purpose.rawValue),
            "state": .text(key.state.rawValue), "created": .text(key.createdAt.rfc3339),
            "activeFrom": .optional(key.activeFrom?.rfc3339),
            "longestExpiry": .optional(key.longestExpiry?.rfc3339),
            "token": .optional(key.token),
        ]
    }
}

/// Writes a small file whole or not at all.
func writeFile(_ bytes: [UInt8], to path: String) throws {
    do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
        throw Failure(
            .storage,
            "Не удалось записать \(path). Проверьте каталог и место на диске.",
            "Cannot write \(path). Check the directory and the disk space."
        )
    }
}
