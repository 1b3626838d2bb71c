import TicketSeal
public import UnionTicket

extension EventBook {
    /// One station of an event.
    public struct Station: Sendable, Equatable {
        /// Its short name.
        public let name: String
        /// Its rights, as the caller encoded them.
        public let gate: [UInt8]
        /// The key that signs its journal; nil before it is enrolled.
        public let publicKey: [UInt8]?
        /// When it was revoked.
        public let revokedAt: Instant?
    }

    /// Adds a station, or changes its rights and gives it a new token.
    ///
    /// - Parameters:
    ///   - name: Its short name.
    ///   - gate: Its rights, encoded.
    ///   - tokenHash: SHA-256 of the token that will enrol it once.
    ///   - event: The event.
    ///   - user: Who adds it.
    /// - Throws: ``RegisterError``.
    public func addStation(
        _ name: String,
        gate: [UInt8],
        tokenHash: [UInt8],
        to event: Int64,
        by user: SignedInUser
    ) throws {
        try user.require(.manageEvents)
        try register.write { session in
            _ = try self.event(event, in: session)
            try session.execute(
                """
                INSERT INTO event_station (event_id, name, gate, token_hash) VALUES ($1, $2, $3, $4)
                ON CONFLICT (event_id, name) DO UPDATE SET gate = excluded.gate,
                    token_hash = excluded.token_hash
                """,
                [.integer(event), .text(name), .blob(gate), .blob(tokenHash)]
            )
            try log("event.station", event, name, by: user, in: session)
        }
    }

    /// What is kept of a station's unused token; nil when there is none.
    public func tokenHash(of name: String, event: Int64) throws -> [UInt8]? {
        try register.read { session in
            try session.first(
                "SELECT token_hash FROM event_station WHERE event_id = $1 AND name = $2",
                [.integer(event), .text(name)]
            ) { $0.optionalBlob(0) } ?? nil
        }
    }

    /// Notes a station's key; its token is used up.
    ///
    /// - Throws: ``RegisterError`` when the token is nobody's or was used before.
    public func enrolStation(
        tokenHash: [UInt8],
        publicKey: [UInt8],
        of event: Int64,
        by user: SignedInUser
    ) throws -> String {
        try user.require(.manageEvents)
        return try register.write { session in
            let name = try session.first(
                "SELECT name FROM event_station WHERE event_id = $1 AND token_hash = $2",
                [.integer(event), .blob(tokenHash)]
            ) { $0.text(0) }
            guard let name else {
                throw RegisterError(
                    .refused,
                    "Маркер станции не подходит или уже использован. Выдайте новый: "
                        + "profbilet event station \(event) ИМЯ.",
                    "The station's token does not fit or was used before. Give a new one: "
                        + "profbilet event station \(event) NAME."
                )
            }
            try session.execute(
                """
                UPDATE event_station SET token_hash = NULL, public_key = $1, revoked_at = NULL
                WHERE event_id = $2 AND name = $3
                """,
                [.blob(publicKey), .integer(event), .text(name)]
            )
            try log("event.station.enrol", event, name, by: user, in: session)
            return name
        }
    }

    /// Revokes a station: its snapshot is to be wiped, its later entries are not taken.
    public func revokeStation(_ name: String, of event: Int64, by user: SignedInUser) throws {
        try user.require(.manageEvents)
        try register.write { session in
            let changed = try session.execute(
                """
                UPDATE event_station SET revoked_at = $1, token_hash = NULL
                WHERE event_id = $2 AND name = $3
                """,
                [.integer(register.now().seconds), .integer(event), .text(name)]
            )
            guard changed == 1 else {
                throw RegisterError(
                    .notFound,
                    "У мероприятия № \(event) нет станции «\(name)».",
                    "Event \(event) has no station \(name)."
                )
            }
            try log("event.station.revoke", event, name, by: user, in: session)
        }
    }

    /// All stations of an event, by name.
    public func stations(of event: Int64) throws -> [Station] {
        try register.read { session in
            try session.all(
                """
                SELECT name, gate, public_key, revoked_at FROM event_station
                WHERE event_id = $1 ORDER BY name
                """,
                [.integer(event)]
            ) {
                Station(
                    name: $0.text(0),
                    gate: $0.blob(1),
                    publicKey: $0.optionalBlob(2),
                    revokedAt: $0.optionalInteger(3).map(Instant.init(seconds:))
                )
            }
        }
    }

    /// Takes the number of the next snapshot.
    public func nextSnapshot(of event: Int64) throws -> UInt64 {
        try register.read { session in
            let last = try session.first(
                "SELECT max(sequence) FROM event_snapshot WHERE event_id = $1",
                [.integer(event)]
            ) { $0.integer(0) }
            return UInt64(last ?? 0) + 1
        }
    }

