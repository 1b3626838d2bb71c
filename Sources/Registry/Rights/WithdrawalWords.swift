extension ConsentWithdrawals.Withdrawal {
    /// How it ended, in Russian: what the register noted itself is kept in English words, what a
    /// person entered stands as it was written.
    public var howInRussian: String? {
        guard let how else { return nil }
        if let fixed = Self.endings[how] { return fixed }
        if let found = how.wholeMatch(of: /partner applied package ([0-9]+)/) {
            return "партнёр применил пакет \(found.1)"
        }
        if let found = how.wholeMatch(of: /batch ([0-9]+) closed, data destroyed at the plant/) {
            return "партия \(found.1) закрыта, данные на заводе уничтожены"
        }
        if let found = how.wholeMatch(of: /batch ([0-9]+) cancelled/) {
            return "партия \(found.1) отменена"
        }
        return how
    }

    private static let endings = [
        "given again": "дано вновь", "data destroyed": "данные уничтожены",
        "marks erased": "отметки стёрты", "open orders cancelled": "открытые заявки отменены",
        "virtual cards withdrawn": "виртуальные билеты отозваны",
        "never handed over": "не передавались",
        "the register holds nothing of it": "в реестре таких данных нет",
        "no marks held": "отметок нет",
    ]
}
