/// What a verdict rests on; each level says how much it proves (ticket.md § 6).
public enum EvidenceLevel: String, Sendable, CaseIterable, Codable {
    /// Nothing was read.
    case none
    /// A number somebody typed: such a ticket exists and is not blocked.
    case typedNumber
    /// A barcode: as a typed number.
    case barcode
    /// A chip's UID, which can be cloned: as a typed number.
    case uid
    /// A person found by name in the supervisor's index, admitted by a document.
    case document
    /// Our signature over the carrier, in a QR or on a chip: genuine, but can be copied.
    case signedData
    /// A MAC that the chip made over its counter: genuine, not copied where `fresh` holds.
    case dynamicMAC
    /// A live answer of the chip under a symmetric key.
    case mutualAuth
    /// A live answer of the chip under a private key.
    case asymmetric
    /// A phone's signature over the present moment.
    case presentation
}

/// What one scan proved.
public struct Evidence: Equatable, Sendable, Codable {
    /// How it was shown.
    public var level: EvidenceLevel
    /// Whether it cannot be a replay of an earlier answer.
    public var fresh: Bool

    /// Evidence of this level.
    public init(_ level: EvidenceLevel, fresh: Bool = false) {
        self.level = level
        self.fresh = fresh
    }
}

/// What one tap of a chip gave: facts only, no verdict.
///
/// The driver makes it; JSON of replay files holds the same keys, bytes in hexadecimal.
public struct ChipEvidence: Equatable, Sendable {
    /// What the chip's own cryptography said.
    public enum Authentication: String, Sendable, CaseIterable {
        /// The profile has none, or there was no key for it.
        case none
        /// The MAC or the live answer was right.
        case passed
        /// The MAC or the live answer was wrong.
        case failed
    }

    /// Why a tap gave nothing that can be judged.
    public enum Fault: String, Sendable, CaseIterable {
        /// The card was pulled away too early.
        case pulled
        /// The card does not answer.
        case mute
        /// The card's answers break its standard.
        case malformedAnswer = "malformed_answer"
        /// The reader went away or failed.
        case readerFailed = "reader_failed"
        /// Another program holds the reader.
        case readerBusy = "reader_busy"
    }

    /// How strong the proof is before anything is known of the carrier.
    public var level: EvidenceLevel
    /// The UID as the reader or the chip's own authenticated answer gave it: 4, 7 or 10 bytes.
    public var uid: [UInt8]?
    /// The signed payload (COSE bytes) of the external-type record.
    public var payload: [UInt8]?
    /// The URI record's text, where there is one.
    public var uri: String?
    /// The result of the chip's cryptography.
    public var authentication: Authentication
    /// The SUN read counter that the MAC covers.
    public var counter: UInt32?
    /// Whether a live exchange, not a stored message, was authenticated.
    public var isLive: Bool
    /// Why nothing could be read.
    public var fault: Fault?

    /// The facts of one tap.
    public init(
        level: EvidenceLevel,
        uid: [UInt8]? = nil,
        payload: [UInt8]? = nil,
        uri: String? = nil,
        authentication: Authentication = .none,
        counter: UInt32? = nil,
        isLive: Bool = false,
        fault: Fault? = nil
    ) {
        self.level = level
        self.uid = uid
        self.payload = payload
        self.uri = uri
        self.authentication = authentication
        self.counter = counter
        self.isLive = isLive
        self.fault = fault
    }
}
