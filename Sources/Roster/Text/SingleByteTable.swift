/// The upper halves of the single-byte encodings, as Unicode and as packed UTF-8.
struct SingleByteTable: Sendable {
    /// Scalars of the bytes 0x80…0xFF; U+FFFD where there is none.
    let scalars: [UInt32]
    /// The same as UTF-8: up to three bytes, the first lowest, and the length in the top byte.
    let packed: [UInt32]

    private init(_ upperHalf: String) {
        scalars = upperHalf.unicodeScalars.map(\.value)
        packed = upperHalf.unicodeScalars.map { scalar in
            var value: UInt32 = 0
            var length: UInt32 = 0
            for byte in UTF8.encode(scalar) ?? .init() {
                value |= UInt32(byte) << (8 * length)
                length += 1
            }
            return value | length << 24
        }
    }

    static let windows1251 = SingleByteTable(windows1251Text)
    static let cp866 = SingleByteTable(cp866Text)
    static let koi8r = SingleByteTable(koi8rText)

    /// The table of an encoding, nil for Unicode.
    static func table(of encoding: TextEncoding) -> SingleByteTable? {
        switch encoding {
        case .windows1251: windows1251
        case .cp866: cp866
        case .koi8r: koi8r
        case .utf8, .utf16LittleEndian, .utf16BigEndian: nil
        }
    }

    private static let windows1251Text = """
        ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{FFFD}™љ›њќћџ\
        \u{A0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{AD}®Ї°±Ііґµ¶·ё№є»јЅѕї\
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмнопрстуфхцчшщъыьэюя
        """

    private static let cp866Text = """
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
        абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{A0}
        """

    private static let koi8rText = """
        ─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{A0}⌡°²·÷\
        ═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©\
        юабцдефгхийклмнопярстужвьызшэщчъ\
        ЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ
        """
}
