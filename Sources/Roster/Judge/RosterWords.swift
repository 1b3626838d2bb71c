import UnionTicket

/// The small vocabularies of rosters, by folded key.
enum RosterWords {
    /// Synonyms of М and Ж; the Latin M is meant as М.
    static let sexes: [FoldedKey: Sex] = table([
        .male: ["м", "m", "муж", "мужской", "мужчина", "male"],
        .female: ["ж", "жен", "женский", "женщина", "f", "female"],
    ])

    /// Synonyms of the three categories.
    static let categories: [FoldedKey: MemberCategory] = table([
        .working: [
            "работающий", "работающая", "работающие", "работник", "работники", "раб", "работает",
            "working", "сотрудник", "педагог", "педагогический работник", "работ",
        ],
        .studying: [
            "обучающийся", "обучающаяся", "обучающиеся", "студент", "студентка", "студенты", "обуч",
            "учащийся", "учащаяся", "studying", "student", "аспирант", "студ", "обучается",
        ],
        .retired: [
            "неработающий пенсионер", "неработающая пенсионерка", "пенсионер", "пенсионерка",
            "неработ пенс", "ветеран", "неработающий", "неработающие пенсионеры", "пенсионеры",
            "ветеран труда", "retired", "неработ пенсионер", "нераб пенс", "пенс",
            "неработающий пенсионер (ветеран)",
        ],
    ])

    /// Synonyms of a member's standing.
    static let statuses: [FoldedKey: MemberStatus] = table([
        .candidate: ["candidate", "кандидат", "заявление", "подал заявление"],
        .active: [
            "active", "действующий", "действующая", "активный", "активен", "состоит", "член",
            "член профсоюза", "на учёте", "принят", "принята", "активная",
        ],
        .suspended: ["suspended", "приостановлен", "приостановлена", "приостановлено"],
        .left: ["left", "вышел", "вышла", "выбыл", "выбыла", "снят с учёта", "снята с учёта"],
        .transferred: [
            "transferred", "переведён", "переведена", "перешёл", "перешла",
            "другой профсоюз",
        ],
        .expelled: ["expelled", "исключён", "исключена"],
        .deceased: ["deceased", "умер", "умерла", "скончался", "скончалась", "died"],
    ])

    /// Yes and no.
    static let answers: [FoldedKey: Bool] = table([
        true: [
            "да", "есть", "согласен", "согласна", "yes", "true", "имеется", "получено", "y", "д",
            "дано", "согласие", "согласие есть", "подписано", "истина",
        ],
        false: [
            "нет", "no", "false", "не согласен", "не согласна", "отказ", "n", "н", "отсутствует",
            "не получено", "отозвано", "ложь",
        ],
    ])

    /// What a spreadsheet or a hasty hand puts where a name belongs.
    ///
    /// «Да» with a capital is a family name.
    static let noNames: Set<String> = [
        "да", "ДА", "истина", "ИСТИНА", "Истина", "ложь", "ЛОЖЬ", "Ложь", "true", "TRUE", "false",
        "FALSE",
    ]

    /// Why a card is ordered.
    static let reasons: [FoldedKey: OrderReason] = table([
        .first: ["first", "первый", "первая", "первичный", "впервые", "первичная выдача", "новый"],
        .lost: ["lost", "утрата", "утеря", "потеря", "утерян", "утрачен", "потерян", "утеряна"],
        .stolen: ["stolen", "кража", "украден", "украдена", "хищение"],
        .damaged: [
            "damaged", "порча", "испорчен", "повреждён", "повреждение", "износ", "повреждена",
        ],
        .defect: ["defect", "брак"],
        .renamed: [
            "renamed", "смена фио", "смена фамилии", "смена имени", "замена в связи со сменой фио",
        ],
    ])

    private static func table<Meaning: Hashable>(
        _ words: [Meaning: [String]]
    ) -> [FoldedKey: Meaning] {
        var table: [FoldedKey: Meaning] = [:]
        for (meaning, synonyms) in words {
            for synonym in synonyms { table[FoldedKey(synonym)] = meaning }
        }
        return table
    }
}
