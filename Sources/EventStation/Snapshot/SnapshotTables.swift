import TicketSeal
import UnionTicket

/// The tables of a snapshot: people, their sealed names, their carriers and two ways to find one.
struct SnapshotTables: Sendable {
    /// ``EventPerson`` by mandate, in the order they were added.
    var persons = RowTable(width: EventPerson.width)
    /// All sealed names.
    var names: [UInt8] = []
    /// ``EventCarrier`` by coordinate.
    var carriers = RowTable(width: EventCarrier.width)
    /// Keyed hash of a number, place of the carrier; by hash.
    var numbers = RowTable(width: hashLength + 4)
    /// Keyed hash of a chip's UID, place of the carrier; by hash.
    var uids = RowTable(width: hashLength + 4)

    static let hashLength = 12

    /// Empty tables.
    init() {}

    /// The tables of a snapshot's map, or nil when a row is damaged or out of order.
    init?(_ content: CBOR) {
        guard let persons = Self.table(content[8], EventPerson.width),
            let names = content[9]?.bytes,
            let carriers = Self.table(content[10], EventCarrier.width),
            let numbers = Self.table(content[11], Self.hashLength + 4),
            let uids = Self.table(content[12], Self.hashLength + 4)
        else { return nil }
        (self.persons, self.carriers, self.numbers, self.uids) = (persons, carriers, numbers, uids)
        self.names = names
        guard carriers.isSorted(by: 8), numbers.isSorted(by: Self.hashLength),
            uids.isSorted(by: Self.hashLength), areRowsSound
        else { return nil }
    }

    private static func table(_ item: CBOR?, _ width: Int) -> RowTable? {
        item?.bytes.flatMap { RowTable(width: width, bytes: $0) }
    }

    private var areRowsSound: Bool {
        for row in 0..<persons.count where EventPerson(persons, row) == nil { return false }
        for row in 0..<carriers.count {
            guard let carrier = EventCarrier(carriers, row), carrier.person < persons.count else {
                return false
            }
        }
        return true
    }

    /// What goes into the snapshot's map.
    var entries: [CBOR.Entry] {
        [
            (8, persons.bytes), (9, names), (10, carriers.bytes), (11, numbers.bytes),
            (12, uids.bytes),
        ].map { CBOR.Entry(.integer($0.0), .bytes($0.1)) }
    }
}
