import Crypto
import Foundation

/// A signature algorithm of COSE (RFC 9053 § 2).
public enum COSEAlgorithm: Int, Sendable, CaseIterable {
    /// EdDSA with Ed25519; signatures are deterministic.
    case edDSA = -8
    /// ECDSA with SHA-256 on P-256; raw r‖s.
    case es256 = -7

    /// The name JOSE uses: `EdDSA`, `ES256`.
    public var name: String { self == .edDSA ? "EdDSA" : "ES256" }

    /// The algorithm of this JOSE name.
    public init?(name: String) {
        switch name {
        case "EdDSA": self = .edDSA
        case "ES256": self = .es256
        default: return nil
        }
    }

    /// The algorithm of a number in a header, the fully specified ones (RFC 9864) included.
    init?(header: Int64) {
        switch header {
        case -8, -19: self = .edDSA
        case -7, -9: self = .es256
        default: return nil
        }
    }
}

/// A private key that signs 64 raw bytes.
public struct SigningKey: Sendable {
    private enum Secret {
        case ed25519(Curve25519.Signing.PrivateKey)
        case p256(P256.Signing.PrivateKey)
        case token(PKCS11Token)
    }

    private let secret: Secret
    /// The key that verifies what this one signs.
    public let publicKey: VerificationKey

    /// A new key of the system's generator.
    public static func generate(_ algorithm: COSEAlgorithm) -> SigningKey {
        switch algorithm {
        case .edDSA: SigningKey(Curve25519.Signing.PrivateKey())
        case .es256: SigningKey(P256.Signing.PrivateKey())
        }
    }

    /// The key with these 32 private bytes, or nil when they are none.
    public init?(algorithm: COSEAlgorithm, privateBytes: [UInt8]) {
        switch algorithm {
        case .edDSA:
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: privateBytes)
            else { return nil }
            self.init(key)
        case .es256:
            guard let key = try? P256.Signing.PrivateKey(rawRepresentation: privateBytes)
            else { return nil }
            self.init(key)
        }
    }

    /// The private key that belongs to `publicKey`, which a token holds and does not give out.
    public init(token: PKCS11Token, publicKey: VerificationKey) {
        (secret, self.publicKey) = (.token(token), publicKey)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        (secret, publicKey) = (.ed25519(key), VerificationKey(.ed25519(key.publicKey)))
    }

    private init(_ key: P256.Signing.PrivateKey) {
        (secret, publicKey) = (.p256(key), VerificationKey(.p256(key.publicKey)))
    }

    /// What the key signs with.
    public var algorithm: COSEAlgorithm { publicKey.algorithm }

    /// The 32 private bytes, to be sealed; nil when a token keeps them.
    public var privateBytes: [UInt8]? {
        switch secret {
        case .ed25519(let key): Array(key.rawRepresentation)
        case .p256(let key): Array(key.rawRepresentation)
        case .token: nil
        }
    }

    /// Where the token is that keeps the private key; nil for a key in memory.
    public var token: PKCS11Token.Place? {
        if case .token(let token) = secret { token.place } else { nil }
    }

    /// Signs a message and checks the signature: what a key store must do before it is relied on.
    ///
    /// - Returns: False when the signature does not fit the public key.
    /// - Throws: ``PKCS11Error`` when a token does not sign.
    public func provesItself() throws -> Bool {
        let probe = Array("profbilet self-test".utf8)
        return publicKey.isValid(signature: try sign(probe), for: probe)
    }

    /// Signs a message: 64 bytes.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        switch secret {
        case .ed25519(let key): Array(try key.signature(for: message))
        case .p256(let key): Array(try key.signature(for: message).rawRepresentation)
        case .token(let token): try token.sign(message, for: publicKey)
        }
    }
}

extension SigningKey: CustomStringConvertible {
    /// Never the secret.
    public var description: String { "SigningKey(\(publicKey))" }
}
