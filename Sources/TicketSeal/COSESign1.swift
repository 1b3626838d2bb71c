/// A COSE_Sign1 message (RFC 9052 § 4.2), read strictly.
///
/// Tag 18 is required, tag 61 around it accepted; `crit` and an algorithm outside the protected
/// header are refused.
public struct COSESign1: Sendable, Equatable {
    /// The bytes of the protected header as they stand in the message.
    public let protectedBytes: [UInt8]
    /// The protected header as a map.
    public let protected: CBOR
    /// The unprotected header.
    public let unprotected: CBOR
    /// What is signed; nil when it is carried apart.
    public let payload: [UInt8]?
    /// 64 raw bytes.
    public let signature: [UInt8]

    /// Why bytes are no message of the profile.
    public enum Refusal: Error, Equatable, Sendable {
        /// Not well-formed CBOR of the strict profile.
        case notCBOR(CBOR.Refusal)
        /// Tag 18 or its four parts are missing.
        case notSign1
        /// No map, or a header that must be refused.
        case header
        /// The algorithm is missing or not protected.
        case algorithm
    }

    /// Reads one message.
    public init(decoding bytes: [UInt8]) throws(Refusal) {
        var item: CBOR
        do { item = try CBOR(decoding: bytes) } catch { throw .notCBOR(error) }
        if case .tagged(61, let inner) = item { item = inner }
        guard case .tagged(18, .array(let parts)) = item, parts.count == 4,
            case .bytes(let protectedBytes) = parts[0], case .map = parts[1],
            case .bytes(let signature) = parts[3]
        else { throw .notSign1 }
        switch parts[2] {
        case .bytes(let bytes): payload = bytes
        case .simple(22): payload = nil
        default: throw .notSign1
        }
        if protectedBytes.isEmpty || protectedBytes == [0xA0] {
            protected = .map([])
        } else {
            guard let map = try? CBOR(decoding: protectedBytes), case .map = map else {
                throw .header
            }
            protected = map
        }
        // A protected header h'A0' counts as zero-length in Sig_structure (RFC 9052 § 4.4).
        self.protectedBytes = protectedBytes == [0xA0] ? [] : protectedBytes
        unprotected = parts[1]
        self.signature = signature
        guard protected[2] == nil, unprotected[2] == nil else { throw .header }
        // Which algorithm fits the key decides, and so does the signature's length.
        guard protected[1]?.integer != nil, unprotected[1] == nil else { throw .algorithm }
    }

    /// Signs `payload`.
    ///
    /// `header` has the members of the protected header beside the algorithm; a detached payload is
    /// left out of the message, which has tag 18.
    public static func seal(
        _ payload: [UInt8],
        with key: SigningKey,
        header: [CBOR.Entry],
        isDetached: Bool = false
    ) throws -> [UInt8] {
        let algorithm = CBOR.Entry(.integer(1), .integer(Int64(key.algorithm.rawValue)))
        let protected = CBOR.map([algorithm] + header).encoded
        let signature = try key.sign(structure(protected, payload))
        return CBOR.tagged(
            18,
            .array([
                .bytes(protected), .map([]), isDetached ? .null : .bytes(payload),
                .bytes(signature),
            ])
        ).encoded
    }

    /// The algorithm that the message claims; the key decides whether it fits.
    public var algorithm: COSEAlgorithm? {
        protected[1]?.integer.flatMap(COSEAlgorithm.init(header:))
    }

    /// The key identifier; the protected one wins.
    public var kid: [UInt8]? { (protected[4] ?? unprotected[4])?.bytes }

    /// The type of the message (RFC 9596), where it is stated as text.
    public var type: String? { protected[16]?.text }

    /// Whether the signature is this key's, over the payload within or the one given.
    public func isSigned(by key: VerificationKey, detached: [UInt8]? = nil) -> Bool {
        guard algorithm == key.algorithm, let payload = payload ?? detached else { return false }
        return key.isValid(
            signature: signature,
            for: Self.structure(protectedBytes, payload)
        )
    }

    /// Sig_structure of RFC 9052 § 4.4, without external data.
    private static func structure(_ protected: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        CBOR.array([.text("Signature1"), .bytes(protected), .bytes([]), .bytes(payload)]).encoded
    }
}
