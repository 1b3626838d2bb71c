import TicketSeal

/// The key of an API client: a public id and a secret of 256 random bits.
///
/// Text: `pbk1_`, 10 characters of the id, `_`, 43 characters of base64url. The secret is kept as its
/// keyed hash only; a slow hash would add nothing to 256 random bits.
struct ClientKey: Sendable {
    static let prefix = "pbk1_"
    static let idLength = 10
    private static let secretLength = 43

    /// Stands in lists and logs.
    let id: String
    /// 32 bytes that only the client keeps.
    let secret: [UInt8]

    /// A new key of the system's generator.
    static func draw() -> ClientKey {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
        let id = SecureRandom.bytes(idLength).map { alphabet[Int($0) % alphabet.count] }
        return ClientKey(id: String(decoding: id, as: UTF8.self), secret: FieldSeal.randomKey())
    }

    init(id: String, secret: [UInt8]) { (self.id, self.secret) = (id, secret) }

    /// Reads what ``text`` wrote; nil for anything else.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let head = Self.prefix.utf8.count
        guard bytes.count == head + Self.idLength + 1 + Self.secretLength,
            bytes.starts(with: Self.prefix.utf8), bytes[head + Self.idLength] == 0x5F,
            let secret = Base64URL.bytes(bytes[(head + Self.idLength + 1)...]), secret.count == 32
        else { return nil }
        id = String(decoding: bytes[head..<head + Self.idLength], as: UTF8.self)
        self.secret = secret
    }

    /// As shown to the client once.
    var text: String { "\(Self.prefix)\(id)_\(Base64URL.text(secret))" }

    /// What the register keeps of the secret.
    func hash(_ secrets: RegisterSecrets) -> [UInt8] {
        secrets.service.bytes(Array("api-key".utf8) + [0] + Array(id.utf8) + [0] + secret)
    }
}

/// Compares without telling by its time how much was equal.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
