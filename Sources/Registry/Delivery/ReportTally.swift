import UnionTicket

/// A manufacturer's report read to its end.
///
/// What it says of each card of the run, and what it says beyond it; a few bytes a card, so that a run
/// of a million fits.
struct ReportTally {
    /// Something in the report that is no statement about a card of the run.
    struct Extra {
        let kind: DifferenceKind
        let sequence: Int?
        let line: Int
        let detail: String
    }

    private let batch: BatchBook.Batch
    private let firstCarrier: Int64
    private let hasChips: Bool
    /// 0: not named; else the place of the result in `ReportedResult.allCases`, from 1.
    private var said: [UInt8]
    private var lines: [Int32]
    /// Places whose rows contradict each other.
    private var contradicted: Set<Int> = []
    private(set) var uids: [ChipUID?]
    private var bearers: [ChipUID: Int] = [:]
    private(set) var extras: [Extra] = []
    private var faults: [Bilingual] = []
    private var strangers = 0
    /// Rows whose place is a card of the run and whose barcode is not.
    private var torn: [Bilingual] = []
    private var matched = 0
    private(set) var rows = 0

    static let faultLimit = 50

    init(_ batch: BatchBook.Batch, firstCarrier: Int64, hasChips: Bool) {
        (self.batch, self.firstCarrier, self.hasChips) = (batch, firstCarrier, hasChips)
        said = Array(repeating: 0, count: batch.cards)
        lines = Array(repeating: 0, count: batch.cards)
        uids = hasChips ? Array(repeating: nil, count: batch.cards) : []
    }

    /// What the report says of the card at a place from 1; nil where it does not name it.
    func result(_ sequence: Int) -> ReportedResult? {
        let code = said[sequence - 1]
        return code == 0 ? nil : ReportedResult.allCases[Int(code) - 1]
    }

    func line(_ sequence: Int) -> Int { Int(lines[sequence - 1]) }

    func count(_ result: ReportedResult) -> Int {
        let code = Self.code(result)
        return said.count { $0 == code }
    }

    func count(_ kind: DifferenceKind) -> Int { extras.count { $0.kind == kind } }

    /// Takes rows; carriers they name are looked up together.
    mutating func add(_ rows: [ReportRow], in session: any DatabaseSession) throws {
        let (places, tickets) = try self.places(of: rows.compactMap(\.carrier), in: session)
        for row in rows { add(row, places, tickets) }
        self.rows += rows.count
    }

    private mutating func add(
        _ row: ReportRow,
        _ places: [CarrierNumber: Int],
        _ tickets: [TicketNumber: Int]
    ) {
        var sequence = row.sequence
        if let carrier = row.carrier {
            guard let place = places[carrier] else {
                if let place = tickets[carrier.ticket] {
                    return refuse(
                        row.line,
                        "у штрихкода \(carrier) не та последняя цифра: в партии № \(place) — "
                            + "другой экземпляр этого билета. Если число округлила таблица, сохраните "
                            + "столбец текстом.",
                        "the barcode \(carrier) has a wrong last digit: № \(place) of the batch is "
                            + "another issue of this ticket. Where a spreadsheet rounded the number, "
                            + "save the column as text."
                    )
                }
                strangers += 1
                if let sequence, (1...batch.cards).contains(sequence) {
                    return disagree(row.line, sequence, carrier)
                }
                extras.append(
                    Extra(kind: .unknown, sequence: nil, line: row.line, detail: "\(carrier)")
                )
                return
            }
            if let given = sequence, given != place {
                return refuse(
                    row.line,
                    "№ \(given) и карта \(carrier) — разные карты партии (карта стоит на месте "
                        + "\(place)).",
                    "№ \(given) and card \(carrier) are different cards (the card's place is "
                        + "\(place))."
                )
            }
            sequence = place
        }
        guard let sequence else { return }
        guard (1...batch.cards).contains(sequence) else {
            extras.append(
                Extra(kind: .surplus, sequence: sequence, line: row.line, detail: "№ \(sequence)")
            )
            return
        }
        state(row, at: sequence)
    }

    private mutating func disagree(_ line: Int, _ sequence: Int, _ carrier: CarrierNumber) {
        guard torn.count < Self.faultLimit else { return }
        torn.append(
            Bilingual(
                "строка \(line): № \(sequence) есть в партии, а карты \(carrier) в ней нет.",
                "line \(line): № \(sequence) is in the batch, and card \(carrier) is not."
            )
        )
    }

    private mutating func state(_ row: ReportRow, at sequence: Int) {
        matched += 1
        let place = sequence - 1
        guard said[place] == 0 else { return again(row, at: sequence) }
        said[place] = Self.code(row.result)
        lines[place] = Int32(clamping: row.line)
        if let uid = row.uid { bind(uid, row, at: sequence) }
    }

