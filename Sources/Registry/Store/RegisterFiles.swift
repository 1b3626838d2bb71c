import Glibc
public import TicketSeal
public import UnionTicket

/// Making and opening a register.
extension Register {
    /// Where the register's tables are.
    public enum Location: Sendable, Equatable {
        /// Files in the data directory.
        case embedded
        /// A PostgreSQL server, by a libpq connection string.
        case postgres(String)
    }

    /// What a new register is made with.
    public struct Plan: Sendable {
        /// Specimen numbers never verify in production.
        public var scheme = TicketNumber.Scheme.production
        /// Where status lists will be published; a list's number is appended.
        public var listBase = "https://epb.example.ru/v1/status-lists/"
        /// The first administrator.
        public var administrator = ""
        /// That person's own passphrase.
        public var administratorPassphrase = ""
        /// Seals the master key and the purpose keys.
        public var passphrase = ""
        /// Seals the root key.
        public var rootPassphrase = ""

        /// A plan to be filled in.
        public init() {}
    }

    /// Makes the data directory, the keys, the tables and the first user.
    ///
    /// - Throws: ``RegisterError``: the directory holds a register, or a passphrase is too short.
    public static func create(
        in directory: DataDirectory,
        _ plan: Plan,
        location: Location = .embedded,
        now: @escaping @Sendable () -> Instant
    ) throws -> Register {
        for passphrase in [plan.passphrase, plan.rootPassphrase, plan.administratorPassphrase] {
            try Passphrase.require(passphrase)
        }
        return try plan.scheme.stretching {
            try make(in: directory, plan, location: location, now: now)
        }
    }

    private static func make(
        in directory: DataDirectory,
        _ plan: Plan,
        location: Location,
        now: @escaping @Sendable () -> Instant
    ) throws -> Register {
        try directory.create()
        let master = FieldSeal.randomKey()
        let root = SigningKey.generate(.edDSA)
        let next = SigningKey.generate(.edDSA)
        try writeKeys(directory, plan, master: master, root: root, next: next)
        let (database, keyStore) = try stores(directory, location)
        try prepare(database, keyStore, at: now())
        try database.write { session in
            for counter in Counter.allCases {
                try session.execute(
                    "INSERT INTO counter (name, value) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING",
                    [.text(counter.rawValue)]
                )
            }
            try Setting.registerId.set(
                Hex.text(FieldSeal.randomKey().prefix(16)),
                in: session
            )
            try Setting.scheme.set("\(plan.scheme.rawValue)", in: session)
            try Setting.createdAt.set("\(now().seconds)", in: session)
            try Setting.listBase.set(plan.listBase, in: session)
            try Setting.rootThumbprints.set(
                [root, next].map { Hex.text($0.publicKey.thumbprint) }.joined(separator: ","),
                in: session
            )
        }
        let register = try Register(
            database: database,
            keyStore: keyStore,
            secrets: RegisterSecrets(master: master),
            directory: directory,
            now: now
        )
        try UserDirectory(register).addFirst(
            plan.administrator,
            passphrase: plan.administratorPassphrase
        )
        try register.makePurposeKeys(plan, root: root)
        // The master key is written last: a directory without it holds no register.
        try Files.write(
            try SealedFile.seal(master, passphrase: plan.passphrase, purpose: .masterKey),
            to: directory.masterKeyFile
        )
        try AuditLog(register).countersignHead(isFirst: true)
        return register
    }

    /// Opens the register of a data directory.
    ///
    /// - Throws: ``RegisterError``: there is none, or the passphrase does not open its master key.
    public static func open(
        in directory: DataDirectory,
        passphrase: String,
        location: Location = .embedded,
        now: @escaping @Sendable () -> Instant
    ) throws -> Register {
        guard Files.exists(directory.masterKeyFile) else {
            if Files.exists(directory.registerFile) || Files.exists(directory.signingKeysFile) {
                throw missingKeys(
                    directory.masterKeyFile,
                    Bilingual(
                        ". Если здесь прервали profbilet init, удалите каталог и повторите его",
                        ". Where profbilet init was cut short, delete the directory and repeat it"
                    )
                )
            }
            throw RegisterError(
                .notFound,
                "В каталоге \(directory.path) нет реестра. Создайте его: profbilet init --data "
                    + "\(directory.path)",
                "There is no register in \(directory.path). Make one: profbilet init --data "
                    + "\(directory.path)"
            )
        }
        let file = try Files.read(directory.masterKeyFile, atMost: 1 << 16)
        let master = try SealedKeyFile.open(
            file,
            passphrase,
            .masterKey,
            path: directory.masterKeyFile
        )
        do {
            let (database, keyStore) = try stores(directory, location, mustExist: true)
            try prepare(database, keyStore, at: now())
            let register = try Register(
                database: database,
                keyStore: keyStore,
                secrets: RegisterSecrets(master: master),
                directory: directory,
                now: now
            )
            guard try MemberVault(register: register).fits() else {
                throw missingKeys(directory.keyStoreFile)
            }
            return register
        } catch let failure as DatabaseError { throw RegisterError(failure) }
    }

