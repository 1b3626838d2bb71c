/// First names that people are sure to have, to notice exchanged columns.
enum FirstNames {
    /// Whether it is a common first name; ё and е are equal.
    static func contains(_ name: String) -> Bool {
        // Lead bytes of combining marks: й may be и with its breve behind it.
        let isInPieces = name.utf8.contains { $0 == 0xCC || $0 == 0xCD }
        return isInPieces ? all.contains(name) : spelled.contains(Spelling(text: name))
    }

    /// Whether a word is a patronymic by its ending.
    static func isPatronymic(_ word: String) -> Bool {
        endings.contains { word.utf8.suffix($0.count).elementsEqual($0) }
    }

    /// As bytes: none of these letters has a second spelling, and comparing characters costs ten
    /// times as much.
    private static let endings = ["ович", "евич", "овна", "евна", "ична"].map { Array($0.utf8) }

    private static let all: Set<String> = {
        let names = (male + " " + female).split(separator: " ").map(String.init)
        return Set(names + names.map { $0.replacing("ё", with: "е") })
    }()

    /// The same to be found by their bytes: normalising every name of a roster takes longer than all
    /// the rest of this.
    private static let spelled = Set(all.map(Spelling.init))

    private struct Spelling: Hashable {
        let text: String

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }

        static func == (left: Self, right: Self) -> Bool {
            left.text.utf8.elementsEqual(right.text.utf8)
        }
    }

    private static let male = """
        Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Артём Николай Владимир \
        Илья Павел Роман Антон Виктор Олег Юрий Пётр Фёдор Кирилл Денис Никита Игорь Семён Лев Савва \
        Кузьма Магомед Ахмед Рамзан Ислам Мурад Руслан Шамиль Ибрагим Умар Хасан Адам Аслан Ильдар \
        Рустам Айрат Марат Ринат Ильнур Тимур Булат Азат Дамир Радик Айдар Константин Станислав \
        Вячеслав Валерий Геннадий Анатолий Борис Григорий Леонид Василий Вадим Ярослав Виталий Эдуард \
        Глеб Егор Матвей Тимофей Данила Даниил Арсений Степан Захар Всеволод Валентин Яков Аркадий \
        Ростислав Святослав Георгий Богдан Герман Артур Ильяс Расул Мухаммад Али Саид Заур Султан
        """

    private static let female = """
        Елена Ольга Наталья Татьяна Светлана Ирина Анна Мария Екатерина Юлия Людмила Галина Надежда \
        Марина Наталия Валентина Любовь Лариса Анастасия Дарья Оксана Вера Алёна Евгения Виктория \
        Нина Полина Ксения Софья Зоя Раиса Тамара Эльвира Снежана Ия Патимат Аминат Хадижат Мадина \
        Зарема Луиза Айшат Марьям Фатима Залина Лейла Хава Гульнара Альбина Лилия Айгуль Резеда \
        Гузель Эльмира Рамиля Зульфия Диляра Алсу Ландыш Александра Алла Антонина Валерия Вероника \
        Елизавета Жанна Инна Карина Кристина Лидия Маргарита Майя Регина Римма София Ульяна Яна \
        Варвара Василиса Алина Алиса Ангелина Диана Динара Инга Клавдия Милана Олеся Эмма Юлиана
        """
}
