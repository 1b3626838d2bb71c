import UnionTicket

extension RosterIssueCode {
    /// The sentences of every code; a test holds the table complete.
    static let messages: [RosterIssueCode: Bilingual] = [
        .aisFormat: Bilingual(
            "Идентификатор АИС не из цифр и букв или длиннее 32 знаков: исправьте.",
            "The AIS identifier is not made of digits and letters, or longer than 32: correct it."
        ),
        .aisSpreadsheet: Bilingual(
            "Идентификатор АИС испорчен таблицей (вид 1,00E+07): выгрузите столбец как текст.",
            "The AIS identifier was eaten by a spreadsheet (1.00E+07): export the column as text."
        ),
        .nameMissing: Bilingual(
            "Нет фамилии или имени: заполните.",
            "The family name or the first name is missing: fill it in."
        ),
        .nameCase: Bilingual(
            "Имя было набрано прописными или строчными: исправлено по правилам, проверьте.",
            "The name was typed in capitals or in lower case: corrected by rule, check it."
        ),
        .lookalike: Bilingual(
            "Латинские буквы, похожие на русские, заменены: проверьте.",
            "Latin letters that look like Russian ones were replaced: check it."
        ),
        .foreignLetters: Bilingual(
            "В имени есть знаки, кроме букв кириллицы, дефиса и апострофа: исправьте.",
            "The name has characters other than Cyrillic letters, hyphen and apostrophe: correct it."
        ),
        .hyphenInName: Bilingual(
            "В имени дефис стоит с краю или два дефиса подряд: исправьте.",
            "The name has a hyphen at its edge, or two hyphens in a row: correct it."
        ),
        .digitInName: Bilingual(
            "В имени есть цифра: исправьте.",
            "The name has a digit in it: correct it."
        ),
        .initials: Bilingual(
            "Вместо имени инициалы: напишите полностью.",
            "Initials instead of a name: write it out."
        ),
        .bracketsInName: Bilingual(
            "В имени есть скобки (прежняя фамилия?): оставьте одно имя.",
            "The name has brackets (a former name?): leave one name."
        ),
        .quotesInName: Bilingual(
            "В имени есть кавычки: удалите их.",
            "The name has quotes: delete them."
        ),
        .formula: Bilingual(
            "Ячейка начинается как формула (= + - @): замените её текстом.",
            "The cell begins like a formula (= + - @): put text in its place."
        ),
        .answerInName: Bilingual(
            "Вместо имени «да», «нет» или логическое значение таблицы: напишите имя.",
            "The cell holds yes or no, or a spreadsheet's TRUE or FALSE, in place of a name: type "
                + "the name."
        ),
        .cellError: Bilingual(
            "В ячейке ошибка таблицы (#Н/Д, #ССЫЛКА!): поставьте само значение.",
            "The cell holds a spreadsheet's error (#N/A, #REF!): put the value in its place."
        ),
        .nameOneLetter: Bilingual(
            "Фамилия из одной буквы: проверьте, не инициал ли это.",
            "The family name is one letter: a family name, or an initial?"
        ),
        .nameWords: Bilingual(
            "В фамилии несколько слов: проверьте, нет ли среди них имени или отчества.",
            "The family name has several words: check that no other name stands among them."
        ),
        .nameTooLong: Bilingual(
            "Имя длиннее 100 знаков: проверьте столбцы.",
            "The name is longer than 100 characters: check the columns."
        ),
        .nameSplit: Bilingual(
            "ФИО в одной ячейке разделено на части: проверьте.",
            "The full name in one cell was split: check it."
        ),
        .nameUnsplittable: Bilingual(
            "ФИО в одной ячейке не делится однозначно: разнесите по столбцам.",
            "The full name in one cell cannot be split for certain: use separate columns."
        ),
        .namesSwapped: Bilingual(
            "Похоже, фамилия, имя или отчество переставлены: проверьте столбцы.",
            "Family name, first name or patronymic seem to be exchanged: check the columns."
        ),
        .dateMissing: Bilingual(
            "Даты нет: заполните в виде дд.мм.гггг.",
            "The date is missing: fill it in as dd.mm.yyyy."
        ),
        .dateFormat: Bilingual(
            "Дата не в виде дд.мм.гггг или гггг-мм-дд: исправьте.",
            "The date is neither dd.mm.yyyy nor yyyy-mm-dd: correct it."
        ),
        .dateTwoDigitYear: Bilingual(
            "Год из двух цифр: напишите четыре.",
            "The year has two digits: write four."
        ),
        .dateAmbiguous: Bilingual(
            "Дата с косой чертой: день и месяц не различить, напишите дд.мм.гггг.",
            "A date with slashes: day and month cannot be told apart, write dd.mm.yyyy."
        ),
        .dateImpossible: Bilingual(
            "Такого дня в календаре нет: исправьте.",
            "The calendar has no such day: correct it."
        ),
        .dateFuture: Bilingual(
            "Дата ещё не наступила: исправьте.",
            "The date is in the future: correct it."
        ),
        .dateTooOld: Bilingual(
            "Дата раньше 1905 года: исправьте.",
            "The date is before 1905: correct it."
        ),
        .dateSerial: Bilingual(
            "Дата записана номером дня таблицы: принята, проверьте.",
            "The date is a spreadsheet's day number: accepted, check it."
        ),
        .ageOutOfRange: Bilingual(
            "Возраст не в пределах 14…100 лет: проверьте дату рождения.",
            "The age is not within 14…100 years: check the birth date."
        ),
        .joinBefore14: Bilingual(
            "Вступление раньше, чем исполнилось 14 лет: проверьте обе даты.",
            "Joined before turning 14: check both dates."
        ),
        .sexUnknown: Bilingual(
            "Пол не распознан и не учтён: напишите М или Ж.",
            "The sex is not understood and left out: write М or Ж."
        ),
        .categoryMissing: Bilingual(
            "Нет категории: работающий, обучающийся или неработающий пенсионер.",
            "The category is missing: working, studying or retired."
        ),
        .categoryUnknown: Bilingual(
            "Категория не распознана: работающий, обучающийся или неработающий пенсионер.",
            "The category is not understood: working, studying or retired."
        ),
        .organisationMissing: Bilingual(
            "Нет кода организации: заполните в виде RR-TTT-PPPP.",
            "The organisation's code is missing: fill it in as RR-TTT-PPPP."
        ),
        .organisationFormat: Bilingual(
            "Код организации не в виде RR-TTT-PPPP (не превращён ли он в дату?): исправьте.",
            "The organisation's code is not RR-TTT-PPPP (turned into a date?): correct it."
        ),
        .organisationZero: Bilingual(
            "Код называет первичную организацию 0000, а такой не бывает (номера с 0001): исправьте.",
            "The code names the primary organisation 0000, which there is none of (they count from "
                + "0001): correct it."
        ),
        .phoneSpreadsheet: Bilingual(
            "Телефон испорчен таблицей (вид 7,90E+10): выгрузите столбец как текст.",
            "The phone was eaten by a spreadsheet (7.90E+10): export the column as text."
        ),
        .phoneLength: Bilingual(
            "В телефоне не одиннадцать цифр: нужно +7 и десять цифр.",
            "The phone has not eleven digits: +7 and ten digits are needed."
        ),
        .phoneFormat: Bilingual(
            "Телефон не распознан: нужно +7 и десять цифр.",
            "The phone is not understood: +7 and ten digits are needed."
        ),
        .emailNotASCII: Bilingual(
            "В адресе почты не латинские буквы: наберите его заново.",
            "The e-mail has letters that are not Latin: type it again."
        ),
        .emailFormat: Bilingual(
            "Адрес почты не в виде имя@домен: исправьте.",
            "The e-mail is not of the form name@domain: correct it."
        ),
        .ticketSpreadsheet: Bilingual(
            "Номер билета испорчен таблицей (вид 1,77E+14): выгрузите столбец как текст.",
            "The ticket number was eaten by a spreadsheet (1.77E+14): export the column as text."
        ),
        .ticketFormat: Bilingual(
            "Номер билета длиннее 32 знаков или с лишними знаками: исправьте.",
            "The ticket number is longer than 32 or has odd characters: correct it."
        ),
        .statusUnknown: Bilingual(
            "Статус не распознан: действующий, приостановлен, вышел, переведён, исключён, умер, кандидат.",
            "The status is not understood: active, suspended, left, transferred, expelled, deceased, candidate."
        ),
        .consentUnknown: Bilingual(
            "Ответ о согласии не распознан: напишите да, нет или дату.",
            "The answer about consent is not understood: write да, нет or a date."
        ),
        .consentRegisterMissing: Bilingual(
            "Нет согласия на обработку персональных данных: без него член не вносится в реестр.",
            "The consent to the processing of personal data is missing: no member is recorded without it."
        ),
        .consentBefore14: Bilingual(
            "Согласие дано раньше, чем исполнилось 14 лет: проверьте обе даты.",
            "The consent is dated before the person turned 14: check both dates."
        ),
        .consentSingleColumn: Bilingual(
            "Столбец «Согласие» без цели принят только как согласие на ведение реестра.",
            "The column «Согласие» names no purpose and counts for the register only."
        ),
        .rowShape: Bilingual(
            "В строке больше ячеек, чем в заголовке: лишний разделитель?",
            "The row has more cells than the header: a separator too many?"
        ),
        .quoteStray: Bilingual(
            "Ячейка начинается кавычкой, а после закрывающей кавычки стоит текст: удалите кавычки "
                + "или удвойте их внутри.",
            "The cell begins with a quote and text stands after the closing one: delete the quotes, "
                + "or double them inside."
        ),
        .rightsUnknown: Bilingual(
            "Не понятно, есть ли права территориальной организации: напишите да или нет.",
            "The rights of a territorial organisation are not understood: write да or нет."
        ),
        .organisationName: Bilingual(
            "Нет наименования организации или оно длиннее 300 знаков: исправьте.",
            "The organisation's name is missing or longer than 300 characters: correct it."
        ),
        .organisationDates: Bilingual(
            "Организация закрыта раньше, чем открыта: исправьте даты.",
            "The organisation is closed before it is opened: correct the dates."
        ),
        .ticketMissing: Bilingual(
            "Нет номера билета: заполните.",
            "The ticket number is missing: fill it in."
        ),
        .ticketDates: Bilingual(
            "Билет выдан раньше, чем изготовлен: исправьте даты.",
            "The ticket was handed out before it was made: correct the dates."
        ),
        .issuerMissing: Bilingual(
            "Не указано, кто выдал билет: заполните.",
            "The issuer of the ticket is missing: fill it in."
        ),
        .memberMissing: Bilingual(
            "Не указан член Профсоюза: нужен ИД АИС или номер билета.",
            "The member is missing: an AIS identifier or a ticket number is needed."
        ),
        .voteUnknown: Bilingual(
            "Вид голоса не распознан: решающий, совещательный, приглашённый.",
            "The kind of vote is not understood: decisive, advisory, guest."
        ),
        .mandateStateUnknown: Bilingual(
            "Состояние мандата не распознано: избран, подтверждён, отозван, заменён, резерв.",
            "The mandate's state is not understood: elected, confirmed, withdrawn, substitutedBy, reserve."
        ),
        .mandateFormat: Bilingual(
            "Номер мандата — число от 1 до 9 999 999.",
            "A mandate's number is a number from 1 to 9 999 999."
        ),
        .membershipFormat: Bilingual(
            "Численность — целое число от 0 до 99 999 999.",
            "A membership is a whole number from 0 to 99 999 999."
        ),
        .reasonUnknown: Bilingual(
            "Причина не распознана: первый, утрата, кража, порча, брак, смена ФИО.",
            "The reason is not understood: first, lost, stolen, damaged, defect, renamed."
        ),
    ]
}
