import Foundation
import UnionTicket

/// Reads what stands on a side: its texts and symbols.
struct LayoutItems {
    let description: DescriptionFile

    func item(_ entry: DescriptionFile.Entry) -> CardLayout.Item? {
        let d = description
        guard let id = d.text(d.member(entry, "id")),
            let box = box(d.member(entry, "at"))
        else { return nil }
        let symbol = d.member(entry, "qr", isRequired: false)
        let bars = d.member(entry, "code128", isRequired: false)
        let kind: CardLayout.Item.Kind?
        if let symbol {
            kind = symbolItem(entry, symbol).map { .qr($0) }
        } else if let bars {
            kind = symbolItem(entry, bars).map { .code128($0) }
        } else {
            kind = textItem(entry).map { .text($0) }
        }
        return kind.map { .init(id: id, line: entry.line ?? 0, box: box, kind: $0) }
    }

    private func box(_ entry: DescriptionFile.Entry?) -> Box? {
        let numbers = description.elements(entry).compactMap {
            description.number($0, -10...100)
        }
        guard entry != nil else { return nil }
        guard numbers.count == 4, numbers[2] > 0, numbers[3] > 0 else {
            description.report(
                entry,
                "нужно [слева, сверху, ширина, высота] в миллиметрах.",
                "[left, top, width, height] in millimetres is needed."
            )
            return nil
        }
        return Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    private func template(_ entry: DescriptionFile.Entry?) -> Template? {
        guard let text = description.text(entry) else { return nil }
        if let template = Template(text.precomposedStringWithCanonicalMapping) { return template }
        description.report(
            entry,
            "скобки { } и [ ] не сходятся.",
            "the brackets { } and [ ] do not match."
        )
        return nil
    }

    private func textItem(_ entry: DescriptionFile.Entry) -> CardLayout.TextItem? {
        let d = description
        d.allow(entry, ["id", "text", "at", "font", "size", "align", "fit", "ink"])
        let fit = self.fit(d.member(entry, "fit", isRequired: false))
        let align = d.member(entry, "align", isRequired: false)
        guard let template = template(d.member(entry, "text")),
            let font = d.text(d.member(entry, "font")),
            let size = d.number(d.member(entry, "size"), 2...72),
            let ink = d.text(d.member(entry, "ink"))
        else { return nil }
        return .init(
            template: template,
            font: font,
            size: size,
            align: d.choice(align, CardLayout.TextItem.Align.self) ?? .left,
            fit: fit,
            ink: ink
        )
    }

    /// `{shrink: 8, then: wrap, lines: 2, then2: reject}` or `{wrap: 2, then: reject}`.
    private func fit(_ entry: DescriptionFile.Entry?) -> CardLayout.Fit {
        enum Then: String, CaseIterable { case wrap, reject }
        enum Last: String, CaseIterable { case reject }
        let d = description
        guard let entry else { return .init() }
        d.allow(entry, ["shrink", "then", "lines", "then2", "wrap"])
        var fit = CardLayout.Fit()
        fit.shrink = d.number(d.member(entry, "shrink", isRequired: false), 2...72)
        if let lines = d.integer(d.member(entry, "wrap", isRequired: false), 1...6) {
            fit.lines = lines
        }
        let then = d.choice(d.member(entry, "then"), Then.self)
        if then == .wrap {
            fit.lines = d.integer(d.member(entry, "lines"), 1...6) ?? 1
            _ = d.choice(d.member(entry, "then2"), Last.self)
        }
        return fit
    }

    private func symbolItem(
        _ entry: DescriptionFile.Entry,
        _ text: DescriptionFile.Entry
    ) -> CardLayout.SymbolItem? {
        enum Level: String, CaseIterable { case L, M, Q, H }
        let d = description
        d.allow(
            entry,
            [
                "id", "qr", "code128", "at", "ec", "version", "module", "quiet", "ink", "ground",
            ]
        )
        let isQR = d.member(entry, "qr", isRequired: false) != nil
        let level = isQR ? d.choice(d.member(entry, "ec"), Level.self) : .M
        let version = isQR ? d.integer(d.member(entry, "version"), 1...20) : 1
        guard let template = template(text),
            let module = d.number(d.member(entry, "module"), 0.05...2),
            let quiet = d.integer(d.member(entry, "quiet"), 1...20),
            let ink = d.text(d.member(entry, "ink")),
            let ground = d.text(d.member(entry, "ground")), let level, let version
        else { return nil }
        return .init(
            template: template,
            module: module,
            quiet: quiet,
            ink: ink,
            ground: ground,
            version: version,
            level: level.rawValue
        )
    }
}
