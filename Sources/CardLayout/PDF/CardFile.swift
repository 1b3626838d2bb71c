import Dispatch
import Synchronization
public import TicketSeal

/// Writes cards into one press-ready PDF: two pages a card, front and back (production.md § 3a).
///
/// PDF/X-4 structure: DeviceCMYK throughout, an output intent with its profile, TrimBox and BleedBox
/// on every page. Pages stream out; fonts are subset once and written last. The same cards give the
/// same bytes.
public final class CardFile {
    private let layout: CardLayout
    private let file: PDFFile
    private let title: String
    private let drawings: [CardDrawing]
    private let deflate = Deflate()
    private let fontFirst: Int
    private var next: Int
    private var pageCount = 0
    private var nodes: [(number: Int, first: Int, count: Int)] = []

    // Fixed objects: 1 catalog, 2 pages, 3 information, 4 metadata, 5 profile, 6 and 7 backgrounds,
    // 8 resources.
    private static let fixed = 8
    private static let pagesANode = 64

    /// Begins the file at `path`.
    ///
    /// - Throws: ``FileFailure``.
    public init(
        path: String,
        layout: CardLayout,
        title: String,
        cards: Int,
        showsGuides: Bool = false
    ) throws {
        self.layout = layout
        self.title = title
        drawings = (0..<Cores.count).map { _ in CardDrawing(layout) }
        for drawing in drawings { drawing.showsGuides = showsGuides }
        fontFirst = Self.fixed + 1
        next = fontFirst + PDFFont.objects * layout.fonts.count
        file = try PDFFile(path: path, capacity: next + 4 * cards + cards / 16 + 8)
        try file.stream(
            5,
            "/N 4/Alternate/DeviceCMYK/Filter/FlateDecode",
            Deflate(level: 9).compress(layout.profile)
        )
    }

    /// Adds cards, in order, drawn on both cores.
    ///
    /// - Throws: ``CardDrawing/Unprintable`` or ``FileFailure``.
    public func add(_ records: [CardRecord]) throws { try append(draw(records).value()) }

    /// Cards being drawn beside the caller's work.
    public final class Drawing: Sendable {
        private let result = Mutex<Result<[Drawn], any Error>>(.success([]))
        private let done = DispatchSemaphore(value: 0)

        fileprivate init(_ draw: @escaping @Sendable () throws -> [Drawn]) {
            DispatchQueue.global().async { [self] in
                let drawn = Result(catching: draw)
                result.withLock { $0 = drawn }
                done.signal()
            }
        }

        /// Waits; to be called once.
        fileprivate func value() throws -> [Drawn] {
            done.wait()
            return try result.withLock { try $0.get() }
        }
    }

    /// Begins to draw cards; one drawing of a file at a time.
    public func draw(_ records: [CardRecord]) -> Drawing {
        nonisolated(unsafe) let drawings = drawings
        return Drawing { unsafe try Self.draw(records, drawings) }
    }

    /// Adds what was drawn, in the order of the calls.
    ///
    /// - Throws: ``CardDrawing/Unprintable`` or ``FileFailure``.
    public func append(_ drawing: Drawing) throws { try append(drawing.value()) }

    private func append(_ drawn: [Drawn]) throws {
        for card in drawn {
            try page(card.front)
            try page(card.back)
        }
    }

    private static func draw(
        _ records: [CardRecord],
        _ drawings: [CardDrawing]
    ) throws -> [Drawn] {
        nonisolated(unsafe) let drawings = drawings
        return try Cores.map(records.count, atLeast: 4) { share, range in
            let drawing = unsafe drawings[share]
            return try records[range].map { Drawn(try drawing.contents($0)) }
        }
    }

    fileprivate struct Drawn: Sendable {
        let front: [UInt8]
        let back: [UInt8]

        init(_ streams: (front: [UInt8], back: [UInt8])) {
            (front, back) = (streams.front, streams.back)
        }
    }

    private func page(_ content: [UInt8]) throws {
        if pageCount % Self.pagesANode == 0 {
            nodes.append((next, pageCount, 0))
            next += 1 + 2 * Self.pagesANode
        }
        let node = nodes.count - 1
        let number = nodes[node].number + 1 + 2 * nodes[node].count
        nodes[node].count += 1
        pageCount += 1
        try file.stream(number + 1, "/Filter/FlateDecode", content)
        file.begin(number)
        file.add("<</Type/Page/Parent ")
        file.add(decimal: nodes[node].number)
        file.add(pageBoxes)
        file.add(decimal: number + 1)
        file.add(" 0 R>>")
        try file.end()
    }

