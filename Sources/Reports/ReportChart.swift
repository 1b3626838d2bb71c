import Registry
import UnionTicket

/// Charts as vector pictures inside the page.
enum ReportChart {
    private static let width = 1180

    /// What bars show in each report: the numerator and the denominator of their length.
    private static func bar(
        _ report: StatisticsReport
    ) -> (title: String, part: (UnionCounts) -> Int, whole: (UnionCounts) -> Int)? {
        switch report {
        case .coverage: ("Охват по организациям, %", { $0.plastic }, { $0.registered })
        case .production: ("Изготовлено к числу на учёте, %", { $0.produced }, { $0.registered })
        case .virtual: ("Доля с виртуальным билетом, %", { $0.virtual }, { $0.registered })
        case .programme: ("Доля в бонусной программе, %", { $0.programme }, { $0.registered })
        case .quality: ("С идентификатором АИС, %", { $0.withAisId }, { $0.registered })
        case .handout: ("Выдано из изготовленных, %", { $0.handedOut }, { $0.produced })
        }
    }

    /// A bar for each organisation with something to be a share of, the longest first.
    static func bars(
        _ report: StatisticsReport,
        _ lines: [UnionStatistics.Line]
    ) -> (title: String, svg: String)? {
        guard let (title, part, whole) = bar(report) else { return nil }
        let shares = lines.compactMap { line -> (name: String, share: Int, text: String)? in
            let (part, whole) = (part(line.counts), whole(line.counts))
            return Percentage.hundredths(part, of: whole).map {
                (line.name, $0, Percentage.text(part, of: whole))
            }
        }.sorted { $0.share > $1.share }.prefix(100)
        guard shares.count > 1, let longest = shares.first?.share, longest > 0 else { return nil }
        let (left, room) = (430, width - 430 - 90)
        // The whole stands for 100 % where nothing goes past it, so that lengths mean coverage.
        let full = max(longest, 10_000)
        let rows = shares.enumerated().map { index, row in
            let length = max(1, row.share * room / full)
            let y = index * 20
            return """
                <text x="\(left - 8)" y="\(y + 14)" text-anchor="end">\
                \(HTMLText.escaped(shortened(row.name)))</text>\
                <rect x="\(left)" y="\(y + 3)" width="\(length)" height="14" rx="2" \
                fill="\(row.share > 10_000 ? "#d9a441" : "#1f5fa8")"/>\
                <text x="\(left + length + 6)" y="\(y + 14)">\(row.text)</text>
                """
        }
        return (title, svg(height: shares.count * 20 + 6, title, rows.joined(separator: "\n")))
    }

    /// Plastic only, virtual only, both, neither: one bar of the whole.
    static func split(_ lines: [UnionStatistics.Line]) -> String? {
        var sum = UnionCounts()
        for line in lines { sum += line.counts }
        guard sum.registered > 0 else { return nil }
        let parts: [(name: String, count: Int, colour: String)] = [
            ("только карта", sum.plastic - sum.both, "#1f5fa8"),
            ("карта и виртуальный", sum.both, "#1d8a8a"),
            ("только виртуальный", sum.virtual - sum.both, "#d9a441"),
            ("без билета", sum.none, "#b9c3cd"),
        ]
        var x = 0
        var bars = ""
        var legend = ""
        for (index, part) in parts.enumerated() {
            let length = index == 3 ? width - x : part.count * width / sum.registered
            bars +=
                "<rect x=\"\(x)\" y=\"0\" width=\"\(length)\" height=\"36\" fill=\"\(part.colour)\"/>"
            x += length
            legend +=
                "<span><i style=\"background:\(part.colour)\"></i>\(part.name): "
                + "\(HTMLText.escaped(StatisticsTable.Cell.count(part.count).shown)) "
                + "(\(Percentage.text(part.count, of: sum.registered)))</span>"
        }
        return svg(height: 36, "Члены по видам билета", bars)
            + "<div class=\"legend\">\(legend)</div>"
    }

    /// A column for each month.
    static func months(_ months: [UnionStatistics.Month]) -> String? {
        let shown = Array(months.suffix(36))
        guard let highest = shown.map(\.cards).max(), highest > 0 else { return nil }
        let step = min(60, width / shown.count)
        let columns = shown.enumerated().map { index, month in
            let height = month.cards * 180 / highest
            let (x, y) = (index * step, 200 - height)
            return """
                <rect x="\(x + 3)" y="\(y)" width="\(step - 6)" height="\(height)" rx="2" \
                fill="#1f5fa8"><title>\(month.month).\(month.year): \(month.cards)</title></rect>\
                <text x="\(x + step / 2)" y="\(y - 4)" text-anchor="middle">\
                \(HTMLText.escaped(brief(month.cards)))</text>\
                <text x="\(x + step / 2)" y="216" text-anchor="middle">\
                \(month.month < 10 ? "0" : "")\(month.month).\(month.year % 100)</text>
                """
        }
        return svg(height: 224, "Карты по месяцам", columns.joined(separator: "\n"))
    }

    private static func brief(_ count: Int) -> String {
        count < 10_000 ? "\(count)" : "\((count + 500) / 1000)к"
    }

    private static func shortened(_ name: String) -> String {
        name.count <= 62 ? name : name.prefix(61) + "…"
    }

    private static func svg(height: Int, _ title: String, _ body: String) -> String {
        "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escaped(title))\">\(body)</svg>"
    }
}
