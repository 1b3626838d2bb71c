/// One side's length and place: millimetres from the top-left corner of the trimmed card, y down.
public struct Box: Sendable, Equatable {
    /// Left edge.
    public let x: Double
    /// Upper edge.
    public let y: Double
    /// Width.
    public let width: Double
    /// Height.
    public let height: Double

    var right: Double { x + width }
    var bottom: Double { y + height }

    func overlaps(_ other: Box) -> Bool {
        let touch = 0.001
        return x < other.right - touch && other.x < right - touch
            && y < other.bottom - touch && other.y < bottom - touch
    }
}

/// A card layout as its folder describes it (production.md § 4), read and checked.
public struct CardLayout: Sendable {
    /// Name of the layout.
    public let id: String
    /// Its revision.
    public let revision: Int
    /// Its title for people.
    public let title: String
    /// SHA-256 over the layout's files, hexadecimal: a batch is bound to it.
    public let hash: String
    /// Where it was read.
    public let folder: String
    let card: Card
    let print: PrintTerms
    let palette: [String: Colour]
    let fonts: [String: FontFace]
    /// The record's fields by name.
    public let fields: [String: Field]
    let sides: [Side]
    let lint: Lint
    /// The output intent's colour profile.
    let profile: [UInt8]

    struct Card: Sendable {
        let width: Double
        let height: Double
        let bleed: Double
        let safe: Double
        let radius: Double
    }

    struct PrintTerms: Sendable {
        let intent: String
        let maxInk: Double
        let textAsCurves: Bool
        /// Dark modules as rectangles instead of an image mask.
        let symbolsAsPaths: Bool
        /// Taken off each dark rectangle's width and height when drawn as paths, in millimetres.
        let barWidthReduction: Double
    }

    /// One ink mixture: parts of cyan, magenta, yellow and black in percent.
    struct Colour: Sendable, Equatable {
        let svg: String
        let cmyk: [Double]
        var isBlackOnly: Bool { cmyk[0] == 0 && cmyk[1] == 0 && cmyk[2] == 0 && cmyk[3] == 100 }
    }

    /// What a field of the record may hold.
    public struct Field: Sendable, Equatable {
        /// Its kind.
        public let type: FieldType
        /// At most so many characters.
        public let max: Int?
        /// Whether it may be empty.
        public let isOptional: Bool
        /// How it is shown: `### #### #### ####`, `MM/yyyy` or `экз. {n}`.
        public let show: String?
        /// For issue marks: shown from this issue on.
        public let from: Int?
    }

    /// Kinds of fields.
    public enum FieldType: String, Sendable, CaseIterable {
        /// 15 digits, grouped.
        case cardNumber = "card-number"
        /// Part of a person's name.
        case name
        /// Any text.
        case text
        /// End of validity.
        case month
        /// What the QR holds.
        case qrPayload = "qr-payload"
        /// 16 digits.
        case carrierNumber = "carrier-number"
        /// "экз. 2".
        case issueMark = "issue-mark"
    }

    struct Side: Sendable {
        let name: String
        /// Operators that draw the art, in millimetres.
        let art: [UInt8]
        let items: [Item]
    }

    struct Item: Sendable {
        let id: String
        let line: Int
        let box: Box
        let kind: Kind

        enum Kind: Sendable {
            case text(TextItem)
            case qr(SymbolItem)
            case code128(SymbolItem)
        }
    }

    struct TextItem: Sendable {
        let template: Template
        let font: String
        let size: Double
        let align: Align
        let fit: Fit
        let ink: String

        enum Align: String, Sendable, CaseIterable { case left, center, right }
    }

    /// shrink → wrap → reject.
    struct Fit: Sendable, Equatable {
        /// The smallest size, in points; nil: the size stays.
        var shrink: Double?
        /// At most so many lines.
        var lines = 1
    }

    struct SymbolItem: Sendable {
        let template: Template
        let module: Double
        let quiet: Int
        let ink: String
        let ground: String
        /// QR only: 7 or 8, and the letter of the correction level.
        let version: Int
        let level: String
    }

    struct Lint: Sendable {
        let minText: Double
        let minModule: Double
        let longest: [String: String]
    }

    /// Whether texts are set as text, so that they can be read back.
    public var hasLiveText: Bool { !print.textAsCurves }

    /// The page with bleed, millimetres.
    var pageWidth: Double { card.width + 2 * card.bleed }
    var pageHeight: Double { card.height + 2 * card.bleed }
}

/// Text with `{field}` in it; `[…]` is left out when a field inside is empty.
struct Template: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case literal(String)
        case field(String)
        case optional([Part])
    }

    let parts: [Part]

    /// nil when brackets or braces do not match.
    init?(_ text: String) {
        var characters = Array(text)[...]
        guard let parts = Self.parse(&characters, isInside: false) else { return nil }
        self.parts = parts
    }

    var fields: [String] { Self.fields(parts) }

    func fill(_ value: (String) -> String) -> String { Self.fill(parts, value) }

    private static func fields(_ parts: [Part]) -> [String] {
        parts.flatMap { part -> [String] in
            switch part {
            case .literal: []
            case .field(let name): [name]
            case .optional(let inner): fields(inner)
            }
        }
    }

    private static func fill(_ parts: [Part], _ value: (String) -> String) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .field(let name): text += value(name)
            case .optional(let inner):
                if fields(inner).allSatisfy({ !value($0).isEmpty }) { text += fill(inner, value) }
            }
        }
        return text
    }

    private static func parse(_ rest: inout ArraySlice<Character>, isInside: Bool) -> [Part]? {
        var parts: [Part] = []
        var literal = ""
        func close() {
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
        }
        while let next = rest.popFirst() {
            switch next {
            case "{":
                guard let end = rest.firstIndex(of: "}"), end > rest.startIndex else { return nil }
                close()
                parts.append(.field(String(rest[..<end])))
                rest = rest[(end + 1)...]
            case "[" where !isInside:
                guard let inner = parse(&rest, isInside: true) else { return nil }
                close()
                parts.append(.optional(inner))
            case "]" where isInside:
                close()
                return parts
            case "}", "[", "]": return nil
            default: literal.append(next)
            }
        }
        close()
        return isInside ? nil : parts
    }
}
