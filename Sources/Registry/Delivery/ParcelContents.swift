public import UnionTicket

extension ParcelDesk {
    /// A parcel with what is in it.
    public struct Contents: Sendable {
        /// The parcel.
        public let parcel: Parcel
        /// Name of its organisation.
        public let name: String
        /// Name of its region.
        public let region: String
        /// Cards that left the plant, whatever became of them since.
        public let shipped: Int
        /// Cards counted at the primary organisation, whatever became of them since.
        public let arrived: Int
        /// Cards given to their members.
        public let handedOut: Int
    }

    /// The parcels of a batch in the user's scope with their counts.
    public func contents(of batch: Int64, by user: SignedInUser) throws -> [Contents] {
        let parcels = try list(batch: batch, by: user)
        return try register.read { session in
            guard let first = try BatchBook(register).batch(batch, in: session).firstCarrier else {
                return []
            }
            var counts: [Int: (shipped: Int, arrived: Int, handedOut: Int)] = [:]
            let range = user.scope.subtree
            try session.query(
                """
                SELECT p.number,
                    sum(CASE WHEN \(CardWay.leftPlant) THEN 1 ELSE 0 END),
                    sum(CASE WHEN \(CardWay.arrived) THEN 1 ELSE 0 END),
                    count(c.handed_out_on)
                FROM parcel p JOIN carrier c ON c.id BETWEEN \(first - 1) + p.first_seq
                    AND \(first - 1) + p.last_seq
                WHERE p.batch_id = $1 AND p.organisation BETWEEN $2 AND $3 GROUP BY p.number
                """,
                [.integer(batch), .integer(range.lowerBound), .integer(range.upperBound)]
            ) { row in
                counts[Int(row.integer(0))] = (
                    Int(row.integer(1)), Int(row.integer(2)), Int(row.integer(3))
                )
            }
            var names: [Int64: String] = [:]
            try session.query("SELECT code, name FROM organisation", []) {
                names[$0.integer(0)] = $0.text(1)
            }
            return parcels.map { parcel in
                let own = counts[parcel.number] ?? (0, 0, 0)
                return Contents(
                    parcel: parcel,
                    name: names[parcel.organisation.ordinal] ?? "",
                    region: names[parcel.organisation.regional.ordinal] ?? "",
                    shipped: own.shipped,
                    arrived: own.arrived,
                    handedOut: own.handedOut
                )
            }
        }
    }

    /// Cards of a parcel that wait for their members, with the names as printed.
    public struct Waiting: Sendable {
        /// The parcel.
        public let parcel: Parcel
        /// Name of its organisation.
        public let name: String
        /// The cards in the order of the run.
        public let cards: [(carrier: CarrierNumber, name: PersonName)]
        /// Whether cards of it are on their way: also some that the plant made after the others came, or
        /// were lost.
        public let isComing: Bool
    }

    /// Who of a parcel still waits for a card; the reading of the names is logged.
    ///
    /// People whose data were erased are left out, and cards that were sent back.
    public func waiting(_ batch: Int64, _ number: Int, by user: SignedInUser) throws -> Waiting {
        try user.require(.handOut)
        return try register.write { session in
            let parcel = try parcel(batch, number, by: user, in: session)
            let book = BatchBook(register)
            guard let first = try book.batch(batch, in: session).firstCarrier else {
                return Waiting(parcel: parcel, name: "", cards: [], isComing: false)
            }
            let rows = try session.all(
                """
                SELECT b.seq, b.sealed, c.number, c.issue FROM batch_card b
                JOIN carrier c ON c.id = \(first - 1) + b.seq
                WHERE b.batch_id = $1 AND b.seq BETWEEN $2 AND $3 AND c.handed_out_on IS NULL
                AND c.state IN ('printed', 'shipped', 'atRegion', 'atPrimary', 'unclaimed', 'active')
                AND NOT \(CardWay.sentBack)
                ORDER BY b.seq
                """,
                [
                    .integer(batch), .int(parcel.places.lowerBound),
                    .int(parcel.places.upperBound),
                ]
            ) { (Int($0.integer(0)), $0.blob(1), $0.integer(2), $0.integer(3)) }
            let cards = try rows.compactMap { sequence, sealed, number, issue in
                guard !sealed.isEmpty, let ticket = TicketNumber(value: UInt64(number)),
                    let carrier = CarrierNumber(ticket: ticket, issue: UInt8(issue))
                else { return nil as (carrier: CarrierNumber, name: PersonName)? }
                return (carrier, try book.row(sealed, batch, sequence).record.name)
            }
            let range = parcel.rows(from: first)
            let isComing = try session.first(
                "SELECT 1 FROM carrier c WHERE c.id BETWEEN $1 AND $2 AND \(CardWay.onTheWay)",
                [.integer(range.lowerBound), .integer(range.upperBound)]
            ) { _ in true }
            let name = try OrganisationTree(register).requireKnown(
                parcel.organisation,
                in: session
            ).name
            try AuditLog(register).record(
                "parcel.names",
                "parcel/\(parcel.name)",
                "cards \(cards.count)",
                by: user,
                in: session
            )
            return Waiting(parcel: parcel, name: name, cards: cards, isComing: isComing ?? false)
        }
    }
}
