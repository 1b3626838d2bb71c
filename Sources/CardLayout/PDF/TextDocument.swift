import Foundation
public import TicketSeal

/// A plain A4 document of text and tables in black: covering sheets, waybills, hand-out lists.
///
/// Text flows down the page; tables repeat their heading on every page. The same content gives the
/// same bytes.
public final class TextDocument {
    /// Page measures in millimetres.
    private static let (width, height, margin) = (210.0, 297.0, 18.0)
    private let file: PDFFile
    private let title: String
    private let fonts: [String: FontFace]
    private let names: [String]
    private let shaper: Shaper
    private let deflate = Deflate(level: 1)
    private let used: [GlyphUse]
    private var kids: [Int] = []
    private var next: Int
    private var table: Table?
    private var current: [UInt8] = []
    private var y = TextDocument.margin
    private let footer: String

    /// The fonts of documents, opened once for many of them.
    public struct Fonts: Sendable {
        fileprivate let faces: [String: FontFace]

        /// - Parameter folder: Where fonts may lie before the system's place.
        /// - Throws: ``LayoutError`` when one is missing.
        public init(folder: String) throws {
            let files = ["bold": "PTS75F.ttf", "mono": "PTM55F.ttf", "regular": "PTS55F.ttf"]
            faces = try files.mapValues { try FontFace(path: FontPlaces.find($0, near: folder)) }
        }
    }

    /// Begins a document at `path`.
    public init(path: String, title: String, footer: String, fonts: Fonts) throws {
        self.title = title
        self.footer = footer
        self.fonts = fonts.faces
        let fonts = fonts.faces
        names = fonts.keys.sorted()
        used = fonts.map { _ in GlyphUse() }
        shaper = Shaper(fonts, Dictionary(uniqueKeysWithValues: zip(names, used)))
        file = try PDFFile(path: path, capacity: 64)
        next = 5 + PDFFont.objects * fonts.count
        start()
    }

    /// A column of a table.
    public struct Column: Sendable {
        /// Heading.
        public let title: String
        /// Share of the page's width.
        public let share: Double
        /// Set in the fixed-width font.
        public let isMono: Bool

        /// A column.
        public init(_ title: String, _ share: Double, isMono: Bool = false) {
            (self.title, self.share, self.isMono) = (title, share, isMono)
        }
    }

    private var lineWidth: Double { Self.width - 2 * Self.margin }

    /// A heading.
    public func heading(_ text: String, size: Double = 14) throws {
        try paragraph(text, font: "bold", size: size)
        y += 1.5
    }

    /// A paragraph, wrapped at the page's width.
    public func paragraph(_ text: String, font: String = "regular", size: Double = 10) throws {
        for line in wrap(text, font, size, lineWidth) {
            let step = size * TextFitter.millimetres * 1.3
            try reserve(step)
            draw(line, font, size, x: Self.margin, y: y + step * 0.75)
            y += step
        }
        y += 1.2
    }

    /// Pairs of a name and a value.
    public func facts(_ facts: [(String, String)]) throws {
        for (name, value) in facts {
            let lines = wrap(value, "regular", 10, lineWidth - 62)
            let step = 10 * TextFitter.millimetres * 1.3
            try reserve(step * Double(max(1, lines.count)))
            draw(name, "bold", 9, x: Self.margin, y: y + step * 0.75)
            for line in lines {
                draw(line, "regular", 10, x: Self.margin + 62, y: y + step * 0.75)
                y += step
            }
            y += 0.8
        }
        y += 1.5
    }

    /// A table being drawn.
    private struct Table {
        let columns: [Column]
        let widths: [Double]
        let size: Double
        let rowHeight: Double
    }

    /// A table with rules; the heading stands on every page.
    public func table(_ columns: [Column], _ rows: [[String]], size: Double = 8.5) throws {
        try beginTable(columns, size: size)
        for row in rows { try self.row(row) }
        endTable()
    }

    /// Begins a table whose rows come one by one.
    public func beginTable(
        _ columns: [Column],
        size: Double = 8.5,
        rowHeight: Double = 0
    ) throws {
        let total = columns.reduce(0) { $0 + $1.share }
        let widths = columns.map { $0.share / total * lineWidth }
        table = Table(columns: columns, widths: widths, size: size, rowHeight: rowHeight)
        try cells(columns.map(\.title), isHead: true)
    }

    /// Adds a row to the table that was begun.
    public func row(_ texts: [String]) throws { try cells(texts, isHead: false) }

    /// Ends the table.
    public func endTable() {
        table = nil
        y += 3
    }

