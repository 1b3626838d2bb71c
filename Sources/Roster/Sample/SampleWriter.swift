import UnionTicket

/// Writes rows in one of the forms of a roster.
final class SampleWriter {
    /// Line or element number of the first member.
    let firstLine: Int

    private let form: SampleRoster.Form
    private let path: String
    private let sink: ByteSink?
    private let sheet: SheetWriter?
    private var encoder: TextEncoder?
    private var count = 0

    /// Opens the file and writes the header.
    init(path: String, form: SampleRoster.Form) throws(RosterError) {
        self.form = form
        self.path = path
        switch form {
        case .csv(let encoding, _, let mark):
            firstLine = 2
            sheet = nil
            let sink = try ByteSink(path: path)
            self.sink = sink
            let encoder = TextEncoder(encoding)
            self.encoder = encoder
            if mark { try sink.write(encoder.encode(Array("\u{FEFF}".utf8))) }
            try writeCells(SampleRoster.headers)
        case .json, .ndjson:
            firstLine = 1
            sheet = nil
            sink = try ByteSink(path: path)
            if form == .json {
                try sink?.write(Array("{\"schema\":\"roster/1\",\"members\":[".utf8))
            }
        case .xlsx:
            firstLine = 2
            sink = nil
            let sheet = SheetWriter()
            self.sheet = sheet
            sheet.append(SampleRoster.headers.map { .text($0) })
        }
    }

    /// Writes one row.
    func write(_ cells: [String]) throws(RosterError) {
        count += 1
        switch form {
        case .csv: try writeCells([String(count)] + cells)
        case .json: try sink?.write((count > 1 ? [0x2C, 0x0A] : [0x0A]) + Self.object(cells))
        case .ndjson: try sink?.write(Self.object(cells) + [0x0A])
        case .xlsx: sheet?.append([.number(Double(count))] + cells.map { .text($0) })
        }
    }

    /// Ends the file.
    func finish() throws(RosterError) {
        if form == .json { try sink?.write(Array("\n]}\n".utf8)) }
        try sink?.finish()
        try sheet?.save(to: path)
    }

    private func writeCells(_ cells: [String]) throws(RosterError) {
        guard case .csv(_, let separator, _) = form, let encoder else { return }
        let mark = separator.utf8.first ?? 0x3B
        var line: [UInt8] = []
        line.reserveCapacity(512)
        for (index, cell) in cells.enumerated() {
            if index > 0 { line.append(mark) }
            let needsQuotes = cell.utf8.contains { $0 == 0x22 || $0 == mark || $0 == 0x0A }
            if needsQuotes {
                line.append(0x22)
                line.append(contentsOf: cell.replacing("\"", with: "\"\"").utf8)
                line.append(0x22)
            } else {
                line.append(contentsOf: cell.utf8)
            }
        }
        line.append(0x0D)
        line.append(0x0A)
        try sink?.write(encoder.encode(line))
    }

    private static func object(_ cells: [String]) -> [UInt8] {
        var bytes: [UInt8] = [0x7B]
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes.append(0x22)
            bytes.append(contentsOf: SampleRoster.keys[index].utf8)
            bytes.append(contentsOf: [0x22, 0x3A, 0x22])
            for byte in cell.utf8 {
                if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
                bytes.append(byte)
            }
            bytes.append(0x22)
        }
        bytes.append(0x7D)
        return bytes
    }
}

/// Turns UTF-8 into another encoding; what it lacks becomes a question mark.
struct TextEncoder {
    private let encoding: TextEncoding
    /// The byte of each scalar below U+10000; 0 where there is none.
    private let bytes: [UInt8]

    init(_ encoding: TextEncoding) {
        self.encoding = encoding
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        for scalar in 1..<0x80 { bytes[scalar] = UInt8(scalar) }
        for (offset, scalar) in (SingleByteTable.table(of: encoding)?.scalars ?? []).enumerated() {
            bytes[Int(scalar)] = UInt8(0x80 + offset)
        }
        self.bytes = bytes
    }

    /// The text in the encoding.
    func encode(_ utf8: [UInt8]) -> [UInt8] {
        switch encoding {
        case .utf8: utf8
        case .utf16LittleEndian, .utf16BigEndian: wide(utf8)
        case .windows1251, .cp866, .koi8r: narrow(utf8)
        }
    }

    private func wide(_ utf8: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for unit in String(decoding: utf8, as: UTF8.self).utf16 {
            let pair = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            result.append(contentsOf: encoding == .utf16BigEndian ? pair.reversed() : pair)
        }
        return result
    }

    private func narrow(_ utf8: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(utf8.count)
        var value = 0
        var left = 0
        for byte in utf8 {
            switch byte {
            case ..<0x80: (value, left) = (Int(byte), 0)
            case ..<0xC0: (value, left) = (value << 6 | Int(byte & 0x3F), left - 1)
            case ..<0xE0: (value, left) = (Int(byte & 0x1F), 1)
            case ..<0xF0: (value, left) = (Int(byte & 0x0F), 2)
            default: (value, left) = (Int(byte & 0x07), 3)
            }
            // A soft hyphen has no width: it may be dropped.
            guard left == 0, value != 0xAD || bytes[0xAD] != 0 else { continue }
            let found = value < bytes.count ? bytes[value] : 0
            result.append(found == 0 ? 0x3F : found)
        }
        return result
    }
}
