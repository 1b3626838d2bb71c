public import Registry
public import UnionTicket

/// The settlement of regions as a table.
public enum SettlementTable {
    /// All accounts with their sum in the last row.
    public static func table(_ rows: [Settlement.Row], asOf day: CalendarDate) -> ReportTable {
        var table = ReportTable(
            "Взаиморасчёты на \(day.russian)",
            [
                "Код", "Региональная организация", "Карт", "из них перевыпуск", "Стоимость, руб.",
                "Доля ЦС, руб.", "Доля региона, руб.", "Доля первичных, руб.",
                "За счёт завода, руб.", "К возврату, руб.",
                "Возвращено (членские профсоюзные взносы), руб.", "Остаток, руб.",
            ]
        )
        table.rows = rows.map { cells($0, "\($0.region)", $0.name) }
        if rows.count > 1 { table.rows.append(cells(total(rows), "", "Итого")) }
        return table
    }

    private static func cells(
        _ row: Settlement.Row,
        _ code: String,
        _ name: String
    ) -> [ReportTable.Cell] {
        [
            .text(code), .text(name), .number(row.cards), .number(row.reissues), .money(row.cost),
            .money(row.centralCouncil), .money(row.regionShare), .money(row.primaryShare),
            .money(row.manufacturer), .money(row.due), .money(row.paid), .money(row.balance),
        ]
    }

    /// The sum of accounts, under the first one's code.
    public static func total(_ rows: [Settlement.Row]) -> Settlement.Row {
        var sum = Settlement.Row(region: .centralCouncil, name: "Итого")
        for row in rows { sum = sum + row }
        return sum
    }
}
