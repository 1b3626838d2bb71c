public import UnionTicket

/// Members whom a list or a command names one by one: whatever is wrong with one of them is said of
/// that one, and the others are served.
extension OrderBook {
    /// A member as a list or a command names one.
    public struct Named: Sendable {
        /// АИС identifier, `#row` or ticket number.
        public let reference: String
        /// Line of the list, where there is one.
        public let line: Int?
        /// Why this one's card is ordered; nil leaves it to the command.
        public let reason: OrderReason?
        /// What is wrong with the line itself.
        public let flaw: Bilingual?

        /// Somebody named.
        public init(
            _ reference: String,
            line: Int? = nil,
            reason: OrderReason? = nil,
            flaw: Bilingual? = nil
        ) {
            (self.reference, self.line, self.reason) = (reference, line, reason)
            self.flaw = flaw
        }

        /// How refusals name the line and whom it means; a ticket number is not repeated in full.
        var subject: String {
            let place = line.map { "строка/line \($0)" }
            var who = reference
            if case .ticket(let number) = TypedNumber(reference) {
                who = "…\(number.digits.suffix(4))"
            }
            return [place, who].compactMap { $0?.isEmpty == false ? $0 : nil }.joined(
                separator: ", "
            )
        }
    }

    /// The members of a list with the reasons of their orders; the others go to `outcome`.
    func applicants(
        named list: [Named],
        _ reason: OrderReason?,
        _ outcome: inout Outcome,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [(applicant: Applicant, reason: OrderReason?)] {
        try members(of: list, &outcome, by: user, in: session).flatMap { id, item in
            try applicants("m.id = $1", [.integer(id)], item.subject, in: session)
                .map { ($0, item.reason ?? reason) }
        }
    }

    /// The orders of a list's members that can take a step; a member without one goes to `outcome`.
    func orders(
        named list: [Named],
        before state: OrderState,
        _ outcome: inout Outcome,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Order] {
        var found: [Order] = []
        for (id, item) in try members(of: list, &outcome, by: user, in: session) {
            let all = try session.all(
                "\(Self.columns) WHERE o.member_id = $1 ORDER BY o.id",
                [.integer(id)],
                Self.order
            ).compactMap(\.self)
            let able = all.filter { $0.state.successors.contains(state) }
            let early = able.filter { OrderState.beforeBatch.contains($0.state) }
            found += early.isEmpty ? able : early
            guard able.isEmpty else { continue }
            // Of the newest the reason is told.
            if let last = all.last, let why = last.refusal(to: state) {
                outcome.refused.append(("\(item.subject): \(last.id)", why))
            } else {
                outcome.refused.append((item.subject, Bilingual("заявок нет", "has no order")))
            }
        }
        return found
    }

    private func members(
        of list: [Named],
        _ outcome: inout Outcome,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [(id: Int64, item: Named)] {
        var found: [(id: Int64, item: Named)] = []
        var chosen: Set<Int64> = []
        for item in list {
            if let flaw = item.flaw {
                outcome.refused.append((item.subject, flaw))
                continue
            }
            do {
                let id = try MemberFile(register).row(item.reference, by: user, in: session)
                if chosen.insert(id).inserted {
                    found.append((id, item))
                } else {
                    outcome.refused.append((item.subject, MemberFile.namedTwice))
                }
            } catch let error as RegisterError {
                guard error.code == .notFound || error.code == .forbidden else { throw error }
                outcome.refused.append((item.subject, error.message))
            }
        }
        return found
    }

    /// Which orders are listed.
    public struct Filter: Sendable {
        /// Only orders in this state.
        public var state: OrderState?
        /// Only orders for this reason.
        public var reason: OrderReason?
        /// Only this subtree.
        public var organisation: OrganisationCode?
        /// Only orders of these members; nil means all.
        public var members: [Named]?

        /// All orders of the user's scope.
        public init() {}
    }

    /// Orders in the user's scope, the newest first.
    ///
    /// - Parameters:
    ///   - filter: Which of them.
    ///   - limit: At most so many.
    ///   - user: Who asks.
    /// - Returns: The orders.
    /// - Throws: ``RegisterError``, also for a member or an organisation of the filter that nobody
    ///   knows.
    public func list(
        _ filter: Filter,
        limit: Int = 1000,
        by user: SignedInUser
    ) throws -> [Order] {
        if !user.permits(.readReports) { try user.require(.order) }
        if let organisation = filter.organisation {
            try user.require(.readReports, at: organisation)
        }
        return try register.read { session in
            try OrganisationTree(register).requireReal(filter.organisation, in: session)
            guard let named = filter.members else {
                return try list(filter, "", [], limit, by: user, in: session)
            }
            var outcome = Outcome()
            let rows = try members(of: named, &outcome, by: user, in: session)
            if let (subject, why) = outcome.refused.first {
                throw RegisterError(
                    .notFound,
                    "\(subject): \(why.russian)",
                    "\(subject): \(why.english)"
                )
            }
            var found: [Order] = []
            for part in rows.map({ SQLValue.integer($0.id) }).parts(of: 256) {
                let condition = "AND o.member_id IN (\(part.placeholders))"
                found += try list(filter, condition, part.padded, limit, by: user, in: session)
            }
            return Array(found.sorted { $0.id > $1.id }.prefix(limit))
        }
    }

    private func list(
        _ filter: Filter,
        _ condition: String,
        _ arguments: [SQLValue],
        _ limit: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Order] {
        let range = (filter.organisation ?? user.scope).subtree
        let state = filter.state.map { "AND o.state = '\($0.rawValue)'" } ?? ""
        let reason = filter.reason.map { "AND o.reason = '\($0.rawValue)'" } ?? ""
        return try session.all(
            """
            \(Self.columns)
            WHERE o.organisation BETWEEN \(range.lowerBound) AND \(range.upperBound)
            \(state) \(reason) \(condition) ORDER BY o.id DESC LIMIT \(max(0, limit))
            """,
            arguments,
            Self.order
        ).compactMap(\.self)
    }
}
