public import UnionTicket

extension EventBook {
    /// What the register holds of one station's journal, as far as newly come entries ask.
    public struct HeldJournal: Sendable {
        /// The last entry's number; 0 when there is none.
        public var last: UInt64 = 0
        /// The last entry's hash; empty when there is none.
        public var head: [UInt8] = []
        /// Hashes of the entries that have come again, by number.
        public var hashes: [UInt64: [UInt8]] = [:]
        /// Entries that wait beyond a gap, in order.
        public var waiting: [StoredEntry] = []

        /// Nothing yet.
        public init() {}
    }

    /// What is to be done with entries that were judged.
    public struct Intake: Sendable {
        /// Those that go on the journals, in order without a gap.
        public var entries: [StoredEntry] = []
        /// Those that are genuine and wait for the ones before them.
        public var waiting: [StoredEntry] = []
        /// Those that tell another story than an entry held: the station's key is in two places.
        public var forks: [StoredEntry] = []
        /// How far each station that handed over says its journal goes, and what its corrected clock
        /// read then, milliseconds.
        public var contacts: [String: (sequence: UInt64, clock: Int64)] = [:]
        /// Cards that stations gave to their members, by station.
        public var handOuts: [String: [(coordinate: StatusCoordinate, at: Instant)]] = [:]

        /// Nothing.
        public init() {}
    }

    /// Judges entries and keeps them in one transaction.
    ///
    /// - Parameters:
    ///   - come: Of each station the numbers of the entries that came.
    ///   - event: The event.
    ///   - user: Who takes them in.
    ///   - judge: Says what to keep, given what is held; called again when the database repeats the
    ///     transaction.
    /// - Returns: What `judge` returned beside, and what became of cards that stations gave out.
    /// - Throws: ``RegisterError``: nothing was kept then.
    public func take<Result>(
        _ come: [String: [UInt64]],
        event: Int64,
        by user: SignedInUser,
        judge: ([String: HeldJournal]) throws -> (intake: Intake, result: Result)
    ) throws -> (result: Result, handOuts: HandOutBook.Outcome) {
        try user.require(.manageEvents)
        return try register.write { session in
            var held: [String: HeldJournal] = [:]
            for (station, numbers) in come {
                held[station] = try journal(of: station, numbers, event, in: session)
            }
            let (intake, result) = try judge(held)
            try keep(intake, event, by: user, in: session)
            return (result, try record(intake.handOuts, by: user, in: session))
        }
    }

    /// The number that each station's next entry will have.
    public func wanted(of event: Int64) throws -> [String: UInt64] {
        try register.read { session in
            let counts = try session.all(
                "SELECT station, max(sequence) FROM event_entry WHERE event_id = $1 GROUP BY station",
                [.integer(event)]
            ) { ($0.text(0), UInt64(clamping: $0.integer(1)) + 1) }
            return Dictionary(counts) { first, _ in first }
        }
    }

    /// What a station said of itself when it last handed over.
    public struct Contact: Sendable, Equatable {
        /// When.
        public let at: Instant
        /// How far its journal went.
        public let sequence: UInt64
        /// What its corrected clock read, milliseconds.
        public let clock: Int64
    }

    /// The last contact of each station that has handed its journal over.
    public func contacts(of event: Int64) throws -> [String: Contact] {
        try register.read { session in
            let all = try session.all(
                "SELECT station, at, sequence, clock FROM event_contact WHERE event_id = $1",
                [.integer(event)]
            ) {
                (
                    $0.text(0),
                    Contact(
                        at: Instant(seconds: $0.integer(1)),
                        sequence: UInt64(clamping: $0.integer(2)),
                        clock: $0.integer(3)
                    )
                )
            }
            return Dictionary(all) { first, _ in first }
        }
    }

    /// Of each station the entries that wait beyond a gap, and those that contradict held ones.
    public func odd(
        of event: Int64
    ) throws -> (waiting: [String: Int], forks: [String: [UInt64]]) {
        try register.read { session in
            let waiting = try session.all(
                "SELECT station, count(*) FROM event_entry_held WHERE event_id = $1 GROUP BY station",
                [.integer(event)]
            ) { ($0.text(0), Int($0.integer(1))) }
            let forks = try session.all(
                """
                SELECT DISTINCT station, sequence FROM event_fork WHERE event_id = $1
                ORDER BY station, sequence
                """,
                [.integer(event)]
            ) { ($0.text(0), [UInt64(clamping: $0.integer(1))]) }
            return (Dictionary(waiting) { $0 + $1 }, Dictionary(forks) { $0 + $1 })
        }
    }
}

