/// Places text into a box: shrink, then wrap, else it does not fit (production.md § 4).
struct TextFitter {
    /// One printer's point in millimetres.
    static let millimetres = 25.4 / 72
    /// From one baseline to the next, in sizes.
    private static let leading = 1.08
    private static let step = 0.25

    /// Text as it will be printed.
    struct Fitted: Sendable {
        /// In points.
        let size: Double
        let lines: [FontFace.Line]
    }

    private let shaper: Shaper

    init(_ shaper: Shaper) { self.shaper = shaper }

    /// The text in `item`'s box, or nil when it does not fit.
    func fit(_ text: String, _ item: CardLayout.TextItem, in box: Box) -> Fitted? {
        let whole = shaper.shape(text, item.font)
        let smallest = item.fit.shrink ?? item.size
        var size = item.size
        if whole.width * size * Self.millimetres <= box.width {
            return .init(size: size, lines: [whole])
        }
        let needed = box.width / (whole.width * Self.millimetres)
        let stepped = (needed / Self.step).rounded(.down) * Self.step
        if stepped >= smallest { return .init(size: stepped, lines: [whole]) }
        guard item.fit.lines > 1 else { return nil }
        while size >= smallest - 0.001 {
            let room = Int(box.height / (size * Self.leading * Self.millimetres) + 0.001)
            let lines = wrap(text, item.font, width: box.width / (size * Self.millimetres))
            if let lines, lines.count <= min(room, item.fit.lines) {
                return .init(size: size, lines: lines)
            }
            size -= Self.step
        }
        return nil
    }

    /// Where the baseline of a line lies below the box's top, in millimetres.
    func baseline(of line: Int, _ fitted: Fitted, _ font: FontFace, in box: Box) -> Double {
        let size = fitted.size * Self.millimetres
        let height = size * (1 + Self.leading * Double(fitted.lines.count - 1))
        let slack = max(0, box.height - height)
        // The capitals of the first line stand in the middle of its em.
        let top = fitted.lines.count == 1 ? slack / 2 : min(slack / 2, size * 0.2)
        return top + size * (0.5 + font.capHeight / 2) + Double(line) * size * Self.leading
    }

    /// Greedy lines, broken at spaces and behind hyphens; nil when one word is too wide.
    private func wrap(_ text: String, _ font: String, width: Double) -> [FontFace.Line]? {
        var lines: [FontFace.Line] = []
        var current = ""
        for piece in Self.pieces(text) {
            let candidate = current + piece
            if shaper.shape(Self.trimmed(candidate), font).width <= width {
                current = candidate
                continue
            }
            if !current.isEmpty { lines.append(shaper.shape(Self.trimmed(current), font)) }
            guard shaper.shape(Self.trimmed(piece), font).width <= width else { return nil }
            current = piece
        }
        if !current.isEmpty { lines.append(shaper.shape(Self.trimmed(current), font)) }
        return lines
    }

    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            piece.append(character)
            if character == " " || character == "-" {
                pieces.append(piece)
                piece = ""
            }
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    private static func trimmed(_ text: String) -> String {
        guard text.hasSuffix(" ") || text.hasPrefix(" ") else { return text }
        let characters = text.drop { $0 == " " }
        let end = characters.lastIndex { $0 != " " }
        return end.map { String(characters[...$0]) } ?? ""
    }
}

/// Shapes text and remembers it: names and organisations come again and again.
final class Shaper {
    fileprivate static let limit = 1_024
    let fonts: [String: FontFace]
    private let caches: [String: WordCache]

    /// `uses` has for each font where it is noted what its glyphs stand for.
    init(_ fonts: [String: FontFace], _ uses: [String: GlyphUse]) {
        self.fonts = fonts
        caches = fonts.keys.reduce(into: [:]) { $0[$1] = WordCache(uses[$1] ?? GlyphUse()) }
    }

    /// The text word by word: each word is shaped once, and what stands between words is a space.
    func shape(_ text: String, _ font: String) -> FontFace.Line {
        guard let face = fonts[font], let cache = caches[font] else { return .empty }
        guard text.utf8.contains(0x20) else { return cache.line(text[...], face) }
        var pieces: [FontFace.Line] = []
        var start = text.startIndex
        while let space = text.utf8[start...].firstIndex(of: 0x20) {
            if space > start { pieces.append(cache.line(text[start..<space], face)) }
            pieces.append(cache.line(" ", face))
            start = text.utf8.index(after: space)
        }
        if start < text.endIndex { pieces.append(cache.line(text[start...], face)) }
        return FontFace.Line(joining: pieces)
    }

    private final class WordCache {
        private var lines: [Substring: FontFace.Line] = [:]
        private let use: GlyphUse

        init(_ use: GlyphUse) { self.use = use }

        func line(_ word: Substring, _ face: FontFace) -> FontFace.Line {
            if let line = lines[word] { return line }
            let line = face.shape(String(word)) { use.note($0, $1) }
            if lines.count >= Shaper.limit { lines.removeAll(keepingCapacity: true) }
            lines[Substring(String(word))] = line
            return line
        }
    }
}
