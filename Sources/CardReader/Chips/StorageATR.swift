/// The answer to reset that a reader makes up for a storage card (PC/SC part 3 § 3.1.3.2.3.2).
struct StorageATR: Equatable {
    /// The standard's number: 3 is ISO/IEC 14443 A part 3.
    let standard: UInt8
    /// The card's name: 0x0003 is MIFARE Ultralight and NTAG 21x.
    let name: UInt16

    /// Reads an answer to reset; nil unless the whole registered identifier is there.
    init?(_ atr: [UInt8]) {
        let head: [UInt8] = [
            0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06,
        ]
        guard atr.count == 20, atr.starts(with: head) else { return nil }
        standard = atr[12]
        name = UInt16(atr[13]) << 8 | UInt16(atr[14])
    }
}
