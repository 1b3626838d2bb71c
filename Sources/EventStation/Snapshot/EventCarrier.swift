public import UnionTicket

/// One carrier of a person whom an event knows.
public struct EventCarrier: Equatable, Sendable {
    /// The carrier's identity; nil for a card of the old scheme.
    public var coordinate: StatusCoordinate?
    /// The person's place in the snapshot.
    public var person: Int
    /// What it is.
    public var kind: CarrierKind
    /// Where it was in its life when the snapshot was made.
    public var state: CarrierState
    /// The chip's UID, where the plant reported it.
    public var uid: [UInt8]?

    /// A carrier of the person at `person`.
    public init(
        coordinate: StatusCoordinate?,
        person: Int,
        kind: CarrierKind,
        state: CarrierState,
        uid: [UInt8]? = nil
    ) {
        self.coordinate = coordinate
        self.person = person
        self.kind = kind
        self.state = state
        self.uid = uid
    }
}

extension EventCarrier {
    // A row: coordinate (list 0 for a card of the old scheme), person, kind, state, length of the
    // UID, 0, UID, 0 0, the wrapped name key.
    static let width = 28 + SealedName.wrappedLength
    static let keyOffset = 28
    private static let longestUID = 10
    // A list of all cases is made anew whenever it is asked for.
    private static let kinds = CarrierKind.allCases
    private static let states = CarrierState.allCases

    func row(key wrapped: [UInt8]?) -> [UInt8] {
        var row: [UInt8] = []
        row.reserveCapacity(Self.width)
        row.append(UInt64(coordinate?.list ?? 0), length: 4)
        row.append(UInt64(coordinate?.index ?? 0), length: 4)
        row.append(UInt64(person), length: 4)
        row.append(UInt8(Self.kinds.firstIndex(of: kind) ?? 0))
        row.append(UInt8(Self.states.firstIndex(of: state) ?? 0))
        let uid = (uid ?? []).prefix(Self.longestUID)
        row.append(UInt8(uid.count))
        row.append(0)
        row.append(contentsOf: uid)
        row.append(contentsOf: repeatElement(0, count: Self.longestUID + 2 - uid.count))
        row.append(contentsOf: wrapped ?? [UInt8](repeating: 0, count: SealedName.wrappedLength))
        return row
    }

    init?(_ table: RowTable, _ row: Int) {
        let (kind, state) = (Int(table.integer(row, 12, 1)), Int(table.integer(row, 13, 1)))
        let length = Int(table.integer(row, 14, 1))
        guard Self.kinds.indices.contains(kind),
            Self.states.indices.contains(state), length <= Self.longestUID
        else { return nil }
        let list = UInt32(table.integer(row, 0, 4))
        self.init(
            coordinate: list == 0
                ? nil : StatusCoordinate(list: list, index: UInt32(table.integer(row, 4, 4))),
            person: Int(table.integer(row, 8, 4)),
            kind: Self.kinds[kind],
            state: Self.states[state],
            uid: length == 0 ? nil : Array(table.slice(row, 16, length))
        )
    }
}
