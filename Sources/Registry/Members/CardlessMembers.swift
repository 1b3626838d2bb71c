import TicketSeal
public import UnionTicket

/// Active members of a subtree who hold no plastic card and wait for none, as a chair orders for them.
public struct CardlessMembers: Sendable {
    let register: Register

    /// The members of this register.
    public init(_ register: Register) { self.register = register }

    /// Up to so many members a subtree is listed by name and searched by the beginning of any word.
    public static let sortable = 1000

    /// One of them.
    public struct Entry: Sendable {
        /// Row of the member.
        public let id: Int64
        /// АИС identifier.
        public let aisId: String?
        /// The name.
        public let name: PersonName
        /// Date of birth, which tells namesakes apart.
        public let birthDate: CalendarDate
        /// Where the member is.
        public let organisation: OrganisationCode
        /// An order that is under way.
        public let openOrder: Int64?
        /// Has had a plastic card of ours.
        public let hadCard: Bool
        /// Why none can be ordered now, or nil.
        public let obstacle: Bilingual?
    }

    /// A part of the list.
    public struct Page: Sendable {
        /// The members, by name where ``total`` is known, else in the order of the register.
        public let entries: [Entry]
        /// How many there are; nil for more than ``sortable``.
        public let total: Int?
        /// What to give as `after` for the next part; nil at the end.
        public let next: Int64?
    }

    /// A part of the members without cards; the reading of each name is logged.
    ///
    /// - Parameters:
    ///   - organisation: The subtree; nil takes the user's scope.
    ///   - text: Words of a name, an АИС identifier or a ticket number; nil or empty lists everybody.
    ///   - after: What the page before gave as ``Page/next``.
    ///   - limit: How many at most.
    ///   - user: Who reads.
    /// - Returns: At most `limit` members, and where to go on.
    /// - Throws: ``RegisterError``: `forbidden` outside the scope, `badInput` for a search that a large
    ///   organisation cannot answer.
    public func page(
        of organisation: OrganisationCode? = nil,
        matching text: String? = nil,
        after: Int64? = nil,
        limit: Int,
        by user: SignedInUser
    ) throws -> Page {
        let place = organisation ?? user.scope
        try user.require(.readMembers, at: place)
        let text = (text ?? "").split(separator: " ").joined(separator: " ")
        return try register.write { session in
            let page =
                try isSmall(place, in: session)
                ? small(place, text, Int(after ?? 0), limit, in: session)
                : large(place, text, after ?? 0, limit, in: session)
            for entry in page.entries {
                try AuditLog(register)
                    .record("member.read", "member/\(entry.id)", "cardless", by: user, in: session)
            }
            return page
        }
    }

    /// Everybody by name; `start` is how many were shown before.
    private func small(
        _ place: OrganisationCode,
        _ text: String,
        _ start: Int,
        _ limit: Int,
        in session: any DatabaseSession
    ) throws -> Page {
        let words = text.split(separator: " ").map { Self.folded(String($0)) }
        let found = try entries(place, "", [], Self.sortable, in: session)
            .filter { entry in
                let own = [entry.name.last, entry.name.first, entry.name.patronymic ?? ""]
                    .map(Self.folded)
                return entry.aisId == text
                    || words.allSatisfy { word in own.contains { $0.starts(with: word) } }
            }
            .map { (key: $0.name.matchingKey, entry: $0) }
            .sorted {
                $0.key == $1.key
                    ? $0.entry.id < $1.entry.id : $0.key.lexicographicallyPrecedes($1.key)
            }
        let shown = found.dropFirst(max(0, start)).prefix(limit).map(\.entry)
        let end = max(0, start) + shown.count
        return Page(
            entries: shown,
            total: found.count,
            next: end < found.count && !shown.isEmpty ? Int64(end) : nil
        )
    }

    /// In the order of the register, or those of one whole name or identifier.
    private func large(
        _ place: OrganisationCode,
        _ text: String,
        _ after: Int64,
        _ limit: Int,
        in session: any DatabaseSession
    ) throws -> Page {
        let words = text.split(separator: " ").map(String.init)
        var condition = ("m.id > $3", [SQLValue.integer(after)])
        if words.count > 1 {
            let hash = register.secrets.nameHash(last: words[0], first: words[1])
            condition = ("m.id > $3 AND m.name_hash = $4", condition.1 + [.integer(hash)])
        } else if let word = words.first {
            guard word.utf8.allSatisfy({ $0 < 0x80 }) else { throw Self.tooWide }
            condition = ("m.id > $3 AND m.ais_id = $4", condition.1 + [.text(word)])
        }
        let found = try entries(place, " AND \(condition.0)", condition.1, limit + 1, in: session)
        return Page(
            entries: Array(found.prefix(limit)),
            total: nil,
            next: found.count > limit ? found[limit - 1].id : nil
        )
    }

