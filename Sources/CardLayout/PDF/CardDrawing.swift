public import UnionTicket

/// Draws cards: the operators of both sides, and what does not fit.
///
/// Keeps shaped text and a compressor; one thread at a time uses it.
public final class CardDrawing {
    private let layout: CardLayout
    private let shaper: Shaper
    private let fitter: TextFitter
    private let deflate = Deflate(level: 2)
    private let symbols: [QRSymbol?]
    /// The items of each side that differ from card to card.
    private let variable: [[CardLayout.Item]]
    /// Font names in the order of their PDF names F0, F1, ….
    let fontNames: [String]
    private let fontIndex: [String: Int]
    /// For each font the glyphs drawn so far and what they stand for.
    let used: [GlyphUse]

    /// A drawing of cards with `layout`.
    public init(_ layout: CardLayout) {
        self.layout = layout
        variable = layout.sides.map { $0.items.filter { !$0.template.fields.isEmpty } }
        symbols = layout.sides.map { side in
            side.items.lazy.compactMap { item -> QRSymbol? in
                guard case .qr(let symbol) = item.kind else { return nil }
                return QRSymbol(version: symbol.version, level: symbol.level)
            }.first
        }
        fontNames = layout.fonts.keys.sorted()
        fontIndex = Dictionary(uniqueKeysWithValues: fontNames.enumerated().map { ($1, $0) })
        used = layout.fonts.map { _ in GlyphUse() }
        shaper = Shaper(layout.fonts, Dictionary(uniqueKeysWithValues: zip(fontNames, used)))
        fitter = TextFitter(shaper)
    }

    /// Why a card cannot be printed.
    public struct Fault: Sendable, Equatable {
        /// The item of the layout.
        public let item: String
        /// `does_not_fit`, `missing_glyph`, `too_long`, `empty` or `bad_symbol`.
        public let code: String
        /// What is wrong.
        public let message: Bilingual

        /// A fault at an item.
        public init(item: String, code: String, message: Bilingual) {
            (self.item, self.code, self.message) = (item, code, message)
        }
    }

    /// Everything about `record` that cannot be printed; empty for nearly all.
    public func faults(of record: CardRecord) -> [Fault] {
        var faults: [Fault] = []
        for (name, field) in layout.fields.sorted(by: { $0.key < $1.key }) {
            let text = layout.shown(name, record)
            if let max = field.max, text.count > max {
                faults.append(
                    Fault(
                        item: name,
                        code: "too_long",
                        message: Bilingual(
                            "поле «\(name)»: \(text.count) знаков, допускается \(max).",
                            "field \(name): \(text.count) characters, \(max) are permitted."
                        )
                    )
                )
            }
            if text.isEmpty, !field.isOptional, field.type != .issueMark {
                faults.append(
                    Fault(
                        item: name,
                        code: "empty",
                        message: Bilingual("поле «\(name)» пусто.", "field \(name) is empty.")
                    )
                )
            }
        }
        for item in layout.sides.flatMap(\.items) {
            switch item.kind {
            case .text(let text): faults += self.faults(of: record, text, item)
            case .qr:
                let symbol = symbols.lazy.compactMap(\.self).first
                if symbol?.encode(prefix: record.qrPrefix, digits: record.qrDigits) == nil {
                    faults.append(Self.badSymbol(item))
                }
            case .code128(let symbol):
                let text = symbol.template.fill { layout.shown($0, record) }
                if Code128.encode(digits: text)?.width != 123 {
                    faults.append(Self.badSymbol(item))
                }
            }
        }
        return faults
    }

    private static func badSymbol(_ item: CardLayout.Item) -> Fault {
        Fault(
            item: item.id,
            code: "bad_symbol",
            message: Bilingual(
                "«\(item.id)»: данные не помещаются в символ; увеличьте version.",
                "\(item.id): the data does not fit the symbol; raise its version."
            )
        )
    }

