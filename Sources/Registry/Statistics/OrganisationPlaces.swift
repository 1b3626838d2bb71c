import UnionTicket

/// The organisations in tree order, with the names and the rights they had on a day.
struct OrganisationPlaces {
    /// In tree order.
    let codes: [OrganisationCode]
    private let indices: [Int64: Int32]
    private let names: [OrganisationCode: String]
    private let closed: Set<OrganisationCode>
    /// Primary organisations with the rights of a territorial one.
    let territorialRights: Set<OrganisationCode>
    /// Memberships as the organisations returned them last before that day.
    let returned: [Int64: Int]

    init(
        asOf date: CalendarDate,
        scope: OrganisationCode,
        in session: any DatabaseSession
    ) throws {
        var names: [OrganisationCode: String] = [:]
        var closed: Set<OrganisationCode> = []
        var rights: Set<OrganisationCode> = []
        let day = Int64(date.day)
        try session.query(
            "SELECT code, name, opened_on, closed_on FROM organisation",
            []
        ) { row in
            guard let code = OrganisationCode(ordinal: row.integer(0)) else { return }
            names[code] = row.text(1)
            let isOpen =
                row.optionalInteger(2).map { $0 <= day } ?? true
                && row.optionalInteger(3).map { $0 > day } ?? true
            if !isOpen { closed.insert(code) }
        }
        try session.query(
            "SELECT code, name FROM organisation_name WHERE since <= \(day) ORDER BY code, since",
            []
        ) { row in
            if let code = OrganisationCode(ordinal: row.integer(0)) { names[code] = row.text(1) }
        }
        try session.query(
            """
            SELECT code, territorial FROM organisation_rights WHERE since <= \(day)
            ORDER BY code, since
            """,
            []
        ) { row in
            guard let code = OrganisationCode(ordinal: row.integer(0)) else { return }
            if row.integer(1) == 1 { rights.insert(code) } else { rights.remove(code) }
        }
        var returned: [Int64: Int] = [:]
        try session.query(
            """
            SELECT organisation, members FROM membership_return WHERE as_of <= \(day)
            ORDER BY organisation, as_of
            """,
            []
        ) { returned[$0.integer(0)] = Int($0.integer(1)) }
        codes = names.keys.sorted()
        indices = Dictionary(
            uniqueKeysWithValues: codes.enumerated().map { ($1.ordinal, Int32($0)) }
        )
        (self.names, self.closed, self.returned) = (names, closed, returned)
        territorialRights = rights
    }

    /// The place of an organisation among ``codes``.
    func index(of ordinal: Int64) -> Int32? { indices[ordinal] }

    /// What it was called.
    func name(of code: OrganisationCode) -> String {
        code == .centralCouncil ? "Всего" : names[code] ?? "\(code)"
    }

    /// Whether an organisation has a line of its own even without a figure.
    func isListed(_ code: OrganisationCode, at level: ReportLevel) -> Bool {
        guard code != .centralCouncil, !closed.contains(code) else { return false }
        switch level {
        case .union: return false
        case .region: return code.level == .regional
        case .territorial: return code.level == .territorial
        case .primary: return code.level == .primary
        }
    }
}
