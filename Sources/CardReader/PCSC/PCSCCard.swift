import CPCSC

/// A card that this thread is connected to; disconnects at its end and leaves the card as it is.
struct PCSCCard: ~Copyable {
    private static let longestAnswer = 4 + 3 + 65_536 + 3 + 2

    private let handle: SCARDHANDLE
    private let link: Link

    /// What sends commands while the card is connected.
    struct Link {
        fileprivate let handle: SCARDHANDLE
        fileprivate let `protocol`: DWORD

        /// Sends one command.
        ///
        /// - Throws: ``ReaderFailure``.
        func transmit(_ command: [UInt8]) throws(ReaderFailure) -> [UInt8] {
            var length = DWORD(PCSCCard.longestAnswer)
            var status: LONG = 0
            let answer = unsafe [UInt8](unsafeUninitializedCapacity: PCSCCard.longestAnswer) {
                buffer,
                count in
                unsafe status = SCardTransmit(
                    handle,
                    pcsc_protocol_header(`protocol`),
                    command,
                    DWORD(command.count),
                    nil,
                    buffer.baseAddress,
                    &length
                )
                count = status == 0 ? min(Int(length), PCSCCard.longestAnswer) : 0
            }
            try PCSCContext.check(status)
            // No card answers without a status: some drivers say so when it is pulled.
            guard !answer.isEmpty else { throw ReaderFailure(.cardGone) }
            return answer
        }

        /// Sends a reader's own command.
        ///
        /// - Parameters:
        ///   - command: Bytes of the reader's maker.
        ///   - code: The number of the control code: 1 or 3500.
        /// - Throws: ``ReaderFailure``.
        func control(_ command: [UInt8], code: UInt) throws(ReaderFailure) {
            var answer = [UInt8](repeating: 0, count: 264)
            var length: DWORD = 0
            try PCSCContext.check(
                unsafe SCardControl(
                    handle,
                    pcsc_control_code(code),
                    command,
                    DWORD(command.count),
                    &answer,
                    DWORD(answer.count),
                    &length
                )
            )
        }
    }

    /// How a card is held.
    enum Sharing {
        /// With other programs.
        case shared
        /// The reader itself, with or without a card.
        case direct
    }

    /// Connects; blocks for as long as another process holds a transaction.
    ///
    /// - Throws: ``ReaderFailure``.
    init(
        _ reader: ReaderName,
        in context: borrowing PCSCContext,
        _ sharing: Sharing = .shared
    ) throws(ReaderFailure) {
        var handle: SCARDHANDLE = 0
        var active: DWORD = 0
        try PCSCContext.check(
            unsafe SCardConnect(
                context.handle,
                reader.text,
                DWORD(sharing == .shared ? SCARD_SHARE_SHARED : SCARD_SHARE_DIRECT),
                sharing == .shared ? pcsc_all_protocols() : 0,
                &handle,
                &active
            )
        )
        self.handle = handle
        link = Link(handle: handle, protocol: active)
    }

    deinit { _ = SCardDisconnect(handle, DWORD(SCARD_LEAVE_CARD)) }

    /// Runs `body` in a transaction, which ends whatever `body` does.
    ///
    /// - Throws: ``ReaderFailure``.
    func transaction<Value>(
        _ body: (Link) throws(ReaderFailure) -> Value
    ) throws(ReaderFailure) -> Value {
        try PCSCContext.check(SCardBeginTransaction(handle))
        defer { _ = SCardEndTransaction(handle, DWORD(SCARD_LEAVE_CARD)) }
        return try body(link)
    }

    /// The way to the reader itself.
    var reader: Link { link }
}