    private func faults(
        of record: CardRecord,
        _ text: CardLayout.TextItem,
        _ item: CardLayout.Item
    ) -> [Fault] {
        let value = text.template.fill { layout.shown($0, record) }
        guard !value.isEmpty else { return [] }
        let missing = shaper.shape(value, text.font).missing
        if !missing.isEmpty {
            let letters = missing.map {
                "\($0) (U+\(String($0.value, radix: 16, uppercase: true)))"
            }.joined(separator: " ")
            return [
                Fault(
                    item: item.id,
                    code: "missing_glyph",
                    message: Bilingual(
                        "«\(item.id)»: в шрифте нет знаков \(letters).",
                        "\(item.id): the font lacks \(letters)."
                    )
                )
            ]
        }
        guard fitter.fit(value, text, in: item.box) == nil else { return [] }
        return [
            Fault(
                item: item.id,
                code: "does_not_fit",
                message: Bilingual(
                    "«\(item.id)»: текст «\(value)» не помещается.",
                    "\(item.id): the text “\(value)” does not fit."
                )
            )
        ]
    }

    /// A record that reached the press with something that cannot be printed.
    public struct Unprintable: Error, Sendable {
        /// The first fault.
        public let fault: Fault
    }

    /// Draws trim, safe zone and every box over the card, for previews.
    public var showsGuides = false

    /// The compressed content streams of front and back.
    func contents(_ record: CardRecord) throws -> (front: [UInt8], back: [UInt8]) {
        let streams = try layout.sides.enumerated().map { index, side in
            var output: [UInt8] = []
            output.reserveCapacity(2_048)
            output.append("/B")
            output.append(decimal: index)
            output.append(" Do\n")
            begin(&output)
            for item in variable[index] {
                try draw(item, record, symbols[index], into: &output)
            }
            if showsGuides { drawGuides(side, into: &output) }
            return deflate.compress(output)
        }
        return (streams[0], streams[1])
    }

    /// The operators of what is the same on every card of a side.
    func background(_ side: CardLayout.Side) -> [UInt8] {
        var output: [UInt8] = []
        begin(&output)
        output += side.art
        let empty = CardRecord.sample(.typical, for: layout)
        for item in side.items where item.template.fields.isEmpty {
            try? draw(item, empty, nil, into: &output)
        }
        for item in side.items {
            guard case .qr(let symbol) = item.kind, let ground = layout.palette[symbol.ground]
            else { continue }
            drawGround(ground, item.box, into: &output)
        }
        for item in side.items {
            guard case .code128(let symbol) = item.kind, let ground = layout.palette[symbol.ground]
            else { continue }
            drawGround(ground, item.box, into: &output)
        }
        return output
    }

    private func drawGuides(_ side: CardLayout.Side, into output: inout [UInt8]) {
        let card = layout.card
        func frame(_ box: Box) {
            for value in [box.x, box.y, box.width, box.height] { output.append(number: value) }
            output.append("re S\n")
        }
        output.append("0.08 w 0 1 0 0 K\n")
        frame(Box(x: 0, y: 0, width: card.width, height: card.height))
        frame(
            Box(
                x: card.safe,
                y: card.safe,
                width: card.width - 2 * card.safe,
                height: card.height - 2 * card.safe
            )
        )
        output.append("1 0 0 0 K\n")
        for item in side.items { frame(item.box) }
    }

    private func drawGround(
        _ ink: CardLayout.Colour,
        _ box: Box,
        into output: inout [UInt8]
    ) {
        output.append(ink: ink)
        for value in [box.x, box.y, box.width, box.height] { output.append(number: value) }
        output.append("re f\n")
    }

    /// Millimetres from the trimmed card's top-left corner, y down.
    private func begin(_ output: inout [UInt8]) {
        let scale = 72 / 25.4
        output.append("2.834646 0 0 -2.834646 ")
        output.append(number: layout.card.bleed * scale)
        output.append(number: (layout.card.height + layout.card.bleed) * scale)
        output.append("cm\n")
    }

