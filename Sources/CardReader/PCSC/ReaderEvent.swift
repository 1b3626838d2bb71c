/// The name pcscd gives a reader, unique while it is plugged in.
public struct ReaderName: Hashable, Sendable {
    /// As pcscd spells it: `ACS ACR122U PICC Interface 00 00`.
    public let text: String

    /// A reader of this name.
    public init(_ text: String) { self.text = text }
}

/// A card that was put on a reader.
public struct CardPresence: Equatable, Sendable {
    /// Where it lies.
    public let reader: ReaderName
    /// The answer to reset, for a contactless card made up by the reader (PC/SC part 3 § 3.1.3.2.3).
    public let atr: [UInt8]
    /// Whether it did not wake up when it was noticed.
    public let isMute: Bool
    /// When it was noticed; for measuring only.
    public let noticedAt: ContinuousClock.Instant

    /// A card on this reader.
    public init(
        reader: ReaderName,
        atr: [UInt8] = [],
        isMute: Bool = false,
        noticedAt: ContinuousClock.Instant = .now
    ) {
        self.reader = reader
        self.atr = atr
        self.isMute = isMute
        self.noticedAt = noticedAt
    }
}

/// What happened at the readers.
public enum ReaderEvent: Equatable, Sendable {
    /// A reader was plugged in, or was there at the start.
    case readerAppeared(ReaderName)
    /// A reader was unplugged; its card left before.
    case readerDisappeared(ReaderName)
    /// A card came.
    case cardInserted(CardPresence)
    /// A card left.
    case cardRemoved(ReaderName)
    /// pcscd is away; all cards and readers left before.
    case serviceLost(ReaderFailure)
    /// pcscd is there again.
    case serviceBack
}