    /// A file without which the members' records stay sealed; it is never made anew.
    private static func missingKeys(
        _ file: String,
        _ more: Bilingual = Bilingual("", "")
    ) -> RegisterError {
        RegisterError(
            .keyUnusable,
            "Нет файла \(file) или он пуст: без него записи реестра не открыть. Верните его или "
                + "восстановите копию в пустой каталог: profbilet restore\(more.russian).",
            "The file \(file) is missing or empty: without it the register's records stay sealed. "
                + "Put it back, or restore a backup into an empty directory: profbilet "
                + "restore\(more.english)."
        )
    }

    /// Opens the root key from the data directory or from where it was taken to.
    public static func rootKey(at path: String, passphrase: String) throws -> SigningKey {
        let file = try Files.read(path, atMost: 1 << 16)
        let secret = try SealedKeyFile.open(file, passphrase, .rootKey, path: path)
        guard let key = SigningKey(algorithm: .edDSA, privateBytes: secret) else {
            throw RegisterError(
                .damaged,
                "Корневой ключ \(path) повреждён.",
                "The root key \(path) is damaged."
            )
        }
        return key
    }

    static func stores(
        _ directory: DataDirectory,
        _ location: Location,
        mustExist: Bool = false
    ) throws -> (any Database, any Database) {
        switch location {
        case .embedded:
            if mustExist, !Files.exists(directory.registerFile) {
                throw RegisterError(
                    .notFound,
                    "Нет файла \(directory.registerFile). Восстановите его: profbilet restore.",
                    "The file \(directory.registerFile) is missing. Restore it: profbilet restore."
                )
            }
            if mustExist, !Files.exists(directory.keyStoreFile) {
                throw missingKeys(directory.keyStoreFile)
            }
            return (
                try SQLiteDatabase(
                    path: directory.registerFile,
                    options: SQLiteOptions(secureDelete: true)
                ),
                try SQLiteDatabase(
                    path: directory.keyStoreFile,
                    options: SQLiteOptions(secureDelete: true, cacheMegabytes: 8)
                )
            )
        case .postgres(let connection):
            let database = try PostgresDatabase(connection)
            return (database, database)
        }
    }

    private static func prepare(
        _ database: any Database,
        _ keyStore: any Database,
        at now: Instant
    ) throws {
        do {
            try Migrations(RegisterSchema.migrations).apply(to: database, at: now)
            guard database !== keyStore else { return }
            try Migrations(MemberVault.migrations).apply(to: keyStore, at: now)
        } catch let failure as DatabaseError { throw RegisterError(failure) }
    }

    private static func writeKeys(
        _ directory: DataDirectory,
        _ plan: Plan,
        master: [UInt8],
        root: SigningKey,
        next: SigningKey
    ) throws {
        for (key, path) in [(root, directory.rootKeyFile), (next, directory.nextRootKeyFile)] {
            try Files.write(try key.sealed(plan.rootPassphrase, .rootKey), to: path)
        }
    }

    private func makePurposeKeys(_ plan: Plan, root: SigningKey) throws {
        let purposes: [KeyPurpose] = [.plastic, .virtual, .status, .snapshot, .package]
        let keys = purposes.map { (purpose: $0, key: SigningKey.generate(.edDSA)) }
        try SigningSecrets(keys: keys.map(\.key), passphrase: plan.passphrase).save(in: directory)
        let ring = KeyRing(self)
        try write { session in
            for (purpose, key) in keys {
                try ring.insert(key.publicKey, purpose, state: .active, in: session)
            }
            try ring.sign(root, in: session)
        }
    }
}

extension MemberVault {
    /// The key store's own table.
    static let table = """
        CREATE TABLE member_key (
            member_id {int} NOT NULL PRIMARY KEY,
            wrapped {blob} NOT NULL
        ) {strict};
        """

    /// The steps of a key store apart from the register.
    static let migrations = [Migration(number: 1, name: "member keys") { _ in table }]
}
