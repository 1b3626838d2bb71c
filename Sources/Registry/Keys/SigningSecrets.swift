public import TicketSeal
import UnionTicket

/// The private purpose keys: those of the sealed file, and where the others are.
///
/// Every key signs a test message before it is used: one of the file when the file is opened, one of
/// a token when it is first asked for, so that a token that is not connected hinders nobody else.
public struct SigningSecrets: Sendable {
    private let keys: [SigningKey]
    private let placed: [PlacedKey]
    private let tokens: OpenTokens
    private let passphrase: String

    init(
        keys: [SigningKey],
        placed: [PlacedKey] = [],
        tokens: OpenTokens = OpenTokens { _ in "" },
        passphrase: String
    ) {
        (self.keys, self.placed, self.tokens) = (keys, placed, tokens)
        self.passphrase = passphrase
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
        let file = try Files.read(directory.signingKeysFile, atMost: 1 << 20)
        let bytes = try SealedKeyFile.open(
            file,
            passphrase,
            .signingKeys,
            path: directory.signingKeysFile
        )
        guard let items = try? CBOR(decoding: bytes).array else { throw damaged(directory) }
        var (keys, placed): ([SigningKey], [PlacedKey]) = ([], [])
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
        return SigningSecrets(
            keys: keys,
            placed: placed,
            tokens: OpenTokens(pin),
            passphrase: passphrase
        )
    }

    /// The private key with this kid.
    ///
    /// - Throws: ``PKCS11Error`` when its token does not open or does not hold it.
    func key(_ kid: [UInt8]) throws -> SigningKey? {
        if let key = keys.first(where: { $0.publicKey.kid == kid }) { return key }
        guard let found = placed.first(where: { $0.key.kid == kid }) else { return nil }
        return try tokens.key(found)
    }

    /// The token at this place, opened with its PIN.
    func token(_ place: PKCS11Token.Place) throws -> PKCS11Token { try tokens.token(place) }

    func adding(_ key: SigningKey) -> SigningSecrets {
        let found = key.token.map { PlacedKey(place: $0, key: key.publicKey) }
        return SigningSecrets(
            keys: keys + (found == nil ? [key] : []),
            placed: placed + (found.map { [$0] } ?? []),
            tokens: tokens,
            passphrase: passphrase
        )
    }

    /// Writes all keys into the sealed file, whole or not at all.
    func save(for register: Register) throws { try save(in: register.directory) }

    func save(in directory: DataDirectory) throws {
        let secrets = keys.compactMap { key in
            key.privateBytes.map {
                CBOR.map([1: .integer(Int64(key.algorithm.rawValue)), 2: .bytes($0)])
            }
        }
        let before = try? Files.read(directory.signingKeysFile, atMost: 1 << 16)
        let sealed = try SealedFile.seal(
            CBOR.array(secrets + placed.map(\.item)).encoded,
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
