import UnionTicket

/// Finds out how a text file is coded: byte order mark, strict UTF-8, then letter statistics.
enum EncodingDetector {
    /// How much of the file is looked at.
    static let sampleSize = 1 << 18

    /// The encoding of a file that begins with `sample`.
    ///
    /// - Throws: ``RosterError/Code/encodingAmbiguous`` when two fit about equally well,
    ///   ``RosterError/Code/fileBinary`` when nothing fits.
    static func detect(_ sample: [UInt8]) throws(RosterError) -> TextEncoding {
        if let marked = byteOrderMark(sample) { return marked }
        if let wide = wideWithoutMark(sample) { return wide }
        let controls = sample.count { $0 < 9 || ($0 > 13 && $0 < 32) }
        if controls * 50 > sample.count { throw binary }
        if isUTF8(sample) { return .utf8 }
        let ranked = [TextEncoding.windows1251, .cp866, .koi8r]
            .map { ($0, score(sample, $0)) }
            .sorted { $0.1 > $1.1 }
        guard ranked[0].1 > 0 else { throw controls > 0 ? binary : ambiguous }
        // Few letters prove little: three need a lead of 7, a hundred one of 0.8.
        let letters = Double(sample.count { $0 >= 0x80 })
        guard ranked[0].1 - ranked[1].1 > 0.6 + 20 / letters else { throw ambiguous }
        return ranked[0].0
    }

    /// The encoding that a byte order mark names.
    static func byteOrderMark(_ sample: [UInt8]) -> TextEncoding? {
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
        if sample.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
        if sample.starts(with: [0xFE, 0xFF]) { return .utf16BigEndian }
        return nil
    }

    /// Without a mark, UTF-16 shows by zero bytes at the odd or even places of separators and digits.
    private static func wideWithoutMark(_ sample: [UInt8]) -> TextEncoding? {
        let head = sample.prefix(4096)
        guard head.count >= 4 else { return nil }
        var zeros = [0, 0]
        for (offset, byte) in head.enumerated() where byte == 0 { zeros[offset & 1] += 1 }
        if zeros[1] * 8 > head.count, zeros[0] == 0 { return .utf16LittleEndian }
        if zeros[0] * 8 > head.count, zeros[1] == 0 { return .utf16BigEndian }
        return nil
    }

    private static func isUTF8(_ sample: [UInt8]) -> Bool {
        do {
            _ = try UTF8Span(validating: sample.span)
            return true
        } catch {
            // A character cut by the end of the sample is no fault.
            return sample.count == sampleSize && error.byteOffsets.lowerBound > sample.count - 4
        }
    }

    /// How Russian the text is when read so: the mean over the bytes above 0x7F.
    private static func score(_ sample: [UInt8], _ encoding: TextEncoding) -> Double {
        guard let table = SingleByteTable.table(of: encoding) else { return 0 }
        var sum = 0.0
        var count = 0
        var previous: UInt32 = 0x20
        for byte in sample {
            let scalar = byte < 0x80 ? UInt32(byte) : table.scalars[Int(byte) - 0x80]
            if byte >= 0x80 {
                sum += weight(of: scalar, after: previous)
                count += 1
            }
            previous = scalar
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    private static func weight(of scalar: UInt32, after previous: UInt32) -> Double {
        switch scalar {
        case 0x430...0x44F: frequencies[Int(scalar - 0x430)]
        case 0x451: 1
        case 0x410...0x42F where isLower(previous): -6
        case 0x410...0x42F: frequencies[Int(scalar - 0x410)] / 2
        case 0x401: isLower(previous) ? -6 : 0.5
        case 0xA0, 0xAB, 0xBB, 0x2013, 0x2014, 0x2116, 0x201C, 0x201E: 0
        default: -8
        }
    }

    private static func isLower(_ scalar: UInt32) -> Bool {
        (0x430...0x44F).contains(scalar) || scalar == 0x451
    }

    /// Of а…я in Russian text, in percent of all letters.
    private static let frequencies: [Double] = [
        8.0, 1.6, 4.5, 1.7, 3.0, 8.5, 0.9, 1.7, 7.4, 1.2, 3.5, 4.4, 3.2, 6.7, 11.0, 2.8,
        4.7, 5.5, 6.3, 2.6, 0.3, 1.0, 0.5, 1.4, 0.7, 0.4, 0.04, 1.9, 1.7, 0.3, 0.6, 2.0,
    ]

    private static var ambiguous: RosterError {
        RosterError(
            .encodingAmbiguous,
            Bilingual(
                "Кодировку не удалось определить уверенно: укажите её ключом --encoding "
                    + "(windows-1251, cp866, koi8-r, utf-8).",
                "The encoding is not certain: name it with --encoding "
                    + "(windows-1251, cp866, koi8-r, utf-8)."
            )
        )
    }

    private static var binary: RosterError {
        RosterError(
            .fileBinary,
            Bilingual(
                "Это не таблица и не текст: сохраните файл как CSV, XLSX или JSON.",
                "This is neither a table nor text: save the file as CSV, XLSX or JSON."
            )
        )
    }
}
