import CardReader

/// The cryptography of an NTAG 424 DNA: the mirrored message, EV2First and GetCardUID.
final class NTAG424Chip {
    let fault: CardFault
    private let uid: [UInt8]
    private let metaRead: ChipKey
    private let fileRead: ChipKey
    private let authentication: ChipKey
    private let isPlain: Bool
    private var counter: UInt32
    private var isCounted = false
    private var isBeforeFirstTap = true
    private var pending: EV2Handshake?
    private var session: EV2Session?

    init(
        uid: [UInt8],
        keys: ChipKeyring.KeySet,
        counter: UInt32,
        fault: CardFault,
        isPlain: Bool
    ) throws {
        self.uid = uid
        self.counter = counter
        self.fault = fault
        self.isPlain = isPlain
        metaRead = keys.metaRead
        fileRead = try keys.fileRead(of: uid)
        authentication = fault == .half ? ChipKey.factory : try keys.authentication(of: uid)
    }

    func powerUp() {
        isCounted = false
        pending = nil
        session = nil
    }

    /// The plant's template: the URI gets the parameters that the chip fills in.
    func template(_ message: [UInt8]) -> [UInt8] {
        guard message.count > 4, message[0] == 0x91, message[1] == 1 else { return message }
        let end = 4 + Int(message[2])
        let suffix =
            Array((isPlain ? "?u=\(zeros(14))&n=\(zeros(6))" : "?e=\(zeros(32))").utf8)
            + Array("&c=\(zeros(16))".utf8)
        guard end <= message.count, Int(message[2]) + suffix.count < 256 else { return message }
        var result = message
        result[2] += UInt8(suffix.count)
        result.insert(contentsOf: suffix, at: end)
        return result
    }

    /// The file as one read sees it; the first read after power counts.
    func mirrored(into file: [UInt8]) -> [UInt8] {
        guard session == nil, fault != .half else { return file }
        count()
        let proof = SUNProof(uid: uid, counter: counter)
        guard let mac = try? proof.mac(fileRead, []) else { return file }
        var result = file
        if isPlain {
            fill(&result, "?u=", uid)
            fill(&result, "&n=", proof.counterBytes.reversed())
        } else if let block = try? metaRead.encrypt(
            [0xC7] + uid + proof.counterBytes + ChipKey.randomBytes().prefix(5)
        ) {
            fill(&result, "?e=", block)
        }
        fill(&result, "&c=", mac)
        return result
    }

    private func count() {
        guard !isCounted else { return }
        isCounted = true
        let goesBack = fault == .rollback && !isBeforeFirstTap
        counter = goesBack ? counter - 1 : counter + 1
        isBeforeFirstTap = false
    }

    /// Writes hexadecimal digits behind a mark.
    private func fill(_ file: inout [UInt8], _ mark: String, _ bytes: some Collection<UInt8>) {
        guard let place = file.firstRange(of: Array(mark.utf8))?.upperBound else { return }
        let digits = Array("0123456789ABCDEF".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        file.replaceSubrange(place..<(place + text.count), with: text)
    }

    private func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    // MARK: - Commands

    func answer(_ command: APDUCommand) -> APDUResponse {
        switch command.ins {
        case 0x71: begin(command)
        case 0xAF: finish(command)
        case 0x51: cardUID(command)
        default: APDUResponse(status: 0x911C)
        }
    }

    private func begin(_ command: APDUCommand) -> APDUResponse {
        guard command.data == [3, 0] else { return APDUResponse(status: 0x9140) }
        let handshake = EV2Handshake(key: authentication, challenge: ChipKey.randomBytes())
        guard let block = try? authentication.encrypt(handshake.challenge) else {
            return APDUResponse(status: 0x911E)
        }
        pending = handshake
        return APDUResponse(data: block, status: 0x91AF)
    }

    private func finish(_ command: APDUCommand) -> APDUResponse {
        guard let handshake = pending, command.data.count == 32,
            let plain = try? authentication.decrypt(command.data),
            Array(plain[16...]) == EV2Handshake.rotated(handshake.challenge)
        else {
            pending = nil
            return APDUResponse(status: 0x91AE)
        }
        pending = nil
        let identifier = Array(ChipKey.randomBytes().prefix(4))
        let challenge = Array(plain[..<16])
        session = try? EV2Session(
            key: authentication,
            identifier: identifier,
            challenge: challenge,
            cardChallenge: handshake.challenge
        )
        let capabilities = [UInt8](repeating: 0, count: 12)
        let text = identifier + EV2Handshake.rotated(challenge) + capabilities
        guard let block = try? authentication.encrypt(text) else {
            return APDUResponse(status: 0x911E)
        }
        return APDUResponse(data: block, status: 0x9100)
    }

    private func cardUID(_ command: APDUCommand) -> APDUResponse {
        guard var open = session, let wanted = try? open.commandMAC(0x51, [], []),
            ShortMAC.isEqual(wanted, command.data)
        else { return APDUResponse(status: 0x911E) }
        open.counter += 1
        session = open
        guard let iv = try? open.answerIV(),
            let data = try? open.encryption.encrypt(EV2Session.padded(uid), iv: iv),
            let mac = try? open.answerMAC(data)
        else { return APDUResponse(status: 0x911E) }
        return APDUResponse(data: data + mac, status: 0x9100)
    }
}
