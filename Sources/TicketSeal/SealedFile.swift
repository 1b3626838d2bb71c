import Crypto
import CryptoExtras
import Foundation

/// A small secret under a passphrase: scrypt (RFC 7914) for the key, AES-256-GCM for the seal.
///
/// `PBSF` 1, purpose, log₂ N, r, p, salt (16 bytes), then nonce, cipher text and tag; everything
/// before the nonce is authenticated with it.
public enum SealedFile {
    /// What a sealed file is for; one cannot be opened as another.
    public enum Purpose: UInt8, Sendable, CaseIterable {
        /// The register's master key.
        case masterKey = 1
        /// The root key of the trust bundle.
        case rootKey = 2
        /// All purpose keys.
        case signingKeys = 3
        /// A user's signing key.
        case userKey = 4
        /// The key of one backup.
        case backupKey = 5
        /// An epoch's key over backed-up data keys.
        case epochKey = 6
        /// The keys of all names of an event snapshot.
        case nameIndex = 7
        /// A station's signing key and lease key.
        case stationKeys = 8
        /// An operator's name under the operator's PIN.
        case operatorPIN = 9
        /// Keys of specimen chips, for tests and demonstrations.
        case chipKeys = 10
    }

    /// Why a file does not open.
    public enum Refusal: Error, Equatable, Sendable {
        /// Not a sealed file of ours, or cut short.
        case notSealedFile
        /// Sealed for something else.
        case wrongPurpose
        /// The passphrase is wrong, or the file was changed.
        case wrongPassphrase
    }

    private static let magic = Array("PBSF".utf8) + [1]
    private static let headerLength = 5 + 4 + 16

    /// log₂ of scrypt's N where a caller names none: a tenth of a second and 32 MB.
    ///
    /// Unit tests make hundreds of registers and seal them cheaper; a file tells its own cost.
    @TaskLocal package static var cost: UInt8 = 15

    /// Seals a secret.
    ///
    /// `cost` is log₂ of scrypt's N; nil takes ``cost``.
    public static func seal(
        _ secret: [UInt8],
        passphrase: String,
        purpose: Purpose,
        cost: UInt8? = nil
    ) throws -> [UInt8] {
        let salt = Array(FieldSeal.randomKey().prefix(16))
        let header = magic + [purpose.rawValue, cost ?? Self.cost, 8, 1] + salt
        let key = try key(passphrase, header)
        return header + (try FieldSeal(key: key).seal(secret, for: header))
    }

    /// The cost that a sealed file was made with; nil for what is none.
    package static func cost(of file: [UInt8]) -> UInt8? {
        guard file.count > headerLength, file.starts(with: magic) else { return nil }
        return file[6]
    }

    /// Opens a sealed secret.
    ///
    /// - Throws: ``Refusal``.
    public static func open(
        _ file: [UInt8],
        passphrase: String,
        purpose: Purpose
    ) throws(Refusal) -> [UInt8] {
        guard file.count > headerLength + 28, file.starts(with: magic) else {
            throw .notSealedFile
        }
        let header = Array(file[..<headerLength])
        guard header[5] == purpose.rawValue else { throw .wrongPurpose }
        // Bounds on what a stranger's file may cost to open: 256 MB.
        guard (10...18).contains(header[6]), header[7] == 8, header[8] == 1 else {
            throw .notSealedFile
        }
        guard let key = try? key(passphrase, header),
            let secret = try? FieldSeal(key: key).open(Array(file[headerLength...]), for: header)
        else { throw .wrongPassphrase }
        return secret
    }

    private static func key(_ passphrase: String, _ header: [UInt8]) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(passphrase.precomposedStringWithCanonicalMapping.utf8),
            salt: Array(header[9...]),
            outputByteCount: 32,
            rounds: 1 << Int(header[6]),
            blockSize: Int(header[7]),
            parallelism: Int(header[8]),
            maxMemory: 512 << 20
        )
        return unsafe key.withUnsafeBytes { unsafe Array($0) }
    }
}
