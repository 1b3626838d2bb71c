import Glibc
import TicketSeal
import UnionTicket

/// The folder an office keeps: register, key files, audit head; readable by its owner only.
public struct DataDirectory: Sendable {
    /// Path of the folder.
    public let path: String
    /// A second place, outside the machine where possible, that gets the audit head every hour.
    public let auditHeads: String?

    /// The folder at `path`; it need not exist yet.
    public init(path: String, auditHeads: String? = nil) {
        self.path = path
        self.auditHeads = auditHeads
    }

    /// The register's own settings.
    public var settingsFile: String { path + "/profbilet.yaml" }
    /// The register when it is SQLite.
    public var registerFile: String { path + "/register.sqlite" }
    /// The members' data keys when the register is SQLite.
    public var keyStoreFile: String { path + "/member-keys.sqlite" }
    /// The master key, sealed by the office's passphrase.
    public var masterKeyFile: String { path + "/keys/master.key" }
    /// The purpose keys, sealed by the office's passphrase.
    public var signingKeysFile: String { path + "/keys/signing.keys" }
    /// The identity that signs packages in CMS, sealed by the office's passphrase.
    public var packageIdentityFile: String { path + "/keys/package.identity" }
    /// The root key, sealed by its own passphrase; may be taken away to a safe.
    public var rootKeyFile: String { path + "/keys/root.key" }
    /// The root key that takes over next.
    public var nextRootKeyFile: String { path + "/keys/root-next.key" }
    /// Signed records of destroyed data keys; kept outside backups.
    public var erasureLog: String { path + "/erasures.log" }
    /// Manifests of what was issued.
    public var issuances: String { path + "/issuances" }
    /// The newest snapshot of each event, for its stations to fetch.
    var snapshots: String { path + "/snapshots" }
    /// Where a snapshot of an event is kept.
    func snapshotFile(event: Int64, _ sequence: UInt64) -> String {
        "\(snapshots)/event-\(event)-\(sequence).cose"
    }
    private var auditHeadFile: String { path + "/audit.head" }

    /// Makes the folder and its `keys` folder with mode 0700; refuses one that holds a register.
    public func create() throws(RegisterError) {
        if Files.exists(masterKeyFile) || Files.exists(registerFile) {
            throw RegisterError(
                .refused,
                "В каталоге \(path) уже есть реестр. Выберите пустой каталог.",
                "The directory \(path) already holds a register. Choose an empty one."
            )
        }
        try Files.makeDirectory(path)
        try Files.makeDirectory(path + "/keys")
        try Files.makeDirectory(issuances)
    }

    /// Acts of destruction with extracts of the log, kept three years.
    public var acts: String { path + "/acts" }

    /// Every head of the audit chain that was written outside the database.
    struct AuditHeads {
        /// Hashes by sequence.
        var known: [Int64: [UInt8]] = [:]
        /// The first line that does not bear this register's code.
        var foreign: (place: String, number: Int)?
        /// A place that should be there and is not.
        var missing: String?
    }

    /// Reads both places; one without a single head is as good as missing.
    func auditHeads(_ secrets: RegisterSecrets) throws -> AuditHeads {
        var heads = AuditHeads()
        try read(auditHeadFile, isAppended: false, into: &heads, secrets)
        if let auditHeads { try read(auditHeads, isAppended: true, into: &heads, secrets) }
        return heads
    }

    /// Reads one place: of one that is appended to, a last line without its end is a write that was cut
    /// off, and passed over; one that is replaced as a whole is whole.
    private func read(
        _ place: String,
        isAppended: Bool,
        into heads: inout AuditHeads,
        _ secrets: RegisterSecrets
    ) throws {
        guard Files.exists(place) else {
            heads.missing = heads.missing ?? place
            return
        }
        let text = String(decoding: try Files.read(place, atMost: 1 << 24), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let isCut = !lines.removeLast().isEmpty
        if isCut, !isAppended { heads.foreign = heads.foreign ?? (place, lines.count + 1) }
        if lines.isEmpty { heads.missing = heads.missing ?? place }
        for (index, line) in lines.enumerated() {
            guard let head = Self.head(line: line), Self.isOurs(line, secrets),
                heads.known[head.sequence] ?? head.hash == head.hash
            else {
                heads.foreign = heads.foreign ?? (place, index + 1)
                continue
            }
            heads.known[head.sequence] = head.hash
        }
    }

    private static func isOurs(_ line: Substring, _ secrets: RegisterSecrets) -> Bool {
        guard let end = line.lastIndex(of: " ") else { return false }
        return Hex.text(secrets.audit.bytes(Array(line[..<end].utf8)))
            == line[line.index(after: end)...]
    }

    /// Writes the end of the audit chain beside the database, and hourly to the second place.
    ///
    /// A place without a head gets one only where `isFirst` says so: whoever took the head away must not
    /// have it replaced by the next command.
    func write(
        _ head: AuditLog.Head,
        at now: Instant,
        secrets: RegisterSecrets,
        isFirst: Bool
    ) throws {
        let line = Self.line(head, at: now, secrets: secrets)
        var before = AuditHeads()
        try read(auditHeadFile, isAppended: false, into: &before, secrets)
        // What somebody else wrote there is evidence, and stays.
        guard before.foreign == nil else { return }
        if auditHeads == nil, let old = before.known.keys.max(), old > head.sequence { return }
        if isFirst || before.missing == nil {
            try Files.write(Array(line.utf8), to: auditHeadFile)
        }
        guard let auditHeads else { return }
        let written =
            Files.exists(auditHeads)
            ? String(decoding: try Files.read(auditHeads, atMost: 1 << 24), as: UTF8.self) : ""
        guard isFirst || written.contains("\n") else { return }
        let last = written.split(separator: "\n").last?.split(separator: " ")
        if let last, last.count == 4, let at = Int64(last[2]), at + 3600 > now.seconds { return }
        try Files.append(Array(line.utf8), to: auditHeads)
    }

    private static func line(
        _ head: AuditLog.Head,
        at now: Instant,
        secrets: RegisterSecrets
    ) -> String {
        let text = "\(head.sequence) \(Hex.text(head.hash)) \(now.seconds)"
        return text + " " + Hex.text(secrets.audit.bytes(Array(text.utf8))) + "\n"
    }

    private static func head(line: Substring) -> AuditLog.Head? {
        let parts = line.split(separator: " ")
        guard parts.count == 4, let sequence = Int64(parts[0]), let hash = Hex.bytes(parts[1])
        else { return nil }
        return AuditLog.Head(sequence: sequence, hash: hash)
    }
}
