import UnionTicket

/// What has changed since the end of a day, so that one pass over today's rows tells how it was then.
///
/// Row numbers are dense, so marks lie in plain arrays: a byte a carrier, no dictionary of millions.
struct DatedRegister {
    /// The first second after the day, Moscow time.
    let end: Int64
    /// The day.
    let day: Int64
    /// Changes of members since then, the first of each member.
    private let members: [Int64: (organisation: Int64, isRegistered: Bool)]
    /// The state then of carriers that changed since; 0 where none did, ``notYet`` where none was.
    private let carriers: [UInt8]
    /// Issuances of later days.
    private let laterIssuances: Set<Int64>

    private static let states = CarrierState.allCases
    private static let notYet: UInt8 = 255

    init(asOf date: CalendarDate, cards: Bool, in session: any DatabaseSession) throws {
        let end = Instant(endOf: date).seconds + 1
        self.end = end
        day = Int64(date.day)
        members = try Self.members(since: end, in: session)
        let last = try Counter.carrier.last(in: session)
        var carriers = [UInt8](repeating: 0, count: cards ? Int(last) + 1 : 0)
        var issuances: Set<Int64> = []
        if cards {
            try session.query(
                "SELECT carrier_id, from_state FROM carrier_event WHERE at >= \(end) ORDER BY seq",
                []
            ) { row in
                let id = Int(row.integer(0))
                guard carriers.indices.contains(id), carriers[id] == 0 else { return }
                carriers[id] = Self.code(row.text(1))
            }
            try session.query(
                "SELECT carrier_id FROM virtual_card WHERE enrolled_at >= \(end)",
                []
            ) { row in
                let id = Int(row.integer(0))
                if carriers.indices.contains(id) { carriers[id] = Self.notYet }
            }
            issuances = Set(
                try session.all("SELECT sequence FROM issuance WHERE at >= \(end)") {
                    $0.integer(0)
                }
            )
        }
        self.carriers = carriers
        laterIssuances = issuances
    }

    private static func members(
        since end: Int64,
        in session: any DatabaseSession
    ) throws -> [Int64: (organisation: Int64, isRegistered: Bool)] {
        var found: [Int64: (organisation: Int64, isRegistered: Bool)] = [:]
        try session.query(
            """
            SELECT member_id, organisation, CASE WHEN state IN \(registered) THEN 1 ELSE 0 END
            FROM member_past WHERE until >= \(end) ORDER BY seq
            """,
            []
        ) { row in
            let id = row.integer(0)
            if found[id] == nil { found[id] = (row.integer(1), row.integer(2) == 1) }
        }
        return found
    }

    /// Standings that count as on record.
    static let registered = "('active', 'suspended')"

    private static func code(_ state: String) -> UInt8 {
        guard let index = states.firstIndex(where: { $0.rawValue == state }) else { return 0 }
        return UInt8(index + 1)
    }

    /// Where a member belonged then, and whether on record.
    func member(
        _ id: Int64,
        organisation: Int64,
        isRegistered: Bool
    ) -> (organisation: Int64, isRegistered: Bool) {
        members.isEmpty ? (organisation, isRegistered) : members[id] ?? (organisation, isRegistered)
    }

    /// A carrier's state then, from its state now; nil when it did not exist.
    func state(of carrier: Int64, now state: CarrierState, issuance: Int64?) -> CarrierState? {
        if let issuance, laterIssuances.contains(issuance) { return nil }
        let code = carriers.indices.contains(Int(carrier)) ? carriers[Int(carrier)] : 0
        if code == Self.notYet { return nil }
        return code == 0 ? state : Self.states[Int(code) - 1]
    }
}
