import CPCSC

/// A connection to pcscd; one per thread, for a call that blocks holds the whole context.
struct PCSCContext: ~Copyable {
    /// What waits for changes.
    struct Watch {
        let name: String
        /// The state known so far, as pcscd gave it.
        let current: UInt
    }

    /// The entry that reports readers coming and going.
    static let plugAndPlay = "\\\\?PnP?\\Notification"
    /// pcscd takes no more entries than this in one call.
    static let mostWatches = 16

    let handle: SCARDCONTEXT

    /// Connects to pcscd.
    ///
    /// - Throws: ``ReaderFailure``.
    init() throws(ReaderFailure) {
        var handle: SCARDCONTEXT = 0
        try Self.check(
            unsafe SCardEstablishContext(DWORD(SCARD_SCOPE_SYSTEM), nil, nil, &handle)
        )
        self.handle = handle
    }

    deinit { _ = SCardReleaseContext(handle) }

    /// The readers there are now.
    func readers() throws(ReaderFailure) -> [ReaderName] {
        var buffer = [CChar](repeating: 0, count: 4096)
        var length = DWORD(buffer.count)
        let status = unsafe SCardListReaders(handle, nil, &buffer, &length)
        if UInt32(truncatingIfNeeded: status) == 0x8010_002E { return [] }
        try Self.check(status)
        let bytes = buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }
        return bytes.split(separator: 0).map { ReaderName(String(decoding: $0, as: UTF8.self)) }
    }

    /// Waits until one of `watches` differs from its known state.
    ///
    /// - Parameters:
    ///   - watches: At most ``mostWatches`` readers, plug-and-play entry included.
    ///   - milliseconds: How long at most.
    /// - Returns: The new states in the same order; nil when nothing happened in time.
    /// - Throws: ``ReaderFailure``; a reader that vanished fails the whole wait.
    func changes(
        _ watches: [Watch],
        within milliseconds: UInt
    ) throws(ReaderFailure) -> [(event: UInt, atr: [UInt8])]? {
        // All names in one block, so that their pointers live as long as the call.
        var names: [CChar] = []
        let starts = watches.map { watch in
            defer { names += watch.name.utf8.map { CChar(bitPattern: $0) } + [0] }
            return names.count
        }
        var states: [SCARD_READERSTATE] = unsafe []
        let status = unsafe names.withUnsafeBufferPointer { names in
            for (watch, start) in zip(watches, starts) {
                var state = unsafe SCARD_READERSTATE()
                unsafe state.szReader = unsafe names.baseAddress.map { unsafe $0 + start }
                unsafe state.dwCurrentState = DWORD(watch.current)
                unsafe states.append(state)
            }
            return unsafe SCardGetStatusChange(
                handle,
                DWORD(milliseconds),
                &states,
                DWORD(states.count)
            )
        }
        if UInt32(truncatingIfNeeded: status) == 0x8010_000A { return nil }
        try Self.check(status)
        return unsafe states.map { state in
            let count = unsafe min(Int(state.cbAtr), 33)
            let atr = unsafe withUnsafeBytes(of: state.rgbAtr) { unsafe Array($0.prefix(count)) }
            return (event: unsafe UInt(state.dwEventState), atr: atr)
        }
    }

    /// Ends a wait that another thread is in now; without one it does nothing.
    static func cancel(_ handle: SCARDCONTEXT) { _ = SCardCancel(handle) }

    /// Throws unless `status` is success.
    static func check(_ status: LONG) throws(ReaderFailure) {
        guard status == 0 else {
            throw ReaderFailure(pcsc: UInt32(truncatingIfNeeded: status))
        }
    }
}
