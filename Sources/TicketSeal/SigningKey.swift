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
    }

    private let secret: Secret
    /// The key that verifies what this one signs.
    public let publicKey: VerificationKey

    /// A new key of the system's generator.
    public static func generate(_ algorithm: COSEAlgorithm) -> SigningKey {
        switch algorithm {
        case .edDSA: SigningKey(.ed25519(Curve25519.Signing.PrivateKey()))
        case .es256: SigningKey(.p256(P256.Signing.PrivateKey()))
        }
    }

    /// The key with these 32 private bytes, or nil when they are none.
    public init?(algorithm: COSEAlgorithm, privateBytes: [UInt8]) {
        switch algorithm {
        case .edDSA:
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: privateBytes)
            else { return nil }
            self.init(.ed25519(key))
        case .es256:
            guard let key = try? P256.Signing.PrivateKey(rawRepresentation: privateBytes)
            else { return nil }
            self.init(.p256(key))
        }
    }

    private init(_ secret: Secret) {
        self.secret = secret
        switch secret {
        case .ed25519(let key): publicKey = VerificationKey(.ed25519(key.publicKey))
        case .p256(let key): publicKey = VerificationKey(.p256(key.publicKey))
        }
    }

    /// What the key signs with.
    public var algorithm: COSEAlgorithm { publicKey.algorithm }

    /// The 32 private bytes, to be sealed.
    public var privateBytes: [UInt8] {
        switch secret {
        case .ed25519(let key): Array(key.rawRepresentation)
        case .p256(let key): Array(key.rawRepresentation)
        }
    }

    /// Signs a message: 64 bytes.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        switch secret {
        case .ed25519(let key): Array(try key.signature(for: message))
        case .p256(let key): Array(try key.signature(for: message).rawRepresentation)
        }
    }
}

extension SigningKey: CustomStringConvertible {
    /// Never the secret.
    public var description: String { "SigningKey(\(publicKey))" }
}
