/// Tells rows whom a large register cannot know from those that it may: to look up each of a million
/// new people in it costs more than to read all its hashes once.
struct Strangers {
    /// As many rows as a hundredth of the members, and hardly any known: then the rest is worth it.
    private static let share = 100
    private static let fewest = 200_000

    private let members: Int64
    private var rows = 0
    private var known = 0
    private var filter: MetFilter?

    /// Of a register with so many members.
    init(among members: Int64) { self.members = members }

    /// Those of `drafts` that the register may know, or has in its conflict queue.
    mutating func less(
        _ drafts: [PreparedDraft],
        in session: any DatabaseSession
    ) throws -> [PreparedDraft] {
        if filter == nil, isWorthIt { filter = try Self.filter(of: session) }
        guard let filter else { return drafts }
        return drafts.filter {
            filter.mayContain($0.traces) || filter.mayContain(fingerprint: $0.fingerprint)
        }
    }

    /// Takes note of how many people the register knew of a chunk.
    mutating func found(_ count: Int, of drafts: Int) {
        rows += drafts
        known += count
    }

    private var isWorthIt: Bool {
        members >= Self.fewest && rows >= Int(members) / Self.share && known < rows / 4
    }

    private static func filter(of session: any DatabaseSession) throws -> MetFilter {
        var filter = MetFilter(blocks: MetFilter.file)
        // Two questions, for each is answered from an index alone.
        try session.query("SELECT name_hash, birth_hash FROM member", []) {
            let hash = PersonHash(name: $0.integer(0), birth: $0.integer(1))
            filter.insert(MetFilter.Traces(hash, aisId: nil))
        }
        try session.query("SELECT ais_id FROM member WHERE ais_id IS NOT NULL", []) {
            filter.insert(bearer: $0.text(0))
        }
        try session.query("SELECT fingerprint FROM conflict", []) {
            filter.insert(fingerprint: $0.integer(0))
        }
        return filter
    }
}