    private func entries(
        _ place: OrganisationCode,
        _ more: String,
        _ arguments: [SQLValue],
        _ limit: Int,
        in session: any DatabaseSession
    ) throws -> [Entry] {
        let range = place.subtree
        let applicants = try OrderBook(register).applicants(
            cardless + more,
            [.integer(range.lowerBound), .integer(range.upperBound)] + arguments,
            limit: limit,
            in: session
        )
        let fields = try MemberFile(register).fields(of: applicants.map(\.member), in: session)
        return applicants.compactMap { applicant in
            guard let (aisId, fields) = fields[applicant.member] else { return nil }
            return Entry(
                id: applicant.member,
                aisId: aisId,
                name: fields.name,
                birthDate: fields.birthDate,
                organisation: applicant.organisation,
                openOrder: applicant.openOrder,
                hadCard: applicant.hadCard,
                obstacle: applicant.refusal(nil)
            )
        }
    }

    private var cardless: String {
        let pipeline = RegisterSchema.oneOf(
            "h.state",
            CarrierState.allCases.filter(\.isInPipeline)
        )
        return """
            m.organisation BETWEEN $1 AND $2 AND m.state = 'active' AND NOT EXISTS
            (SELECT 1 FROM carrier h WHERE h.member_id = m.id AND h.kind = 'plastic'
             AND (\(pipeline) OR \(OrderBook.inHand("h", at: register.now()))))
            """
    }

    private func isSmall(
        _ place: OrganisationCode,
        in session: any DatabaseSession
    ) throws -> Bool {
        let range = place.subtree
        let count = try session.first(
            "SELECT count(*) FROM (SELECT 1 FROM member m WHERE \(cardless) LIMIT \(Self.sortable + 1)) n",
            [.integer(range.lowerBound), .integer(range.upperBound)]
        ) { $0.integer(0) }
        return (count ?? 0) <= Int64(Self.sortable)
    }

    private static func folded(_ text: String) -> [UInt8] {
        var key: [UInt8] = []
        PersonName.appendFolded(text, to: &key)
        return key
    }

    private static let tooWide = RegisterError(
        .badInput,
        "Здесь больше \(sortable) человек: укажите фамилию и имя, ИД АИС или код первичной организации.",
        "There are more than \(sortable) people here: give family and first name, an АИС identifier, or "
            + "a primary organisation's code."
    )
}

/// Names of members that somebody entitled sees in a list.
extension MemberFile {
    /// The names of members within the user's scope; each reading is logged.
    ///
    /// Whose data were destroyed is left out.
    ///
    /// - Throws: ``RegisterError`` `forbidden` when one lies elsewhere.
    public func names(
        of members: [Int64],
        reason: String,
        by user: SignedInUser
    ) throws -> [Int64: PersonName] {
        try register.write { try names(of: members, reason: reason, by: user, in: $0) }
    }

    func names(
        of members: [Int64],
        reason: String,
        by user: SignedInUser,
        in session: any DatabaseSession
    ) throws -> [Int64: PersonName] {
        try user.require(.readMembers)
        let fields = try fields(of: members, in: session)
        for member in fields.keys.sorted() {
            try user.require(.readMembers, at: try organisation(of: member, in: session))
            try AuditLog(register)
                .record("member.read", "member/\(member)", reason, by: user, in: session)
        }
        return fields.mapValues(\.1.name)
    }

    /// Identifiers and opened fields of many members; whose key was destroyed is left out.
    func fields(
        of members: [Int64],
        in session: any DatabaseSession
    ) throws -> [Int64: (aisId: String?, PersonalFields)] {
        var sealed: [(member: Int64, fields: [UInt8])] = []
        var identifiers: [Int64: String] = [:]
        for part in members.map(SQLValue.integer).parts(of: 256) {
            try session.query(
                "SELECT id, ais_id, sealed FROM member WHERE id IN (\(part.placeholders))",
                part.padded
            ) { row in
                sealed.append((row.integer(0), row.blob(2)))
                identifiers[row.integer(0)] = row.optionalText(1)
            }
        }
        let opened = try MemberVault(register: register).open(all: sealed)
        return Dictionary(opened.map { ($0.0, (identifiers[$0.0], $0.1)) }) { first, _ in first }
    }
}
