import TicketSeal
import UnionTicket

/// One chunk of an import: the people of the register it may mean, and what it adds.
struct RosterChunk {
    /// Somebody the register knows, or will know once this chunk is stored.
    struct Known {
        let id: Int64
        let aisId: String?
        let hash: PersonHash
        let organisation: Int64
        let fingerprint: Int64
        /// Line of this file where the person stood before, if so.
        var line: Int?
        /// The row itself when it is of this chunk and not stored yet.
        let fresh: MemberDraft?
    }

    private let run: RosterRun
    /// Member ids are taken once for the chunk; what is left over stays unused.
    private var next: Int64?
    private var unused = 0
    private var known: [Int64: Known] = [:]
    private var byAis: [String: Int64] = [:]
    private var byHash: [PersonHash: [Int64]] = [:]
    private var conflicts: [Int64: ConflictQueue.Standing] = [:]
    private var added: [(id: Int64, prepared: PreparedDraft, line: Int)] = []
    /// Known members met in this chunk.
    private(set) var seen: [(member: Int64, line: Int)] = []

    init(_ rows: [RosterRow], _ prepared: [PreparedDraft?], in run: RosterRun) throws {
        self.run = run
        try findByAis(prepared.compactMap { $0?.draft.aisId })
        try findByHash(prepared.compactMap(\.self))
        unused = prepared.count
        try findSeen()
        try findConflicts(prepared.compactMap { $0?.fingerprint })
    }

    /// Decides whom a row means and how it ends.
    mutating func match(
        _ prepared: PreparedDraft,
        line: Int,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        let standing = conflicts[prepared.fingerprint]
        if let member = standing?.member ?? nil, known[member] == nil {
            try find("id", [.integer(member)])
        }
        switch try identify(prepared, standing) {
        case .nobody:
            return try add(prepared, line: line)
        case .unsure(let kind, let id):
            return try queue(kind, prepared, id, line, standing, &issues)
        case .member(let id):
            guard let person = known[id] else { return .error }
            return try meet(person, prepared, line, standing, &issues)
        }
    }

    private enum Identity {
        case nobody
        case member(Int64)
        case unsure(ConflictQueue.Kind, Int64)
    }

    private func identify(
        _ prepared: PreparedDraft,
        _ standing: ConflictQueue.Standing?
    ) throws -> Identity {
        if let member = standing?.member { return .member(member) }
        let hash = PersonHash(name: prepared.nameHash, birth: prepared.birthHash)
        if let ais = prepared.draft.aisId, let id = byAis[ais], let person = known[id] {
            if person.hash.name != hash.name, person.hash.birth != hash.birth {
                return .unsure(.sameIdOtherPerson, id)
            }
            return .member(id)
        }
        var doubtful: Int64?
        for id in byHash[hash] ?? [] {
            guard let person = known[id] else { continue }
            let hasEvidence = try evidence(person, prepared.draft)
            let bothHaveIds = person.aisId != nil && prepared.draft.aisId != nil
            if bothHaveIds {
                if hasEvidence { return .unsure(.samePersonTwoIds, id) }
            } else if hasEvidence {
                return .member(id)
            } else {
                doubtful = doubtful ?? id
            }
        }
        return doubtful.map { .unsure(.sameNameAndBirthDate, $0) } ?? .nobody
    }

    /// Something beside name and birth date that both rows share.
    private func evidence(_ person: Known, _ draft: MemberDraft) throws -> Bool {
        if person.organisation == draft.organisation.ordinal { return true }
        if let fresh = person.fresh {
            return fresh.joinDate == draft.joinDate || shares(fresh.phone, draft.phone)
                || shares(fresh.legacyNumber, draft.legacyNumber)
        }
        let stored = try MemberFile(run.register).draft(of: person.id, in: run.session)
        return stored.joinDate == draft.joinDate || shares(stored.phone, draft.phone)
            || shares(stored.legacyNumber, draft.legacyNumber)
    }

    private func shares(_ left: String?, _ right: String?) -> Bool { left != nil && left == right }

