import CardLayout
public import TicketSeal
public import UnionTicket

/// The papers of an event, Russian: what a credentials commission signs (station.md § Events).
///
/// All are derived from the journals; the same input gives the same bytes. They hold names, so they
/// are the organiser's, not the stations'.
public struct EventPapers: Sendable {
    let gathering: Gathering
    let roll: Roll
    let turnout: Turnout
    let issuedAt: Instant
    let heads: [String: [UInt8]]
    let unheard: [Gate]
    private let fontFolder: String

    /// The papers of an event as far as these journals tell.
    ///
    /// - Parameters:
    ///   - gathering: The snapshot and all journals at hand.
    ///   - people: Names and organisations of the people on the list.
    ///   - issuedAt: The moment the papers speak of.
    ///   - heads: By station the hash of its journal's last entry, where it was verified.
    ///   - unheard: The stations that may have written more since; nil takes those of the snapshot
    ///     that have not closed.
    ///   - fontFolder: Where fonts may lie before the system's place.
    public init(
        _ gathering: Gathering,
        people: [PaperPerson],
        issuedAt: Instant,
        heads: [String: [UInt8]] = [:],
        unheard: [Gate]? = nil,
        fontFolder: String = "."
    ) {
        self.gathering = gathering
        roll = Roll(gathering, people)
        turnout = Turnout(roll)
        self.issuedAt = issuedAt
        self.heads = heads
        self.unheard =
            unheard ?? gathering.snapshot.gates.filter { !gathering.journals.isClosed($0.name) }
        self.fontFolder = fontFolder
    }

    var rules: EventRules { gathering.snapshot.rules }
    var words: EventWords { EventWords(kind: rules.kind) }

    /// The appendix to the minutes of the credentials commission (приложение к протоколу мандатной
    /// комиссии); at an assembly or a session to the minutes themselves.
    ///
    /// - Parameter path: Where the PDF goes.
    /// - Returns: Its name, size and hash.
    /// - Throws: When a font is missing or the file cannot be written.
    public func minutes(to path: String) throws -> Manifest.File {
        let document = try document(path, "Приложение к протоколу")
        try MinutesPaper(self, document).write()
        return try document.finish()
    }

    /// The registration list of delegates (лист регистрации делегатов); at an assembly or a session the
    /// attendance list (явочный лист).
    ///
    /// - Parameter path: Where the PDF goes.
    /// - Returns: Its name, size and hash.
    /// - Throws: When a font is missing or the file cannot be written.
    public func attendance(to path: String) throws -> Manifest.File {
        let document = try document(path, words.listTitle)
        try AttendancePaper(self, document).write()
        return try document.finish()
    }

    /// The list for marks by hand when everything fails, printed before the event.
    ///
    /// - Parameter path: Where the PDF goes.
    /// - Returns: Its name, size and hash.
    /// - Throws: When a font is missing or the file cannot be written.
    public func blankList(to path: String) throws -> Manifest.File {
        let document = try document(path, "Список для отметок вручную")
        try BlankPaper(self, document).write()
        return try document.finish()
    }

    /// Everybody on the list with the first entry: UTF-8 with BOM, semicolons, every cell quoted.
    public func attendanceCSV() -> [UInt8] { AttendanceTable(self).bytes }

    private func document(_ path: String, _ title: String) throws -> TextDocument {
        let event = rules.title.count > 60 ? rules.title.prefix(59) + "…" : rules.title
        return try TextDocument(
            path: path,
            title: "\(title): \(rules.title)",
            footer: "\(event) · \(title)",
            fonts: TextDocument.Fonts(folder: fontFolder)
        )
    }

    /// `21.11.2026, 10:00–17:00`, Moscow time.
    var dates: String {
        let (begin, end) = (rules.beginsAt, rules.endsAt)
        let last =
            begin.moscowDate == end.moscowDate
            ? "–\(end.russian.suffix(8).prefix(5))" : " — \(end.russian.dropLast(3))"
        return "\(begin.russian.dropLast(3))\(last) (время московское)"
    }

    /// What every paper begins with.
    var facts: [(String, String)] {
        [
            ("Мероприятие", rules.title), ("Вид", rules.kind.russian),
            ("Место проведения", rules.place), ("Дата и время", dates),
        ]
    }

    /// The list that the stations worked by.
    var snapshotFact: (String, String) {
        let snapshot = gathering.snapshot
        return (
            "Список участников",
            // Headquarters counts by the register itself, which is no numbered snapshot.
            snapshot.sequence == 0
                ? "по реестру на \(snapshot.issuedAt.russian)"
                : "снимок № \(snapshot.sequence) от \(snapshot.issuedAt.russian)"
        )
    }
}
