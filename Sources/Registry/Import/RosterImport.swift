import Dispatch
import TicketSeal
public import UnionTicket

/// Takes a roster into the register: matches every row with the people already known, in one
/// transaction.
///
/// A row matches by `aisId`, then by name and birth date with further evidence; where the evidence
/// does not decide, the row waits in the ``ConflictQueue``. Rows come in chunks, so that memory does
/// not grow with the file.
public struct RosterImport: Sendable {
    let register: Register

    /// An importer of this register.
    public init(_ register: Register) { self.register = register }

    /// What to do with a file beyond taking its rows.
    public struct Options: Sendable {
        /// Try everything and keep nothing.
        public var isDryRun = false
        /// Keep nothing when one row is refused.
        public var allOrNothing = false
        /// The file is this organisation's whole roster.
        public var completeFor: OrganisationCode?
        /// How to mark the members that a complete roster lacks; nil only lists them.
        public var markAbsent: MemberStatus?
        /// A second person's consent, needed above 5 % of absent members.
        public var secondPerson: SignedInUser?
        /// The text that consents of a purpose were given to, by the beginning of its hash; else the
        /// newest.
        public var consentTexts: [ConsentPurpose: String] = [:]
        /// Hash of the file, kept with the import.
        public var fileSHA256: [UInt8] = []
        /// Format, encoding and separator in words, kept with the import.
        public var format = ""
        /// The rows are records that a program sends: each is compared with the member as it is now, also
        /// when the same one came before.
        var isRecord = false
        /// The only organisations that rows name, where that is known; nil loads them all.
        var named: Set<OrganisationCode>?

        /// Plain import.
        public init() {}
    }

    /// How one row ended.
    public struct RowResult: Sendable, Equatable {
        /// Line, sheet row or element of the file.
        public let line: Int
        /// How it ended.
        public let outcome: RowOutcome
        /// Everything found on the way, warnings included.
        public let issues: [RowIssue]

        /// A row's end.
        public init(line: Int, outcome: RowOutcome, issues: [RowIssue]) {
            (self.line, self.outcome, self.issues) = (line, outcome, issues)
        }
    }

    /// How the whole file ended.
    public struct Summary: Sendable, Equatable {
        /// Rows by outcome.
        public var counts: [RowOutcome: Int] = [:]
        /// Rows taken with warnings.
        public var warnings = 0
        /// АИС identifiers (or `#` and row number) of members that a complete roster lacks.
        public var absent: [String] = []
        /// How many of them were marked.
        public var marked = 0
        /// Whether anything was kept.
        public var isKept = true
        /// Number of the import; conflicts refer to it.
        public var importId: Int64 = 0

        /// All rows of the file.
        public var rows: Int { counts.values.reduce(0, +) }
        /// Rows of one outcome.
        public subscript(_ outcome: RowOutcome) -> Int { counts[outcome] ?? 0 }
    }

    /// Hands out the file's rows in chunks; nil at the end.
    ///
    /// Called by one thread at a time, not always the same.
    public typealias Chunks = @Sendable () throws -> [RosterRow]?

    /// Thrown inside the transaction to keep nothing.
    private struct KeepNothing: Error { let summary: Summary }

    /// Takes a file's rows.
    ///
    /// `open` starts reading the file and is called again when the database repeats the transaction;
    /// `each` gets every row's result in the order of the file, and `last` comes before
    /// anything is kept for good. When one of them throws, nothing was kept.
    public func run(
        _ options: Options,
        by user: SignedInUser,
        open: () throws -> Chunks,
        each: (RowResult) throws -> Void,
        last: () throws -> Void = {}
    ) throws -> Summary {
        try user.require(.importRoster, at: options.completeFor)
        do {
            let isFirst =
                try !options.isRecord && register.read { try Counter.member.last(in: $0) } == 0
            return try (isFirst ? register.writeAlone : register.write) { session in
                // A row taken now may be one that a manifest gave a card to since the backup.
                try register.requireReclaimed(session)
                let members = try Counter.member.last(in: session)
                let cache = Self.cacheMegabytes(members)
                try session.setCache(megabytes: cache)
                defer { try? session.setCache(megabytes: nil) }
                let run = try RosterRun(register, options, by: user, in: session)
                let read = Ahead(try open())
                let preparation = RowPreparation(
                    register,
                    run.organisations,
                    during: run.importId,
                    isFirst: members == 0,
                    cacheMegabytes: cache
                )
                let prepared = Ahead { try read.next().map(preparation.prepare) }
                defer {
                    prepared.stop()
                    read.stop()
                    run.keys.stop()
                }
                // To take a chunk apart is as much work as to match it.
                let remover = DispatchQueue(label: "profbilet.import.remover")
                defer { remover.sync {} }
                while let chunk = try prepared.next() {
                    for result in try run.take(chunk) { try each(result) }
                    remover.async { withExtendedLifetime(chunk) {} }
                }
                let summary = try run.finish()
                try last()
                if options.isDryRun || (options.allOrNothing && summary[.error] > 0) {
                    throw KeepNothing(summary: summary)
                }
                return summary
            }
        } catch let nothing as KeepNothing {
            var summary = nothing.summary
            summary.isKept = false
            return summary
        }
    }

    /// What the look-ups of an import touch in a large register; for a small one less than a
    /// connection has anyway, for the chunks under way take their room too.
    ///
    /// New people fall everywhere into the indexes by identifier and by name: with a page evicted and
    /// read again for each, an import would take twice as long. It does not grow with the file.
    private static func cacheMegabytes(_ members: Int64) -> Int {
        members < 500_000 ? 56 : min(512, 80 + Int(members / 16_384))
    }
}