    /// TrimBox and BleedBox cannot be inherited.
    private lazy var pageBoxes: String = {
        let scale = 72 / 25.4
        let bleed = layout.card.bleed * scale
        let boxes = [
            bleed, bleed, bleed + layout.card.width * scale, bleed + layout.card.height * scale,
        ]
        return " 0 R/TrimBox\(Self.array(boxes))/BleedBox\(mediaBox)/Contents "
    }()

    private var mediaBox: String {
        Self.array([0, 0, layout.pageWidth * 72 / 25.4, layout.pageHeight * 72 / 25.4])
    }

    private static func array(_ values: [Double]) -> String {
        var bytes: [UInt8] = []
        for value in values { bytes.append(number: value) }
        return "[" + String(decoding: bytes.dropLast(), as: UTF8.self) + "]"
    }

    /// Writes fonts, backgrounds and the page tree; returns it as a manifest lists it.
    public func finish() throws -> Manifest.File {
        let resources = "/Resources 8 0 R"
        var fonts = ""
        let background = drawings[0]
        let sides = layout.sides.map(background.background)
        for (index, name) in background.fontNames.enumerated() {
            var used: [UInt16: String] = [:]
            for drawing in drawings { used.merge(drawing.used[index].texts) { first, _ in first } }
            guard let font = layout.fonts[name], !used.isEmpty else { continue }
            let first = fontFirst + PDFFont.objects * index
            try PDFFont.write(font, used, first: first, to: file, deflate)
            fonts += "/F\(index) \(first) 0 R"
        }
        for (index, content) in sides.enumerated() {
            let box = mediaBox
            try file.stream(
                6 + index,
                "/Type/XObject/Subtype/Form/BBox\(box)\(resources)/Filter/FlateDecode",
                Deflate(level: 9).compress(content)
            )
        }
        try file.object(8, "<</Font<<\(fonts)>>/XObject<</B0 6 0 R/B1 7 0 R>>>>")
        for node in nodes {
            let kids = (0..<node.count).map { "\(node.number + 1 + 2 * $0) 0 R" }
            try file.object(
                node.number,
                "<</Type/Pages/Parent 2 0 R/Count \(node.count)/Kids[\(kids.joined(separator: " "))]>>"
            )
        }
        let kids = nodes.map { "\($0.number) 0 R" }.joined(separator: " ")
        try file.object(
            2,
            "<</Type/Pages/Count \(pageCount)/MediaBox\(mediaBox)\(resources)/Kids[\(kids)]>>"
        )
        try file.object(
            3,
            "<</Title<\(PDFText.hex(title))>/Producer(ProfBilet)/Trapped/False"
                + "/GTS_PDFXVersion(PDF/X-4)>>"
        )
        try file.stream(4, "/Type/Metadata/Subtype/XML", Array(metadata.utf8))
        try file.object(
            1,
            "<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R/OutputIntents[<</Type/OutputIntent"
                + "/S/GTS_PDFX/OutputConditionIdentifier(\(layout.print.intent))"
                + "/RegistryName(http://www.color.org)/Info(\(layout.print.intent))"
                + "/DestOutputProfile 5 0 R>>]>>"
        )
        let id = SHA256Digest.of(Array((title + layout.hash + "\(pageCount)").utf8)).prefix(16)
        return try file.finish(root: 1, info: 3, id: Array(id))
    }

    /// XMP; no clock, so that the same cards give the same bytes.
    private var metadata: String {
        let id = Hex.text(Array(SHA256Digest.of(Array((title + layout.hash).utf8)).prefix(16)))
        let date = "2026-01-01T00:00:00Z"
        return """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
            xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" \
            xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">\(PDFText.xml(title))</rdf:li></rdf:Alt></dc:title>
            <xmp:CreateDate>\(date)</xmp:CreateDate><xmp:ModifyDate>\(date)</xmp:ModifyDate>\
            <xmp:MetadataDate>\(date)</xmp:MetadataDate>
            <xmpMM:DocumentID>uuid:\(id)</xmpMM:DocumentID><xmpMM:VersionID>1</xmpMM:VersionID>\
            <xmpMM:RenditionClass>default</xmpMM:RenditionClass>
            <pdf:Producer>ProfBilet</pdf:Producer><pdf:Trapped>False</pdf:Trapped>
            <pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>
            </rdf:Description></rdf:RDF></x:xmpmeta>
            <?xpacket end="w"?>
            """
    }
}

/// Texts in PDF's and XML's dress.
enum PDFText {
    /// UTF-16 with its mark, hexadecimal.
    static func hex(_ text: String) -> String {
        Hex.text([0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }

    static func xml(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
    }
}
