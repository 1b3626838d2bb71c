public import UnionTicket

/// A synthetic roster: invented members, typed as people type, with the truth beside it.
///
/// The same arguments give the same bytes on every machine. Telephone numbers begin with +7000 and
/// addresses end in example.org, so that nobody real is meant.
public struct SampleRoster: Sendable {
    /// How many rows.
    public let rows: Int
    /// Where the pseudorandom numbers begin.
    public let seed: UInt64
    /// 0: wholly clean; 1: as dirty as real rosters; at most 10.
    public let dirt: Double
    /// The only region, or nil for all of them by their members.
    public let region: SampleRegion?

    /// A roster that is not written yet.
    ///
    /// - Parameters:
    ///   - rows: How many rows; less than 0 counts as 0.
    ///   - seed: Where the pseudorandom numbers begin.
    ///   - dirt: Factor of all defect rates, brought into 0…10.
    ///   - region: The only region, or nil for all of them by their members.
    public init(rows: Int, seed: UInt64, dirt: Double = 1, region: SampleRegion? = nil) {
        self.rows = max(0, rows)
        self.seed = seed
        self.dirt = dirt > 0 ? min(dirt, 10) : 0
        self.region = region
    }

    /// What was written.
    public struct Summary: Hashable, Sendable {
        /// Rows without any defect.
        public var untouched = 0
        /// Rows by the outcome that an import into an empty register must have.
        public var expected: [RowOutcome: Int] = [:]
        /// Rows by defect.
        public var defects: [String: Int] = [:]
        /// Organisations in the list.
        public var organisations = 0
    }

    /// Writes the roster and, where wanted, what is true about it; memory does not grow with it.
    ///
    /// - Parameters:
    ///   - path: The roster.
    ///   - format: Its form.
    ///   - truth: A JSON object a row: `line`, `defects`, `expected` (`outcome`, `codes`),
    ///     `duplicate_of_line`, `clean`; nil writes none.
    ///   - organisations: A table of all organisations that the roster rightly names, and those
    ///     above them; nil writes none.
    /// - Returns: Counts.
    /// - Throws: When a file cannot be created or written.
    public func write(
        roster path: String,
        format: SampleFormat = .csv(.windows1251, separator: .semicolon),
        truth: String? = nil,
        organisations: String? = nil
    ) throws(SampleFileError) -> Summary {
        var run = try SampleRun(self, path, format, truth: truth)
        while run.isUnfinished { try run.writePerson() }
        try run.finish()
        var summary = run.summary
        if let organisations {
            summary.organisations = try run.organisations.write(to: organisations)
        }
        return summary
    }
}
