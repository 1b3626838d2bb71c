import TicketSeal

/// Characters of a scanner on their way to whole texts: a line end or silence ends one.
struct ScanCollector: Sendable {
    /// What came out.
    enum Result: Equatable, Sendable {
        /// A text without its line end.
        case text(String)
        /// Something was scanned that did not arrive whole.
        case broken
    }

    /// How long nothing is typed until a text is whole, milliseconds.
    static let silence: Int64 = 150
    /// Fewer characters are no code but a key that somebody leant on.
    static let fewest = 4
    /// One more than any code that is ours has (``TicketText.limit``): a longer one is refused as such.
    static let most = TicketText.limit + 1

    private var bytes: [UInt8] = []
    private var isBroken = false
    private var last: Int64 = 0

    /// Whether something has begun that has not ended.
    var isOpen: Bool { !bytes.isEmpty || isBroken }

    /// Takes a character that came at a moment of the device's clock.
    ///
    /// - Returns: The text before it, when there was silence in between.
    mutating func take(_ byte: UInt8, at time: Int64) -> Result? {
        let pause = time.subtractingReportingOverflow(last)
        let before = isOpen && (pause.overflow || pause.partialValue > Self.silence) ? end() : nil
        last = time
        if bytes.count < Self.most { bytes.append(byte) }
        return before
    }

    /// What has begun did not arrive whole, and neither will what follows up to the next end.
    mutating func breakOff(at time: Int64) {
        isBroken = true
        last = time
    }

    /// Ends what has begun.
    mutating func end() -> Result? {
        defer { (bytes, isBroken) = ([], false) }
        if isBroken { return .broken }
        return bytes.count < Self.fewest ? nil : .text(String(decoding: bytes, as: UTF8.self))
    }
}
