import CardLayout
import Foundation
import Registry
import Roster
import TicketSeal
import UnionTicket

/// The papers of a batch.
///
/// Covering sheet and parcels for the manufacturer, waybills and hand-out lists for the union. Names
/// stand only on the union's.
struct PackageDocuments {
    private let batch: BatchBook.Batch
    private let terms: BatchTerms
    private let parcels: [BatchBuilder.Parcel]
    private let folder: String
    private let fonts: TextDocument.Fonts

    init(
        _ batch: BatchBook.Batch,
        _ terms: BatchTerms,
        _ parcels: [BatchBuilder.Parcel],
        _ folder: String,
        _ fonts: TextDocument.Fonts
    ) {
        (self.batch, self.terms, self.parcels, self.folder) = (batch, terms, parcels, folder)
        self.fonts = fonts
    }

    func write(manufacturer: inout [Manifest.File], union: inout [Manifest.File]) throws {
        for package in ["manufacturer", "union"] {
            let file = try HashedFile.write(
                parcelTable(),
                to: "\(folder)/\(package)/parcels.csv"
            )
            if package == "union" { union.append(file) } else { manufacturer.append(file) }
        }
        manufacturer.append(try specification())
        union.append(try waybills())
    }

    private func parcelTable() -> [UInt8] {
        var text = "\u{FEFF}parcel;organisation;name;region;cards;first;last\r\n"
        for parcel in parcels {
            let cells = [
                "\(parcel.number)", "\(parcel.organisation)", quoted(parcel.name),
                quoted(parcel.region), "\(parcel.count)", "\(parcel.first)", "\(parcel.last)",
            ]
            text += cells.joined(separator: ";") + "\r\n"
        }
        return Array(text.utf8)
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    private func specification() throws -> Manifest.File {
        let s = terms.specification
        let document = try document("manufacturer/спецификация.pdf", "Спецификация партии")
        try document.heading("Спецификация на изготовление карт, партия \(batch.name)", size: 16)
        try document.paragraph(batch.title)
        let chip =
            switch s.chip {
            case .none: "нет"
            case .ndef: "NDEF, данные в encoding.csv"
            case .ntag424: "NTAG 424 DNA, данные в encoding.csv, ключи отдельно по ссылке"
            }
        let parts = (batch.cards + BatchBuilder.partSize - 1) / BatchBuilder.partSize
        try document.facts([
            ("Изготовитель", s.agreement.manufacturer),
            ("Поручение на обработку", "\(s.agreement.id), до \(s.agreement.until.russian)"),
            ("Карт", "\(batch.cards) (с 1 по \(batch.cards), без пропусков)"),
            ("Макет", "\(terms.layout.title) (\(terms.layout.id), ред. \(terms.layout.revision))"),
            ("Отпечаток макета", String(terms.layout.hash.prefix(32))),
            ("Формат карты", "ID-1, 85,60 × 53,98 мм, скругление 3,18 мм, вылеты в PDF"),
            ("Печать", "4+4, CMYK (FOGRA39), QR и штрихкод только чёрной краской"),
            (
                "Файлы печати",
                "\(parts) PDF по \(BatchBuilder.partSize) карт; страницы: лицо, оборот"
            ),
            (
                "Файл данных",
                "personalization.csv, кодировка \(terms.profile.encoding.rawValue), разделитель "
                    + (terms.profile.separator == "\t"
                        ? "табуляция" : "«\(terms.profile.separator)»")
            ),
            ("Чип", chip),
            ("Срок действия карт", "до \(s.validUntil.russian)"),
            ("Вопросы", s.contact),
        ])
        try document.heading("Столбцы файла данных", size: 12)
        try document.table(
            [.init("Столбец", 3), .init("Содержание", 7)],
            terms.profile.columns.map { [$0.title, Self.legend[$0.column] ?? ""] }
        )
        try document.heading("Что вернуть", size: 12)
        try document.paragraph(
            "1. Отчёт по каждой карте: номер по порядку, изготовлена или брак"
                + (s.chip == .none ? "." : ", UID чипа.")
        )
        try document.paragraph("2. Брак и остатки — отдельной посылкой с описью.")
        try document.paragraph("3. Акт уничтожения персональных данных после приёмки партии.")
        try document.paragraph(
            "Перед тиражом отпечатайте proof.pdf и пришлите на подпись. Масштаб 100 %, без подгонки; "
                + "модуль QR — целое число точек печати."
        )
        try document.heading("Посылки", size: 12)
        try document.paragraph("Посылок \(parcels.count); перечень — в parcels.csv, без имён.")
        return try document.finish()
    }

    private static let legend: [ManufacturerProfile.Column: String] = [
        .sequence: "номер карты по порядку в партии", .name1: "первая строка имени (фамилия)",
        .name2: "вторая строка имени (имя, отчество)",
        .number: "номер билета, на карте группами через пробел",
        .carrier: "16 цифр для Code 128-C", .qr: "текст QR-кода: адрес и цифры",
        .organisation: "первичная организация", .region: "региональная организация",
        .valid: "срок действия, ММ/ГГГГ", .issue: "экземпляр, со второго", .parcel: "номер посылки",
    ]

    private func waybills() throws -> Manifest.File {
        let document = try document("union/waybills.pdf", "Накладные")
        var regions: [OrganisationCode] = []
        for parcel in parcels where regions.last != parcel.organisation.regional {
            regions.append(parcel.organisation.regional)
        }
        for region in regions {
            let own = parcels.filter { $0.organisation.regional == region }
            try document.newPage()
            try document.heading("Накладная: партия \(batch.name), организация \(region)", size: 14)
            try document.paragraph(own.first?.region ?? "")
            try document.table(
                [
                    .init("Посылка", 1.2), .init("Код", 2), .init("Первичная организация", 6),
                    .init("Карт", 1), .init("Номера по порядку", 2.2), .init("Получено", 1.6),
                ],
                own.map {
                    [
                        "\($0.number)", "\($0.organisation)", $0.name, "\($0.count)",
                        "\($0.first)–\($0.last)", "",
                    ]
                }
            )
            let total = own.reduce(0) { $0 + $1.count }
            try document.paragraph("Итого посылок \(own.count), карт \(total).", font: "bold")
            try document.space(6)
            try document.paragraph(
                "Сдал ____________________     Принял ____________________     Дата __________"
            )
        }
        return try document.finish()
    }

    private func document(_ name: String, _ title: String) throws -> TextDocument {
        try Self.document(batch, fonts, folder, name, title)
    }

    static func document(
        _ batch: BatchBook.Batch,
        _ fonts: TextDocument.Fonts,
        _ folder: String,
        _ name: String,
        _ title: String
    ) throws -> TextDocument {
        try TextDocument(
            path: folder + "/" + name,
            title: "\(title) \(batch.name)",
            footer: "Общероссийский Профсоюз образования · партия \(batch.name)",
            fonts: fonts
        )
    }
}

/// The hand-out lists (ведомости), written while the cards go by: a file a region, a page or more a
/// primary organisation.
final class HandOutLists {
    private let batch: BatchBook.Batch
    private let fonts: TextDocument.Fonts
    private let folder: String
    private var document: TextDocument?
    private var region: OrganisationCode?
    private var parcel = 0
    private var row = 0
    private(set) var files: [Manifest.File] = []

