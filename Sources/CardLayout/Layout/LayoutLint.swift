import UnionTicket

/// What a layout must keep to be usable in a batch (production.md § 4).
struct LayoutLint {
    private(set) var findings: [LayoutFinding] = []
    private let layout: CardLayout
    private let file: String

    init(_ layout: CardLayout, _ file: String) {
        (self.layout, self.file) = (layout, file)
        colours()
        fields()
        for side in layout.sides { check(side) }
        if findings.isEmpty { longest() }
    }

    private mutating func report(_ line: Int?, _ russian: String, _ english: String) {
        findings.append(
            LayoutFinding(file: file, line: line, message: Bilingual(russian, english))
        )
    }

    private mutating func colours() {
        for (name, colour) in layout.palette.sorted(by: { $0.key < $1.key }) {
            let sum = colour.cmyk.reduce(0, +)
            if sum > layout.print.maxInk {
                report(
                    nil,
                    "palette.\(name): сумма красок \(sum) % больше \(layout.print.maxInk) %.",
                    "palette.\(name): the inks add up to \(sum) %, more than \(layout.print.maxInk) %."
                )
            }
        }
    }

    /// What every card must show: number, name, QR, barcode and the hotline with its hours.
    private static let mandatory = [
        "number", "last", "first", "qr", "carrier", "valid", "hotline", "hours",
    ]

    private mutating func fields() {
        let used = Set(
            layout.sides.flatMap { side in side.items.flatMap { $0.template.fields } }
        )
        for name in used.subtracting(layout.fields.keys).sorted() {
            let items = layout.sides.flatMap(\.items)
            report(
                items.first { $0.template.fields.contains(name) }?.line,
                "поле {\(name)} не объявлено в fields.",
                "the field {\(name)} is not declared in fields."
            )
        }
        for name in Self.mandatory where !used.contains(name) {
            report(
                nil,
                "на карте нет обязательного поля {\(name)}.",
                "the card lacks the mandatory field {\(name)}."
            )
        }
        let back = layout.sides.flatMap(\.items).map { $0.template.fill { _ in "" }.lowercased() }
        for (word, russian, english) in [
            ("собственност", "записи о собственности", "property note"),
            ("возврат", "записи о возврате", "note on the duty to return it"),
        ] where !back.contains(where: { $0.contains(word) }) {
            report(nil, "на карте нет \(russian).", "the card lacks the \(english).")
        }
    }

    private mutating func check(_ side: CardLayout.Side) {
        let card = layout.card
        var ids: Set<String> = []
        for (index, item) in side.items.enumerated() {
            let place = "\(side.name).\(item.id)"
            if !ids.insert(item.id).inserted {
                report(
                    item.line,
                    "\(place): такой id уже есть.",
                    "\(place): this id is used twice."
                )
            }
            let box = item.box
            let limit = 0.001
            if box.x < card.safe - limit || box.y < card.safe - limit
                || box.right > card.width - card.safe + limit
                || box.bottom > card.height - card.safe + limit
            {
                report(
                    item.line,
                    "\(place): выходит за безопасную зону \(card.safe) мм.",
                    "\(place): leaves the safe zone of \(card.safe) mm."
                )
            }
            for other in side.items[..<index] where box.overlaps(other.box) {
                report(
                    item.line,
                    "\(place): накладывается на «\(other.id)».",
                    "\(place): overlaps \(other.id)."
                )
            }
            switch item.kind {
            case .text(let text): check(text, item, place)
            case .qr(let symbol): check(symbol, item, place, isQR: true)
            case .code128(let symbol): check(symbol, item, place, isQR: false)
            }
        }
    }

