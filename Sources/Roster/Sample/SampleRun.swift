import UnionTicket

/// A roster being written.
struct SampleRun {
    private let format: SampleFormat
    private let rows: Int
    private let rates: SampleRates
    private let roster: SampleOutput
    private let truth: SampleFile?
    private var random: SampleRandom
    private var people: SamplePeople
    private var judge = SampleJudge()
    private var row = SampleRow()
    private var scratch: [UInt8] = []
    private var written = 0
    private var outcomes = [Int](repeating: 0, count: RowOutcome.allCases.count)
    private var hits = [Int](repeating: 0, count: SampleDefect.allCases.count)
    private var untouched = 0
    private(set) var organisations = SampleOrganisations()

    init(
        _ sample: SampleRoster,
        _ path: String,
        _ format: SampleFormat,
        truth: String?
    ) throws(SampleFileError) {
        self.format = format
        rows = sample.rows
        rates = SampleRates(dirt: sample.dirt)
        random = SampleRandom(seed: sample.seed)
        people = SamplePeople(sample, refusal: rates.refusal)
        roster = try SampleOutput(path, format)
        self.truth = if let truth { try SampleFile(truth) } else { nil }
    }

    /// Whether rows are missing.
    var isUnfinished: Bool { written < rows }

    /// Counts so far.
    var summary: SampleRoster.Summary {
        var summary = SampleRoster.Summary()
        summary.untouched = untouched
        for (outcome, count) in zip(RowOutcome.allCases, outcomes) where count > 0 {
            summary.expected[outcome] = count
        }
        for (defect, count) in zip(SampleDefect.allCases, hits) where count > 0 {
            summary.defects[defect.name] = count
        }
        return summary
    }

    /// Writes a person's row, and the rows that repeat it.
    mutating func writePerson() throws(SampleFileError) {
        let person = people.next(&random)
        judge.beginPerson()
        let line = format.firstLine + written
        try write(person, as: nil, of: nil)
        if isUnfinished, rates.hits(.dupExact, &random) {
            try write(person, as: .dupExact, of: line)
        }
        let plain = SampleNameCells.withoutYo(person.last)
        if isUnfinished, plain != person.last, rates.hits(.dupYo, &random) {
            var other = person
            other.last = plain
            try write(other, as: .dupYo, of: line)
        }
        if isUnfinished, rates.hits(.dupTwoOrgs, &random) {
            var other = person
            other.primary += person.primary > 1 ? -1 : 1
            try write(other, as: .dupTwoOrgs, of: line)
        }
    }

    /// Writes what is left in the buffers.
    func finish() throws(SampleFileError) {
        try roster.finish()
        try truth?.flush()
    }

    private mutating func write(
        _ person: SamplePerson,
        as defect: SampleDefect?,
        of original: Int?
    ) throws(SampleFileError) {
        row.type(person, as: defect, rates, &random)
        written += 1
        try roster.append(row, number: written, &scratch)
        let verdict = judge.judge(row, of: person)
        let line = format.firstLine + written - 1
        try truth?.append {
            SampleTruth.append(
                row,
                of: person,
                line: line,
                duplicateOf: original,
                verdict,
                to: &$0
            )
        }
        if row.namesOrganisation { organisations.insert(person.organisation) }
        count(verdict.outcome)
    }

    private mutating func count(_ outcome: RowOutcome) {
        if let index = RowOutcome.allCases.firstIndex(of: outcome) { outcomes[index] += 1 }
        if row.defects.bits == 0 { untouched += 1 }
        var rest = row.defects.bits
        while rest != 0 {
            hits[rest.trailingZeroBitCount] += 1
            rest &= rest - 1
        }
    }
}
