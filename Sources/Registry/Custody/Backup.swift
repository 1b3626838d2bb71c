import Foundation
import Glibc
import TicketSeal
public import UnionTicket

/// Encrypted copies of a running register, and what is checked before one is trusted.
///
/// `PBBK` 1, the length and bytes of the sealed content key, then a ``SealedStream`` of named parts:
/// register, member keys (once more under an epoch's key), sealed key files. The root key and the
/// erasure log are not in it.
public struct Backup: Sendable {
    let register: Register

    /// Backups of this register.
    public init(_ register: Register) { self.register = register }

    /// What a backup holds, as a check of it found.
    public struct Contents: Sendable, Equatable {
        /// When it was made.
        public let at: Instant
        /// The register it is of.
        public let registerId: String
        /// Members in it.
        public let members: Int
        /// Carriers in it.
        public let carriers: Int
        /// Last row of the audit log in it.
        public let auditHead: Int64
        /// What the checks complain of; empty when sound.
        public let complaints: [String]
    }

    static let magic = Array("PBBK".utf8) + [1]

    /// Writes an encrypted copy while others go on working; whole or not at all.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - passphrase: Seals the backup.
    ///   - secrets: Sign manifests that a crash left out, so that the next restore finds them.
    ///   - user: Who does it.
    /// - Throws: ``RegisterError``; then no file is left under the final name.
    public func write(
        to path: String,
        passphrase: String,
        secrets: SigningSecrets? = nil,
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.manageBackups)
        try Passphrase.require(passphrase)
        guard let database = register.database as? SQLiteDatabase,
            let keyStore = register.keyStore as? SQLiteDatabase
        else {
            throw RegisterError(
                .refused,
                "Реестр хранится в PostgreSQL: копируйте его средствами сервера (pg_dump).",
                "The register is in PostgreSQL: back it up with the server's own tools (pg_dump)."
            )
        }
        if let secrets, try register.read({ try Setting.mustReclaim.value(in: $0) == nil }) {
            try IssuanceManifest(register).mend(secrets: secrets)
        }
        try register.write { session in
            try AuditLog(register).record("backup.write", "backup", "", by: user, in: session)
        }
        try AuditLog(register).countersignHead()
        let scratch = try Scratch(beside: path)
        defer { scratch.remove() }
        // The register first: the key store, which only grows, then holds every key it needs.
        let (registerCopy, keysCopy) = (scratch.path + "/register", scratch.path + "/keys")
        do {
            try database.backup(to: registerCopy)
            try keyStore.backup(to: keysCopy)
        } catch let failure as DatabaseError { throw RegisterError(failure) }
        let epoch = try Epoch.current(
            register.directory,
            at: register.now(),
            passphrase: passphrase
        )
        let sealedKeys = scratch.path + "/keys.sealed"
        try Self.stream(from: keysCopy, to: sealedKeys) {
            try SealedStream(key: epoch.key).seal($0, $1)
        }
        var parts = [("register.sqlite", registerCopy), ("member-keys.\(epoch.name)", sealedKeys)]
        for (name, file) in [
            ("master.key", register.directory.masterKeyFile),
            ("signing.keys", register.directory.signingKeysFile),
            // A specimen's clock and numbers hang on it.
            ("profbilet.yaml", register.directory.settingsFile),
        ] where Files.exists(file) { parts.append((name, file)) }
        try Self.pack(parts, to: path, passphrase: passphrase)
    }

    /// Opens a backup into a scratch folder and checks everything a restore would rely on, the replay
    /// of the erasure log too.
    public static func verify(
        _ path: String,
        passphrase: String,
        masterPassphrase: String,
        directory: DataDirectory,
        now: @escaping @Sendable () -> Instant
    ) throws -> Contents {
        let scratch = try Scratch(beside: path)
        defer { scratch.remove() }
        let target = DataDirectory(path: scratch.path + "/restored")
        try unpack(path, passphrase: passphrase, epochs: directory, into: target)
        let register = try Register.open(in: target, passphrase: masterPassphrase, now: now)
        let erased =
            Files.exists(directory.erasureLog)
            ? try ErasureLog.read(directory.erasureLog, noErasures: false) : []
        let found = try contents(of: register, erased: Set(erased.map(\.member)))
        try ErasureLog(register).replay(erased)
        return found
    }

    /// What a register holds; `erased` are members whose keys were destroyed by the log outside backups.
    static func contents(of register: Register, erased: Set<Int64> = []) throws -> Contents {
        var complaints: [String] = []
        for store in [register.database, register.keyStore] {
            guard let store = store as? SQLiteDatabase else { continue }
            complaints += try store.integrityCheck() + store.foreignKeyCheck()
        }
        let finding = try AuditLog(register).verify()
        if case .intact = finding {} else { complaints.append("audit log: \(finding)") }
        let counts = try register.read { session in
            func number(_ sql: String) throws -> Int {
                Int(try session.first(sql, []) { $0.integer(0) } ?? 0)
            }
            return (
                members: try number("SELECT count(*) FROM member"),
                carriers: try number("SELECT count(*) FROM carrier"),
                head: try number("SELECT max(seq) FROM audit"),
                last: try number("SELECT max(at) FROM audit"),
                id: try Setting.registerId.value(in: session) ?? "",
                sample: try session.all("SELECT id FROM member ORDER BY id DESC LIMIT 100") {
                    $0.integer(0)
                }
            )
        }
        for member in counts.sample {
            let failure = register.failure(opening: member)
            // A destroyed key is an erasure, not a fault.
            if let failure, failure.code != .notFound {
                complaints.append("member \(member) does not open")
            }
        }
        let keyless = try MemberVault(register: register).keyless().count { !erased.contains($0) }
        if keyless > 0 { complaints.append("members without their keys: \(keyless)") }
        return Contents(
            at: Instant(seconds: Int64(counts.last)),
            registerId: counts.id,
            members: counts.members,
            carriers: counts.carriers,
            auditHead: Int64(counts.head),
            complaints: complaints
        )
    }
}

extension Register {
    fileprivate func failure(opening member: Int64) -> RegisterError? {
        do {
            _ = try read { try MemberFile(self).draft(of: member, in: $0) }
            return nil
        } catch { return error as? RegisterError }
    }
}

/// A folder for intermediate files beside a target, removed afterwards.
struct Scratch {
    let path: String

    init(beside target: String) throws(RegisterError) {
        path = "\(target).tmp-\(getpid())"
        Self.sweep(target)
        try Files.makeDirectory(path)
    }

    /// Removes what killed processes left beside the target.
    private static func sweep(_ target: String) {
        let url = URL(fileURLWithPath: target)
        let folder = url.deletingLastPathComponent().path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            for kind in ["tmp", "part"] where name.hasPrefix("\(url.lastPathComponent).\(kind)-") {
                let owner = name.split(separator: "-").last.flatMap { Int32($0) }
                guard let owner, owner == getpid() || kill(owner, 0) != 0 else { continue }
                try? FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
