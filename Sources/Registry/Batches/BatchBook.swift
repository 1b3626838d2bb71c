import TicketSeal
public import UnionTicket

/// Batches of cards: what is chosen, who approved it, and how far it is (production.md § 2, § 3).
public struct BatchBook: Sendable {
    let register: Register

    /// The batches of this register.
    public init(_ register: Register) { self.register = register }

    /// Which approved orders a batch takes.
    public struct Selection: Sendable, Equatable {
        /// Subtrees; empty: the whole union.
        public var organisations: [OrganisationCode]
        /// Categories; empty: all.
        public var categories: Set<MemberCategory>
        /// Reasons; empty: all.
        public var reasons: Set<OrderReason>
        /// At most so many, the oldest orders first.
        public var limit: Int

        /// A selection.
        public init(
            organisations: [OrganisationCode] = [],
            categories: Set<MemberCategory> = [],
            reasons: Set<OrderReason> = [],
            limit: Int = 1_000_000
        ) {
            (self.organisations, self.categories) = (organisations, categories)
            (self.reasons, self.limit) = (reasons, limit)
        }
    }

    /// An approved order that no other batch holds.
    public struct Candidate: Sendable {
        /// The order.
        public let order: Int64
        /// Row of the member.
        public let member: Int64
        /// Where the card goes.
        public let organisation: OrganisationCode
        /// Which plastic card of the member it will be.
        public let issue: Int
        /// What will be printed.
        public let record: PrintedRecord
        let fingerprint: Int64
    }

    /// One batch.
    public struct Batch: Sendable, Equatable {
        /// Its number.
        public let id: Int64
        /// Title for people.
        public let title: String
        /// How far it is.
        public let state: BatchState
        /// The specification as it was planned, YAML.
        public let specification: String
        /// Where the specification lay: layouts and profiles are found from there.
        public let folder: String
        /// The manufacturer profile, YAML.
        public let profile: String
        /// The layout's hash.
        public let layoutHash: String
        /// What approvals sign.
        public let planHash: [UInt8]
        /// Cards in it.
        public let cards: Int
        /// When it was planned.
        public let plannedAt: Instant
        /// Who planned it.
        public let plannedBy: String
        /// How many people must approve.
        public let approvalsNeeded: Int
        /// When its numbers were fixed.
        public let approvedAt: Instant?
        /// SHA-256 of the manufacturer's manifest, once built.
        public let manifest: [UInt8]?
        let firstCarrier: Int64?
        let issuance: Int64?

        /// The name of its folder: six digits.
        public var name: String { IssuanceManifest.name(id) }
    }

    /// What a plan fixes.
    public struct Draft: Sendable {
        /// Title for people.
        public var title: String
        /// The specification's text.
        public var specification: String
        /// Its folder, absolute.
        public var folder: String
        /// The profile's text.
        public var profile: String
        /// The layout's hash.
        public var layoutHash: String
        /// How many people must approve.
        public var approvalsNeeded: Int

        /// A draft.
        public init(
            title: String,
            specification: String,
            folder: String,
            profile: String,
            layoutHash: String,
            approvalsNeeded: Int
        ) {
            (self.title, self.specification, self.folder) = (title, specification, folder)
            (self.profile, self.layoutHash) = (profile, layoutHash)
            self.approvalsNeeded = approvalsNeeded
        }
    }

