import Foundation

/// Breaks text into lines by the width of its words as they are drawn.
struct LineBreaker {
    private let shaper: Shaper

    init(_ shaper: Shaper) { self.shaper = shaper }

    /// The lines of a text no wider than `width` millimetres; a word wider than that is cut.
    func broken(_ text: String, _ font: String, _ size: Double, to width: Double) -> [String] {
        var lines: [String] = []
        for source in text.precomposedStringWithCanonicalMapping.split(
            separator: "\n",
            omittingEmptySubsequences: false
        ) {
            let isShort = self.width(String(source), font, size) <= width
            lines += isShort ? [String(source)] : filled(source, font, size, width)
        }
        return lines
    }

    private func filled(
        _ source: Substring,
        _ font: String,
        _ size: Double,
        _ width: Double
    ) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in source.split(separator: " ", omittingEmptySubsequences: false) {
            let candidate = line.isEmpty ? String(word) : line + " " + word
            if self.width(candidate, font, size) <= width {
                line = candidate
                continue
            }
            if !line.isEmpty { lines.append(line) }
            var pieces = cut(String(word), font, size, width)
            line = pieces.popLast() ?? ""
            lines += pieces
        }
        return lines + [line]
    }

    /// The pieces of a word that fit, one a line.
    private func cut(_ word: String, _ font: String, _ size: Double, _ width: Double) -> [String] {
        guard self.width(word, font, size) > width else { return [word] }
        var pieces: [String] = []
        var piece = ""
        for character in word {
            if !piece.isEmpty, self.width(piece + String(character), font, size) > width {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        return pieces + [piece]
    }

    /// How wide a line is, millimetres.
    func width(_ text: String, _ font: String, _ size: Double) -> Double {
        shaper.shape(text, font).width * size * TextFitter.millimetres
    }

    /// How far from the left edge of its room a line begins, millimetres.
    func indent(
        _ line: String,
        _ font: String,
        _ size: Double,
        _ room: Double,
        _ alignment: TextDocument.Alignment
    ) -> Double {
        switch alignment {
        case .left: 0
        case .centre: (room - width(line, font, size)) / 2
        case .right: room - width(line, font, size)
        }
    }
}
