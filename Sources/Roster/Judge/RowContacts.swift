import UnionTicket

extension RowCells {
    /// +7 and ten digits, nil where there is none.
    mutating func phone(_ bytes: Span<UInt8>) -> String? {
        let cell = cell(.phone, bytes)
        guard !cell.isEmpty, !CellText.saysNone(bytes, cell) else { return nil }
        if PhoneDigits.isCanonical(bytes, cell) { return CellText.string(bytes, cell) }
        if CellText.isEatenNumber(bytes, cell) {
            report(.phoneSpreadsheet, .phone)
            return nil
        }
        guard let digits = PhoneDigits.digits(bytes, cell) else {
            report(.phoneFormat, .phone)
            return nil
        }
        switch (digits.count, digits.first) {
        case (11, 0x37), (11, 0x38):
            return "+7" + String(decoding: digits.dropFirst(), as: UTF8.self)
        case (10, 0x39): return "+7" + String(decoding: digits, as: UTF8.self)
        case (11, _): report(.phoneFormat, .phone)
        default: report(.phoneLength, .phone)
        }
        return nil
    }

    /// An ASCII address, nil where there is none.
    mutating func email(_ bytes: Span<UInt8>) -> String? {
        let cell = cell(.email, bytes)
        guard !cell.isEmpty, !CellText.saysNone(bytes, cell) else { return nil }
        for index in cell where bytes[index] >= 0x80 {
            report(.emailNotASCII, .email)
            return nil
        }
        guard EmailAddress.isWellFormed(bytes, cell) else {
            report(.emailFormat, .email)
            return nil
        }
        return CellText.string(bytes, cell)
    }
}

/// The digits of a telephone number.
enum PhoneDigits {
    /// Whether the cell is `+7` and ten digits already.
    static func isCanonical(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == 12, text[range.lowerBound] == 0x2B,
            text[range.lowerBound + 1] == 0x37
        else { return false }
        for index in range.lowerBound + 2..<range.upperBound
        where !(0x30...0x39).contains(text[index]) { return false }
        return true
    }

    /// The digits without brackets, hyphens, dots and spaces; nil when there is anything else.
    static func digits(_ text: Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
        var digits: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = text[index]
            switch byte {
            case 0x30...0x39: digits.append(byte)
            case 0x20, 0x28, 0x29, 0x2D, 0x2E, 0x2C, 0x3B, 0x09: break
            case 0x2B where digits.isEmpty: break
            case 0xC2 where index + 1 < range.upperBound && text[index + 1] == 0xA0: index += 1
            case 0xE2 where index + 2 < range.upperBound && text[index + 1] == 0x80: index += 2
            default: return nil
            }
            index += 1
        }
        return digits
    }
}

/// The shape of an e-mail address.
enum EmailAddress {
    /// One `@`, a name of at most 64 bytes before it, a domain with a dot after it.
    static func isWellFormed(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count <= 254 else { return false }
        var at: Int?
        var lastDot: Int?
        var previous: UInt8 = 0x2E
        for index in range {
            let byte = text[index]
            switch byte {
            case 0x40:
                guard at == nil, previous != 0x2E else { return false }
                at = index
            case 0x2E:
                guard previous != 0x2E, previous != 0x40 else { return false }
                if at != nil { lastDot = index }
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: break
            case 0x2B, 0x21, 0x23...0x27, 0x2A, 0x2F, 0x3D, 0x3F, 0x5E, 0x60, 0x7B...0x7E:
                guard at == nil else { return false }
            default: return false
            }
            previous = byte
        }
        guard let at, let lastDot, previous != 0x2E else { return false }
        return at > range.lowerBound && at - range.lowerBound <= 64 && lastDot > at + 1
            && range.upperBound - lastDot > 2
    }
}
