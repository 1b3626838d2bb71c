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
    private let lines: LineBreaker
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
        lines = LineBreaker(shaper)
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
        /// Where its texts stand.
        public let alignment: Alignment

        /// A column.
        public init(
            _ title: String,
            _ share: Double,
            isMono: Bool = false,
            alignment: Alignment = .left
        ) {
            (self.title, self.share, self.isMono) = (title, share, isMono)
            self.alignment = alignment
        }
    }

    /// Where a line stands in its room.
    public enum Alignment: Sendable {
        /// At the left edge.
        case left
        /// In the middle.
        case centre
        /// At the right edge.
        case right
    }

    private var lineWidth: Double { Self.width - 2 * Self.margin }

    /// A heading.
    public func heading(
        _ text: String,
        size: Double = 14,
        alignment: Alignment = .left
    ) throws {
        try paragraph(text, font: "bold", size: size, alignment: alignment)
        y += 1.5
    }

    /// A paragraph, wrapped at the page's width.
    public func paragraph(
        _ text: String,
        font: String = "regular",
        size: Double = 10,
        alignment: Alignment = .left
    ) throws {
        for line in wrap(text, font, size, lineWidth) {
            let step = size * TextFitter.millimetres * 1.3
            try keep(step)
            let x = Self.margin + lines.indent(line, font, size, lineWidth, alignment)
            draw(line, font, size, x: x, y: y + step * 0.75)
            y += step
        }
        y += 1.2
    }

    /// A line to sign: who signs, then two rooms with their captions in small print below.
    public func signature(_ role: String, captions: (String, String)) throws {
        let lines = wrap(role, "regular", 10, 66)
        let step = 10 * TextFitter.millimetres * 1.3
        try keep(step * Double(lines.count) + 9)
        y += 5
        for line in lines {
            draw(line, "regular", 10, x: Self.margin, y: y + step * 0.75)
            y += step
        }
        let rooms = [(70.0, 40.0, captions.0), (114.0, lineWidth - 114, captions.1)]
        for (left, width, caption) in rooms {
            rule(Self.margin + left, y, width, 0)
            let middle = self.lines.indent(caption, "regular", 7, width, .centre)
            draw(caption, "regular", 7, x: Self.margin + left + middle, y: y + 2.8)
        }
        y += 4
    }

    /// How many pages there are so far.
    public var pages: Int { kids.count + 1 }

    /// Pairs of a name and a value.
    public func facts(_ facts: [(String, String)]) throws {
        for (name, value) in facts {
            let lines = wrap(value, "regular", 10, lineWidth - 62)
            let step = 10 * TextFitter.millimetres * 1.3
            try keep(step * Double(max(1, lines.count)))
            draw(name, "bold", 9, x: Self.margin, y: y + step * 0.75)
            for line in lines {
                // A value longer than a page goes on over it.
                try keep(step)
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
        var band: String?
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

    /// A line across the whole table that heads the rows after it, on every page that they reach.
    public func band(_ text: String) throws {
        guard let size = table?.size else { return }
        table?.band = nil
        let lines = wrap(text, "bold", size, lineWidth - 2)
        let height = bandHeight(lines, size)
        if y + height + max(table?.rowHeight ?? 0, size) > tableEnd { try turnTable() }
        drawBand(lines, size)
        table?.band = text
    }

    private func bandHeight(_ lines: [String], _ size: Double) -> Double {
        Double(lines.count) * size * TextFitter.millimetres * 1.25 + 1.6
    }

    private func drawBand(_ lines: [String], _ size: Double) {
        let step = size * TextFitter.millimetres * 1.25
        let height = bandHeight(lines, size)
        fill(0.05, Self.margin, y, lineWidth, height)
        rule(Self.margin, y, lineWidth, height)
        for (index, line) in lines.enumerated() {
            let baseline = y + 0.8 + step * (Double(index) + 0.78)
            draw(line, "bold", size, x: Self.margin + 1, y: baseline)
        }
        y += height
    }

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
        if y + needed > tableEnd {
            if isHead { try turn() } else { try turnTable() }
        }
        var x = Self.margin
        for (column, (width, (font, lines))) in zip(table.columns, zip(table.widths, wrapped)) {
            if isHead { fill(0.12, x, y, width, needed) }
            rule(x, y, width, needed)
            for (index, line) in lines.enumerated() {
                let baseline = y + 0.8 + step * (Double(index) + 0.78)
                let left = self.lines.indent(line, font, table.size, width - 2, column.alignment)
                draw(line, font, table.size, x: x + 1 + left, y: baseline)
            }
            x += width
        }
        y += needed
    }

    private var tableEnd: Double { Self.height - Self.margin - 6 }

    /// Goes on with the table on a new page.
    private func turnTable() throws {
        try turn()
        guard let table else { return }
        try cells(table.columns.map(\.title), isHead: true)
        guard let band = table.band else { return }
        drawBand(wrap(band + " (продолжение)", "bold", table.size, lineWidth - 2), table.size)
    }

    /// Leaves room.
    public func space(_ millimetres: Double) throws {
        try keep(millimetres)
        y += millimetres
    }

    /// Begins a new page unless this one has so much room left.
    public func keep(_ millimetres: Double) throws {
        if y + millimetres > Self.height - Self.margin { try turn() }
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

    private func wrap(_ text: String, _ font: String, _ size: Double, _ width: Double) -> [String] {
        lines.broken(text, font, size, to: width)
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
