public import Registry
public import UnionTicket

/// The reports that statistics are told in (production.md § 6); each measure on its own, numerator
/// and denominator beside every share.
public enum StatisticsReport: String, Sendable, CaseIterable {
    /// Members with plastic, virtual, both, none.
    case coverage
    /// Cards made: first issues, reissues by reason, cards of former members, unclaimed.
    case production
    /// Virtual cards.
    case virtual
    /// The bonus programme.
    case programme
    /// How complete members' records are.
    case quality
    /// Where the cards are.
    case handout

    /// What a count for it must hold.
    public var measures: UnionStatistics.Measures {
        switch self {
        case .coverage: .carriers
        case .production, .handout: .production
        case .virtual: [.carriers, .production]
        case .programme: [.carriers, .programme]
        case .quality: .quality
        }
    }

    /// What the report is called.
    public var title: Bilingual {
        switch self {
        case .coverage: Bilingual("Охват электронным билетом", "Coverage with electronic tickets")
        case .production: Bilingual("Изготовление карт", "Production of cards")
        case .virtual: Bilingual("Виртуальные билеты", "Virtual tickets")
        case .programme: Bilingual("Бонусная программа", "Bonus programme")
        case .quality: Bilingual("Качество данных", "Data quality")
        case .handout: Bilingual("Выдача карт", "Hand-out of cards")
        }
    }

    /// One measure of a report.
    typealias Measure = (
        column: StatisticsTable.Column, cell: (UnionCounts) -> StatisticsTable.Cell
    )

    /// The finished table of counted lines.
    ///
    /// - Parameters:
    ///   - lines: What ``UnionStatistics`` counted.
    ///   - date: The day they were counted as of.
    /// - Returns: A row a line; a sum where there are several.
    public func table(_ lines: [UnionStatistics.Line], asOf date: CalendarDate) -> StatisticsTable {
        var table = Self.table(lines, asOf: date, title: title, columns)
        table.notes = notes
        table.sums = sums
        if self == .coverage { table.rests = .fourWays }
        return table
    }

    /// What adds up within a row of this report, so that one figure may be computed from the others.
    private var sums: [StatisticsTable.Equation] {
        switch self {
        case .coverage: .fourWays
        case .production:
            [
                .init(
                    left: ["produced"],
                    right: ["first", "legacy"]
                        + OrderReason.allCases.map(\.rawValue).filter { $0 != "first" }
                )
            ]
        case .virtual: [.init(left: ["virtual"], right: ["both", "only"])]
        case .handout:
            [
                .init(
                    left: ["produced"],
                    right: [
                        "printed", "shipped", "atRegion", "atPrimary", "unclaimed", "held", "lost",
                        "destroyed", "other",
                    ]
                ),
                // Most often so, and enough to guess one of them.
                .init(left: ["active"], right: ["held", "atPrimary"]),
                .init(left: ["handedOut"], right: ["held", "lost", "destroyed", "other"]),
            ]
        case .programme, .quality: []
        }
    }

    /// The share that bars show: its column, and their title.
    var bar: (column: String, title: String) {
        switch self {
        case .coverage: ("coverage", "Охват по организациям, %")
        case .production: ("ratio", "Изготовлено к числу на учёте, %")
        case .virtual: ("share", "Доля с виртуальным билетом, %")
        case .programme: ("share", "Доля в бонусной программе, %")
        case .quality: ("aisShare", "С идентификатором АИС, %")
        case .handout: ("share", "Выдано из изготовленных, %")
        }
    }

    /// A table of these measures.
    static func table(
        _ lines: [UnionStatistics.Line],
        asOf date: CalendarDate,
        title: Bilingual,
        _ measures: [Measure]
    ) -> StatisticsTable {
        var sum = UnionCounts()
        for line in lines { sum += line.counts }
        let head = [
            StatisticsTable.Column("code", "Код", "Code"),
            StatisticsTable.Column("organisation", "Организация", "Organisation"),
        ]
        let rows = lines.map { line in
            [.text(line.organisation.description), .text(line.name)]
                + measures.map { $0.cell(line.counts) }
        }
        let total: [StatisticsTable.Cell] =
            [.text(""), .text("Итого")] + measures.map { $0.cell(sum) }
        return StatisticsTable(
            title: title,
            asOf: date,
            columns: head + measures.map(\.column),
            rows: rows,
            total: lines.count > 1 ? total : nil
        )
    }

    private var notes: [Bilingual] {
        switch self {
        case .coverage:
            [
                Bilingual(
                    "Охват — члены с действующей картой от числа состоящих на учёте; не больше 100 %.",
                    "Coverage is members with an active card among those on record; at most 100 %."
                ),
                Bilingual(
                    "«На учёте, %» — доля от численности по отчёту, где её подали все организации строки.",
                    "“On record, %” is of the membership returned, where everybody in the line returned it."
                ),
            ]
        case .production:
            [
                Bilingual(
                    "Изготовлено к числу состоящих на учёте бывает больше 100 %: перевыпуски, карты "
                        + "выбывших и невостребованные показаны рядом.",
                    "Cards made to members on record may exceed 100 %: reissues, cards of former "
                        + "members and unclaimed ones stand beside."
                )
            ]
        case .handout:
            [
                Bilingual(
                    "Изготовленные — по местам: на заводе … прочие; «Прочие» — заменённые, испорченные, "
                        + "изъятые, с истёкшим сроком. Карты, введённые в действие с посылкой и ещё не "
                        + "выданные, — в первичке.",
                    "Cards made by where they are: at plant … other; “Other” are replaced, damaged, "
                        + "withdrawn and expired ones. Cards in force with their parcel and not handed "
                        + "out yet lie at the primary."
                )
            ]
        case .virtual, .programme, .quality: []
        }
    }
}

extension [StatisticsTable.Rest] {
    /// The two parts of the four ways that stand in no column.
    static let fourWays: Self = [
        .init(name: "plasticOnly", whole: "plastic", part: "both"),
        .init(name: "virtualOnly", whole: "virtual", part: "both"),
    ]
}

extension [StatisticsTable.Equation] {
    /// Who has plastic or a virtual ticket, both or none: every equation between these counts that does
    /// without the others, so that no two of them together tell what each keeps.
    static let fourWays: Self = [
        .init(left: ["registered", "both"], right: ["plastic", "virtual", "none"]),
        .init(left: ["plastic"], right: ["both", "plasticOnly"]),
        .init(left: ["virtual"], right: ["both", "virtualOnly"]),
        .init(left: ["plastic", "virtualOnly"], right: ["virtual", "plasticOnly"]),
        .init(left: ["registered"], right: ["virtual", "plasticOnly", "none"]),
        .init(left: ["registered"], right: ["plastic", "virtualOnly", "none"]),
        .init(left: ["registered"], right: ["plasticOnly", "virtualOnly", "both", "none"]),
    ]
}
