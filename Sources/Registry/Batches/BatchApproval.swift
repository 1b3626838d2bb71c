import TicketSeal
public import UnionTicket

extension BatchBook {
    /// What approving a batch needs to know.
    public struct ApprovalTerms: Sendable {
        /// End of validity of the cards.
        public var expiresAt: Instant
        /// In front of the QR's digits.
        public var urlPrefix: String

        /// Terms as the specification gives them.
        public init(expiresAt: Instant, urlPrefix: String) {
            (self.expiresAt, self.urlPrefix) = (expiresAt, urlPrefix)
        }
    }

    /// Signs a batch's plan with the person's own key; the last approval needed fixes numbers,
    /// coordinates and signatures in the same transaction.
    ///
    /// - Returns: How many approvals are still missing.
    /// - Throws: ``RegisterError``: the planner cannot approve, nobody approves twice, and a plan
    ///   whose orders or people changed must be made anew.
    public func approve(
        _ id: Int64,
        _ terms: ApprovalTerms,
        as name: String,
        passphrase: String,
        secrets: SigningSecrets,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Int {
        let (user, key) = try UserDirectory(register).signInWithKey(name, passphrase: passphrase)
        try user.requireEverywhere(.issueTickets)
        let batch = try batch(id)
        guard batch.state == .planned else {
            throw Self.noStep(batch, .approved)
        }
        try check(batch)
        let approved = try approvals(of: id).map(\.user)
        if batch.plannedBy == name {
            throw RegisterError(
                .refused,
                "Партию \(batch.name) планировали вы: одобряет другой человек.",
                "You planned batch \(batch.name): somebody else approves it."
            )
        }
        if approved.contains(name) {
            throw RegisterError(
                .refused,
                "Вы уже одобрили партию \(batch.name).",
                "You have approved batch \(batch.name) already."
            )
        }
        let missing = batch.approvalsNeeded - approved.count - 1
        guard missing <= 0 else {
            try register.write { try store(key, batch, by: user, in: $0) }
            return missing
        }
        var issuance = TicketIssuance.Terms(
            expiresAt: terms.expiresAt,
            urlPrefix: terms.urlPrefix
        )
        issuance.batch = id
        _ = try TicketIssuance(register).issue(
            issuance,
            secrets: secrets,
            by: user,
            progress: progress
        ) { session, issued in
            try store(key, batch, by: user, in: session)
            try requireSignatures(batch, in: session)
            try move(batch, to: .approved, "", by: user, in: session)
            try session.execute(
                """
                UPDATE batch SET issuance = $1, first_carrier = $2, approved_at = $3 WHERE id = $4
                """,
                [
                    .integer(issued.sequence), .integer(issued.firstCarrier),
                    .integer(register.now().seconds), .integer(id),
                ]
            )
        }
        return 0
    }

    /// What a person signs: batch and plan.
    static func message(_ batch: Batch) -> [UInt8] {
        Array("profbilet/batch-approval/1\0\(batch.id)\0".utf8) + batch.planHash
    }

    private func store(
        _ key: SigningKey,
        _ batch: Batch,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            INSERT INTO batch_approval (batch_id, user_id, at, plan_hash, public_key, signature)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .integer(batch.id), .integer(user.id), .integer(register.now().seconds),
                .blob(batch.planHash), .blob(key.publicKey.publicBytes),
                .blob(try key.sign(Self.message(batch))),
            ]
        )
        try note(batch.id, "batch.approve", Hex.text(batch.planHash), by: user, in: session)
    }

    /// Every stored approval is a valid signature of a person of its own over this plan.
    private func requireSignatures(_ batch: Batch, in session: any DatabaseSession) throws {
        let rows = try session.all(
            """
            SELECT a.signature, a.plan_hash, a.public_key, u.public_key FROM batch_approval a
            JOIN app_user u ON u.id = a.user_id WHERE a.batch_id = $1
            """,
            [.integer(batch.id)]
        ) { ($0.blob(0), $0.blob(1), $0.blob(2), $0.blob(3)) }
        let message = Self.message(batch)
        var people: Set<[UInt8]> = []
        for (signature, hash, publicKey, thumbprint) in rows {
            guard hash == batch.planHash,
                let key = VerificationKey(algorithm: .edDSA, publicBytes: publicKey),
                key.thumbprint == thumbprint, key.isValid(signature: signature, for: message)
            else {
                throw RegisterError(
                    .damaged,
                    "Подпись одобрения партии \(batch.name) не сходится. Проверьте реестр.",
                    "An approval of batch \(batch.name) does not verify. Check the register."
                )
            }
            people.insert(publicKey)
        }
        guard people.count >= batch.approvalsNeeded else {
            throw RegisterError(
                .refused,
                "Партии \(batch.name) не хватает одобрений.",
                "Batch \(batch.name) lacks approvals."
            )
        }
    }

    /// The plan is what was signed, and its orders and people are what they were.
    private func check(_ batch: Batch) throws {
        let draft = Draft(
            title: batch.title,
            specification: batch.specification,
            folder: batch.folder,
            profile: batch.profile,
            layoutHash: batch.layoutHash,
            approvalsNeeded: batch.approvalsNeeded
        )
        var digest = Self.digest(draft, count: batch.cards)
        try register.read { session in
            try session.query(
                "SELECT seq, sealed FROM batch_card WHERE batch_id = $1 ORDER BY seq",
                [.integer(batch.id)]
            ) { digest.add(try row($0.blob(1), batch.id, Int($0.integer(0))).encoded) }
        }
        guard digest.value == batch.planHash else { throw Self.damaged(batch.name) }
        let changed = try register.read { session in
            try session.all(
                """
                SELECT b.order_id, o.state, m.state FROM batch_card b
                JOIN card_order o ON o.id = b.order_id JOIN member m ON m.id = b.member_id
                WHERE b.batch_id = $1
                AND (o.state <> 'approved' OR m.state <> 'active'
                    OR m.fingerprint <> b.fingerprint OR \(IssuancePlan.isWaiting))
                ORDER BY b.seq LIMIT 20
                """,
                [.integer(batch.id)]
            ) { row in
                let why =
                    row.text(1) != OrderState.approved.rawValue
                    ? row.text(1) : row.text(2) != MemberStatus.active.rawValue ? row.text(2) : "≠"
                return "\(row.integer(0)) (\(why))"
            }
        }
        guard changed.isEmpty else {
            let list = changed.joined(separator: ", ")
            throw RegisterError(
                .refused,
                "После планирования изменились заявки \(list). Отмените партию и составьте план "
                    + "заново: profbilet batch cancel \(batch.id) --reason ПРИЧИНА.",
                "Orders changed since planning: \(list). Cancel the batch and plan anew: "
                    + "profbilet batch cancel \(batch.id) --reason REASON."
            )
        }
    }
}

