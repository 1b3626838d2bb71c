import Glibc
import TicketSeal
import UnionTicket

/// Puts the next root key in the present one's place and publishes another next one.
///
/// Every bundle names the present and the next root, so readers know a root long before it signs.
/// The replacement is one bundle, signed by the next root and naming it with its successor; the old
/// root is not needed and may be lost. The key files follow: a killed replacement is completed by the
/// next call.
public struct RootReplacement: Sendable {
    let register: Register
    let present: String
    let next: String

    /// The replacement of this register's root.
    ///
    /// - Parameters:
    ///   - register: Whose root it is.
    ///   - present: File of the present root, wherever it was taken to; may be missing.
    ///   - next: File of the next root.
    public init(_ register: Register, present: String? = nil, next: String? = nil) {
        self.register = register
        self.present = present ?? register.directory.rootKeyFile
        self.next = next ?? register.directory.nextRootKeyFile
    }

    /// How long a root is published before it takes over: stations fetch bundles rarely.
    public static let lead: Int64 = 30 * 86_400

    /// What stands after a replacement.
    public struct Result: Sendable, Equatable {
        /// Thumbprints of the present and the next root, to be pinned by new readers.
        public let thumbprints: [[UInt8]]
        /// Whether only the files of a replacement cut short had to follow.
        public let wasCompleted: Bool
    }

    /// Replaces the root.
    ///
    /// - Parameters:
    ///   - passphrase: Seals the next root and the one after it.
    ///   - immediately: Without the time of publication, for a root that leaked.
    ///   - user: Who does it.
    ///   - second: Another administrator, needed where there is one.
    /// - Returns: The roots from now on.
    /// - Throws: ``RegisterError``; then the roots are as they were.
    public func run(
        passphrase: String,
        immediately: Bool = false,
        by user: SignedInUser,
        second: SignedInUser? = nil
    ) throws -> Result {
        try user.requireEverywhere(.manageKeys)
        try register.write { session in
            try register.requireReclaimed(session)
            try FourEyes.require(
                second,
                beside: user,
                for: "key/root",
                of: register,
                in: session
            )
        }
        if try settle(passphrase) {
            return Result(thumbprints: try pinned(), wasCompleted: true)
        }
        try requireLead(immediately)
        let root = try Register.rootKey(at: next, passphrase: passphrase)
        guard try pinned().last == root.publicKey.thumbprint else {
            throw RegisterError(
                .keyUnusable,
                "\(next) — не следующий корневой ключ данного реестра.",
                "\(next) is not the next root key of this register."
            )
        }
        let successor = SigningKey.generate(.edDSA)
        try Files.write(try successor.sealed(passphrase, .rootKey), to: successorFile)
        try register.write { session in
            let roots = [root, successor].map(\.publicKey.thumbprint)
            try Setting.rootThumbprints.set(
                roots.map { Hex.text($0) }.joined(separator: ","),
                in: session
            )
            try Setting.nextRootSince.set("\(register.now().seconds)", in: session)
            try KeyRing(register).sign(root, in: session)
            try RootChanges.add([try Counter.trustBundle.last(in: session)], in: session)
            let kid = Hex.text(root.publicKey.kid)
            try AuditLog(register).record("keys.root", "key/\(kid)", "", by: user, in: session)
        }
        _ = try settle(passphrase)
        return Result(thumbprints: try pinned(), wasCompleted: false)
    }

    private var successorFile: String { next + ".new" }

    private func pinned() throws -> [[UInt8]] {
        try register.read { session in
            (try Setting.rootThumbprints.value(in: session) ?? "").split(separator: ",")
                .compactMap { Hex.bytes($0) }
        }
    }

    private func requireLead(_ immediately: Bool) throws {
        let since = try register.read { session in
            let text = try Setting.nextRootSince.value(in: session)
            return Int64(try text ?? Setting.createdAt.value(in: session) ?? "") ?? 0
        }
        let until = Instant(seconds: since) + Self.lead
        guard immediately || until <= register.now() else {
            throw RegisterError(
                .refused,
                "Следующий корневой ключ опубликован менее 30 суток назад. Подождите до "
                    + "\(until.moscowDate.russian) или укажите --now.",
                "The next root key was published less than 30 days ago. Wait until "
                    + "\(until.moscowDate.iso) or say --now."
            )
        }
    }

    /// Lets the files follow what the register says; true when a replacement was completed.
    private func settle(_ passphrase: String) throws -> Bool {
        guard Files.exists(successorFile) else { return false }
        let successor = try Register.rootKey(at: successorFile, passphrase: passphrase)
        guard try pinned().last == successor.publicKey.thumbprint else {
            // Killed before anything was signed.
            unsafe unlink(successorFile)
            return false
        }
        if Files.exists(next) {
            if Files.exists(present) { try rename(present, to: present + ".retired") }
            try rename(next, to: present)
        }
        try rename(successorFile, to: next)
        return true
    }

    private func rename(_ path: String, to target: String) throws {
        guard unsafe Glibc.rename(path, target) == 0 else { throw Files.failure(target) }
        Files.syncDirectory(of: target)
    }
}

/// The bundles with which roots changed: readers that were away follow them one by one.
enum RootChanges {
    static func sequences(in session: any DatabaseSession) throws -> [Int64] {
        (try Setting.rootChanges.value(in: session) ?? "").split(separator: ",")
            .compactMap { Int64($0) }
    }

    static func add(_ sequences: [Int64], in session: any DatabaseSession) throws {
        let all = Set(try self.sequences(in: session) + sequences).sorted()
        try Setting.rootChanges.set(
            all.map(String.init).joined(separator: ","),
            in: session
        )
    }

    /// Every such bundle, oldest first.
    static func bundles(
        in session: any DatabaseSession
    ) throws -> [(sequence: Int64, bytes: [UInt8])] {
        try sequences(in: session).compactMap { sequence in
            try session.first(
                "SELECT bytes FROM trust_bundle WHERE sequence = $1",
                [.integer(sequence)]
            ) { (sequence, $0.blob(0)) }
        }
    }
}
