import UnionTicket

/// Everybody on an event's list, in the order of papers, each with the entry that first let them in.
struct Roll {
    /// A person on the list.
    struct Row {
        let person: EventPerson
        let name: String
        let organisation: String
        /// The first admission that was not taken back.
        let admission: JournalEntry?
        let presence: PersonPresence

        var isRegistered: Bool { admission != nil }
        var code: OrganisationCode { person.organisation }
        var participation: Participation { person.mandate.participation }
        /// The number on the mandate; guests have none.
        var number: String {
            participation == .guest || person.mandate.number == 0
                ? "—" : "\(person.mandate.number)"
        }
    }

    /// By organisation, then by mandate, the delegate before the substitute, then by name.
    let rows: [Row]
    /// Those let in whom the snapshot does not list.
    let strangers: [Pseudonym]
    /// How many on the list nobody has named.
    let namelessCount: Int

    init(_ gathering: Gathering, _ people: [PaperPerson]) {
        let snapshot = gathering.snapshot
        let named = Dictionary(people.map { ($0.pseudonym, $0) }) { first, _ in first }
        var admissions = Self.admissions(gathering.journals)
        var rows: [Row] = []
        for place in 0..<snapshot.personCount {
            let person = snapshot.person(place)
            rows.append(
                Row(
                    person: person,
                    name: Self.name(named[person.pseudonym]),
                    organisation: named[person.pseudonym]?.organisationName ?? "",
                    admission: admissions.removeValue(forKey: person.pseudonym),
                    presence: gathering.presence(of: person.pseudonym)
                )
            )
        }
        self.rows = rows.sorted { Self.key($0) < Self.key($1) }
        strangers = admissions.keys.sorted()
        namelessCount = rows.count { named[$0.person.pseudonym] == nil }
    }

    private static func name(_ person: PaperPerson?) -> String {
        guard let name = person?.name, !name.isEmpty else { return "(имя не сообщено)" }
        return name
    }

    private static func key(_ row: Row) -> (OrganisationCode, UInt32, Int, String, Pseudonym) {
        let person = row.person
        return (
            row.code, person.mandate.number, person.mandate.isSubstitute ? 1 : 0, row.name,
            person.pseudonym
        )
    }

    /// The first entry of each person in the one order of all stations.
    private static func admissions(_ journals: JournalSet) -> [Pseudonym: JournalEntry] {
        var places: [Pseudonym: [EntryPlace]] = [:]
        for station in journals.stations {
            for entry in journals.entries(of: station) where entry.isEntry {
                guard let person = entry.person, !journals.isAnnulled(entry) else { continue }
                places[person, default: []].append(entry.place)
            }
        }
        return places.compactMapValues { journals.ordered($0).first }
    }

    /// The rows of one kind of participation, without the reserve.
    func rows(_ participation: Participation) -> [Row] {
        rows.filter { $0.participation == participation && $0.person.mandate.state != .reserve }
    }

    /// The reserve of delegates.
    var reserve: [Row] { rows.filter { $0.person.mandate.state == .reserve } }

    /// The name of an organisation with its code: `77-001 Школа № 1`.
    static func title(_ row: Row) -> String {
        row.organisation.isEmpty ? "\(row.code)" : "\(row.code)  \(row.organisation)"
    }

    /// Rows in runs of one organisation.
    static func runs(_ rows: [Row]) -> [[Row]] {
        var runs: [[Row]] = []
        for row in rows {
            if runs.last?.last?.code == row.code {
                runs[runs.count - 1].append(row)
            } else {
                runs.append([row])
            }
        }
        return runs
    }
}

extension JournalEntry {
    /// When it happened by the station's clock with its known error taken off.
    var moment: Instant {
        Instant(seconds: (correctedClock - (correctedClock % 1000 + 1000) % 1000) / 1000)
    }
}
