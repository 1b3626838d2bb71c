/// What a phone's key states to the service: each statement has a `typ` of its own, so that none can
/// stand for another, and holds a nonce of the server (ticket.md § 5).
///
/// A proof is a COSE_Sign1 with tag 18 (RFC 9052 § 4.2), the protected header exactly
/// `{1: -7, 16: typ}`, the unprotected one empty, and a payload in deterministic CBOR.
public enum DeviceStatement: Equatable, Sendable {
    /// "I hold this key and know this code": `[nonce, enrolment, SHA-256(code), COSE_Key]`.
    case possession(nonce: [UInt8], enrolment: String, codeDigest: [UInt8], key: VerificationKey)
    /// "Renew this card": `[nonce, card]`.
    case renewal(nonce: [UInt8], card: String)
    /// "Delete this card": `[nonce, card]`.
    case deletion(nonce: [UInt8], card: String)

    /// Why bytes are not the proof of a statement.
    public enum Refusal: String, Error, CaseIterable, Sendable {
        /// No strictly written COSE_Sign1 with a payload, or longer than ``DeviceStatement/limit``.
        case malformed
        /// Another algorithm than ES256, or a header with anything but `alg` and `typ`.
        case header
        /// A proof of something else.
        case type
        /// Another nonce, card, enrolment, code or key is stated.
        case content
        /// The signature is not the key's.
        case signature
    }

    /// Bytes of a proof that are looked at.
    public static let limit = 1024

    /// The `typ` (RFC 9596) of its proof.
    public var type: String {
        switch self {
        case .possession: "application/profbilet-possession"
        case .renewal: "application/profbilet-renewal"
        case .deletion: "application/profbilet-deletion"
        }
    }

    /// What is signed, in deterministic CBOR (RFC 8949 § 4.2).
    public var payload: [UInt8] {
        switch self {
        case .possession(let nonce, let enrolment, let digest, let key):
            CBOR.array([.bytes(nonce), .text(enrolment), .bytes(digest), key.coseKey]).encoded
        case .renewal(let nonce, let card), .deletion(let nonce, let card):
            CBOR.array([.bytes(nonce), .text(card)]).encoded
        }
    }

    /// The proof by a phone's P-256 key.
    ///
    /// - Throws: What the key store throws when it does not sign.
    public func prove(with key: SigningKey) throws -> [UInt8] {
        try COSESign1.seal(
            payload,
            with: key,
            header: [CBOR.Entry(.integer(16), .text(type))]
        )
    }

    /// Why `proof` does not prove this statement by this key, or nil when it does.
    ///
    /// Total over any bytes. The order is fixed: structure, header, type, content, signature; the
    /// payload must be the statement's own, byte for byte.
    public func refusal(of proof: [UInt8], by key: VerificationKey) -> Refusal? {
        // Tag 61 and other ways to write the same message are none of this profile.
        guard proof.count <= Self.limit, proof.first == 0xD2,
            let message = try? COSESign1(decoding: proof), let stated = message.payload
        else { return .malformed }
        guard key.algorithm == .es256, message.protected.entries?.count == 2,
            message.protected[1]?.integer == Int64(COSEAlgorithm.es256.rawValue),
            let type = message.type, message.unprotected.entries?.isEmpty == true
        else { return .header }
        guard type == self.type else { return .type }
        guard stated == payload else { return .content }
        return message.isSigned(by: key) ? nil : .signature
    }
}
