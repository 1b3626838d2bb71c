public import UnionTicket

/// One card put on one reader once: what it proved, or why nothing could be read.
public struct CardTap: Equatable, Sendable {
    /// Where it lay.
    public let reader: ReaderName
    /// Its answer to reset.
    public let atr: [UInt8]
    /// What the card is; nil when it could not be found out.
    public let profile: ChipReading.Profile?
    /// The reference of the keys it was tried with.
    public let keys: String?
    /// The facts; with a fault instead of a reading that failed.
    public let chip: ChipEvidence
    /// How the read counter stands; nil without a MAC over one.
    public let counter: CounterStanding?
    /// Why it could not be read.
    public let failure: ReaderFailure?
    /// From the moment it was noticed to this reading.
    public let duration: Duration
    private let isCounterShared: Bool

    /// How strong the proof is, and whether it can be a replay.
    ///
    /// A live answer is fresh. A message is fresh where its counter advanced in a store that all
    /// verifiers share.
    public var evidence: Evidence {
        let isFreshMessage = chip.level == .dynamicMAC && counter == .advanced && isCounterShared
        return Evidence(chip.level, fresh: chip.isLive || isFreshMessage)
    }

    /// Whether the chip's own cryptography shows a copy: a wrong MAC or answer, or an old message.
    public var isCopy: Bool { chip.authentication == .failed || counter == .wentBack }

    /// A card that was read.
    init(_ presence: CardPresence, _ reading: ChipReading, _ counters: any CounterStore) {
        reader = presence.reader
        atr = presence.atr
        profile = reading.profile
        keys = reading.keys
        chip = reading.chip
        failure = nil
        isCounterShared = counters.isShared
        if let counter = reading.chip.counter, let uid = reading.chip.uid {
            self.counter = counters.take(counter, of: uid)
        } else {
            counter = nil
        }
        duration = presence.noticedAt.duration(to: .now)
    }

    /// A card that could not be read.
    init(_ presence: CardPresence, _ failure: ReaderFailure) {
        reader = presence.reader
        atr = presence.atr
        profile = nil
        keys = nil
        chip = ChipEvidence(level: .none, fault: failure.fault)
        counter = nil
        self.failure = failure
        isCounterShared = false
        duration = presence.noticedAt.duration(to: .now)
    }
}
