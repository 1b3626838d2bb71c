import UnionTicket

/// How papers speak of an event of a kind, Russian.
struct EventWords {
    let kind: EventKind

    /// Whether delegates come, whose mandates a credentials commission checks.
    var hasDelegates: Bool { kind == .conference || kind == .congress }

    /// The kind in the genitive: «конференции».
    var genitive: String {
        switch kind {
        case .assembly: "собрания"
        case .conference: "конференции"
        case .congress: "съезда"
        case .session: "заседания"
        }
    }

    /// Who comes, in the genitive plural: «делегатов».
    var people: String {
        switch kind {
        case .assembly: "участников собрания"
        case .conference, .congress: "делегатов"
        case .session: "членов выборного органа"
        }
    }

    /// What the number of everybody who should come is called.
    var everybody: String {
        switch kind {
        case .assembly: "Состоит на учёте"
        case .conference, .congress: "Избрано делегатов"
        case .session: "Состав выборного органа"
        }
    }

    /// The list with signatures.
    var listTitle: String { hasDelegates ? "Лист регистрации делегатов" : "Явочный лист" }

    /// What the minutes' appendix belongs to, line by line.
    var appendix: [String] {
        hasDelegates
            ? ["к протоколу № ______", "мандатной комиссии \(genitive)"]
            : ["к протоколу № ______ \(genitive)"]
    }

    /// What the number of a person on the list is called.
    var number: String { hasDelegates ? "Мандат" : "№" }

    /// Whose decision lets in people who are not on the list, in the genitive.
    var decider: String { hasDelegates ? "мандатной комиссии" : "председательствующего" }

    /// Who signs.
    var signers: [String] {
        hasDelegates
            ? [
                "Председатель мандатной комиссии", "Секретарь мандатной комиссии",
                "Члены мандатной комиссии", "", "",
            ]
            : ["Председательствующий", "Секретарь", "Ответственные за регистрацию", ""]
    }

    /// `не менее двух третей (2/3) от числа избранных делегатов`.
    func threshold(_ threshold: QuorumThreshold) -> String {
        share(threshold) + " " + base(threshold.base)
    }

    /// `не менее двух третей (2/3)`.
    func share(_ threshold: QuorumThreshold) -> String {
        let start = threshold.mode == .atLeast ? "не менее" : "более"
        let figures = "\(threshold.numerator)/\(threshold.denominator)"
        guard let words = Self.fractions[figures] else { return "\(start) \(figures)" }
        return "\(start) \(words) (\(figures))"
    }

    private static let fractions = [
        "1/2": "половины", "1/3": "одной трети", "2/3": "двух третей", "1/4": "одной четверти",
        "3/4": "трёх четвертей", "1/5": "одной пятой", "2/5": "двух пятых", "3/5": "трёх пятых",
        "4/5": "четырёх пятых",
    ]

    private func base(_ base: QuorumThreshold.Base) -> String {
        switch (base, kind) {
        case (.elected, .conference), (.elected, .congress): "от числа избранных делегатов"
        case (.elected, _): "от числа избранных"
        case (.confirmed, _): "от числа подтверждённых мандатов"
        case (.onRecord, .session): "от числа членов выборного органа"
        case (.onRecord, _): "от числа состоящих на учёте"
        }
    }

    static func verdict(_ verdict: QuorumVerdict) -> String {
        switch verdict {
        case .holds: "кворум имеется"
        case .doesNotHold: "кворума нет"
        case .cannotBeAsserted: "утверждать нельзя"
        }
    }

    static func vote(_ participation: Participation) -> String {
        switch participation {
        case .decisive: "решающий"
        case .advisory: "совещательный"
        case .guest: "приглашённый"
        }
    }

    static func state(_ mandate: Mandate) -> String {
        switch mandate.state {
        case .elected: "не подтверждён"
        case .confirmed: mandate.isSubstitute ? "подтверждён (замена)" : "подтверждён"
        case .withdrawn: "отозван"
        case .substituted: "подтверждён, заменён"
        case .reserve: "резерв"
        }
    }

    static func profile(_ profile: StationProfile) -> String {
        switch profile {
        case .gate: "вход"
        case .desk: "мандатный стол"
        case .kiosk: "киоск"
        case .supervisor: "старший"
        }
    }
}
