import TicketSeal
import UnionTicket

/// One chunk of an import: the people of the register it may mean, and what it adds.
struct RosterChunk {
    private let run: RosterRun
    private let prepared: PreparedChunk
    private var people: KnownPeople
    private var added: [(id: Int64, row: Row)] = []
    /// Whom this chunk made or renamed: nobody has looked among them.
    private var fresh = MetFilter(blocks: MetFilter.chunk)
    /// Known members met in this chunk.
    private var seen: [(member: Int64, line: Int)] = []
    /// Known members whose rows were refused here.
    private(set) var mentioned: [Int64] = []

    init(_ prepared: PreparedChunk, in run: RosterRun) throws {
        (self.run, self.prepared) = (run, prepared)
        people = prepared.people
        // What earlier chunks wrote the preparation's snapshot does not have.
        let doubles = prepared.rows.compactMap(\.draft).filter { run.met.mayContain($0.traces) }
        try people.find(doubles, during: run.importId, in: run.session)
        try markSeen(people.ids)
        // Whom this import met before it may have changed since the look-up.
        let met = people.ids.filter { people[$0]?.line != nil }
        if !met.isEmpty { try find(met) }
    }

    /// Decides whom a row means and how it ends.
    mutating func take(
        _ prepared: PreparedDraft,
        at index: Int,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        let row = Row(index: index, line: self.prepared.rows[index].line, prepared: prepared)
        if fresh.mayContain(prepared.traces) { try findAmongFresh(prepared) }
        let standing =
            run.queued[prepared.fingerprint]
            ?? self.prepared.conflicts[prepared.fingerprint]
        if let member = standing?.member, people[member] == nil { try find([member]) }
        let identity = try identify(prepared, standing)
        if self.prepared.rows[index].isWithdrawal { return try withdraw(identity, row, &issues) }
        switch identity {
        case .nobody: return try add(row)
        case .unsure(let kind, let person):
            return try queue(kind, row, person, standing, &issues)
        case .member(let person): return try meet(person, row, standing, &issues)
        }
    }

    /// Stores what the chunk adds and whom it met.
    mutating func store() throws {
        try storeNew()
        try run.session.load("import_seen", ["member_id", "line"], count: seen.count) {
            $1.put(seen[$0].member)
            $1.put(Int64(seen[$0].line))
        }
        run.hasSeen = run.hasSeen || !seen.isEmpty
        seen.removeAll()
    }

    private struct Row {
        let index: Int
        let line: Int
        let prepared: PreparedDraft
    }

    private enum Identity {
        case nobody
        case member(KnownPeople.Known)
        case unsure(ConflictQueue.Kind, KnownPeople.Known)
    }

    private mutating func identify(
        _ prepared: PreparedDraft,
        _ standing: ConflictQueue.Standing?
    ) throws -> Identity {
        // Whoever was erased since is nobody: such a row enters a new person.
        if let member = standing?.member, let person = people[member], person.fingerprint != 0 {
            return .member(try standIn(for: person))
        }
        if let bearer = people.bearer(of: prepared.draft.aisId) {
            let person = try standIn(for: bearer)
            if bearer.hash.name != prepared.hash.name, bearer.hash.birth != prepared.hash.birth {
                return .unsure(.sameIdOtherPerson, person)
            }
            return .member(person)
        }
        var doubtful: KnownPeople.Known?
        for namesake in namesakes(prepared.hash) {
            let hasEvidence = try evidence(namesake, prepared.draft)
            let person = try standIn(for: namesake)
            let bothHaveIds = person.aisId != nil && prepared.draft.aisId != nil
            if bothHaveIds {
                if hasEvidence { return .unsure(.samePersonTwoIds, person) }
            } else if hasEvidence {
                return .member(person)
            } else {
                doubtful = doubtful ?? person
            }
        }
        return doubtful.map { .unsure(.sameNameAndBirthDate, $0) } ?? .nobody
    }