    /// The orders that `selection` means, with the members' names: reading them is logged.
    ///
    /// - Throws: ``RegisterError`` when the user may not, or a member's fields do not open.
    public func candidates(
        _ selection: Selection,
        by user: SignedInUser,
        progress: (Int) -> Void = { _ in }
    ) throws -> [Candidate] {
        try user.requireEverywhere(.issueTickets)
        let names = try organisationNames()
        let vault = MemberVault(register: register)
        var places = "1 = 1"
        if !selection.organisations.isEmpty {
            places = selection.organisations.map {
                let range = $0.subtree
                return $0 == .centralCouncil
                    ? "1 = 1"
                    : "o.organisation BETWEEN \(range.lowerBound) AND \(range.upperBound)"
            }.joined(separator: " OR ")
        }
        let categories = RegisterSchema.oneOf("m.category", Array(selection.categories))
        let reasons = RegisterSchema.oneOf("o.reason", Array(selection.reasons))
        let rows = try register.read { session in
            try session.all(
                """
                SELECT o.id, o.member_id, o.organisation, m.sealed, m.fingerprint,
                    (SELECT max(c.issue) FROM carrier c
                     WHERE c.member_id = o.member_id AND c.kind = 'plastic')
                FROM card_order o JOIN member m ON m.id = o.member_id
                WHERE o.state = 'approved' AND (\(places))
                AND (\(categories.isEmpty ? "1 = 1" : categories))
                AND (\(reasons.isEmpty ? "1 = 1" : reasons))
                AND NOT EXISTS
                    (SELECT 1 FROM batch_card b WHERE b.order_id = o.id AND b.live = 1)
                AND NOT \(IssuancePlan.isWaiting)
                ORDER BY o.id LIMIT \(selection.limit)
                """
            ) { row -> (Int64, Int64, OrganisationCode, [UInt8], Int64, Int)? in
                guard let place = OrganisationCode(ordinal: row.integer(2)) else { return nil }
                let last = Int(row.integer(5))
                return (
                    row.integer(0), row.integer(1), place, row.blob(3), row.integer(4),
                    last >= 9 ? 1 : last + 1
                )
            }.compactMap(\.self)
        }
        var found: [Candidate] = []
        found.reserveCapacity(rows.count)
        for (order, member, place, sealed, fingerprint, issue) in rows {
            let fields = try vault.open(sealed, member: member)
            found.append(
                Candidate(
                    order: order,
                    member: member,
                    organisation: place,
                    issue: issue,
                    record: PrintedRecord(
                        name: fields.name,
                        region: names[place.regional.ordinal] ?? "",
                        organisation: names[place.ordinal] ?? ""
                    ),
                    fingerprint: fingerprint
                )
            )
            if found.count % 1024 == 0 { progress(found.count) }
        }
        try register.write { session in
            try AuditLog(register).record(
                "batch.candidates",
                "orders/\(found.count)",
                "",
                by: user,
                in: session
            )
        }
        return found
    }

    /// Fixes a plan; the cards in the order they are delivered, with their parcels.
    ///
    /// - Returns: The new batch.
    /// - Throws: ``RegisterError`` when an order was taken by another batch meanwhile.
    public func plan(
        _ draft: Draft,
        _ cards: [(card: Candidate, parcel: Int)],
        by user: SignedInUser
    ) throws -> Batch {
        try user.requireEverywhere(.issueTickets)
        let id = try register.write { session in
            let id = try Counter.batch.take(in: session)
            var digest = Self.digest(draft, count: cards.count)
            let records = try cards.enumerated().map { index, entry in
                let row = BatchCardRow(
                    sequence: index + 1,
                    order: entry.card.order,
                    organisation: entry.card.organisation,
                    issue: entry.card.issue,
                    parcel: entry.parcel,
                    record: entry.card.record
                )
                digest.add(row.encoded)
                return try register.secrets.batches.seal(
                    row.encoded,
                    for: BatchCardRow.binding(id, index + 1)
                )
            }
            try session.execute(
                """
                INSERT INTO batch (id, title, state, specification, folder, profile, layout_hash,
                    plan_hash, cards, planned_at, planned_by, approvals_needed)
                VALUES ($1, $2, 'planned', $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """,
                [
                    .integer(id), .text(draft.title), .text(draft.specification),
                    .text(draft.folder), .text(draft.profile), .text(draft.layoutHash),
                    .blob(digest.value), .int(cards.count), .integer(register.now().seconds),
                    .integer(user.id), .int(draft.approvalsNeeded),
                ]
            )
            try session.load(
                "batch_card",
                [
                    "batch_id", "seq", "order_id", "member_id", "organisation", "fingerprint",
                    "live", "sealed",
                ],
                count: cards.count
            ) {
                $1.put(id)
                $1.put(Int64($0 + 1))
                $1.put(cards[$0].card.order)
                $1.put(cards[$0].card.member)
                $1.put(cards[$0].card.organisation.ordinal)
                $1.put(cards[$0].card.fingerprint)
                $1.put(1)
                $1.put(records[$0])
            }
            try note(id, "batch.plan", "cards \(cards.count)", by: user, in: session)
            return id
        }
        return try batch(id)
    }

