import UnionTicket

// Since when a partner may no longer be told of a member: the day from which the term of a revocation
// runs (152-ФЗ, article 21).
extension PartnerEvaluation {
    /// The day on which the earliest reason arose that still holds.
    ///
    /// That is the withdrawal, the change of standing, the loss of the last card or the end of its term. Members without a
    /// known one are not among the answers; at most 256 may be asked for.
    func endings(
        of verdicts: [Int64: Verdict],
        in session: any DatabaseSession
    ) throws -> [Int64: Int64] {
        guard let part = verdicts.keys.map(SQLValue.integer).parts(of: 256).first else {
            return [:]
        }
        var found: [Int64: Int64] = [:]
        for (member, verdict) in verdicts where !verdict.hasConsent {
            found[member] = verdict.since
        }
        let standings = try standingEndings(part, in: session)
        for (member, day) in standings { found[member] = min(found[member] ?? day, day) }
        try session.query(
            """
            SELECT k.member_id, max(e.at) FROM carrier k JOIN carrier_event e ON e.carrier_id = k.id
            WHERE k.member_id IN (\(part.placeholders)) AND k.kind <> 'legacyPlastic'
                AND e.from_state IN (\(Self.live)) AND e.to_state NOT IN (\(Self.live))
                AND NOT EXISTS (SELECT 1 FROM carrier x WHERE x.member_id = k.member_id
                    AND x.kind <> 'legacyPlastic' AND x.state IN (\(Self.live)))
            GROUP BY k.member_id
            """,
            part.padded
        ) { row in
            let day = Int64(Instant(seconds: row.integer(1)).moscowDate.day)
            found[row.integer(0)] = min(found[row.integer(0)] ?? day, day)
        }
        try session.query(
            """
            SELECT member_id, max(expires_at) FROM carrier
            WHERE member_id IN (\(part.placeholders)) AND kind = 'plastic'
                AND state IN (\(Self.live)) GROUP BY member_id
            """,
            part.padded
        ) { row in
            guard let last = row.optionalInteger(1) else { return }
            let over = Int64(Instant(seconds: last).moscowDate.day) + 1
            if found[row.integer(0)] == nil, over <= Int64(day.day) { found[row.integer(0)] = over }
        }
        return found
    }

    /// The first change of standing after which members were no longer in good standing.
    private func standingEndings(
        _ part: ArgumentPart,
        in session: any DatabaseSession
    ) throws -> [Int64: Int64] {
        var found: [Int64: Int64] = [:]
        try session.query(
            """
            SELECT e.member_id, e.at, e.detail FROM member_event e
            JOIN member m ON m.id = e.member_id
            WHERE e.member_id IN (\(part.placeholders)) AND e.kind = 'status'
                AND m.state <> 'active' ORDER BY e.member_id, e.seq
            """,
            part.padded
        ) { row in
            let member = row.integer(0)
            if row.text(2).contains(" > \(MemberStatus.active.rawValue):") {
                found[member] = nil
            } else if found[member] == nil {
                found[member] = Int64(Instant(seconds: row.integer(1)).moscowDate.day)
            }
        }
        return found
    }

    /// States in which a carrier keeps its member's ticket alive, for SQL.
    static let live = CarrierState.allCases.filter { $0.isUsable || $0.isInPipeline }
        .map { "'\($0.rawValue)'" }.joined(separator: ", ")
}

extension PartnerJudgement {
    /// How many revocations no package holds yet, by the day on which their reason arose.
    ///
    /// Judged are only those whose row changed since the last export and may have ended: after an
    /// issuance nearly everybody's changed.
    func waiting(
        for partner: Partners.Partner,
        in session: any DatabaseSession
    ) throws -> [Int64: Int] {
        var found: [Int64: Int] = [:]
        try session.query(
            """
            SELECT since, count(*) FROM partner_row WHERE partner_id = $1 AND sequence = $2
                AND status IN ('revoked', 'merged') GROUP BY since
            """,
            [.integer(partner.id), .int(partner.sequence + 1)]
        ) { found[$0.integer(0)] = Int($0.integer(1)) }
        let today = register.now().moscowDate
        let evaluation = try PartnerEvaluation(register, partner.terms, on: today, in: session)
        let members = try candidates(partner, evaluation, in: session)
        for start in stride(from: 0, to: members.count, by: 256) {
            let slice = Array(members[start..<min(start + 256, members.count)])
            let verdicts = try evaluation.verdicts(on: slice, in: session)
                .filter { $0.value.content == nil }
            let names = verdicts.keys.map { ($0, partner.key.pseudonym(of: $0)) }
            let versions = try versions(of: names.map(\.1), partner, in: session)
            let ending = Set(
                names.filter { _, name in
                    versions[name]?.sent?.isMember == true
                        && versions[name]?.waiting?.isMember ?? true
                }.map(\.0)
            )
            let days = try evaluation.endings(
                of: verdicts.filter { ending.contains($0.key) },
                in: session
            )
            for member in ending {
                let day = Int64(today.day)
                found[min(days[member] ?? day, day), default: 0] += 1
            }
        }
        return found
    }

    /// Members who wait to be judged and of whom nothing may be said any more, as far as SQL can tell.
    private func candidates(
        _ partner: Partners.Partner,
        _ evaluation: PartnerEvaluation,
        in session: any DatabaseSession
    ) throws -> [Int64] {
        let today = register.now().moscowDate.day
        return try session.all(
            """
            SELECT x.member_id FROM (
                SELECT member_id FROM partner_pending WHERE partner_id = \(partner.id)
                UNION SELECT member_id FROM partner_due
                    WHERE partner_id = \(partner.id) AND day <= \(today)
                UNION SELECT h.member_id FROM partner_change h WHERE EXISTS (
                    SELECT 1 FROM consent c WHERE c.member_id = h.member_id
                    AND c.text_id IN (\(evaluation.textList)))
            ) x JOIN member m ON m.id = x.member_id
            WHERE m.state <> 'active'
                OR NOT EXISTS (SELECT 1 FROM carrier k WHERE k.member_id = x.member_id
                    AND k.kind <> 'legacyPlastic' AND k.state IN (\(PartnerEvaluation.live)))
                OR EXISTS (SELECT 1 FROM carrier k WHERE k.member_id = x.member_id
                    AND k.kind = 'plastic' AND k.expires_at < \(register.now().seconds))
                OR EXISTS (SELECT 1 FROM consent c WHERE c.member_id = x.member_id
                    AND c.text_id IN (\(evaluation.textList))
                    AND (c.withdrawn_on IS NOT NULL OR c.until < \(today)))
                OR \(ConsentWithdrawals.stopsAll(of: "x.member_id"))
            ORDER BY x.member_id
            """
        ) { $0.integer(0) }
    }
}
