import ArgumentParser
import EventStation
import Foundation
import Synchronization
import TicketSeal
import UnionTicket

struct StationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station",
        abstract: "Станция у входа: подготовка, работа, журнал / The station at the door",
        subcommands: [
            Provision.self, Operator.self, Import.self, Export.self, Reopen.self, Sync.self,
            Clock.self,
            SelfTest.self,
            StationRunCommand.self, Wipe.self, ReplayCommand.self,
        ]
    )

    /// Where the station is and what opens it.
    struct Place: ParsableArguments {
        @Option(help: "Папка станции / folder (PROFBILET_STATION)") var dir: String?

        @Option(help: "Файл с парольной фразой станции / passphrase file") var passphraseFile:
            String?

        var path: String {
            get throws {
                guard let path = dir ?? Environment["PROFBILET_STATION"] else {
                    throw Failure(
                        "Не указана папка станции: --dir или PROFBILET_STATION.",
                        "No station's folder given: --dir or PROFBILET_STATION."
                    )
                }
                return path
            }
        }

        func passphrase() throws -> String {
            try Passphrases.read(
                file: passphraseFile,
                variable: "PROFBILET_STATION_PASSPHRASE",
                prompt: "Парольная фраза станции / Passphrase of the station: "
            )
        }

        /// Opens the station for work.
        func open() throws -> StationDuty {
            try StationDuty(StationFolder(try path), passphrase: try passphrase())
        }
    }

    struct Provision: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "provision",
            abstract: "Подготовить станцию по одноразовому маркеру / Make a station of a token"
        )
        @Option(help: "Маркер: цифры или файл / token: digits or a file") var token: String
        @Option(help: "Записать запрос в файл / write the request to a file") var request: String?
        @Option(help: "Сразу послать запрос в штаб, https://… / send the request to headquarters")
        var server: String?
        @OptionGroup var trust: StationServerOptions
        @Flag(help: "JSON") var json = false
        @OptionGroup var place: Place

        func run() throws {
            let text =
                FileManager.default.fileExists(atPath: token) ? try InputFile.text(token) : token
            guard let parsed = StationToken(text: text) else {
                throw Failure(
                    "Это не маркер станции. Его выдаёт profbilet event station.",
                    "This is no station's token. profbilet event station gives one."
                )
            }
            let passphrase = try place.passphrase()
            guard passphrase.count >= 8 else {
                throw Failure(
                    "Парольная фраза станции — не короче 8 знаков.",
                    "A station's passphrase has 8 characters at least."
                )
            }
            let made = try StationFolder.provision(
                try place.path,
                token: parsed,
                passphrase: passphrase
            )
            if let request { try OutputFile.write(Array(made.request.text.utf8), to: request) }
            if !json, server == nil {
                say(
                    "Станция «\(parsed.name)» мероприятия № \(parsed.event) подготовлена. "
                        + "Запрос для штаба (profbilet event enrol):",
                    "Station \(parsed.name) of event \(parsed.event) is made. "
                        + "Its request to headquarters (profbilet event enrol):"
                )
                print("  " + made.request.text)
            }
            if let server {
                try StationEnrolment.send(made.request, to: server, authority: trust.ca)
            }
            if json {
                return say([
                    "station": .text(parsed.name), "event": .int(parsed.event),
                    "request": .text(made.request.text),
                ])
            }
            if server != nil {
                say(
                    "Станция «\(parsed.name)» мероприятия № \(parsed.event) подготовлена и принята "
                        + "штабом. Дальше: profbilet station sync.",
                    "Station \(parsed.name) of event \(parsed.event) is made, and headquarters has "
                        + "taken it. Next: profbilet station sync."
                )
            }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Принять снимок, журналы других станций или списки статусов / Take files in"
        )
        @Argument(help: "Файлы / files") var files: [String]
        @Flag(help: "JSON Lines") var json = false
        @OptionGroup var place: Place

        func run() throws {
            let named = try files.map {
                StationRequest.File(
                    name: $0,
                    bytes: try InputFile.bytes($0, atMost: EventSnapshot.limit)
                )
            }
            try StationHand(place).ask(.take(named)).show(json: json)
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Выгрузить подписанный журнал / Export the signed journal"
        )
        @Option(help: "Файл / file") var out: String
        @Flag(help: "Закрыть станцию: больше никого не впускает / close the station") var close =
            false
        @Flag(help: "JSON") var json = false
        @OptionGroup var place: Place

        func run() throws {
            if close { try StationHand(place).ask(.close).show(json: json) }
            let (bytes, entries) = try StationDuty.export(
                StationFolder(try place.path),
                passphrase: try place.passphrase()
            )
            try OutputFile.write(bytes, to: out)
            if json {
                say(["file": .text(out), "entries": .int(entries), "bytes": .int(bytes.count)])
            } else {
                say(
                    "Журнал выгружен: \(out), записей \(entries).",
                    "The journal is exported: \(out), \(entries) entries."
                )
            }
        }
    }

    struct Wipe: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "wipe",
            abstract: "Стереть снимок и ключ аренды; журнал остаётся / Erase the snapshot"
        )
        @Flag(help: "Подтвердить / confirm") var yes = false
        @OptionGroup var place: Place

        func run() throws {
            guard yes else {
                throw Failure(
                    .refused,
                    "Снимок будет стёрт. Сначала выгрузите журнал: profbilet station export; "
                        + "затем повторите с --yes.",
                    "The snapshot will be erased. Export the journal first: profbilet station export; "
                        + "then repeat with --yes."
                )
            }
            let folder = try StationFolder(try place.path)
            guard StationInbox(folder).isServed else {
                folder.wipe()
                return say(
                    "Снимок стёрт, журнал на месте.",
                    "The snapshot is erased, the journal stays."
                )
            }
            try StationHand(place).ask(.wipe).show(json: false)
        }
    }
}

