public import Registry
import UnionTicket

/// A report as one self-contained page: charts, a sortable table, fit for printing; nothing is
/// fetched from anywhere.
public struct ReportPage {
    private let table: StatisticsTable
    private let lines: [UnionStatistics.Line]
    private let months: [UnionStatistics.Month]
    private let report: StatisticsReport

    /// A page.
    ///
    /// - Parameters:
    ///   - report: Which report it is; decides the charts.
    ///   - table: Its table, suppressed already where the page leaves the union.
    ///   - lines: The counted lines; empty where single figures must not be drawn.
    ///   - months: Cards made by month, for the chart of production.
    public init(
        _ report: StatisticsReport,
        _ table: StatisticsTable,
        lines: [UnionStatistics.Line],
        months: [UnionStatistics.Month]
    ) {
        (self.report, self.table, self.lines, self.months) = (report, table, lines, months)
    }

    /// The page, UTF-8.
    public var html: [UInt8] {
        let css = String(decoding: PackageResources.report_css, as: UTF8.self)
        let script = String(decoding: PackageResources.report_js, as: UTF8.self)
        let text = """
            <!doctype html>
            <html lang="ru"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
            style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(HTMLText.escaped(table.title.russian))</title><style>
            \(css)</style></head><body>
            <h1>\(HTMLText.escaped(table.title.russian))</h1>
            <p class="sub">\(HTMLText.escaped(table.title.english)) · на конец дня \
            \(table.asOf.russian) (Москва)</p>
            \(headline)\(charts)
            <h2>Таблица</h2>\(body)
            <div class="notes">\(notes)</div>
            <script>
            \(script)</script></body></html>

            """
        return Array(text.utf8)
    }

    private var notes: String {
        table.notes.map {
            "<p>\(HTMLText.escaped($0.russian)) <span lang=\"en\">\(HTMLText.escaped($0.english))</span></p>"
        }.joined()
    }

    /// The report's figures as a whole, large.
    private var headline: String {
        guard let sums = table.total ?? table.rows.first else { return "" }
        let figures = zip(table.columns, sums).dropFirst(2).prefix(8).map { column, cell in
            "<div class=\"figure\"><b>\(HTMLText.escaped(cell.shown))</b><span>"
                + "\(HTMLText.escaped(column.title.russian))</span></div>"
        }
        return "<div class=\"figures\">\(figures.joined())</div>"
    }

    private var charts: String {
        var parts: [String] = []
        if report == .coverage || report == .virtual, let split = ReportChart.split(lines) {
            parts.append("<h2>Члены Профсоюза по видам билета</h2>" + split)
        }
        if let bars = ReportChart.bars(report, lines) {
            parts.append("<h2>\(HTMLText.escaped(bars.title))</h2>" + bars.svg)
        }
        if report == .production, let columns = ReportChart.months(months) {
            parts.append("<h2>Изготовлено карт по месяцам</h2>" + columns)
        }
        return parts.joined()
    }

    private var body: String {
        func cells(_ row: [StatisticsTable.Cell], _ tag: String) -> String {
            row.enumerated().map { column, cell in
                let kind = table.isText(column) ? " class=\"text\"" : ""
                return "<\(tag)\(kind) data-value=\"\(HTMLText.escaped(cell.plain))\">"
                    + "\(HTMLText.escaped(cell.shown))</\(tag)>"
            }.joined()
        }
        let head = table.columns.enumerated().map { column, head in
            "<th scope=\"col\"\(table.isText(column) ? " class=\"text\"" : "")>"
                + "<button title=\"\(HTMLText.escaped(head.title.english))\">"
                + "\(HTMLText.escaped(head.title.russian))</button></th>"
        }.joined()
        let rows = table.rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
        let foot = table.total.map { "<tfoot><tr>\(cells($0, "td"))</tr></tfoot>" } ?? ""
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows)</tbody>\(foot)</table>"
    }
}

/// Text inside a page.
enum HTMLText {
    static func escaped(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }
}