    private mutating func add(_ prepared: PreparedDraft, line: Int) throws -> RowOutcome {
        if next == nil { next = try Counter.member.take(unused, in: run.session) }
        guard let id = next else { throw DatabaseError(.misuse, reason: "no member id") }
        next = id + 1
        added.append((id, prepared, line))
        remember(
            Known(
                id: id,
                aisId: prepared.draft.aisId,
                hash: PersonHash(name: prepared.nameHash, birth: prepared.birthHash),
                organisation: prepared.draft.organisation.ordinal,
                fingerprint: prepared.fingerprint,
                line: line,
                fresh: prepared.draft
            )
        )
        return .added
    }

    private mutating func meet(
        _ person: Known,
        _ prepared: PreparedDraft,
        _ line: Int,
        _ standing: ConflictQueue.Standing?,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        let sameOrganisation = person.organisation == prepared.draft.organisation.ordinal
        if let before = person.line {
            guard sameOrganisation else {
                return try queue(
                    .twoOrganisations,
                    prepared,
                    person.id,
                    line,
                    standing,
                    &issues
                )
            }
            issues.append(.duplicate(of: before))
            return .duplicate
        }
        guard sameOrganisation || standing?.isResolved == true else {
            return try queue(.twoOrganisations, prepared, person.id, line, standing, &issues)
        }
        known[person.id]?.line = line
        seen.append((person.id, line))
        guard sameOrganisation, person.fingerprint != prepared.fingerprint else {
            return .unchanged
        }
        let isChanged = try MemberFile(run.register).update(
            person.id,
            with: prepared,
            import: run.importId,
            line: line,
            at: run.at,
            by: run.user,
            consents: run.consents,
            in: run.session
        )
        return isChanged ? .updated : .unchanged
    }

    private mutating func queue(
        _ kind: ConflictQueue.Kind,
        _ prepared: PreparedDraft,
        _ member: Int64,
        _ line: Int,
        _ standing: ConflictQueue.Standing?,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        if standing?.isResolved == true { return .unchanged }
        var before: Int?
        if let person = known[member] {
            before = person.line
            if person.fresh == nil, person.line == nil {
                known[member]?.line = line
                seen.append((member, line))
            }
        }
        issues.append(.conflict(kind, with: before))
        if standing == nil {
            // The person the row collides with may be of this very chunk: store it first.
            try storeNew(MemberVault(register: run.register))
            try ConflictQueue(run.register).add(
                kind,
                prepared,
                member: member,
                import: run.importId,
                line: line,
                in: run.session
            )
            conflicts[prepared.fingerprint] = .init(isResolved: false, member: nil)
        }
        return .conflict
    }

    private mutating func remember(_ person: Known) {
        guard known.updateValue(person, forKey: person.id) == nil else { return }
        if let ais = person.aisId { byAis[ais] = person.id }
        byHash[person.hash, default: []].append(person.id)
    }
}

// What a chunk reads and writes.
extension RosterChunk {
    private static let columns = """
        SELECT m.id, m.ais_id, m.name_hash, m.birth_hash, m.organisation, m.fingerprint,
            m.import_id, m.import_line
        """

    private mutating func find(_ column: String, _ values: [SQLValue]) throws {
        for part in values.parts(of: 256) {
            try find("member m WHERE m.\(column) IN (\(part.placeholders))", arguments: part.padded)
        }
    }

    private mutating func find(_ source: String, arguments: [SQLValue]) throws {
        try run.session.query("\(Self.columns) FROM \(source)", arguments) { row in
            let isOfThisImport = row.integer(6) == run.importId
            remember(
                Known(
                    id: row.integer(0),
                    aisId: row.optionalText(1),
                    hash: PersonHash(name: row.integer(2), birth: row.integer(3)),
                    organisation: row.integer(4),
                    fingerprint: row.integer(5),
                    line: isOfThisImport ? Int(row.integer(7)) : nil,
                    fresh: nil
                )
            )
        }
    }

    private mutating func findByAis(_ identifiers: [String]) throws {
        try find("ais_id", identifiers.map(SQLValue.text))
    }