extension BatchBook {
    static let columns = """
        SELECT b.id, b.title, b.state, b.specification, b.folder, b.profile, b.layout_hash,
            b.plan_hash, b.cards, b.planned_at, u.name, b.approvals_needed, b.approved_at,
            b.manifest, b.first_carrier, b.issuance
        FROM batch b JOIN app_user u ON u.id = b.planned_by
        """

    static func batch(_ row: any DatabaseRow) -> Batch? {
        guard let state = BatchState(rawValue: row.text(2)) else { return nil }
        return Batch(
            id: row.integer(0),
            title: row.text(1),
            state: state,
            specification: row.text(3),
            folder: row.text(4),
            profile: row.text(5),
            layoutHash: row.text(6),
            planHash: row.blob(7),
            cards: Int(row.integer(8)),
            plannedAt: Instant(seconds: row.integer(9)),
            plannedBy: row.text(10),
            approvalsNeeded: Int(row.integer(11)),
            approvedAt: row.optionalInteger(12).map { Instant(seconds: $0) },
            manifest: row.isNull(13) ? nil : row.blob(13),
            firstCarrier: row.optionalInteger(14),
            issuance: row.optionalInteger(15)
        )
    }

    func batch(_ id: Int64, in session: any DatabaseSession) throws -> Batch {
        let found = try session.first("\(Self.columns) WHERE b.id = $1", [.integer(id)], Self.batch)
        guard let batch = found ?? nil else {
            throw RegisterError(
                .notFound,
                "Нет партии \(id): profbilet batch list.",
                "There is no batch \(id): profbilet batch list."
            )
        }
        return batch
    }

    func move(
        _ batch: Batch,
        to state: BatchState,
        _ reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        guard batch.state.successors.contains(state) else { throw Self.noStep(batch, state) }
        try session.execute(
            "UPDATE batch SET state = $1 WHERE id = $2",
            [.text(state.rawValue), .integer(batch.id)]
        )
        try note(batch.id, "batch.\(state.rawValue)", reason, by: user, in: session)
    }

    func note(
        _ id: Int64,
        _ action: String,
        _ detail: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try AuditLog(register).record(action, "batch/\(id)", detail, by: user, in: session)
    }

    func row(_ sealed: [UInt8], _ batch: Int64, _ sequence: Int) throws -> BatchCardRow {
        guard
            let bytes = try? register.secrets.batches.open(
                sealed,
                for: BatchCardRow.binding(batch, sequence)
            ), let row = BatchCardRow(encoded: bytes), row.sequence == sequence
        else { throw Self.damaged("\(batch)") }
        return row
    }

    static func digest(_ draft: Draft, count: Int) -> SHA256Digest {
        var digest = SHA256Digest()
        for text in [
            "profbilet-plan/1", draft.title, draft.specification, draft.profile, draft.layoutHash,
            "\(draft.approvalsNeeded)", "\(count)",
        ] {
            digest.add(Array(text.utf8))
            digest.add([0])
        }
        return digest
    }

    func organisationNames() throws -> [Int64: String] {
        try register.read { session in
            var names: [Int64: String] = [:]
            try session.query("SELECT code, name FROM organisation", []) {
                names[$0.integer(0)] = $0.text(1)
            }
            return names
        }
    }

    static func noStep(_ batch: Batch, _ state: BatchState) -> RegisterError {
        RegisterError(
            .refused,
            "Партия \(batch.name) в состоянии «\(batch.state.rawValue)» не переходит в "
                + "«\(state.rawValue)».",
            "Batch \(batch.name) is \(batch.state.rawValue) and cannot become \(state.rawValue)."
        )
    }

    static func damaged(_ name: String) -> RegisterError {
        RegisterError(
            .damaged,
            "Данные партии \(name) изменены в обход программы. Восстановите реестр.",
            "The data of batch \(name) was changed behind the program's back. Restore the register."
        )
    }
}
