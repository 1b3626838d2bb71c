import TicketSeal
import UnionTicket

/// The opened private purpose keys; each signed a test message when it was opened.
public struct SigningSecrets: Sendable {
    private let keys: [SigningKey]
    private let passphrase: String

    init(keys: [SigningKey], passphrase: String) {
        self.keys = keys
        self.passphrase = passphrase
    }

    /// Opens the register's key file and lets every key prove itself.
    ///
    /// - Throws: ``RegisterError``: the file is missing, the passphrase wrong, or a key fails its
    ///   self-test.
    public static func open(
        in directory: DataDirectory,
        passphrase: String
    ) throws -> SigningSecrets {
        let file = try Files.read(directory.signingKeysFile, atMost: 1 << 20)
        let bytes = try SealedKeyFile.open(
            file,
            passphrase,
            .signingKeys,
            path: directory.signingKeysFile
        )
        guard let items = try? CBOR(decoding: bytes).array else { throw damaged(directory) }
        let keys = try items.map { item -> SigningKey in
            guard let number = item[1]?.integer, let secret = item[2]?.bytes,
                let algorithm = COSEAlgorithm(rawValue: Int(number)),
                let key = SigningKey(algorithm: algorithm, privateBytes: secret)
            else { throw damaged(directory) }
            let probe = Array("profbilet self-test".utf8)
            guard key.publicKey.isValid(signature: try key.sign(probe), for: probe) else {
                throw damaged(directory)
            }
            return key
        }
        return SigningSecrets(keys: keys, passphrase: passphrase)
    }

    /// The private key with this kid.
    func key(_ kid: [UInt8]) -> SigningKey? { keys.first { $0.publicKey.kid == kid } }

    func adding(_ key: SigningKey) -> SigningSecrets {
        SigningSecrets(keys: keys + [key], passphrase: passphrase)
    }

    /// Writes all keys into the sealed file, whole or not at all.
    func save(for register: Register) throws { try save(in: register.directory) }

    func save(in directory: DataDirectory) throws {
        let items = CBOR.array(
            keys.map { key in
                CBOR.map([
                    1: .integer(Int64(key.algorithm.rawValue)), 2: .bytes(key.privateBytes),
                ])
            }
        )
        let sealed = try SealedFile.seal(
            items.encoded,
            passphrase: passphrase,
            purpose: .signingKeys
        )
        try Files.write(sealed, to: directory.signingKeysFile)
    }

    /// The identity that signs packages in CMS; made with its file when first needed.
    func packageIdentity(for register: Register) throws -> PackageIdentity {
        let path = register.directory.packageIdentityFile
        if Files.exists(path) {
            let file = try Files.read(path, atMost: 1 << 16)
            let bytes = try SealedKeyFile.open(file, passphrase, .signingKeys, path: path)
            guard let map = try? CBOR(decoding: bytes), let key = map[1]?.bytes,
                let certificate = map[2]?.bytes
            else { throw Self.damaged(register.directory) }
            return PackageIdentity(key: key, certificate: certificate)
        }
        let identity = try PackageIdentity(
            name: "ProfBilet packages",
            now: register.now().seconds
        )
        let map = CBOR.map([1: .bytes(identity.key), 2: .bytes(identity.certificate)])
        let sealed = try SealedFile.seal(
            map.encoded,
            passphrase: passphrase,
            purpose: .signingKeys
        )
        try Files.write(sealed, to: path)
        return identity
    }

    private static func damaged(_ directory: DataDirectory) -> RegisterError {
        RegisterError(
            .damaged,
            "Файл ключей \(directory.signingKeysFile) повреждён. Восстановите его из копии.",
            "The key file \(directory.signingKeysFile) is damaged. Restore it from a backup."
        )
    }
}

/// Sealed key files with refusals in the user's words.
enum SealedKeyFile {
    static func open(
        _ file: [UInt8],
        _ passphrase: String,
        _ purpose: SealedFile.Purpose,
        path: String
    ) throws(RegisterError) -> [UInt8] {
        do {
            return try SealedFile.open(file, passphrase: passphrase, purpose: purpose)
        } catch {
            switch error {
            case .wrongPassphrase:
                throw RegisterError(
                    .wrongPassphrase,
                    "Парольная фраза не открывает \(path). Проверьте её.",
                    "The passphrase does not open \(path). Check it."
                )
            case .wrongPurpose, .notSealedFile:
                throw RegisterError(
                    .damaged,
                    "Файл \(path) — не тот файл ключа или повреждён.",
                    "The file \(path) is not the right key file, or is damaged."
                )
            }
        }
    }
}