    /// By name and birth date at once: a common name alone has thousands of bearers.
    private mutating func findByHash(_ prepared: [PreparedDraft]) throws {
        let size = 128
        for start in stride(from: 0, to: prepared.count, by: size) {
            var part = Array(prepared[start..<min(start + size, prepared.count)])
            if let last = part.last {
                part += Array(repeating: last, count: size - part.count)
            }
            let pairs = part.indices.map { "($\(2 * $0 + 1), $\(2 * $0 + 2))" }
            try find(
                """
                (VALUES \(pairs.joined(separator: ", "))) AS v
                JOIN member m ON m.name_hash = v.column1 AND m.birth_hash = v.column2
                """,
                arguments: part.flatMap { [.integer($0.nameHash), .integer($0.birthHash)] }
            )
        }
    }

    private mutating func findSeen() throws {
        for part in known.keys.map(SQLValue.integer).parts(of: 256) {
            try run.session.query(
                "SELECT member_id, line FROM import_seen WHERE member_id IN (\(part.placeholders))",
                part.padded
            ) { known[$0.integer(0)]?.line = Int($0.integer(1)) }
        }
    }

    private mutating func findConflicts(_ fingerprints: [Int64]) throws {
        for part in fingerprints.map(SQLValue.integer).parts(of: 256) {
            try run.session.query(
                """
                SELECT fingerprint, resolution, resolved_member FROM conflict
                WHERE fingerprint IN (\(part.placeholders))
                """,
                part.padded
            ) {
                conflicts[$0.integer(0)] = .init(
                    isResolved: !$0.isNull(1),
                    member: $0.optionalInteger(2)
                )
            }
        }
    }

    /// Seals and stores the members added so far: their keys first, durably, then their rows.
    mutating func storeNew(_ vault: MemberVault) throws {
        let rows = added
        guard !rows.isEmpty else { return }
        added.removeAll(keepingCapacity: true)
        let sealed = try Cores.map(rows.count) {
            try vault.seal(PersonalFields(rows[$0].prepared.draft), member: rows[$0].id)
        }
        try vault.store(zip(rows, sealed).map { ($0.id, $1.wrappedKey) })
        try run.session.load("member", MemberFile.columns, count: rows.count) { index, row in
            let (id, prepared, line) = rows[index]
            MemberFile.put(
                prepared,
                id: id,
                sealed: sealed[index].fields,
                import: run.importId,
                line: line,
                at: run.at,
                into: row
            )
        }
        try run.consents.load(
            rows.map { ($0.id, $0.prepared.draft) },
            import: run.importId,
            at: run.at,
            in: run.session
        )
    }
}

/// A slice of arguments for `IN (…)`, padded to a fixed count so that few statements are prepared.
struct ArgumentPart {
    let padded: [SQLValue]
    var placeholders: String { (1...padded.count).map { "$\($0)" }.joined(separator: ", ") }
}

extension [SQLValue] {
    /// Slices of `size`, the last padded with its own last value to a power of two.
    func parts(of size: Int) -> [ArgumentPart] {
        stride(from: 0, to: count, by: size).map { start in
            var part = Array(self[start..<Swift.min(start + size, count)])
            var width = 1
            while width < part.count { width *= 2 }
            if let last = part.last {
                part += Array(repeating: last, count: width - part.count)
            }
            return ArgumentPart(padded: part)
        }
    }
}

extension RowIssue {
    static func duplicate(of line: Int) -> RowIssue {
        RowIssue(
            field: nil,
            column: nil,
            code: "duplicate",
            severity: .warning,
            message: Bilingual(
                "Этот человек уже есть в файле в строке \(line); взята первая строка.",
                "This person stands in line \(line) of the file already; the first row was taken."
            )
        )
    }

    static func conflict(_ kind: ConflictQueue.Kind, with line: Int?) -> RowIssue {
        let place = line.map { (" (строка \($0))", " (line \($0))") } ?? ("", "")
        return RowIssue(
            field: nil,
            column: nil,
            code: kind.rawValue,
            severity: .warning,
            message: Bilingual(
                kind.message.russian + place.0 + ": решите командой profbilet roster conflicts.",
                kind.message.english + place.1 + ": decide by profbilet roster conflicts."
            )
        )
    }
}
