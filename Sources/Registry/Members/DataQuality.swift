import UnionTicket

/// How complete the register is, as a whole or by region.
public struct DataQuality: Sendable {
    let register: Register

    /// The quality of this register.
    public init(_ register: Register) { self.register = register }

    /// The figures of one region.
    public struct Figures: Sendable, Equatable {
        /// Region code; 99 for the union as a whole.
        public let region: UInt8
        /// Members on record who have not left.
        public let members: Int
        /// Of them with an АИС identifier.
        public let withAisId: Int
        /// Of them with consent to card production.
        public let withCardConsent: Int
        /// Of them with a number of the old scheme.
        public let withLegacyNumber: Int
        /// Rows waiting in the conflict queue.
        public let conflicts: Int
        /// Orders of cards, rejected and cancelled ones aside.
        public let ordered: Int
    }

    /// The figures within the user's scope.
    public func report(byRegion: Bool, by user: SignedInUser) throws -> [Figures] {
        try user.require(.readReports)
        let range = user.scope.subtree
        let bounds: [SQLValue] = [.integer(range.lowerBound), .integer(range.upperBound)]
        return try register.read { session in
            let group = byRegion ? "region" : "99"
            func counts(_ sql: String) throws -> [Int64: Int] {
                var found: [Int64: Int] = [:]
                try session.query(sql, bounds) {
                    found[$0.integer(0), default: 0] += Int($0.integer(1))
                }
                return found
            }
            let today = Int64(register.now().moscowDate.day)
            let standing = "state IN ('candidate', 'active', 'suspended')"
            let place = "organisation BETWEEN $1 AND $2"
            let members = try counts(
                "SELECT \(group), count(*) FROM member WHERE \(place) AND \(standing) GROUP BY 1"
            )
            let aisIds = try counts(
                "SELECT \(group), count(ais_id) FROM member WHERE \(place) AND \(standing) GROUP BY 1"
            )
            let legacy = try counts(
                """
                SELECT \(group), count(legacy_number) FROM member
                WHERE \(place) AND \(standing) GROUP BY 1
                """
            )
            let consents = try counts(
                """
                SELECT \(byRegion ? "m.region" : "99"), count(DISTINCT m.id) FROM member m
                JOIN consent c ON c.member_id = m.id AND \(ConsentLedger.holds(on: today))
                JOIN consent_text t ON t.id = c.text_id AND t.purpose = 'cardProduction'
                WHERE m.organisation BETWEEN $1 AND $2
                    AND m.state IN ('candidate', 'active', 'suspended') GROUP BY 1
                """
            )
            let conflicts = try counts(
                """
                SELECT \(group), count(*) FROM conflict
                WHERE resolution IS NULL AND \(place) GROUP BY 1
                """
            )
            let orders = try counts(
                """
                SELECT \(group), count(*) FROM card_order
                WHERE \(place) AND state NOT IN ('rejected', 'cancelled') GROUP BY 1
                """
            )
            return Set(members.keys).union(conflicts.keys).sorted().map { region in
                Figures(
                    region: UInt8(region),
                    members: members[region] ?? 0,
                    withAisId: aisIds[region] ?? 0,
                    withCardConsent: consents[region] ?? 0,
                    withLegacyNumber: legacy[region] ?? 0,
                    conflicts: conflicts[region] ?? 0,
                    ordered: orders[region] ?? 0
                )
            }
        }
    }
}
