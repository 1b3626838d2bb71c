import CardLayout
import Foundation
import Registry
import UnionTicket

/// The papers of a member's rights: the dossier and the act of destruction, A4.
enum RightsPapers {
    /// Everything that is held of one member, to be handed out.
    static func dossier(_ dossier: Dossier, to path: String) throws {
        let document = try open(
            path,
            title: "Сведения о персональных данных",
            footer: "Сведения по запросу субъекта · \(dossier.at.russian) мск"
        )
        try document.heading(
            "Сведения о персональных данных члена Профсоюза",
            size: 14,
            alignment: .centre
        )
        try document.paragraph(
            "Выдаются по запросу субъекта персональных данных (Федеральный закон № 152-ФЗ, статья "
                + "14). По состоянию на \(dossier.at.russian) мск.",
            alignment: .centre
        )
        for section in dossier.sections {
            try document.keep(24)
            try document.heading(section.title.russian, size: 11.5)
            guard !section.rows.isEmpty else {
                try document.paragraph("Нет.")
                continue
            }
            if section.name == "record" {
                try document.facts(section.rows.map { ($0[0], $0[1]) })
            } else {
                try document.table(columns(section), section.rows.map { readable(section, $0) })
            }
        }
        _ = try document.finish()
    }

    /// The act of destruction with the extract of the log (Roskomnadzor's order 179).
    static func act(_ act: ErasureActs.Act, to path: String) throws {
        let document = try open(
            path,
            title: "Акт об уничтожении персональных данных",
            footer: "Акт \(act.name) · хранить до \(act.keptUntil.russian)"
        )
        try document.heading(
            "АКТ ОБ УНИЧТОЖЕНИИ ПЕРСОНАЛЬНЫХ ДАННЫХ",
            size: 14,
            alignment: .centre
        )
        try document.paragraph("№ \(act.name)", alignment: .centre)
        try document.facts([
            ("Оператор, реестр", act.register),
            ("Чьи данные", "запись реестра № \(act.member) (имя уничтожено вместе с данными)"),
            ("Категории данных", ErasureActs.Act.categories.russian),
            ("Информационная система", "ProfBilet, реестр членов Профсоюза"),
            ("Способ уничтожения", ErasureActs.Act.means.russian),
            (
                "Файлы печати партий",
                act.printFiles.isEmpty
                    ? "открытых нет"
                    : "ещё хранят данные (каталог: чем удаляется): "
                        + act.printFiles.joined(separator: "; ")
            ),
            ("Причина", act.reason),
            ("Дата и время", act.at.russian + " мск"),
            ("Кем уничтожены", act.user),
            ("Номеров погашено", "\(act.numbers)"),
            ("Носителей обезличено", "\(act.carriers)"),
            ("Хранить до", act.keptUntil.russian),
        ])
        try document.heading("Выгрузка из журнала регистрации событий", size: 11.5)
        try document.table(
            [
                .init("№", 1, alignment: .right), .init("Время (мск)", 2.4), .init("Кто", 2),
                .init("Событие", 2.6), .init("Объект", 2), .init("Подробности", 4),
            ],
            act.log.map {
                [
                    "\($0.sequence)", $0.at.russian, $0.user, $0.action, $0.subject, $0.detail,
                ]
            }
        )
        try document.space(4)
        try document.signature("Уничтожение выполнил", captions: ("подпись", "должность, ФИО"))
        try document.signature(
            "Ответственный за обработку персональных данных",
            captions: ("подпись", "должность, ФИО")
        )
        _ = try document.finish()
    }

    private static func open(
        _ path: String,
        title: String,
        footer: String
    ) throws -> TextDocument {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return try TextDocument(
            path: path,
            title: title,
            footer: footer,
            fonts: TextDocument.Fonts(folder: folder)
        )
    }

    /// Narrow for dates and numbers, wide for what is told.
    private static func columns(_ section: Dossier.Section) -> [TextDocument.Column] {
        zip(section.columns, section.heads).map { name, head in
            switch name {
            case "row", "order", "event", "mandate", "incident", "carrier": .init(head, 1)
            case "detail", "data", "title", "reason", "text": .init(head, 4)
            default: .init(head, 2.2)
            }
        }
    }

    /// Moments as Russian readers expect them.
    private static func readable(_ section: Dossier.Section, _ row: [String]) -> [String] {
        row.map { cell in
            if cell.count == 20, cell.hasSuffix("Z"), let at = TimeArgument.instant(cell) {
                return at.russian
            }
            return CalendarDate(iso: cell)?.russian ?? cell
        }
    }
}