    private func cells(_ texts: [String], isHead: Bool) throws {
        guard let table else { return }
        let wrapped = zip(table.columns, zip(table.widths, texts)).map { column, cell in
            let font = isHead ? "bold" : column.isMono ? "mono" : "regular"
            return (font, wrap(cell.1, font, table.size, cell.0 - 2))
        }
        let step = table.size * TextFitter.millimetres * 1.25
        let lines = Double(wrapped.map { $0.1.count }.max() ?? 1)
        let needed = max(isHead ? 0 : table.rowHeight, lines * step + 1.6)
        if y + needed > Self.height - Self.margin - 6 {
            try turn()
            if !isHead { try cells(table.columns.map(\.title), isHead: true) }
        }
        var x = Self.margin
        for (width, (font, lines)) in zip(table.widths, wrapped) {
            if isHead { fill(0.12, x, y, width, needed) }
            rule(x, y, width, needed)
            for (index, line) in lines.enumerated() {
                let baseline = y + 0.8 + step * (Double(index) + 0.78)
                draw(line, font, table.size, x: x + 1, y: baseline)
            }
            x += width
        }
        y += needed
    }

    /// Leaves room.
    public func space(_ millimetres: Double) throws {
        try reserve(millimetres)
        y += millimetres
    }

    /// Begins a new page unless this one is fresh.
    public func newPage() throws { if y > Self.margin { try turn() } }

    /// Writes the last page and all that pages share.
    public func finish() throws -> Manifest.File {
        if y > Self.margin || kids.isEmpty { try endPage() }
        var list = ""
        for (index, name) in names.enumerated() {
            guard let font = fonts[name], !used[index].texts.isEmpty else { continue }
            let first = 5 + PDFFont.objects * index
            try PDFFont.write(font, used[index].texts, first: first, to: file, deflate)
            list += "/F\(index) \(first) 0 R"
        }
        let box = "[0 0 595.276 841.89]"
        let tree = kids.map { "\($0) 0 R" }.joined(separator: " ")
        try file.object(
            2,
            "<</Type/Pages/Count \(kids.count)/MediaBox\(box)/Resources<</Font<<\(list)>>>>/Kids[\(tree)]>>"
        )
        try file.object(3, "<</Title<\(PDFText.hex(title))>/Producer(ProfBilet)>>")
        try file.object(1, "<</Type/Catalog/Pages 2 0 R/Lang(ru-RU)>>")
        return try file.finish(root: 1, info: 3, id: Array(repeating: 0x50, count: 16))
    }

    private func start() {
        current = []
        current.append("2.834646 0 0 -2.834646 0 841.89 cm 0 0 0 1 k 0 0 0 1 K 0.15 w\n")
        y = Self.margin
    }

    private func turn() throws {
        try endPage()
        start()
    }

    /// Pages are written as they end, so that memory does not grow with the document.
    private func endPage() throws {
        let line = "\(footer) · \(kids.count + 1)"
        draw(line, "regular", 7.5, x: Self.margin, y: Self.height - Self.margin + 6)
        try file.stream(next, "/Filter/FlateDecode", deflate.compress(current))
        try file.object(next + 1, "<</Type/Page/Parent 2 0 R/Contents \(next) 0 R>>")
        kids.append(next + 1)
        next += 2
    }

    private func reserve(_ room: Double) throws {
        if y + room > Self.height - Self.margin { try turn() }
    }

    private func wrap(_ text: String, _ font: String, _ size: Double, _ width: Double) -> [String] {
        let scale = size * TextFitter.millimetres
        var lines: [String] = []
        for source in text.precomposedStringWithCanonicalMapping.split(
            separator: "\n",
            omittingEmptySubsequences: false
        ) {
            if shaper.shape(String(source), font).width * scale <= width {
                lines.append(String(source))
                continue
            }
            var line = ""
            for word in source.split(separator: " ", omittingEmptySubsequences: false) {
                let candidate = line.isEmpty ? String(word) : line + " " + word
                if line.isEmpty || shaper.shape(candidate, font).width * scale <= width {
                    line = candidate
                } else {
                    lines.append(line)
                    line = String(word)
                }
            }
            lines.append(line)
        }
        return lines
    }

    private func draw(_ text: String, _ font: String, _ size: Double, x: Double, y: Double) {
        guard !text.isEmpty, let face = fonts[font], let index = names.firstIndex(of: font) else {
            return
        }
        TextOperators.text(
            shaper.shape(text, font),
            face,
            index,
            size: size * TextFitter.millimetres,
            x: x,
            y: y,
            used: used[index],
            into: &current
        )
    }

    private func rule(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        for value in [x, y, width, height] { current.append(number: value) }
        current.append("re S\n")
    }

    private func fill(_ black: Double, _ x: Double, _ y: Double, _ width: Double, _ height: Double)
    {
        current.append("0 0 0 ")
        current.append(number: black)
        current.append("k ")
        for value in [x, y, width, height] { current.append(number: value) }
        current.append("re f 0 0 0 1 k\n")
    }
}
