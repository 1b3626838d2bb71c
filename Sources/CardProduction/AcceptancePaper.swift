import CardLayout
public import Registry
public import TicketSeal
public import UnionTicket

extension AcceptanceOffice {
    /// The act of acceptance (акт приёмки) of a batch as it stands now, Russian.
    ///
    /// - Parameters:
    ///   - id: The batch.
    ///   - path: Where the PDF goes.
    ///   - user: Who prints it.
    /// - Returns: Its name, size and hash.
    /// - Throws: When there is no report yet, a font is missing or the file cannot be written.
    public func act(
        _ id: Int64,
        to path: String,
        by user: SignedInUser
    ) throws -> Manifest.File {
        let batch = try BatchBook(register).batch(id)
        let revisions = try BatchAcceptance(register).revisions(of: id, by: user)
        guard let last = revisions.last, let terms = try BatchBook(register).terms(id) else {
            throw ProductionError(
                "Отчёта изготовителя о партии \(batch.name) ещё нет.",
                "There is no manufacturer's report on batch \(batch.name) yet."
            )
        }
        let specification = try BatchSpecification(
            text: batch.specification,
            file: "batch \(batch.name)"
        )
        let document = try paper(path, "Акт приёмки", "партия \(batch.name)")
        let paper = AcceptancePaper(
            batch: batch,
            specification: specification,
            terms: terms,
            standing: try BatchClosing(register).standing(id, by: user),
            revision: last,
            now: BatchBook(register).now
        )
        try paper.write(document)
        return try document.finish()
    }

    func paper(_ path: String, _ title: String, _ subject: String) throws -> TextDocument {
        try TextDocument(
            path: path,
            title: "\(title), \(subject)",
            footer: "Общероссийский Профсоюз образования · \(title) · \(subject)",
            fonts: TextDocument.Fonts(folder: ".")
        )
    }
}

/// The act of acceptance: what was ordered, made, spoiled, is missing and differs.
struct AcceptancePaper {
    let batch: BatchBook.Batch
    let specification: BatchSpecification
    let terms: AcceptanceTerms
    let standing: BatchStanding
    let revision: BatchAcceptance.Revision
    let now: Instant

    func write(_ document: TextDocument) throws {
        try document.heading(
            "АКТ ПРИЁМКИ электронных профсоюзных билетов",
            size: 14,
            alignment: .centre
        )
        try document.facts([
            ("Партия", "\(batch.name) «\(batch.title)»"),
            ("Изготовитель", specification.agreement.manufacturer),
            ("Поручение на обработку", specification.agreement.id),
            ("Дата акта", now.moscowDate.russian),
            (
                "Отчёт изготовителя",
                "ред. \(revision.number) от \(revision.at.moscowDate.russian), строк "
                    + "\(revision.rows), SHA-256 \(Hex.text(Array(revision.sha256.prefix(8))))…"
            ),
        ])
        try counts(document)
        try money(document)
        try missing(document)
        try differences(document)
        try document.paragraph(conclusion, font: "bold")
        try document.signatures(["От изготовителя сдал", "От Профсоюза принял"])
        try document.sheetCount()
    }

    private func counts(_ document: TextDocument) throws {
        try document.heading("Количество", size: 11.5)
        let rows = [
            ("Заказано", standing.cards), ("Изготовлено и принято", standing.produced),
            ("Забраковано, выпуск отозван, заказано заново", standing.spoiled),
            ("Не получено от завода, списано, заказано заново", standing.writtenOff),
            ("Не хватает", standing.missingCount),
            ("Отозвано до изготовления", standing.withdrawn),
        ]
        try document.table(
            [.init("Показатель", 7), .init("Карт", 2, alignment: .right)],
            rows.map { [$0.0, "\($0.1)"] }
        )
        try document.paragraph(
            "Принято карт: \(RussianNumeral.both(standing.produced)).",
            font: "bold"
        )
    }

    private func money(_ document: TextDocument) throws {
        try document.heading("Стоимость", size: 11.5)
        let sum = terms.price * standing.produced
        try document.facts([
            ("Ценовая ступень", terms.tier), ("Цена карты", "\(terms.price.roubles) руб."),
            ("Стоимость принятых карт", "\(sum.roubles) руб."),
        ])
        let claimed = standing.spoiled + standing.writtenOff
        guard claimed > 0 else { return }
        try document.facts([
            (
                "Предъявлено заводу за брак и недостачу",
                "\((terms.price * claimed).roubles) руб. (карт \(claimed))"
            )
        ])
    }

