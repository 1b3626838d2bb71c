import UnionTicket

/// The JSON a page sends; every field may be missing until it is asked for.
///
/// One shape for all requests: each asks for the fields it needs and gets a value that is valid, or the
/// field's name in a problem answer.
struct KioskBody: Decodable {
    /// A typed secret and the pace it was typed at.
    struct Typed: Decodable {
        /// What was typed.
        let text: String
        /// The median pause between two keys, in milliseconds, as the page measured it.
        let gap: Double
    }

    let text: String?
    let source: ScanSource?
    let nonce: String?
    let person: String?
    let reason: String?
    let mode: ScanMode?
    let pin: Typed?
    let passphrase: Typed?

    /// No hand types two keys in a row faster than this, in the middle.
    static let fastestHand = 35.0

    /// The longest body, in bytes: a scan's text and room to spare.
    static let longest = 16_384

    /// The scan in this body.
    func scan() throws(KioskProblem) -> DeskScan {
        guard let text, !text.isEmpty, text.unicodeScalars.count <= DeskScan.longestText,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .badField("text") }
        guard let source else { throw .badField("source") }
        let read = source == .keyboard ? Self.normalised(text) : text
        return DeskScan(text: read, source: source, nonce: try scanNonce())
    }

    /// What people type holds spaces, hyphens and letters that look like digits.
    private static func normalised(_ text: String) -> String {
        switch TypedNumber(text) {
        case .ticket(let number): number.digits
        case .carrier(let number): number.digits
        case .refused: text
        }
    }

    /// The name of a scan.
    func scanNonce() throws(KioskProblem) -> String {
        guard let nonce, nonce.utf8.count == 32,
            nonce.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw .badField("nonce") }
        return nonce
    }

    /// A reason a person wrote.
    func writtenReason() throws(KioskProblem) -> String {
        try line(reason, "reason", 3...200)
    }

    /// A line of text within bounds, without control characters.
    func line(
        _ value: String?,
        _ name: String,
        _ bounds: ClosedRange<Int>
    ) throws(KioskProblem) -> String {
        guard let value, bounds.contains(value.unicodeScalars.count),
            value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .badField(name) }
        return value
    }

    /// The PIN, typed by a hand.
    func typedPIN() throws(KioskProblem) -> DeskSecret {
        guard let pin, (4...12).contains(pin.text.utf8.count),
            pin.text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw .badField("pin") }
        return try Self.byHand(pin)
    }

    /// The passphrase, typed by a hand.
    func typedPassphrase() throws(KioskProblem) -> DeskSecret {
        guard let passphrase, (1...256).contains(passphrase.text.unicodeScalars.count) else {
            throw .badField("passphrase")
        }
        return try Self.byHand(passphrase)
    }

    private static func byHand(_ typed: Typed) throws(KioskProblem) -> DeskSecret {
        guard typed.gap > fastestHand else { throw .burst }
        return DeskSecret(typed.text)
    }
}
