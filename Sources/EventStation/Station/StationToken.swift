import Registry
public import TicketSeal
import UnionTicket

/// The one-time token that makes a computer a station of an event.
///
/// It is written as decimal digits, so that a scanner types it into a computer of any layout.
public struct StationToken: Equatable, Sendable {
    /// The event.
    public let event: Int64
    /// The station's name.
    public let name: String
    /// Known to headquarters and to whoever holds the token.
    let secret: [UInt8]
    /// Thumbprints of the root keys to pin.
    public let roots: [[UInt8]]

    init(event: Int64, name: String, secret: [UInt8], roots: [[UInt8]]) {
        (self.event, self.name, self.secret, self.roots) = (event, name, secret, roots)
    }

    /// The token as digits.
    public var text: String {
        DigitText.encode(
            CBOR.array([
                .integer(event), .text(name), .bytes(secret), .array(roots.map(CBOR.bytes)),
            ]).encoded
        )
    }

    /// Reads a token; nil for anything else.
    public init?(text: String) {
        let digits = text.utf8.filter { (0x30...0x39).contains($0) }
        guard digits.count <= 4_096, let bytes = DigitText.decode(digits),
            let parts = (try? CBOR(decoding: bytes))?.array, parts.count == 4,
            let event = parts[0].integer, let name = parts[1].text, let secret = parts[2].bytes,
            secret.count == 16, let roots = parts[3].array?.compactMap(\.bytes),
            !roots.isEmpty, roots.allSatisfy({ $0.count == 32 })
        else { return nil }
        self.init(event: event, name: name, secret: secret, roots: roots)
    }

    /// What headquarters keeps of the token.
    var hash: [UInt8] { SHA256Digest.of(secret) }
}

/// A station's answer to its token: its public key, proved by the token.
public struct EnrolmentRequest: Equatable, Sendable {
    /// The event.
    public let event: Int64
    /// The station's name.
    public let name: String
    /// The key that will sign its journal.
    public let publicKey: VerificationKey
    private let proof: [UInt8]

    /// The request of a station with this key.
    public init(_ token: StationToken, key: VerificationKey) {
        (event, name, publicKey) = (token.event, token.name, key)
        proof = Self.proof(token.event, token.name, key, token.hash)
    }

    /// The request as digits.
    public var text: String {
        DigitText.encode(
            CBOR.array([
                .integer(event), .text(name), .bytes(publicKey.publicBytes), .bytes(proof),
            ]).encoded
        )
    }

    /// Reads a request; nil for anything else.
    public init?(text: String) {
        let digits = text.utf8.filter { (0x30...0x39).contains($0) }
        guard digits.count <= 4_096, let bytes = DigitText.decode(digits),
            let parts = (try? CBOR(decoding: bytes))?.array, parts.count == 4,
            let event = parts[0].integer, let name = parts[1].text,
            let key = parts[2].bytes.flatMap({
                VerificationKey(algorithm: .edDSA, publicBytes: $0)
            }), let proof = parts[3].bytes, proof.count == 32
        else { return nil }
        (self.event, self.name, publicKey, self.proof) = (event, name, key, proof)
    }

    /// Whether the request was made by whoever held the token.
    func isMade(with hash: [UInt8]) -> Bool {
        let expected = Self.proof(event, name, publicKey, hash)
        return zip(expected, proof).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func proof(
        _ event: Int64,
        _ name: String,
        _ key: VerificationKey,
        _ hash: [UInt8]
    ) -> [UInt8] {
        let message = CBOR.array([.integer(event), .text(name), .bytes(key.publicBytes)])
        return BlindIndex(key: hash).bytes(message.encoded)
    }

    static func otherEvent(_ id: Int64) -> RegisterError {
        RegisterError(
            .refused,
            "Запрос станции — от мероприятия № \(id).",
            "The station's request is of event \(id)."
        )
    }
}
