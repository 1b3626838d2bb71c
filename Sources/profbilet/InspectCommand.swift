import ArgumentParser
import Foundation
import TicketSeal
import UnionTicket

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Прочесть и проверить код, подпись, список, пакет / Decode and judge anything",
        discussion: "TEXT — текст кода, имя файла или, с --hex, байты COSE. Without a register: "
            + "keys come from --keys."
    )
    @Argument(help: "Текст, файл или hex / text, file or hex") var text: String?
    @Option(help: "Пакет доверия, JWKS, COSE_KeySet / trust bundle, JWK set, COSE_KeySet")
    var keys: String?
    @Option(help: "Момент: секунды Unix, ISO 8601 или дд.мм.гггг[ чч:мм] / moment")
    var at: String?
    @Flag(help: "Байты COSE в шестнадцатеричном виде / COSE bytes as hex") var hex = false
    @Flag(help: "JSON Lines со стандартного ввода / from standard input") var lines = false
    @Flag(help: "Только структура и подпись COSE_Sign1 / structure and signature only")
    var coseOnly = false
    @Flag(help: "JSON") var json = false

    func validate() throws {
        guard lines != (text != nil) else {
            throw ValidationError(
                "Нужен текст билета или --lines, одно из двух.",
                "A ticket's text or --lines is needed, one of the two."
            )
        }
    }

    func run() throws {
        let keys = try TrustedKeys.read(self.keys)
        let now =
            try at.map(TimeArgument.parse)
            ?? Instant(seconds: Int64(Date().timeIntervalSince1970))
        if lines { return LineInspection(keys: keys, now: now, coseOnly: coseOnly).run() }
        let inspection = try inspect(text ?? "", keys, now)
        show(inspection)
        guard ["valid", "unsigned"].contains(inspection.verdict) else {
            throw ExitCode(ExitStatus.rowsRefused.rawValue)
        }
    }

    private func inspect(
        _ text: String,
        _ keys: TrustedKeys,
        _ now: Instant
    ) throws -> Inspection {
        if hex {
            guard let bytes = Hex.bytes(text.filter { !$0.isWhitespace }) else {
                throw Failure(
                    "--hex: нужны шестнадцатеричные цифры.",
                    "--hex: hexadecimal digits are needed."
                )
            }
            return coseOnly
                ? Inspection(coseOnly: bytes, keys: keys)
                : Inspection(bytes: bytes, keys: keys, at: now)
        }
        if let data = FileManager.default.contents(atPath: text) {
            let bytes = Array(data)
            if coseOnly { return Inspection(coseOnly: bytes, keys: keys) }
            if let signature = detached(bytes, text, keys) { return signature }
            let inspection = Inspection(bytes: bytes, keys: keys, at: now)
            guard inspection.kind == .manifest,
                let signature = FileManager.default.contents(atPath: text + ".cose")
            else { return inspection }
            return inspection.signed(bytes, signature: Array(signature), keys: keys)
        }
        if coseOnly, case .payload(let bytes) = TicketText(text) {
            return Inspection(coseOnly: bytes, keys: keys)
        }
        return Inspection(text: text, keys: keys, at: now)
    }

    /// `manifest.json.cose` beside its `manifest.json`.
    private func detached(_ bytes: [UInt8], _ path: String, _ keys: TrustedKeys) -> Inspection? {
        let file = path.hasSuffix(".cose") ? String(path.dropLast(5)) : nil
        return Inspection(
            detached: bytes,
            of: file ?? "?",
            content: file.flatMap { FileManager.default.contents(atPath: $0) }.map { Array($0) },
            keys: keys
        )
    }

    private func show(_ inspection: Inspection) {
        if json {
            var object: [String: JSONValue] = [
                "kind": .text(inspection.kind.rawValue), "verdict": .text(inspection.verdict),
            ]
            for line in inspection.lines {
                let value: JSONValue =
                    switch line.exact {
                    case .number(let number): .number(number)
                    case .text(let text): .text(text)
                    case nil: .text(line.value)
                    }
                if case .list(let values)? = object[line.field] {
                    object[line.field] = .list(values + [value])
                } else if let first = object[line.field] {
                    object[line.field] = .list([first, value])
                } else {
                    object[line.field] = value
                }
            }
            say(object)
            return
        }
        print("Вердикт / Verdict: \(inspection.verdict)   (\(inspection.kind.rawValue))")
        for line in inspection.lines {
            print("  \(line.label.russian) / \(line.label.english): \(line.value)")
        }
    }
}

