/// What a text of a workbook cannot hold as it is stands there as `_xHHHH_`, a UTF-16 code unit
/// (ECMA-376 part 1, § 22.9.2.19, ST_Xstring); an underscore that would begin such a group by chance is
/// `_x005F_` itself.
enum SpreadsheetEscapes {
    private static let length = 7

    /// Puts the characters in place of their escapes.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, whose end is one whole text.
    ///   - start: Where that text begins.
    static func decode(_ bytes: inout [UInt8], from start: Int) {
        guard var from = next(in: bytes, from: start) else { return }
        var to = from
        while from < bytes.count {
            guard let (scalar, end) = character(in: bytes, at: from) else {
                let rest = next(in: bytes, from: from + 1) ?? bytes.count
                while from < rest {
                    bytes[to] = bytes[from]
                    (to, from) = (to + 1, from + 1)
                }
                continue
            }
            // Never longer than its escape, so that nothing unread is written over.
            for byte in Unicode.UTF8.encode(scalar) ?? .init() {
                bytes[to] = byte
                to += 1
            }
            from = end
        }
        bytes.removeLast(bytes.count - to)
    }

    /// Where the next escape may begin.
    private static func next(in bytes: [UInt8], from start: Int) -> Int? {
        guard start + length <= bytes.count else { return nil }
        return bytes[start..<(bytes.count - length + 1)].firstIndex(of: 0x5F)
    }

    /// The character of an escape, or of two that are a pair of surrogates, and what stands behind it.
    private static func character(in bytes: [UInt8], at place: Int) -> (Unicode.Scalar, Int)? {
        guard let unit = unit(in: bytes, at: place) else { return nil }
        let end = place + length
        if let scalar = Unicode.Scalar(unit) { return (scalar, end) }
        guard UTF16.isLeadSurrogate(unit), let trail = self.unit(in: bytes, at: end),
            UTF16.isTrailSurrogate(trail),
            let scalar = Unicode.Scalar(
                0x1_0000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
            )
        else { return nil }
        return (scalar, end + length)
    }

    private static func unit(in bytes: [UInt8], at place: Int) -> UInt16? {
        guard place + length <= bytes.count, bytes[place] == 0x5F, bytes[place + 1] == 0x78,
            bytes[place + 6] == 0x5F
        else { return nil }
        var unit: UInt16 = 0
        for byte in bytes[(place + 2)..<(place + 6)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
