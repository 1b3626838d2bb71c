/// The first half of AuthenticateEV2First (AN12196 § 4, Table 14): what the reader sends, and how it
/// knows that the card holds the same key.
package struct EV2Handshake {
    /// The key both should hold.
    package let key: ChipKey
    /// The reader's random bytes: sixteen.
    package let challenge: [UInt8]

    /// A handshake under `key`.
    ///
    /// - Parameters:
    ///   - key: The key both should hold.
    ///   - challenge: Sixteen random bytes, new each time.
    package init(key: ChipKey, challenge: [UInt8]) {
        self.key = key
        self.challenge = challenge
    }

    /// The card's random bytes out of its first answer.
    package func cardChallenge(_ answer: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        guard answer.count == 16 else { throw .malformedAnswer }
        return try key.decrypt(answer)
    }

    /// What the reader says to it.
    package func reply(_ cardChallenge: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        try key.encrypt(challenge + Self.rotated(cardChallenge))
    }

    /// Judges the card's second answer.
    ///
    /// - Returns: The session; nil when the card does not hold the key.
    /// - Throws: ``ReaderFailure`` for an answer of another length.
    package func session(
        _ answer: [UInt8],
        cardChallenge: [UInt8]
    ) throws(ReaderFailure) -> EV2Session? {
        guard answer.count == 32 else { throw .malformedAnswer }
        let plain = try key.decrypt(answer)
        guard Array(plain[4..<20]) == Self.rotated(challenge) else { return nil }
        return try EV2Session(
            key: key,
            identifier: Array(plain[..<4]),
            challenge: challenge,
            cardChallenge: cardChallenge
        )
    }

    /// One byte to the left.
    package static func rotated(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.dropFirst()) + bytes.prefix(1)
    }
}

/// Secure messaging after AuthenticateEV2First (AN12196 § 5.4).
package struct EV2Session: Equatable, Sendable {
    /// The session's encryption key.
    package let encryption: ChipKey
    /// The session's MAC key.
    package let mac: ChipKey
    /// The transaction identifier: four bytes.
    package let identifier: [UInt8]
    /// How many commands were done.
    package var counter: UInt16

    /// A session whose keys are known.
    package init(encryption: ChipKey, mac: ChipKey, identifier: [UInt8], counter: UInt16 = 0) {
        self.encryption = encryption
        self.mac = mac
        self.identifier = identifier
        self.counter = counter
    }

    /// Derives the session's keys from both challenges of sixteen bytes.
    package init(
        key: ChipKey,
        identifier: [UInt8],
        challenge: [UInt8],
        cardChallenge: [UInt8]
    ) throws(ReaderFailure) {
        guard challenge.count == 16, cardChallenge.count == 16 else { throw .malformedAnswer }
        let mixed = (0..<6).map { challenge[2 + $0] ^ cardChallenge[$0] }
        let context = challenge[..<2] + mixed + cardChallenge[6...] + challenge[8...]
        self.init(
            encryption: try key.derived([0xA5, 0x5A, 0, 1, 0, 0x80] + context),
            mac: try key.derived([0x5A, 0xA5, 0, 1, 0, 0x80] + context),
            identifier: identifier
        )
    }

    /// The MAC of a command at the present counter.
    package func commandMAC(
        _ instruction: UInt8,
        _ header: [UInt8],
        _ data: [UInt8]
    ) throws(ReaderFailure) -> [UInt8] {
        ShortMAC.cut(try mac.cmac([instruction] + counterBytes + identifier + header + data))
    }

    /// The MAC of an answer with status 00, the counter already moved on.
    package func answerMAC(_ data: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        ShortMAC.cut(try mac.cmac([0] + counterBytes + identifier + data))
    }

    /// The start of a command's encryption.
    package func commandIV() throws(ReaderFailure) -> [UInt8] { try iv([0xA5, 0x5A]) }

    /// The start of an answer's encryption, the counter already moved on.
    package func answerIV() throws(ReaderFailure) -> [UInt8] { try iv([0x5A, 0xA5]) }

    /// Pads to whole blocks by 80 00… (ISO/IEC 9797-1, method 2) and encrypts a command's data.
    package func encrypted(_ data: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        try encryption.encrypt(Self.padded(data), iv: try commandIV())
    }

    /// Takes a command's answer: checks its MAC, then decrypts what it holds.
    ///
    /// - Parameter answer: Encrypted blocks, then eight bytes of MAC.
    /// - Returns: The plain data without padding; nil when the MAC is wrong.
    /// - Throws: ``ReaderFailure`` for what is no such answer.
    package mutating func open(_ answer: [UInt8]) throws(ReaderFailure) -> [UInt8]? {
        guard answer.count >= 8 else { throw .malformedAnswer }
        counter &+= 1
        let data = Array(answer.dropLast(8))
        guard ShortMAC.isEqual(try answerMAC(data), Array(answer.suffix(8))) else { return nil }
        guard !data.isEmpty else { return [] }
        let plain = try encryption.decrypt(data, iv: try answerIV())
        guard let end = plain.lastIndex(where: { $0 != 0 }), plain[end] == 0x80 else {
            throw .malformedAnswer
        }
        return Array(plain[..<end])
    }

    /// The data with 80 00… up to whole blocks.
    package static func padded(_ data: [UInt8]) -> [UInt8] {
        let padded = data + [0x80]
        return padded + [UInt8](repeating: 0, count: (16 - padded.count % 16) % 16)
    }

    private var counterBytes: [UInt8] {
        [UInt8(truncatingIfNeeded: counter), UInt8(truncatingIfNeeded: counter >> 8)]
    }

    private func iv(_ label: [UInt8]) throws(ReaderFailure) -> [UInt8] {
        let block = label + identifier + counterBytes + [UInt8](repeating: 0, count: 8)
        guard block.count == 16 else { throw .malformedAnswer }
        return try encryption.encrypt(block)
    }
}