    /// One batch.
    public func batch(_ id: Int64) throws -> Batch {
        try register.read { try batch(id, in: $0) }
    }

    /// All batches, the newest first.
    public func list(by user: SignedInUser) throws -> [Batch] {
        try user.require(.readReports)
        return try register.read { session in
            try session.all("\(Self.columns) ORDER BY b.id DESC", [], Self.batch).compactMap(\.self)
        }
    }

    /// Who approved a batch, and when.
    public func approvals(of id: Int64) throws -> [(user: String, at: Instant)] {
        try register.read { session in
            try session.all(
                """
                SELECT u.name, a.at FROM batch_approval a JOIN app_user u ON u.id = a.user_id
                WHERE a.batch_id = $1 ORDER BY a.at, u.name
                """,
                [.integer(id)]
            ) { ($0.text(0), Instant(seconds: $0.integer(1))) }
        }
    }

    /// Gives a batch up; numbers that were allotted stay used, their cards are withdrawn, and files
    /// with personal data are removed (``PrintFiles``).
    public func cancel(_ id: Int64, reason: String, by user: SignedInUser) throws {
        try user.requireEverywhere(.issueTickets)
        // What a killed command left: the batch itself is not cancelled a second time.
        let files = PrintFiles(register)
        try files.sweep(id)
        try register.write { session in
            let batch = try batch(id, in: session)
            try move(batch, to: .cancelled, reason, by: user, in: session)
            try session.execute(
                "UPDATE batch_card SET live = 0 WHERE batch_id = $1",
                [.integer(id)]
            )
            try ConsentWithdrawals(register).settleProduction(
                after: id,
                how: "batch \(id) cancelled",
                by: user,
                in: session
            )
            guard let first = batch.firstCarrier else { return }
            let carriers = try session.all(
                "\(CarrierFile.columns) WHERE id BETWEEN $1 AND $2 ORDER BY id",
                [.integer(first), .integer(first + Int64(batch.cards) - 1)],
                CarrierFile.carrier
            ).compactMap(\.self)
            for carrier in carriers where carrier.state.successors.contains(.withdrawn) {
                try CarrierFile(register).set(
                    carrier,
                    to: .withdrawn,
                    reason: "batch \(id) cancelled",
                    by: user,
                    in: session
                )
            }
            let orders = try session.all(
                "\(OrderBook.columns) WHERE o.issuance = $1 AND o.state = 'batched'",
                [.integer(batch.issuance ?? 0)],
                OrderBook.order
            ).compactMap(\.self)
            try OrderBook(register).set(
                orders,
                to: .cancelled,
                reason: "batch \(id) cancelled",
                by: user,
                in: session
            )
        }
        try files.sweep(id)
    }

    /// Notes that the package stands, was verified or sealed.
    ///
    /// `manifest` is the SHA-256 of the manufacturer's: what was built is what is verified and
    /// sealed, anything else is refused.
    public func advance(
        _ id: Int64,
        to state: BatchState,
        manifest: [UInt8],
        by user: SignedInUser
    ) throws {
        try user.requireEverywhere(.issueTickets)
        try register.write { session in
            let batch = try batch(id, in: session)
            if let known = batch.manifest, known != manifest {
                throw RegisterError(
                    .damaged,
                    "Пакет партии \(batch.name) не тот, что был собран: манифест другой.",
                    "The package of batch \(batch.name) is not what was built: its manifest differs."
                )
            }
            if batch.state == state { return }
            try move(batch, to: state, "", by: user, in: session)
            try session.execute(
                "UPDATE batch SET manifest = $1 WHERE id = $2",
                [.blob(manifest), .integer(id)]
            )
        }
    }
}