    /// Everybody of that name and birth date; records that were merged away come last.
    private func namesakes(_ hash: PersonHash) -> [KnownPeople.Known] {
        let known = people.namesakes(hash)
        guard !run.heirs.isEmpty else { return known }
        return known.filter { run.heirs[$0.id] == nil } + known.filter { run.heirs[$0.id] != nil }
    }

    /// The record that goes on where this one was merged away, and whose data are not destroyed.
    private mutating func standIn(for person: KnownPeople.Known) throws -> KnownPeople.Known {
        guard let id = run.heirs[person.id] else { return person }
        if people[id] == nil { try find([id]) }
        guard var heir = people[id], heir.fingerprint != 0 else { return person }
        heir.isHeir = true
        return heir
    }

    /// Something beside name and birth date that both rows share.
    private func evidence(_ person: KnownPeople.Known, _ draft: MemberDraft) throws -> Bool {
        if person.organisation == draft.organisation.ordinal { return true }
        let stored = try MemberFile(run.register).draft(
            of: person.id,
            unsaved: run.keys,
            in: run.session
        )
        return stored.joinDate == draft.joinDate || shares(stored.phone, draft.phone)
            || shares(stored.legacyNumber, draft.legacyNumber)
    }

    private func shares(_ left: String?, _ right: String?) -> Bool { left != nil && left == right }

    private mutating func add(_ row: Row) throws -> RowOutcome {
        added.append((try run.nextMember(), row))
        remember(row.prepared)
        return .added
    }

    private mutating func remember(_ prepared: PreparedDraft) {
        fresh.insert(prepared.traces)
        run.met.insert(prepared.traces)
    }

    private mutating func meet(
        _ person: KnownPeople.Known,
        _ row: Row,
        _ standing: ConflictQueue.Standing?,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        let prepared = row.prepared
        if let heir = run.heirs[person.id] {
            issues.append(.heirErased(heir))
            return .error
        }
        if person.isHeir {
            // A list that ends the second record does not mean the one that goes on.
            let isEnded = !prepared.draft.status.isInStanding
            issues.append(.recordMerged(into: person.id, isTaken: !isEnded))
            if isEnded { return .unchanged }
        }
        var standing = standing
        if person.isHeir, standing?.state == .decided, let decided = standing?.member {
            // Decided about a record that has been merged away since.
            standing = .init(state: .outdated, member: decided)
        }
        let sameOrganisation = person.organisation == prepared.draft.organisation.ordinal
        // Met by a row of a merged record only: the person's own row still counts.
        let isOwnFirst = !person.isHeir && run.metAsHeirs.remove(person.id) != nil
        if let before = person.line, !isOwnFirst {
            guard sameOrganisation else {
                return try queue(.twoOrganisations, row, person, standing, &issues)
            }
            issues.append(.duplicate(of: before))
            return .duplicate
        }
        guard sameOrganisation || standing?.state == .decided else {
            return try queue(.twoOrganisations, row, person, standing, &issues)
        }
        met(person, row.line)
        if person.isHeir { run.metAsHeirs.insert(person.id) }
        // A row that names what it leaves alone may meet what changed since it last came.
        let isSame = person.fingerprint == prepared.fingerprint && !run.options.isRecord
        guard sameOrganisation, !isSame else { return .unchanged }
        let overlay = try MemberFile(run.register).update(
            person.id,
            with: prepared,
            import: run.importId,
            line: row.line,
            at: run.at,
            by: run.user,
            consents: run.consents,
            in: run.session
        )
        switch overlay {
        case .unchanged(let warning):
            issues += warning.map { [$0] } ?? []
            return .unchanged
        case .changed(let warning):
            issues += warning.map { [$0] } ?? []
            // From now on the person answers to a new name too.
            remember(prepared)
            return .updated
        case .refused(let issue):
            issues.append(issue)
            return .error
        }
    }

