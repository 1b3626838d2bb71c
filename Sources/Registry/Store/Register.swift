public import UnionTicket

/// An opened register: the database, the members' data keys and the secrets derived from its master
/// key.
///
/// Every operation belongs to a type of its own (``RosterImport``, ``OrderBook`` …) made over a
/// register. Calls block.
public final class Register: Sendable {
    /// Where everything but personal data keys is kept.
    let database: any Database
    /// The separate store of the members' data keys.
    let keyStore: any Database
    /// What the master key gives.
    let secrets: RegisterSecrets
    /// The data directory.
    public let directory: DataDirectory
    /// The clock; tests move it.
    public let now: @Sendable () -> Instant
    /// Production or specimen numbers.
    public let scheme: TicketNumber.Scheme

    init(
        database: any Database,
        keyStore: any Database,
        secrets: RegisterSecrets,
        directory: DataDirectory,
        now: @escaping @Sendable () -> Instant
    ) throws {
        self.database = database
        self.keyStore = keyStore
        self.secrets = secrets
        self.directory = directory
        self.now = now
        let scheme = try database.read { try Setting.scheme.value(in: $0) }
        guard let scheme, let digit = UInt8(scheme),
            let known = TicketNumber.Scheme(rawValue: digit)
        else {
            throw RegisterError(
                .damaged,
                "Реестр пуст: в нём нет даже схемы номеров. Верните его файл или восстановите реестр из "
                    + "копии: profbilet restore.",
                "The register is empty: it lacks even its number scheme. Bring its file back, or "
                    + "restore the register from a backup: profbilet restore."
            )
        }
        self.scheme = scheme.isEmpty ? .specimen : known
    }

    /// Runs `body` in one transaction of the register, with failures in the user's words.
    @discardableResult
    func write<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try Self.told {
            if let joined = JoinedTransaction.current, joined.register === self {
                return try joined.write(body)
            }
            return try database.write(body)
        }
    }

    /// Like ``write(_:)``, for the first load of an empty register; see ``Database/alone(_:)``.
    @discardableResult
    func writeAlone<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try Self.told {
            if JoinedTransaction.current?.register === self { return try write(body) }
            return try database.alone(body)
        }
    }

    /// Runs `body` on a snapshot of the register, with failures in the user's words.
    func read<Result>(_ body: (any DatabaseSession) throws -> Result) throws -> Result {
        try Self.told {
            if let joined = JoinedTransaction.current, joined.register === self {
                return try joined.read(body)
            }
            return try database.read(body)
        }
    }

    /// What `body` gives, with failures in the user's words.
    static func told<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let failure as DatabaseError {
            throw RegisterError(failure)
        }
    }

    /// What `body` gives or why not.
    static func outcome<Value>(_ body: () throws -> Value) -> Result<Value, any Error> {
        Result { try told(body) }
    }

    /// Folds the register's journal into its file; a server calls it again and again.
    public func foldJournal() throws { try Self.told { try database.foldJournal() } }

    /// Refuses a day that has not begun: nothing can be told of it.
    func requirePast(_ date: CalendarDate) throws {
        guard date <= now().moscowDate else {
            throw RegisterError(
                .badInput,
                "Дата \(date.russian) ещё не наступила: возможна дата не позже сегодняшнего дня.",
                "The day \(date.iso) is still to come: take today at the latest."
            )
        }
    }

    /// Refuses to allot, sign or enter people while a restored register has not been reclaimed.
    func requireReclaimed(_ session: any DatabaseSession) throws {
        guard try Setting.mustReclaim.value(in: session) != nil else { return }
        throw RegisterError(
            .mustReclaim,
            "Реестр восстановлен из копии: сначала перечитайте опубликованное с тех пор: "
                + "profbilet reclaim КАТАЛОГ…",
            "The register was restored from a backup: first re-read what was published since: "
                + "profbilet reclaim DIR…"
        )
    }
}

/// One named value that the register keeps about itself.
enum Setting: String {
    case registerId = "register.id"
    case scheme = "register.scheme"
    case createdAt = "register.created_at"
    case mustReclaim = "register.must_reclaim"
    case listBase = "status.base_uri"
    case lockAfter = "user.lock_after"
    case rootThumbprints = "root.thumbprints"
    case nextRootSince = "root.next_since"
    case rootChanges = "root.changes"
    case restoredAt = "register.restored_at"
    case restoredMembers = "register.restored_members"
    case virtualTerms = "virtual.terms"
    case unclaimedDays = "delivery.unclaimed_days"
    case probedAt = "service.probed_at"
    case expiredUntil = "status.expired_until"

    func value(in session: any DatabaseSession) throws -> String? {
        try session.first("SELECT value FROM setting WHERE name = $1", [.text(rawValue)]) {
            $0.text(0)
        }
    }

    func set(_ value: String, in session: any DatabaseSession) throws {
        try session.execute(
            """
            INSERT INTO setting (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """,
            [.text(rawValue), .text(value)]
        )
    }

    func clear(in session: any DatabaseSession) throws {
        try session.execute("DELETE FROM setting WHERE name = $1", [.text(rawValue)])
    }
}

/// Numbers handed out in order; a row per series, locked by the transaction that takes from it.
enum Counter: String, CaseIterable {
    case user, fileImport, member, memberEvent, conflict, consentText
    case cardOrder, orderEvent, carrier, carrierEvent, issuance, trustBundle, audit, batch, event
    case memberPast
    case batchDifference, destructionAct, moneyEntry
    case consentAct, withdrawal, incident, massBlock
    case partner
    case activationCode, outgoingMessage, virtualIssue
    case apiClient

    /// Takes `count` numbers and returns the first of them.
    func take(_ count: Int = 1, in session: any DatabaseSession) throws -> Int64 {
        let last = try session.first(
            "UPDATE counter SET value = value + $1 WHERE name = $2 RETURNING value",
            [.int(count), .text(rawValue)]
        ) { $0.integer(0) }
        guard let last else { throw DatabaseError(.corrupt, reason: "counter \(rawValue) missing") }
        return last - Int64(count) + 1
    }

    /// Hands out no number up to this one any more.
    func pass(_ number: Int64, in session: any DatabaseSession) throws {
        try session.execute(
            "UPDATE counter SET value = $1 WHERE name = $2 AND value < $3",
            [.integer(number), .text(rawValue), .integer(number)]
        )
    }

    /// The last number taken.
    func last(in session: any DatabaseSession) throws -> Int64 {
        try session.first("SELECT value FROM counter WHERE name = $1", [.text(rawValue)]) {
            $0.integer(0)
        } ?? 0
    }
}
