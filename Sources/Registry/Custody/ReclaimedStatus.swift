import TicketSeal
import UnionTicket

// What the last published lists say of carriers.
extension Reclaim {
    /// Holds every slot that a published list blocks and the register would not.
    func take(
        _ token: StatusListToken,
        by user: SignedInUser,
        in session: any DatabaseSession,
        _ report: inout Report
    ) throws {
        guard let name = token.subject.split(separator: "/").last, let list = UInt32(name) else {
            throw Self.refused(token.subject, "subject")
        }
        report.lists += 1
        try session.execute(
            """
            INSERT INTO status_list (list, region, used, changed) VALUES ($1, $2, 0, 1)
            ON CONFLICT (list) DO UPDATE SET changed = 1
            """,
            [.int(list), .int(list % 100)]
        )
        try session.execute(
            "UPDATE status_list SET sequence = $1 WHERE list = $2 AND sequence < $3",
            [
                .integer(Int64(clamping: token.sequence)), .int(list),
                .integer(Int64(clamping: token.sequence)),
            ]
        )
        let own = try StatusPublisher(register).bits(of: list, in: session)
        for index in 0..<Swift.min(token.list.count, StatusCoordinate.slots) {
            let published = token.list[index]
            guard published == 1 || published == 2, own[index] != published, own[index] != 1 else {
                continue
            }
            // A suspension that ended after the list was signed is over.
            if published == 2,
                let change = try lastChange(list, index, in: session),
                change > token.issuedAt.seconds
            {
                continue
            }
            let held = try adopt(
                published == 1 ? .withdrawn : .suspended,
                list,
                index,
                by: user,
                in: session
            )
            if !held { try hold(list, index, published, in: session) }
            report.blocked += 1
        }
        try adoptActivations(token, list, by: user, in: session)
    }

    /// Moves the carrier of a slot to a state, when there is one that can make the step.
    func adopt(
        _ state: CarrierState,
        _ list: UInt32,
        _ index: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Bool {
        let carrier = try session.first(
            "\(CarrierFile.columns) WHERE list = $1 AND idx = $2",
            [.int(list), .int(index)],
            CarrierFile.carrier
        )
        guard let carrier = carrier ?? nil,
            let way = try way(of: carrier, to: state, in: session)
        else { return false }
        let file = CarrierFile(register)
        if state == .active, carrier.kind == .plastic, let member = carrier.member {
            for old in try file.carriers(of: member, in: session)
            where old.kind == .plastic && old.state.isUsable && old.id != carrier.id {
                try file.set(old, to: .replaced, reason: "reclaim", by: user, in: session)
            }
        }
        var now = carrier
        for step in way {
            try file.set(now, to: step, reason: "reclaim", by: user, in: session)
            now = try file.carrier(carrier.id, in: session) ?? now
        }
        return true
    }

    /// The steps to a state: a batch's card came into force by way of its parcel.
    private func way(
        of carrier: CarrierFile.Carrier,
        to state: CarrierState,
        in session: any DatabaseSession
    ) throws -> [CarrierState]? {
        let delivery: [CarrierState] = [
            .allocated, .printed, .shipped, .atRegion, .atPrimary, .active,
        ]
        if state == .active, let place = delivery.firstIndex(of: carrier.state),
            try CarrierFile(register).isInBatch(carrier, in: session)
        {
            return Array(delivery[(place + 1)...])
        }
        return carrier.state.successors.contains(state) ? [state] : nil
    }

    /// When anybody last changed the carrier of a slot; what a reclaim did since the restore it did
    /// for an earlier list.
    private func lastChange(
        _ list: UInt32,
        _ index: Int,
        in session: any DatabaseSession
    ) throws -> Int64? {
        try session.first(
            """
            SELECT max(e.at) FROM carrier c JOIN carrier_event e ON e.carrier_id = c.id
            WHERE c.list = $1 AND c.idx = $2 AND (e.reason <> 'reclaim' OR e.at < $3)
            """,
            [.int(list), .int(index), .integer(try restoredAt(session))]
        ) { $0.optionalInteger(0) } ?? nil
    }

    /// When the backup was restored, in Unix seconds; 0 when nothing says so.
    func restoredAt(_ session: any DatabaseSession) throws -> Int64 {
        try Setting.restoredAt.value(in: session).flatMap { Int64($0) } ?? 0
    }

    /// Carriers valid in a list that was signed after they were issued and last changed were activated
    /// meanwhile; of a later block an older list knows nothing.
    private func adoptActivations(
        _ token: StatusListToken,
        _ list: UInt32,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws {
        let waiting = try session.all(
            """
            SELECT c.idx FROM carrier c JOIN issuance i ON i.sequence = c.issuance
            WHERE c.list = $1 AND c.published = 2 AND i.at < $2 AND c.expires_at > $3
            AND NOT EXISTS (SELECT 1 FROM carrier_event e WHERE e.carrier_id = c.id
                AND e.at >= $4 AND (e.reason <> 'reclaim' OR e.at < $5))
            """,
            [
                .int(list), .integer(token.issuedAt.seconds), .integer(token.issuedAt.seconds),
                .integer(token.issuedAt.seconds), .integer(try restoredAt(session)),
            ]
        ) { Int($0.integer(0)) }
        for index in waiting where token.list[index] == 0 {
            _ = try adopt(.active, list, index, by: user, in: session)
        }
    }

    private func hold(
        _ list: UInt32,
        _ index: Int,
        _ published: UInt8,
        in session: any DatabaseSession
    ) throws {
        try session.execute(
            """
            INSERT INTO held_slot (list, idx, published, since) VALUES ($1, $2, $3, $4)
            ON CONFLICT (list, idx) DO UPDATE SET published = excluded.published
            """,
            [.int(list), .int(index), .int(published), .integer(register.now().seconds)]
        )
    }
}
