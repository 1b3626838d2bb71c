import Synchronization
import TicketSeal

/// What was said between reader and card, to be read by people and played again in tests.
///
/// One line a message: `> ` and a command, `< ` and an answer, in hexadecimal; `??` stands for a
/// masked byte. What authenticates is masked as it is recorded, so no key material is in a
/// transcript.
public struct APDUTranscript: Equatable, Sendable {
    /// One command with its answer; nil bytes are masked.
    struct Turn: Equatable, Sendable {
        var command: [UInt8?]
        var answer: [UInt8?]
    }

    /// Text that is no transcript, with the line where it ends to be one.
    public struct Malformed: Error, Equatable, Sendable {
        /// The line, from 1.
        public let line: Int
    }

    /// Transcripts longer than this are not read.
    public static let mostLines = 10_000

    private(set) var turns: [Turn] = []

    /// An empty transcript.
    public init() {}

    /// Reads a transcript's text.
    ///
    /// - Throws: ``Malformed``.
    public init(text: String) throws(Malformed) {
        var command: [UInt8?]?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else { throw Malformed(line: Self.mostLines) }
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            guard let bytes = Self.bytes(line.dropFirst(2)) else {
                throw Malformed(line: index + 1)
            }
            if line.hasPrefix("> "), command == nil {
                command = bytes
            } else if line.hasPrefix("< "), let asked = command {
                turns.append(Turn(command: asked, answer: bytes))
                command = nil
            } else {
                throw Malformed(line: index + 1)
            }
        }
        guard command == nil else { throw Malformed(line: lines.count) }
    }

    /// The transcript as text.
    public var text: String {
        turns.map { "> \(Self.line($0.command))\n< \(Self.line($0.answer))\n" }.joined()
    }

    mutating func append(_ command: [UInt8], _ answer: [UInt8]) {
        let isSecret = command.count > 1 && Self.secret.contains(command[1])
        turns.append(
            Turn(
                command: Self.masked(command, head: 5, tail: 0, isSecret),
                answer: Self.masked(answer, head: 0, tail: 2, isSecret)
            )
        )
    }

    /// Instructions whose data come from keys: VERIFY, EXTERNAL and INTERNAL and GENERAL
    /// AUTHENTICATE, the authentications, additional frames and key changes of NTAG 424 and DESFire.
    private static let secret: Set<UInt8> = [
        0x20, 0x24, 0x71, 0x77, 0x82, 0x86, 0x87, 0x88, 0xAA, 0xAF, 0xC4,
    ]

    private static func masked(
        _ bytes: [UInt8],
        head: Int,
        tail: Int,
        _ isSecret: Bool
    ) -> [UInt8?] {
        bytes.enumerated().map { index, byte in
            !isSecret || index < head || index >= bytes.count - tail ? byte : nil
        }
    }

    private static func line(_ bytes: [UInt8?]) -> String {
        bytes.map { $0.map { Hex.text([$0]) } ?? "??" }.joined()
    }

    private static func bytes(_ text: Substring) -> [UInt8?]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8?] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[start..<(start + 2)], as: UTF8.self)
            if pair == "??" {
                bytes.append(nil)
            } else if let byte = Hex.bytes(pair)?.first {
                bytes.append(byte)
            } else {
                return nil
            }
        }
        return bytes
    }
}

/// Writes down what goes through another exchange.
public final class APDURecorder: APDUExchange {
    private let exchange: any APDUExchange
    private let recorded = Mutex(APDUTranscript())

    /// Records what goes through `exchange`.
    public init(_ exchange: any APDUExchange) { self.exchange = exchange }

    /// What was said so far.
    public var transcript: APDUTranscript { recorded.withLock { $0 } }

    /// Sends the command on and writes down both sides.
    public func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        let answer = try exchange.exchange(command)
        recorded.withLock { $0.append(command, answer) }
        return answer
    }
}

/// A card that says what a transcript says, in its order.
///
/// A masked byte of a command matches any; a masked byte of an answer is zero, so that a replay
/// never authenticates.
public final class APDUReplay: APDUExchange {
    private let turns: [APDUTranscript.Turn]
    private let place = Mutex(0)

    /// A card that says what `transcript` says.
    public init(_ transcript: APDUTranscript) { turns = transcript.turns }

    /// Whether everything was asked.
    public var isFinished: Bool { place.withLock { $0 == turns.count } }

    /// Answers as recorded; another command than the recorded one finds the card gone.
    public func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        let index = place.withLock { place in
            defer { place += 1 }
            return place
        }
        guard index < turns.count, Self.matches(turns[index].command, command) else {
            throw ReaderFailure(.cardGone)
        }
        return turns[index].answer.map { $0 ?? 0 }
    }

    private static func matches(_ recorded: [UInt8?], _ command: [UInt8]) -> Bool {
        recorded.count == command.count
            && zip(recorded, command).allSatisfy { $0 == nil || $0 == $1 }
    }
}