    private mutating func check(
        _ text: CardLayout.TextItem,
        _ item: CardLayout.Item,
        _ place: String
    ) {
        if layout.fonts[text.font] == nil {
            report(
                item.line,
                "\(place): нет шрифта «\(text.font)» в fonts.",
                "\(place): the font \(text.font) is not in fonts."
            )
        }
        requireColour(text.ink, item, place)
        let smallest = min(text.size, text.fit.shrink ?? text.size)
        if smallest < layout.lint.minText {
            report(
                item.line,
                "\(place): кегль \(smallest) меньше \(layout.lint.minText).",
                "\(place): \(smallest) pt is less than \(layout.lint.minText)."
            )
        }
        if text.size * TextFitter.millimetres > item.box.height + 0.001 {
            report(
                item.line,
                "\(place): строка кегля \(text.size) выше рамки.",
                "\(place): a line of \(text.size) pt is higher than its box."
            )
        }
    }

    private mutating func check(
        _ symbol: CardLayout.SymbolItem,
        _ item: CardLayout.Item,
        _ place: String,
        isQR: Bool
    ) {
        requireColour(symbol.ink, item, place)
        requireColour(symbol.ground, item, place)
        if let ink = layout.palette[symbol.ink], !ink.isBlackOnly {
            report(
                item.line,
                "\(place): символ печатается только чёрной краской [0, 0, 0, 100].",
                "\(place): a symbol is printed in black ink only, [0, 0, 0, 100]."
            )
        }
        let modules = isQR ? 17 + 4 * symbol.version : 123
        let side = Double(modules + 2 * symbol.quiet) * symbol.module
        let isSquare = abs(item.box.width - side) <= 0.01 && abs(item.box.height - side) <= 0.01
        if isQR ? !isSquare : item.box.width < side - 0.01 {
            report(
                item.line,
                "\(place): рамка должна быть \(isQR ? "" : "не уже ")\(side) мм: (\(modules) + 2 × \(symbol.quiet)) × "
                    + "\(symbol.module).",
                "\(place): the box must be \(isQR ? "" : "at least ")\(side) mm: (\(modules) + 2 × \(symbol.quiet)) × "
                    + "\(symbol.module)."
            )
        }
        if isQR, symbol.module < layout.lint.minModule {
            report(
                item.line,
                "\(place): модуль \(symbol.module) мм меньше \(layout.lint.minModule).",
                "\(place): the module of \(symbol.module) mm is under \(layout.lint.minModule)."
            )
        }
        if isQR ? symbol.quiet < 4 : symbol.quiet < 10 {
            report(
                item.line,
                "\(place): поле покоя меньше \(isQR ? 4 : 10) модулей.",
                "\(place): the quiet zone is under \(isQR ? 4 : 10) modules."
            )
        }
    }

    private mutating func requireColour(
        _ name: String,
        _ item: CardLayout.Item,
        _ place: String
    ) {
        guard layout.palette[name] == nil else { return }
        report(
            item.line,
            "\(place): цвета «\(name)» нет в палитре.",
            "\(place): the colour \(name) is not in the palette."
        )
    }

    /// Draws the longest values that the layout promises to hold, and every letter that it must.
    private mutating func longest() {
        let record = CardRecord.sample(.longest, for: layout)
        let drawing = CardDrawing(layout)
        for fault in drawing.faults(of: record) {
            let line = layout.sides.flatMap(\.items).first { $0.id == fault.item }?.line
            report(line, fault.message.russian, fault.message.english)
        }
        for (name, font) in layout.fonts.sorted(by: { $0.key < $1.key }) {
            let missing = font.shape(Self.alphabet).missing
            if !missing.isEmpty {
                let letters = missing.map { String($0) }.joined()
                report(
                    nil,
                    "fonts.\(name): нет букв \(letters).",
                    "fonts.\(name): the letters \(letters) are missing."
                )
            }
        }
    }

    /// The letters of the members' languages: Russian, Tatar, Bashkir, Chuvash, Sakha, Komi, Mari.
    static let alphabet = """
        АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя\
        ӘәӨөҮүҖҗҢңҺһҒғҘҙҠҡҪҫӐӑӖӗӲӳҤҥҔҕӦӧІіӰӱӒӓӸӹ0123456789-’«»№
        """
}

extension CardLayout.Item {
    var template: Template {
        switch kind {
        case .text(let text): text.template
        case .qr(let symbol), .code128(let symbol): symbol.template
        }
    }
}
