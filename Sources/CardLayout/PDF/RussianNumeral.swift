/// Numbers in Russian words, as papers write them beside the figures.
package enum RussianNumeral {
    private static let ones = [
        "", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять",
        "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать",
        "семнадцать", "восемнадцать", "девятнадцать",
    ]
    private static let tens = [
        "", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят",
        "восемьдесят", "девяносто",
    ]
    private static let hundreds = [
        "", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот",
        "девятьсот",
    ]

    /// `173 (сто семьдесят три)`.
    package static func both(_ number: Int) -> String { "\(number) (\(words(number)))" }

    /// The number in words, masculine; figures where it is negative or not below a thousand million.
    package static func words(_ number: Int) -> String {
        guard number != 0 else { return "ноль" }
        guard (1..<1_000_000_000).contains(number) else { return "\(number)" }
        var words: [String] = []
        let (millions, thousands) = (number / 1_000_000, number / 1000 % 1000)
        if millions > 0 {
            words += [below1000(millions), form(millions, "миллион", "миллиона", "миллионов")]
        }
        if thousands > 0 {
            words += [feminine(thousands), form(thousands, "тысяча", "тысячи", "тысяч")]
        }
        if number % 1000 > 0 { words.append(below1000(number % 1000)) }
        return words.joined(separator: " ")
    }

    /// The form of a noun after a number: 1 делегат, 2 делегата, 5 делегатов.
    package static func form(_ number: Int, _ one: String, _ few: String, _ many: String) -> String
    {
        if (11...14).contains(number % 100) { return many }
        switch number % 10 {
        case 1: return one
        case 2, 3, 4: return few
        default: return many
        }
    }

    private static func below1000(_ number: Int) -> String {
        var words = [hundreds[number / 100]]
        let rest = number % 100
        words += rest < 20 ? [ones[rest]] : [tens[rest / 10], ones[rest % 10]]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func feminine(_ number: Int) -> String {
        let words = below1000(number)
        switch number % 10 {
        case 1 where number % 100 != 11: return words.dropLast(4) + "одна"
        case 2 where number % 100 != 12: return words.dropLast(3) + "две"
        default: return words
        }
    }
}

extension TextDocument {
    /// Lines to sign by these people, kept together; an empty role is one more line for the last.
    package func signatures(_ roles: [String]) throws {
        try keep(Double(roles.count) * 14 + 8)
        try space(4)
        for role in roles { try signature(role, captions: ("подпись", "инициалы, фамилия")) }
    }

    /// How many sheets there are, said on the last one.
    package func sheetCount() throws {
        try keep(12)
        try space(4)
        try paragraph("Всего листов: \(RussianNumeral.both(pages)).")
    }
}
