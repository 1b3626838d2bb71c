import Synchronization
public import TicketSeal
import UnionTicket

/// The private purpose keys: those of the sealed file, and where the others are.
///
/// Every key signs a test message before it is used: one of the file when the file is opened, one of
/// a token when it is first asked for, so that a token that is not connected hinders nobody else. A
/// service runs for months: a key that another process added to the file is found when it is wanted.
public struct SigningSecrets: Sendable {
    private let held: Held
    private let tokens: OpenTokens
    private let passphrase: String

    init(keys: [SigningKey], passphrase: String) {
        self.init(
            Held(Contents(keys: keys, placed: []), in: nil),
            OpenTokens { _ in "" },
            passphrase
        )
    }

    private init(_ held: Held, _ tokens: OpenTokens, _ passphrase: String) {
        (self.held, self.tokens, self.passphrase) = (held, tokens, passphrase)
    }

    /// Opens the register's key file and lets every key in it prove itself.
    ///
    /// - Parameters:
    ///   - directory: Where the file is.
    ///   - passphrase: The register's passphrase.
    ///   - pin: Gives the PIN of a token when a key is first wanted that it keeps.
    /// - Returns: The keys.
    /// - Throws: ``RegisterError``: the file is missing, the passphrase wrong, or a key fails its
    ///   self-test.
    public static func open(
        in directory: DataDirectory,
        passphrase: String,
        pin: @escaping @Sendable (PKCS11Token.Place) throws -> String = { _ in "" }
    ) throws -> SigningSecrets {
        SigningSecrets(
            Held(try Contents(in: directory, passphrase), in: directory),
            OpenTokens(pin),
            passphrase
        )
    }

    /// The private key with this kid.
    ///
    /// - Throws: ``PKCS11Error`` when its token does not open or does not hold it; ``RegisterError``
    ///   when the file has changed and cannot be read.
    func key(_ kid: [UInt8]) throws -> SigningKey? {
        if let key = try key(kid, among: held.contents) { return key }
        guard try held.reread(passphrase) else { return nil }
        return try key(kid, among: held.contents)
    }

    private func key(_ kid: [UInt8], among contents: Contents) throws -> SigningKey? {
        if let key = contents.keys.first(where: { $0.publicKey.kid == kid }) { return key }
        guard let found = contents.placed.first(where: { $0.key.kid == kid }) else { return nil }
        return try tokens.key(found)
    }

    /// The token at this place, opened with its PIN.
    func token(_ place: PKCS11Token.Place) throws -> PKCS11Token { try tokens.token(place) }

    func adding(_ key: SigningKey) -> SigningSecrets {
        var contents = held.contents
        if let place = key.token {
            contents.placed.append(PlacedKey(place: place, key: key.publicKey))
        } else {
            contents.keys.append(key)
        }
        return SigningSecrets(Held(contents, in: held.directory), tokens, passphrase)
    }

    /// Writes all keys into the sealed file, whole or not at all.
    func save(for register: Register) throws { try save(in: register.directory) }

    func save(in directory: DataDirectory) throws {
        let contents = held.contents
        let secrets = contents.keys.compactMap { key in
            key.privateBytes.map {
                CBOR.map([1: .integer(Int64(key.algorithm.rawValue)), 2: .bytes($0)])
            }
        }
        let before = try? Files.read(directory.signingKeysFile, atMost: 1 << 16)
        let sealed = try SealedFile.seal(
            CBOR.array(secrets + contents.placed.map(\.item)).encoded,
            passphrase: passphrase,
            purpose: .signingKeys,
            cost: before.flatMap(SealedFile.cost(of:))
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
        let sealed = try register.scheme.stretching {
            try SealedFile.seal(map.encoded, passphrase: passphrase, purpose: .signingKeys)
        }
        try Files.write(sealed, to: path)
        return identity
    }

    fileprivate static func damaged(_ directory: DataDirectory) -> RegisterError {
        RegisterError(
            .damaged,
            "Файл ключей \(directory.signingKeysFile) повреждён. Восстановите его из копии.",
            "The key file \(directory.signingKeysFile) is damaged. Restore it from a backup."
        )
    }
}

extension SigningSecrets {
    private static func missing(_ directory: DataDirectory) -> RegisterError {
        let path = directory.signingKeysFile
        return RegisterError(
            .keyUnusable,
            "Нет файла ключей подписи \(path). Верните его из копии (profbilet restore в другой каталог) "
                + "или смените ключи.",
            "The file of the signing keys, \(path), is missing. Bring it back from a backup "
                + "(profbilet restore into another directory), or replace the keys."
        )
    }

    /// What the key file holds.
    private struct Contents {
        var keys: [SigningKey]
        var placed: [PlacedKey]
        /// Which state of the file this is.
        var version: Files.Version?

        init(keys: [SigningKey], placed: [PlacedKey]) { (self.keys, self.placed) = (keys, placed) }

        init(in directory: DataDirectory, _ passphrase: String) throws {
            // Looked at first: what is written while it is read is read again.
            version = Files.Version(directory.signingKeysFile)
            guard Files.exists(directory.signingKeysFile) else { throw missing(directory) }
            let file = try Files.read(directory.signingKeysFile, atMost: 1 << 20)
            let bytes = try SealedKeyFile.open(
                file,
                passphrase,
                .signingKeys,
                path: directory.signingKeysFile
            )
            guard let items = try? CBOR(decoding: bytes).array else { throw damaged(directory) }
            (keys, placed) = ([], [])
            for item in items {
                if let found = PlacedKey(item) {
                    placed.append(found)
                    continue
                }
                guard let number = item[1]?.integer, let secret = item[2]?.bytes,
                    let algorithm = COSEAlgorithm(rawValue: Int(number)),
                    let key = SigningKey(algorithm: algorithm, privateBytes: secret),
                    try key.provesItself()
                else { throw damaged(directory) }
                keys.append(key)
            }
        }
    }

    /// The contents as they were read last, shared by all copies.
    private final class Held: Sendable {
        let directory: DataDirectory?
        private let latest: Mutex<Contents>

        init(_ contents: Contents, in directory: DataDirectory?) {
            self.directory = directory
            latest = Mutex(contents)
        }

        var contents: Contents { latest.withLock(\.self) }

        /// Reads the file again where it has changed since.
        func reread(_ passphrase: String) throws -> Bool {
            guard let directory else { return false }
            return try latest.withLock { contents in
                let version = Files.Version(directory.signingKeysFile)
                guard let version, version != contents.version else { return false }
                contents = try Contents(in: directory, passphrase)
                return true
            }
        }
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

extension SigningKey {
    /// The private part under a passphrase, for a file of its own.
    ///
    /// - Throws: ``RegisterError`` for a key that a token keeps.
    func sealed(_ passphrase: String, _ purpose: SealedFile.Purpose) throws -> [UInt8] {
        guard let bytes = privateBytes else {
            throw RegisterError(
                .keyUnusable,
                "Ключ хранится в токене и в файл не записывается.",
                "A token keeps this key: it cannot be written to a file."
            )
        }
        return try SealedFile.seal(bytes, passphrase: passphrase, purpose: purpose)
    }
}
