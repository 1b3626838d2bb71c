import UnionTicket

/// Memberships as returned, by organisation: its own return where there is one, else the sum of what
/// those directly below come to; levels are never added up.
struct ReturnedMemberships {
    /// A membership as returned, and the members on record of those who returned it.
    struct Told {
        var members = 0
        var registered = 0
    }

    private var told: [OrganisationCode: Told] = [:]

    init(_ places: OrganisationPlaces, _ counts: [UnionCounts], _ scope: OrganisationCode) {
        guard !places.returned.isEmpty else { return }
        var registered: [OrganisationCode: Int] = [:]
        for (index, code) in places.codes.enumerated() where scope.contains(code) {
            registered[code, default: 0] += counts[index].registered
        }
        let tree = places.codes.filter(scope.contains)
        for level in [OrganisationCode.Level.primary, .territorial, .regional, .central] {
            for code in tree where code.level == level {
                if let members = places.returned[code.ordinal] {
                    told[code] = Told(members: members, registered: registered[code] ?? 0)
                }
                guard let parent = code.parent, scope.contains(parent) else { continue }
                registered[parent, default: 0] += registered[code] ?? 0
                guard let own = told[code], places.returned[parent.ordinal] == nil else { continue }
                told[parent, default: Told()].members += own.members
                told[parent, default: Told()].registered += own.registered
            }
        }
    }

    /// What stands in an organisation's line of a level; nothing in lines of organisations above it.
    func told(of code: OrganisationCode, at level: ReportLevel) -> Told? {
        switch (level, code.level) {
        case (.union, .central), (.region, .regional), (.territorial, .territorial),
            (.primary, .primary), (.territorial, .primary):
            told[code]
        default: nil
        }
    }
}
