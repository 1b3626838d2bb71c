import Crypto
import Foundation
public import Registry
import UnionTicket

/// A report as one self-contained page: charts, a sortable table, fit for printing; nothing is
/// fetched from anywhere.
public struct ReportPage {
    private let table: StatisticsTable
    private let months: [UnionStatistics.Month]
    private let report: StatisticsReport

    /// A page.
    ///
    /// - Parameters:
    ///   - report: Which report it is; decides the charts.
    ///   - table: Its table, suppressed already where the page leaves the union.
    ///   - months: Cards made by month, for the chart of production.
    public init(
        _ report: StatisticsReport,
        _ table: StatisticsTable,
        months: [UnionStatistics.Month]
    ) {
        (self.report, self.table, self.months) = (report, table, months)
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
            style-src '\(Self.hash(css))'; script-src '\(Self.hash(script))'; base-uri 'none'; \
            form-action 'none'">
            <title>\(HTMLText.escaped(table.title.russian)) на \(table.asOf.russian)</title>
            <style>\(css)</style></head><body>
            <header><p>Общероссийский Профсоюз образования · электронный профсоюзный билет</p>
            <h1>\(HTMLText.escaped(table.title.russian))</h1>
            <p>на конец дня \(table.asOf.russian) (Москва) · <span lang="en">\
            \(HTMLText.escaped(table.title.english)), end of \(table.asOf.iso)</span></p></header>
            <main>
            \(headline)\(charts)
            <section><h2>Таблица</h2><div class="wide">\(body)</div></section>
            <div class="notes">\(notes)</div>
            </main>
            <script>\(script)</script></body></html>

            """
        return Array(text.utf8)
    }

    private static func hash(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString()
    }

    private var notes: String {
        table.notes.map {
            "<p>\(HTMLText.escaped($0.russian)) <span lang=\"en\">\(HTMLText.escaped($0.english))</span></p>"
        }.joined()
    }

    /// The report's figures as a whole, large.
    private var headline: String {
        let single = table.rows.count == 1 ? table.rows.first : nil
        guard let sums = table.total ?? single else { return "" }
        let known = zip(table.columns, sums).dropFirst(2).filter { $0.1 != .none }
        let figures = known.prefix(7).map { column, cell in
            "<div class=\"figure\"><b>\(HTMLText.escaped(cell.shown))</b><span>"
                + "\(HTMLText.escaped(column.title.russian))</span></div>"
        }
        return "<div class=\"figures\">\(figures.joined())</div>"
    }

    private var charts: String {
        var parts: [(title: String, chart: String)] = []
        if report == .coverage, let split = ReportChart.split(table) {
            parts.append(("Члены Профсоюза по видам билета", split))
        }
        if report == .production, let columns = ReportChart.months(months) {
            parts.append(("Изготовлено карт по месяцам", columns))
        }
        if let bars = ReportChart.bars(report, table) { parts.append((bars.title, bars.svg)) }
        return parts.map { title, chart in
            "<section><h2>\(HTMLText.escaped(title))</h2>\(chart)</section>"
        }.joined(separator: "\n")
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
                // Chromium paints no button in the heads of further printed pages.
                + "<span role=\"button\" tabindex=\"0\" title=\"\(HTMLText.escaped(head.title.english))\">"
                + "\(HTMLText.escaped(head.title.russian))</span></th>"
        }.joined()
        let rows = table.rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
        guard !table.rows.isEmpty else {
            return "<p>\(StatisticsTable.nobody.russian) <span lang=\"en\">"
                + "\(StatisticsTable.nobody.english)</span></p>"
        }
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
