public import Registry
public import UnionTicket

/// The card columns of the union's statistical forms, at the level of each form.
public struct FormReport: Sendable {
    private let form: StatForm

    /// The columns of this form.
    public init(_ form: StatForm) { self.form = form }

    /// The levels whose lines the form wants.
    public var levels: [ReportLevel] {
        switch form {
        case .sp1, .sp2: [.primary]
        case .sp3: [.territorial, .primary]
        case .sp4: [.region]
        case .sp5: [.union]
        }
    }

    /// What a count for it must hold.
    public var measures: UnionStatistics.Measures { [.carriers, .production] }

    /// The form's columns for lines of a whole level, which no form holds but other reports may tell.
    public func everyLine(
        _ lines: [UnionStatistics.Line],
        asOf date: CalendarDate
    ) -> StatisticsTable {
        StatisticsReport.table(lines, asOf: date, title: Bilingual("", ""), Self.columns)
    }

    /// Whether an organisation fills in this form.
    ///
    /// A primary organisation with the rights of a territorial one reports beside the territorial ones.
    public func includes(_ line: UnionStatistics.Line) -> Bool {
        switch (form, line.organisation.level) {
        case (.sp1, .primary): !line.hasTerritorialRights
        case (.sp2, .primary), (.sp3, .primary): line.hasTerritorialRights
        case (.sp3, .territorial), (.sp4, .regional), (.sp5, .central): true
        default: false
        }
    }

    /// The form's table of counted lines.
    public func table(_ lines: [UnionStatistics.Line], asOf date: CalendarDate) -> StatisticsTable {
        let shown = Self.apart(lines.filter(includes)).sorted { $0.organisation < $1.organisation }
        var table = StatisticsReport.table(
            shown,
            asOf: date,
            title: Bilingual(
                "Форма \(form.title): графы об электронном профсоюзном билете",
                "Form \(form.title): columns on the electronic union ticket"
            ),
            Self.columns
        )
        (table.sums, table.rests) = (.fourWays, .fourWays)
        table.notes = [
            Bilingual(
                "Графы составлены в ProfBilet: тексты форм не публикуются.",
                "The columns are ProfBilet's own: the forms' texts are not public."
            )
        ]
        return table
    }

    /// Whoever has a line of their own is not counted in the line above it once more: primary
    /// organisations with the rights of a territorial one report beside theirs.
    private static func apart(_ lines: [UnionStatistics.Line]) -> [UnionStatistics.Line] {
        let own = Dictionary(
            grouping: lines.filter(\.hasTerritorialRights),
            by: { $0.organisation.parent }
        )
        return lines.map { line in
            guard let below = own[line.organisation], line.organisation.level == .territorial else {
                return line
            }
            var counts = line.counts
            for part in below { counts -= part.counts }
            return UnionStatistics.Line(
                organisation: line.organisation,
                name: line.name,
                hasTerritorialRights: line.hasTerritorialRights,
                counts: counts
            )
        }
    }

    private static var columns: [StatisticsReport.Measure] {
        [
            StatisticsReport.registered,
            StatisticsReport.count("produced", "Изготовлено карт", "Cards made") { $0.produced },
            StatisticsReport.count("handedOut", "Выдано карт", "Handed out") { $0.handedOut },
            StatisticsReport.count("plastic", "С картой", "With plastic") { $0.plastic },
            StatisticsReport.count("virtual", "С вирт.", "With virtual") { $0.virtual },
            StatisticsReport.count("both", "Оба", "Both") { $0.both },
            StatisticsReport.count("none", "Без билета", "None") { $0.none },
            StatisticsReport.share(
                "coverage",
                "Охват, %",
                "Coverage, %",
                { $0.plastic },
                of: { $0.registered }
            ),
        ]
    }
}
