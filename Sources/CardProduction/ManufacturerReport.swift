public import Registry
public import Roster
import UnionTicket

/// A manufacturer's report as a file, CSV or XLSX, read once from its beginning in bounded memory.
final class ManufacturerReport {
    private let path: String
    private let format: ReportFormat
    private let batch: Int64
    private let table: TableReader
    private let places: [ReportFormat.Column: RecognisedColumn]
    private var faults: [Bilingual] = []
    private static let faultLimit = 50

    init(
        _ path: String,
        _ format: ReportFormat,
        of batch: Int64,
        encoding: TextEncoding?
    ) throws {
        (self.path, self.format, self.batch) = (path, format, batch)
        table = try TableReader.open(
            path,
            encoding: encoding,
            columns: format.columns,
            threshold: 2
        )
        var places: [ReportFormat.Column: RecognisedColumn] = [:]
        for column in ReportFormat.Column.allCases {
            places[column] = table.column(named: column.rawValue)
        }
        self.places = places
        guard places[.sequence] != nil || places[.carrier] != nil else {
            throw ProductionError(
                "\(path), строка \(table.headerLine): нет ни столбца «№ п/п», ни столбца «Штрихкод»: "
                    + "карты не назвать. Опишите столбцы в профиле изготовителя (report).",
                "\(path), line \(table.headerLine): neither a column sequence nor carrier: no card can "
                    + "be named. Describe the columns in the manufacturer profile (report).",
                isUnusable: true
            )
        }
    }

    /// The next rows; none at the end.
    ///
    /// - Throws: ``ProductionError`` at the end with every faulty row, its line and column.
    func next() throws -> [ReportRow] {
        while true {
            let rows = try table.next(4_096)
            guard !rows.isEmpty else {
                try refuseFaulty()
                return []
            }
            let read = rows.compactMap(row)
            if !read.isEmpty { return read }
        }
    }

    private func row(_ row: TableRow) -> ReportRow? {
        if let batch = text(row, .batch), Int64(batch) != self.batch {
            return refuse(
                row,
                .batch,
                "строка о партии «\(batch)», а не \(self.batch).",
                "the row is about batch \(batch), not \(self.batch)."
            )
        }
        var sequence: Int?
        if let text = text(row, .sequence) {
            guard let number = Int(text), text.utf8.count <= 9, number > 0 else {
                return refuse(
                    row,
                    .sequence,
                    "номер по порядку — целое число от 1.",
                    "the sequence is a whole number from 1."
                )
            }
            sequence = number
        }
        let carrier = text(row, .carrier).map { TypedNumber($0) }
        if let carrier, case .carrier = carrier {
        } else if carrier != nil {
            return refuse(
                row,
                .carrier,
                "это не 16 цифр штрихкода карты, или контрольная цифра не сходится.",
                "these are not the 16 digits of a card's barcode, or the check digit is wrong."
            )
        }
        guard sequence != nil || carrier != nil else {
            return refuse(
                row,
                places[.sequence] == nil ? .carrier : .sequence,
                "карта не названа: ни номера по порядку, ни штрихкода.",
                "no card is named: neither sequence nor barcode."
            )
        }
        return judged(row, sequence, carrier)
    }

    private func judged(
        _ row: TableRow,
        _ sequence: Int?,
        _ carrier: TypedNumber?
    ) -> ReportRow? {
        guard let result = text(row, .result).flatMap(format.result) else {
            return refuse(
                row,
                .result,
                "исход не понят: нужно «изготовлена», «брак» или «нет» (или слова профиля).",
                "the result is not understood: produced, spoiled or missing (or the profile's words)."
            )
        }
        var uid: ChipUID?
        if let text = text(row, .uid) {
            uid = ChipUID(hex: text)
            if uid == nil {
                return refuse(
                    row,
                    .uid,
                    "UID чипа — 4, 7 или 10 байт в шестнадцатеричной записи.",
                    "a chip's UID is 4, 7 or 10 bytes in hexadecimal."
                )
            }
        }
        var number: CarrierNumber?
        if case .carrier(let known) = carrier { number = known }
        return ReportRow(
            line: row.line,
            sequence: sequence,
            carrier: number,
            result: result,
            uid: uid
        )
    }

    /// The trimmed cell, nil when it is empty.
    private func text(_ row: TableRow, _ column: ReportFormat.Column) -> String? {
        guard let place = places[column] else { return nil }
        let cell = row.text(place)
        guard let first = cell.utf8.first, let last = cell.utf8.last else { return nil }
        // Most cells need no trimming, and there are millions of them.
        if first > 0x20, first < 0x80, last > 0x20, last < 0x80 { return cell }
        let trimmed = cell.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return trimmed.isEmpty ? nil : trimmed
    }

    private func refuse(
        _ row: TableRow,
        _ column: ReportFormat.Column,
        _ russian: String,
        _ english: String
    ) -> ReportRow? {
        if faults.count < Self.faultLimit {
            let place = places[column]
            let number = place.map { "\($0.position)" } ?? "?"
            let title = place.map { " («\($0.header)»)" } ?? ""
            faults.append(
                Bilingual(
                    "\(path), строка \(row.line), столбец \(number)\(title): \(russian)",
                    "\(path), line \(row.line), column \(number)\(title): \(english)"
                )
            )
        }
        return nil
    }

    private func refuseFaulty() throws {
        guard !faults.isEmpty else { return }
        let more = faults.count == Self.faultLimit ? "\n  …" : ""
        throw ProductionError(
            "Отчёт не принят, ничего не изменено:"
                + faults.map { "\n  \($0.russian)" }.joined() + more,
            "The report was not taken, nothing was changed:"
                + faults.map { "\n  \($0.english)" }.joined() + more,
            isUnusable: true
        )
    }
}

extension ReportFormat {
    /// Reads a whole report of a few thousand rows without judging it against a batch's cards.
    ///
    /// - Parameters:
    ///   - path: A regular file, CSV or XLSX.
    ///   - batch: Whose report it must be where it names one.
    ///   - encoding: Overrides the detection; nil detects.
    /// - Returns: Its rows, in order.
    /// - Throws: ``ProductionError`` with every faulty row, its line and column; ``Roster/RosterError``.
    public func read(
        _ path: String,
        of batch: Int64,
        encoding: TextEncoding? = nil
    ) throws -> [ReportRow] {
        let report = try ManufacturerReport(path, self, of: batch, encoding: encoding)
        var rows: [ReportRow] = []
        while case let part = try report.next(), !part.isEmpty { rows += part }
        return rows
    }
}
