/// What carries a command's bytes to a card and the answer's bytes back.
public protocol APDUExchange {
    /// Sends one command and waits for its answer.
    ///
    /// - Parameter command: The bytes of one APDU.
    /// - Returns: The bytes of the answer, status included, as they came.
    /// - Throws: ``ReaderFailure`` when there was no answer.
    func exchange(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8]
}

/// Commands and whole answers over an exchange: 61xx and 6Cxx are followed, long data are chained.
public struct APDUChannel {
    /// The rounds of GET RESPONSE after which a card is not believed to end.
    static let mostRounds = 300

    private let exchange: any APDUExchange
    private let isExtendedAllowed: Bool

    /// A channel over `exchange`.
    ///
    /// - Parameters:
    ///   - exchange: What carries the bytes.
    ///   - isExtendedAllowed: Whether reader and card take extended lengths; without them long data
    ///     are chained (ISO/IEC 7816-4 § 5.3.3) and long answers fetched by GET RESPONSE.
    public init(over exchange: any APDUExchange, isExtendedAllowed: Bool = false) {
        self.exchange = exchange
        self.isExtendedAllowed = isExtendedAllowed
    }

    /// How many bytes one READ BINARY may ask for without GET RESPONSE.
    var longestRead: Int { isExtendedAllowed ? APDUCommand.longestAnswer : 256 }

    /// Sends a command and gathers the whole answer.
    ///
    /// - Parameter command: Any length of data; chained where it has to be.
    /// - Returns: All data and the last status.
    /// - Throws: ``ReaderFailure``: `malformedAnswer` for an answer without status, longer than asked
    ///   for, or without end; else what the exchange threw.
    public func send(_ command: APDUCommand) throws(ReaderFailure) -> APDUResponse {
        var last = command
        if command.isExtended, !isExtendedAllowed {
            last = lastOfChain(command)
            if let refusal = try refusalOfChain(command) { return refusal }
        }
        var answer = try one(last)
        if let length = answer.wanted { answer = try one(last.expecting(length)) }
        return try gather(answer, last.cla, limit: command.expected ?? 0)
    }

    /// Fetches what waits on the card.
    private func gather(
        _ first: APDUResponse,
        _ cla: UInt8,
        limit: Int
    ) throws(ReaderFailure) -> APDUResponse {
        guard first.waiting != nil else { return first }
        var data = first.data
        var answer = first
        // GET RESPONSE keeps the logical channel of an interindustry class and drops the rest.
        let channel = cla & 0x80 == 0 ? cla & 0x03 : 0
        for _ in 0..<Self.mostRounds {
            guard let count = answer.waiting else {
                return APDUResponse(data: data, status: answer.status)
            }
            answer = try one(APDUCommand(channel, 0xC0, 0, 0, expected: count))
            data += answer.data
            guard data.count <= max(limit, 256) else { throw .malformedAnswer }
        }
        throw .malformedAnswer
    }

    /// The last link of a chained command, in the short form.
    private func lastOfChain(_ command: APDUCommand) -> APDUCommand {
        APDUCommand(
            command.cla,
            command.ins,
            command.p1,
            command.p2,
            data: Array(command.data.suffix(Self.lastLink(command.data.count))),
            expected: command.expected.map { min($0, 256) }
        )
    }

    /// Sends all links but the last; a card that refuses one gets no more.
    private func refusalOfChain(_ command: APDUCommand) throws(ReaderFailure) -> APDUResponse? {
        let end = command.data.count - Self.lastLink(command.data.count)
        for start in stride(from: 0, to: end, by: 255) {
            let link = Array(command.data[start..<(start + 255)])
            let cla = command.cla | 0x10
            let answer = try one(
                APDUCommand(cla, command.ins, command.p1, command.p2, data: link)
            )
            guard answer.isSuccess else { return answer }
        }
        return nil
    }

    private static func lastLink(_ count: Int) -> Int {
        count == 0 ? 0 : (count - 1) % 255 + 1
    }

    private func one(_ command: APDUCommand) throws(ReaderFailure) -> APDUResponse {
        let bytes = try exchange.exchange(command.encoded)
        guard let answer = try? APDUResponse(decoding: bytes),
            answer.data.count <= command.expected ?? 0
        else { throw .malformedAnswer }
        return answer
    }
}
