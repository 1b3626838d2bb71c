import UnionTicket

/// The names of one part of the people, as UTF-8 bytes, without pairs that differ in ё/е only.
struct SampleNames: Sendable {
    /// Family names of men.
    let men: [[UInt8]]
    /// Family names of women, at the same places.
    let women: [[UInt8]]
    /// First names of men.
    let male: [[UInt8]]
    /// First names of women.
    let female: [[UInt8]]
    /// Patronymics of sons, at the places of the fathers' names in ``male``.
    let sons: [[UInt8]]
    /// Patronymics of daughters.
    let daughters: [[UInt8]]

    /// Takes the lists apart; `taken` holds the first names that other parts use already.
    private init(surnames: String, male: String, female: String, taken: inout Set<[UInt8]>) {
        var seen: Set<[UInt8]> = []
        let surnames = Self.words(surnames + " " + Self.unchanging, &seen)
        men = surnames.map(Self.bytes)
        women = surnames.map { Self.bytes(Self.feminine($0)) }
        let fathers = Self.words(male, &taken)
        self.male = fathers.map(Self.bytes)
        self.female = Self.words(female, &taken).map(Self.bytes)
        sons = fathers.map { Self.bytes(Self.patronymic($0).son) }
        daughters = fathers.map { Self.bytes(Self.patronymic($0).daughter) }
    }

    /// Three parts of the people, no first name in two of them: so no full name is in two either.
    static let parts: [SampleNames] = {
        var taken: Set<[UInt8]> = []
        return [
            SampleNames(
                surnames: SampleNameLists.russian,
                male: SampleNameLists.russianMen,
                female: SampleNameLists.russianWomen,
                taken: &taken
            ),
            SampleNames(
                surnames: SampleNameLists.caucasian,
                male: SampleNameLists.caucasianMen,
                female: SampleNameLists.caucasianWomen,
                taken: &taken
            ),
            SampleNames(
                surnames: SampleNameLists.volga,
                male: SampleNameLists.volgaMen,
                female: SampleNameLists.volgaWomen,
                taken: &taken
            ),
        ]
    }()

    private static let unchanging = SampleNameLists.unchanging

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func words(_ text: String, _ seen: inout Set<[UInt8]>) -> [String] {
        text.split(separator: " ").map(String.init).filter { word in
            var key: [UInt8] = []
            PersonName.appendFolded(word, to: &key)
            return seen.insert(key).inserted
        }
    }

    private static func feminine(_ surname: String) -> String {
        if ["ов", "ев", "ёв", "ин", "ын"].contains(where: surname.hasSuffix) {
            return surname + "а"
        }
        for ending in ["ский", "цкий", "ной", "той"] where surname.hasSuffix(ending) {
            return surname.dropLast(2) + "ая"
        }
        return surname
    }

    private static func patronymic(_ father: String) -> (son: String, daughter: String) {
        if let stem = stems[father] { return (stem + "ович", stem + "овна") }
        if let stem = softStems[father] { return (stem + "евич", stem + "евна") }
        if let stem = shortStems[father] { return (stem + "ич", stem + "инична") }
        if father == "Никита" || father == "Савва" {
            return (father.dropLast() + "ич", father.dropLast() + "ична")
        }
        if father.hasSuffix("ий") {
            return (father.dropLast(2) + "ьевич", father.dropLast(2) + "ьевна")
        }
        if father.hasSuffix("й") || father.hasSuffix("ь") {
            return (father.dropLast() + "евич", father.dropLast() + "евна")
        }
        return (father + "ович", father + "овна")
    }

    private static let stems = [
        "Лев": "Льв", "Пётр": "Петр", "Павел": "Павл", "Михаил": "Михайл", "Данила": "Данил",
        "Семён": "Семён",
    ]
    private static let softStems = [
        "Дмитрий": "Дмитри", "Георгий": "Георги", "Яков": "Яковл", "Али": "Али",
    ]
    private static let shortStems = ["Илья": "Иль", "Кузьма": "Кузьм"]
}
