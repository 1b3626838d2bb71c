import UnionTicket

/// How complete the register is, as a whole or by region: completeness, duplicates, rejects.
public struct DataQuality: Sendable {
    let register: Register

    /// The quality of this register.
    public init(_ register: Register) { self.register = register }

    /// The figures of one region.
    public struct Figures: Sendable, Equatable {
        /// Region code; 99 for the union as a whole, 0 for rows of files that name no region.
        public let region: UInt8
        /// Members on record who have not left.
        public internal(set) var members = 0
        /// Of them with an АИС identifier.
        public internal(set) var withAisId = 0
        /// Of them with consent to card production.
        public internal(set) var withCardConsent = 0
        /// Of them with a number of the old scheme.
        public internal(set) var withLegacyNumber = 0
        /// Of them with a phone.
        public internal(set) var withPhone = 0
        /// Of them with an e-mail address.
        public internal(set) var withEmail = 0
        /// Of them those who share name and birth date with another of them.
        public internal(set) var duplicates = 0
        /// Rows waiting in the conflict queue.
        public internal(set) var conflicts = 0
        /// Rows refused in the last file that named the region.
        public internal(set) var rejectedRows = 0
        /// Rows of the region in that file.
        public internal(set) var fileRows = 0
        /// Orders of cards, rejected and cancelled ones aside.
        public internal(set) var ordered = 0

        init(region: UInt8) { self.region = region }
    }

    /// The figures within the user's scope.
    ///
    /// Phones and addresses are sealed: to count them every member's fields are opened.
    public func report(byRegion: Bool, by user: SignedInUser) throws -> [Figures] {
        try user.require(.readReports)
        var table = Table(byRegion: byRegion, scope: user.scope)
        try register.read { session in
            let today = Int64(register.now().moscowDate.day)
            try countMembers(into: &table, today: today, session)
            try table.count(
                \.conflicts,
                "SELECT region, count(*) FROM conflict WHERE resolution IS NULL AND \(Table.place)",
                session
            )
            try table.count(
                \.ordered,
                """
                SELECT region, count(*) FROM card_order
                WHERE \(Table.place) AND state <> 'rejected' AND state <> 'cancelled'
                """,
                session
            )
            try countRejects(into: &table, scope: user.scope, session)
        }
        try countContacts(into: &table)
        return table.rows
    }
}

extension DataQuality {
    /// Figures by region as they are gathered.
    struct Table {
        let byRegion: Bool
        let bounds: [SQLValue]
        private(set) var figures: [UInt8: Figures] = [:]

        static let place = "organisation BETWEEN $1 AND $2"
        static let standing = standing("state")

        /// That the state in a column is a member's in standing.
        static func standing(_ column: String) -> String {
            "(\(RegisterSchema.oneOf(column, MemberStatus.allCases.filter(\.isInStanding))))"
        }

        init(byRegion: Bool, scope: OrganisationCode) {
            self.byRegion = byRegion
            let range = scope.subtree
            bounds = [.integer(range.lowerBound), .integer(range.upperBound)]
        }

        /// In the order of the codes.
        var rows: [Figures] {
            figures.values.filter { $0.members + $0.conflicts + $0.fileRows > 0 }
                .sorted { $0.region < $1.region }
        }

        mutating func add(_ count: Int, to path: WritableKeyPath<Figures, Int>, of region: Int64) {
            let key = byRegion ? UInt8(truncatingIfNeeded: region) : 99
            figures[key, default: Figures(region: key)][keyPath: path] += count
        }

        /// Adds what a query counts, a region a row.
        mutating func count(
            _ path: WritableKeyPath<Figures, Int>,
            _ sql: String,
            _ session: any DatabaseSession
        ) throws {
            let found = try session.all("\(sql) GROUP BY region", bounds) {
                (region: $0.integer(0), count: Int($0.integer(1)))
            }
            for row in found { add(row.count, to: path, of: row.region) }
        }
    }

    private func countMembers(
        into table: inout Table,
        today: Int64,
        _ session: any DatabaseSession
    ) throws {
        let counted: [(WritableKeyPath<Figures, Int>, String)] = [
            (\.members, "*"), (\.withAisId, "ais_id"), (\.withLegacyNumber, "legacy_number"),
        ]
        for (path, column) in counted {
            try table.count(
                path,
                """
                SELECT region, count(\(column)) FROM member
                WHERE \(Table.place) AND \(Table.standing)
                """,
                session
            )
        }
        try table.count(
            \.withCardConsent,
            """
            SELECT region, count(*) FROM
                (SELECT DISTINCT m.region, m.id FROM member m
                JOIN consent c ON c.member_id = m.id AND \(ConsentLedger.holds(on: today))
                JOIN consent_text t ON t.id = c.text_id AND t.purpose = 'cardProduction'
                WHERE m.organisation BETWEEN $1 AND $2 AND \(Table.standing("m.state"))) AS asked
            """,
            session
        )
        try table.count(
            \.duplicates,
            """
            SELECT region, count(*) FROM member m
            WHERE \(Table.place) AND \(Table.standing) AND EXISTS
                (SELECT 1 FROM member n WHERE n.name_hash = m.name_hash
                AND n.birth_hash = m.birth_hash AND n.id <> m.id AND \(Table.standing("n.state")))
            """,
            session
        )
    }

    /// Of each region the newest file that named it; rows without a region belong to the whole union.
    private func countRejects(
        into table: inout Table,
        scope: OrganisationCode,
        _ session: any DatabaseSession
    ) throws {
        let found = try session.all(
            """
            SELECT region, errors, accepted + duplicates + conflicts + errors FROM import_region r
            WHERE import_id = (SELECT max(import_id) FROM import_region n WHERE n.region = r.region)
            """
        ) { (region: $0.integer(0), errors: Int($0.integer(1)), rows: Int($0.integer(2))) }
        for row in found {
            let isWithin =
                scope == .centralCouncil
                || (scope.level == .regional && Int64(scope.region) == row.region)
            guard isWithin else { continue }
            table.add(row.errors, to: \.rejectedRows, of: row.region)
            table.add(row.rows, to: \.fileRows, of: row.region)
        }
    }

    private func countContacts(into table: inout Table) throws {
        let vault = MemberVault(register: register)
        var last: Int64 = 0
        while true {
            let rows = try register.read { session in
                try session.all(
                    """
                    SELECT id, region, sealed FROM member
                    WHERE \(Table.place) AND \(Table.standing) AND id > $3 ORDER BY id LIMIT 4096
                    """,
                    table.bounds + [.integer(last)]
                ) { (id: $0.integer(0), region: $0.integer(1), sealed: $0.blob(2)) }
            }
            guard let end = rows.last else { return }
            last = end.id
            let regions = Dictionary(rows.map { ($0.id, $0.region) }) { first, _ in first }
            let sealed = rows.filter { !$0.sealed.isEmpty }.map { ($0.id, $0.sealed) }
            for (member, fields) in try vault.open(all: sealed) {
                let region = regions[member] ?? 0
                if fields.phone != nil { table.add(1, to: \.withPhone, of: region) }
                if fields.email != nil { table.add(1, to: \.withEmail, of: region) }
            }
        }
    }
}
