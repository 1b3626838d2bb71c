import UnionTicket

/// A file after a look at its first bytes.
enum OpenedFile {
    /// A ZIP container: XLSX.
    case workbook(Workbook)
    /// Text that is not JSON.
    case text(TextStream)
    /// Text whose first character opens an object or an array.
    case json(TextStream)

    /// Opens the file and decides by content, not by name.
    static func open(_ path: String, encoding: TextEncoding?) throws(RosterError) -> OpenedFile {
        let file = try ByteFile(path: path)
        let head = try file.read(EncodingDetector.sampleSize)
        guard !head.isEmpty else { throw empty }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            return .workbook(try Workbook(path: path))
        }
        if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { throw oldExcel }
        let detected = if let encoding { encoding } else { try EncodingDetector.detect(head) }
        let stream = TextStream(file: file, head: head, encoding: detected)
        try stream.refill()
        let first = stream.buffer.first { $0 > 0x20 }
        guard let first else {
            if stream.isFinished || head.count < EncodingDetector.sampleSize { throw empty }
            return .text(stream)
        }
        return first == 0x7B || first == 0x5B ? .json(stream) : .text(stream)
    }

    private static var empty: RosterError {
        RosterError(
            .fileEmpty,
            Bilingual("Файл пуст.", "The file is empty."),
            line: 1
        )
    }

    private static var oldExcel: RosterError {
        RosterError(
            .formatOldExcel,
            Bilingual(
                "Старый формат .xls или книга под паролем: сохраните как .xlsx или CSV без пароля.",
                "The old .xls format or a workbook under a password: save as .xlsx or CSV."
            )
        )
    }
}
