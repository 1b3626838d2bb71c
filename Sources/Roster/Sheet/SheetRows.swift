import UnionTicket

/// Rows of one sheet, unpacked and parsed a chunk at a time.
final class SheetRows: RowSource, XMLEvents {
    private static let sheetLimit: UInt64 = 1 << 33
    private static let chunkSize = 1 << 16
    private static let cellLimit = 1 << 16

    private let workbook: Workbook
    private let part: ZipPart
    private let sheet: String
    private var parser: XMLParser?
    private var ready = RawRows()
    private var served = 0
    private var isFinished = false

    private var row = 0
    private var cells: [[UInt8]] = []
    private var column = 0
    private var kind = CellKind.number
    private var style = 0
    private var value: [UInt8] = []
    private var isInValue = false
    /// Where the present part of the value began.
    private var valueStart = 0
    /// How deep inside readings of East Asian text, which are no part of it.
    private var phoneticDepth = 0

    private enum CellKind {
        case number, shared, text, boolean
    }

    /// The rows of the sheet in this part.
    init(workbook: Workbook, path: String) throws(RosterError) {
        self.workbook = workbook
        sheet = workbook.sheets.first { $0.path == path }?.name ?? path
        part = try workbook.archive.part(path, limit: Self.sheetLimit)
        parser = try XMLParser(self)
    }

    func read(into rows: inout RawRows, maximum: Int) throws(RosterError) {
        var left = maximum
        while left > 0, rows.bytes.count < RawRows.softLimit {
            if served == ready.count {
                ready = RawRows()
                served = 0
                guard !isFinished else { return }
                let chunk = try part.read(Self.chunkSize)
                isFinished = chunk.isEmpty
                do { try parser?.parse(chunk) } catch { throw placed(error) }
                if isFinished { parser = nil }
                continue
            }
            rows.append(row: served, of: ready)
            served += 1
            left -= 1
        }
    }

    /// A complaint about the XML with the sheet and the row that it stands behind.
    private func placed(_ error: RosterError) -> RosterError {
        guard error.code == .sheetDamaged, error.line == nil else { return error }
        return RosterError(
            error.code,
            Bilingual(
                "Лист «\(sheet)»: \(error.message.russian)",
                "Sheet «\(sheet)»: \(error.message.english)"
            ),
            line: max(1, row)
        )
    }

    func start(_ name: String, _ attributes: XMLAttributes) throws(RosterError) {
        switch name {
        case "row":
            row = attributes["r"].flatMap { Int($0) } ?? row + 1
            cells.removeAll(keepingCapacity: true)
            column = 0
        case "c":
            column = attributes["r"].flatMap(Self.column) ?? column + 1
            guard column <= DelimitedRows.cellLimit else { throw Self.tooWide(row) }
            style = attributes["s"].flatMap { Int($0) } ?? 0
            kind =
                switch attributes["t"] {
                case "s": .shared
                case "str", "inlineStr", "e", "d": .text
                case "b": .boolean
                default: .number
                }
            value.removeAll(keepingCapacity: true)
        case "v", "t": (isInValue, valueStart) = (phoneticDepth == 0, value.count)
        case "rPh": phoneticDepth += 1
        default: break
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(RosterError) {
        guard isInValue else { return }
        guard value.count + bytes.count <= Self.cellLimit else { throw ZipArchive.tooLarge }
        unsafe value.append(contentsOf: bytes)
    }

    func end(_ name: String) throws(RosterError) {
        switch name {
        case "v", "t":
            if isInValue, kind == .text { SpreadsheetEscapes.decode(&value, from: valueStart) }
            isInValue = false
        case "rPh": phoneticDepth -= 1
        case "c":
            while cells.count < column { cells.append([]) }
            if column > 0 { cells[column - 1] = try shown() }
        case "row": finishRow()
        default: break
        }
    }

    private func finishRow() {
        let first = ready.cells.count
        for cell in cells { ready.appendCell(cell) }
        ready.endRow(line: row, firstCell: first)
    }

    /// The cell as a text table would have it: dates as dd.mm.yyyy, whole numbers without exponent.
    private func shown() throws(RosterError) -> [UInt8] {
        switch kind {
        case .text: return value
        case .boolean: return Array((value == [0x31] ? "да" : "нет").utf8)
        case .shared:
            guard !value.isEmpty else { return [] }
            guard let index = Int(String(decoding: value, as: UTF8.self)),
                let text = workbook.strings.bytes(at: index)
            else { throw noText }
            return Array(text)
        case .number:
            guard !value.isEmpty else { return [] }
            let text = String(decoding: value, as: UTF8.self)
            guard let number = Double(text), number.isFinite else { return value }
            if workbook.dateStyles.indices.contains(style), workbook.dateStyles[style] {
                return date(number) ?? value
            }
            guard number == number.rounded(), abs(number) < 1e15 else { return value }
            let zeros =
                number >= 0 && workbook.zeroStyles.indices.contains(style)
                ? workbook.zeroStyles[style] : 0
            let digits = Array(String(Int64(number)).utf8)
            return [UInt8](repeating: 0x30, count: max(0, zeros - digits.count)) + digits
        }
    }

    /// A cell that names a text the workbook does not have: what stood there nobody knows.
    private var noText: RosterError {
        RosterError(
            .sheetDamaged,
            Bilingual(
                "Ячейка в столбце \(column) ссылается на текст, которого в книге нет. Сохраните книгу "
                    + "заново.",
                "The cell in column \(column) refers to a text that the workbook does not have. Save "
                    + "the workbook anew."
            )
        )
    }

    private func date(_ serial: Double) -> [UInt8]? {
        guard serial >= 1, serial < 2_958_466 else { return nil }
        let day = Int(serial.rounded(.down)) + workbook.serialShift - 25_569
        return Array(CalendarDate(day: day).russian.utf8)
    }

    /// The column of a reference: `AB12` is 28.
    private static func column(_ reference: String) -> Int? {
        var column = 0
        for byte in reference.utf8 {
            guard (0x41...0x5A).contains(byte) else { break }
            column = column * 26 + Int(byte - 0x40)
            if column > 16_384 { return nil }
        }
        return column > 0 ? column : nil
    }

    private static func tooWide(_ row: Int) -> RosterError {
        RosterError(
            .tooManyColumns,
            Bilingual(
                "В строке больше \(DelimitedRows.cellLimit) столбцов.",
                "The row has more than \(DelimitedRows.cellLimit) columns."
            ),
            line: row
        )
    }
}
