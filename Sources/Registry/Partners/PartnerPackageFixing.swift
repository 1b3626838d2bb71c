import TicketSeal
import UnionTicket

extension PartnerPackages {
    /// Fixes the waiting rows as the next package, with the counts and the hash of the set after it.
    func fix(
        _ partner: Partners.Partner,
        _ kind: Kind,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Package {
        let sequence = partner.sequence + 1
        var tally = Tally(partner)
        try count(sequence, &tally, in: session)
        if partner.mustBase { try countAll(sequence, &tally, in: session) }
        if kind == .base {
            tally.counts[.active] = tally.setCount - tally.setSuspended
            tally.counts[.suspended] = tally.setSuspended
            tally.deadline =
                try session.first(
                    """
                    SELECT min(deadline) FROM partner_package
                    WHERE partner_id = $1 AND state IN ('sent', 'received', 'rejected')
                    """,
                    [.integer(partner.id)]
                ) { $0.optionalInteger(0) } ?? nil
            try session.execute(
                """
                UPDATE partner_package SET state = 'superseded'
                WHERE partner_id = $1 AND state IN ('sent', 'received', 'rejected')
                """,
                [.integer(partner.id)]
            )
        }
        try insert(partner, sequence, kind, tally, in: session)
        try session.execute(
            """
            UPDATE partner SET sequence = $1, set_state = $2, set_count = $3, set_suspended = $4,
                must_base = 0 WHERE id = $5
            """,
            [
                .int(sequence), .blob(tally.set.state), .int(tally.setCount),
                .int(tally.setSuspended), .integer(partner.id),
            ]
        )
        try Partners(register).log(
            "partner.export",
            partner.terms.name,
            "\(kind.rawValue) \(sequence) rows \(tally.rows)",
            user,
            session
        )
        return try package(
            sequence,
            of: try Partners(register).partner(partner.terms.name, in: session),
            in: session
        )
    }

    /// What a package does to the partner's set.
    private struct Tally {
        let columns: PartnerRow.Columns
        let partner: Int64
        var set: SetHash
        var setCount: Int
        var setSuspended: Int
        var counts: [PartnerStatus: Int] = [:]
        /// The earliest day on which a reason to revoke arose.
        var since: Int64?
        /// The earliest deadline of packages that a base takes the place of.
        var deadline: Int64?

        init(_ partner: Partners.Partner) {
            columns = partner.terms.columns
            self.partner = partner.id
            (set, setCount, setSuspended) = (partner.set, partner.setCount, partner.setSuspended)
        }

        var rows: Int { counts.values.reduce(0, +) }

        mutating func replace(_ old: PartnerRow?, by new: PartnerRow, since day: Int64) {
            counts[new.status, default: 0] += 1
            if let old, old.status.isMember {
                set.remove(old.canonical(columns))
                setCount -= 1
                setSuspended -= old.status == .suspended ? 1 : 0
            }
            if new.status.isMember {
                set.add(new.canonical(columns))
                setCount += 1
                setSuspended += new.status == .suspended ? 1 : 0
            } else {
                since = min(since ?? day, day)
            }
        }
    }

    private func count(
        _ sequence: Int,
        _ tally: inout Tally,
        in session: any DatabaseSession
    ) throws {
        try session.query(
            """
            SELECT r.pseudonym, r.since, \(PartnerRow.columns("r")), \(PartnerRow.columns("o"))
            FROM \(Self.ownRows) LEFT JOIN partner_row o
                ON o.partner_id = r.partner_id AND o.pseudonym = r.pseudonym AND o.sequence =
                (SELECT max(x.sequence) FROM partner_row x WHERE x.partner_id = r.partner_id
                    AND x.pseudonym = r.pseudonym AND x.sequence < r.sequence)
            ORDER BY n.pseudonym
            """,
            [.integer(tally.partner), .int(sequence)] + Slice.whole.bounds
        ) { row in
            guard let new = PartnerRow(row, from: 2) else { return }
            tally.replace(PartnerRow(row, from: 9), by: new, since: row.integer(1))
        }
    }

    /// The whole set anew, where the contract changed what a row holds.
    private func countAll(
        _ sequence: Int,
        _ tally: inout Tally,
        in session: any DatabaseSession
    ) throws {
        guard sequence > 1 else { return }
        var (set, count, suspended) = (SetHash(), 0, 0)
        let partner = try session.first("SELECT name FROM partner WHERE id = \(tally.partner)") {
            $0.text(0)
        }
        let known = try Partners(register).partner(partner ?? "", in: session)
        try self.set(
            known,
            sequence,
            { row in
                guard row.status.isMember else { return }
                set.add(row.canonical(known.terms.columns))
                count += 1
                suspended += row.status == .suspended ? 1 : 0
            },
            in: session
        )
        (tally.set, tally.setCount, tally.setSuspended) = (set, count, suspended)
    }

    private func insert(
        _ partner: Partners.Partner,
        _ sequence: Int,
        _ kind: Kind,
        _ tally: Tally,
        in session: any DatabaseSession
    ) throws {
        let calendar = try register.workingDays()
        let own = tally.since.map { since in
            PartnerDeadlines.day(since: since, days: partner.terms.deadlineDays, calendar)
        }.map { Int64($0.day) }
        let deadline = [own, tally.deadline].compactMap(\.self).min()
        try session.execute(
            """
            INSERT INTO partner_package (partner_id, sequence, kind, state, created_at, active,
                suspended, revoked, merged, set_count, set_hash, deadline)
            VALUES ($1, $2, $3, 'prepared', $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                .integer(partner.id), .int(sequence), .text(kind.rawValue),
                .integer(register.now().seconds), .int(tally.counts[.active] ?? 0),
                .int(tally.counts[.suspended] ?? 0), .int(tally.counts[.revoked] ?? 0),
                .int(tally.counts[.merged] ?? 0), .int(tally.setCount), .blob(tally.set.value),
                .optional(deadline),
            ]
        )
    }
}
