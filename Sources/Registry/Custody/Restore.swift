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
    /// What may have been used or revoked since the backup is ended or waits for a confirmation
    /// (``Outcome``).
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
    ) throws -> Outcome {
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
        let outcome = try revive(target, masterPassphrase, erased, epochs, erasureLog, now)
        if Files.exists(directory.path) { unsafe _ = rmdir(directory.path) }
        guard unsafe rename(target.path, directory.path) == 0 else {
            throw Files.failure(directory.path)
        }
        Files.syncDirectory(of: directory.path)
        return outcome
    }

    private static func revive(
        _ target: DataDirectory,
        _ passphrase: String,
        _ erased: [ErasureLog.Entry],
        _ epochs: DataDirectory,
        _ erasureLog: String?,
        _ now: @escaping @Sendable () -> Instant
    ) throws -> Outcome {
        let register = try Register.open(in: target, passphrase: passphrase, now: now)
        // Of the copy as it was made: the replay goes on in its audit log.
        let contents = try Backup.contents(of: register, erased: Set(erased.map(\.member)))
        guard contents.complaints.isEmpty else {
            throw RegisterError(
                .damaged,
                "Копия не проходит проверку: \(contents.complaints[0]).",
                "The backup fails its check: \(contents.complaints[0])."
            )
        }
        let ended = try register.write { session in
            try Setting.mustReclaim.set("1", in: session)
            try Setting.restoredAt.set("\(now().seconds)", in: session)
            let members = try Counter.member.last(in: session)
            try Setting.restoredMembers.set("\(members)", in: session)
            // Whoever is entered from now on is nobody of whom the log speaks.
            try Counter.member.pass(erased.map(\.member).max() ?? 0, in: session)
            return try endAccess(of: register, in: session)
        }
        try ErasureLog(register).replay(erased)
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
        try AuditLog(register).countersignHead(isFirst: true)
        for store in [register.database, register.keyStore] {
            (store as? SQLiteDatabase)?.close()
        }
        return Outcome(
            contents: contents,
            codes: ended.codes,
            enrolments: ended.enrolments,
            clients: ended.clients
        )
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

    /// Destroys the keys that a log names, after checking who signed it, and ends what the erased
    /// people still are in this register: a membership, cards, orders.
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
                guard try isUnaware(of: entry.member, in: session) else { return }
                let user = try SignedInUser.restoring(session)
                try end(entry.member, by: user, in: session)
                try MemberErasure(register).clear(entry.member, at: register.now(), in: session)
                try AuditLog(register).record(
                    "member.erase",
                    "member/\(entry.member)",
                    Self.reason,
                    by: user,
                    in: session
                )
                try ConsentWithdrawals(register).settleErased(entry.member, by: user, in: session)
            }
        }
    }

    private static let reason = "erasure log"

    /// Whether the backup was made before the erasure.
    private func isUnaware(
        of member: Int64,
        in session: any DatabaseSession
    ) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM member m WHERE m.id = $1
            AND NOT EXISTS (SELECT 1 FROM erased_record e WHERE e.member_id = m.id)
            """,
            [.integer(member)]
        ) { $0.integer(0) } != nil
    }

    /// Whoever was erased had left before, and nothing about them waited for a decision.
    private func end(
        _ member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let state = try session.first(
            "SELECT state FROM member WHERE id = $1",
            [.integer(member)]
        ) { MemberStatus(rawValue: $0.text(0)) }
        if let state = state ?? nil, state.successors.contains(.left) {
            try MemberFile(register)
                .change(member, to: .left, reason: Self.reason, by: user, in: session)
        }
        try session.execute(
            """
            UPDATE conflict SET resolution = $1, resolved_by = $2, resolved_at = $3
            WHERE member_id = $4 AND resolution IS NULL
            """,
            [
                .text(ConflictQueue.Resolution.keep.rawValue), .integer(user.id),
                .integer(register.now().seconds), .integer(member),
            ]
        )
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

extension SignedInUser {
    /// Who acts in a restore, before anybody has signed in: rows bear the first account's id, and
    /// histories name the restore.
    fileprivate static func restoring(_ session: any DatabaseSession) throws -> SignedInUser {
        let first = try session.first("SELECT min(id) FROM app_user") { $0.optionalInteger(0) }
        guard let id = first ?? nil else { throw DatabaseError(.corrupt, reason: "app_user") }
        return SignedInUser(
            id: id,
            name: "restore",
            role: .administrator,
            scope: .centralCouncil,
            permissions: []
        )
    }
}
