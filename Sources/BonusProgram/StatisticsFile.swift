public import Registry
import UnionTicket

/// A partner's report of one month as JSON, format `partner-statistics/1` (docs/partner.md).
public enum StatisticsFile {
    private struct Body: Decodable {
        var format: String
        var partner: String
        var period: String
        var revision: WholeNumber
        var regions: [Row]
        var total: Sums

        struct Row: Decodable {
            var region: String
            var participants: WholeNumber
            var throughApp: WholeNumber
            var purchases: WholeNumber
            var turnover: WholeNumber
            var cashback: WholeNumber

            var figures: PartnerStatistics.Figures {
                PartnerStatistics.Figures(
                    participants: participants.value,
                    throughApp: throughApp.value,
                    purchases: purchases.value,
                    turnover: turnover.value,
                    cashback: cashback.value
                )
            }
        }

        struct Sums: Decodable {
            var participants: WholeNumber
            var throughApp: WholeNumber
            var purchases: WholeNumber
            var turnover: WholeNumber
            var cashback: WholeNumber
        }
    }

    /// No figure of a month is larger: what is larger is an error of units.
    private static let largest: Int64 = 1_000_000_000_000_000

    /// Reads a report of one partner.
    ///
    /// - Throws: ``ExchangeError`` with the place in the file: figures that are negative, no whole
    ///   numbers or do not add up, a region named twice.
    public static func read(
        _ file: PartnerFile,
        of partner: String
    ) throws(ExchangeError) -> PartnerStatistics.Report {
        let body = try file.decode(Body.self)
        func wrong(_ place: String, _ russian: String, _ english: String) -> ExchangeError {
            .format(file.name, place, Bilingual(russian, english))
        }
        guard body.format == "partner-statistics/1" else {
            throw wrong("format", "нужно partner-statistics/1.", "partner-statistics/1 is needed.")
        }
        guard body.partner == partner else {
            throw .stranger(file.name, String(body.partner.prefix(32)), partner)
        }
        guard let period = PartnerStatistics.Period(body.period) else {
            throw wrong("period", "нужен месяц гггг-мм.", "a month yyyy-mm is needed.")
        }
        guard (1...1_000).contains(body.revision.value) else {
            throw wrong(
                "revision",
                "нужно целое от 1 до 1000.",
                "a number from 1 to 1000 is needed."
            )
        }
        guard !body.regions.isEmpty else {
            throw wrong(
                "regions",
                "назван хотя бы один регион: где участников нет, стоят нули.",
                "at least one region is named: where nobody takes part there are zeros."
            )
        }
        guard body.regions.count <= 99 else {
            throw wrong("regions", "регионов не больше 99.", "there are no more than 99 regions.")
        }
        var regions: [UInt8: PartnerStatistics.Figures] = [:]
        for (index, row) in body.regions.enumerated() {
            let place = "regions[\(index)]"
            guard row.region.utf8.count == 2, let code = UInt8(row.region), code > 0 else {
                throw wrong("\(place).region", "нужен код из двух цифр.", "a code of two digits.")
            }
            guard regions[code] == nil else {
                throw wrong("\(place).region", "регион уже был.", "the region stood before.")
            }
            try judge(row.figures, place, file)
            regions[code] = row.figures
        }
        let report = PartnerStatistics.Report(
            period: period,
            revision: Int(body.revision.value),
            regions: regions
        )
        try compare(body.total, with: report.total, file)
        return report
    }

    private static func judge(
        _ row: PartnerStatistics.Figures,
        _ place: String,
        _ file: PartnerFile
    ) throws(ExchangeError) {
        for (name, value) in [
            ("participants", row.participants), ("throughApp", row.throughApp),
            ("purchases", row.purchases), ("turnover", row.turnover), ("cashback", row.cashback),
        ] where !(0...largest).contains(value) {
            throw .format(
                file.name,
                "\(place).\(name)",
                Bilingual(
                    "число отрицательно или невозможно велико: \(value).",
                    "the number is negative or impossibly large: \(value)."
                )
            )
        }
        guard row.throughApp <= row.participants else {
            throw .format(
                file.name,
                "\(place).throughApp",
                Bilingual(
                    "через приложение больше, чем участников.",
                    "more through the application than participants."
                )
            )
        }
        guard row.cashback <= row.turnover else {
            throw .format(
                file.name,
                "\(place).cashback",
                Bilingual("возвращено больше, чем оплачено.", "more was returned than was paid.")
            )
        }
        guard row.purchases > 0 || row.turnover == 0 else {
            throw .format(
                file.name,
                "\(place).turnover",
                Bilingual("оборот без покупок.", "a turnover without purchases.")
            )
        }
    }

    private static func compare(
        _ said: Body.Sums,
        with sum: PartnerStatistics.Figures,
        _ file: PartnerFile
    ) throws(ExchangeError) {
        for (name, total, rows) in [
            ("participants", said.participants.value, sum.participants),
            ("throughApp", said.throughApp.value, sum.throughApp),
            ("purchases", said.purchases.value, sum.purchases),
            ("turnover", said.turnover.value, sum.turnover),
            ("cashback", said.cashback.value, sum.cashback),
        ] where total != rows {
            throw .format(
                file.name,
                "total.\(name)",
                Bilingual(
                    "сумма регионов \(rows), а указано \(total).",
                    "the regions add up to \(rows), not to \(total)."
                )
            )
        }
    }
}
