import TicketSeal
import UnionTicket

/// Signs status lists for the world to fetch.
///
/// Only lists that changed, or whose token grows old, are rebuilt, each in a transaction of its own. A
/// restored register does not publish before ``Reclaim`` has read the last published lists, so that no
/// blocked carrier comes back.
public struct StatusPublisher: Sendable {
    let register: Register

    /// A publisher of this register.
    public init(_ register: Register) { self.register = register }

    /// How long a reader may take a list for fresh, seconds; it is signed anew after half of it.
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

    /// Rebuilds what changed, then writes everything into a folder (``write(to:newerThan:)``).
    ///
    /// - Throws: ``RegisterError``, also where the folder holds newer lists than the register.
    public func publish(
        to folder: String,
        secrets: SigningSecrets,
        rebuildAll: Bool = false,
        by user: SignedInUser
    ) throws -> Report {
        let report = try refresh(secrets: secrets, rebuildAll: rebuildAll, by: user)
        try write(to: folder)
        return report
    }

    /// Rebuilds and signs the lists that changed or grow old; with nothing to do it only reads.
    ///
    /// - Throws: ``RegisterError``: the register was restored and not reclaimed, or no key signs.
    public func refresh(
        secrets: SigningSecrets,
        rebuildAll: Bool = false,
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.publish)
        try markExpired()
        let (lists, bundle) = try register.read { session in
            try register.requireReclaimed(session)
            return (try due(in: session), try Counter.trustBundle.last(in: session))
        }
        // A slot that the world sees belongs to a manifest: from lists alone nothing is reclaimed.
        try IssuanceManifest(register).mend(secrets: secrets)
        var report = Report(bundleSequence: bundle)
        for (list, isDue) in lists {
            guard rebuildAll || isDue else {
                report.kept.append(list)
                continue
            }
            try rebuild(list, secrets: secrets, by: user)
            report.rebuilt.append(list)
        }
        return report
    }

    /// One list as the register keeps it.
    struct List {
        let number: UInt32
        let isChanged: Bool
        let cwt: [UInt8]
    }

    func lists(in session: any DatabaseSession) throws -> [List] {
        try session.all("SELECT list, changed, cwt FROM status_list ORDER BY list") {
            List(
                number: UInt32($0.integer(0)),
                isChanged: $0.integer(1) != 0,
                cwt: $0.blob(2)
            )
        }
    }

    /// Every list's number, and whether it must be rebuilt.
    private func due(in session: any DatabaseSession) throws -> [(UInt32, Bool)] {
        let old = register.now().seconds - Self.ttl / 2
        return try session.all("SELECT list, changed, issued_at FROM status_list ORDER BY list") {
            let issued = $0.optionalInteger(2)
            let isDue = $0.integer(1) != 0 || issued.map { $0 <= old } ?? true
            return (UInt32(truncatingIfNeeded: $0.integer(0)), isDue)
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
        _ list: UInt32,
        secrets: SigningSecrets,
        by user: SignedInUser
    ) throws {
        try register.write { session in
            try register.requireReclaimed(session)
            let key = try KeyRing(register).active(.status, secrets: secrets, in: session).key
            let now = register.now()
            let base = try Setting.listBase.value(in: session) ?? ""
            let last = try session.first(
                "SELECT sequence FROM status_list WHERE list = $1",
                [.int(list)]
            ) { $0.integer(0) }
            let sequence = (last ?? 0) + 1
            let token = StatusListToken(
                subject: base + "\(list)",
                issuedAt: now,
                expiresAt: now + Self.life,
                timeToLive: Self.ttl,
                sequence: UInt64(sequence),
                list: try bits(of: list, in: session)
            )
            try keep(try token.sealBoth(with: key), token, of: list, in: session)
            try AuditLog(register)
                .record("status.publish", "list/\(list)", "\(sequence)", by: user, in: session)
        }
    }

    private func keep(
        _ sealed: (cwt: [UInt8], jwt: String),
        _ token: StatusListToken,
        of list: UInt32,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            UPDATE status_list SET changed = 0, sequence = $1, issued_at = $2, expires_at = $3,
                cwt = $4, jwt = $5 WHERE list = $6
            """,
            [
                .integer(Int64(token.sequence)), .integer(token.issuedAt.seconds),
                .integer((token.issuedAt + Self.life).seconds), .blob(sealed.cwt),
                .text(sealed.jwt), .int(list),
            ]
        )
    }

    /// Marks lists with cards that expired since the last look, so that their slots fall back to zero.
    ///
    /// A phone's payload ends every few days: its slot falls back when its list is next rebuilt.
    private func markExpired() throws {
        let now = register.now().seconds
        let lists = try register.read { session in
            let since = try Setting.expiredUntil.value(in: session).flatMap { Int64($0) }
            return try session.all(
                """
                SELECT DISTINCT list FROM carrier
                WHERE published <> 0 AND expires_at > $1 AND expires_at <= $2
                    AND kind <> 'virtual'
                """,
                [.integer(since ?? now - Self.life), .integer(now)]
            ) { $0.integer(0) }
        }
        guard !lists.isEmpty else { return }
        try register.write { session in
            for list in lists {
                try session.execute(
                    "UPDATE status_list SET changed = 1 WHERE list = $1",
                    [.integer(list)]
                )
            }
            try Setting.expiredUntil.set("\(now)", in: session)
        }
    }
}
