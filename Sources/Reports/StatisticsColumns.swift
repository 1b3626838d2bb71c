import Registry
import UnionTicket

// What stands in each report.
extension StatisticsReport {
    /// The measures of this report, in their order.
    var columns: [Measure] {
        switch self {
        case .coverage: Self.coverageColumns
        case .production: Self.productionColumns
        case .virtual: Self.virtualColumns
        case .programme: Self.programmeColumns
        case .quality: Self.qualityColumns
        case .handout: Self.handoutColumns
        }
    }

    static func count(
        _ name: String,
        _ russian: String,
        _ english: String,
        _ value: @escaping (UnionCounts) -> Int
    ) -> Measure {
        (StatisticsTable.Column(name, russian, english), { .count(value($0)) })
    }

    static func share(
        _ name: String,
        _ russian: String,
        _ english: String,
        _ part: @escaping (UnionCounts) -> Int,
        of whole: @escaping (UnionCounts) -> Int
    ) -> Measure {
        (StatisticsTable.Column(name, russian, english), { .share(part($0), of: whole($0)) })
    }

    static var registered: Measure {
        count("registered", "На учёте", "On record") { $0.registered }
    }

    static var coverageColumns: [Measure] {
        [
            (
                StatisticsTable.Column("returned", "По отчёту", "Returned"),
                { $0.returned.map(StatisticsTable.Cell.count) ?? .none }
            ),
            registered,
            (
                StatisticsTable.Column("registeredShare", "На учёте, %", "On record, %"),
                { counts in
                    // Its numerator stands beside it where everybody in the line returned a number.
                    guard let returned = counts.returned,
                        counts.registeredReturned == counts.registered
                    else { return .none }
                    return .share(counts.registered, of: returned)
                }
            ),
            count("plastic", "С картой", "With plastic") { $0.plastic },
            share("coverage", "Охват, %", "Coverage, %", { $0.plastic }, of: { $0.registered }),
            count("virtual", "С вирт.", "With virtual") { $0.virtual },
            share(
                "virtualShare",
                "Вирт., %",
                "Virtual, %",
                { $0.virtual },
                of: { $0.registered }
            ),
            count("both", "Оба", "Both") { $0.both },
            count("none", "Без билета", "None") { $0.none },
            count("legacyOnly", "Только старая", "Legacy only") { $0.legacyOnly },
        ]
    }

    static func reissued(_ reason: OrderReason, _ russian: String, _ english: String) -> Measure {
        count(reason.rawValue, russian, english) { $0.reissued[reason] ?? 0 }
    }

    static var productionColumns: [Measure] {
        [
            registered,
            count("produced", "Изготовлено", "Made") { $0.produced },
            share("ratio", "К учёту, %", "To record, %", { $0.produced }, of: { $0.registered }),
            count("first", "Первые", "First") { $0.producedFirst },
            reissued(.lost, "Утрата", "Lost"), reissued(.stolen, "Кража", "Stolen"),
            reissued(.damaged, "Порча", "Damaged"), reissued(.defect, "Брак", "Defect"),
            reissued(.renamed, "Смена ФИО", "Renamed"),
            count("legacy", "Старые", "Legacy") { $0.producedLegacy },
            count("former", "Выбывших", "Former") { $0.producedFormer },
            count("unclaimed", "Невостреб.", "Unclaimed") { $0.cards[.unclaimed] ?? 0 },
            count("spoiled", "Брак завода", "Spoiled") { $0.spoiled },
        ]
    }

    static var virtualColumns: [Measure] {
        [
            registered,
            count("virtual", "Действует", "Active") { $0.virtual },
            share("share", "Доля, %", "Share, %", { $0.virtual }, of: { $0.registered }),
            count("issued", "Выпущено", "Issued") { $0.virtualIssued },
            count("both", "И карта", "And plastic") { $0.both },
            count("only", "Только вирт.", "Virtual only") { $0.virtual - $0.both },
        ]
    }

    static var programmeColumns: [Measure] {
        [
            registered,
            count("programme", "В программе", "In programme") { $0.programme },
            share("share", "Доля, %", "Share, %", { $0.programme }, of: { $0.registered }),
            count("app", "Через приложение", "Through the app") { $0.programmeVirtual },
            share(
                "appShare",
                "Прил., %",
                "App, %",
                { $0.programmeVirtual },
                of: { $0.programme }
            ),
        ]
    }

    static var qualityColumns: [Measure] {
        [
            registered,
            count("aisId", "С ИД АИС", "With АИС id") { $0.withAisId },
            share("aisShare", "ИД, %", "Id, %", { $0.withAisId }, of: { $0.registered }),
            count("cardConsent", "Согласие на карту", "Card consent") { $0.withCardConsent },
            share(
                "consentShare",
                "Согл., %",
                "Consent, %",
                { $0.withCardConsent },
                of: { $0.registered }
            ),
        ]
    }

    static func at(_ state: CarrierState, _ russian: String, _ english: String) -> Measure {
        count(state.rawValue, russian, english) { $0.made[state] ?? 0 }
    }

    /// The cards made by where they lie, each once, then how many were ever handed out and are in force.
    static var handoutColumns: [Measure] {
        [
            count("produced", "Изготовлено", "Made") { $0.produced },
            at(.printed, "На заводе", "At plant"), at(.shipped, "В пути", "Shipped"),
            at(.atRegion, "В регионе", "At region"), at(.atPrimary, "В первичке", "At primary"),
            at(.unclaimed, "Невостреб.", "Unclaimed"),
            count("held", "На руках", "Held") { $0.made[.handedOut] ?? 0 },
            count("lost", "Утрачено", "Lost") { ($0.made[.lost] ?? 0) + ($0.made[.stolen] ?? 0) },
            at(.destroyed, "Уничтожено", "Destroyed"),
            count("other", "Прочие", "Other") { counts in
                [CarrierState.damaged, .replaced, .expired, .withdrawn]
                    .reduce(0) { $0 + (counts.made[$1] ?? 0) }
            },
            count("handedOut", "Выдано", "Handed out") { $0.handedOut },
            share("share", "Выдано, %", "Handed, %", { $0.handedOut }, of: { $0.produced }),
            count("active", "Действует", "Active") { $0.cards[.active] ?? 0 },
        ]
    }
}
