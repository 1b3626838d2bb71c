import TicketSeal
import UnionTicket

/// Settles what a manufacturer's report left open, and closes batches.
public struct BatchClosing: Sendable {
    let register: Register

    /// The closing of this register's batches.
    public init(_ register: Register) { self.register = register }

    /// How a batch stands.
    public func standing(_ id: Int64, by user: SignedInUser) throws -> BatchStanding {
        try user.require(.readReports)
        return try register.read { session in
            try BatchStanding(try BatchBook(register).batch(id, in: session), in: session)
        }
    }

    /// Settles differences by a document: a surplus card destroyed, a duplicate explained.
    ///
    /// - Throws: ``RegisterError`` when one of them is not open in this batch, or is a card that the
    ///   plant still owes.
    public func settle(
        _ id: Int64,
        _ differences: [Int64],
        by document: String,
        user: SignedInUser
    ) throws {
        try user.requireEverywhere(.acceptBatches)
        let document = try Ground.require(document)
        try register.write { session in
            let batch = try BatchBook(register).batch(id, in: session)
            let open = try BatchStanding(batch, in: session).differences
            for number in differences {
                guard let found = open.first(where: { $0.id == number }) else {
                    throw RegisterError(
                        .notFound,
                        "В партии \(batch.name) нет открытого расхождения \(number).",
                        "Batch \(batch.name) has no open difference \(number)."
                    )
                }
                guard found.kind != .spoiled else {
                    throw RegisterError(
                        .refused,
                        "Карту № \(found.sequence ?? 0) завод ещё должен: дождитесь отчёта о ней или "
                            + "спишите её: profbilet batch write-off.",
                        "The plant still owes card № \(found.sequence ?? 0): wait for its report or "
                            + "write it off: profbilet batch write-off."
                    )
                }
            }
            try BatchStanding.close(
                differences,
                resolution: document,
                at: register.now(),
                by: user,
                in: session
            )
            try BatchBook(register).note(
                id,
                "batch.settle",
                "differences \(differences.count)",
                by: user,
                in: session
            )
        }
    }

    /// Gives up the cards that are missing: their issue is revoked, since it may exist, and they are
    /// ordered anew; the plant owes their price.
    ///
    /// - Returns: How many cards were written off, and the new orders.
    public func writeOffMissing(
        _ id: Int64,
        reason: String,
        by user: SignedInUser
    ) throws -> (cards: Int, orders: [Int64]) {
        try user.requireEverywhere(.acceptBatches)
        let reason = try Ground.require(reason)
        return try register.write { session in
            let book = BatchBook(register)
            let batch = try book.batch(id, in: session)
            guard [.accepted, .shipped].contains(batch.state), let first = batch.firstCarrier else {
                throw BatchBook.noStep(batch, .closed)
            }
            let moves = CarrierMoves(register: register, user: user, session: session)
            let spans = try moves.spans(
                "c.id BETWEEN $1 AND $2 AND c.state = 'allocated'",
                [.integer(first), .integer(first + Int64(batch.cards) - 1)]
            )
            let charges = CardCharges(batch: id, spoiled: try groups(spans, in: session))
            let count = try moves.move(
                spans,
                from: .allocated,
                to: .withdrawn,
                reason: reason
            )
            let orders = try Remaking(register, batch, user, session).order(spans)
            let owed = try BatchStanding(batch, in: session).differences
                .filter { $0.kind == .spoiled }.map(\.id)
            try BatchStanding.close(
                owed,
                resolution: reason,
                at: register.now(),
                by: user,
                in: session
            )
            try Ledger(register).post(charges, by: user, in: session)
            try book.note(id, "batch.writeoff", "cards \(count)", by: user, in: session)
            return (count, orders)
        }
    }

    private func groups(
        _ spans: [ClosedRange<Int64>],
        in session: any DatabaseSession
    ) throws -> [CardCharges.Group: Int] {
        var counts: [CardCharges.Group: Int] = [:]
        for span in spans { try CardCharges.count(span, into: &counts, in: session) }
        return counts
    }

    /// Refuses a file as the plant's act that is known as something else of this batch.
    private func requireOther(
        _ act: [UInt8],
        _ batch: BatchBook.Batch,
        in session: any DatabaseSession
    ) throws {
        let report = try session.first(
            "SELECT revision FROM batch_report WHERE batch_id = $1 AND sha256 = $2",
            [.integer(batch.id), .blob(act)]
        ) { $0.integer(0) }
        guard let report else { return }
        throw RegisterError(
            .refused,
            "Это отчёт завода о партии \(batch.name) (ревизия \(report)), а нужен акт завода об "
                + "уничтожении персональных данных. Укажите его скан.",
            "This is the plant's report on batch \(batch.name) (revision \(report)); the plant's act "
                + "of the destruction of personal data is needed. Give its scan."
        )
    }

    /// Closes a batch: nothing is open, and the plant destroyed the personal data; ours in clear go
    /// with it (``PrintFiles``).
    ///
    /// The same act again goes on where a killed command was cut off.
    ///
    /// - Parameters:
    ///   - id: The batch.
    ///   - act: SHA-256 of the plant's act of destruction (акт уничтожения персональных данных).
    ///   - user: Who closes it.
    /// - Returns: How many files with personal data were removed here.
    /// - Throws: ``RegisterError`` that says what is open.
    @discardableResult
    public func close(
        _ id: Int64,
        destructionAct act: [UInt8],
        by user: SignedInUser
    ) throws -> Int {
        try user.requireEverywhere(.acceptBatches)
        try register.write { session in
            let book = BatchBook(register)
            let batch = try book.batch(id, in: session)
            if try batch.state == .closed && isClosed(id, by: act, in: session) { return }
            guard batch.state.successors.contains(.closed) else {
                throw BatchBook.noStep(batch, .closed)
            }
            let standing = try BatchStanding(batch, in: session)
            guard !standing.isOpen else {
                throw RegisterError(
                    .refused,
                    "Партия \(batch.name) не закрыта: не хватает карт \(standing.missingCount), не "
                        + "отгружено \(standing.unshipped), расхождений "
                        + "\(standing.differences.count). Перечень: profbilet batch show \(id).",
                    "Batch \(batch.name) is not closed: missing cards \(standing.missingCount), not "
                        + "shipped \(standing.unshipped), differences "
                        + "\(standing.differences.count). They are listed by: profbilet batch show \(id)."
                )
            }
            try requireOther(act, batch, in: session)
            try book.move(batch, to: .closed, Hex.text(act), by: user, in: session)
            try session.execute(
                "UPDATE batch SET destruction_act = $1, closed_at = $2 WHERE id = $3",
                [.blob(act), .integer(register.now().seconds), .integer(id)]
            )
            try ConsentWithdrawals(register).settleProduction(
                after: id,
                how: "batch \(id) closed, data destroyed at the plant",
                by: user,
                in: session
            )
        }
        return try PrintFiles(register).sweep(id).reduce(0) { $0 + $1.files }
    }

    private func isClosed(
        _ id: Int64,
        by act: [UInt8],
        in session: any DatabaseSession
    ) throws -> Bool {
        try session.first(
            "SELECT 1 FROM batch WHERE id = $1 AND destruction_act = $2",
            [.integer(id), .blob(act)]
        ) { $0.integer(0) } != nil
    }
}
