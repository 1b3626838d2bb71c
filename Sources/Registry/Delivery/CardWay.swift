import UnionTicket

/// What a card of a batch (`c`) has been through, as conditions of SQL: its state tells it where that
/// could not be otherwise, else its history does.
enum CardWay {
    /// It left the plant, whatever became of it since.
    static let leftPlant = been(
        .shipped,
        surely: surelyArrived + [.shipped, .atRegion, .lost, .stolen, .damaged, .expired],
        never: atPlant
    )
    /// It was counted at the region.
    static let reachedRegion = been(
        .atRegion,
        surely: surelyArrived + [.atRegion],
        never: atPlant + [.shipped]
    )
    /// It was counted at its primary organisation.
    static let arrived = been(.atPrimary, surely: surelyArrived, never: atPlant + [.shipped])
    /// It was sent back to the region, where it waits for its next way: its parcel's is over.
    static let sentBack = """
        (c.state = 'atRegion' AND EXISTS (SELECT 1 FROM carrier_event e WHERE e.carrier_id = c.id
            AND e.from_state = 'unclaimed' AND e.to_state = 'atRegion'))
        """
    /// It waits at the region for its parcel's way to the primary organisation.
    static let inParcelAtRegion = "(c.state = 'atRegion' AND NOT \(sentBack))"
    /// It travels with its parcel.
    static let onTheWay = "(c.state = 'shipped' OR \(inParcelAtRegion))"

    /// Whether a card was sent back to the region and waits there.
    static func isSentBack(_ carrier: Int64, in session: any DatabaseSession) throws -> Bool {
        try session.first(
            "SELECT 1 FROM carrier c WHERE c.id = $1 AND \(sentBack)",
            [.integer(carrier)]
        ) { _ in true } ?? false
    }

    private static let atPlant: [CarrierState] = [.allocated, .printed, .spoiled]
    private static let surelyArrived: [CarrierState] = [
        .atPrimary, .unclaimed, .handedOut, .active, .suspended,
    ]

    private static func been(
        _ state: CarrierState,
        surely: [CarrierState],
        never: [CarrierState]
    ) -> String {
        """
        (\(RegisterSchema.oneOf("c.state", surely))
            OR (NOT (\(RegisterSchema.oneOf("c.state", never)))
                AND EXISTS (SELECT 1 FROM carrier_event e WHERE e.carrier_id = c.id
                    AND e.to_state = '\(state.rawValue)')))
        """
    }
}
