import TicketSeal
import UnionTicket

/// One chunk on its way to the register: hashed, looked up as the register was before the import,
/// and sealed where nobody was found.
struct PreparedChunk: Sendable {
    /// One row; without a draft it is refused, for the last of its issues if for no other.
    struct Row: Sendable {
        let line: Int
        let issues: [RowIssue]
        let draft: PreparedDraft?
        /// Region of the organisation that the row names; 0 where none can be read.
        let region: UInt8
        /// Whether the row is refused unless it takes back a known member's consent.
        let isWithdrawal: Bool
        /// Sealed fields, when the row is new for all that the register knew before.
        let sealed: MemberVault.Sealed?
    }

    let rows: [Row]
    /// Known members that refused rows name, where the file is a whole roster.
    let mentioned: [Int64]
    let people: KnownPeople
    let conflicts: [Int64: ConflictQueue.Standing]
}

/// Makes chunks ready beside the transaction that stores them.
///
/// It looks people up in a snapshot of its own, which holds what the register was before the import:
/// imports follow one another, and what this one changed the matching looks up itself.
/// `@unchecked Sendable` because one thread at a time uses it.
final class RowPreparation: @unchecked Sendable {
    private let register: Register
    private let importId: Int64
    /// Whether the register had no members before the import.
    private let isFirst: Bool
    private let organisations: OrganisationGate
    private let cacheMegabytes: Int?
    private var birthHashes: [Int: Int64] = [:]

    init(
        _ register: Register,
        _ organisations: OrganisationGate,
        during importId: Int64,
        isFirst: Bool,
        cacheMegabytes: Int?
    ) {
        (self.isFirst, self.cacheMegabytes) = (isFirst, cacheMegabytes)
        self.register = register
        self.organisations = organisations
        self.importId = importId
    }

    func prepare(_ rows: [RosterRow]) throws -> PreparedChunk {
        let secrets = register.secrets
        // By index: a row that is handed out is copied with all its texts.
        let refusals = rows.indices.map { rows[$0].organisation.flatMap(organisations.refusal) }
        let drafts = rows.indices.map { index -> PreparedDraft? in
            guard refusals[index] == nil, let draft = rows[index].draft ?? rows[index].withdrawing
            else { return nil }
            return PreparedDraft(draft, secrets, birthHash: birthHash(draft.birthDate))
        }
        var people = KnownPeople()
        var conflicts: [Int64: ConflictQueue.Standing] = [:]
        var mentioned: [Int64] = []
        // An empty register knows nobody, and is not to be read while it is filled for the first time.
        if !isFirst {
            try register.read { session in
                try session.setCache(megabytes: cacheMegabytes)
                try people.find(drafts.lazy.compactMap(\.self), during: importId, in: session)
                conflicts = try ConflictQueue.standing(
                    of: drafts.compactMap { $0?.fingerprint },
                    in: session
                )
                if organisations.isWhole {
                    mentioned = try named(
                        by: zip(rows, drafts).filter { $1 == nil }.map(\.0),
                        session
                    )
                }
            }
        }
        let random = SecureRandom.bytes(drafts.count * MemberVault.randomLength)
        let prepared = try rows.indices.map { index in
            let start = index * MemberVault.randomLength
            return PreparedChunk.Row(
                line: rows[index].line,
                issues: refusals[index].map { rows[index].issues + [$0] } ?? rows[index].issues,
                draft: drafts[index],
                region: rows[index].organisation?.region ?? 0,
                isWithdrawal: rows[index].draft == nil,
                sealed: try drafts[index].flatMap {
                    guard rows[index].draft != nil, people.bearer(of: $0.draft.aisId) == nil,
                        people.namesakes($0.hash).isEmpty
                    else { return nil }
                    let random = random[start..<start + MemberVault.randomLength]
                    return try MemberVault.seal($0.encoded, random: random)
                }
            )
        }
        return PreparedChunk(
            rows: prepared,
            mentioned: mentioned,
            people: people,
            conflicts: conflicts
        )
    }

    /// The members that refused rows name: by identifier, or by name and birth date.
    private func named(by rows: [RosterRow], _ session: any DatabaseSession) throws -> [Int64] {
        let mentions = rows.compactMap { row in
            row.mention
                ?? row.draft.flatMap {
                    RosterRow.Mention(aisId: $0.aisId, name: $0.name, birthDate: $0.birthDate)
                }
        }
        let hashes = mentions.compactMap { mention -> PersonHash? in
            guard let name = mention.name, let date = mention.birthDate else { return nil }
            return PersonHash(
                name: register.secrets.nameHash(last: name.last, first: name.first),
                birth: birthHash(date)
            )
        }
        var people = KnownPeople()
        try people.find(
            identifiers: mentions.compactMap(\.aisId),
            hashes,
            during: importId,
            in: session
        )
        return people.ids
    }

    private func birthHash(_ date: CalendarDate) -> Int64 {
        if let known = birthHashes[date.day] { return known }
        let hash = register.secrets.birthHash(date)
        birthHashes[date.day] = hash
        return hash
    }
}
