import ArgumentParser
import CardLayout
import Foundation
import NIOHTTP1
import Registry
import TicketSeal
import UnionTicket

/// `profbilet virtual`: plays a member's phone against a running service.
struct VirtualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "virtual",
        abstract: "Виртуальный билет: телефон для проб / Virtual ticket: a phone for trials",
        subcommands: [Enrol.self, Renew.self, Present.self, Show.self, Delete.self]
    )

    /// Where the phone keeps its key, and how it reaches the service.
    struct Phone: ParsableArguments {
        @Option(help: "Файл телефона, 0600 / the phone's file (PROFBILET_PHONE)") var phone: String?
        @Option(help: "Файл с ключом приложения / file with the app's key (PROFBILET_APP_KEY)")
        var appKeyFile: String?
        @Option(help: "Сертификаты сервера, PEM / certificates to trust, PEM")
        var authority: String?

        var path: String { phone ?? Environment["PROFBILET_PHONE"] ?? "phone.json" }

        func server(_ url: String) throws -> PhoneServer {
            let key: String
            if let appKeyFile {
                let bytes = try Files.read(appKeyFile, atMost: 4096)
                key = String(decoding: bytes, as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            } else if let value = Environment["PROFBILET_APP_KEY"] {
                key = value
            } else {
                throw Failure(
                    .notSignedIn,
                    "Нет ключа приложения: PROFBILET_APP_KEY или --app-key-file.",
                    "No app key: PROFBILET_APP_KEY or --app-key-file."
                )
            }
            return try PhoneServer(url, key: key, authority: authority)
        }
    }

    struct Enrol: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enrol",
            abstract: "Привязать телефон к билету / Bind a phone to a ticket",
            discussion: "Без --code код спрашивается в терминале; с --send он сначала отправляется "
                + "члену Профсоюза, без терминала его затем дают той же команде с --code. Without "
                + "--code the code is asked for in the terminal; with --send it is sent first, and "
                + "without a terminal given to the same command with --code then."
        )
        @Option(help: "Адрес сервиса / the service's address") var server: String
        @Option(help: "Номер билета / ticket number") var ticket: String
        @Option(help: "Код активации / activation code (PROFBILET_CODE)") var code: String?
        @Flag(help: "Отправить код сообщением / have the code sent") var send = false
        @Flag(help: "Забыть другой билет в этом файле / forget another ticket in this file")
        var replace = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var phone: Phone

        func run() throws {
            let service = try phone.server(server)
            let path = phone.path + ".enrolling"
            let begun = try Enrolling.read(path)
            if let begun, begun.phone.server == server, isOfThisTicket(begun) {
                try requireSameCode(begun, path)
                return try finish(begun, service, path)
            }
            if !replace { try requireFree(of: begun, path) }
            // A code that is at hand is read before an enrolment is spent on it.
            let atHand = send ? nil : try activationCode()
            let file = PhoneFile(server: server)
            let started = try service.ask(
                .POST,
                "/v1/enrolments",
                body: ["ticket": .text(ticket), "code": send ? "sent" : "printed"]
            )
            guard let id = started["id"] as? String,
                let nonce = (started["nonce"] as? String).flatMap({ Base64URL.bytes($0) })
            else { throw PhoneFile.notUnderstood }
            let typed = try atHand ?? activationCode()
            let key = try file.signingKey
            let proof = try DeviceStatement.possession(
                nonce: nonce,
                enrolment: id,
                codeDigest: SHA256Digest.of(Array(typed.digits.utf8)),
                key: key.publicKey
            ).prove(with: key)
            let ready = Enrolling(
                phone: file,
                ticket: ticket,
                enrolment: id,
                code: typed.digits,
                proof: Base64URL.text(proof)
            )
            // Kept before it is sent: the code is good once, and its answer may get lost.
            try ready.write(path)
            try finish(ready, service, path)
        }

        private func isOfThisTicket(_ begun: Enrolling) -> Bool {
            begun.ticket == ticket || named(ticket).map { $0 == named(begun.ticket) } ?? false
        }

        /// What says that the enrolment is over, or that this confirmation will never be taken.
        private static let ends: Set<VirtualRefusal> = [
            .enrolmentRefused, .enrolmentOver, .codeMalformed, .deviceKeyMalformed, .proofRefused,
        ]

        /// Refuses another code than the begun enrolment's, which would be sent, refused, and end the
        /// other one, too.
        private func requireSameCode(_ begun: Enrolling, _ path: String) throws {
            guard let told = code ?? Environment["PROFBILET_CODE"],
                let typed = ActivationCode(typed: told), typed.digits != begun.code
            else { return }
            throw Failure(
                .refused,
                "С этим билетом уже начата привязка по другому коду, её исход неизвестен. Продолжите её: "
                    + "та же команда с прежним кодом или без кода. Чтобы забыть её, удалите \(path).",
                "An enrolment of this ticket was begun with another code, and how it ended is not known. "
                    + "Go on with it: the same command with the former code or without one. To forget "
                    + "it, remove \(path)."
            )
        }

        /// Asks for the card, again with the same request where the first answer was lost.
        private func finish(_ begun: Enrolling, _ service: PhoneServer, _ path: String) throws {
            var file = begun.phone
            let jwk = try file.signingKey.publicKey.jwk
            do {
                let answer = try service.ask(
                    .POST,
                    "/v1/enrolments/\(begun.enrolment)/confirm",
                    body: [
                        "code": .text(begun.code), "proof": .text(begun.proof),
                        "deviceKey": .object(
                            Dictionary(
                                uniqueKeysWithValues: ["kty", "crv", "x", "y"].map {
                                    ($0, JSONValue.optional(jwk[$0]))
                                }
                            )
                        ),
                    ],
                    headers: [("Idempotency-Key", begun.retry)]
                )
                try file.take(answer)
            } catch let failure as Failure {
                // Only the service's own word ends it: of what something on the way answered, and of
                // what nobody answered, nobody knows.
                if let problem = failure.problem.flatMap(VirtualRefusal.init),
                    Self.ends.contains(problem)
                {
                    try FileManager.default.removeItem(atPath: path)
                    throw failure
                }
                throw Failure(
                    failure.status,
                    "\(failure.message.russian) Повторите ту же команду: привязка продолжится с того же "
                        + "места.",
                    "\(failure.message.english) Repeat the same command: it goes on where it was."
                )
            }
            try file.write(phone.path)
            try FileManager.default.removeItem(atPath: path)
            VirtualCommand.show(file, json)
        }

        /// Refuses to write over the key of another card, which only this file has.
        private func requireFree(of begun: Enrolling?, _ enrolling: String) throws {
            guard let wanted = named(ticket) else { return }
            if let begun, isOfThisTicket(begun) {
                throw Failure(
                    .refused,
                    "В файле \(enrolling) — начатая привязка этого билета в сервисе "
                        + "\(begun.phone.server): её ключ был бы потерян. Продолжите её с этим адресом "
                        + "в --server. Чтобы забыть её: --replace.",
                    "The file \(enrolling) holds a begun enrolment of this ticket with the service "
                        + "\(begun.phone.server), whose key would be lost. Go on with it by giving "
                        + "this address as --server. To forget it: --replace."
                )
            }
            let isHeld = try PhoneFile.holdsCard(at: phone.path, ofOtherThan: wanted)
            guard begun != nil || isHeld else { return }
            let place = isHeld ? phone.path : enrolling
            throw Failure(
                .refused,
                "В файле \(place) — виртуальный билет другого члена Профсоюза: его ключ был бы потерян. "
                    + "Укажите другой файл: --phone ФАЙЛ. Чтобы забыть прежний билет: --replace.",
                "The file \(place) holds another member's virtual ticket, whose key would be lost. Give "
                    + "another file: --phone FILE. To forget the ticket held: --replace."
            )
        }

        private func named(_ text: String) -> TicketNumber? {
            switch TypedNumber(text) {
            case .ticket(let ticket): ticket
            case .carrier(let carrier): carrier.ticket
            case .refused: nil
            }
        }

        private func activationCode() throws -> ActivationCode {
            var text = code ?? Environment["PROFBILET_CODE"]
            if text == nil {
                guard isatty(0) == 1 else { throw noCode }
                print("Код активации / activation code: ", terminator: "")
                text = readLine()
            }
            guard let typed = text.flatMap({ ActivationCode(typed: $0) }) else {
                throw Failure(
                    "Код активации: 14 цифр, последняя контрольная. Сверьте его с листком.",
                    "An activation code has 14 digits, the last a check digit. Compare it."
                )
            }
            return typed
        }

        /// Nobody is there to be asked.
        private var noCode: Failure {
            send
                ? Failure(
                    "Код запрошен, привязка ещё не закончена. Когда код придёт, повторите команду с "
                        + "--code КОД вместо --send (или с PROFBILET_CODE).",
                    "The code was asked for, the enrolment is not complete. When the code has come, "
                        + "repeat the command with --code CODE instead of --send (or with PROFBILET_CODE)."
                )
                : Failure(
                    "Нет кода активации, а терминала, чтобы его спросить, тоже нет. Укажите --code КОД "
                        + "или PROFBILET_CODE; отправить код члену Профсоюза — --send.",
                    "There is no activation code, and no terminal to ask for it. Give --code CODE or "
                        + "PROFBILET_CODE; --send has the code sent to the member."
                )
        }
    }

    struct Renew: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "renew",
            abstract: "Продлить / Renew",
            discussion: "С --if-due продлевает только в срок, как делает приложение в фоне. "
                + "With --if-due it renews only in due time, as an app does in the background."
        )
        @Flag(help: "Только если пора / only when it is due") var ifDue = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var phone: Phone

        func run() throws {
            var file = try PhoneFile.read(phone.path)
            if try !ifDue || (file.renewAfter ?? 0) <= VirtualCommand.now.seconds {
                try VirtualCommand.renew(&file, try phone.server(file.server))
                try file.write(phone.path)
            }
            VirtualCommand.show(file, json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Что в телефоне и что о нём знает сервис / What phone and service know"
        )
        @Flag(help: "Не спрашивать сервис / do not ask the service") var offline = false
        @Flag(help: "JSON") var json = false
        @OptionGroup var phone: Phone

        func run() throws {
            let file = try PhoneFile.read(phone.path)
            let card = try file.enrolled().card
            let standing =
                offline
                ? nil
                : try phone.server(file.server).ask(.GET, "/v1/virtual-cards/\(card)")["state"]
                    as? String
            VirtualCommand.show(file, json, state: standing)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Отвязать телефон / Unbind the phone"
        )
        @OptionGroup var phone: Phone

        func run() throws {
            let file = try PhoneFile.read(phone.path)
            let card = try file.enrolled().card
            let service = try phone.server(file.server)
            let proof = try DeviceStatement.deletion(
                nonce: try VirtualCommand.nonce(of: card, service),
                card: card
            ).prove(with: try file.signingKey)
            _ = try service.ask(
                .DELETE,
                "/v1/virtual-cards/\(card)",
                headers: [("Device-Proof", Base64URL.text(proof))]
            )
            try FileManager.default.removeItem(atPath: phone.path)
            say(
                "Виртуальный билет удалён, ключ стёрт.",
                "The virtual ticket is deleted, the key erased."
            )
        }
    }

    /// The moment by which the phone signs; a trial may move it.
    static var now: Instant { get throws { try Clock.now(specimenOnly: true)() } }

    /// The nonce that the service expects next.
    static func nonce(of card: String, _ service: PhoneServer) throws -> [UInt8] {
        let standing = try service.ask(.GET, "/v1/virtual-cards/\(card)")
        guard let nonce = (standing["nonce"] as? String).flatMap({ Base64URL.bytes($0) }) else {
            throw PhoneFile.notUnderstood
        }
        return nonce
    }

    static func renew(_ file: inout PhoneFile, _ service: PhoneServer) throws {
        let card = try file.enrolled().card
        // The kept nonce may be of an answer that was lost on the way.
        let statement = DeviceStatement.renewal(nonce: try nonce(of: card, service), card: card)
        let answer = try service.ask(
            .POST,
            "/v1/virtual-cards/\(card)/renew",
            body: ["proof": .text(Base64URL.text(try statement.prove(with: try file.signingKey)))],
            headers: [("Idempotency-Key", UUID().uuidString)]
        )
        try file.take(answer)
    }

    static func show(_ file: PhoneFile, _ json: Bool, state: String? = nil) {
        let expires = file.expiresAt.map(Instant.init(seconds:))
        let renew = file.renewAfter.map(Instant.init(seconds:))
        if json {
            say([
                "card": .optional(file.card), "expiresAt": .optional(expires?.rfc3339),
                "renewAfter": .optional(renew?.rfc3339), "payload": .optional(file.payload),
                "state": .optional(state),
            ])
            return
        }
        say(
            "Виртуальный билет привязан; действует до \(expires?.russian ?? "?"), продлевается с "
                + "\(renew?.russian ?? "?")" + (state.map { ", состояние: \($0)" } ?? "") + ".",
            "Virtual ticket enrolled; good until \(expires?.rfc3339 ?? "?"), renewed from "
                + "\(renew?.rfc3339 ?? "?")" + (state.map { ", state: \($0)" } ?? "") + "."
        )
    }
}
