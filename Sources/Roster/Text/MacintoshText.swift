import UnionTicket

/// Macintosh Cyrillic, which a Mac's spreadsheet saves as plain CSV: told, not read.
///
/// Its letters а…ю stand where Windows-1251 has them, so that a file looks nearly right; only its
/// header shows what it is.
enum MacintoshText {
    /// How much of a file is looked at.
    private static let limit = 1 << 13

    /// Whether the file's beginning has a known header when its bytes are read as Macintosh Cyrillic.
    static func holdsHeader(_ stream: TextStream, _ vocabulary: TableHeader.Vocabulary) -> Bool {
        guard let table = SingleByteTable.table(of: stream.encoding) else { return false }
        var bytes: [UInt32: UInt8] = [:]
        for (index, scalar) in table.scalars.enumerated() { bytes[scalar] = UInt8(0x80 + index) }
        let text = String(decoding: stream.buffer.prefix(limit), as: UTF8.self)
        var macintosh = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            macintosh.append(bytes[scalar.value].map(letter) ?? scalar)
        }
        return String(macintosh).split(whereSeparator: \.isNewline).contains { line in
            let cells = line.split { ";,\t".contains($0) }
            let known = Set(cells.compactMap { vocabulary.meaning(of: String($0)) })
            return known.count >= vocabulary.threshold
        }
    }

    /// The letters of the upper half; other signs do not matter here.
    private static func letter(_ byte: UInt8) -> Unicode.Scalar {
        let value: UInt32 =
            switch byte {
            case 0x80...0x9F: 0x410 + UInt32(byte - 0x80)
            case 0xDC: 0x2116
            case 0xDD: 0x401
            case 0xDE: 0x451
            case 0xDF: 0x44F
            case 0xE0...0xFE: 0x430 + UInt32(byte - 0xE0)
            default: 0x20
            }
        return Unicode.Scalar(value) ?? " "
    }

    /// What the file is, and how to make it readable.
    static var refusal: RosterError {
        RosterError(
            .headerMissing,
            Bilingual(
                "Похоже, файл в кодировке Macintosh: сохраните его как «CSV UTF-8» или XLSX, либо "
                    + "преобразуйте: iconv -f MACCYRILLIC -t UTF-8 ФАЙЛ > НОВЫЙ.",
                "The file seems to be in Macintosh Cyrillic: save it as “CSV UTF-8” or XLSX, or "
                    + "convert it: iconv -f MACCYRILLIC -t UTF-8 FILE > NEW."
            ),
            line: 1
        )
    }
}