    private func draw(
        _ item: CardLayout.Item,
        _ record: CardRecord,
        _ symbolMaker: QRSymbol?,
        into output: inout [UInt8]
    ) throws {
        switch item.kind {
        case .text(let text): try draw(text, item, record, into: &output)
        case .qr(let symbol):
            let bits = symbolMaker?.encode(prefix: record.qrPrefix, digits: record.qrDigits)
            try draw(bits, symbol, item, into: &output)
        case .code128(let symbol):
            let text = symbol.template.fill { layout.shown($0, record) }
            try draw(Code128.encode(digits: text), symbol, item, into: &output)
        }
    }

    private func draw(
        _ text: CardLayout.TextItem,
        _ item: CardLayout.Item,
        _ record: CardRecord,
        into output: inout [UInt8]
    ) throws {
        let value = text.template.fill { layout.shown($0, record) }
        guard !value.isEmpty else { return }
        guard let font = layout.fonts[text.font], let index = fontIndex[text.font],
            let ink = layout.palette[text.ink],
            let fitted = fitter.fit(value, text, in: item.box),
            fitted.lines.allSatisfy(\.missing.isEmpty)
        else {
            let fault = faults(of: record, text, item).first
            throw Unprintable(
                fault: fault
                    ?? Fault(
                        item: item.id,
                        code: "does_not_fit",
                        message: Bilingual("«\(value)»", "\(value)")
                    )
            )
        }
        output.append(ink: ink)
        let size = fitted.size * TextFitter.millimetres
        for (number, line) in fitted.lines.enumerated() {
            let width = line.width * size
            let x =
                switch text.align {
                case .left: item.box.x
                case .center: item.box.x + (item.box.width - width) / 2
                case .right: item.box.right - width
                }
            let y = item.box.y + fitter.baseline(of: number, fitted, font, in: item.box)
            if layout.print.textAsCurves {
                TextOperators.curves(line, font, size: size, x: x, y: y, into: &output)
            } else {
                TextOperators.text(
                    line,
                    font,
                    index,
                    size: size,
                    x: x,
                    y: y,
                    used: used[index],
                    into: &output
                )
            }
        }
    }

    private func draw(
        _ bits: SymbolBits?,
        _ symbol: CardLayout.SymbolItem,
        _ item: CardLayout.Item,
        into output: inout [UInt8]
    ) throws {
        guard let bits, let ink = layout.palette[symbol.ink] else {
            throw Unprintable(fault: Self.badSymbol(item))
        }
        let margin = Double(symbol.quiet) * symbol.module
        let isRow = bits.height == 1
        let x = item.box.x + margin
        let y = isRow ? item.box.y : item.box.y + margin
        let width = Double(bits.width) * symbol.module
        let height = isRow ? item.box.height : Double(bits.height) * symbol.module
        output.append(ink: ink)
        if layout.print.symbolsAsPaths {
            let cut = layout.print.barWidthReduction
            let rowHeight = height / Double(bits.height)
            for row in 0..<bits.height {
                for run in bits.runs(in: row) {
                    output.append(number: x + Double(run.lowerBound) * symbol.module + cut / 2)
                    output.append(number: y + Double(row) * rowHeight)
                    output.append(number: Double(run.count) * symbol.module - cut)
                    output.append(number: rowHeight)
                    output.append("re\n")
                }
            }
            output.append("f\n")
            return
        }
        output.append("q ")
        output.append(number: width)
        output.append("0 0 ")
        output.append(number: -height)
        output.append(number: x)
        output.append(number: y + height)
        output.append("cm BI/W ")
        output.append(decimal: bits.width)
        output.append("/H ")
        output.append(decimal: bits.height)
        output.append("/BPC 1/IM true/D[1 0] ID ")
        output += bits.bytes
        output.append("\nEI Q\n")
    }
}
