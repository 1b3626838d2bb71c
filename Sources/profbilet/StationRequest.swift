import ArgumentParser
import EventStation
import Foundation
import TicketSeal
import UnionTicket

/// What a station is asked to do by another program, or by a command when it does not run.
enum StationRequest: Sendable {
    /// A file as it was named.
    struct File: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    /// Takes files in.
    case take([File])
    /// Closes the station.
    case close
    /// Opens it again.
    case reopen(operatorName: String)
    /// A person compared the clock with a better one.
    case clock(ClockReading, operatorName: String)
    /// Erases the snapshot and ends.
    case wipe

    /// What a person says of the station's clock.
    struct ClockReading: Equatable, Sendable {
        /// How far it is ahead, milliseconds.
        let offset: Int64
        /// By how much that can be wrong, milliseconds.
        let uncertainty: Int64
    }

    var encoded: [UInt8] {
        let item: CBOR =
            switch self {
            case .take(let files):
                .map([
                    1: .text("take"),
                    2: .array(files.map { .array([.text($0.name), .bytes($0.bytes)]) }),
                ])
            case .close: .map([1: .text("close")])
            case .reopen(let name): .map([1: .text("reopen"), 5: .text(name)])
            case .wipe: .map([1: .text("wipe")])
            case .clock(let clock, let name):
                .map([
                    1: .text("clock"), 3: .integer(clock.offset), 4: .integer(clock.uncertainty),
                    5: .text(name),
                ])
            }
        return item.encoded
    }

    init?(encoded bytes: [UInt8]) {
        guard let item = try? CBOR(decoding: bytes) else { return nil }
        switch item[1]?.text {
        case "take":
            let files = (item[2]?.array ?? []).compactMap { file -> File? in
                guard let parts = file.array, parts.count == 2, let name = parts[0].text,
                    let bytes = parts[1].bytes
                else { return nil }
                return File(name: name, bytes: bytes)
            }
            self = .take(files)
        case "close": self = .close
        case "reopen":
            guard let name = item[5]?.text else { return nil }
            self = .reopen(operatorName: name)
        case "wipe": self = .wipe
        case "clock":
            guard let offset = item[3]?.integer, let uncertainty = item[4]?.integer,
                let name = item[5]?.text
            else { return nil }
            self = .clock(
                ClockReading(offset: offset, uncertainty: uncertainty),
                operatorName: name
            )
        default: return nil
        }
    }
}

/// What a station answers: lines to print, and the exit code of the command that asked.
struct StationReply: Codable, Sendable {
    /// One line, as JSON and in words.
    struct Line: Codable, Sendable {
        let json: String
        let words: [String]
    }

    private(set) var lines: [Line] = []
    /// What went wrong after the lines.
    private(set) var failure: [String]?
    private(set) var status: Int32 = 0

    mutating func say(
        _ object: [String: JSONValue],
        _ russian: String,
        _ english: String,
        details: [String] = []
    ) {
        lines.append(
            Line(json: JSONValue.object(object).line, words: [russian, english] + details)
        )
    }

    mutating func end(_ status: ExitStatus) { self.status = status.rawValue }

    mutating func fail(_ message: Bilingual, _ status: ExitStatus) {
        failure = [message.russian, message.english]
        self.status = status.rawValue
    }

    /// Prints the lines and ends the command when something went wrong.
    func show(json: Bool) throws {
        for line in lines {
            if json { print(line.json) } else { for words in line.words { print(words) } }
        }
        try check()
    }

    /// Ends the command when something went wrong.
    func check() throws {
        let code = ExitStatus(rawValue: status) ?? .unusable
        if let failure, failure.count == 2 { throw Failure(code, failure[0], failure[1]) }
        if code != .done { throw ExitCode(status) }
    }

    /// A number that one of the lines tells.
    func number(_ name: String) -> Int? {
        for line in lines {
            let numbers = try? JSONDecoder().decode([String: Int].self, from: Data(line.json.utf8))
            if let number = numbers?[name] { return number }
        }
        return nil
    }
}
