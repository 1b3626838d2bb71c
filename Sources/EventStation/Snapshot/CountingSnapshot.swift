import TicketSeal
import UnionTicket

extension EventSnapshot {
    /// People and rules without keys, carriers and names: enough to count journals that were verified
    /// already.
    ///
    /// - Parameters:
    ///   - people: Everybody whom the event knows.
    ///   - rules: What the event decided about itself.
    ///   - gates: Its stations.
    ///   - issuedAt: Now.
    init(counting people: [EventPerson], rules: EventRules, gates: [Gate], issuedAt: Instant) {
        var tables = SnapshotTables()
        for person in people { tables.persons.append(person.row(name: 0, 0)) }
        let salt = FieldSeal.randomKey()
        self.init(
            sequence: 0,
            rules: rules,
            mode: .event,
            issuedAt: issuedAt,
            leaseEnd: issuedAt,
            bundle: [],
            bundleEnd: issuedAt,
            bundleIssuedAt: issuedAt,
            gates: gates,
            judge: TicketJudge(keys: TrustedKeys([])),
            statuses: [:],
            salt: salt,
            tables: tables,
            issued: IssuedNumbers(bytes: []),
            nameIndex: [],
            hashes: BlindIndex(key: salt)
        )
    }
}
