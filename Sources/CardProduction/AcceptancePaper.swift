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
            ("Не хватает", standing.missingCount),
            ("Отозвано до изготовления", standing.withdrawn),
            ("Лишних мест в отчёте", count(.surplus)),
            ("Неизвестных карт в отчёте", count(.unknown)),
            ("Названо дважды", count(.duplicate)),
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

    private func count(_ kind: DifferenceKind) -> Int {
        standing.differences.count { $0.kind == kind }
    }

    private func money(_ document: TextDocument) throws {
        try document.heading("Стоимость", size: 11.5)
        let sum = terms.price * standing.produced
        try document.facts([
            ("Ценовая ступень", terms.tier), ("Цена карты", "\(terms.price.roubles) руб."),
            ("Стоимость принятых карт", "\(sum.roubles) руб."),
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

    private func differences(_ document: TextDocument) throws {
        guard !standing.differences.isEmpty else { return }
        try document.heading("Расхождения, не урегулированы", size: 11.5)
        try document.table(
            [
                .init("№", 0.8), .init("Вид", 3.2), .init("№ карты", 1.2),
                .init("Отчёт, строка", 1.8), .init("Сведения", 3),
            ],
            standing.differences.prefix(2_000).map {
                [
                    "\($0.id)", DeliveryWords.difference($0.kind),
                    $0.sequence.map { "\($0)" } ?? "—", "ред. \($0.revision), \($0.line)",
                    $0.detail,
                ]
            }
        )
    }

    private var conclusion: String {
        standing.isOpen
            ? "Партия принята с расхождениями и не закрывается до их урегулирования."
            : "Партия принята полностью, расхождений нет."
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
