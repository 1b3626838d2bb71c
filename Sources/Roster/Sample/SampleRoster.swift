public import UnionTicket

/// A synthetic roster: the same rows for the same seed, dirtied as people do, with the truth beside it.
///
/// Phones are +7000…, mail is at example.org; no row is a real person's.
public struct SampleRoster: Sendable {
    /// The form in which a roster is written.
    public enum Form: Hashable, Sendable {
        /// A text table; with a byte order mark where the encoding has one and `mark` is set.
        case csv(TextEncoding, separator: Character, mark: Bool)
        /// One JSON document.
        case json
        /// One object a line.
        case ndjson
        /// A workbook; built in memory, so for tests and small rosters.
        case xlsx
    }

    /// How many rows.
    public var rows: Int
    /// Where the pseudorandom numbers start.
    public var seed: UInt64
    /// 0: wholly clean; 1: as dirty as real life; more: dirtier.
    public var dirt: Double
    /// One region only, or nil for the union in its proportions.
    public var region: UInt8?
    /// The day on which the roster was put together.
    public var today: CalendarDate

    /// The keys of JSON members, in the order of the columns.
    public static let keys = [
        "ais", "last", "first", "mid", "birth", "sex", "cat", "org", "join", "phone", "email",
        "c_pd", "c_card", "c_virtual", "c_bonus", "c_photo", "ticket",
    ]

    /// The headers of a table.
    static let headers = [
        "№ п/п", "ИД АИС", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "Категория",
        "Код организации", "Дата вступления", "Телефон", "E-mail", "Согласие ПДн",
        "Согласие на изготовление билета", "Согласие на виртуальный билет", "Согласие PROFCARDS",
        "Согласие фото", "Номер билета",
    ]

    /// 2020-12-08, the day of the register's published figures.
    public static let registerDay = CalendarDate(day: 18_604)

    /// A roster to be written.
    public init(
        rows: Int,
        seed: UInt64,
        dirt: Double = 1,
        region: UInt8? = nil,
        today: CalendarDate = SampleRoster.registerDay
    ) {
        self.rows = rows
        self.seed = seed
        self.dirt = dirt
        self.region = region
        self.today = today
    }

    /// What was written.
    public struct Summary: Hashable, Sendable {
        /// How many rows.
        public var rows = 0
        /// Rows without any defect.
        public var untouched = 0
        /// Defects, by kind.
        public var defects: [SampleDefect: Int] = [:]
        /// Organisations in the list, regions and territories included.
        public var organisations = 0
    }

    /// Writes the roster, and beside it what is true about it.
    ///
    /// - Parameters:
    ///   - path: The roster.
    ///   - form: Its form and encoding.
    ///   - truth: Where to write a JSON line per row: `line`, `defects`, `duplicate_of_line`, `clean`,
    ///     `codes`, `accepted`; nil writes none.
    ///   - organisations: Where to write the list of all valid organisations; nil writes none.
    /// - Returns: What was written.
    /// - Throws: When a file cannot be written.
    public func write(
        to path: String,
        form: Form = .csv(.windows1251, separator: ";", mark: false),
        truth: String? = nil,
        organisations: String? = nil
    ) throws(RosterError) -> Summary {
        let writer = try SampleWriter(path: path, form: form)
        let truthFile: ByteSink? = if let truth { try ByteSink(path: truth) } else { nil }
        var tree: Set<OrganisationCode> = []
        var summary = Summary()
        var source = SampleRows(self, firstLine: writer.firstLine)
        while let (row, duplicate) = source.next() {
            let line = writer.firstLine + summary.rows
            summary.rows += 1
            if row.defects.isEmpty { summary.untouched += 1 }
            for defect in row.defects { summary.defects[defect, default: 0] += 1 }
            try writer.write(row.cells)
            try truthFile?.write(SampleTruth.line(row, line: line, duplicateOf: duplicate))
            if organisations != nil, let code = OrganisationCode(row.member.organisation) {
                tree.insert(code)
            }
        }
        try writer.finish()
        try truthFile?.finish()
        if let organisations {
            summary.organisations = try SampleOrganisations.write(tree, to: organisations)
        }
        return summary
    }
}

/// The rows of a sample roster, one after another.
struct SampleRows {
    private let roster: SampleRoster
    private let members: SampleMembers
    private var random: SplitMix64
    private var number = 0
    private var made = 0
    private var queue: [(row: SampleRow, duplicateOf: Int?)] = []
    private let firstLine: Int

    init(_ roster: SampleRoster, firstLine: Int) {
        self.roster = roster
        self.firstLine = firstLine
        members = SampleMembers(region: roster.region, today: roster.today)
        random = SplitMix64(seed: roster.seed)
    }

    /// The next row and the line of the row that it repeats.
    mutating func next() -> (row: SampleRow, duplicateOf: Int?)? {
        guard made < roster.rows else { return nil }
        if queue.isEmpty { invent() }
        made += 1
        return queue.removeFirst()
    }

    private mutating func invent() {
        number += 1
        let member = members.member(number, &random)
        let line = firstLine + made
        queue.append((soiled(SampleRow(member)), nil))
        if random.chance(SampleDefect.dupExact.rate * roster.dirt) {
            repeatRow(member, .dupExact, line)
        }
        if member.last.contains("ё"), random.chance(SampleDefect.dupYo.rate * roster.dirt) {
            var twin = member
            twin.last = member.last.replacing("ё", with: "е")
            repeatRow(twin, .dupYo, line)
        }
        if random.chance(SampleDefect.dupTwoOrgs.rate * roster.dirt) {
            var twin = member
            twin.primary = member.primary % 9999 + 1
            repeatRow(twin, .dupTwoOrgs, line)
        }
    }

    private mutating func repeatRow(_ member: SampleMember, _ defect: SampleDefect, _ line: Int) {
        var row = SampleRow(member)
        row.mark(defect)
        queue.append((soiled(row), line))
    }

    private mutating func soiled(_ row: SampleRow) -> SampleRow {
        var row = row
        row.soil(roster.dirt, &random)
        return row
    }
}
