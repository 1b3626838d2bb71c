import ArgumentParser
import EventStation
import Foundation
import NIOHTTP1
import TicketSeal
import UnionTicket

/// Where headquarters is, for commands of a station.
struct StationServerOptions: ParsableArguments {
    @Option(help: "Сертификаты, которым верить, PEM / certificates to trust") var ca: String?
}

extension StationCommand {
    /// `profbilet station sync`.
    struct Sync: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sync",
            abstract:
                "Встретиться со штабом по сети: часы, журнал, снимок, списки / Meet headquarters",
            discussion: """
                Передаёт записи, которых нет у штаба, частями и с места обрыва; берёт новый снимок и \
                списки статусов; измеряет часы. Отозванная станция стирает снимок. Работает и рядом с \
                profbilet station run.
                """
        )
        @Option(help: "Адрес штаба, https://… / headquarters") var server: String
        @Option(help: "Записей в одной части / entries in a chunk") var chunk = 1_000
        @Flag(help: "JSON") var json = false
        @OptionGroup var trust: StationServerOptions
        @OptionGroup var place: Place

        func validate() throws {
            guard (1...JournalChunk.itemLimit).contains(chunk) else {
                throw ValidationError(
                    "--chunk: от 1 до \(JournalChunk.itemLimit).",
                    "--chunk: 1 to \(JournalChunk.itemLimit)."
                )
            }
        }

        func run() throws {
            let folder = try StationFolder(try place.path)
            let key = try folder.key(passphrase: try place.passphrase())
            let (url, authority, chunk) = (server, trust.ca, chunk)
            let report = try Blocking.run {
                let server = try StationServer(url, authority: authority)
                let intake = FolderIntake(folder: folder)
                var sync = StationSync(folder: folder, key: key, server: server, take: intake)
                sync.chunk = chunk
                do {
                    let report = try await sync.run()
                    await server.close()
                    return report
                } catch let revoked as StationSync.Revoked {
                    await server.close()
                    throw revoked.failure
                } catch {
                    await server.close()
                    throw error
                }
            }
            show(report)
            if !report.refused.isEmpty { throw ExitCode(ExitStatus.rowsRefused.rawValue) }
        }

        private func show(_ report: StationSync.Report) {
            if json {
                say([
                    "offset": .number(report.offset), "uncertainty": .number(report.uncertainty),
                    "items": .object(report.items.mapValues(JSONValue.int)),
                    "refused": .list(
                        report.refused.map {
                            .object([
                                "station": .text($0.station), "sequence": .number($0.sequence),
                                "code": .text($0.code),
                            ])
                        }
                    ),
                    "snapshot": report.snapshot.map(JSONValue.number) ?? .null,
                    "statusLists": .int(report.lists),
                ])
                return
            }
            let taken = report.items["taken"] ?? 0
            say(
                "Штаб: новых записей передано \(taken); часы станции: \(report.offset) мс ± "
                    + "\(report.uncertainty) мс.",
                "Headquarters: \(taken) new entries handed over; the station's clock: \(report.offset) "
                    + "ms ± \(report.uncertainty) ms."
            )
            if let snapshot = report.snapshot {
                say("Взят снимок № \(snapshot).", "Snapshot \(snapshot) is taken.")
            }
            if report.lists > 0 {
                say("Списков статусов новее: \(report.lists).", "Newer lists: \(report.lists).")
            }
            for item in report.refused {
                say(
                    "  ! «\(item.station)» запись \(item.sequence) не принята: \(item.code)",
                    "  ! \(item.station) entry \(item.sequence) is refused: \(item.code)"
                )
            }
        }
    }
}

/// A station's request sent to headquarters over HTTP, instead of being carried as digits.
enum StationEnrolment {
    private struct Request: Encodable { let request: String }

    static func send(_ request: EnrolmentRequest, to url: String, authority: String?) throws {
        let body = Array(try JSONEncoder().encode(Request(request: request.text)))
        try Blocking.run {
            let server = try StationServer(url, authority: authority)
            do {
                _ = try await server.ask(.POST, "/v1/stations:provision", body: body)
                await server.close()
            } catch let refusal as StationServer.Refusal {
                await server.close()
                throw StationSync.failure(refusal)
            } catch let untrusted as StationServer.Untrusted {
                await server.close()
                throw untrusted.failure
            } catch {
                await server.close()
                throw Failure(
                    .storage,
                    "Ответа штаба \(url) нет: дошёл ли запрос, неизвестно. Станция в папке готова; "
                        + "повторите ту же команду — запрос будет тот же.",
                    "There is no answer from headquarters \(url): whether the request arrived is not "
                        + "known. The station in its folder is ready; repeat the same command, the "
                        + "request is the same."
                )
            }
        }
    }
}
