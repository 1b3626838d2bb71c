/// The commands of an NTAG 424 DNA that a door needs (NT4H2421Gx § 10, AN12196).
struct NTAG424 {
    let channel: APDUChannel

    /// Asks for a live answer under a key, then for the UID inside the session.
    ///
    /// - Parameters:
    ///   - key: The chip's key in `slot`.
    ///   - slot: The key's number.
    ///   - challenge: Sixteen random bytes.
    /// - Returns: What came of it.
    /// - Throws: ``ReaderFailure``.
    func authenticate(
        _ key: ChipKey,
        _ slot: UInt8,
        challenge: [UInt8]
    ) throws(ReaderFailure) -> LiveAnswer {
        let first = try channel.send(
            APDUCommand(0x90, 0x71, 0, 0, data: [slot, 0], expected: 256)
        )
        // 91 1C, 6D00, 6E00 and the like: not such a chip. 91 40, 91 AD: it has no such key now.
        guard first.status == 0x91AF else {
            return first.status >> 8 == 0x91 && first.status != 0x911C ? .refused : .unsupported
        }
        let handshake = EV2Handshake(key: key, challenge: challenge)
        let cardChallenge = try handshake.cardChallenge(first.data)
        let second = try channel.send(
            APDUCommand(0x90, 0xAF, 0, 0, data: try handshake.reply(cardChallenge), expected: 256)
        )
        guard second.status == 0x9100,
            let session = try handshake.session(second.data, cardChallenge: cardChallenge)
        else { return .refused }
        return try uid(session)
    }

    /// GetCardUID: the UID under the session's keys.
    private func uid(_ start: EV2Session) throws(ReaderFailure) -> LiveAnswer {
        var session = start
        let mac = try session.commandMAC(0x51, [], [])
        let answer = try channel.send(APDUCommand(0x90, 0x51, 0, 0, data: mac, expected: 256))
        guard answer.status == 0x9100, let uid = try session.open(answer.data), uid.count == 7
        else { return .refused }
        return .passed(uid: uid)
    }
}

/// What came of asking for a live answer.
enum LiveAnswer: Equatable {
    /// The card holds the key; its UID, from inside the session.
    case passed(uid: [UInt8])
    /// The card does not hold the key.
    case refused
    /// The card does not know the command.
    case unsupported
}