    /// A card that is named again: where the results differ neither is believed, and the card counts as
    /// missing until a corrected report names it once.
    private mutating func again(_ row: ReportRow, at sequence: Int) {
        let place = sequence - 1
        var detail = "строка/line \(lines[place])"
        if contradicted.contains(place) {
            detail += ": противоречие/contradiction"
        } else if said[place] != Self.code(row.result), let first = result(sequence) {
            detail += ": \(first.rawValue) ≠ \(row.result.rawValue)"
            contradicted.insert(place)
            said[place] = Self.code(.missing)
            if hasChips, let uid = uids[place] {
                bearers[uid] = nil
                uids[place] = nil
            }
        }
        extras.append(
            Extra(kind: .duplicate, sequence: sequence, line: row.line, detail: detail)
        )
    }

    private static func code(_ result: ReportedResult) -> UInt8 {
        UInt8((ReportedResult.allCases.firstIndex(of: result) ?? 0) + 1)
    }

    private mutating func bind(_ uid: ChipUID, _ row: ReportRow, at sequence: Int) {
        guard hasChips else {
            return refuse(
                row.line,
                "UID чипа, а партия без чипов.",
                "a chip's UID, and the batch has no chips."
            )
        }
        if let other = bearers[uid] {
            extras.append(
                Extra(
                    kind: .chipTwice,
                    sequence: sequence,
                    line: row.line,
                    detail: "№ \(other)"
                )
            )
            return
        }
        bearers[uid] = sequence
        uids[sequence - 1] = uid
    }

    /// A UID that another batch's card bears already.
    mutating func unbind(_ sequence: Int, detail: String) {
        uids[sequence - 1] = nil
        extras.append(
            Extra(kind: .chipTwice, sequence: sequence, line: line(sequence), detail: detail)
        )
    }

    mutating func add(_ extra: Extra) { extras.append(extra) }

    private mutating func refuse(_ line: Int, _ russian: String, _ english: String) {
        guard faults.count < Self.faultLimit else { return }
        faults.append(Bilingual("строка \(line): \(russian)", "line \(line): \(english)"))
    }

    private func places(
        of carriers: [CarrierNumber],
        in session: any DatabaseSession
    ) throws -> ([CarrierNumber: Int], tickets: [TicketNumber: Int]) {
        var places: [CarrierNumber: Int] = [:]
        var tickets: [TicketNumber: Int] = [:]
        for part in carriers.map({ SQLValue.int($0.ticket.value) }).parts(of: 256) {
            try session.query(
                """
                SELECT number, issue, id FROM carrier
                WHERE kind = 'plastic' AND number IN (\(part.placeholders))
                """,
                part.padded
            ) { row in
                let place = Int(row.integer(2) - firstCarrier) + 1
                guard (1...batch.cards).contains(place),
                    let ticket = TicketNumber(value: UInt64(row.integer(0))),
                    let carrier = CarrierNumber(ticket: ticket, issue: UInt8(row.integer(1)))
                else { return }
                places[carrier] = place
                tickets[ticket] = place
            }
        }
        return (places, tickets)
    }

    /// Refuses a report that cannot be this batch's.
    func check(expecting expected: BatchAcceptance.Expected) throws {
        guard rows > 0 else {
            throw RegisterError(.badInput, "В отчёте нет строк.", "The report has no rows.")
        }
        guard strangers <= matched else {
            throw RegisterError(
                .badInput,
                "Это отчёт не о партии \(batch.name): чужих карт в нём \(strangers), карт партии "
                    + "\(matched). Проверьте номер партии.",
                "This report is not about batch \(batch.name): it names \(strangers) cards of others "
                    + "and \(matched) of the batch. Check the batch's number."
            )
        }
        let faults = faults + torn
        guard faults.isEmpty else {
            let more = faults.count >= Self.faultLimit ? "\n  …" : ""
            throw RegisterError(
                .badInput,
                "Отчёт не принят, ничего не изменено:"
                    + faults.map { "\n  \($0.russian)" }.joined() + more,
                "The report was not taken, nothing was changed:"
                    + faults.map { "\n  \($0.english)" }.joined() + more
            )
        }
        try check(.produced, expected.produced)
        try check(.spoiled, expected.spoiled)
    }

    private func check(_ result: ReportedResult, _ expected: Int?) throws {
        let found = count(result)
        guard let expected, expected != found else { return }
        throw RegisterError(
            .badInput,
            "Отчёт не сходится с сопроводительным письмом: \(result.rawValue) в строках \(found), "
                + "в письме \(expected). Ничего не изменено.",
            "The report does not add up to the covering letter: \(result.rawValue) in its rows "
                + "\(found), in the letter \(expected). Nothing was changed."
        )
    }
}
