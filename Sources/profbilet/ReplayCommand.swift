import ArgumentParser
import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// `profbilet station replay`: recorded scans played again, for proof and for tests.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Проиграть записанные отметки заново / Replay recorded scans (docs/replay.md)"
    )
    @Option(help: "Снимок мероприятия / snapshot") var snapshot: String
    @Option(help: "Отметки JSON Lines; - читает ввод / scans, - reads stdin") var scans: String
    @Flag(help: "JSON Lines") var json = false

    func run() throws {
        let snapshot = try EventFile.snapshot(snapshot)
        let lines = try Self.lines(scans)
        var replay = Replay(snapshot, lines)
        for line in lines {
            let answer = replay.play(line)
            if json { say(Self.object(answer)) } else { Self.show(answer) }
        }
        let merged = replay.merged()
        if json { say(Self.object(merged)) } else { Self.show(merged) }
    }

    static func lines(_ path: String) throws -> [ReplayLine] {
        let text =
            path == "-"
            ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
            : String(decoding: try InputFile.bytes(path, atMost: 1 << 30), as: UTF8.self)
        var lines: [ReplayLine] = []
        let source = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in source.enumerated() {
            do throws(ReplayLine.Fault) {
                if let line = try ReplayLine(line, number: index + 1) { lines.append(line) }
            } catch {
                throw Failure(
                    "\(path):\(error.line): \(error.message.russian)",
                    "\(path):\(error.line): \(error.message.english)"
                )
            }
        }
        return lines
    }

    private static func object(_ answer: Replay.Answer) -> [String: JSONValue] {
        var object: [String: JSONValue] = [
            "line": .int(answer.line), "outcome": .text(answer.outcome),
            "evidence": answer.evidence.map {
                .object(["level": .text($0.level.rawValue), "fresh": .flag($0.fresh)])
            } ?? .null,
            "person": .optional(answer.person.map { Hex.text($0.bytes) }),
            "presentMin": .int(answer.quorum.interval.min),
            "presentMax": .int(answer.quorum.interval.max),
            "quorum": .text(answer.quorum.verdict.rawValue),
            "admitted": .flag(answer.passes),
        ]
        if !answer.station.isEmpty { object["station"] = .text(answer.station) }
        if answer.isForced { object["forced"] = .flag(true) }
        if let passed = answer.passedOver { object["passedOver"] = .text(passed.rawValue) }
        if let first = answer.firstEntry {
            object["firstEntry"] = .object([
                "at": .int(first.at.seconds), "station": .text(first.station),
            ])
        }
        if !answer.quorum.blocking.isEmpty {
            object["blocking"] = .list(answer.quorum.blocking.map(JSONValue.text))
        }
        return object
    }

    private static func object(_ merged: Replay.Merged) -> [String: JSONValue] {
        func place(_ place: EntryPlace) -> JSONValue {
            let entry = merged.gathering.journals[place]
            return .object([
                "line": .int(merged.lines[place] ?? 0), "station": .text(place.station),
                "clock": .int((entry?.clock ?? 0) / 1000), "nonce": .text(entry?.nonce ?? ""),
            ])
        }
        let people = merged.gathering.people.filter {
            merged.gathering.presence(of: $0).isInside
        }
        return [
            "merged": .flag(true), "entries": .int(merged.gathering.journals.count),
            "inside": .list(people.map { .text(Hex.text($0.bytes)) }),
            "present": .int(people.count),
            "presentMin": .int(merged.quorum.interval.min),
            "presentMax": .int(merged.quorum.interval.max),
            "total": .int(merged.quorum.total), "needed": .int(merged.quorum.needed),
            "quorum": .text(merged.quorum.verdict.rawValue),
            "duplicates": .list(
                merged.gathering.duplicates.map {
                    .object([
                        "outcome": .text(ScanOutcome.duplicateOffline.rawValue),
                        "canonical": place($0.canonical), "repeated": place($0.repeated),
                        "person": .optional(
                            merged.gathering.journals[$0.repeated]?.person
                                .map { Hex.text($0.bytes) }
                        ),
                    ])
                }
            ),
            "flagged": .list(merged.gathering.leaps.map(place)),
        ]
    }

    private static func show(_ answer: Replay.Answer) {
        let bounds = answer.quorum.interval
        let level = answer.evidence.map { " [\($0.level.rawValue)]" } ?? ""
        let mark = answer.passes ? "✓" : "·"
        print(
            "\(answer.line)\t\(answer.station)\t\(mark) \(answer.outcome)\(level)\t"
                + "\(bounds.min)…\(bounds.max)\t\(answer.quorum.verdict.rawValue)"
        )
    }

    private static func show(_ merged: Replay.Merged) {
        say(
            "После слияния: записей \(merged.gathering.journals.count), внутри "
                + "\(merged.gathering.insideCount).",
            "Merged: \(merged.gathering.journals.count) entries, \(merged.gathering.insideCount) "
                + "inside."
        )
        EventText.show(merged.quorum)
        EventText.show(merged.gathering.duplicates)
    }
}
