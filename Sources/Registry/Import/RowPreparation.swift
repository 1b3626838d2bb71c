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
        /// Whether the row is refused unless it takes back a known member's consent.
        let isWithdrawal: Bool
        /// Sealed fields, when the row is new for all that the register knew before.
        let sealed: MemberVault.Sealed?
    }

    let rows: [Row]
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
    private let organisations: OrganisationGate
    private let cacheMegabytes: Int?
    private var birthHashes: [Int: Int64] = [:]

    init(
        _ register: Register,
        _ organisations: OrganisationGate,
        during importId: Int64,
        cacheMegabytes: Int?
    ) {
        self.cacheMegabytes = cacheMegabytes
        self.register = register
        self.organisations = organisations
        self.importId = importId
    }

    func prepare(_ rows: [RosterRow]) throws -> PreparedChunk {
        let refusals = rows.map { $0.organisation.flatMap(organisations.refusal) }
        let drafts = zip(rows, refusals).map { row, refusal -> PreparedDraft? in
            guard refusal == nil, let draft = row.draft ?? row.withdrawing else { return nil }
            let birth = birthHash(draft.birthDate)
            return PreparedDraft(draft, register.secrets, birthHash: birth)
        }
        var people = KnownPeople()
        var conflicts: [Int64: ConflictQueue.Standing] = [:]
        try register.read { session in
            try session.setCache(megabytes: cacheMegabytes)
            try people.find(drafts.lazy.compactMap(\.self), during: importId, in: session)
            conflicts = try ConflictQueue.standing(
                of: drafts.compactMap { $0?.fingerprint },
                in: session
            )
        }
        let random = SecureRandom.bytes(drafts.count * MemberVault.randomLength)
        let prepared = try rows.indices.map { index in
            let start = index * MemberVault.randomLength
            return PreparedChunk.Row(
                line: rows[index].line,
                issues: rows[index].issues + (refusals[index].map { [$0] } ?? []),
                draft: drafts[index],
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
        return PreparedChunk(rows: prepared, people: people, conflicts: conflicts)
    }

    private func birthHash(_ date: CalendarDate) -> Int64 {
        if let known = birthHashes[date.day] { return known }
        let hash = register.secrets.birthHash(date)
        birthHashes[date.day] = hash
        return hash
    }
}
