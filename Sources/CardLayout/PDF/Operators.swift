extension [UInt8] {
    /// Appends a number with at most three decimals and a space: PDF needs no more for a card.
    mutating func append(number: Double) {
        // Nothing on a card is kilometres away; transforms of transforms may say so.
        let bounded = number.isFinite ? Swift.min(Swift.max(number, -1e6), 1e6) : 0
        append(thousandths: Int((bounded * 1000).rounded()))
        append(0x20)
    }

    private mutating func append(thousandths value: Int) {
        var value = value
        if value < 0 {
            append(0x2D)
            value = -value
        }
        append(decimal: value / 1000)
        var rest = value % 1000
        guard rest != 0 else { return }
        append(0x2E)
        var place = 100
        while rest != 0 {
            append(0x30 + UInt8(rest / place))
            rest %= place
            place /= 10
        }
    }

    /// Appends a whole number.
    mutating func append(decimal value: Int) {
        if value < 0 {
            append(0x2D)
            append(decimal: -value)
            return
        }
        if value >= 10 { append(decimal: value / 10) }
        append(0x30 + UInt8(value % 10))
    }

    /// Appends ASCII text.
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends a glyph number as four hexadecimal digits.
    mutating func append(hex glyph: UInt16) {
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(glyph >> UInt16(shift) & 15)
            append(digit < 10 ? 0x30 + digit : 0x37 + digit)
        }
    }

    /// Appends parts of an ink, in percent, with the operator that sets it.
    mutating func append(ink colour: CardLayout.Colour, stroke: Bool = false) {
        for part in colour.cmyk { append(number: part / 100) }
        append(stroke ? "K\n" : "k\n")
    }
}
