/// A card with files (NFC Forum Type 4 Tag 1.2, ISO/IEC 7816-4): the NDEF application.
struct Type4File {
    /// The NDEF application's name.
    static let application: [UInt8] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01]
    /// More of a file is not read: a message of ours takes 250 bytes.
    static let mostBytes = 8192

    private static let container: [UInt8] = [0xE1, 0x03]

    let channel: APDUChannel

    /// Whether the card has the application; selects it.
    func isThere() throws(ReaderFailure) -> Bool {
        try channel.send(
            APDUCommand(0x00, 0xA4, 0x04, 0x00, data: Self.application, expected: 256)
        ).isSuccess
    }

    /// Reads the message's bytes out of the selected application.
    ///
    /// - Returns: Nothing for an empty file.
    /// - Throws: ``ReaderFailure``: `malformedAnswer` for what breaks the standard.
    func message() throws(ReaderFailure) -> [UInt8] {
        try select(Self.container)
        guard let capability = CapabilityContainer(try read(at: 0, count: 15)) else {
            throw .malformedAnswer
        }
        try select(capability.file)
        let size = min(capability.fileSize, Self.mostBytes)
        let step = min(capability.longestRead, channel.longestRead)
        // The first read brings length and, with most cards, everything else.
        var file = try read(at: 0, count: min(step, size))
        guard file.count >= 2 else { throw .malformedAnswer }
        let length = Int(file[0]) << 8 | Int(file[1])
        guard length + 2 <= size else { throw .malformedAnswer }
        while file.count < length + 2 {
            let more = try read(at: file.count, count: min(step, length + 2 - file.count))
            guard !more.isEmpty else { throw .malformedAnswer }
            file += more
        }
        return Array(file[2..<(2 + length)])
    }

    private func select(_ file: [UInt8]) throws(ReaderFailure) {
        let answer = try channel.send(APDUCommand(0x00, 0xA4, 0x00, 0x0C, data: file))
        guard answer.isSuccess else { throw .malformedAnswer }
    }

    private func read(at offset: Int, count: Int) throws(ReaderFailure) -> [UInt8] {
        let answer = try channel.send(
            APDUCommand(
                0x00,
                0xB0,
                UInt8(truncatingIfNeeded: offset >> 8 & 0x7F),
                UInt8(truncatingIfNeeded: offset),
                expected: count
            )
        )
        // 6282: the file ended earlier; what came counts.
        guard answer.isSuccess || answer.status == 0x6282 else { throw .malformedAnswer }
        return answer.data
    }
}

/// The capability container of a Type 4 tag (§ 5.1).
struct CapabilityContainer: Equatable {
    /// How many bytes one READ BINARY may ask for: 15…65 535.
    let longestRead: Int
    /// The NDEF file's identifier: two bytes.
    let file: [UInt8]
    /// The NDEF file's size with its two bytes of length.
    let fileSize: Int

    /// Reads the first fifteen bytes; nil when they are no container with a readable NDEF file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 15, bytes[2] >> 4 == 2 || bytes[2] >> 4 == 3, bytes[7] == 4,
            bytes[8] == 6, bytes[13] == 0
        else { return nil }
        longestRead = Int(bytes[3]) << 8 | Int(bytes[4])
        file = Array(bytes[9...10])
        fileSize = Int(bytes[11]) << 8 | Int(bytes[12])
        guard longestRead >= 15, fileSize >= 5 else { return nil }
    }
}