/// What files a station is handed.
enum StationFiles {
    static func isStatusList(_ bytes: [UInt8]) -> Bool {
        (try? COSESign1(decoding: bytes))?.type == StatusListToken.typeCWT
    }

    static func words(_ refusal: EventSnapshot.Refusal) -> Bilingual {
        switch refusal {
        case .malformed:
            Bilingual(
                "это не снимок, не журнал и не список статусов.",
                "no snapshot, no journal and no status list."
            )
        case .unknownRoot:
            Bilingual(
                "подписан не тем корневым ключом, который закреплён за станцией.",
                "signed by another root key than the one pinned at this station."
            )
        case .unknownKey: Bilingual("неизвестный ключ снимков.", "an unknown snapshot key.")
        case .revokedKey: Bilingual("ключ снимков отозван.", "the snapshot key is revoked.")
        case .badSignature: Bilingual("подпись неверна.", "the signature is wrong.")
        case .rollback: Bilingual("старше того, что на станции.", "older than the one held.")
        case .otherEvent: Bilingual("другого мероприятия.", "of another event.")
        case .badStatusList:
            Bilingual("чужой список статусов.", "a status list that the bundle does not name.")
        case .futureStatusList:
            Bilingual(
                "список статусов датирован будущим: часы спешили тогда или отстают сейчас. Проверьте "
                    + "часы и пересоберите списки: profbilet status publish КАТАЛОГ.",
                "a status list is dated in the future: the clock was ahead then or is behind now. Check "
                    + "the clock and rebuild the lists: profbilet status publish DIR."
            )
        }
    }
}

/// Runs asynchronous work from a command that is not.
enum Blocking {
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) throws -> Result {
        let answer = Answer<Result>()
        let done = DispatchSemaphore(value: 0)
        Task {
            do { answer.put(.success(try await body())) } catch { answer.put(.failure(error)) }
            done.signal()
        }
        done.wait()
        return try answer.take()
    }

    private final class Answer<Value: Sendable>: Sendable {
        private let value = Mutex<Result<Value, any Error>?>(nil)

        func put(_ result: Result<Value, any Error>) { value.withLock { $0 = result } }

        func take() throws -> Value {
            guard let result = value.withLock({ $0 }) else {
                throw Failure("Ответа нет.", "There is no answer.")
            }
            return try result.get()
        }
    }
}
