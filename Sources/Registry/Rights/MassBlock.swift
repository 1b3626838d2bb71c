import TicketSeal
public import UnionTicket

/// Blocking of many cards at once: above a limit a second person confirms (privacy.md, security).
public struct MassBlock: Sendable {
    let register: Register

    /// The mass blocks of this register.
    public init(_ register: Register) { self.register = register }

    /// More carriers than this need a second person, unless the register says otherwise.
    public static let defaultLimit = 20

    /// A request and what became of it.
    public struct Request: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// Who asked.
        public let user: String
        /// What is to be done.
        public let change: CarrierFile.Change
        /// How many carriers.
        public let carriers: Int
        /// When it was done; nil while it waits.
        public let doneAt: Instant?
    }

    /// Blocks every carrier the references mean, at once or after a second person.
    ///
    /// - Parameters:
    ///   - change: suspend, lost, stolen or withdraw.
    ///   - references: Carrier or ticket numbers; every one must mean a carrier that can be blocked.
    ///   - reason: Why; no names.
    ///   - user: Who asks.
    /// - Returns: The request; done, or waiting for ``confirm(_:by:)``.
    /// - Throws: ``RegisterError``; then nothing was blocked.
    public func ask(
        _ change: CarrierFile.Change,
        _ references: [String],
        reason: String,
        by user: SignedInUser
    ) throws -> Request {
        try user.require(change == .suspend ? .suspendCarriers : .changeCarriers)
        guard change != .unblock, !references.isEmpty else {
            throw RegisterError(
                .badInput,
                "Укажите хотя бы одну карту и suspend, lost, stolen или withdraw.",
                "Name a card at least, and suspend, lost, stolen or withdraw."
            )
        }
        return try register.write { session in
            let file = CarrierFile(register)
            var chosen: [Int64] = []
            for reference in references {
                let able = try file.findOne(reference, by: user, in: session)
                    .filter { $0.state.successors.contains(change.target) }
                guard !able.isEmpty else { throw Self.cannot(reference, change) }
                chosen += able.map(\.id)
            }
            let carriers = Array(Set(chosen)).sorted()
            let id = try note(change, carriers, reason, by: user, in: session)
            if carriers.count <= (try limit(in: session)) {
                try run(id, change, reason, second: nil, by: user, in: session)
            }
            return try request(id, in: session)
        }
    }

    /// Confirms a waiting request as a second person; the cards are blocked in the same transaction.
    ///
    /// - Throws: ``RegisterError``: the same person cannot confirm, or nothing waits.
    public func confirm(_ id: Int64, by user: SignedInUser) throws -> Request {
        try register.write { session in
            let waiting = try session.first(
                """
                SELECT user_id, change, reason, hash FROM mass_block
                WHERE id = $1 AND done_at IS NULL AND refused_at IS NULL
                """,
                [.integer(id)]
            ) { ($0.integer(0), CarrierFile.Change(rawValue: $0.text(1)), $0.text(2), $0.blob(3)) }
            guard let waiting, let change = waiting.1 else { throw Self.nothing(id) }
            try user.require(change == .suspend ? .suspendCarriers : .changeCarriers)
            guard waiting.0 != user.id else {
                throw RegisterError(
                    .refused,
                    "Блокировку просили вы: подтверждает другой человек.",
                    "You asked for this block: somebody else confirms it."
                )
            }
            guard Self.hash(change, try carriers(id, in: session)) == waiting.3 else {
                throw RegisterError(
                    .damaged,
                    "Список карт запроса \(id) изменён. Сделайте новый запрос.",
                    "The cards of request \(id) were changed. Make a new request."
                )
            }
            try run(id, change, waiting.2, second: user, by: user, in: session)
            return try request(id, in: session)
        }
    }

    /// Requests that wait for a second person.
    public func waiting(by user: SignedInUser) throws -> [Request] {
        try user.require(.suspendCarriers)
        return try register.read { session in
            try session.all(
                "\(Self.columns) WHERE b.done_at IS NULL AND b.refused_at IS NULL ORDER BY b.id",
                [],
                Self.request
            ).compactMap(\.self)
        }
    }

    /// Sets above how many carriers a second person is needed.
    public func setLimit(_ limit: Int, by user: SignedInUser) throws {
        try user.requireEverywhere(.manageUsers)
        guard (0...10_000).contains(limit) else {
            throw RegisterError(.badInput, "Предел — от 0 до 10 000.", "The limit is 0 to 10 000.")
        }
        try register.write { session in
            try session.execute(
                """
                INSERT INTO setting (name, value) VALUES ($1, $2)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """,
                [.text(Self.limitName), .text("\(limit)")]
            )
            try AuditLog(register).record(
                "carrier.massLimit",
                "register",
                "\(limit)",
                by: user,
                in: session
            )
        }
    }
}

