import Foundation
import TicketSeal
public import UnionTicket
import Yams

/// What is known of readers by their names: quirks, light and sound (`hardware/readers.yaml`).
public struct ReaderTable: Equatable, Sendable {
    /// One model.
    public struct Row: Equatable, Sendable {
        /// Its name in the table.
        public let id: String
        /// For people.
        public let title: String
        /// Words that pcscd's name of the reader must all hold, in lower case.
        let match: [String]
        /// Whether it passes APDUs of extended length.
        public let isExtended: Bool
        /// The number of its control code.
        let control: UInt
        /// Sent once, when the reader appears.
        let start: [[UInt8]]
        /// Light and sound of each signal.
        let signals: [ReaderSignal: [[UInt8]]]
    }

    /// One answer to reset with what a person calls the card.
    public struct Card: Equatable, Sendable {
        let atr: [UInt8]
        /// For people.
        public let title: String
    }

    /// A table that breaks its form.
    public struct Malformed: Error, Equatable, Sendable {
        /// Where: `readers[2].match`.
        public let place: String

        /// The same for people.
        public var reason: Bilingual {
            Bilingual(
                "Таблица считывателей: ошибка в \(place).",
                "Reader table: error at \(place)."
            )
        }
    }

    /// Longer files are not read.
    static let longestFile = 1 << 18

    /// The models in the order in which they are compared.
    public let rows: [Row]
    /// Known answers to reset.
    public let cards: [Card]

    /// The table that is part of the program.
    public static func embedded() throws(Malformed) -> Self {
        try Self(yaml: PackageResources.readers_yaml)
    }

    /// Reads a table.
    ///
    /// - Parameter yaml: The file's bytes.
    /// - Throws: ``Malformed``.
    public init(yaml: [UInt8]) throws(Malformed) {
        guard yaml.count <= Self.longestFile, let text = String(validating: yaml, as: UTF8.self),
            let root = (try? Yams.load(yaml: text)) as? [String: Any],
            root["format"] as? String == "readers/1"
        else { throw Malformed(place: "format") }
        let readers = try Self.list(root, "readers")
        guard !readers.isEmpty else { throw Malformed(place: "readers") }
        var rows: [Row] = []
        for (index, object) in readers.enumerated() {
            rows.append(try Self.row(object, "readers[\(index)]"))
        }
        var cards: [Card] = []
        for (index, object) in try Self.list(root, "cards").enumerated() {
            guard let atr = (object["atr"] as? String).flatMap({ Hex.bytes($0) }),
                let title = object["title"] as? String
            else { throw Malformed(place: "cards[\(index)]") }
            cards.append(Card(atr: atr, title: title))
        }
        self.rows = rows
        self.cards = cards
    }

    /// The first row whose words are all in the reader's name.
    public func row(for reader: ReaderName) -> Row? {
        let name = reader.text.lowercased()
        return rows.first { $0.match.allSatisfy { name.contains($0) } }
    }

    /// What people call a card with this answer to reset, where the table knows it.
    public func card(_ atr: [UInt8]) -> Card? { cards.first { atr.starts(with: $0.atr) } }

    private static func row(_ object: [String: Any], _ place: String) throws(Malformed) -> Row {
        guard let id = object["id"] as? String, let title = object["title"] as? String else {
            throw Malformed(place: place)
        }
        guard let match = object["match"] as? [Any] else {
            throw Malformed(place: "\(place).match")
        }
        guard let control = object["control"] as? Int, control == 1 || control == 3500 else {
            throw Malformed(place: "\(place).control")
        }
        guard let isExtended = object["extended"] as? Bool else {
            throw Malformed(place: "\(place).extended")
        }
        var signals: [ReaderSignal: [[UInt8]]] = [:]
        for signal in ReaderSignal.allCases {
            signals[signal] = try commands(object, signal.rawValue, place)
        }
        return Row(
            id: id,
            title: title,
            match: match.map { "\($0)".lowercased() },
            isExtended: isExtended,
            control: UInt(control),
            start: try commands(object, "start", place),
            signals: signals
        )
    }

    private static func commands(
        _ object: [String: Any],
        _ name: String,
        _ place: String
    ) throws(Malformed) -> [[UInt8]] {
        let texts = object[name] as? [String] ?? (object[name] as? [Any])?.map { "\($0)" }
        let commands = texts?.compactMap { Hex.bytes($0) }
        guard let commands, commands.count == texts?.count,
            commands.allSatisfy({ (1...255).contains($0.count) })
        else { throw Malformed(place: "\(place).\(name)") }
        return commands
    }

    private static func list(
        _ root: [String: Any],
        _ name: String
    ) throws(Malformed) -> [[String: Any]] {
        guard let list = root[name] as? [[String: Any]] else { throw Malformed(place: name) }
        return list
    }
}

/// What a reader can show after a verdict.
public enum ReaderSignal: String, Sendable, CaseIterable {
    /// Let in.
    case accepted
    /// Not let in.
    case refused
    /// Somebody has to look.
    case attention
}
