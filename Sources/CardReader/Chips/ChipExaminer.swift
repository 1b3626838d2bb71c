import Crypto
import TicketSeal
public import UnionTicket

/// Finds out what a card is and what it proves: one conversation, no verdict.
///
/// The kind is found by asking, not by the answer to reset, which a reader makes up; that only decides
/// what is asked first.
public struct ChipExaminer: Sendable {
    /// Whether the storage card's questions come first; some readers lose such a card over a SELECT.
    private let isStorage: Bool
    private let isExtendedAllowed: Bool
    private let keys: [ChipKeyring.KeySet]
    private let randomBytes: @Sendable () -> [UInt8]

    /// An examiner of one card.
    ///
    /// - Parameters:
    ///   - keys: Keys of specimen chips; without them cryptography is not judged.
    ///   - atr: The answer to reset.
    ///   - isExtendedAllowed: Whether the reader passes APDUs of extended length.
    ///   - randomBytes: Gives sixteen unpredictable bytes; tests give known ones.
    public init(
        keys: ChipKeyring = ChipKeyring([]),
        atr: [UInt8] = [],
        isExtendedAllowed: Bool = false,
        randomBytes: @escaping @Sendable () -> [UInt8] = ChipKey.randomBytes
    ) {
        self.keys = keys.sets
        isStorage = StorageATR(atr) != nil
        self.isExtendedAllowed = isExtendedAllowed
        self.randomBytes = randomBytes
    }

    /// Examines the card behind an exchange.
    ///
    /// - Parameter exchange: A card inside a transaction.
    /// - Returns: The profile that was found, and the facts.
    /// - Throws: ``ReaderFailure`` when the card or the reader failed on the way.
    public func examine(_ exchange: any APDUExchange) throws(ReaderFailure) -> ChipReading {
        let channel = APDUChannel(over: exchange, isExtendedAllowed: isExtendedAllowed)
        let uid = try Self.uid(channel)
        if isStorage, let reading = try type2(channel, uid) { return reading }
        let files = Type4File(channel: channel)
        if try files.isThere() { return try type4(files, uid) }
        if !isStorage, let reading = try type2(channel, uid) { return reading }
        return ChipReading(.uid, ChipEvidence(level: uid == nil ? .none : .uid, uid: uid))
    }

    /// GET DATA of the reader (PC/SC part 3 § 3.2.2.1.3); nil from readers that have none.
    private static func uid(_ channel: APDUChannel) throws(ReaderFailure) -> [UInt8]? {
        let answer = try channel.send(APDUCommand(0xFF, 0xCA, 0, 0, expected: 256))
        return answer.isSuccess && [4, 7, 10].contains(answer.data.count) ? answer.data : nil
    }

    private func type2(
        _ channel: APDUChannel,
        _ uid: [UInt8]?
    ) throws(ReaderFailure) -> ChipReading? {
        guard let message = try Type2Memory(channel: channel).message() else { return nil }
        return ChipReading(.type2, try Self.evidence(message, uid))
    }

    private func type4(_ files: Type4File, _ uid: [UInt8]?) throws(ReaderFailure) -> ChipReading {
        // Once authenticated the chip mirrors nothing: the message is read before.
        let evidence = try Self.evidence(try files.message(), uid)
        return try proven(ChipReading(.type4, evidence), files.channel)
    }

    /// The facts of a message; an empty one leaves the UID.
    private static func evidence(
        _ message: [UInt8],
        _ uid: [UInt8]?
    ) throws(ReaderFailure) -> ChipEvidence {
        var evidence = ChipEvidence(level: uid == nil ? .none : .uid, uid: uid)
        guard !message.isEmpty else { return evidence }
        guard let records = try? NDEFMessage(decoding: message) else { throw .malformedAnswer }
        evidence.uri = records.uri
        evidence.payload = records.signedPayload
        if evidence.payload != nil { evidence.level = .signedData }
        return evidence
    }

    // MARK: - Cryptography