    /// A row that answers «нет» to the keeping of the record: of a known member of that organisation
    /// it takes the consent back and changes nothing else, of all others it is refused.
    private mutating func withdraw(
        _ identity: Identity,
        _ row: Row,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        guard case .member(let person) = identity,
            person.organisation == row.prepared.draft.organisation.ordinal
        else {
            switch identity {
            case .member(let person), .unsure(_, let person): mentioned.append(person.id)
            case .nobody: break
            }
            return .error
        }
        if let before = person.line {
            issues.append(.duplicate(of: before))
            return .error
        }
        met(person, row.line)
        issues.removeAll { $0.severity == .error }
        issues.append(.registerWithdrawn)
        let isChanged = try MemberFile(run.register).withdraw(
            person.id,
            at: run.at,
            by: run.user,
            consents: run.consents,
            in: run.session
        )
        return isChanged ? .updated : .unchanged
    }

    private mutating func queue(
        _ kind: ConflictQueue.Kind,
        _ row: Row,
        _ person: KnownPeople.Known,
        _ standing: ConflictQueue.Standing?,
        _ issues: inout [RowIssue]
    ) throws -> RowOutcome {
        let isOpen = standing?.state == .open
        if standing?.state == .decided || (!isOpen && run.taken.contains(person.id)) {
            return .unchanged
        }
        if person.line == nil {
            met(person, row.line)
            if person.isHeir { run.metAsHeirs.insert(person.id) }
        }
        issues.append(.conflict(kind, with: person.line))
        if !isOpen {
            try ConflictQueue(run.register).ask(
                kind,
                row.prepared,
                member: person.id,
                import: run.importId,
                line: row.line,
                in: run.session
            )
            run.queued[row.prepared.fingerprint] = .init(state: .open, member: nil)
        }
        return .conflict
    }

    private mutating func met(_ person: KnownPeople.Known, _ line: Int) {
        if person.line == nil { seen.append((person.id, line)) }
        people.met(person.id, line: line)
    }
}

// What a chunk reads and writes.
extension RosterChunk {
    /// Looks among what this chunk itself has written.
    private mutating func findAmongFresh(_ prepared: PreparedDraft) throws {
        try storeNew()
        var found = KnownPeople()
        try found.find([prepared], during: run.importId, in: run.session)
        try find(found.ids)
    }

    /// Reads members as they are now.
    private mutating func find(_ ids: [Int64]) throws {
        let lines = ids.compactMap { id in people[id]?.line.map { (id, $0) } }
        try people.find(ids: ids, during: run.importId, in: run.session)
        for (id, line) in lines { people.met(id, line: line) }
        try markSeen(ids)
    }

    /// Marks those who stood in an earlier chunk of this file.
    private mutating func markSeen(_ ids: [Int64]) throws {
        guard run.hasSeen else { return }
        for part in ids.map(SQLValue.integer).parts(of: 256) {
            try run.session.query(
                "SELECT member_id, line FROM import_seen WHERE member_id IN (\(part.placeholders))",
                part.padded
            ) { people.met($0.integer(0), line: Int($0.integer(1))) }
        }
    }

    /// Stores the members added so far; their keys go to their own store beside it.
    private mutating func storeNew() throws {
        let rows = added
        guard !rows.isEmpty else { return }
        added.removeAll(keepingCapacity: true)
        let sealed = try rows.map {
            try prepared.rows[$0.row.index].sealed ?? MemberVault.seal($0.row.prepared.encoded)
        }
        try run.keys.store(zip(rows, sealed).map { ($0.id, $1.key) })
        try run.session.load("member", MemberFile.columns, count: rows.count) { place, bulk in
            let (id, row) = rows[place]
            MemberFile.put(
                row.prepared,
                id: id,
                sealed: sealed[place].fields,
                import: run.importId,
                line: row.line,
                at: run.at,
                into: bulk
            )
        }
        try run.consents.load(
            rows.map { ($0.id, $0.row.prepared) },
            import: run.importId,
            at: run.at,
            in: run.session
        )
    }
}
