import TicketSeal
public import UnionTicket

/// Signs status lists for the world to fetch.
///
/// Only lists that changed, or whose token grows old or has lost its key, are rebuilt, each in a
/// transaction of its own. A restored register does not publish before ``Reclaim`` has read the last
/// published lists, so that no blocked carrier comes back.
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
        /// Those of them that had been dated in the future: the clock was ahead then, or is behind now.
        public var redated: [UInt32] = []
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

    /// Rebuilds and signs the lists that changed, grow old, are dated in the future or whose key was
    /// retired or revoked; with nothing to do it only reads.
    ///
    /// - Throws: ``RegisterError``: the register was restored and not reclaimed, no key signs, or the
    ///   trust bundle is of the future.
    public func refresh(
        secrets: SigningSecrets,
        rebuildAll: Bool = false,
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.publish)
        try markExpired()
        let (lists, bundle) = try register.read { session in
            try register.requireReclaimed(session)
            try KeyRing(register).requireBundleOfPast(session)
            return (try standings(in: session), try Counter.trustBundle.last(in: session))
        }
        // A slot that the world sees belongs to a manifest: from lists alone nothing is reclaimed.
        try IssuanceManifest(register).mend(secrets: secrets)
        var report = Report(bundleSequence: bundle)
        for list in lists {
            guard rebuildAll || list.isDue else {
                report.kept.append(list.number)
                continue
            }
            try rebuild(list.number, secrets: secrets, by: user)
            report.rebuilt.append(list.number)
            if list.isOfFuture { report.redated.append(list.number) }
        }
        return report
    }

    /// One list as the register keeps it.
    struct List {
        let number: UInt32
        let isChanged: Bool
        /// Dated in the future: nobody accepts it.
        let isOfFuture: Bool
        /// Signed by a key that was retired or revoked since: nobody accepts it either.
        let hasLostKey: Bool
        let cwt: [UInt8]
    }

    func lists(in session: any DatabaseSession) throws -> [List] {
        let now = register.now()
        let lost = try withoutKey(in: session)
        return try session.all(
            "SELECT list, changed, issued_at, cwt FROM status_list ORDER BY list"
        ) { row in
            let issued = row.optionalInteger(2).map(Instant.init(seconds:))
            let number = UInt32(row.integer(0))
            return List(
                number: number,
                isChanged: row.integer(1) != 0,
                isOfFuture: issued.map { PublicationDate.isFuture($0, at: now) } ?? false,
                hasLostKey: lost.contains(number),
                cwt: row.blob(3)
            )
        }
    }

    /// What is told of lists that are dated in the future.
    public static func future(_ lists: [UInt32]) -> Bilingual {
        let numbers = lists.map { "\($0)" }.joined(separator: ", ")
        return Bilingual(
            "Списки статусов датированы будущим (\(numbers)): часы спешили тогда или отстают сейчас. "
                + "Проверьте часы; пересобирает списки profbilet status publish КАТАЛОГ.",
            "Status lists are dated in the future (\(numbers)): the clock was ahead then or is behind "
                + "now. Check the clock; profbilet status publish DIR rebuilds the lists."
        )
    }

    /// What is told once they are rebuilt.
    public static func redated(_ lists: [UInt32]) -> Bilingual {
        let numbers = lists.map { "\($0)" }.joined(separator: ", ")
        return Bilingual(
            "Списки статусов были датированы будущим (\(numbers)) и подписаны заново нынешним временем: "
                + "часы спешили тогда или отстают сейчас. Проверьте часы.",
            "Status lists had been dated in the future (\(numbers)) and are signed anew as of now: the "
                + "clock was ahead then or is behind now. Check the clock."
        )
    }

    /// What is told of lists whose key no longer holds.
    static func lostKey(_ lists: some Collection<UInt32>) -> Bilingual {
        let numbers = lists.sorted().map { "\($0)" }.joined(separator: ", ")
        return Bilingual(
            "Списки статусов (\(numbers)) подписаны ключом, который больше не действует: читатели их не "
                + "примут. Заново подписывает profbilet status publish КАТАЛОГ.",
            "Status lists (\(numbers)) are signed by a key that no longer holds: readers refuse them. "
                + "profbilet status publish DIR signs them anew."
        )
    }

    /// Lists whose token was signed by a key that was retired or revoked since.
    ///
    /// What was signed after the present key had come into force is this key's: of that no token is read.
    func withoutKey(in session: any DatabaseSession) throws -> Set<UInt32> {
        let keys = try KeyRing(register).keys(in: session).filter { $0.purpose == .status }
        let good = keys.filter { $0.state == .active || $0.state == .verifyOnly }.map(\.key.kid)
        let since = keys.first { $0.state == .active }?.activeFrom
        let last = since.map { $0.seconds + PublicationDate.tolerance } ?? Int64.max
        let signed = try session.all(
            "SELECT list, substr(jwt, 1, 256) FROM status_list WHERE issued_at <= $1",
            [.integer(last)]
        ) { (UInt32(truncatingIfNeeded: $0.integer(0)), $0.optionalText(1)) }
        return Set(
            signed.filter { _, jwt in
                let kid = jwt.flatMap(StatusListToken.kid(ofJWT:))
                return !good.contains { $0 == kid }
            }.map(\.0)
        )
    }

    /// How a list stands.
    private struct Standing {
        let number: UInt32
        let isDue: Bool
        let isOfFuture: Bool
    }

    private func standings(in session: any DatabaseSession) throws -> [Standing] {
        let now = register.now()
        let old = now + -Self.ttl / 2
        let lost = try withoutKey(in: session)
        return try session.all(
            "SELECT list, changed, issued_at FROM status_list ORDER BY list"
        ) { row in
            let issued = row.optionalInteger(2).map(Instant.init(seconds:))
            let isOfFuture = issued.map { PublicationDate.isFuture($0, at: now) } ?? false
            let isOld = issued.map { $0 <= old } ?? true
            let number = UInt32(truncatingIfNeeded: row.integer(0))
            return Standing(
                number: number,
                isDue: row.integer(1) != 0 || isOld || isOfFuture || lost.contains(number),
                isOfFuture: isOfFuture
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
        _ list: UInt32,
        secrets: SigningSecrets,
        by user: SignedInUser
    ) throws {
        try register.write { session in
            try register.requireReclaimed(session)
            let (key, stored) = try KeyRing(register).active(.status, secrets: secrets, in: session)
            let now = register.now()
            let end = stored.longestExpiry.map { min($0, now + Self.life) } ?? now + Self.life
            let base = try Setting.listBase.value(in: session) ?? ""
            let last = try session.first(
                "SELECT sequence FROM status_list WHERE list = $1",
                [.int(list)]
            ) { $0.integer(0) }
            let sequence = (last ?? 0) + 1
            let subject = base + "\(list)"
            let token = StatusListToken(
                subject: subject,
                issuedAt: now,
                expiresAt: end,
                timeToLive: Self.ttl,
                sequence: UInt64(sequence),
                list: try bits(of: list, in: session),
                mark: try VirtualTrace(register).mark(for: subject, sequence, in: session)
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
                .optional(token.expiresAt?.seconds), .blob(sealed.cwt),
                .text(sealed.jwt), .int(list),
            ]
        )
    }

    /// Marks lists with cards that expired since the last look, so that their slots fall back to zero.
    ///
    /// Plastic ends with its issuance, so no index by day is needed, which every new card would have to
    /// enter. A phone's payload ends every few days: its slot falls back when its list is next rebuilt.
    private func markExpired() throws {
        let now = register.now().seconds
        let lists = try register.read { session in
            let since = try Setting.expiredUntil.value(in: session).flatMap { Int64($0) }
            return try session.all(
                """
                SELECT DISTINCT c.list FROM issuance i JOIN carrier c ON c.issuance = i.sequence
                WHERE i.expires_at > $1 AND i.expires_at <= $2 AND c.published <> 0
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
