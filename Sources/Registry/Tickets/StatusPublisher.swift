import TicketSeal
import UnionTicket

/// Writes the signed status lists and the trust bundle for the world to fetch.
///
/// Only lists that changed, or whose token runs out, are rebuilt. A restored register does not publish
/// before ``Reclaim`` has read the last published lists, so that no blocked carrier comes back.
public struct StatusPublisher: Sendable {
    let register: Register

    /// A publisher of this register.
    public init(_ register: Register) { self.register = register }

    /// How long a reader may take a list for fresh, seconds.
    public static let ttl: Int64 = 12 * 3600
    /// How long a list is good at all, seconds.
    public static let life: Int64 = 7 * 86_400

    /// What one publication did.
    public struct Report: Sendable, Equatable {
        /// Lists rebuilt and signed.
        public var rebuilt: [UInt32] = []
        /// Lists left as they were.
        public var kept: [UInt32] = []
        /// Sequence of the trust bundle.
        public var bundleSequence: Int64 = 0
    }

    /// Publishes into a folder: `trust-bundle`, `jwks.json`, `cose-keyset`, for each list
    /// `status-lists/N.cwt` and `.jwt`, and `root-changes/N` for each bundle that changed the roots;
    /// every file is replaced in one step.
    public func publish(
        to folder: String,
        secrets: SigningSecrets,
        rebuildAll: Bool = false,
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.publish)
        let report = try register.write { session in
            try register.requireReclaimed(session)
            try expireCarriers(in: session)
            var report = Report()
            let key = try KeyRing(register).active(.status, secrets: secrets, in: session).key
            for list in try lists(in: session) {
                let isDue = list.expiresAt.map { $0 - register.now().seconds < Self.life / 2 }
                guard rebuildAll || list.isChanged || isDue ?? true else {
                    report.kept.append(list.number)
                    continue
                }
                try rebuild(list, key: key, in: session)
                report.rebuilt.append(list.number)
            }
            report.bundleSequence = try Counter.trustBundle.last(in: session)
            try AuditLog(register).record(
                "status.publish",
                "lists/\(report.rebuilt.count)",
                "",
                by: user,
                in: session
            )
            return report
        }
        try write(to: folder)
        return report
    }

    /// One list as the register keeps it.
    struct List {
        let number: UInt32
        let isChanged: Bool
        let sequence: Int64
        let issuedAt: Int64?
        let expiresAt: Int64?
        let cwt: [UInt8]
    }

    func lists(in session: any DatabaseSession) throws -> [List] {
        try session.all(
            "SELECT list, changed, sequence, issued_at, expires_at, cwt FROM status_list ORDER BY list"
        ) {
            List(
                number: UInt32($0.integer(0)),
                isChanged: $0.integer(1) != 0,
                sequence: $0.integer(2),
                issuedAt: $0.optionalInteger(3),
                expiresAt: $0.optionalInteger(4),
                cwt: $0.blob(5)
            )
        }
    }

    /// The present bits of one list, from what is not valid and has not expired.
    func bits(of list: UInt32, in session: any DatabaseSession) throws -> StatusList {
        var bits = StatusList(bits: 2, slots: StatusCoordinate.slots)
        let now = register.now().seconds
        try session.query(
            """
            SELECT idx, published FROM carrier
            WHERE list = $1 AND published <> 0 AND expires_at > $2
            """,
            [.int(list), .integer(now)]
        ) { bits[Int($0.integer(0))] = UInt8($0.integer(1)) }
        try session.query(
            "SELECT idx, published FROM held_slot WHERE list = $1 AND published <> 0",
            [.int(list)]
        ) { bits[Int($0.integer(0))] = UInt8($0.integer(1)) }
        return bits
    }

    private func rebuild(
        _ list: List,
        key: SigningKey,
        in session: any DatabaseSession
    ) throws {
        let now = register.now()
        let bits = try bits(of: list.number, in: session)
        let base = try Setting.listBase.value(in: session) ?? ""
        let token = StatusListToken(
            subject: base + "\(list.number)",
            issuedAt: now,
            expiresAt: now + Self.life,
            timeToLive: Self.ttl,
            sequence: UInt64(list.sequence + 1),
            list: bits
        )
        let sealed = try token.sealBoth(with: key)
        try session.execute(
            """
            UPDATE status_list SET changed = 0, sequence = $1, issued_at = $2, expires_at = $3,
                cwt = $4, jwt = $5 WHERE list = $6
            """,
            [
                .integer(list.sequence + 1), .integer(now.seconds),
                .integer((now + Self.life).seconds), .blob(sealed.cwt),
                .text(sealed.jwt), .int(list.number),
            ]
        )
    }

    /// Marks lists with cards past the end of their validity, so that their slots fall back to zero.
    ///
    /// A phone's payload ends every few days: its slot falls back when its list is next rebuilt.
    private func expireCarriers(in session: any DatabaseSession) throws {
        try session.execute(
            """
            UPDATE status_list SET changed = 1 WHERE list IN (SELECT list FROM carrier
                WHERE published <> 0 AND expires_at <= $1 AND expires_at > $2
                AND kind <> 'virtual')
            """,
            [
                .integer(register.now().seconds),
                .integer(register.now().seconds - Self.life),
            ]
        )
    }

    private func write(to folder: String) throws {
        let (lists, keys, changes) = try register.read { session in
            (
                try session.all("SELECT list, cwt, jwt FROM status_list WHERE cwt IS NOT NULL") {
                    (number: $0.integer(0), cwt: $0.blob(1), jwt: $0.text(2))
                },
                try KeyRing(register).keys(in: session).filter { $0.purpose != .root },
                try RootChanges.bundles(in: session)
            )
        }
        try Files.makeDirectory(folder)
        try Files.makeDirectory(folder + "/status-lists")
        let bundle = try KeyRing(register).bundle()
        for list in lists {
            let path = folder + "/status-lists/\(list.number)"
            try Files.write(list.cwt, to: path + ".cwt", mode: 0o644)
            try Files.write(Array(list.jwt.utf8), to: path + ".jwt", mode: 0o644)
        }
        let published = keys.filter { $0.state != .retired }.map(\.key)
        try Files.write(VerificationKey.jwkSet(published), to: folder + "/jwks.json", mode: 0o644)
        try Files.write(
            VerificationKey.coseKeySet(published),
            to: folder + "/cose-keyset",
            mode: 0o644
        )
        if !changes.isEmpty { try Files.makeDirectory(folder + "/root-changes") }
        for change in changes {
            let path = folder + "/root-changes/\(change.sequence)"
            try Files.write(change.bytes, to: path, mode: 0o644)
        }
        try Files.write(bundle, to: folder + "/trust-bundle", mode: 0o644)
    }
}
