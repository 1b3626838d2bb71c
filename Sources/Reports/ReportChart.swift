import Registry
import UnionTicket

/// Charts as vector pictures inside the page.
enum ReportChart {
    private static let width = 1180
    /// Bars that are drawn at most.
    private static let most = 100

    /// A bar for each organisation with something to be a share of, the longest first.
    static func bars(
        _ report: StatisticsReport,
        _ table: StatisticsTable
    ) -> (title: String, svg: String)? {
        let (name, title) = report.bar
        guard let column = table.columns.firstIndex(where: { $0.name == name }) else { return nil }
        let all = table.rows.compactMap { row -> (name: String, share: Int, text: String)? in
            guard case .share(let part, let whole) = row[column], case .text(let name) = row[1]
            else { return nil }
            return Percentage.hundredths(part, of: whole).map {
                (name, $0, Percentage.text(part, of: whole))
            }
        }.sorted { $0.share > $1.share }
        let shares = all.prefix(most)
        let told = all.count > most ? "\(title): первые \(most) из \(all.count)" : title
        guard shares.count > 1, let longest = shares.first?.share else { return nil }
        let (left, room) = (430, width - 430 - 90)
        // The whole stands for 100 % where nothing goes past it, so that lengths mean coverage.
        let full = max(longest, 10_000)
        let height = shares.count * 24 + 8
        let rows = shares.enumerated().map { index, row in
            let length = max(1, row.share * room / full)
            let y = index * 24
            return """
                <text x="\(left - 10)" y="\(y + 17)" text-anchor="end">\
                \(HTMLText.escaped(shortened(row.name)))</text>\
                <rect x="\(left)" y="\(y + 3)" width="\(length)" height="18" rx="3" \
                class="\(row.share > 10_000 ? "over" : "plastic")"/>\
                <text x="\(left + length + 7)" y="\(y + 17)">\(row.text)</text>
                """
        }
        let marks = stride(from: 0, through: full, by: 2_500).map { mark in
            let x = left + mark * room / full
            return "<path class=\"grid\" d=\"M\(x) 0V\(height)\"/>"
        }
        return (told, svg(height: height, told, (marks + rows).joined(separator: "\n")))
    }

    /// Plastic only, virtual only, both, neither: one bar of the whole.
    ///
    /// Nil where one of the figures is not told.
    static func split(_ table: StatisticsTable) -> String? {
        guard let sums = table.total ?? (table.rows.count == 1 ? table.rows[0] : nil) else {
            return nil
        }
        func count(_ name: String) -> Int? {
            guard let place = table.columns.firstIndex(where: { $0.name == name }),
                case .count(let count) = sums[place]
            else { return nil }
            return count
        }
        guard let registered = count("registered"), let plastic = count("plastic"),
            let virtual = count("virtual"), let both = count("both"), registered > 0
        else { return nil }
        let parts = [
            (name: "только карта", count: plastic - both, kind: "plastic"),
            (name: "карта и виртуальный", count: both, kind: "both"),
            (name: "только виртуальный", count: virtual - both, kind: "virtual"),
            (name: "без билета", count: registered - plastic - virtual + both, kind: "none"),
        ]
        var x = 0
        var bars = ""
        var legend = ""
        for (index, part) in parts.enumerated() {
            let length = index == 3 ? width - x : part.count * width / registered
            bars +=
                "<rect class=\"\(part.kind)\" x=\"\(x)\" y=\"0\" width=\"\(length)\" height=\"44\"/>"
            x += length
            legend +=
                "<span><i class=\"\(part.kind)\"></i>\(part.name): "
                + "\(HTMLText.escaped(StatisticsTable.Cell.count(part.count).shown)) "
                + "(\(Percentage.text(part.count, of: registered)))</span>"
        }
        return svg(height: 44, "Члены по видам билета", bars)
            + "<div class=\"legend\">\(legend)</div>"
    }

    /// A column for each month.
    static func months(_ months: [UnionStatistics.Month]) -> String? {
        let shown = Array(months.suffix(36))
        guard let highest = shown.map(\.cards).max(), highest > 0 else { return nil }
        let step = min(60, width / shown.count)
        let columns = shown.enumerated().map { index, month in
            let height = max(month.cards > 0 ? 1 : 0, month.cards * 180 / highest)
            // A name is wider than a narrow column: the first month of each quarter has one then.
            let isNamed = step >= 40 || month.month % 3 == 1
            let name = "\(month.month < 10 ? "0" : "")\(month.month).\(month.year % 100)"
            let (x, y) = (index * step, 200 - height)
            return """
                <rect x="\(x + 3)" y="\(y)" width="\(step - 6)" height="\(height)" rx="3" \
                class="plastic"><title>\(month.month).\(month.year): \(month.cards)</title></rect>\
                \(label(x + step / 2, y - 4, month.cards > 0 ? brief(month.cards) : ""))\
                \(label(x + step / 2, 216, isNamed ? name : ""))
                """
        }
        return svg(height: 224, "Карты по месяцам", columns.joined(separator: "\n"))
    }

    private static func label(_ x: Int, _ y: Int, _ text: String) -> String {
        text.isEmpty
            ? ""
            : "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"middle\">\(HTMLText.escaped(text))</text>"
    }

    private static func brief(_ count: Int) -> String {
        count < 10_000 ? "\(count)" : "\((count + 500) / 1000)к"
    }

    private static func shortened(_ name: String) -> String {
        name.count <= 62 ? name : name.prefix(61) + "…"
    }

    private static func svg(height: Int, _ title: String, _ body: String) -> String {
        "<svg class=\"chart\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escaped(title))\">\(body)</svg>"
    }
}
