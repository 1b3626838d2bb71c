import Foundation
import Glibc
import TicketSeal
public import UnionTicket

/// Brings a backup back to life; the register then refuses to allot or sign until it is reclaimed.
public enum Restore {
    /// Opens a backup into an empty data directory.
    ///
    /// The erasure log, kept outside the backup, is replayed first: who was erased stays erased.
    ///
    /// `epochs` holds the epoch keys, usually the old data directory; `erasureLog` is nil only when
    /// `noErasures` is sworn.
    public static func run(
        _ path: String,
        into directory: DataDirectory,
        passphrase: String,
        masterPassphrase: String,
        epochs: DataDirectory,
        erasureLog: String?,
        noErasures: Bool,
        now: @escaping @Sendable () -> Instant
    ) throws -> Backup.Contents {
        guard !Files.exists(directory.registerFile), !Files.exists(directory.masterKeyFile) else {
            throw RegisterError(
                .refused,
                "В каталоге \(directory.path) уже есть реестр. Восстанавливайте в пустой каталог.",
                "The directory \(directory.path) holds a register. Restore into an empty one."
            )
        }
        let erased = try ErasureLog.read(erasureLog, noErasures: noErasures)
        let scratch = try Scratch(beside: directory.path)
        defer { scratch.remove() }
        let target = DataDirectory(path: scratch.path + "/data")
        try Backup.unpack(path, passphrase: passphrase, epochs: epochs, into: target)
        let contents = try revive(target, masterPassphrase, erased, epochs, erasureLog, now)
        if Files.exists(directory.path) { unsafe _ = rmdir(directory.path) }
        guard unsafe rename(target.path, directory.path) == 0 else {
            throw Files.failure(directory.path)
        }
        Files.syncDirectory(of: directory.path)
        return contents
    }

    private static func revive(
        _ target: DataDirectory,
        _ passphrase: String,
        _ erased: [ErasureLog.Entry],
        _ epochs: DataDirectory,
        _ erasureLog: String?,
        _ now: @escaping @Sendable () -> Instant
    ) throws -> Backup.Contents {
        let register = try Register.open(in: target, passphrase: passphrase, now: now)
        try ErasureLog(register).replay(erased)
        try register.write { session in
            try Setting.mustReclaim.set("1", in: session)
            try Setting.restoredAt.set("\(now().seconds)", in: session)
        }
        let contents = try Backup.contents(of: register)
        guard contents.complaints.isEmpty else {
            throw RegisterError(
                .damaged,
                "Копия не проходит проверку: \(contents.complaints[0]).",
                "The backup fails its check: \(contents.complaints[0])."
            )
        }
        if let erasureLog {
            try Files.write(try Files.read(erasureLog, atMost: 1 << 28), to: target.erasureLog)
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: epochs.path + "/keys")
        where file.hasPrefix("epoch-") || file.hasPrefix("root") {
            try Files.write(
                try Files.read(epochs.path + "/keys/" + file, atMost: 1 << 16),
                to: target.path + "/keys/" + file
            )
        }
        try AuditLog(register).countersignHead()
        for store in [register.database, register.keyStore] {
            (store as? SQLiteDatabase)?.close()
        }
        return contents
    }
}

/// Which members' data keys were destroyed: signed lines outside every backup.
struct ErasureLog {
    struct Entry {
        let member: Int64
        let line: String
    }

    let register: Register

    init(_ register: Register) { self.register = register }

    /// Destroys a member's data key, in the log first.
    func erase(_ member: Int64, at now: Instant) throws {
        try complete(at: now)
        try append(member, at: now)
        try destroyKey(of: member)
    }

    /// Who was erased and does not stand in the log: it was taken away, or is another register's.
    func missing() throws -> [Int64] {
        let path = register.directory.erasureLog
        let logged = Files.exists(path) ? try Self.read(path, noErasures: false) : []
        let known = Set(logged.map(\.member))
        return try register.read { session in
            try session.all("SELECT member_id FROM erased_record ORDER BY member_id") {
                $0.integer(0)
            }
        }.filter { !known.contains($0) }
    }

    /// Writes again what the log lacks: a restore with less of it would bring people back.
    func complete(at now: Instant) throws {
        for member in try missing() { try append(member, at: now) }
    }

    private func append(_ member: Int64, at now: Instant) throws {
        let text = "\(member) \(now.seconds)"
        let mac = Hex.text(register.secrets.audit.bytes(Array("erasure \(text)".utf8)))
        try Files.append(Array("\(text) \(mac)\n".utf8), to: register.directory.erasureLog)
    }

    /// Destroys the keys that a log names, after checking who signed it.
    func replay(_ entries: [Entry]) throws {
        for entry in entries {
            let parts = entry.line.split(separator: " ")
            let text = "erasure \(parts[0]) \(parts[1])"
            guard Hex.text(register.secrets.audit.bytes(Array(text.utf8))) == parts[2] else {
                throw RegisterError(
                    .damaged,
                    "Журнал уничтожений изменён: строка члена \(entry.member).",
                    "The erasure log was changed: the line of member \(entry.member)."
                )
            }
            try destroyKey(of: entry.member)
            try register.write { session in
                _ = try MemberErasure.clear(entry.member, at: register.now(), in: session)
            }
        }
    }

    /// Reads a log; refuses to go on without one.
    static func read(_ path: String?, noErasures: Bool) throws -> [Entry] {
        if noErasures { return [] }
        guard let path, Files.exists(path) else {
            throw RegisterError(
                .refused,
                "Нет журнала уничтожений (--erasure-log): без него стёртые данные вернулись бы. "
                    + "Если уничтожений не было, укажите --no-erasures.",
                "The erasure log is missing (--erasure-log): without it erased data would return. "
                    + "If nothing was ever erased, say --no-erasures."
            )
        }
        let text = String(decoding: try Files.read(path, atMost: 1 << 28), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ")
            guard parts.count == 3, let member = Int64(parts[0]), Int64(parts[1]) != nil else {
                throw RegisterError(
                    .damaged,
                    "Журнал уничтожений \(path) повреждён.",
                    "The erasure log \(path) is damaged."
                )
            }
            return Entry(member: member, line: String(line))
        }
    }

    private func destroyKey(of member: Int64) throws {
        do {
            try register.keyStore.write { session in
                try session.execute(
                    "DELETE FROM member_key WHERE member_id = $1",
                    [.integer(member)]
                )
            }
        } catch let failure as DatabaseError { throw RegisterError(failure) }
    }
}
