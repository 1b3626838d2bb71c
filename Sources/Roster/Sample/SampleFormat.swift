/// The forms in which a sample roster is written.
public enum SampleFormat: Hashable, Sendable {
    /// What stands between the cells of a table.
    public enum Separator: UInt8, Sendable, CaseIterable {
        /// `;`, as Russian spreadsheets write.
        case semicolon = 0x3B
        /// `,`
        case comma = 0x2C
        /// A tabulator.
        case tab = 0x09
    }

    /// A text table with a header; lines end in CR LF.
    case csv(SampleEncoding, separator: Separator)
    /// One UTF-8 document `{"schema":"roster/1","members":[…]}`, a member a line.
    case json
    /// One UTF-8 object a line.
    case ndjson
    /// A workbook with one sheet; dates and plain numbers are cells of their kind.
    case xlsx

    static let header = [
        "№ п/п", "ИД АИС", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "Категория",
        "Код организации", "Дата вступления", "Телефон", "E-mail", "Согласие ПДн",
        "Согласие на изготовление билета", "Согласие на виртуальный билет", "Согласие PROFCARDS",
        "Согласие фото", "Номер билета",
    ]

    static let keys = [
        "ais", "last", "first", "mid", "birth", "sex", "cat", "org", "join", "phone", "email",
        "c_pd", "c_card", "c_virtual", "c_bonus", "c_photo", "ticket",
    ].map { Array("\"\($0)\":\"".utf8) }

    /// The line, or the element of the array, of the first row.
    var firstLine: Int {
        switch self {
        case .csv, .xlsx: 2
        case .json, .ndjson: 1
        }
    }

    /// Appends what stands before the rows.
    func open(_ output: inout [UInt8]) {
        switch self {
        case .csv(let encoding, let separator):
            output += encoding.mark
            let mark = String(UnicodeScalar(separator.rawValue))
            encoding.append((Self.header.joined(separator: mark) + "\r\n").utf8, to: &output)
        case .json: output += Array("{\"schema\":\"roster/1\",\"members\":[".utf8)
        case .ndjson, .xlsx: break
        }
    }

    /// Appends the row with this number, from 1; `scratch` is a buffer to work in.
    func append(
        _ row: SampleRow,
        number: Int,
        _ scratch: inout [UInt8],
        to output: inout [UInt8]
    ) {
        switch self {
        case .csv(let encoding, let separator):
            scratch.removeAll(keepingCapacity: true)
            Self.appendTable(row, number, separator.rawValue, to: &scratch)
            encoding.append(scratch, to: &output)
        case .json:
            if number > 1 { output.append(0x2C) }
            output.append(0x0A)
            Self.appendObject(row, to: &output)
        case .ndjson:
            Self.appendObject(row, to: &output)
            output.append(0x0A)
        case .xlsx: break
        }
    }

    /// Appends what stands after the rows.
    func close(_ output: inout [UInt8]) {
        if self == .json { output += Array("\n]}\n".utf8) }
    }

    private static func appendTable(
        _ row: SampleRow,
        _ number: Int,
        _ separator: UInt8,
        to output: inout [UInt8]
    ) {
        output.append(decimal: number, width: 1)
        var start = 0
        for end in row.ends {
            output.append(separator)
            let cell = row.bytes[start..<end]
            start = end
            guard cell.contains(where: { $0 == separator || $0 == 0x22 }) else {
                output.append(contentsOf: cell)
                continue
            }
            output.append(0x22)
            for byte in cell {
                if byte == 0x22 { output.append(byte) }
                output.append(byte)
            }
            output.append(0x22)
        }
        output.append(0x0D)
        output.append(0x0A)
    }

    private static func appendObject(_ row: SampleRow, to output: inout [UInt8]) {
        var start = 0
        for (index, end) in row.ends.enumerated() {
            output.append(index == 0 ? 0x7B : 0x2C)
            output.append(contentsOf: keys[index])
            for byte in row.bytes[start..<end] {
                if byte == 0x22 { output.append(0x5C) }
                output.append(byte)
            }
            output.append(0x22)
            start = end
        }
        output.append(0x7D)
    }
}
