import Foundation
import TicketSeal
public import UnionTicket

/// One line of a replay: a scan, an annulment or a meeting of stations (docs/replay.md).
public struct ReplayLine: Sendable {
    /// What happens.
    public enum Act: Sendable {
        /// Somebody is scanned.
        case scan(Scan, isForced: Bool, hasCheckedDocument: Bool, reason: String)
        /// An entry is taken back.
        case annul(nonce: String, reason: String)
        /// Stations exchange all they know.
        case sync([String])
    }

    /// Number of the line in its file, from 1.
    public let number: Int
    /// True time, milliseconds since 1970.
    public let at: Int64
    /// The station; empty for a meeting.
    public let station: String
    /// How far the station's clock is off, milliseconds: it reads `at` + this.
    public let clockOffset: Int64
    /// What happens.
    public let act: Act

    /// Why a line cannot be replayed.
    public struct Fault: Error, Equatable, Sendable {
        /// Number of the line, from 1.
        public let line: Int
        /// What is wrong with it.
        public let message: Bilingual
    }

    /// How long a line may be, bytes.
    public static let limit = 1 << 17

    /// Reads a line; a blank one is nil.
    ///
    /// - Throws: ``Fault``.
    public init?(_ text: some StringProtocol, number: Int) throws(Fault) {
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        let fields = try Fields(String(text), line: number)
        self.number = number
        at = try fields.milliseconds("at", isRequired: true)
        clockOffset = try fields.milliseconds("clockOffset", isRequired: false)
        if fields["sync"] != nil {
            station = ""
            act = .sync(try fields.stations("sync"))
            try fields.end(["at", "sync", "clockOffset"])
            return
        }
        station = try fields.text("station", isRequired: true)
        guard !station.isEmpty, station.utf8.count <= 64 else {
            throw fields.fault("«station»: от 1 до 64 байт", "station: 1 to 64 bytes")
        }
        act = try Self.act(fields)
    }

    private static func act(_ fields: Fields) throws(Fault) -> Act {
        if fields["annul"] != nil {
            try fields.end(["at", "station", "annul", "reason", "clockOffset", "force", "nonce"])
            return .annul(
                nonce: try fields.text("annul", isRequired: true),
                reason: try fields.text("reason", isRequired: false)
            )
        }
        try fields.end([
            "at", "station", "mode", "text", "chip", "nonce", "clockOffset", "force", "reason",
            "source", "checked",
        ])
        let modeName = try fields.text("mode", isRequired: false)
        guard let mode = modeName.isEmpty ? .entry : ScanMode(rawValue: modeName) else {
            throw fields.fault("«mode»: entry, exit или handout", "mode: entry, exit or handout")
        }
        let scan = Scan(
            mode: mode,
            showing: try showing(fields),
            nonce: try fields.text("nonce", isRequired: false)
        )
        return .scan(
            scan,
            isForced: try fields.flag("force") ?? false,
            hasCheckedDocument: try fields.flag("checked") ?? true,
            reason: try fields.text("reason", isRequired: false)
        )
    }

    private static func showing(_ fields: Fields) throws(Fault) -> Scan.Showing {
        if let chip = fields["chip"] {
            guard fields["text"] == nil else {
                throw fields.fault("«text» или «chip», не оба", "either text or chip")
            }
            guard let evidence = (chip as? [String: Any]).flatMap(ChipEvidence.init(json:)) else {
                throw fields.fault(
                    "«chip»: см. docs/replay.md",
                    "chip: see docs/replay.md"
                )
            }
            return .chip(evidence)
        }
        let sourceName = try fields.text("source", isRequired: false)
        guard let source = sourceName.isEmpty ? .scanner : ScanSource(rawValue: sourceName) else {
            throw fields.fault(
                "«source»: scanner, keyboard или camera",
                "source: scanner, keyboard or camera"
            )
        }
        guard fields["text"] != nil else {
            throw fields.fault(
                "нужно одно из: text, chip, annul, sync",
                "one of text, chip, annul, sync is needed"
            )
        }
        return .text(try fields.text("text", isRequired: true), source)
    }
}

/// The members of one line's object.
private struct Fields {
    let line: Int
    private let members: [String: Any]

    init(_ text: String, line: Int) throws(ReplayLine.Fault) {
        func fault(_ russian: String, _ english: String) -> ReplayLine.Fault {
            ReplayLine.Fault(line: line, message: Bilingual(russian, english))
        }
        guard text.utf8.count <= ReplayLine.limit else {
            throw fault("строка длиннее 128 КиБ", "the line is longer than 128 KiB")
        }
        let screened = JSONScreening(Array(text.utf8))
        guard let object = try? JSONSerialization.jsonObject(with: Data(screened.bytes)),
            let members = object as? [String: Any]
        else { throw fault("не объект JSON", "not a JSON object") }
        if let name = screened.duplicate {
            throw fault("поле «\(name)» дважды", "the member \(name) stands twice")
        }
        self.line = line
        self.members = members
    }

    subscript(_ name: String) -> Any? { members[name] }

    func fault(_ russian: String, _ english: String) -> ReplayLine.Fault {
        ReplayLine.Fault(line: line, message: Bilingual(russian, english))
    }

    /// Refuses members that mean nothing: a misspelt one would be lost in silence.
    func end(_ known: Set<String>) throws(ReplayLine.Fault) {
        for name in members.keys.sorted() where !known.contains(name) {
            throw fault("лишнее поле «\(name)»", "unknown member \(name)")
        }
    }

    func text(_ name: String, isRequired: Bool) throws(ReplayLine.Fault) -> String {
        if let text = members[name] as? String { return text }
        guard members[name] == nil, !isRequired else {
            throw fault("«\(name)»: нужна строка", "\(name): a string is needed")
        }
        return ""
    }

    func flag(_ name: String) throws(ReplayLine.Fault) -> Bool? {
        guard let value = members[name] else { return nil }
        guard let number = value as? NSNumber, number.isFlag else {
            throw fault("«\(name)»: true или false", "\(name): true or false")
        }
        return number.boolValue
    }

    func milliseconds(_ name: String, isRequired: Bool) throws(ReplayLine.Fault) -> Int64 {
        guard let value = members[name] else {
            guard !isRequired else { throw fault("нет «\(name)»", "\(name) is missing") }
            return 0
        }
        guard let number = value as? NSNumber, !number.isFlag,
            case let seconds = number.doubleValue, seconds.magnitude < 1e11
        else {
            throw fault("«\(name)»: секунды Unix", "\(name): Unix seconds")
        }
        return Int64((seconds * 1000).rounded())
    }

    func stations(_ name: String) throws(ReplayLine.Fault) -> [String] {
        guard let names = members[name] as? [String], names.count >= 2,
            Set(names).count == names.count, names.allSatisfy({ (1...64).contains($0.utf8.count) })
        else {
            throw fault(
                "«\(name)»: не менее двух разных станций",
                "\(name): two different stations at least"
            )
        }
        return names
    }
}

extension NSNumber {
    /// Whether it stands for `true` or `false` of JSON, not for 1 or 0.
    var isFlag: Bool { type(of: self) == type(of: NSNumber(value: true)) }
}
