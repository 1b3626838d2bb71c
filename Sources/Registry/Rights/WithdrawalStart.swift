import UnionTicket

// What a withdrawal does on the day it comes in.
extension ConsentWithdrawals {
    /// Ends the consents of a purpose, stops at once what the register itself does with them, and
    /// notes what is left with its deadline.
    ///
    /// - Returns: The withdrawals; several where `register` takes all other purposes with it, and the
    ///   records that were merged into this one.
    @discardableResult
    func begin(
        _ request: Request,
        of member: Int64,
        region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Withdrawal] {
        var begun = try beginAlone(request, of: member, region: region, by: user, in: session)
        guard request.purpose == .register else { return begun }
        for record in try MemberMerge.held(under: member, in: session)
        where try !Self.stopsAll(of: record, in: session) {
            begun += try beginAlone(
                request,
                of: record,
                region: try MemberFile(register).organisation(of: record, in: session).region,
                by: user,
                in: session
            )
        }
        return begun
    }

    /// ``begin(_:of:region:by:in:)`` of one record.
    private func beginAlone(
        _ request: Request,
        of member: Int64,
        region: UInt8,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Withdrawal] {
        var requests = [request]
        if request.purpose == .register {
            // Nothing can be processed of whose record may not be kept.
            let standing = try ConsentLedger.standing(
                of: member,
                on: Int64(request.on.day),
                in: session
            )
            // A sheet signed after that day ends no earlier than it began.
            requests += standing.filter { $0.purpose != .register }.map {
                Request(
                    purpose: $0.purpose,
                    recipient: $0.recipient,
                    on: max(request.on, $0.givenOn)
                )
            }
        }
        return try requests.map {
            try close($0, of: member, in: session)
            let id = try note($0, of: member, region: region, in: session)
            if let how = try stop($0, of: member, by: user, in: session) {
                try settle(id, how, by: user, in: session)
            }
            return try reread(id, in: session)
        }
    }

    private func close(
        _ request: Request,
        of member: Int64,
        in session: any DatabaseSession
    ) throws {
        if request.purpose == .bonusTransfer || request.purpose == .register {
            try PartnerJudgement.mark(member, in: session)
        }
        try session.execute(
            """
            UPDATE consent SET withdrawn_on =
                CASE WHEN given_on > \(request.on.day) THEN given_on ELSE \(request.on.day) END
            WHERE member_id = $1 AND withdrawn_on IS NULL AND text_id IN
                (SELECT id FROM consent_text WHERE purpose = $2 AND recipient = $3)
            """,
            [
                .integer(member), .text(request.purpose.rawValue), .text(request.recipient),
            ]
        )
    }

    private func note(
        _ request: Request,
        of member: Int64,
        region: UInt8,
        in session: any DatabaseSession
    ) throws -> Int64 {
        let id = try Counter.withdrawal.take(in: session)
        let term = try register.workingDays().day(
            try days(request.purpose, in: session),
            after: request.on
        )
        let due = min(term, CalendarDate(day: request.on.day + Self.calendarBound))
        try session.execute(
            """
            INSERT INTO consent_withdrawal (id, region, member_id, purpose, recipient, withdrawn_on,
                due_on) VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(id), .int(region), .integer(member), .text(request.purpose.rawValue),
                .text(request.recipient), .int(request.on.day),
                .int(due.day),
            ]
        )
        return id
    }

    /// Stops what the register itself does for a purpose.
    ///
    /// - Returns: How it ended; nil while others must still act.
    private func stop(
        _ request: Request,
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> String? {
        switch request.purpose {
        case .register:
            // Also where their own consents had run out and are not withdrawn any more.
            try cancelOrders(of: member, by: user, in: session)
            try withdrawVirtual(of: member, by: user, in: session)
            return nil
        case .cardProduction:
            try cancelOrders(of: member, by: user, in: session)
            return try isAtPlant(member, in: session) ? nil : "open orders cancelled"
        case .virtualCard:
            try withdrawVirtual(of: member, by: user, in: session)
            return "virtual cards withdrawn"
        case .bonusTransfer:
            return try Transfers(register).isHeld(by: request.recipient, member, in: session)
                ? nil : "never handed over"
        case .photoOnCard, .marketing: return "the register holds nothing of it"
        case .eventAttendance:
            // Marks that lie in an event's journal go with the minutes' term (L16).
            return try Attendance.isRecorded(of: member, in: session) ? nil : "no marks held"
        }
    }

    private func cancelOrders(
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try OrderBook(register).cancelOpen(
            of: member,
            reason: "consent withdrawn",
            by: user,
            in: session
        )
    }

    private func withdrawVirtual(
        of member: Int64,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        try ActivationCodes(register).endAll(of: member, in: session)
        let file = CarrierFile(register)
        for carrier in try file.carriers(of: member, in: session)
        where carrier.kind == .virtual && carrier.state.successors.contains(.withdrawn) {
            try file.set(
                carrier,
                to: .withdrawn,
                reason: "consent withdrawn",
                by: user,
                in: session
            )
        }
    }

    /// Where a card's fields lie in a package, at the office or at the manufacturer: a batch that is
    /// only planned has none, and cannot be approved with such a card any more.
    private static let isInPackage = """
        c.live = 1 AND b.state NOT IN ('planned', 'cancelled', 'closed')
        """

    /// Whether a manufacturer, or a package for one, still holds the member's printed fields.
    private func isAtPlant(_ member: Int64, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            """
            SELECT 1 FROM batch_card c JOIN batch b ON b.id = c.batch_id
            WHERE c.member_id = $1 AND \(Self.isInPackage)
            """,
            [.integer(member)]
        ) { _ in true } ?? false
    }

    /// Whether somebody outside the register still holds what a withdrawal is about.
    func isHeldOutside(
        _ withdrawal: Withdrawal,
        in session: any DatabaseSession
    ) throws -> Bool {
        switch withdrawal.purpose {
        case .cardProduction: try isAtPlant(withdrawal.member, in: session)
        case .bonusTransfer:
            try Transfers(register).isHeld(by: withdrawal.recipient, withdrawal.member, in: session)
        case .register, .virtualCard, .photoOnCard, .marketing, .eventAttendance: false
        }
    }

    /// Ends the withdrawals of those whose cards a batch held, once it is cancelled or closed and no
    /// other package holds their fields.
    func settleProduction(
        after batch: Int64,
        how: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let over = try session.all(
            """
            SELECT w.id FROM consent_withdrawal w
            WHERE w.purpose = 'cardProduction' AND w.done_at IS NULL
                AND EXISTS (SELECT 1 FROM batch_card x
                    WHERE x.batch_id = $1 AND x.member_id = w.member_id)
                AND NOT EXISTS (SELECT 1 FROM batch_card c JOIN batch b ON b.id = c.batch_id
                    WHERE c.member_id = w.member_id AND \(Self.isInPackage))
            """,
            [.integer(batch)]
        ) { $0.integer(0) }
        for id in over { try settle(id, how, by: user, in: session) }
    }
}
