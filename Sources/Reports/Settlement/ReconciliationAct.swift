import CardLayout
public import Registry
public import TicketSeal
public import UnionTicket

/// The act of reconciliation (акт сверки взаиморасчётов) of one region, Russian.
public struct ReconciliationAct: Sendable {
    private let row: Settlement.Row
    private let first: CalendarDate
    private let last: CalendarDate
    private let opening: Kopecks
    private let movements: [Settlement.Movement]
    private let shares: [CostSharing.Period]

    /// The act of a region for some days.
    ///
    /// - Parameters:
    ///   - region: The region.
    ///   - first: The first day; nil takes that of the region's first entry.
    ///   - last: The last day; today at the latest.
    ///   - register: Where the entries are.
    ///   - user: Who asks.
    /// - Throws: ``Registry/RegisterError`` for an unknown region, a day to come, or a period that
    ///   ends before it begins.
    public init(
        _ region: OrganisationCode,
        from first: CalendarDate? = nil,
        to last: CalendarDate,
        in register: Register,
        by user: SignedInUser
    ) throws {
        guard first.map({ $0 <= last }) ?? true else {
            throw RegisterError(
                .badInput,
                "Период сверки кончается раньше, чем начинается.",
                "The period of reconciliation ends before it begins."
            )
        }
        let settlement = Settlement(register)
        let found = try settlement.rows(region, asOf: last, by: user)
        row = found[0]
        let account = try settlement.movements(
            of: region,
            from: first ?? CalendarDate(day: 0),
            to: last,
            by: user
        )
        (opening, movements) = (account.opening, account.movements)
        (self.first, self.last) = (first ?? account.movements.first?.day ?? last, last)
        shares = try CostSharing(register).periods(by: user)
    }

    /// What the region owes at the end of the period.
    public var closing: Kopecks {
        movements.reduce(opening) { $0 + $1.debit - $1.credit }
    }

    /// Writes the act.
    ///
    /// - Parameter path: Where the PDF goes.
    /// - Returns: Its name, size and hash.
    /// - Throws: When a font is missing or the file cannot be written.
    public func write(to path: String) throws -> Manifest.File {
        let document = try TextDocument(
            path: path,
            title: "Акт сверки, \(row.region)",
            footer: "Общероссийский Профсоюз образования · Акт сверки · \(row.region)",
            fonts: TextDocument.Fonts(folder: ".")
        )
        try document.heading("АКТ СВЕРКИ взаиморасчётов", size: 14, alignment: .centre)
        try document.paragraph(
            "за период с \(first.russian) по \(last.russian)",
            alignment: .centre
        )
        try document.facts([
            ("Центральный Совет", "Общероссийский Профсоюз образования"),
            ("Региональная организация", "\(row.region) \(row.name)"),
            ("Предмет", "изготовление электронных профсоюзных билетов"),
            ("Назначение платежей", "Членские профсоюзные взносы"),
            ("Доли", shareText),
        ])
        try movementTable(document)
        try summary(document)
        try document.paragraph(conclusion, font: "bold")
        try document.signatures(["От Центрального Совета", "От региональной организации"])
        try document.sheetCount()
        return try document.finish()
    }

    private var shareText: String {
        shares.filter { ($0.since ?? CalendarDate(day: 0)) <= last }.map { period in
            let part = [period.shares.centralCouncil, period.shares.region, period.shares.primary]
                .map { Self.percent($0) }.joined(separator: " / ")
            return (period.since.map { "с \($0.russian) " } ?? "") + part
        }.joined(separator: "; ") + " (ЦС / регион / первичные)"
    }

    /// Basis points as per cent: `33,34 %`.
    private static func percent(_ points: Int) -> String {
        let rest = points % 100
        return rest == 0
            ? "\(points / 100) %" : "\(points / 100),\(rest < 10 ? "0" : "")\(rest) %"
    }

    private func movementTable(_ document: TextDocument) throws {
        let debit = movements.reduce(Kopecks.zero) { $0 + $1.debit }
        let credit = movements.reduce(Kopecks.zero) { $0 + $1.credit }
        try document.beginTable(
            [
                .init("Дата", 1.5), .init("Содержание", 5), .init("Карт", 1, alignment: .right),
                .init("Начислено, руб.", 2, alignment: .right),
                .init("Возвращено, руб.", 2, alignment: .right),
            ]
        )
        try document.row([
            first.russian, "Остаток на начало", "", opening >= .zero ? opening.roubles : "",
            opening < .zero ? (-opening).roubles : "",
        ])
        for movement in movements {
            try document.row([
                movement.day.russian, Self.words(movement),
                movement.cards == 0 ? "" : "\(movement.cards)",
                movement.debit == .zero ? "" : movement.debit.roubles,
                movement.credit == .zero ? "" : movement.credit.roubles,
            ])
        }
        try document.row([
            "", "Обороты за период", "\(movements.reduce(0) { $0 + $1.cards })", debit.roubles,
            credit.roubles,
        ])
        document.endTable()
    }

    private static func words(_ movement: Settlement.Movement) -> String {
        let batch = movement.batch.map { "партия \(padded(Int($0), 6))" } ?? ""
        switch movement.kind {
        case .acceptance:
            // A later report takes cards back that an earlier one called made.
            let isTaken = movement.cards < 0 || movement.debit < .zero
            return isTaken ? "Корректировка, \(batch)" : "Изготовлены карты, \(batch)"
        case .payment: return "Членские профсоюзные взносы, п/п № \(movement.document ?? "")"
        case .reversal:
            // It counts for the day of what it takes back, so that an earlier act may lack it.
            return "Сторно, п/п № \(movement.document ?? ""), внесено "
                + movement.enteredOn.russian
        case .prepayment, .refund, .spoilage: return batch
        }
    }

    private func summary(_ document: TextDocument) throws {
        try document.heading("С начала расчётов", size: 11.5)
        try document.facts(
            [("Изготовлено карт", "\(row.cards), из них перевыпуск \(row.reissues)")]
                + Self.sums(row).map { ($0, "\($1.roubles) руб.") }
        )
    }

    /// The cost and those who bear it, whose parts make it up, and what was paid back.
    static func sums(_ row: Settlement.Row) -> [(String, Kopecks)] {
        var sums = [
            ("Стоимость", row.cost), ("Доля Центрального Совета", row.centralCouncil),
            ("Доля региона", row.regionShare), ("Доля первичных организаций", row.primaryShare),
        ]
        if row.manufacturer != .zero { sums.append(("За счёт завода", row.manufacturer)) }
        return sums + [("Возвращено", row.paid)]
    }

    private var conclusion: String {
        let day = last.russian
        if closing == .zero { return "На \(day) задолженности нет." }
        let sum = closing > .zero ? closing : -closing
        let roubles = Int(sum.value / 100)
        let words = "\(RussianNumeral.words(roubles)) руб. \(padded(Int(sum.value % 100), 2)) коп."
        return closing > .zero
            ? "На \(day) региональная организация должна Центральному Совету \(sum.roubles) руб. "
                + "(\(words))."
            : "На \(day) Центральный Совет должен региональной организации \(sum.roubles) руб. "
                + "(\(words))."
    }
}