    /// Judges the tap's own message, then asks for a live answer.
    private func proven(
        _ reading: ChipReading,
        _ channel: APDUChannel
    ) throws(ReaderFailure) -> ChipReading {
        guard !keys.isEmpty, Self.isSpecimen(reading.chip.payload) else { return reading }
        var proven = reading
        var set = keys.count == 1 ? keys.first : nil
        if let message = reading.chip.uri.flatMap(SUNMessage.init(uri:)) {
            proven.profile = .ntag424
            guard let match = try sun(message, reading.chip.uid) else {
                proven.chip.authentication = .failed
                return proven
            }
            set = match.set
            proven.chip.level = .dynamicMAC
            proven.chip.authentication = .passed
            proven.chip.uid = match.proof.uid
            proven.chip.counter = match.proof.counter
        }
        // A chip locks a key after too many wrong tries: only the set that is surely its own is tried.
        guard let set, let uid = proven.chip.uid, uid.count == 7 else { return proven }
        proven.keys = set.reference
        try live(set, uid, channel, &proven)
        return proven
    }

    private func live(
        _ set: ChipKeyring.KeySet,
        _ uid: [UInt8],
        _ channel: APDUChannel,
        _ reading: inout ChipReading
    ) throws(ReaderFailure) {
        let answer = try NTAG424(channel: channel).authenticate(
            try set.authentication(of: uid),
            ChipKeyring.KeySet.Slot.authentication.rawValue,
            challenge: randomBytes()
        )
        switch answer {
        case .unsupported: return
        case .passed(let live) where live == uid:
            reading.profile = .ntag424
            reading.chip.level = .mutualAuth
            reading.chip.authentication = .passed
            reading.chip.isLive = true
        case .passed, .refused:
            reading.profile = .ntag424
            reading.chip.level = reading.chip.payload == nil ? .uid : .signedData
            reading.chip.authentication = .failed
        }
    }

    /// The set of keys under which the message is right, and says the UID that the reader saw.
    private func sun(
        _ message: SUNMessage,
        _ uid: [UInt8]?
    ) throws(ReaderFailure) -> (set: ChipKeyring.KeySet, proof: SUNProof)? {
        for set in keys {
            let proof: SUNProof? =
                switch message.identity {
                case .encrypted(let block): try SUNProof.open(block, set.metaRead)
                case .plain(let uid, let counter): SUNProof(uid: uid, counter: counter)
                }
            guard let proof else { continue }
            let mac = try proof.mac(try set.fileRead(of: proof.uid), message.covered)
            guard ShortMAC.isEqual(mac, message.mac) else { continue }
            // A random identifier begins with 08 and names nobody.
            let isRandom = uid?.count == 4 && uid?.first == 0x08
            guard uid == nil || isRandom || uid == proof.uid else { return nil }
            return (set, proof)
        }
        return nil
    }

    /// Whether keys out of a file may be used: not on a card of the production scheme.
    private static func isSpecimen(_ payload: [UInt8]?) -> Bool {
        guard let payload else { return true }
        let judgement = TicketJudge(keys: TrustedKeys([]))
            .judge(bytes: payload, at: Instant(seconds: 0))
        return judgement.claims.map { $0.carrier.ticket.scheme == .specimen } ?? true
    }
}

/// What one card was found to be.
public struct ChipReading: Equatable, Sendable {
    /// The profiles of `hardware/chips`.
    public enum Profile: String, Sendable, CaseIterable {
        /// Nothing but a UID.
        case uid
        /// Pages with an NDEF message.
        case type2
        /// Files with an NDEF message.
        case type4
        /// NTAG 424 DNA.
        case ntag424
    }

    /// What the card is.
    public var profile: Profile
    /// The facts.
    public var chip: ChipEvidence
    /// The reference of the keys that were tried or held.
    public var keys: String?

    init(_ profile: Profile, _ chip: ChipEvidence) {
        self.profile = profile
        self.chip = chip
    }
}
