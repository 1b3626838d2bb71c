/// The glyphs of one font that were drawn, and what they stand for.
final class GlyphUse {
    private var isUsed = [Bool](repeating: false, count: 1 << 16)
    private var meanings: [UInt16: String] = [:]

    /// Notes what a glyph stands for; the first meaning counts.
    func note(_ glyph: UInt16, _ text: String) {
        if meanings[glyph] == nil { meanings[glyph] = text }
    }

    func draw(_ glyph: UInt16) { isUsed[Int(glyph)] = true }

    /// The glyphs that were drawn, with their meanings.
    var texts: [UInt16: String] {
        var texts: [UInt16: String] = [:]
        for (glyph, isUsed) in isUsed.enumerated() where isUsed {
            texts[UInt16(glyph)] = meanings[UInt16(glyph)] ?? ""
        }
        return texts
    }
}

/// Writes shaped lines as PDF operators in a space of millimetres with y down.
enum TextOperators {
    static func text(
        _ line: FontFace.Line,
        _ font: FontFace,
        _ index: Int,
        size: Double,
        x: Double,
        y: Double,
        used: GlyphUse,
        into output: inout [UInt8]
    ) {
        output.append("BT/F")
        output.append(decimal: index)
        output.append(" 1 Tf ")
        output.append(number: size)
        output.append("0 0 ")
        output.append(number: -size)
        output.append(number: x)
        output.append(number: y)
        output.append("Tm[<")
        for glyph in line.glyphs {
            if glyph.xOffset != 0 { adjust(-Int(glyph.xOffset), font, &output) }
            output.append(hex: glyph.id)
            used.draw(glyph.id)
            let extra = Int(glyph.extra) - Int(glyph.xOffset)
            if extra != 0 { adjust(-extra, font, &output) }
        }
        output.append(">]TJ ET\n")
    }

    private static func adjust(_ units: Int, _ font: FontFace, _ output: inout [UInt8]) {
        output.append(">")
        output.append(number: Double(units) * 1000 / font.unitsPerEm)
        output.append("<")
    }

    static func curves(
        _ line: FontFace.Line,
        _ font: FontFace,
        size: Double,
        x: Double,
        y: Double,
        into output: inout [UInt8]
    ) {
        let scale = size / font.unitsPerEm
        var x = x
        for glyph in line.glyphs {
            let outline = font.outline(of: glyph.id)
            if !outline.isEmpty {
                output.append("q ")
                // Three decimals are too coarse for units of a font.
                output += Array("\(scale) 0 0 \(-scale) ".utf8)
                output.append(number: x + Double(glyph.xOffset) * scale)
                output.append(number: y - Double(glyph.yOffset) * scale)
                output.append("cm\n")
                output += outline
                output.append("f Q\n")
            }
            x += Double(glyph.advance) * scale
        }
    }
}