/// `--lines`: one answer for every line, whatever is in it.
struct LineInspection {
    let keys: TrustedKeys
    let now: Instant
    let coseOnly: Bool

    private struct Question: Decodable {
        var id: JSONScalar?
        var text: String?
        var hex: String?
        var now: JSONScalar?
    }

    /// What a line that is no question may be called by all the same.
    private struct Name: Decodable { var id: JSONScalar? }

    func run() {
        while let line = readLine() {
            if line.allSatisfy(\.isWhitespace) { continue }
            print(answer(line))
        }
    }

    private static func refusal(_ id: JSONScalar?, _ why: String) -> String {
        JSONValue.object([
            "id": id?.value ?? .null,
            "verdict": .text(PayloadVerdict.unknownFormat.rawValue),
            "error": .text(why),
        ]).line
    }

    private func answer(_ line: String) -> String {
        guard let question = try? JSONDecoder().decode(Question.self, from: Data(line.utf8)) else {
            let name = try? JSONDecoder().decode(Name.self, from: Data(line.utf8))
            return Self.refusal(name?.id, "not a JSON object with text or hex")
        }
        var moment = now
        if let asked = question.now {
            // Judged at another time than asked for, the verdict would be one of something else.
            guard let instant = TimeArgument.instant(asked.text) else {
                return Self.refusal(
                    question.id,
                    "now is no time: Unix seconds, ISO 8601 or dd.mm.yyyy[ hh:mm]"
                )
            }
            moment = instant
        }
        let judge = TicketJudge(keys: keys)
        var judgement: Judgement?
        var number: Inspection?
        var verdict = PayloadVerdict.unknownFormat.rawValue
        if let hex = question.hex {
            if let bytes = Hex.bytes(hex) {
                if coseOnly {
                    verdict = Inspection(coseOnly: bytes, keys: keys).verdict
                } else {
                    judgement = judge.judge(bytes: bytes, at: moment)
                }
            } else {
                verdict = PayloadVerdict.malformed.rawValue
            }
        } else if let text = question.text {
            if coseOnly, case .payload(let bytes) = TicketText(text) {
                verdict = Inspection(coseOnly: bytes, keys: keys).verdict
            } else if case .number = TicketText(text) {
                let inspection = Inspection(text: text, keys: keys, at: moment)
                (number, verdict) = (inspection, inspection.verdict)
            } else {
                judgement = judge.judge(text: text, at: moment)
            }
        }
        let claims = judgement?.claims
        return JSONValue.object([
            "id": question.id?.value ?? .null,
            "verdict": .text(judgement?.verdict.rawValue ?? verdict),
            "ticket": claims.map { .text($0.carrier.ticket.digits) } ?? number?["ticket"] ?? .null,
            "issue": claims.map { .int($0.carrier.issue) } ?? number?["issue"] ?? .null,
            "list": claims.map { .int($0.coordinate.list) } ?? .null,
            "index": claims.map { .int($0.coordinate.index) } ?? .null,
            "kid": .optional(judgement?.kid.map { Hex.text($0) }),
        ]).line
    }
}

extension Inspection {
    /// The exact value of a field, where it has one.
    fileprivate subscript(field: String) -> JSONValue? {
        switch lines.first(where: { $0.field == field })?.exact {
        case .number(let number): .number(number)
        case .text(let text): .text(text)
        case nil: nil
        }
    }
}

/// A JSON string or number, given back as it came.
enum JSONScalar: Decodable {
    case text(String)
    case number(Int64)
    /// A moment with a fraction of a second.
    case fraction(Double)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else if let number = try? container.decode(Double.self) {
            self = .fraction(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    var text: String {
        switch self {
        case .text(let value): value
        case .number(let value): "\(value)"
        case .fraction(let value):
            Int64(exactly: value.rounded(.down)).map { "\($0)" } ?? "\(value)"
        }
    }

    var value: JSONValue {
        switch self {
        case .text(let value): .text(value)
        case .number(let value): .number(value)
        case .fraction(let value): .text("\(value)")
        }
    }
}
