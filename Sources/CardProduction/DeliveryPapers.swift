import CardLayout
public import Registry
public import TicketSeal
import UnionTicket

extension AcceptanceOffice {
    /// Waybills (накладные) of what was shipped of a batch.
    ///
    /// A page or more a region, with the cards that really are in each parcel.
    public func waybills(
        _ id: Int64,
        to path: String,
        by user: SignedInUser
    ) throws -> Manifest.File {
        let batch = try BatchBook(register).batch(id)
        let parcels = try ParcelDesk(register).contents(of: id, by: user)
            .filter { $0.shipped > 0 }
        guard !parcels.isEmpty else {
            throw ProductionError(
                "Из партии \(batch.name) ничего не отгружено.",
                "Nothing of batch \(batch.name) was shipped."
            )
        }
        let document = try paper(path, "Накладные", "партия \(batch.name)")
        let regions = Dictionary(grouping: parcels) { $0.parcel.organisation.regional }
        for (region, own) in regions.sorted(by: { $0.key < $1.key }) {
            try document.newPage()
            try document.heading("НАКЛАДНАЯ: партия \(batch.name), организация \(region)", size: 14)
            try document.paragraph(own[0].region)
            try document.table(
                [
                    .init("Посылка", 1.1), .init("Код", 1.9),
                    .init("Первичная организация", 5),
                    .init("Карт", 0.9, alignment: .right), .init("Отправлена", 1.5),
                    .init("Получено", 1.5),
                ],
                own.map {
                    [
                        "\($0.parcel.number)", "\($0.parcel.organisation)", $0.name,
                        "\($0.shipped)",
                        $0.parcel.shippedAt?.moscowDate.russian ?? "", "",
                    ]
                }
            )
            let total = own.reduce(0) { $0 + $1.shipped }
            try document.paragraph(
                "Итого посылок \(own.count), карт \(RussianNumeral.both(total)).",
                font: "bold"
            )
            try document.signatures(["Сдал", "Принял"])
        }
        return try document.finish()
    }

    /// The hand-out list (ведомость) of one parcel: whoever still waits for a card.
    ///
    /// With room for date and signature; the reading of the names is logged.
    public func handOutList(
        _ batch: Int64,
        _ number: Int,
        to path: String,
        by user: SignedInUser
    ) throws -> Manifest.File {
        let list = try ParcelDesk(register).waiting(batch, number, by: user)
        let document = try paper(path, "Ведомость выдачи", "посылка \(list.parcel.name)")
        try document.heading(
            "ВЕДОМОСТЬ выдачи электронных профсоюзных билетов",
            size: 13,
            alignment: .centre
        )
        try document.facts([
            ("Партия, посылка", list.parcel.name),
            ("Организация", "\(list.parcel.organisation) \(list.name)"),
        ])
        try document.beginTable(
            [
                .init("№", 0.7), .init("Фамилия, имя, отчество", 5),
                .init("Номер билета", 3, isMono: true), .init("Экз.", 0.8), .init("Дата", 1.5),
                .init("Подпись", 2.4),
            ],
            rowHeight: 8
        )
        for (index, card) in list.cards.enumerated() {
            try document.row([
                "\(index + 1)", card.name.full, card.carrier.ticket.printed,
                card.carrier.issue > 1 ? "\(card.carrier.issue)" : "", "", "",
            ])
        }
        document.endTable()
        try document.paragraph(
            "Всего карт: \(RussianNumeral.both(list.cards.count)).",
            font: "bold"
        )
        try document.signatures(["Выдал"])
        try document.sheetCount()
        return try document.finish()
    }

    /// An act of destruction (акт об уничтожении) of cards, Russian.
    public func destructionAct(
        _ act: LeftCards.Act,
        to path: String
    ) throws -> Manifest.File {
        let document = try paper(path, "Акт об уничтожении", "№ \(act.id)")
        try document.heading(
            "АКТ № \(act.id) об уничтожении электронных профсоюзных билетов",
            size: 14,
            alignment: .centre
        )
        try document.facts([
            ("Дата", act.at.moscowDate.russian),
            ("Организация", "\(act.organisation) \(act.name)"),
            ("Основание", act.reason),
        ])
        try document.paragraph(
            "Комиссия составила настоящий акт о том, что перечисленные карты изъяты из обращения и "
                + "уничтожены способом, исключающим восстановление. Номера внесены в списки "
                + "недействительных."
        )
        try document.table(
            [
                .init("№", 0.8), .init("Номер билета", 4, isMono: true), .init("Экз.", 1),
                .init("До уничтожения", 4),
            ],
            act.cards.enumerated().map { index, card in
                [
                    "\(index + 1)", card.carrier.ticket.printed, "\(card.carrier.issue)",
                    DeliveryWords.state(card.was),
                ]
            }
        )
        try document.paragraph(
            "Всего уничтожено карт: \(RussianNumeral.both(act.cards.count)).",
            font: "bold"
        )
        try document.signatures(["Председатель комиссии", "Член комиссии", "Член комиссии"])
        try document.sheetCount()
        return try document.finish()
    }
}