    init(_ batch: BatchBook.Batch, _ fonts: TextDocument.Fonts, _ folder: String) {
        (self.batch, self.fonts, self.folder) = (batch, fonts, folder)
    }

    func add(_ card: BatchBook.Card) throws {
        if region != card.organisation.regional {
            try finish()
            region = card.organisation.regional
            document = try PackageDocuments.document(
                batch,
                fonts,
                folder,
                "union/" + name,
                "Ведомость выдачи"
            )
        }
        guard let document else { return }
        if parcel != card.parcel { try begin(card, document) }
        row += 1
        try document.row([
            "\(row)", card.record.name.full, card.carrier.ticket.printed,
            card.carrier.issue > 1 ? "\(card.carrier.issue)" : "", "", "",
        ])
    }

    /// Ends the region's file.
    func finish() throws {
        guard let open = document else { return }
        try sign(open)
        let file = try open.finish()
        // The manifest names it with its folder.
        files.append(Manifest.File(name: name, bytes: file.bytes, sha256: file.sha256))
        document = nil
        parcel = 0
    }

    private var name: String { "handover/vedomost-\(region.map { "\($0)" } ?? "").pdf" }

    private func begin(_ card: BatchBook.Card, _ document: TextDocument) throws {
        if parcel != 0 { try sign(document) }
        parcel = card.parcel
        row = 0
        try document.newPage()
        try document.heading("Ведомость выдачи электронных профсоюзных билетов", size: 13)
        try document.facts([
            ("Партия, посылка", "\(batch.name), № \(card.parcel)"),
            ("Организация", "\(card.organisation) \(card.record.organisation)"),
        ])
        try document.beginTable(
            [
                .init("№", 0.7), .init("Фамилия, имя, отчество", 5),
                .init("Номер билета", 3, isMono: true), .init("Экз.", 0.8), .init("Дата", 1.5),
                .init("Подпись", 2.4),
            ],
            rowHeight: 8
        )
    }

    private func sign(_ document: TextDocument) throws {
        document.endTable()
        try document.paragraph("Всего карт: \(row).", font: "bold")
        try document.space(4)
        try document.paragraph(
            "Выдал ____________________ / ____________________     Дата __________"
        )
    }
}
