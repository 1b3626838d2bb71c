import UnionTicket

/// A carrier as it was at the end of a day.
struct DatedCarrier {
    /// What is read of a carrier `c`, in the order that ``init(_:_:)`` takes it.
    ///
    /// A spoiled card was not made, even once an act of destruction ended it; older registers have a day
    /// of production at some of them.
    static let columns = """
        c.id, c.member_id, c.kind, c.state, c.issuance, c.produced_on, c.handed_out_on, c.expires_at,
        CASE WHEN c.state = 'destroyed' AND EXISTS (SELECT 1 FROM carrier_event s
            WHERE s.carrier_id = c.id AND s.to_state = 'spoiled') THEN 1 ELSE 0 END
        """
    /// How many columns those are.
    static let width = 9

    let kind: CarrierKind
    /// Its state then; `expired` where its last day had passed.
    let state: CarrierState
    /// Whether it had been handed out.
    let isHandedOut: Bool
    /// Whether it had been made: accepted from the plant, or an old card by its dates, without any by the
    /// day it was recorded.
    let isMade: Bool

    /// Nil when there was none.
    init?(_ row: any DatabaseRow, _ dated: DatedRegister) {
        guard let kind = CarrierKind(rawValue: row.text(2)),
            let now = CarrierState(rawValue: row.text(3)),
            let then = dated.state(of: row.integer(0), now: now, issuance: row.optionalInteger(4))
        else { return nil }
        let (made, handedOut) = (row.optionalInteger(5), row.optionalInteger(6))
        isHandedOut = handedOut.map { $0 <= dated.day } ?? false
        self.kind = kind
        switch kind {
        case .virtual: (state, isMade) = (then, true)
        case .legacyPlastic:
            // A list tells of days before it came: what it hands out later lay waiting.
            state = then.isUsable && !isHandedOut && handedOut != nil ? .atPrimary : then
            let isRecorded = handedOut == nil ? then != .allocated : then == .atPrimary
            isMade = made.map { $0 <= dated.day } ?? (isHandedOut || isRecorded)
        case .plastic:
            let isOver = row.optionalInteger(7).map { $0 <= dated.end - 86_400 } ?? false
            state = isOver && then.isUsable ? .expired : then
            // A corrected report may have taken the day away since, or a later one set another.
            isMade =
                then == .printed
                || (made != nil && then != .allocated && then != .spoiled && row.integer(8) == 0)
        }
    }

    /// Where a made card lay: what came into force with its parcel waits at the primary organisation,
    /// what was handed out is with its member, also while the list that says so was not entered yet.
    var whereabouts: CarrierState {
        switch state {
        case .active, .suspended, .handedOut: isHandedOut ? .handedOut : .atPrimary
        case .shipped, .atRegion, .atPrimary, .unclaimed: isHandedOut ? .handedOut : state
        default: state
        }
    }
}
