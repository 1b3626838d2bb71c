import ArgumentParser
import CardReader
import Foundation
import TicketSeal
import UnionTicket

struct ReadersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readers",
        abstract: "Считыватели этого компьютера / Readers of this machine"
    )
    @Flag(help: "Следить, пока не прервут / keep watching") var watch = false
    @Flag(help: "JSON Lines") var json = false
    @OptionGroup var source: ReaderSource

    func run() throws {
        let table = try source.table()
        if watch { return try follow(table) }
        let readers = try source.survey()
        if json {
            for item in readers { say(object(item, table)) }
        } else if readers.isEmpty {
            say("Считывателей нет: подключите.", "No readers: plug one in.")
        } else {
            printTable(
                ["Считыватель / reader", "Модель / model", "Карта / card"],
                readers.map { item in
                    [
                        item.reader.text, table.row(for: item.reader)?.title ?? "",
                        item.atr.map { table.card($0)?.title ?? Hex.text($0) } ?? "–",
                    ]
                }
            )
        }
    }

    private func object(_ item: ReaderSurvey, _ table: ReaderTable) -> [String: JSONValue] {
        [
            "reader": .text(item.reader.text),
            "model": .optional(table.row(for: item.reader)?.id),
            "atr": .optional(item.atr.map { Hex.text($0) }),
        ]
    }

    private func follow(_ table: ReaderTable) throws {
        let isJSON = json
        try Blocking.run {
            for await event in ReaderMonitor().events {
                let line = EventLine(event)
                tell(isJSON ? line.json : line.text)
            }
        }
    }
}

/// Where readers and what is known of them come from.
struct ReaderSource: ParsableArguments {
    @Option(help: "Таблица считывателей вместо встроенной / reader table instead of our own")
    var readerTable: String?

    func table() throws -> ReaderTable {
        var content: Data?
        if let path = readerTable {
            content = FileManager.default.contents(atPath: path)
            guard content != nil else {
                throw Failure("Файл \(path) не читается.", "Cannot read \(path).")
            }
        }
        do throws(ReaderTable.Malformed) {
            guard let content else { return try ReaderTable.embedded() }
            return try ReaderTable(yaml: Array(content))
        } catch {
            throw Failure(error.reason.russian, error.reason.english)
        }
    }

    func survey() throws -> [ReaderSurvey] {
        do throws(ReaderFailure) { return try ReaderSurvey.now() } catch {
            throw Failure(ExitStatus(error.code), error.reason.russian, error.reason.english)
        }
    }
}

/// One event of `readers --watch`.
private struct EventLine {
    let text: String
    let json: String

    init(_ event: ReaderEvent) {
        let name: String
        let words: Bilingual
        var facts: [String: JSONValue] = [:]
        switch event {
        case .readerAppeared(let reader):
            (name, words) = (
                "reader_appeared", Bilingual("Считыватель подключён", "Reader appeared")
            )
            facts["reader"] = .text(reader.text)
        case .readerDisappeared(let reader):
            (name, words) = ("reader_disappeared", Bilingual("Считыватель отключён", "Reader gone"))
            facts["reader"] = .text(reader.text)
        case .cardInserted(let presence):
            (name, words) = ("card_inserted", Bilingual("Карта приложена", "Card inserted"))
            facts["reader"] = .text(presence.reader.text)
            facts["atr"] = .text(Hex.text(presence.atr))
            facts["mute"] = .flag(presence.isMute)
        case .cardRemoved(let reader):
            (name, words) = ("card_removed", Bilingual("Карта убрана", "Card removed"))
            facts["reader"] = .text(reader.text)
        case .serviceLost(let failure):
            (name, words) = ("service_lost", failure.reason)
            facts["cause"] = failure.cause.map { .int($0) } ?? .null
        case .serviceBack:
            (name, words) = ("service_back", Bilingual("Служба вернулась", "The service is back"))
        }
        var place = ""
        if case .text(let reader)? = facts["reader"] { place = ": \(reader)" }
        text = "\(words.russian)\(place)\n\(words.english)\(place)"
        facts["event"] = .text(name)
        json = JSONValue.object(facts).line
    }
}

extension ExitStatus {
    init(_ code: ReaderFailure.Code) {
        switch code {
        case .readerBusy, .transactionHeld, .cardReset: self = .busy
        case .serviceAway: self = .storage
        case .readerGone: self = .notFound
        case .cardGone, .mute, .malformedAnswer, .cancelled, .unexpected: self = .unusable
        }
    }
}

/// Ends a process that has used readers.
///
/// libpcsclite frees its tables at `exit`, and a thread that still asks it then would crash.
func leave(_ status: ExitStatus) -> Never {
    var status = status
    do { try StandardOutput.finish() } catch {
        complain(error.message)
        status = error.status
    }
    _exit(status.rawValue)
}

/// Tells who watches the terminal that something is wrong, while the work goes on.
func complain(_ message: Bilingual) {
    FileHandle.standardError.write(Data("\(message.russian)\n\(message.english)\n".utf8))
}