    /// Notes a snapshot that was made.
    public func note(
        snapshot sequence: UInt64,
        sha256: [UInt8],
        leaseEnd: Instant,
        of event: Int64,
        by user: SignedInUser
    ) throws {
        try register.write { session in
            try session.execute(
                """
                INSERT INTO event_snapshot (event_id, sequence, at, lease_end, sha256)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .integer(event), .int(sequence), .integer(register.now().seconds),
                    .integer(leaseEnd.seconds), .blob(sha256),
                ]
            )
            try log("event.snapshot", event, "\(sequence)", by: user, in: session)
        }
    }

    /// One entry of a station's journal as it came.
    public struct StoredEntry: Sendable, Equatable {
        /// The station.
        public let station: String
        /// The station's own count.
        public let sequence: UInt64
        /// The entry.
        public let bytes: [UInt8]
        /// Its place in the chain.
        public let hash: [UInt8]
        /// The station's signature.
        public let signature: [UInt8]

        /// An entry.
        public init(
            station: String,
            sequence: UInt64,
            bytes: [UInt8],
            hash: [UInt8],
            signature: [UInt8]
        ) {
            (self.station, self.sequence, self.bytes) = (station, sequence, bytes)
            (self.hash, self.signature) = (hash, signature)
        }
    }

    /// Keeps entries that were verified, in one transaction.
    ///
    /// Cards that a station gave to their members are recorded as handed out in the same transaction.
    ///
    /// - Parameters:
    ///   - entries: New entries, verified.
    ///   - handOuts: What of them is a hand-out, by station.
    ///   - event: The event.
    ///   - user: Who takes them in.
    /// - Returns: What became of the hand-outs.
    /// - Throws: ``RegisterError``.
    @discardableResult
    public func keep(
        _ entries: [StoredEntry],
        handOuts: [String: [(coordinate: StatusCoordinate, at: Instant)]] = [:],
        of event: Int64,
        by user: SignedInUser
    ) throws -> HandOutBook.Outcome {
        try user.require(.manageEvents)
        return try register.write { session in
            try load(entries, into: "event_entry", event, in: session)
            try log("event.journal", event, "entries \(entries.count)", by: user, in: session)
            return try record(handOuts, by: user, in: session)
        }
    }

    /// All entries of an event, by station and count.
    public func entries(of event: Int64, by user: SignedInUser) throws -> [StoredEntry] {
        try user.require(.manageEvents)
        return try register.read { session in
            try session.all(
                """
                SELECT station, sequence, bytes, hash, signature FROM event_entry
                WHERE event_id = $1 ORDER BY station, sequence
                """,
                [.integer(event)],
                Self.entry
            )
        }
    }

    /// A station at work over HTTP: to be made only after its signature was verified.
    ///
    /// - Parameters:
    ///   - station: The station's name.
    ///   - account: The account that the service runs under; its rows bear that id.
    /// - Returns: Who may do what events need, and stands in the audit log as the station.
    public func acting(as station: String, under account: SignedInUser) -> SignedInUser {
        SignedInUser(
            id: account.id,
            name: "station:\(station)",
            role: .supervisor,
            scope: .centralCouncil
        )
    }

    /// The newest snapshot that was made.
    public struct Snapshot: Sendable, Equatable {
        /// Counts up with every snapshot of the event.
        public let sequence: UInt64
        /// SHA-256 of its bytes.
        public let sha256: [UInt8]
        /// Until when it admits.
        public let leaseEnd: Instant
        /// Where its bytes are kept.
        public let path: String
    }

    /// The newest snapshot of an event, or nil before the first.
    public func newestSnapshot(of event: Int64) throws -> Snapshot? {
        try register.read { session in
            try session.first(
                """
                SELECT sequence, sha256, lease_end FROM event_snapshot WHERE event_id = $1
                ORDER BY sequence DESC LIMIT 1
                """,
                [.integer(event)]
            ) {
                let sequence = UInt64(clamping: $0.integer(0))
                return Snapshot(
                    sequence: sequence,
                    sha256: $0.blob(1),
                    leaseEnd: Instant(seconds: $0.integer(2)),
                    path: register.directory.snapshotFile(event: event, sequence)
                )
            }
        }
    }

    /// Keeps a snapshot's bytes where stations fetch them; earlier ones are removed.
    public func store(snapshot sequence: UInt64, _ bytes: [UInt8], of event: Int64) throws {
        let path = register.directory.snapshotFile(event: event, sequence)
        try Files.makeDirectory(register.directory.snapshots)
        try Files.write(bytes, to: path)
        for earlier in stride(from: Int64(clamping: sequence) - 1, to: 0, by: -1) {
            let path = register.directory.snapshotFile(event: event, UInt64(earlier))
            guard Files.exists(path) else { return }
            Files.remove(path)
        }
    }
}
