public import UnionTicket

/// How a text came in; it decides what a number in it proves.
public enum ScanSource: String, Sendable, CaseIterable, Codable {
    /// A scanner.
    case scanner
    /// A person's fingers.
    case keyboard
    /// A camera or an image file.
    case camera
}

/// One thing shown at a station.
public struct Scan: Equatable, Sendable {
    /// What was shown.
    public enum Showing: Equatable, Sendable {
        /// What a scanner read or somebody typed.
        case text(String, ScanSource)
        /// A scanner that broke off in the middle of a code.
        case broken
        /// What a tap of a chip gave.
        case chip(ChipEvidence)
    }

    /// Which way the gate works.
    public var mode: ScanMode
    /// What was shown.
    public var showing: Showing
    /// One physical scan has one nonce; empty where nobody named it.
    public var nonce: String
    /// Whether the same code a moment ago is the same physical scan, whatever the nonces.
    public var joinsRecent: Bool

    /// A scan; without a nonce the same code a moment ago is the same scan, unless it is said.
    public init(mode: ScanMode, showing: Showing, nonce: String, joinsRecent: Bool? = nil) {
        self.mode = mode
        self.showing = showing
        self.nonce = nonce
        self.joinsRecent = joinsRecent ?? nonce.isEmpty
    }
}
