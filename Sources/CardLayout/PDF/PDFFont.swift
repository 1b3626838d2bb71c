import TicketSeal

/// One font of a PDF, subset to what was used.
enum PDFFont {
    /// Writes five objects from `first` on: the font itself is `first`.
    static let objects = 5

    static func write(
        _ font: FontFace,
        _ glyphs: [UInt16: String],
        first: Int,
        to file: PDFFile,
        _ deflate: Deflate
    ) throws {
        let ids = glyphs.keys.sorted()
        let name = tag(ids) + "+" + font.name
        guard let program = font.subset(ids) else {
            throw LayoutError(
                font.path,
                nil,
                "Шрифт не удалось сократить до использованных знаков.",
                "The font could not be subset."
            )
        }
        try file.object(
            first,
            "<</Type/Font/Subtype/Type0/BaseFont/\(name)/Encoding/Identity-H"
                + "/DescendantFonts[\(first + 1) 0 R]/ToUnicode \(first + 4) 0 R>>"
        )
        let widths = ids.map { id in
            let width = Double(font.advance(of: id)) * 1000 / font.unitsPerEm
            return "\(id)[\(number(width))]"
        }.joined()
        try file.object(
            first + 1,
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/\(name)"
                + "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
                + "/CIDToGIDMap/Identity/DW 0/W[\(widths)]/FontDescriptor \(first + 2) 0 R>>"
        )
        let box = font.boundingBox.map(String.init).joined(separator: " ")
        try file.object(
            first + 2,
            "<</Type/FontDescriptor/FontName/\(name)/Flags 4/FontBBox[\(box)]/ItalicAngle 0"
                + "/Ascent \(Int(font.ascent * 1000))/Descent \(-Int(font.descent * 1000))"
                + "/CapHeight \(Int(font.capHeight * 1000))/StemV 80/FontFile2 \(first + 3) 0 R>>"
        )
        try file.stream(
            first + 3,
            "/Filter/FlateDecode/Length1 \(program.count)",
            deflate.compress(program)
        )
        try file.stream(first + 4, "/Filter/FlateDecode", deflate.compress(unicode(glyphs)))
    }

    /// Six letters made of what is in the subset: the same for the same glyphs.
    private static func tag(_ ids: [UInt16]) -> String {
        let bytes = ids.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        return String(
            String.UnicodeScalarView(
                SHA256Digest.of(bytes).prefix(6).map { Unicode.Scalar(0x41 + $0 % 26) }
            )
        )
    }

    private static func number(_ value: Double) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: value)
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// What each glyph stands for (ISO 32000 § 9.10.3).
    private static func unicode(_ glyphs: [UInt16: String]) -> [UInt8] {
        var text = """
            /CIDInit /ProcSet findresource begin
            12 dict begin
            begincmap
            /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
            /CMapName/Adobe-Identity-UCS def
            /CMapType 2 def
            1 begincodespacerange
            <0000><FFFF>
            endcodespacerange

            """
        let known = glyphs.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        for start in stride(from: 0, to: known.count, by: 100) {
            let part = known[start..<min(start + 100, known.count)]
            text += "\(part.count) beginbfchar\n"
            for (id, value) in part {
                text += "<\(hex(id))><\(value.utf16.map(hex).joined())>\n"
            }
            text += "endbfchar\n"
        }
        text += "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        return Array(text.utf8)
    }

    private static func hex(_ value: UInt16) -> String {
        var bytes: [UInt8] = []
        bytes.append(hex: value)
        return String(decoding: bytes, as: UTF8.self)
    }
}
