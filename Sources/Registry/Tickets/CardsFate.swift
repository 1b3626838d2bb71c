import UnionTicket

/// What became of the plastic cards people had, and the reason of the next order that follows from it
/// (production.md § 2, 5).
struct CardsFate {
    /// What tells of a card's end or of its being somebody's; what comes after (taken back, destroyed,
    /// replaced) does not change it.
    private static let telling: [CarrierState: OrderReason] = [
        .lost: .lost, .stolen: .stolen, .damaged: .damaged, .expired: .first, .handedOut: .first,
        .active: .first, .suspended: .first,
    ]

    /// The reasons of reissues, by the member's row.
    ///
    /// The newest card that reached its member, or was lost on its way, decides. One that was spoiled,
    /// taken back before it was given or left lying decides nothing: the card before it does. A card
    /// whose time was over, or that was taken back with the membership, is followed by a first one.
    static func reissues(
        of members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: OrderReason] {
        let states = CarrierState.allCases.filter { telling[$0] != nil || $0 == .unclaimed }
        var decided: [Int64: OrderReason] = [:]
        for part in members.map(SQLValue.integer).parts(of: 256) {
            try session.query(
                """
                SELECT k.member_id, k.state, (SELECT e.to_state FROM carrier_event e
                    WHERE e.carrier_id = k.id AND (\(RegisterSchema.oneOf("e.to_state", states)))
                    ORDER BY e.seq DESC LIMIT 1)
                FROM carrier k WHERE k.kind = 'plastic' AND k.member_id IN (\(part.placeholders))
                ORDER BY k.member_id, k.id DESC
                """,
                part.padded
            ) { row in
                // A card that `reclaim` brought back has its state and no history.
                let now = CarrierState(rawValue: row.text(1))
                let last = row.optionalText(2).flatMap(CarrierState.init(rawValue:))
                guard let reason = (last ?? now).flatMap({ telling[$0] }),
                    decided[row.integer(0)] == nil
                else { return }
                decided[row.integer(0)] = reason
            }
        }
        return decided.filter { $0.value != .first }
    }
}