// What the transaction reads and writes.
extension EventBook {
    private func journal(
        of station: String,
        _ numbers: [UInt64],
        _ event: Int64,
        in session: any DatabaseSession
    ) throws -> HeldJournal {
        var held = HeldJournal()
        let place: [SQLValue] = [.integer(event), .text(station)]
        let last = try session.first(
            """
            SELECT sequence, hash FROM event_entry WHERE event_id = $1 AND station = $2
            ORDER BY sequence DESC LIMIT 1
            """,
            place
        ) { (UInt64(clamping: $0.integer(0)), $0.blob(1)) }
        if let last { (held.last, held.head) = last }
        if let first = numbers.min(), let final = numbers.max(), first <= held.last {
            try session.query(
                """
                SELECT sequence, hash FROM event_entry WHERE event_id = $1 AND station = $2
                AND sequence BETWEEN $3 AND $4
                """,
                place + [.int(Int64(clamping: first)), .int(Int64(clamping: final))]
            ) { held.hashes[UInt64(clamping: $0.integer(0))] = $0.blob(1) }
        }
        held.waiting = try session.all(
            """
            SELECT station, sequence, bytes, hash, signature FROM event_entry_held
            WHERE event_id = $1 AND station = $2 ORDER BY sequence
            """,
            place,
            Self.entry
        )
        return held
    }

    static func entry(_ row: any DatabaseRow) -> StoredEntry {
        StoredEntry(
            station: row.text(0),
            sequence: UInt64(clamping: row.integer(1)),
            bytes: row.blob(2),
            hash: row.blob(3),
            signature: row.blob(4)
        )
    }

    private func keep(
        _ intake: Intake,
        _ event: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try load(intake.entries, into: "event_entry", event, in: session)
        for entry in intake.entries {
            try session.execute(
                """
                DELETE FROM event_entry_held WHERE event_id = $1 AND station = $2 AND sequence = $3
                """,
                [.integer(event), .text(entry.station), .int(entry.sequence)]
            )
        }
        for entry in intake.waiting {
            try put(entry, into: "event_entry_held", event, in: session)
        }
        for entry in intake.forks where try put(entry, into: "event_fork", event, in: session) > 0 {
            let detail = "\(entry.station) \(entry.sequence)"
            try log("event.journal.fork", event, detail, by: user, in: session)
        }
        for (station, contact) in intake.contacts {
            try note(station, contact, event, in: session)
        }
        guard !intake.entries.isEmpty else { return }
        try log("event.journal", event, "entries \(intake.entries.count)", by: user, in: session)
    }

    /// Loads many rows at once.
    func load(
        _ entries: [StoredEntry],
        into table: String,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws {
        let now = register.now().seconds
        try session.load(
            table,
            ["event_id", "station", "sequence", "bytes", "hash", "signature", "received_at"],
            count: entries.count
        ) { index, row in
            let entry = entries[index]
            row.put(event)
            row.put(entry.station)
            row.put(Int64(clamping: entry.sequence))
            row.put(entry.bytes)
            row.put(entry.hash)
            row.put(entry.signature)
            row.put(now)
        }
    }

    /// Puts one row unless it is there.
    @discardableResult
    private func put(
        _ entry: StoredEntry,
        into table: String,
        _ event: Int64,
        in session: any DatabaseSession
    ) throws -> Int {
        try session.execute(
            """
            INSERT INTO \(table) (event_id, station, sequence, bytes, hash, signature, received_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
            """,
            [
                .integer(event), .text(entry.station), .int(Int64(clamping: entry.sequence)),
                .blob(entry.bytes), .blob(entry.hash), .blob(entry.signature),
                .integer(register.now().seconds),
            ]
        )
    }

    /// Records what stations gave out, in the transaction that keeps their journals.
    func record(
        _ handOuts: [String: [(coordinate: StatusCoordinate, at: Instant)]],
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> HandOutBook.Outcome {
        var outcome = HandOutBook.Outcome()
        for (station, cards) in handOuts.sorted(by: { $0.key < $1.key }) {
            outcome.add(
                try HandOutBook(register).record(
                    cards,
                    station: station,
                    by: user,
                    in: session
                )
            )
        }
        return outcome
    }

    private func note(
        _ station: String,
        _ contact: (sequence: UInt64, clock: Int64),
        _ event: Int64,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            INSERT INTO event_contact (event_id, station, at, sequence, clock)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (event_id, station) DO UPDATE SET at = excluded.at,
                sequence = excluded.sequence, clock = excluded.clock
            WHERE excluded.sequence >= event_contact.sequence
                AND excluded.clock >= event_contact.clock
            """,
            [
                .integer(event), .text(station), .integer(register.now().seconds),
                .int(Int64(clamping: contact.sequence)), .integer(contact.clock),
            ]
        )
    }
}
