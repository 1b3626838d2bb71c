import Foundation
public import TicketSeal
public import UnionTicket

/// A file leaked: whose data did it hold (privacy.md L14; 152-ФЗ, article 21, part 3.1).
public struct Incident: Sendable {
    let register: Register

    /// The incidents of this register.
    public init(_ register: Register) { self.register = register }

    /// What a leaked file is known or found to hold.
    public struct Evidence: Sendable {
        /// SHA-256 of the file.
        public var sha256: [UInt8]
        /// Its size in bytes.
        public var size: Int
        /// Ticket and carrier numbers, as digits.
        public var numbers: Set<String> = []
        /// Pseudonyms of 16 bytes, as hexadecimal.
        public var pseudonyms: Set<String> = []
        /// People of a roster.
        public var people: [MemberDraft] = []
        /// A manifest, when the file is one.
        public var manifest: Manifest?

        /// Evidence of one file.
        public init(sha256: [UInt8], size: Int) { (self.sha256, self.size) = (sha256, size) }
    }

    /// One person whose data the file held.
    public struct Person: Sendable, Equatable {
        /// Row of the member.
        public let member: Int64
        /// Where the member belongs.
        public let organisation: OrganisationCode
        /// The name, for those entitled to it; nil for others and for whose data are destroyed.
        public let name: String?
    }

    /// What was found out.
    public struct Report: Sendable {
        /// Number of the incident; nil where the file holds nobody's data: then none is opened.
        public let id: Int64?
        /// When it was noted.
        public let at: Instant
        /// `roster`, `manufacturer`, `union`, `partner`, `station`, `content` or `unknown`.
        public let kind: String
        /// Which file of ours it is, or that it was known by what it holds.
        public let source: String
        /// Everybody concerned, by row.
        public let people: [Person]
        /// Numbers and people in the file that this register does not know.
        public let strangers: Int

        /// Until when Roskomnadzor must be told of the leak.
        public var firstNotice: Instant { at + 24 * 3600 }
        /// Until when it must be told of the inquiry's result.
        public var secondNotice: Instant { at + 72 * 3600 }
    }

    /// Finds out whose data a file held, and notes the incident, or in the log that there is none.
    ///
    /// The file's own hash decides first; what it holds, second. Of a roster both count: the register
    /// keeps whom it changed, and whom it left as they were only the file itself says.
    ///
    /// - Parameters:
    ///   - evidence: What was read of the file.
    ///   - user: Who asks: who may read the log or members of the whole union.
    /// - Returns: The report.
    /// - Throws: ``RegisterError`` when the user may not, or the file is empty.
    public func find(_ evidence: Evidence, by user: SignedInUser) throws -> Report {
        if !user.role.permits(.readAudit) { try user.requireEverywhere(.readMembers) }
        guard evidence.size > 0 else {
            throw RegisterError(
                .badInput,
                "Файл пуст: данных в нём нет. Проверьте, тот ли это файл.",
                "The file is empty: it holds no data. Check that it is the right one."
            )
        }
        let known = try KnownFiles(register).recognise(evidence)
        return try register.write { session in
            var members: Set<Int64> = []
            var strangers = 0
            if let known { members = try known.members(session) }
            if members.isEmpty || known?.isWhole == false {
                let found = try content(evidence, in: session)
                members.formUnion(found.members)
                strangers = found.strangers
            }
            let kind = known?.kind ?? (members.isEmpty ? "unknown" : "content")
            let source = known?.source ?? ""
            let ids = members.sorted()
            return Report(
                id: try note(evidence, kind, source, ids, strangers, by: user, in: session),
                at: register.now(),
                kind: kind,
                source: source,
                people: try ids.map { try person($0, for: user, in: session) },
                strangers: strangers
            )
        }
    }
}

extension Incident {
    private func person(
        _ id: Int64,
        for user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Person {
        let file = MemberFile(register)
        let place = try file.organisation(of: id, in: session)
        let mayRead = user.role.permits(.readMembers) && user.scope.contains(place)
        let name = mayRead ? try? file.draft(of: id, in: session).name.full : nil
        return Person(member: id, organisation: place, name: name)
    }

    private func note(
        _ evidence: Evidence,
        _ kind: String,
        _ source: String,
        _ members: [Int64],
        _ strangers: Int,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> Int64? {
        let hash = Hex.text(evidence.sha256).prefix(16)
        guard !members.isEmpty else {
            try AuditLog(register).record(
                "incident.none",
                "file",
                "\(kind) sha256 \(hash)",
                by: user,
                in: session
            )
            return nil
        }
        let id = try Counter.incident.take(in: session)
        try session.execute(
            """
            INSERT INTO incident (id, at, user_id, file_sha256, kind, source, strangers)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(id), .integer(register.now().seconds), .integer(user.id),
                .blob(evidence.sha256), .text(kind), .text(source), .int(strangers),
            ]
        )
        try session.load(
            "incident_member",
            ["incident_id", "member_id"],
            count: members.count
        ) {
            $1.put(id)
            $1.put(members[$0])
        }
        try AuditLog(register).record(
            "incident.find",
            "incident/\(id)",
            "\(kind) members \(members.count) sha256 \(hash)",
            by: user,
            in: session
        )
        return id
    }

    /// Whom numbers, pseudonyms and people of a file mean.
    private func content(
        _ evidence: Evidence,
        in session: any DatabaseSession
    ) throws -> (members: Set<Int64>, strangers: Int) {
        var members: Set<Int64> = []
        var strangers = 0
        func take(_ found: Int64?) {
            if let found { members.insert(found) } else { strangers += 1 }
        }
        for digits in evidence.numbers.sorted() { take(try bearer(of: digits, in: session)) }
        for pseudonym in evidence.pseudonyms.sorted() {
            if let found = try bearer(ofPseudonym: pseudonym, in: session) { members.insert(found) }
        }
        for draft in evidence.people { take(try person(draft, in: session)) }
        return (members, strangers)
    }

    private func bearer(of digits: String, in session: any DatabaseSession) throws -> Int64? {
        let ticket: TicketNumber
        switch TypedNumber(digits) {
        case .ticket(let found): ticket = found
        case .carrier(let found): ticket = found.ticket
        case .refused: return nil
        }
        return try session.first(
            "SELECT member_id FROM ticket_number WHERE number = $1",
            [.int(ticket.value)]
        ) { $0.optionalInteger(0) } ?? nil
    }

    private func bearer(
        ofPseudonym text: String,
        in session: any DatabaseSession
    ) throws -> Int64? {
        guard let pseudonym = Hex.bytes(Substring(text)) else { return nil }
        let delegate = try session.first(
            "SELECT member_id FROM event_person WHERE pseudonym = $1 AND member_id IS NOT NULL",
            [.blob(pseudonym)]
        ) { $0.integer(0) }
        if let delegate { return delegate }
        for partner in try Partners(register).list(in: session) {
            if let member = try partner.member(behind: pseudonym, in: session) { return member }
        }
        return nil
    }

    private func person(
        _ draft: MemberDraft,
        in session: any DatabaseSession
    ) throws -> Int64? {
        if let ais = draft.aisId,
            let found = try session.first(
                "SELECT id FROM member WHERE ais_id = $1",
                [.text(ais)],
                { $0.integer(0) }
            )
        {
            return found
        }
        let hash = register.secrets.hash(of: PersonalFields(draft))
        return try session.first(
            "SELECT id FROM member WHERE name_hash = $1 AND birth_hash = $2",
            [.integer(hash.name), .integer(hash.birth)]
        ) { $0.integer(0) }
    }
}