    private func missing(_ document: TextDocument) throws {
        guard !standing.missing.isEmpty else { return }
        try document.heading("Недостающие карты, номера по порядку", size: 11.5)
        let shown = standing.missing.prefix(400).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)"
        }
        let more = standing.missing.count > shown.count ? " и далее" : ""
        try document.paragraph(shown.joined(separator: ", ") + more + ".")
    }

    private static let differenceColumns: [TextDocument.Column] = [
        .init("№", 0.8), .init("Вид", 3), .init("№ карты", 1.2), .init("Отчёт, строка", 1.8),
        .init("Сведения", 3.2),
    ]

    private func differences(_ document: TextDocument) throws {
        if !standing.differences.isEmpty {
            try document.heading("Расхождения, не урегулированы", size: 11.5)
            try document.table(
                Self.differenceColumns,
                standing.differences.prefix(2_000).map(Self.cells)
            )
        }
        if !standing.settled.isEmpty {
            try document.heading("Расхождения, урегулированы документами", size: 11.5)
            try document.table(
                Self.differenceColumns + [.init("Документ, дата", 3)],
                standing.settled.prefix(2_000).map {
                    Self.cells($0.difference)
                        + ["\($0.document), \($0.at.moscowDate.russian)"]
                }
            )
        }
    }

    private static func cells(_ difference: BatchStanding.Difference) -> [String] {
        [
            "\(difference.id)", DeliveryWords.difference(difference.kind),
            difference.sequence.map { "\($0)" } ?? "—",
            "ред. \(difference.revision), \(difference.line)", DeliveryWords.detail(difference),
        ]
    }

    private var conclusion: String {
        let counted = "изготовлено и принято \(standing.produced) из \(standing.cards)"
        let open = [
            ("не хватает карт", standing.missingCount),
            ("не урегулировано расхождений", standing.differences.count),
        ].filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
        guard open.isEmpty else {
            return "Партия принята с расхождениями (\(counted); "
                + open.joined(separator: ", ") + ") и не закрывается до их урегулирования."
        }
        let short = [
            ("забраковано", standing.spoiled), ("не получено и списано", standing.writtenOff),
            ("отозвано до изготовления", standing.withdrawn),
        ].filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }
        let settled = standing.settled.count
        let differences =
            settled == 0
            ? "Неурегулированных расхождений нет."
            : "Расхождений было \(settled), все урегулированы документами."
        guard short.isEmpty else {
            return "Партия принята не полностью: \(counted), " + short.joined(separator: ", ")
                + ". " + differences
        }
        return settled == 0
            ? "Партия принята полностью, расхождений нет."
            : "Партия принята полностью. " + differences
    }
}

/// What states and differences are called on Russian papers and screens.
public enum DeliveryWords {
    /// A difference between report and batch.
    public static func difference(_ kind: DifferenceKind) -> String {
        switch kind {
        case .spoiled: "брак, переделывает завод"
        case .surplus: "лишнее место"
        case .unknown: "не из этой партии"
        case .duplicate: "названа дважды"
        case .contradiction: "противоречит учёту"
        case .chipMissing: "нет UID чипа"
        case .chipTwice: "UID чипа повторяется"
        }
    }

    /// What differs, in Russian; it is kept in the words of report and register.
    public static func detail(_ difference: BatchStanding.Difference) -> String {
        let said = difference.detail
        switch difference.kind {
        case .contradiction, .spoiled, .chipMissing:
            let sides = said.split(separator: " / ").map(String.init)
            guard sides.count == 2, let result = ReportedResult(rawValue: sides[0]),
                let state = CarrierState(rawValue: sides[1])
            else { return said }
            return "в отчёте «\(self.result(result))», по учёту «\(self.state(state))»"
        case .duplicate, .chipTwice:
            // "строка/line 7: produced ≠ spoiled"
            let words = said.split(separator: " ").map { word in
                ReportedResult(rawValue: String(word)).map(result)
                    ?? word.split(separator: "/").first.map(String.init) ?? ""
            }
            return words.joined(separator: " ")
        case .surplus, .unknown: return said
        }
    }

    /// What a report says of a card.
    public static func result(_ result: ReportedResult) -> String {
        switch result {
        case .produced: "изготовлена"
        case .spoiled: "брак"
        case .missing: "нет"
        }
    }

    /// A state of a carrier.
    public static func state(_ state: CarrierState) -> String {
        switch state {
        case .allocated: "номер закреплён"
        case .printed: "изготовлена"
        case .spoiled: "брак"
        case .shipped: "в пути"
        case .atRegion: "в региональной организации"
        case .atPrimary: "в первичной организации"
        case .unclaimed: "невостребована"
        case .handedOut: "выдана"
        case .active: "действует"
        case .suspended: "приостановлена"
        case .lost: "утрачена"
        case .stolen: "похищена"
        case .damaged: "повреждена"
        case .replaced: "заменена"
        case .expired: "срок истёк"
        case .withdrawn: "изъята"
        case .destroyed: "уничтожена"
        }
    }
}
