public import UnionTicket

/// Memberships as organisations returned them in their statistical reports: what the register is
/// measured against.
public struct MembershipReturns: Sendable {
    let register: Register

    /// The returns of this register.
    public init(_ register: Register) { self.register = register }

    /// What one import did.
    public struct Report: Sendable, Equatable {
        /// Memberships new for that day.
        public var added = 0
        /// Memberships that stood otherwise.
        public var updated = 0
        /// Memberships that stood so already.
        public var unchanged = 0
        /// Lines whose organisation the register does not know or the user may not touch.
        public var refused: [(line: Int, issues: [RowIssue])] = []

        /// Counts and refused lines are equal.
        public static func == (left: Self, right: Self) -> Bool {
            left.added == right.added && left.updated == right.updated
                && left.unchanged == right.unchanged
                && left.refused.map(\.line) == right.refused.map(\.line)
        }
    }

    /// Takes memberships as of a day, today at the latest, in one transaction.
    public func take(
        _ rows: [(line: Int, organisation: OrganisationCode, members: Int)],
        asOf date: CalendarDate,
        by user: SignedInUser
    ) throws -> Report {
        try user.require(.importOrganisations)
        try register.requirePast(date)
        return try register.write { session in
            var report = Report()
            // A closed organisation had members on the day it returned them for.
            let gate = try OrganisationGate(
                today: date,
                completeFor: nil,
                scope: user.scope,
                in: session
            )
            var lines: [OrganisationCode: Int] = [:]
            for row in rows {
                let before = lines[row.organisation]
                lines[row.organisation] = before ?? row.line
                let issue =
                    gate.refusal(row.organisation)
                    ?? before.map { OrganisationTree.repeated(row.organisation, $0) }
                if let issue {
                    report.refused.append((row.line, [issue]))
                    continue
                }
                try take(row.organisation, row.members, date, user, in: session, &report)
            }
            try AuditLog(register).record(
                "organisation.returns",
                "organisation",
                "as of \(date.iso), added \(report.added), updated \(report.updated)",
                by: user,
                in: session
            )
            return report
        }
    }

    private func take(
        _ organisation: OrganisationCode,
        _ members: Int,
        _ date: CalendarDate,
        _ user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        let known = try session.first(
            "SELECT members FROM membership_return WHERE organisation = $1 AND as_of = $2",
            [.integer(organisation.ordinal), .int(date.day)]
        ) { Int($0.integer(0)) }
        if known == members {
            report.unchanged += 1
            return
        }
        try session.execute(
            """
            INSERT INTO membership_return (organisation, as_of, members, entered_at, user_id)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organisation, as_of) DO UPDATE
            SET members = excluded.members, entered_at = excluded.entered_at,
                user_id = excluded.user_id
            """,
            [
                .integer(organisation.ordinal), .int(date.day), .int(members),
                .integer(register.now().seconds), .integer(user.id),
            ]
        )
        if known == nil { report.added += 1 } else { report.updated += 1 }
    }
}
