import Crypto
import Foundation

/// A public key, parsed once, known by its COSE thumbprint (RFC 9679).
public struct VerificationKey: Sendable, Hashable {
    enum Point: Sendable {
        case ed25519(Curve25519.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
    }

    private let point: Point
    /// Ed25519: 32 bytes; P-256: x‖y, 64 bytes.
    public let publicBytes: [UInt8]
    /// SHA-256 over the required members of the COSE_Key (RFC 9679 § 3).
    public let thumbprint: [UInt8]

    init(_ point: Point) {
        switch point {
        case .ed25519(let key): self.init(point, Array(key.rawRepresentation))
        case .p256(let key): self.init(point, Array(key.rawRepresentation))
        }
    }

    private init(_ point: Point, _ publicBytes: [UInt8]) {
        self.point = point
        self.publicBytes = publicBytes
        thumbprint = SHA256Digest.of(Self.coseKey(point, publicBytes).encoded)
    }

    /// The key with these bytes, or nil when they are no point of the curve.
    public init?(algorithm: COSEAlgorithm, publicBytes: [UInt8]) {
        switch algorithm {
        case .edDSA:
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicBytes)
            else { return nil }
            self.init(.ed25519(key), publicBytes)
        case .es256:
            guard publicBytes.count == 64,
                let key = try? P256.Signing.PublicKey(rawRepresentation: publicBytes)
            else { return nil }
            self.init(.p256(key), publicBytes)
        }
    }

    /// What the key verifies: the key decides, not a header.
    public var algorithm: COSEAlgorithm {
        switch point {
        case .ed25519: .edDSA
        case .p256: .es256
        }
    }

    /// First four bytes of the thumbprint: what payloads carry as key identifier.
    public var kid: [UInt8] { Array(thumbprint.prefix(4)) }

    /// Whether `signature`, 64 raw bytes, is this key's over `message`.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64 else { return false }
        switch point {
        case .ed25519(let key): return key.isValidSignature(signature, for: message)
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }

    /// Keys are the same when their bytes and curve are.
    public static func == (left: Self, right: Self) -> Bool {
        left.thumbprint == right.thumbprint
    }

    /// By thumbprint.
    public func hash(into hasher: inout Hasher) { hasher.combine(thumbprint) }
}

extension VerificationKey: CustomStringConvertible {
    /// Algorithm and kid.
    public var description: String { "\(algorithm.name) \(Hex.text(kid))" }
}

// COSE_Key (RFC 9052 § 7) and JWK (RFC 7517).
extension VerificationKey {
    private static func coseKey(_ point: Point, _ bytes: [UInt8]) -> CBOR {
        switch point {
        case .ed25519: .map([1: .integer(1), -1: .integer(6), -2: .bytes(bytes)])
        case .p256:
            .map([
                1: .integer(2), -1: .integer(1), -2: .bytes(Array(bytes.prefix(32))),
                -3: .bytes(Array(bytes.suffix(32))),
            ])
        }
    }

    /// The required members only: what a thumbprint is of.
    public var coseKey: CBOR { Self.coseKey(point, publicBytes) }

    /// A COSE_Key with its kid and algorithm.
    public var publishedCOSEKey: CBOR {
        .map(
            (coseKey.entries ?? []) + [
                CBOR.Entry(.integer(2), .bytes(kid)),
                CBOR.Entry(.integer(3), .integer(Int64(algorithm.rawValue))),
            ]
        )
    }

    /// The key of a COSE_Key: OKP with Ed25519, or EC2 on P-256 with full y.
    public init?(coseKey: CBOR) {
        guard let type = coseKey[1]?.integer, let curve = coseKey[-1]?.integer,
            let x = coseKey[-2]?.bytes
        else { return nil }
        if let stated = coseKey[3]?.integer, let algorithm = COSEAlgorithm(header: stated) {
            guard algorithm == (type == 1 ? .edDSA : .es256) else { return nil }
        }
        switch (type, curve) {
        case (1, 6): self.init(algorithm: .edDSA, publicBytes: x)
        case (2, 1):
            guard x.count == 32, let y = coseKey[-3]?.bytes, y.count == 32 else { return nil }
            self.init(algorithm: .es256, publicBytes: x + y)
        default: return nil
        }
    }

    /// The members of a JWK.
    public var jwk: [String: String] {
        var members = ["kid": Hex.text(kid), "alg": algorithm.name, "use": "sig"]
        switch point {
        case .ed25519:
            members["kty"] = "OKP"
            members["crv"] = "Ed25519"
            members["x"] = Base64URL.text(publicBytes)
        case .p256:
            members["kty"] = "EC"
            members["crv"] = "P-256"
            members["x"] = Base64URL.text(Array(publicBytes.prefix(32)))
            members["y"] = Base64URL.text(Array(publicBytes.suffix(32)))
        }
        return members
    }

    /// The key of a JWK's members, or of a vector's with hexadecimal coordinates.
    public init?(jwk: [String: Any]) {
        guard let curve = jwk["crv"] as? String, let x = Self.coordinate(jwk["x"]) else {
            return nil
        }
        switch curve {
        case "Ed25519": self.init(algorithm: .edDSA, publicBytes: x)
        case "P-256":
            guard let y = Self.coordinate(jwk["y"]) else { return nil }
            self.init(algorithm: .es256, publicBytes: x + y)
        default: return nil
        }
    }

    /// A JWK Set (RFC 7517 § 5), with stable bytes.
    public static func jwkSet(_ keys: [VerificationKey]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(["keys": keys.map(\.jwk)])).map(Array.init) ?? []
    }

    /// A COSE_KeySet (RFC 9052 § 7).
    public static func coseKeySet(_ keys: [VerificationKey]) -> [UInt8] {
        CBOR.array(keys.map(\.publishedCOSEKey)).encoded
    }

    private static func coordinate(_ value: Any?) -> [UInt8]? {
        guard let text = value as? String else { return nil }
        if text.utf8.count == 64, let bytes = Hex.bytes(text) { return bytes }
        guard let bytes = Base64URL.bytes(text), bytes.count == 32 else { return nil }
        return bytes
    }
}
