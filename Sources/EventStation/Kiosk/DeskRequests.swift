public import UnionTicket

/// One physical scan.
public struct DeskScan: Equatable, Sendable {
    /// As it came, a well-formed typed number as bare digits; at most ``longestText`` characters, no
    /// control characters.
    public let text: String
    /// How it came.
    public let source: ScanSource
    /// Names this scan for good: 32 lower-case hexadecimal digits.
    public let nonce: String

    /// The longest text a scan may have.
    public static let longestText = 4096

    /// A scan of this text.
    public init(text: String, source: ScanSource, nonce: String) {
        self.text = text
        self.source = source
        self.nonce = nonce
    }
}

/// A PIN or passphrase on its way to whoever verifies it; prints as dots.
public struct DeskSecret: Equatable, Sendable, CustomStringConvertible {
    /// What was typed.
    public let text: String

    /// A secret as typed.
    public init(_ text: String) { self.text = text }

    /// Dots.
    public var description: String { "••••" }
}

/// An admission by hand of a person whose verdict is already shown.
public struct DeskAdmission: Equatable, Sendable {
    /// The shown scan.
    public let nonce: String
    /// The person chosen among a verdict's candidates.
    public let person: String?
    /// Why; what document was seen.
    public let reason: String
    /// The operator's; nil relies on the shift.
    public let pin: DeskSecret?

    /// An admission of a shown scan.
    public init(nonce: String, person: String? = nil, reason: String, pin: DeskSecret?) {
        self.nonce = nonce
        self.person = person
        self.reason = reason
        self.pin = pin
    }
}

/// Taking a scan back.
public struct DeskAnnulment: Equatable, Sendable {
    /// The scan.
    public let nonce: String
    /// Why.
    public let reason: String
    /// The operator's.
    public let pin: DeskSecret

    /// The annulment of a scan.
    public init(nonce: String, reason: String, pin: DeskSecret) {
        self.nonce = nonce
        self.reason = reason
        self.pin = pin
    }
}

/// An admission of a person found by name.
public struct DeskPersonAdmission: Equatable, Sendable {
    /// ``DeskPerson/id`` of the found person.
    public let person: String
    /// What document was seen.
    public let reason: String
    /// Names the resulting entry: 32 lower-case hexadecimal digits.
    public let nonce: String
    /// The supervisor's.
    public let pin: DeskSecret

    /// The admission of a found person.
    public init(person: String, reason: String, nonce: String, pin: DeskSecret) {
        self.person = person
        self.reason = reason
        self.nonce = nonce
        self.pin = pin
    }
}

/// A person the operator can choose: found by name, or one of several with the same old number.
public struct DeskPerson: Equatable, Sendable, Encodable {
    /// What the desk calls the person; never shown.
    public let id: String
    /// Surname, name, patronymic; nil where no evidence opens it.
    public let name: String?
    /// What tells namesakes apart: the organisation, the mandate.
    public let detail: Bilingual?
    /// Whether the person is inside now.
    public let isInside: Bool

    /// A person to choose.
    public init(id: String, name: String?, detail: Bilingual? = nil, isInside: Bool = false) {
        self.id = id
        self.name = name
        self.detail = detail
        self.isInside = isInside
    }
}

extension EventPerson {
    /// What the desk says of a person: the mandate with its vote and state, and the organisation.
    var standing: Bilingual {
        var (russian, english) = ("Мандат № \(mandate.number)", "Mandate \(mandate.number)")
        switch mandate.participation {
        case .decisive: break
        case .advisory: (russian, english) = (russian + ", совещательный", english + ", advisory")
        case .guest: (russian, english) = ("Приглашённый", "Guest")
        }
        if !mandate.state.admits {
            russian += ", " + EventWords.state(mandate)
            english += ", \(mandate.state == .elected ? "not confirmed" : mandate.state.rawValue)"
        }
        if hasLeft { (russian, english) = (russian + ", не член профсоюза", english + ", left") }
        return Bilingual("\(russian), \(organisation)", "\(english), \(organisation)")
    }
}
