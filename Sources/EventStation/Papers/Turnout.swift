import UnionTicket

/// How many were elected, confirmed and registered, and of which organisations.
struct Turnout {
    /// A kind of participation in figures.
    struct Figures {
        var listed = 0
        var confirmed = 0
        var substituted = 0
        var unconfirmed = 0
        var withdrawn = 0
        var left = 0
        var registered = 0
    }

    /// An organisation in figures of decisive votes.
    struct Organisation {
        let title: String
        let confirmed: Int
        let registered: Int
    }

    let figures: [Participation: Figures]
    /// Organisations with a confirmed decisive vote.
    let organisations: [Organisation]

    init(_ roll: Roll) {
        var figures: [Participation: Figures] = [:]
        for participation in Participation.allCases {
            figures[participation] = Self.figures(roll.rows(participation))
        }
        self.figures = figures
        organisations = Roll.runs(roll.rows(.decisive)).compactMap(Self.organisation)
    }

    /// The figures of people who take part in one way.
    ///
    /// Delegate and substitute bear one mandate; guests bear none.
    static func figures(_ rows: [Roll.Row]) -> Figures {
        let isByPerson = rows.first?.participation == .guest
        return count(
            isByPerson
                ? rows.map { [$0] }
                : Array(Dictionary(grouping: rows) { $0.person.mandate.number }.values)
        )
    }

    private static func count(_ mandates: [[Roll.Row]]) -> Figures {
        var figures = Figures()
        figures.listed = mandates.count
        for rows in mandates {
            let people = rows.map(\.person)
            let valid = rows.filter { $0.person.mandate.state.admits && !$0.person.hasLeft }
            if !valid.isEmpty {
                figures.confirmed += 1
                if valid.contains(where: \.person.mandate.isSubstitute) { figures.substituted += 1 }
                if valid.contains(where: \.isRegistered) { figures.registered += 1 }
            } else if people.contains(where: { $0.mandate.state == .elected }) {
                figures.unconfirmed += 1
            } else if people.contains(where: { $0.mandate.state == .withdrawn }) {
                figures.withdrawn += 1
            } else {
                figures.left += 1
            }
        }
        return figures
    }

    private static func organisation(_ rows: [Roll.Row]) -> Organisation? {
        let valid = rows.filter(\.person.counts)
        guard let first = valid.first(where: { !$0.organisation.isEmpty }) ?? valid.first else {
            return nil
        }
        return Organisation(
            title: Roll.title(first),
            confirmed: Set(valid.map(\.person.mandate.number)).count,
            registered: Set(valid.filter(\.isRegistered).map(\.person.mandate.number)).count
        )
    }

    /// Decisive votes registered.
    var registered: Int { figures[.decisive]?.registered ?? 0 }

    /// How many organisations have a registered decisive vote.
    var represented: Int { organisations.count { $0.registered > 0 } }
}
