import UnionTicket

/// The members that the rows of one chunk may mean, as the register has them.
struct KnownPeople: Sendable {
    /// Somebody the register knows.
    struct Known: Sendable {
        let id: Int64
        let aisId: String?
        let hash: PersonHash
        let organisation: Int64
        let fingerprint: Int64
        /// Line of this file where the person stood before, if so.
        var line: Int?
        /// Whether a row meant a record that was merged into this one.
        var isHeir = false
    }

    private var people: [Int64: Known] = [:]
    private var byAis: [String: Int64] = [:]
    private var byHash: [PersonHash: [Int64]] = [:]

    var ids: [Int64] { Array(people.keys) }

    subscript(_ id: Int64) -> Known? { people[id] }

    /// The bearer of an АИС identifier.
    func bearer(of aisId: String?) -> Known? {
        guard !people.isEmpty, let aisId, let known = byAis[aisId].flatMap({ people[$0] }) else {
            return nil
        }
        return known.aisId == aisId ? known : nil
    }

    /// Everybody of that name and birth date.
    func namesakes(_ hash: PersonHash) -> [Known] {
        guard !people.isEmpty else { return [] }
        return (byHash[hash] ?? []).compactMap { people[$0] }.filter { $0.hash == hash }
    }

    mutating func met(_ id: Int64, line: Int) { people[id]?.line = line }

    /// Takes a person as found now; what was known of them before gives way.
    mutating func remember(_ person: Known) {
        let old = people.updateValue(person, forKey: person.id)
        if let ais = person.aisId { byAis[ais] = person.id }
        if old?.hash != person.hash { byHash[person.hash, default: []].append(person.id) }
    }
}

// How they are looked up.
extension KnownPeople {
    private static let columns = """
        SELECT m.id, m.ais_id, m.name_hash, m.birth_hash, m.organisation, m.fingerprint,
            m.import_id, m.import_line
        """

    /// Adds the people that any of `drafts` may mean.
    mutating func find(
        _ drafts: some Sequence<PreparedDraft>,
        during importId: Int64,
        in session: any DatabaseSession
    ) throws {
        let drafts = Array(drafts)
        try find(
            identifiers: drafts.compactMap(\.draft.aisId),
            drafts.map(\.hash),
            during: importId,
            in: session
        )
    }

    /// Adds the bearers of identifiers, and everybody of these names and birth dates.
    mutating func find(
        identifiers: [String],
        _ hashes: [PersonHash],
        during importId: Int64,
        in session: any DatabaseSession
    ) throws {
        try find("ais_id", identifiers.map(SQLValue.text), during: importId, in: session)
        // By name and birth date at once: a common name alone has thousands of bearers.
        let size = 128
        for start in stride(from: 0, to: hashes.count, by: size) {
            let part = Array(hashes[start..<min(start + size, hashes.count)])
            let width = part.count.roundedUpToPowerOfTwo
            let padded = (0..<width).map { part[min($0, part.count - 1)] }
            try add(
                from: """
                    (VALUES \(Placeholders.pairs(width))) AS v
                    JOIN member m ON m.name_hash = v.column1 AND m.birth_hash = v.column2
                    """,
                padded.flatMap { [.integer($0.name), .integer($0.birth)] },
                during: importId,
                in: session
            )
        }
    }

    /// Adds, or renews, members by their rows.
    mutating func find(
        ids: [Int64],
        during importId: Int64,
        in session: any DatabaseSession
    ) throws {
        try find("id", ids.map(SQLValue.integer), during: importId, in: session)
    }

    private mutating func find(
        _ column: String,
        _ values: [SQLValue],
        during importId: Int64,
        in session: any DatabaseSession
    ) throws {
        for part in values.parts(of: 256) {
            try add(
                from: "member m WHERE m.\(column) IN (\(part.placeholders))",
                part.padded,
                during: importId,
                in: session
            )
        }
    }

    private mutating func add(
        from source: String,
        _ arguments: [SQLValue],
        during importId: Int64,
        in session: any DatabaseSession
    ) throws {
        try session.query("\(Self.columns) FROM \(source)", arguments) { row in
            remember(
                Known(
                    id: row.integer(0),
                    aisId: row.optionalText(1),
                    hash: PersonHash(name: row.integer(2), birth: row.integer(3)),
                    organisation: row.integer(4),
                    fingerprint: row.integer(5),
                    line: row.integer(6) == importId ? Int(row.integer(7)) : nil
                )
            )
        }
    }
}
