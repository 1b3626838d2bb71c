public import UnionTicket

/// Figures of the union as they were at the end of a day in Moscow.
///
/// One pass over members, one over carriers, whatever the day: memory grows by a few bytes a member.
public struct UnionStatistics: Sendable {
    let register: Register

    /// The statistics of this register.
    public init(_ register: Register) { self.register = register }

    /// What a count is to hold; what is not asked for costs nothing.
    public struct Measures: OptionSet, Sendable {
        /// Which measures, as bits.
        public let rawValue: Int

        /// Measures with these bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Members with plastic, virtual, both, none.
        public static let carriers = Measures(rawValue: 1)
        /// Cards made and handed out, with reasons and places.
        public static let production = Measures(rawValue: 2)
        /// The bonus programme.
        public static let programme = Measures(rawValue: 4)
        /// Completeness of members' records.
        public static let quality = Measures(rawValue: 8)
        /// Everything.
        public static let all: Measures = [.carriers, .production, .programme, .quality]
    }

    /// One line of a count.
    public struct Line: Sendable, Equatable {
        /// Whose figures.
        public let organisation: OrganisationCode
        /// Its name on that day.
        public let name: String
        /// Whether it is a primary organisation with the rights of a territorial one.
        public let hasTerritorialRights: Bool
        /// The figures.
        public let counts: UnionCounts

        /// A line.
        public init(
            organisation: OrganisationCode,
            name: String,
            hasTerritorialRights: Bool,
            counts: UnionCounts
        ) {
            (self.organisation, self.name) = (organisation, name)
            (self.hasTerritorialRights, self.counts) = (hasTerritorialRights, counts)
        }
    }

    /// Counts as of the end of a day.
    ///
    /// - Parameters:
    ///   - date: The day; today at the latest.
    ///   - level: By what the lines are broken down.
    ///   - measures: What to count beside registered members.
    ///   - user: Sees the organisations of their scope.
    /// - Returns: A line for each organisation of the level that existed then, in tree order.
    /// - Throws: ``RegisterError``: not permitted, the whole union for a user of a part, or a day to
    ///   come.
    public func count(
        asOf date: CalendarDate,
        by level: ReportLevel,
        _ measures: Measures = .all,
        by user: SignedInUser
    ) throws -> [Line] {
        try count(asOf: date, by: [level], measures, by: user)[level] ?? []
    }

    /// The same at several levels in one pass.
    public func count(
        asOf date: CalendarDate,
        by levels: [ReportLevel],
        _ measures: Measures = .all,
        by user: SignedInUser
    ) throws -> [ReportLevel: [Line]] {
        try require(levels, asOf: date, by: user)
        return try count(asOf: date, by: levels, measures, in: user.scope)
    }

    /// The whole union's lines at every level, whatever part of it the user sees.
    ///
    /// By them it is decided which figures may be published: those that a part of the union publishes
    /// must not tell what the whole hides. Only lines of the user's scope may be shown.
    ///
    /// - Parameters:
    ///   - date: The day; today at the latest.
    ///   - levels: Which levels are to be shown.
    ///   - measures: What to count beside registered members.
    ///   - user: Who publishes.
    /// - Returns: The lines of each level, of the levels that are shown and of all others.
    /// - Throws: ``RegisterError`` as of a count at the levels to be shown.
    public func countForPublication(
        asOf date: CalendarDate,
        showing levels: [ReportLevel],
        _ measures: Measures = .all,
        by user: SignedInUser
    ) throws -> [ReportLevel: [Line]] {
        try require(levels, asOf: date, by: user)
        return try count(asOf: date, by: ReportLevel.allCases, measures, in: .centralCouncil)
    }

    private func require(
        _ levels: [ReportLevel],
        asOf date: CalendarDate,
        by user: SignedInUser
    ) throws {
        try user.require(.readReports)
        try register.requirePast(date)
        guard !levels.contains(.union) || user.scope == .centralCouncil else {
            throw RegisterError(
                .forbidden,
                "Строка «Всего» — о Профсоюзе в целом, а ваша область — \(user.scope): возьмите "
                    + "--by region, territorial или primary.",
                "The line of the whole union is outside your scope, \(user.scope): take --by region, "
                    + "territorial or primary."
            )
        }
    }

    private func count(
        asOf date: CalendarDate,
        by levels: [ReportLevel],
        _ measures: Measures,
        in scope: OrganisationCode
    ) throws -> [ReportLevel: [Line]] {
        try register.read { session in
            let dated = try DatedRegister(
                asOf: date,
                cards: !measures.isDisjoint(with: [.carriers, .production, .programme]),
                in: session
            )
            let places = try OrganisationPlaces(asOf: date, scope: scope, in: session)
            var pass = StatisticsPass(dated, places, measures)
            try pass.run(session, MemberVault(register: register))
            return Dictionary(
                uniqueKeysWithValues: Set(levels).map {
                    ($0, lines(pass.counts, places, $0, scope))
                }
            )
        }
    }

    private func lines(
        _ counts: [UnionCounts],
        _ places: OrganisationPlaces,
        _ level: ReportLevel,
        _ scope: OrganisationCode
    ) -> [Line] {
        var sums: [OrganisationCode: UnionCounts] = [:]
        for (index, code) in places.codes.enumerated() where scope.contains(code) {
            guard let line = level.line(of: code) else { continue }
            if places.isListed(code, at: level) || counts[index] != UnionCounts() {
                sums[line, default: UnionCounts()] += counts[index]
            }
        }
        // The whole is a line even of nothing: before there was a register, or without organisations.
        if level == .union { sums[.centralCouncil, default: UnionCounts()] += UnionCounts() }
        let returns = ReturnedMemberships(places, counts, scope)
        return sums.sorted { $0.key < $1.key }.map { code, counts in
            var counts = counts
            if let told = returns.told(of: code, at: level) {
                (counts.returned, counts.registeredReturned) = (told.members, told.registered)
            }
            return Line(
                organisation: code,
                name: places.name(of: code),
                hasTerritorialRights: places.territorialRights.contains(code),
                counts: counts
            )
        }
    }
}