extension MassBlock {
    private static let limitName = "carrier.mass_block_limit"

    private static let columns = """
        SELECT b.id, u.name, b.change, b.carriers, b.done_at
        FROM mass_block b JOIN app_user u ON u.id = b.user_id
        """

    private static func request(_ row: any DatabaseRow) -> Request? {
        CarrierFile.Change(rawValue: row.text(2)).map {
            Request(
                id: row.integer(0),
                user: row.text(1),
                change: $0,
                carriers: Int(row.integer(3)),
                doneAt: row.optionalInteger(4).map(Instant.init(seconds:))
            )
        }
    }

    private func request(_ id: Int64, in session: any DatabaseSession) throws -> Request {
        let found = try session.first(
            "\(Self.columns) WHERE b.id = $1",
            [.integer(id)],
            Self.request
        )
        guard let found = found ?? nil else { throw Self.nothing(id) }
        return found
    }

    private func limit(in session: any DatabaseSession) throws -> Int {
        let set = try session.first(
            "SELECT value FROM setting WHERE name = $1",
            [.text(Self.limitName)]
        ) { $0.text(0) }
        return set.flatMap { Int($0) } ?? Self.defaultLimit
    }

    private func note(
        _ change: CarrierFile.Change,
        _ carriers: [Int64],
        _ reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let id = try Counter.massBlock.take(in: session)
        try session.execute(
            """
            INSERT INTO mass_block (id, at, user_id, change, reason, hash, carriers)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(id), .integer(register.now().seconds), .integer(user.id),
                .text(change.rawValue), .text(reason), .blob(Self.hash(change, carriers)),
                .int(carriers.count),
            ]
        )
        try session.load(
            "mass_block_carrier",
            ["block_id", "carrier_id"],
            count: carriers.count
        ) {
            $1.put(id)
            $1.put(carriers[$0])
        }
        try AuditLog(register).record(
            "carrier.massBlockAsked",
            "block/\(id)",
            "\(change.rawValue) \(carriers.count)",
            by: user,
            in: session
        )
        return id
    }

    private func carriers(_ id: Int64, in session: any DatabaseSession) throws -> [Int64] {
        try session.all(
            "SELECT carrier_id FROM mass_block_carrier WHERE block_id = $1 ORDER BY carrier_id",
            [.integer(id)]
        ) { $0.integer(0) }
    }

    /// Blocks those of a request that still can be; some may have been blocked meanwhile.
    private func run(
        _ id: Int64,
        _ change: CarrierFile.Change,
        _ reason: String,
        second: SignedInUser?,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let file = CarrierFile(register)
        var blocked = 0
        var members: Set<Int64> = []
        for carrier in try carriers(id, in: session) {
            for found in try file.find("#\(carrier)", by: user, in: session)
            where found.state.successors.contains(change.target) {
                try file.set(found, to: change.target, reason: reason, by: user, in: session)
                blocked += 1
                if let member = found.member { members.insert(member) }
            }
        }
        for member in members {
            try ActivationCodes(register).end(of: member, as: .revoked, in: session)
        }
        try session.execute(
            "UPDATE mass_block SET done_at = $1, second_user = $2 WHERE id = $3",
            [
                .integer(register.now().seconds), .optional(second.map(\.id)),
                .integer(id),
            ]
        )
        try AuditLog(register).record(
            "carrier.massBlock",
            "block/\(id)",
            "\(change.rawValue) \(blocked): \(reason)",
            by: user,
            in: session
        )
    }

    private static func hash(_ change: CarrierFile.Change, _ carriers: [Int64]) -> [UInt8] {
        var message = Array(change.rawValue.utf8)
        for carrier in carriers { message.append(bigEndian: carrier) }
        return SHA256Digest.of(message)
    }

    private static func cannot(
        _ reference: String,
        _ change: CarrierFile.Change
    ) -> RegisterError {
        RegisterError(
            .refused,
            "Карту \(masked(reference)) нельзя перевести в «\(change.target.rawValue)». Ничего не "
                + "заблокировано.",
            "The card \(masked(reference)) cannot become \(change.target.rawValue). Nothing was "
                + "blocked."
        )
    }

    private static func masked(_ reference: String) -> String {
        "…\(reference.filter(\.isNumber).suffix(4))"
    }

    private static func nothing(_ id: Int64) -> RegisterError {
        RegisterError(
            .notFound,
            "Запроса № \(id), ждущего подтверждения, нет: profbilet carrier block-many --waiting.",
            "No request \(id) waits for confirmation: profbilet carrier block-many --waiting."
        )
    }
}
